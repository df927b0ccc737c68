// SPDX-License-Identifier: Apache-2.0
// HN Section 4.1: Theorem 1 and the steps of its proof. (Lemma 1 and Corollary 1: harris.cpp.)
#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/subject/models.hpp"

namespace assay::proofs {
namespace {

const std::vector<ModelSize> sizes = {{2, 1, 1, 2}, {2, 2, 1, 2}, {3, 1, 2, 2}, {2, 2, 2, 3}};

ModelOptions free_model() {
  ModelOptions o;
  o.sizes = sizes;
  o.hardenings = hardening_functions();
  o.losses = {"hinge margin=1 over=mean", "info-nce alpha=1 weight=1/k temperature=1",
              "concave-linear bend=0"};
  o.equiprobable = false;
  o.r_is_lambda = false;
  return o;
}

Domain with_losses(std::vector<std::string> losses) {
  ModelOptions o = free_model();
  o.losses = std::move(losses);
  return models(o);
}

Domain with_hardenings(std::vector<std::string> hardenings) {
  ModelOptions o = free_model();
  o.hardenings = std::move(hardenings);
  return models(o);
}

/// psi and eta of one instance, and the model, for the displays of the proof.
struct Stage {
  FiniteModel model;
  LossFunction psi;
  Hardening eta;
  int k;

  explicit Stage(const Instance& i)
      : model(model_of(i)), psi(loss_of(i)), eta(hardening_of(i)), k(negatives_of(i)) {}
  Real under_scl(int y, int x, const OfTuple& g) const {
    return over_negatives(model, Law::scl, y, x, k, g);
  }
  Real gamma(int y, int x) const {
    return under_scl(y, x, [&](std::span<const Real> u) { return eta(u); });
  }
  /// The right side of (8): psi and eta under one expectation, divided by gamma.
  Real right_of_8() const {
    return over_pairs(model, [&](int y, int x, int plus) {
      const Real v = model.inner(y, x, y, plus);
      return under_scl(y, x,
                       [&](std::span<const Real> u) { return psi_shifted(psi, u, v) * eta(u); }) /
             gamma(y, x);
    });
  }
  /// The right side of (9): the expectations of psi and of eta apart.
  Real right_of_9() const {
    return over_pairs(model, [&](int y, int x, int plus) {
      const Real v = model.inner(y, x, y, plus), g = gamma(y, x);
      return under_scl(y, x, [&](std::span<const Real> u) { return psi_shifted(psi, u, v); }) * g /
             g;
    });
  }
};

void add_inequality(ClaimRegistry& registry, const char* id, const char* statement, Law hard,
                    Law reference_law) {
  registry.add({
      .id = id,
      .kind = ClaimKind::statement,
      .paper = "HN",
      .place = "Theorem 1",
      .statement = statement,
      .reading = "psi_k need not be convex, as the text below the theorem says: the domain has a "
                 "concave one",
      .relation = Relation::greater_or_equal,
      .domain = models(free_model()),
      .hypotheses = {nondecreasing_loss(with_losses({"decreasing", "non-monotone"})),
                     hardening_function(with_hardenings({"decreasing"}))},
      .evaluate =
          [=](const Instance& i) {
            return Sides{loss(i, hard), loss(i, reference_law)};
          },
      .second =
          [=](const Instance& i) {
            return Sides{loss_second_way(i, hard), loss_second_way(i, reference_law)};
          },
      .equality = {"collapsed"},
  });
}

void add_steps(ClaimRegistry& registry) {
  registry.add({
      .id = "hard-negatives/theorem-1/proof/8",
      .kind = ClaimKind::step,
      .paper = "HN",
      .place = "proof of Theorem 1, (8)",
      .equations = {"(8)"},
      .statement = "L_HSCL = E_(x,x+,y)[ E_SCL[ psi_k(...) eta(...)/gamma(x,y,f) ] ]",
      .relation = Relation::equal,
      .domain = models(free_model()),
      .hypotheses = {hardening_function()},
      .evaluate =
          [](const Instance& i) {
            return Sides{loss(i, Law::hscl), Stage(i).right_of_8()};
          },
  });
  registry.add({
      .id = "hard-negatives/theorem-1/proof/9",
      .kind = ClaimKind::step,
      .paper = "HN",
      .place = "proof of Theorem 1, (9)",
      .equations = {"(9)"},
      .statement = "(8) >= E_(x,x+,y)[ E_SCL[psi_k(...)] E_SCL[eta(...)]/gamma(x,y,f) ]",
      .relation = Relation::greater_or_equal,
      .domain = models(free_model()),
      .hypotheses = {nondecreasing_loss(with_losses({"decreasing"})), hardening_function()},
      .evaluate =
          [](const Instance& i) {
            const Stage s(i);
            return Sides{s.right_of_8(), s.right_of_9()};
          },
      .equality = {"collapsed"},
  });
  registry.add({
      .id = "hard-negatives/theorem-1/proof/10",
      .kind = ClaimKind::step,
      .paper = "HN",
      .place = "proof of Theorem 1, (10)",
      .equations = {"(10)"},
      .statement = "the right side of (9) = E_(x,x+,y)[ E_SCL[psi_k(...)] ] = L_SCL",
      .relation = Relation::equal,
      .domain = models(free_model()),
      .hypotheses = {hardening_function()},
      .evaluate =
          [](const Instance& i) {
            return Sides{Stage(i).right_of_9(), loss(i, Law::scl)};
          },
  });
}

}  // namespace

void add_hn_theorem_1(ClaimRegistry& registry) {
  add_inequality(registry, "hard-negatives/theorem-1/hscl", "L_HSCL(f) >= L_SCL(f) for all f and k",
                 Law::hscl, Law::scl);
  add_inequality(registry, "hard-negatives/theorem-1/hucl", "L_HUCL(f) >= L_UCL(f) for all f and k",
                 Law::hucl, Law::ucl);
  add_steps(registry);
}

}  // namespace assay::proofs
