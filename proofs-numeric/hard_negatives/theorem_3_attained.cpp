// SPDX-License-Identifier: Apache-2.0
// The proof of HN Theorem 3, end: that (13) is sufficient and necessary for equality in (30).
#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/hard_negatives/theorem_3_stage.hpp"

namespace assay::proofs {
namespace {

const char* const sufficiency = "proof of Theorem 3, (13) is sufficient";
const char* const necessity = "proof of Theorem 3, (13) is necessary";

Claim at_nc(const std::string& id, std::string statement, Evaluate evaluate) {
  return theorem_3_claim(ClaimKind::step, "theorem-3/proof/sufficient/" + id, sufficiency,
                         std::move(statement), Relation::equal, at_collapse(theorem_3_collapse()),
                         std::move(evaluate));
}

/// E g(y, x, l, n) over anchor and one negative of the UCL law.
template <class G>
Real over_anchor_and_negative(const FiniteModel& m, const G& g) {
  Real total = 0;
  for (int y = 0; y < m.classes; ++y)
    for (int x = 0; x < m.points; ++x)
      for (int l = 0; l < m.classes; ++l)
        for (int n = 0; n < m.points; ++n)
          total += m.s(y, x) * m.s(l, n) * g(y, x, l, n) / (m.classes * m.classes);
  return total;
}

void add_23_to_25(ClaimRegistry& registry) {
  registry.add(at_nc("23", "Pr(f(x) = f(x^+)) = 1: E|f(x) - f(x^+)|^2 = 0", [](const Instance& i) {
    const FiniteModel m = collapse_of(i);
    return Sides{over_pairs(m,
                            [&](int y, int x, int plus) {
                              return m.squared_norm(y, x) + m.squared_norm(y, plus) -
                                     2 * m.inner(y, x, y, plus);
                            }),
                 i.number(0)};
  }));
  registry.add(at_nc("24",
                     "Pr(f(x).f(x^+) = 1) = Pr(|f(x)|^2 = 1) = 1: the mean squares of both "
                     "defects are 0",
                     [](const Instance& i) {
                       const FiniteModel m = collapse_of(i);
                       return Sides{over_pairs(m,
                                               [&](int y, int x, int plus) {
                                                 return pow(m.inner(y, x, y, plus) - 1, 2) +
                                                        pow(m.squared_norm(y, x) - 1, 2);
                                               }),
                                    i.number(0)};
                     }));
  Claim printed = at_nc(
      "25",
      "(25) also holds: with probability one, for all i, f(x).f(x_i^-) = "
      "mu_y.mu_(y_i^-) = -1/(C-1)",
      [](const Instance& i) {
        const FiniteModel m = collapse_of(i);
        const Real value = i.number(-1, m.classes - 1);
        return Sides{
            over_anchor_and_negative(
                m, [&](int y, int x, int l, int n) { return pow(m.inner(y, x, l, n) - value, 2); }),
            i.number(0)};
      });
  printed.reading =
      "in the UCL model, where the proof of Theorem 3 uses it: the mean square of "
      "f(x).f(x_i^-) + 1/(C-1) is 0";
  printed.remark = "A negative of the anchor's own class, probability 1/C, has f(x).f(x_i^-) = 1.";
  registry.add(printed);
  Claim fixed = at_nc(
      "25/corrected", "with probability one f(x).f(x_i^-) = mu_y.mu_(y_i^-) = 1 - C b_i/(C-1)",
      [](const Instance& i) {
        const FiniteModel m = collapse_of(i);
        return Sides{over_anchor_and_negative(
                         m,
                         [&](int y, int x, int l, int n) {
                           const Real value = 1 - i.number(m.classes * (l != y), m.classes - 1);
                           return pow(m.inner(y, x, l, n) - value, 2);
                         }),
                     i.number(0)};
      });
  fixed.kind = ClaimKind::correction;
  fixed.parent = printed.id;
  registry.add(fixed);
}

void add_equalities(ClaimRegistry& registry) {
  registry.add(at_nc("31", "under (13) equality holds in (31)", [](const Instance& i) {
    const FiniteModel m = collapse_of(i);
    return Sides{expected_loss(m, Law::ucl, loss_of(i), hardening_of(i), negatives_of(i)),
                 right_of_31(i, m)};
  }));
  registry.add(at_nc("33", "under (13) equality holds in (33)", [](const Instance& i) {
    const UclStage s(i, collapse_of(i));
    return Sides{s.right_of_32(), s.right_of_33()};
  }));
  registry.add(at_nc("36", "under (13) equality holds in (36)", [](const Instance& i) {
    const UclStage s(i, collapse_of(i));
    return Sides{s.right_of_35(), s.right_of_36()};
  }));
  registry.add(at_nc("39", "under (13) equality holds in (39)", [](const Instance& i) {
    return Sides{UclStage(i, collapse_of(i)).right_of_38(),
                 over_scaled_collisions(i, simplex_argument(i))};
  }));
}

/// One point per class, where within-class variance is no matter; on the sphere or in the ball.
Domain means(Representations z, std::vector<std::string> losses) {
  ModelOptions o = theorem_3_model();
  o.sizes = {{2, 1, 1, 2}, {3, 1, 3, 2}, {3, 1, 2, 2}, {4, 1, 2, 2}};
  o.losses = std::move(losses);
  o.representations = z;
  return models(o);
}

Claim line(const char* id, std::string statement, Relation relation, Domain domain,
           Evaluate evaluate) {
  return theorem_3_claim(ClaimKind::step, std::string("theorem-3/proof/necessary/") + id, necessity,
                         std::move(statement), relation, std::move(domain), std::move(evaluate));
}

Hypothesis short_mean() {
  return {"some class mean is shorter than 1",
          "short-mean",
          [](const Instance& i) {
            const UclStage s(i);
            return less(s.sum_of_squares(), Real(s.classes));
          },
          {},
          "with unit means that sum to 0 the sides are equal"};
}

Hypothesis unequal_angles() {
  return {"mu_j.mu_l differs among the pairs j != l",
          "unequal-angles",
          [](const Instance& i) {
            const UclStage s(i);
            for (int j = 0; j < s.classes; ++j)
              for (int l = 0; l < s.classes; ++l)
                if (j != l && equal(s.mean(j, l), s.mean(0, 1)) == Truth::no) return Truth::yes;
            return Truth::no;
          },
          {},
          "with equal inner products the sides are equal"};
}

void add_norms(ClaimRegistry& registry) {
  Claim unit = line(
      "39",
      "if psi_k is strictly increasing, equality in (39) only if all class means "
      "have unit norms",
      Relation::greater, means(Representations::unit_ball, strictly_convex_increasing()),
      [](const Instance& i) {
        return Sides{UclStage(i).right_of_38(), over_scaled_collisions(i, simplex_argument(i))};
      });
  Domain flat = means(Representations::unit_ball, {"hinge margin=1 over=mean"});
  unit.hypotheses = {
      unit_ball(),
      {"psi_k is argument-wise strictly increasing",
       "strictly-increasing",
       [](const Instance& i) {
         return loss_of(i).properties(negatives_of(i)).strictly_increasing ? Truth::yes : Truth::no;
       },
       flat,
       {}},
      short_mean()};
  registry.add(unit);
  registry.add(line("36", "unit norms of all class means imply equality in (36)", Relation::equal,
                    means(Representations::unit_sphere, convex_increasing()),
                    [](const Instance& i) {
                      const UclStage s(i);
                      return Sides{s.right_of_35(), s.right_of_36()};
                    }));
  ModelOptions two = theorem_3_model();
  two.sizes = {{2, 2, 1, 2}, {2, 2, 2, 2}, {3, 2, 2, 2}};
  two.losses = {"linear over=mean"};
  Claim variance =
      line("zero-variance",
           "unit-norm class means imply zero within-class variance: sum_y E|f(x) - "
           "mu_y|^2 <= C - sum_y |mu_y|^2",
           Relation::less_or_equal, models(two), [](const Instance& i) {
             const FiniteModel m = model_of(i);
             return Sides{within_class_variance(m), m.classes - UclStage(i, m).sum_of_squares()};
           });
  variance.reading = "as an inequality for all f whose right side is 0 at unit-norm means";
  variance.equality = {"simplex"};
  ModelOptions outside = two;
  outside.representations = Representations::unconstrained;
  variance.hypotheses = {unit_ball(models(outside))};
  registry.add(variance);
  registry.add(line("31", "zero within-class variance implies equality in (31)", Relation::equal,
                    means(Representations::unit_sphere, convex_increasing()),
                    [](const Instance& i) {
                      return Sides{loss(i, Law::ucl), right_of_31(i, model_of(i))};
                    }));
}

void add_angles(ClaimRegistry& registry) {
  Claim function =
      line("33",
           "equality in (33), unit-norm means and strict convexity imply that "
           "mu_y.mu_(y_i^-) is a function of b_i",
           Relation::greater, means(Representations::unit_sphere, strictly_convex_increasing()),
           [](const Instance& i) {
             const UclStage s(i);
             return Sides{s.right_of_32(), s.right_of_33()};
           });
  function.hypotheses = {strictly_convex(means(Representations::unit_sphere, {"linear over=mean"})),
                         unequal_angles()};
  registry.add(function);
  Domain angles;
  for (const int c : {2, 3, 5})
    for (const std::string& psi : strictly_convex_increasing())
      angles.shapes.push_back({{{"C", c}, {"k", 2}}, {{"psi", psi}}});
  angles.blocks = [](const Shape& shape) {
    Block a;
    a.name = "inner";
    a.low = Real::ratio(-1, shape.integer("C") - 1), a.high = 1;
    return std::vector<Block>{a};
  };
  Claim value = line("40",
                     "if psi_k is strictly increasing, the function is mu_y.mu_(y_i^-) - 1 = "
                     "-C b_i/(C-1): any larger common inner product gives more than (40)",
                     Relation::greater, angles, [](const Instance& i) {
                       return Sides{over_scaled_collisions(i, i.scalar("inner") - i.number(1)),
                                    over_scaled_collisions(i, simplex_argument(i))};
                     });
  value.reading = "a common inner product of unit vectors is at least -1/(C-1)";
  value.hypotheses = {{"the inner product is not -1/(C-1)",
                       "not-simplex",
                       [](const Instance& i) {
                         return less(Real::ratio(-1, i.integer("C") - 1), i.scalar("inner"));
                       },
                       {},
                       "at -1/(C-1) the sides are equal"}};
  registry.add(value);
  Domain classes;
  for (const int c : {2, 3, 4, 5, 10, 100, 1000}) classes.shapes.push_back({{{"C", c}}, {}});
  classes.blocks = [](const Shape&) { return std::vector<Block>{}; };
  registry.add(line("13", "1 - C/(C-1) = -1/(C-1), condition (13)", Relation::equal, classes,
                    [](const Instance& i) {
                      const int c = i.integer("C");
                      return Sides{1 - i.number(c, c - 1), i.number(-1, c - 1)};
                    }));
  Claim positive = line("nonzero-probability", "b_i = 1 has nonzero probability", Relation::greater,
                        classes, [](const Instance& i) {
                          const int c = i.integer("C");
                          Real total = 0;  // over (y, y_i^-)
                          for (int y = 0; y < c; ++y) total += i.number(c - 1, 1) / (c * c);
                          return Sides{total, i.number(0)};
                        });
  positive.strengthened = [](const Instance& i) {
    const int c = i.integer("C");
    return Sides{i.number(c - 1, c), i.number(1, 2)};
  };
  registry.add(positive);
}

}  // namespace

void add_hn_theorem_3_attained(ClaimRegistry& registry) {
  add_23_to_25(registry);
  add_equalities(registry);
  add_norms(registry);
  add_angles(registry);
}

}  // namespace assay::proofs
