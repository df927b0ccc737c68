// SPDX-License-Identifier: Apache-2.0
// HN Section 4.4, the text below Theorem 3: counterparts for UCL, collisions of latent classes,
// dimension, and where minimisers need not be neural collapse. (Batches: ucl_batched.cpp.)
#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/hard_negatives/theorem_3_stage.hpp"

namespace assay::proofs {
namespace {

const char* const below = "Section 4.4, below Theorem 3";
const char* const info_nce = "info-nce alpha=1 weight=1/k temperature=1";

Real ucl_at_collapse(const Instance& i) {
  return expected_loss(collapse_of(i), Law::ucl, loss_of(i), hardening_of(i), negatives_of(i));
}
Real hucl_at_collapse(const Instance& i) {
  return expected_loss(collapse_of(i), Law::hucl, loss_of(i), hardening_of(i), negatives_of(i));
}

void add_corollary_2(ClaimRegistry& registry) {
  registry.add(theorem_3_claim(
      ClaimKind::statement, "section-4-4/ucl-corollary-2/if", below,
      "counterpart of Corollary 2: equality in (30) is attained by any f that exhibits neural "
      "collapse",
      Relation::equal, at_collapse(theorem_3_collapse()), [](const Instance& i) {
        return Sides{ucl_at_collapse(i), over_scaled_collisions(i, simplex_argument(i))};
      }));
  ModelOptions strict = theorem_3_model();
  strict.losses = strictly_convex_increasing();
  Claim only = theorem_3_claim(
      ClaimKind::statement, "section-4-4/ucl-corollary-2/only-if", below,
      "counterpart of Corollary 2: if psi_k is strictly convex and strictly increasing, only f "
      "that "
      "exhibit neural collapse attain equality in (30)",
      Relation::greater, models(strict), [](const Instance& i) {
        return Sides{loss(i, Law::ucl), over_scaled_collisions(i, simplex_argument(i))};
      });
  ModelOptions linear = theorem_3_model();
  linear.sizes = {{2, 1, 2, 2}, {4, 1, 1, 2}};
  linear.losses = {"hinge margin=1 over=mean", "linear over=mean"};
  only.hypotheses = {equiprobable_classes(),
                     unit_ball(),
                     common_conditional_law(),
                     negatives_like_anchors(),
                     conditional_independence(),
                     strictly_convex(models(linear)),
                     no_collapse()};
  registry.add(only);
  // The same, as Section 2.2 announces it: d_Z > C, no condition on psi_k.
  const char* announced =
      "for UCL, as long as the embedding dimension is larger than the number of latent classes, "
      "the "
      "optimal representations exhibit NC-geometry";
  linear.sizes = {{2, 1, 3, 2}, {3, 1, 4, 2}};
  linear.losses = {"hinge margin=1 over=mean"};
  strict.sizes = {{2, 1, 3, 2}, {2, 2, 3, 2}, {3, 1, 4, 2}};
  only.id = "hard-negatives/section-2-2/optimum-is-nc/strict";
  only.place = "Section 2.2";
  only.statement = announced;
  only.reading = "psi_k strictly convex and strictly increasing: every other f has a larger loss";
  only.domain = models(strict);
  only.hypotheses[5] = strictly_convex(models(linear));
  registry.add(only);
  const std::string id = only.id;
  only.id = "hard-negatives/section-2-2/optimum-is-nc/any-psi";
  only.reading = "any psi_k of Definition 1: every other f has a larger loss";
  only.hypotheses.erase(only.hypotheses.begin() + 5);
  only.domain = models(linear);
  only.remark =
      "psi(t) = max(t + 1, 0): every f with orthogonal unit vectors for the classes has t = 0 or "
      "-1, and the loss of neural collapse";
  registry.add(only);
  Claim corrected = *registry.find(id);
  corrected.id = only.id + "/corrected";
  corrected.kind = ClaimKind::correction;
  corrected.parent = only.id;
  corrected.statement =
      "if psi_k is strictly convex and strictly increasing, the optimal representations exhibit "
      "NC-geometry";
  for (Hypothesis& h : corrected.hypotheses) h.dropped = {};
  registry.add(corrected);
}

void add_hardening(ClaimRegistry& registry) {
  CollapseOptions o = theorem_3_collapse();
  o.hardenings = hardening_functions();
  o.losses = {"linear over=mean", info_nce};
  o.sizes = {{2, 1, 0, 2}, {3, 1, 0, 2}};
  Claim differ = theorem_3_claim(
      ClaimKind::statement, "section-4-4/hucl-is-not-ucl", below,
      "we cannot assert L_HUCL(f) = L_UCL(f) if the bound (30) is attained: there are such f and "
      "eta with L_HUCL(f) != L_UCL(f)",
      Relation::not_equal, at_collapse(o), [](const Instance& i) {
        return Sides{hucl_at_collapse(i), ucl_at_collapse(i)};
      });
  differ.quantifier = Quantifier::some;
  differ.remark =
      "C = 2, f = 1 and -1, k = 1, eta(t) = max(t + 1, 0): every hardened negative is of "
      "the anchor's class, L_HUCL = psi(0).";
  registry.add(differ);
  Claim constant = theorem_3_claim(
      ClaimKind::statement, "section-4-4/eta-is-not-constant", below,
      "for f at neural collapse we cannot conclude that eta(f(x).f(x_1^-), ...) is constant with "
      "probability one: there are eta of positive variance",
      Relation::greater, at_collapse(o), [](const Instance& i) {
        const Hardening eta = hardening_of(i);
        const Real t = simplex_argument(i);
        Real mean = 0, square = 0;
        const auto value = [&](const std::vector<int>& b) {
          std::vector<Real> u;
          for (const int one : b) u.push_back(i.number(1) + one * t);
          return eta(u);
        };
        mean = over_collisions(i.integer("C"), negatives_of(i), value);
        square = over_collisions(i.integer("C"), negatives_of(i), [&](const std::vector<int>& b) {
          return pow(value(b) - mean, 2);
        });
        return Sides{square, i.number(0)};
      });
  constant.quantifier = Quantifier::some;
  registry.add(constant);
}

/// Pr(y_i^- = y for given i), or for at least one of k; r = lambda uniform, by counting.
Real collision_probability(const Instance& i, bool any) {
  const int k = any ? i.integer("k") : 1;
  return over_labels(i.integer("C"), k, [&](int y, const std::vector<int>& l) {
    for (const int one : l)
      if (one == y) return i.number(1);
    return i.number(0);
  });
}

void add_collisions(ClaimRegistry& registry) {
  Domain d;
  for (const int c : {2, 3, 4, 5})
    for (const int k : {2, 3}) d.shapes.push_back({{{"C", c}, {"k", k}}, {}});
  d.blocks = [](const Shape&) { return std::vector<Block>{}; };
  const char* const statement =
      "the negative sample can come from the latent class of the anchor "
      "with a positive probability (1/C^2)";
  const auto squared = [](const Instance& i) {
    return i.number(1, i.integer("C") * i.integer("C"));
  };
  const auto add = [&](const char* id, const char* reading, Evaluate evaluate) {
    Claim c = theorem_3_claim(ClaimKind::statement,
                              std::string("section-4-4/collision-probability/") + id, below,
                              statement, Relation::equal, d, std::move(evaluate));
    c.reading = reading;
    return c;
  };
  Claim given =
      add("given-negative", "a given negative is of the anchor's class", [=](const Instance& i) {
        return Sides{collision_probability(i, false), squared(i)};
      });
  given.remark = "Pr(y_i^- = y) = sum_y 1/C * 1/C = C * 1/C^2 = 1/C.";
  registry.add(given);
  Claim any = add("any-negative", "at least one of the k negatives is of the anchor's class",
                  [=](const Instance& i) {
                    return Sides{collision_probability(i, true), squared(i)};
                  });
  any.remark = "That probability is 1 - (1 - 1/C)^k.";
  registry.add(any);
  registry.add(add("in-one-class", "anchor and a given negative are both of one given class",
                   [=](const Instance& i) {
                     return Sides{over_labels(i.integer("C"), 1,
                                              [&](int y, const std::vector<int>& l) {
                                                return i.number(y == 0 && l.front() == 0);
                                              }),
                                  squared(i)};
                   }));
  const auto correct = [&](Claim c, const Claim& parent, const char* text, Evaluate evaluate) {
    c.id = parent.id + "/corrected";
    c.kind = ClaimKind::correction;
    c.parent = parent.id;
    c.statement = text;
    c.evaluate = std::move(evaluate);
    c.remark.clear();
    registry.add(c);
  };
  correct(given, given, "a given negative is of the anchor's class with probability 1/C",
          [](const Instance& i) {
            return Sides{collision_probability(i, false), i.number(1, i.integer("C"))};
          });
  correct(
      any, any, "at least one negative is of the anchor's class with probability 1-(1-1/C)^k",
      [](const Instance& i) {
        const int c = i.integer("C");
        return Sides{collision_probability(i, true), 1 - pow(i.number(c - 1, c), i.integer("k"))};
      });
}

void add_dimension(ClaimRegistry& registry) {
  ModelOptions o = theorem_3_model();
  o.sizes = {{3, 1, 1, 2}, {3, 2, 1, 2}, {4, 1, 1, 2}, {4, 1, 2, 2}};
  o.losses = {"linear over=mean"};
  Claim needs = theorem_3_claim(
      ClaimKind::statement, "section-4-4/collapse-needs-dimension", below,
      "neural collapse requires d_Z >= C - 1: below it no f satisfies (13), the sum over j != l of "
      "(mu_j.mu_l + 1/(C-1))^2 is positive",
      Relation::greater, models(o), [](const Instance& i) {
        return Sides{defect_of_inner_products(model_of(i)), i.number(0)};
      });
  needs.hypotheses = {unit_ball()};
  needs.strengthened = [](const Instance& i) {
    return Sides{defect_of_inner_products(model_of(i)), i.number(9, 10)};
  };
  registry.add(needs);
  o.losses = strictly_convex_increasing();
  Claim observe = theorem_3_claim(
      ClaimKind::statement, "section-4-4/no-collapse-in-low-dimension", below,
      "with psi_k strictly increasing and strictly convex, neural collapse may not be observed "
      "unless d_Z is sufficiently large: for d_Z < C - 1 no f attains the bound (30)",
      Relation::greater, models(o), [](const Instance& i) {
        return Sides{loss(i, Law::ucl), over_scaled_collisions(i, simplex_argument(i))};
      });
  observe.hypotheses = {unit_ball(), strict_loss()};
  // The search comes within 4 % of the bound.
  observe.strengthened = [](const Instance& i) {
    return Sides{loss(i, Law::ucl),
                 i.number(104, 100) * over_scaled_collisions(i, simplex_argument(i))};
  };
  registry.add(observe);
}

void add_failing_minimisers(ClaimRegistry& registry) {
  ModelOptions o = theorem_3_model();
  o.losses = {info_nce};
  o.sizes = {{3, 1, 2, 2}};
  o.equiprobable = false;
  Domain skewed = models(o);
  skewed.specials.push_back(
      {"two-rare-classes-closer", [blocks = skewed.blocks](const Shape& shape) {
         Instance i{shape, blocks(shape), Arithmetic::plain()};
         const Real quarter = Real::ratio(1, 4), x = Real::ratio(-3, 5), y = Real::ratio(4, 5);
         for (Block& b : i.blocks)
           b.values = b.name == "lambda" ? std::vector<Real>{2 * quarter, quarter, quarter}
                                         : std::vector<Real>{1, 0, x, y, x, -y};
         return std::vector<Instance>{i};
       }});
  Claim unequal = theorem_3_claim(
      ClaimKind::statement, "section-4-4/no-collapse-without-equiprobable", below,
      "if (a) fails, a representation minimising the UCL loss may not exhibit neural collapse, "
      "with "
      "zero within-class variance and class means that are no ETF: some f of one representation "
      "per class has L_UCL(f) < L_UCL at neural collapse",
      Relation::less, skewed, [](const Instance& i) {
        FiniteModel nc = reference::simplex_model(i.integer("C"), 1).in(i.arithmetic);
        nc.class_probabilities = model_of(i).class_probabilities;
        nc.negative_class_probabilities = nc.class_probabilities;
        return Sides{loss(i, Law::ucl),
                     expected_loss(nc, Law::ucl, loss_of(i), hardening_of(i), negatives_of(i))};
      });
  unequal.quantifier = Quantifier::some;
  unequal.hypotheses = {unit_ball(), strict_loss()};
  registry.add(unequal);
  ModelOptions dependent = theorem_3_model();
  dependent.losses = {info_nce};
  dependent.sizes = {{2, 2, 2, 2}};
  dependent.independent = false;
  Claim pairs = theorem_3_claim(
      ClaimKind::statement, "section-4-4/no-collapse-without-independence", below,
      "if anchor and positive are not conditionally independent, a representation minimising the "
      "UCL loss may not exhibit neural collapse: some f has L_UCL(f) < L_UCL at neural collapse",
      Relation::less, models(dependent), [](const Instance& i) {
        return Sides{loss(i, Law::ucl), loss_at_collapse(i, Law::ucl)};
      });
  pairs.quantifier = Quantifier::some;
  pairs.hypotheses = {equiprobable_classes(), unit_ball(), strict_loss()};
  registry.add(pairs);
}

}  // namespace

void add_hn_theorem_3_text(ClaimRegistry& registry) {
  add_corollary_2(registry);
  add_hn_ucl_batched(registry);
  add_hardening(registry);
  add_collisions(registry);
  add_dimension(registry);
  add_failing_minimisers(registry);
}

}  // namespace assay::proofs
