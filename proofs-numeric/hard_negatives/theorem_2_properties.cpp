// SPDX-License-Identifier: Apache-2.0
// HN, Theorem 2: what condition (13) implies, (i) to (iv) and (vi). ((v): theorem_2_supports.cpp.)
#include "proofs-numeric/hard_negatives/theorem_2.hpp"

namespace assay::proofs::theorem_2 {
namespace {

using reference::PointLaw;

const char* const on_maps =
    "on all maps that satisfy (13) in the unit ball: frames turned by a mirror, any joint law q, "
    "points of probability 0 anywhere; \"with probability one\" as a mean square distance of 0";

Claim property(const char* id, const char* statement) {
  Claim c = claim_of(id, ClaimKind::statement, "Theorem 2", statement);
  c.reading = on_maps;
  c.relation = Relation::equal;
  c.domain = simplex_maps(frame_options());
  c.hypotheses = {map_equal_products(models(ball_options())),
                  map_unit_ball(equal_product_means(frame_options()))};
  return c;
}

void add_sum_and_norm(ClaimRegistry& registry) {
  Claim sum = property("theorem-2/i", "(13) implies zero-sum class means: sum_j mu_j = 0");
  sum.evaluate = [](const Instance& i) { return Sides{norm_of_sum(map_model(i)), i.number(0)}; };
  registry.add(std::move(sum));
  Claim norm = property("theorem-2/ii", "(13) implies unit-norm class means: |mu_j| = 1 for all j");
  norm.evaluate = [](const Instance& i) {
    const FiniteModel m = map_model(i);
    Real largest = i.number(0);
    for (int y = 0; y < m.classes; ++y) largest = max(largest, abs(m.mean_inner(y, y) - 1));
    return Sides{largest, i.number(0)};
  };
  registry.add(std::move(norm));
}

Hypothesis too_few_dimensions() {
  ModelOptions enough = ball_options();
  enough.sizes = {{2, 1, 1, 2}, {2, 2, 1, 2}, {3, 1, 3, 2}};
  return {"d_Z < C - 1",
          "too-few-dimensions",
          [](const Instance& i) {
            return i.integer("d") < i.integer("C") - 1 ? Truth::yes : Truth::no;
          },
          models(enough),
          {}};
}

void add_dimension(ClaimRegistry& registry) {
  ModelOptions few = ball_options(), unbounded = free_options();
  few.sizes = unbounded.sizes = {{3, 1, 1, 2}, {3, 2, 1, 2}, {4, 1, 1, 2},
                                 {4, 1, 2, 2}, {5, 1, 3, 2}, {5, 2, 2, 2}};
  Claim c =
      claim_of("theorem-2/iii", ClaimKind::statement, "Theorem 2", "(13) implies d_Z >= C - 1");
  c.reading =
      "with d_Z < C - 1 no map satisfies (13): max over j != l of |mu_j.mu_l + 1/(C-1)| > 0";
  c.relation = Relation::greater;
  c.domain = models(few);
  c.hypotheses = {too_few_dimensions(), unit_ball(models(unbounded))};
  c.evaluate = [](const Instance& i) { return Sides{distance_from_13(model_of(i)), i.number(0)}; };
  c.strengthened = [](const Instance& i) {
    return Sides{distance_from_13(model_of(i)), i.number(1, i.integer("C") - 1)};
  };
  c.remark =
      "The unit ball is not needed: the Gram matrix is a positive diagonal matrix minus one "
      "of rank 1, whatever the norms.";
  registry.add(std::move(c));
}

/// sum over j of E[|f(x) - mu_j|^2 + |f(x^+) - mu_j|^2 | y = j]
Real of_anchor_and_positive(const FiniteModel& m) {
  Real total = 0;
  for (int j = 0; j < m.classes; ++j)
    for (const PointLaw law : {PointLaw::anchor, PointLaw::positive})
      total += over_points(m, j, law, [&](int x) { return distance_to_mean(m, j, x, j); });
  return total;
}

/// sum over j of E[|f(x_i^-) - mu_j|^2 | y_i^- = j]
Real of_negative(const FiniteModel& m) {
  Real total = 0;
  for (int j = 0; j < m.classes; ++j)
    total +=
        over_points(m, j, PointLaw::negative, [&](int x) { return distance_to_mean(m, j, x, j); });
  return total;
}

/// sum over j of E[|f(x) - mu_j|^2 | y_i^- = j], x the anchor: its label is any but j.
Real of_anchor_given_negative(const FiniteModel& m) {
  Real total = 0;
  for (int j = 0; j < m.classes; ++j) {
    Real mass = 0, moment = 0;
    for (int y = 0; y < m.classes; ++y) {
      if (y == j) continue;
      const Real w =
          m.class_probabilities[static_cast<std::size_t>(y)] * m.other_class_probability(y, j);
      mass += w;
      moment += w * over_points(m, y, PointLaw::anchor,
                                [&](int x) { return distance_to_mean(m, y, x, j); });
    }
    total += moment / mass;
  }
  return total;
}

void add_within_class(ClaimRegistry& registry) {
  Claim pair = property("theorem-2/iv/anchor-and-positive",
                        "(13) implies Pr(f(x) = f(x^+) = mu_j | y = j) = 1 for all j");
  pair.evaluate = [](const Instance& i) {
    return Sides{of_anchor_and_positive(map_model(i)), i.number(0)};
  };
  registry.add(std::move(pair));

  Claim printed = property("theorem-2/iv/negative/as-printed",
                           "(13) implies Pr(f(x) = f(x^-) = mu_j | y_i^- = j) = 1 for all j, i");
  printed.reading = "x is the anchor, as everywhere, and x^- is x_i^-";
  for (Hypothesis& h : printed.hypotheses) h.dropped = {};
  printed.evaluate = [](const Instance& i) {
    const FiniteModel m = map_model(i);
    return Sides{of_anchor_given_negative(m) + of_negative(m), i.number(0)};
  };
  printed.remark =
      "Given y_i^- = j the anchor has another label: C=2, f = +1 and -1, f(x) = -mu_j. Read "
      "literally, Definition 6, which refers to (iv), is satisfied by no map.";
  registry.add(std::move(printed));

  Claim repaired = property("theorem-2/iv/negative/corrected",
                            "(13) implies Pr(f(x_i^-) = mu_j | y_i^- = j) = 1 for all j, i");
  repaired.kind = ClaimKind::correction;
  repaired.parent = "hard-negatives/theorem-2/iv/negative/as-printed";
  repaired.evaluate = [](const Instance& i) {
    return Sides{of_negative(map_model(i)), i.number(0)};
  };
  repaired.remark = "So (iv) of Theorem 3 and the proof, below (22), have it.";
  registry.add(std::move(repaired));
}

/// Maps with a hardening function whose gamma is not 0 there: with C = 2, f(x).f(x^-) = -1.
Domain hardened(Domain domain) {
  std::erase_if(domain.shapes, [](const Shape& s) {
    return s.integer("C") == 2 && s.choice("eta") != "exponential beta=5";
  });
  return domain;
}

void add_hardening(ClaimRegistry& registry) {
  ModelOptions o =
      frame_options({"info-nce alpha=1 weight=1/k temperature=1"}, hardening_functions());
  ModelOptions any = ball_options({"info-nce alpha=1 weight=1/k temperature=1"});
  any.sizes = {{3, 1, 3, 2}, {3, 2, 3, 2}};
  any.hardenings = {"exponential beta=5"};
  const auto claim = [&](const char* id, const char* statement) {
    Claim c = property(id, statement);
    c.reading =
        "where gamma is in (0, infinity), as Definition 3 asks; for C = 2 that excludes eta "
        "with eta(-1, ..., -1) = 0";
    c.domain = hardened(simplex_maps(o));
    c.hypotheses = {map_equal_products(models(any)), map_unit_ball(), hardening_function()};
    c.hypotheses[1].no_control = "see (i) and (ii)";
    c.hypotheses[2].no_control = "eta is constant there, whatever it is";
    return c;
  };
  Claim equal = claim("theorem-2/vi/hscl-equals-scl", "(13) implies L_HSCL(f) = L_SCL(f)");
  equal.evaluate = [](const Instance& i) {
    return Sides{map_loss(i, Law::hscl), map_loss(i, Law::scl)};
  };
  equal.second = [](const Instance& i) {
    return Sides{map_loss_second_way(i, Law::hscl), map_loss_second_way(i, Law::scl)};
  };
  equal.remark =
      "With C = 2 and eta = prod max(u_i + 1, 0) gamma is 0 at every such map, and L_HSCL "
      "is not defined there.";
  registry.add(std::move(equal));
  Claim value = claim("theorem-2/vi/value", "(13) implies L_HSCL(f) = psi_k(-C/(C-1), ...)");
  value.evaluate = [](const Instance& i) {
    return Sides{map_loss(i, Law::hscl), psi_at(i, simplex_argument(i))};
  };
  value.second = [](const Instance& i) {
    return Sides{map_loss_second_way(i, Law::hscl), psi_at(i, simplex_argument(i))};
  };
  registry.add(std::move(value));
}

}  // namespace

void add_properties(ClaimRegistry& registry) {
  add_sum_and_norm(registry);
  add_dimension(registry);
  add_within_class(registry);
  add_hardening(registry);
}

}  // namespace assay::proofs::theorem_2
