// SPDX-License-Identifier: Apache-2.0
// HN, proof of Theorem 2: zero within-class variance and what follows, (22) to (25), and (vi).
#include "proofs-numeric/hard_negatives/theorem_2.hpp"

namespace assay::proofs::theorem_2 {
namespace {

using reference::PointLaw;

std::size_t at(int i) { return static_cast<std::size_t>(i); }

/// A step that holds on all maps with (13) in the unit ball, and fails on others.
Claim on_frames(const char* id, const char* where, const char* statement) {
  Claim c = claim_of(id, ClaimKind::step, where, statement);
  c.relation = Relation::equal;
  c.domain = simplex_maps(frame_options());
  c.hypotheses = {map_equal_products(models(ball_options())), map_unit_ball()};
  c.hypotheses[1].no_control = "see (i), (ii) and (iv)";
  return c;
}

void add_22(ClaimRegistry& registry) {
  Claim c = on_frames("theorem-2/proof/22", "proof of Theorem 2, (22)",
                      "1 = |mu_y|^2 = |E_{x ~ s(x|y)}[f(x)]|^2 <= E_{x ~ s(x|y)}[|f(x)|^2] <= 1");
  c.equations = {"(22)"};
  c.reading = "max over y of | |mu_y|^2 - 1 | + | E|f(x)|^2 - 1 | is 0 under (13)";
  c.hypotheses[1] = map_unit_ball(equal_product_means(frame_options()));
  c.evaluate = [](const Instance& i) {
    const FiniteModel m = map_model(i);
    Real worst = i.number(0);
    for (int y = 0; y < m.classes; ++y)
      worst = max(worst, abs(m.mean_inner(y, y) - 1) +
                             abs(over_points(m, y, PointLaw::negative,
                                             [&](int x) { return m.squared_norm(y, x); }) -
                                 1));
    return Sides{worst, i.number(0)};
  };
  registry.add(std::move(c));

  Claim gap =
      claim_of("theorem-2/proof/22/equality-in-jensen", ClaimKind::step, "proof of Theorem 2, (iv)",
               "equality in Jensen's inequality for |.|^2 can occur iff with probability "
               "one given y, f(x) = mu_y");
  gap.reading = "E|f(x)|^2 - |mu_y|^2 = E|f(x) - mu_y|^2, summed over y, for every map";
  gap.relation = Relation::equal;
  gap.domain = models(free_options());
  gap.evaluate = [](const Instance& i) {
    const FiniteModel m = model_of(i);
    Real left = i.number(0), right = i.number(0);
    for (int y = 0; y < m.classes; ++y) {
      left += over_points(m, y, PointLaw::negative, [&](int x) { return m.squared_norm(y, x); }) -
              m.mean_inner(y, y);
      right += over_points(m, y, PointLaw::negative,
                           [&](int x) { return distance_to_mean(m, y, x, y); });
    }
    return Sides{left, right};
  };
  registry.add(std::move(gap));
}

/// E|f(x) - mu_j|^2 given class j, under one of its laws.
Real spread(const FiniteModel& m, int j, PointLaw law) {
  return over_points(m, j, law, [&](int x) { return distance_to_mean(m, j, x, j); });
}

void add_iv(ClaimRegistry& registry) {
  ModelOptions common = ball_options(), other = ball_options();
  common.sizes = other.sizes = {{2, 2, 1, 2}, {2, 3, 2, 2}, {3, 2, 2, 2}};
  other.common_law = false;
  Claim same =
      claim_of("theorem-2/proof/iv/common-law", ClaimKind::step, "proof of Theorem 2, (iv)",
               "by the common law, Pr(f(x) = mu_j | y = j) = Pr(f(x^+) = mu_j | y = j) = "
               "Pr(f(x_i^-) = mu_j | y_i^- = j)");
  same.reading = "for every map, as mean square distances from mu_j";
  same.relation = Relation::equal;
  same.domain = models(common);
  same.hypotheses = {common_conditional_law(models(other))};
  same.evaluate = [](const Instance& i) {
    const FiniteModel m = model_of(i);
    Real off = i.number(0);
    for (int j = 0; j < m.classes; ++j) {
      const Real n = spread(m, j, PointLaw::negative);
      off += abs(spread(m, j, PointLaw::anchor) - n) + abs(spread(m, j, PointLaw::positive) - n);
    }
    return Sides{off, i.number(0)};
  };
  registry.add(std::move(same));

  Claim one =
      on_frames("theorem-2/proof/iv/all-three", "proof of Theorem 2, (iv)",
                "Pr(f(x) = mu_j | y = j) = Pr(f(x^+) = mu_j | y = j) = Pr(f(x_i^-) = mu_j | "
                "y_i^- = j) = 1 under (13)");
  one.evaluate = [](const Instance& i) {
    const FiniteModel m = map_model(i);
    Real off = i.number(0);
    for (int j = 0; j < m.classes; ++j)
      for (const PointLaw law : {PointLaw::anchor, PointLaw::positive, PointLaw::negative})
        off += spread(m, j, law);
    return Sides{off, i.number(0)};
  };
  registry.add(std::move(one));
}

/// Pr(event(x, x^+) | y = j), added up over j with the weights.
template <class Event>
Real probability(const FiniteModel& m, const std::vector<Real>& weights, Event event) {
  Real total = 0;
  for (int y = 0; y < m.classes; ++y)
    for (int x = 0; x < m.points; ++x)
      for (int plus = 0; plus < m.points; ++plus)
        if (event(y, x, plus)) total += weights[at(y)] * m.q(y, x, plus);
  return total;
}

void add_23_24(ClaimRegistry& registry) {
  ModelOptions unequal = ball_options();
  unequal.sizes = {{2, 2, 1, 2}, {2, 2, 2, 2}, {3, 2, 3, 2}};
  ModelOptions equal_classes = unequal;
  unequal.equiprobable = false;
  Claim split =
      claim_of("theorem-2/proof/23/total-probability", ClaimKind::step, "proof of Theorem 2, (23)",
               "Pr(f(x) = f(x^+)) = sum_j Pr(f(x) = f(x^+) | y = j)/C");
  split.equations = {"(23)"};
  split.relation = Relation::equal;
  split.domain = models(equal_classes);
  split.hypotheses = {equiprobable_classes(models(unequal))};
  split.evaluate = [](const Instance& i) {
    const FiniteModel m = model_of(i);
    const auto alike = [&](int y, int x, int plus) {
      return equal(distance(m, y, x, y, plus), Real(0)) == Truth::yes;
    };
    const std::vector<Real> uniform(at(m.classes), i.number(1, m.classes));
    return Sides{probability(m, m.class_probabilities, alike), probability(m, uniform, alike)};
  };
  registry.add(std::move(split));

  Claim c23 = on_frames("theorem-2/proof/23", "proof of Theorem 2, (23)",
                        "Pr(f(x) = f(x^+)) = 1 under (13)");
  c23.equations = {"(23)"};
  c23.reading = "E|f(x) - f(x^+)|^2 = 0";
  c23.evaluate = [](const Instance& i) {
    const FiniteModel m = map_model(i);
    return Sides{over_pairs(m, [&](int y, int x, int plus) { return distance(m, y, x, y, plus); }),
                 i.number(0)};
  };
  registry.add(std::move(c23));

  Claim c24 = on_frames("theorem-2/proof/24", "proof of Theorem 2, (24)",
                        "Pr(f(x).f(x^+) = 1) = Pr(|f(x)|^2 = 1) = sum_j Pr(|f(x)|^2 = 1 | y = j)/C "
                        "= 1 under (13)");
  c24.equations = {"(24)"};
  c24.reading = "E(f(x).f(x^+) - 1)^2 + E(|f(x)|^2 - 1)^2 = 0";
  c24.evaluate = [](const Instance& i) {
    const FiniteModel m = map_model(i);
    return Sides{over_pairs(m,
                            [&](int y, int x, int plus) {
                              return pow(m.inner(y, x, y, plus) - 1, 2) +
                                     pow(m.squared_norm(y, x) - 1, 2);
                            }),
                 i.number(0)};
  };
  registry.add(std::move(c24));
}

void add_25(ClaimRegistry& registry) {
  Claim c25 = on_frames("theorem-2/proof/25", "proof of Theorem 2, (25)",
                        "with probability one, for all i, f(x).f(x_i^-) = mu_y.mu_(y_i^-) = "
                        "-1/(C-1) under (13)");
  c25.equations = {"(25)"};
  c25.reading = "mean square differences are 0";
  c25.evaluate = [](const Instance& i) {
    const FiniteModel m = map_model(i);
    const Matrix g = mean_products(m);
    return Sides{over_one_negative(m,
                                   [&](int y, int x, int l, int n) {
                                     const Real& product = g[at(y)][at(l)];
                                     return pow(m.inner(y, x, l, n) - product, 2) +
                                            pow(product + Real::ratio(1, m.classes - 1), 2);
                                   }),
                 i.number(0)};
  };
  registry.add(std::move(c25));

  Claim e = on_frames("theorem-2/proof/equalities", "proof of Theorem 2, around (25)",
                      "under (13) equality holds in (14), (15) and (19)");
  const std::vector<std::string> losses = {"info-nce alpha=1 weight=1/k temperature=1"};
  ModelOptions small = frame_options(losses);
  small.sizes = {{2, 1, 1, 2}, {2, 2, 2, 2}, {3, 1, 3, 2}};
  e.domain = simplex_maps(small);
  e.hypotheses[0] = map_equal_products(models(ball_options(losses)));
  e.reading = "gap of (14) + 2 gap of (15) + gap of (19) is 0; none of them is negative";
  e.evaluate = [](const Instance& i) {
    const Stage s(i);
    const Real a = map_loss(i, Law::scl), b = s.right_of_14(), c = s.right_of_15(),
               d = s.psi_at(s.argument_of_18()), f = s.bound();
    return Sides{a + b + d, 2 * c + f};
  };
  registry.add(std::move(e));
}

/// gamma(x, y, f) for the label y and the point x of class c, which may be another one.
Real gamma_of(const FiniteModel& m, const Hardening& eta, int k, int y, int c, int x) {
  std::vector<Real> masses, u;
  for (int l = 0; l < m.classes; ++l)
    for (int n = 0; n < m.points && l != y; ++n) {
      masses.push_back(m.other_class_probability(y, l) * m.s(l, n));
      u.push_back(m.inner(c, x, l, n));
    }
  return gamma_over_negatives(masses, u, eta, k);
}

/// Hardened maps; without those where gamma would be 0 (C = 2, f(x).f(x^-) = -1).
Domain hardened() {
  Domain domain = simplex_maps(frame_options({"linear over=mean"}, hardening_functions()));
  std::erase_if(domain.shapes, [](const Shape& s) {
    return s.integer("C") == 2 && s.choice("eta") != "exponential beta=5";
  });
  return domain;
}

struct Tilt {
  FiniteModel m;
  Hardening eta;
  int k;
  Real constant;  ///< eta(-1/(C-1), ...)
  explicit Tilt(const Instance& i) : m(map_model(i)), eta(hardening_of(i)), k(negatives_of(i)) {
    constant = eta(std::vector<Real>(at(k), i.number(-1, m.classes - 1)));
  }
};

void add_eta(ClaimRegistry& registry) {
  constexpr const char* vi = "proof of Theorem 2, (vi)";
  ModelOptions any = ball_options();
  any.sizes = {{3, 1, 3, 2}, {3, 2, 3, 2}};
  any.hardenings = {"exponential beta=5"};
  const auto step = [&](const char* id, const char* statement) {
    Claim c = on_frames(id, vi, statement);
    c.domain = hardened();
    c.hypotheses[0] = map_equal_products(models(any));
    return c;
  };
  Claim eta = step("theorem-2/proof/vi/eta-is-constant",
                   "with probability one eta(f(x).f(x_1^-), ...) = eta(-1/(C-1), ...) under (13)");
  eta.evaluate = [](const Instance& i) {
    const Tilt t(i);
    return Sides{t.constant + over_anchors(t.m,
                                           [&](int y, int x) {
                                             return over_negatives(
                                                 t.m, Law::scl, y, x, t.k,
                                                 [&](std::span<const Real> u) {
                                                   return abs(t.eta(u) - t.constant);
                                                 });
                                           }),
                 t.constant};
  };
  registry.add(std::move(eta));

  Claim all = step("theorem-2/proof/vi/gamma/as-printed",
                   "for all x, y and the given f, gamma(x, y, f) = eta(-1/(C-1), ...)");
  all.reading = "for all points x and all labels y, as printed";
  all.hypotheses[0] = map_equal_products();
  all.evaluate = [](const Instance& i) {
    const Tilt t(i);
    Real worst = i.number(0);
    for (int y = 0; y < t.m.classes; ++y)
      for (int c = 0; c < t.m.classes; ++c)
        for (int x = 0; x < t.m.points; ++x)
          worst = max(worst, abs(gamma_of(t.m, t.eta, t.k, y, c, x) - t.constant));
    return Sides{t.constant + worst, t.constant};
  };
  all.remark =
      "C=2, x of class 1, y = 2: the negatives are of class 1, f(x).f(x^-) = 1, gamma = "
      "eta(1, ..., 1). It holds with probability one over (x, y).";
  registry.add(std::move(all));

  Claim almost = step("theorem-2/proof/vi/gamma/almost-all",
                      "with probability one over (x, y), gamma(x, y, f) = eta(-1/(C-1), ...)");
  almost.kind = ClaimKind::correction;
  almost.parent = "hard-negatives/theorem-2/proof/vi/gamma/as-printed";
  almost.evaluate = [](const Instance& i) {
    const Tilt t(i);
    return Sides{
        t.constant + over_anchors(t.m,
                                  [&](int y, int x) {
                                    return abs(gamma_of(t.m, t.eta, t.k, y, y, x) - t.constant);
                                  }),
        t.constant};
  };
  registry.add(std::move(almost));

  Claim law = step("theorem-2/proof/vi/hardened-law",
                   "p_HSCL^-(x_1:k^- | x, x^+, y, f) = prod_i p_SCL^-(x_i^- | y) (see Equation 5)");
  law.reading = "with probability one over (x, y): the mean of |eta/gamma - 1| is 0";
  law.evaluate = [](const Instance& i) {
    const Tilt t(i);
    return Sides{t.constant + over_anchors(t.m,
                                           [&](int y, int x) {
                                             const Real gamma = gamma_of(t.m, t.eta, t.k, y, y, x);
                                             return over_negatives(
                                                 t.m, Law::scl, y, x, t.k,
                                                 [&](std::span<const Real> u) {
                                                   return abs(t.eta(u) / gamma - 1);
                                                 });
                                           }),
                 t.constant};
  };
  registry.add(std::move(law));
}

}  // namespace

void add_collapse(ClaimRegistry& registry) {
  add_22(registry);
  add_iv(registry);
  add_23_24(registry);
  add_25(registry);
  add_eta(registry);
}

}  // namespace assay::proofs::theorem_2
