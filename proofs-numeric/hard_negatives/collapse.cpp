// SPDX-License-Identifier: Apache-2.0
// HN Sections 5.2 to 6: the metrics of Neural-Collapse, dimensional collapse, class collision.
#include <algorithm>

#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/subject/facts.hpp"
#include "proofs-numeric/subject/models.hpp"

namespace assay::proofs {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

/// The Gram matrix of C class means and what the three metrics of Section 5.2 make of it.
struct Means {
  int classes;
  std::vector<Real> gram;

  Means(int c, std::vector<Real> g) : classes(c), gram(std::move(g)) {}
  /// Of the block "mu" [C, d].
  explicit Means(const Instance& i) : classes(i.integer("C")) {
    const int d = i.integer("d");
    const auto mu = i.values("mu");
    const Real scale = i.arithmetic(i.block("mu").squared_scale);
    for (int j = 0; j < classes; ++j)
      for (int l = 0; l < classes; ++l)
        gram.push_back(scale * dot(mu.subspan(at(j * d), at(d)), mu.subspan(at(l * d), at(d))));
  }
  const Real& inner(int j, int l) const { return gram[at(j * classes + l)]; }
  /// The first metric, squared.
  Real squared_sum() const { return reference::sum(gram); }
  /// sum_j g(|mu_j|^2)
  Real over_norms(const std::function<Real(const Real&)>& g) const {
    Real total = 0;
    for (int j = 0; j < classes; ++j) total += g(inner(j, j));
    return total;
  }
  /// The second metric.
  Real unit_norm() const {
    return over_norms([](const Real& n) { return abs(sqrt(n) - Real(1)); }) / Real(classes);
  }
  /// The third metric, times C (C - 1).
  Real inner_products() const {
    Real total = 0;
    for (int j = 0; j < classes; ++j)
      for (int l = 0; l < classes; ++l)
        if (l != j) total += abs(inner(j, l) + Real::ratio(1, classes - 1));
    return total;
  }
};

/// -1/(C-1) off the diagonal and 1 on it.
Means frame(int classes) {
  std::vector<Real> gram;
  for (int n = 0; n < classes * classes; ++n)
    gram.push_back(n / classes == n % classes ? Real(1) : Real::ratio(-1, classes - 1));
  return {classes, std::move(gram)};
}

Domain free_means(BlockKind kind) {
  std::vector<Shape> shapes;
  for (const auto& [c, d] : {std::pair{2, 1}, {2, 2}, {3, 2}, {3, 3}, {4, 3}})
    shapes.push_back({{{"C", c}, {"d", d}}, {}});
  Domain domain = over(std::move(shapes), [kind](const Shape& s) {
    Block mu = vectors("mu", {s.integer("C"), s.integer("d")}, kind);
    mu.low = -2, mu.high = 2, mu.scaled = true;
    return std::vector<Block>{mu};
  });
  const Domain bare = domain;
  if (kind == BlockKind::ball)
    domain.specials.push_back({"simplex", [bare](const Shape& s) {
                                 const int classes = s.integer("C"), d = s.integer("d");
                                 if (classes != 2 && d < classes) return std::vector<Instance>();
                                 std::vector<Real> mu;
                                 for (int j = 0; j < classes; ++j)
                                   for (int a = 0; a < d; ++a)
                                     mu.push_back(classes == 2
                                                      ? Real(a > 0 ? 0 : 1 - 2 * j)
                                                      : Real(a == j) - Real::ratio(1, classes));
                                 Instance i = point_of(bare, s, {std::move(mu)});
                                 if (classes > 2)
                                   i.blocks[0].squared_scale = Real::ratio(classes, classes - 1);
                                 return std::vector<Instance>{i};
                               }});
  return domain;
}

Hypothesis unit_ball_means() {
  return {"unit-ball representations",
          "unit-ball",
          [](const Instance& i) {
            const Means m(i);
            Truth all = Truth::yes;
            for (int j = 0; j < m.classes; ++j)
              all = reference::both(all, less_or_equal(m.inner(j, j), Real(1)));
            return all;
          },
          free_means(BlockKind::scalar),
          {}};
}

Claim statement(const char* id, const char* place, const char* says, Relation relation,
                Domain domain, Evaluate evaluate) {
  Claim c;
  c.id = std::string("hard-negatives/") + id;
  c.paper = "HN";
  c.place = place;
  c.statement = says;
  c.relation = relation;
  c.domain = std::move(domain);
  c.evaluate = std::move(evaluate);
  return c;
}

void add_metrics(ClaimRegistry& registry) {
  Claim vanish =
      statement("section-5-2/metrics-vanish-at-nc", "Section 5.2",
                "the three metrics are 0 at Neural-Collapse", Relation::equal,
                family("C", {2, 3, 4, 5, 10, 20, 50, 100}), [](const Instance& i) {
                  const Means m = frame(i.integer("C"));
                  return Sides{m.squared_sum() + m.unit_norm() + m.inner_products(), i.number(0)};
                });
  vanish.reading = "the sum of the first one squared, the second and the third";
  registry.add(std::move(vanish));
  const char* implied = "the equal inner-product condition with unit-ball normalization implies ";
  Claim zero_sum =
      statement("section-5-2/inner-products-imply-zero-sum", "Section 5.2", implied,
                Relation::less_or_equal, free_means(BlockKind::ball), [](const Instance& i) {
                  const Means m(i);
                  return Sides{m.squared_sum(), m.inner_products()};
                });
  zero_sum.statement += "the zero-sum condition";
  zero_sum.reading =
      "and to what extent: the zero-sum metric squared is at most C(C-1) times the "
      "equal inner-product metric";
  zero_sum.hypotheses = {unit_ball_means()};
  zero_sum.equality = {"simplex"};
  registry.add(std::move(zero_sum));
  Claim norms =
      statement("section-5-2/inner-products-imply-unit-norm", "Section 5.2", implied,
                Relation::less_or_equal, free_means(BlockKind::ball), [](const Instance& i) {
                  const Means m(i);
                  return Sides{m.unit_norm(), m.inner_products() / Real(m.classes)};
                });
  norms.statement += "the unit-norm condition";
  norms.reading =
      "and to what extent: the unit-norm metric is at most C - 1 times the equal "
      "inner-product metric";
  norms.hypotheses = {unit_ball_means()};
  norms.equality = {"simplex"};
  registry.add(std::move(norms));
}

/// Within-class variance against the unit-norm metric: what the metrics say about NC (iv).
void add_variance(ClaimRegistry& registry) {
  const auto domain = [](Representations r) {
    ModelOptions o;
    o.sizes = {{2, 2, 1, 1}, {2, 2, 2, 1}, {2, 3, 2, 1}, {3, 2, 2, 1}};
    o.losses = {"max"};
    o.representations = r;
    return models(o);
  };
  Claim c =
      statement("section-5-2/metrics-detect-nc", "Section 5.2",
                "where the three metrics are 0 there is Neural-Collapse: also the "
                "within-class variance is 0",
                Relation::less_or_equal, domain(Representations::unit_ball), [](const Instance& i) {
                  const FiniteModel m = model_of(i);
                  Real variance = 0, norms = 0;
                  for (int y = 0; y < m.classes; ++y) {
                    const Real squared = m.mean_inner(y, y);
                    Real second = 0;
                    for (int x = 0; x < m.points; ++x) second += m.s(y, x) * m.squared_norm(y, x);
                    variance += second - squared;
                    norms += abs(squared - Real(1));
                  }
                  return Sides{variance, norms};
                });
  c.reading =
      "and to what extent: the sum of E|f - mu|^2 over the classes is at most that of "
      "| |mu|^2 - 1 |";
  c.hypotheses = {unit_ball(domain(Representations::unconstrained))};
  registry.add(std::move(c));
}

void add_dimensional_collapse(ClaimRegistry& registry) {
  const std::vector<int> classes = {2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24};
  Claim etf = statement(
      "section-5-3/nc-no-dc", "Section 5.3",
      "if d_Z = C - 1, Neural-Collapse implies that there is no dimensional collapse",
      Relation::equal, family("C", classes), [](const Instance& i) {
        const int c = i.integer("C");
        const Means m = frame(c);
        const Real eigenvalue = i.number(c, c - 1);
        Real off = abs(m.over_norms([](const Real& n) { return n; }) / eigenvalue - Real(c - 1));
        for (int j = 0; j < c; ++j)
          for (int l = 0; l < c; ++l) {
            Real product = 0;
            for (int n = 0; n < c; ++n) product += m.inner(j, n) * m.inner(n, l);
            off += abs(product - eigenvalue * m.inner(j, l));
          }
        return Sides{off, i.number(0)};
      });
  etf.reading =
      "the Gram matrix G has G G = C/(C-1) G and trace G = C: its C - 1 nonzero "
      "eigenvalues, C times those of the covariance, are equal";
  registry.add(std::move(etf));

  // In the plane: smallest / largest eigenvalue >= 1/10 where det / trace^2 >= 10 / 121.
  const auto plane = [] {
    Domain d = over({Shape{{{"C", 3}, {"d", 2}}, {}}}, [](const Shape&) {
      return std::vector<Block>{vectors("mu", {3, 2}, BlockKind::sphere)};
    });
    const Domain bare = d;
    d.specials.push_back({"orthogonal", [bare](const Shape& s) {
                            return std::vector<Instance>{point_of(bare, s, {{1, 0, 0, 1, -1, 0}})};
                          }});
    return d;
  };
  Claim not_nc = statement("section-5-3/no-dc-not-nc", "Section 5.3",
                           "the absence of dimensional collapse does not imply Neural-Collapse",
                           Relation::greater, plane(), [](const Instance& i) {
                             return Sides{Means(i).inner_products(), i.number(0)};
                           });
  not_nc.quantifier = Quantifier::some;
  not_nc.reading =
      "C = 3 means on the unit circle, singular values of their covariance within a "
      "factor of 10, equal inner-product metric above 0";
  not_nc.hypotheses = {{"no dimensional collapse",
                        "no-collapse",
                        [](const Instance& i) {
                          const auto mu = i.values("mu");
                          Real xx = 0, xy = 0, yy = 0, x = 0, y = 0;
                          for (std::size_t j = 0; j < 3; ++j) {
                            const Real &a = mu[2 * j], &b = mu[2 * j + 1];
                            xx += a * a, xy += a * b, yy += b * b, x += a, y += b;
                          }
                          xx -= x * x / Real(3), xy -= x * y / Real(3), yy -= y * y / Real(3);
                          const Real trace = xx + yy;
                          return less_or_equal(Real::ratio(10, 121) * trace * trace,
                                               xx * yy - xy * xy);
                        },
                        {},
                        "an existence statement"}};
  registry.add(std::move(not_nc));

  Claim example = statement(
      "section-5-3/example-without-zero-sum", "Section 5.3",
      "the class means could have full rank and satisfy the equal inner-product and unit-norm "
      "conditions in Theorem 2 without satisfying the zero-sum condition",
      Relation::not_equal, family("C", {2, 3, 4, 5, 10, 100, 200}), [](const Instance& i) {
        return Sides{frame(i.integer("C")).squared_sum(), i.number(0)};
      });
  example.quantifier = Quantifier::some;
  example.exhaustive = true;
  example.reading =
      "the conditions of Theorem 2, (13) and (ii): they determine the Gram matrix, "
      "hence |sum of the means|^2, for each C; the numbers of classes of the paper "
      "and some more";
  example.remark = "|sum mu_j|^2 = C + C(C-1)(-1/(C-1)) = 0";
  registry.add(std::move(example));
  Claim corrected = statement(
      "section-5-3/example-without-zero-sum/corrected", "Section 5.3",
      "the equal inner-product and unit-norm conditions imply the zero-sum condition",
      Relation::less_or_equal, free_means(BlockKind::scalar), [](const Instance& i) {
        const Means m(i);
        return Sides{m.squared_sum(), m.inner_products() + m.over_norms([](const Real& n) {
                       return abs(n - Real(1));
                     })};
      });
  corrected.reading = "and to what extent; no constraint on the means";
  registry.add(
      corrects(std::move(corrected), "hard-negatives/section-5-3/example-without-zero-sum"));
}

void add_common_inner_product(ClaimRegistry& registry) {
  Claim possible = statement(
      "section-5-3/example-common-inner-product", "Section 5.3",
      "the class means could have full rank and satisfy the equal inner-product and unit-norm "
      "conditions without satisfying the zero-sum condition",
      Relation::not_equal, family("C", {3, 4, 10, 100}), [](const Instance& i) {
        Means m = frame(i.integer("C"));
        for (Real& g : m.gram) g = max(g, Real(0));  // the identity: orthonormal means in R^C
        return Sides{m.squared_sum(), i.number(0)};
      });
  possible.quantifier = Quantifier::some;
  possible.reading =
      "inner products equal to each other but not to -1/(C-1), in R^C: orthonormal "
      "means";
  registry.add(std::move(possible));
  Claim not_there = statement(
      "section-5-3/example-common-inner-product/dimension", "Section 5.3",
      "in R^(C-1), C > 2, unit vectors of full rank with a common inner product sum to zero",
      Relation::greater,
      over({Shape{{{"C", 3}}, {}}, Shape{{{"C", 4}}, {}}, Shape{{{"C", 6}}, {}}},
           [](const Shape&) { return std::vector<Block>{numbers("t", {}, 0, 1)}; }),
      [](const Instance& i) {
        // a from just above -1/(C-1) to just below 1
        const int c = i.integer("C");
        const Real low = i.number(-1, c - 1) + i.number(1, 100), high = i.number(99, 100);
        const Real a = low + (high - low) * i.scalar("t");
        return Sides{pow(Real(1) - a, c - 1) * (Real(1) + Real(c - 1) * a), i.number(0)};
      });
  not_there.kind = ClaimKind::correction;
  not_there.parent = "hard-negatives/section-5-3/example-without-zero-sum";
  not_there.reading =
      "the Gram determinant (1-a)^(C-1) (1+(C-1)a) is positive for every common "
      "product a in (-1/(C-1), 1), here 1/100 away from the ends: the means need "
      "R^C; a = 1 has rank 1";
  not_there.strengthened = [evaluate = not_there.evaluate](const Instance& i) {
    return Sides{evaluate(i).left, i.number(1, 10)};
  };
  registry.add(std::move(not_there));
}

}  // namespace

void add_hn_collapse(ClaimRegistry& registry) {
  add_metrics(registry);
  add_variance(registry);
  add_dimensional_collapse(registry);
  add_common_inner_product(registry);
}

}  // namespace assay::proofs
