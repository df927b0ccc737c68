// SPDX-License-Identifier: Apache-2.0
// HN, proof of Theorem 2, last paragraph: (13) is necessary for equality.
#include "proofs-numeric/hard_negatives/theorem_2.hpp"

namespace assay::proofs::theorem_2 {
namespace {

constexpr const char* place = "proof of Theorem 2, necessity";
const std::vector<std::string> strict_and_linear = {"info-nce alpha=1 weight=1/k temperature=1",
                                                    "linear over=mean"};

Claim step(const char* id, const char* statement, Relation relation) {
  Claim c = claim_of(id, ClaimKind::step, place, statement);
  c.relation = relation;
  c.domain = models(ball_options());
  return c;
}

Truth negated(Truth t) { return t == Truth::yes ? Truth::no : t == Truth::no ? Truth::yes : t; }

void add_equality_in_each(ClaimRegistry& registry) {
  Claim c = step("theorem-2/proof/necessity/equality-in-each",
                 "if equality holds in (11), it must also hold in (14), (15) and (19)",
                 Relation::greater_or_equal);
  c.reading = "the gap in (11) is at least the largest of the gaps in (14), (15) and (19)";
  ModelOptions o =
      ball_options({"info-nce alpha=1 weight=1/k temperature=1", "hinge margin=1 over=mean"});
  o.sizes = {{2, 1, 1, 2}, {2, 2, 1, 2}, {3, 1, 3, 2}, {2, 2, 2, 2}, {3, 2, 2, 2}};
  c.domain = models(o);
  c.evaluate = [](const Instance& i) {
    const Stage s(i);
    const Real a = loss(i, Law::scl), b = s.right_of_14(), d = s.right_of_15(),
               e = s.psi_at(s.argument_of_18()), f = s.bound();
    return Sides{a - f, max(a - b, max(b - d, e - f))};
  };
  c.equality = {"simplex"};
  registry.add(std::move(c));
}

void add_norms(ClaimRegistry& registry) {
  Claim unit = step("theorem-2/proof/necessity/unit-norms",
                    "psi_k argument-wise strictly increasing: equality in (19) only if all class "
                    "means have unit norms",
                    Relation::greater);
  unit.reading = "the strict inequality in (19) where a class mean has norm below 1";
  unit.domain = models(ball_options(strict_and_linear));
  unit.hypotheses = {strictly_increasing(models(ball_options({"hinge margin=1 over=mean"}))),
                     {"a class mean has norm below 1",
                      "short-mean",
                      [](const Instance& i) {
                        const FiniteModel m = model_of(i);
                        return less(trace(mean_products(m)), i.number(m.classes));
                      },
                      {},
                      "with unit norms and zero sum the sides are equal"}};
  unit.evaluate = [](const Instance& i) {
    const Stage s(i);
    return Sides{s.psi_at(s.argument_of_18()), s.bound()};
  };
  registry.add(std::move(unit));

  Claim variance = step("theorem-2/proof/necessity/zero-variance",
                        "unit-norm class means imply, from (22), zero within-class variance",
                        Relation::less_or_equal);
  variance.reading =
      "sum_y E[|f(x) - mu_y|^2 | y] <= sum_y (1 - |mu_y|^2) for every map into the "
      "unit ball";
  variance.hypotheses = {unit_ball(models(free_options()))};
  variance.evaluate = [](const Instance& i) {
    const FiniteModel m = model_of(i);
    return Sides{within_class_variance(m) * m.classes,
                 i.number(m.classes) - trace(mean_products(m))};
  };
  variance.equality = {"simplex", "collapsed", "spread"};
  registry.add(std::move(variance));

  Claim equal14 =
      step("theorem-2/proof/necessity/equality-in-14",
           "zero within-class variance and (23), (24) imply equality in (14)", Relation::equal);
  ModelOptions sphere = ball_options(strict_and_linear), ball = sphere;
  sphere.representations = Representations::unit_sphere;
  sphere.sizes = ball.sizes = {{2, 1, 1, 2}, {2, 1, 2, 2}, {3, 1, 2, 2}, {4, 1, 3, 2}};
  equal14.reading = "on maps with one point per class on the unit sphere";
  equal14.domain = models(sphere);
  equal14.hypotheses = {{"unit-norm representations",
                         "unit-norm",
                         [](const Instance& i) { return reference::on_unit_sphere(model_of(i)); },
                         models(ball),
                         {}}};
  equal14.evaluate = [](const Instance& i) {
    return Sides{loss(i, Law::scl), Stage(i).right_of_14()};
  };
  registry.add(std::move(equal14));
}

void add_jensen(ClaimRegistry& registry) {
  Claim jensen = step("theorem-2/proof/necessity/constant-products",
                      "psi_k strictly convex: equality in (15) only if Pr(f(x).f(x_i^-) = beta_i) "
                      "= 1 for constants beta_i",
                      Relation::greater);
  jensen.reading = "the strict inequality in (15) where f(x).f(x_i^-) has positive variance";
  const auto sized = [](std::vector<std::string> losses) {
    ModelOptions o = ball_options(std::move(losses));
    o.sizes = {{2, 2, 1, 2}, {3, 1, 2, 2}, {2, 2, 2, 2}, {3, 2, 2, 2}};
    return models(o);
  };
  jensen.domain = sized({"info-nce alpha=1 weight=1/k temperature=1"});
  jensen.hypotheses = {strictly_convex(sized({"linear over=mean"})),
                       {"f(x).f(x_i^-) has positive variance",
                        "varying",
                        [](const Instance& i) { return less(Real(0), Stage(i).variance()); },
                        {},
                        "with no variance the sides are equal"}};
  jensen.evaluate = [](const Instance& i) {
    const Stage s(i);
    return Sides{s.right_of_14(), s.right_of_15()};
  };
  registry.add(std::move(jensen));

  Claim same = step("theorem-2/proof/necessity/same-distribution",
                    "(x, x_i^-) has the same distribution for all i, so that beta_i = beta",
                    Relation::equal);
  same.reading = "E[u + u^2 + u^3] of u = f(x).f(x_i^-) is the same for i = 1 and i = 2";
  same.domain = sized({"linear over=mean"});
  same.evaluate = [](const Instance& i) {
    const Stage s(i);
    const auto moments = [&](std::size_t n) {
      return over_anchors(s.m, [&](int y, int x) {
        return over_negatives(s.m, Law::scl, y, x, s.k, [n](std::span<const Real> u) {
          return u[n] * (1 + u[n] * (1 + u[n]));
        });
      });
    };
    return Sides{moments(0), moments(1)};
  };
  registry.add(std::move(same));

  Claim products = step("theorem-2/proof/necessity/products-are-beta",
                        "it follows that mu_j.mu_l = beta for all j != l", Relation::less_or_equal);
  products.reading =
      "sum_(j != l) (mu_j.mu_l - beta)^2/(C(C-1)) <= Var f(x).f(x_i^-), with beta "
      "its mean, for every map";
  products.evaluate = [](const Instance& i) {
    const Stage s(i);
    const Matrix g = mean_products(s.m);
    const Real beta = s.mean_product();
    Real total = i.number(0);
    for (std::size_t j = 0; j < g.size(); ++j)
      for (std::size_t l = 0; l < g.size(); ++l)
        if (j != l) total += pow(g[j][l] - beta, 2);
    return Sides{total / (s.m.classes * (s.m.classes - 1)), s.variance()};
  };
  products.equality = {"simplex", "collapsed"};
  registry.add(std::move(products));
}

/// Unit vectors, one point per class, with all products mu_j . mu_l = beta.
Hypothesis all_products_equal() {
  return {"f(x).f(x_i^-) is a constant beta",
          "constant",
          [](const Instance& i) { return equal(Stage(i).variance(), Real(0)); },
          {},
          "given in the proof"};
}

Claim of_beta(const char* id, const char* statement) {
  Claim c = step(id, statement, Relation::equal);
  ModelOptions o = ball_options({"info-nce alpha=1 weight=1/k temperature=1"});
  o.representations = Representations::unit_sphere;
  o.sizes = {{2, 1, 1, 2}, {2, 1, 2, 2}, {3, 1, 3, 2}};
  c.domain = models(o);
  c.hypotheses = {all_products_equal()};
  return c;
}

void add_beta(ClaimRegistry& registry) {
  Claim printed = of_beta("theorem-2/proof/necessity/beta/as-printed",
                          "\"since we have equality in (14) and psi_k is argument-wise strictly "
                          "increasing, we must have beta = -1/(C-1)\"");
  printed.reading =
      "from equality in (14), unit norms and constant products alone, as the sentence "
      "has it; equality in (11) and (19) is not used";
  printed.hypotheses.push_back({"equality in (14)",
                                "equality-in-14",
                                [](const Instance& i) {
                                  // psi_k is strictly increasing: equality if and only if every
                                  // f(x).f(x^+) is 1.
                                  return reference::on_unit_sphere(model_of(i));
                                },
                                {},
                                "given in the sentence"});
  printed.evaluate = [](const Instance& i) {
    return Sides{Stage(i).mean_product(), i.number(-1, i.integer("C") - 1)};
  };
  printed.remark =
      "C=2, f(x) = 1 for all x: equality in (14) and (15), beta = 1. The equation "
      "meant is (19).";
  registry.add(std::move(printed));

  Claim corrected = of_beta("theorem-2/proof/necessity/beta/from-19",
                            "since we have equality in (19) and psi_k is argument-wise strictly "
                            "increasing, we must have beta = -1/(C-1)");
  corrected.kind = ClaimKind::correction;
  corrected.parent = "hard-negatives/theorem-2/proof/necessity/beta/as-printed";
  corrected.relation = Relation::greater;
  corrected.reading = "the strict inequality in (19) where beta is not -1/(C-1)";
  corrected.hypotheses.push_back(
      {"beta is not -1/(C-1)",
       "other-beta",
       [](const Instance& i) { return negated(reference::means_form_simplex(model_of(i))); },
       {},
       "with beta = -1/(C-1) the sides are equal"});
  corrected.evaluate = [](const Instance& i) {
    const Stage s(i);
    return Sides{s.psi_at(s.argument_of_18()), s.bound()};
  };
  registry.add(std::move(corrected));
}

}  // namespace

void add_necessity(ClaimRegistry& registry) {
  add_equality_in_each(registry);
  add_norms(registry);
  add_jensen(registry);
  add_beta(registry);
}

}  // namespace assay::proofs::theorem_2
