// SPDX-License-Identifier: Apache-2.0
// HN, Theorem 2 (v) and its proof: classes that share data points.
#include <array>

#include "proofs-numeric/hard_negatives/theorem_2.hpp"

namespace assay::proofs::theorem_2 {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

/// A data space of n points that all classes share. Blocks: "lambda" [C] (where free), "s" [C, n],
/// "f" [n, d] in the unit ball, or in [-2, 2]^d.
Domain shared_points(bool in_ball, bool equiprobable = true) {
  Domain domain;
  for (const auto& [c, n, d] : std::vector<std::array<int, 3>>{
           {2, 2, 1}, {2, 3, 1}, {2, 3, 2}, {3, 3, 2}, {3, 3, 3}, {3, 4, 3}})
    domain.shapes.push_back({{{"C", c}, {"n", n}, {"d", d}}, {}});
  domain.blocks = [in_ball, equiprobable](const Shape& shape) {
    const int c = shape.integer("C"), n = shape.integer("n"), d = shape.integer("d");
    std::vector<Block> blocks;
    Block b;
    b.kind = BlockKind::simplex;
    if (!equiprobable) {
      b.name = "lambda", b.dimensions = {c}, b.positive = true;
      blocks.push_back(b);
    }
    b.name = "s", b.dimensions = {c, n}, b.positive = false;
    blocks.push_back(b);
    b.name = "f", b.dimensions = {n, d};
    b.kind = in_ball ? BlockKind::ball : BlockKind::scalar;
    b.low = -2, b.high = 2, b.scaled = true;
    blocks.push_back(b);
    return blocks;
  };
  return domain;
}

/// Class y only at point y, at the simplex frame.
std::vector<Instance> disjoint_frame(const Domain& domain, const Shape& shape) {
  const int c = shape.integer("C"), n = shape.integer("n"), d = shape.integer("d");
  if (c > 2 && d < c) return {};
  Instance i{shape, domain.blocks(shape), Arithmetic::plain()};
  for (Block& b : i.blocks) {
    b.values.assign(b.size(), Real(0));
    if (b.name == "s")
      for (int y = 0; y < c; ++y) b.values[at(y * n + y)] = 1;
    if (b.name != "f") continue;
    if (c > 2) b.squared_scale = Real::ratio(c, c - 1);
    for (int x = 0; x < c; ++x)
      for (int a = 0; a < d; ++a)
        b.values[at(x * d + a)] = c == 2  ? Real(a > 0 ? 0 : 1 - 2 * x)
                                  : a < c ? Real(a == x) - Real::ratio(1, c)
                                          : Real(0);
  }
  return {i};
}

/// Classes with points of their own, so that a shared point is C points with one representation.
FiniteModel unshared(const Instance& i) {
  const int c = i.integer("C"), n = i.integer("n"), d = i.integer("d");
  FiniteModel m;
  m.classes = c, m.points = n, m.dimension = d;
  m.class_probabilities.assign(at(c), i.number(1, c));
  if (i.has("lambda"))
    m.class_probabilities.assign(i.values("lambda").begin(), i.values("lambda").end());
  m.negative_class_probabilities = m.class_probabilities;
  m.negative_law.assign(i.values("s").begin(), i.values("s").end());
  m.squared_scale = i.number(1) * i.block("f").squared_scale;
  for (int y = 0; y < c; ++y)
    m.embeddings.insert(m.embeddings.end(), i.values("f").begin(), i.values("f").end());
  return m;
}

/// sum over x and j != l of min(s(x|j), s(x|l)): 0 if and only if the supports are disjoint.
Real overlap(const Instance& i) {
  const int c = i.integer("C"), n = i.integer("n");
  const auto s = i.values("s");
  Real total = i.number(0);
  for (int j = 0; j < c; ++j)
    for (int l = 0; l < j; ++l)
      for (int x = 0; x < n; ++x) total += min(s[at(j * n + x)], s[at(l * n + x)]);
  return total;
}

/// C = 2: means 1 and -1 of two points at 2 and -2 that both classes have.
Domain outside_the_ball() {
  Domain domain = shared_points(false);
  domain.specials = {{"long", [domain](const Shape& shape) {
                        if (shape.integer("C") != 2 || shape.integer("n") != 2)
                          return std::vector<Instance>{};
                        Instance i{shape, domain.blocks(shape), Arithmetic::plain()};
                        i.blocks[0].values = {Real::ratio(3, 4), Real::ratio(1, 4),
                                              Real::ratio(1, 4), Real::ratio(3, 4)};
                        i.blocks[1].values = {2, -2};
                        return std::vector<Instance>{i};
                      }}};
  return domain;
}

void add_disjoint(ClaimRegistry& registry) {
  Claim c =
      claim_of("theorem-2/v", ClaimKind::statement, "Theorem 2",
               "(13) implies that the support sets of s(.|y) are disjoint, so that a sample's "
               "label is a function of the sample");
  c.reading =
      "where two classes share a point of positive probability, (13) fails: max over j != l "
      "of |mu_j.mu_l + 1/(C-1)| > 0";
  c.relation = Relation::greater;
  c.domain = shared_points(true);
  c.domain.specials = {{"disjoint frame", [domain = c.domain](const Shape& shape) {
                          return disjoint_frame(domain, shape);
                        }}};
  Domain apart = c.domain;
  c.hypotheses = {{"two classes share a point of positive probability",
                   "shared-point",
                   [](const Instance& i) { return less(Real(0), overlap(i)); },
                   apart,
                   {}},
                  {"unit-ball representations",
                   "unit-ball",
                   [](const Instance& i) {
                     const FiniteModel m = unshared(i);
                     return reference::in_unit_ball(m);
                   },
                   outside_the_ball(),
                   {}}};
  c.evaluate = [](const Instance& i) { return Sides{distance_from_13(unshared(i)), i.number(0)}; };
  c.strengthened = [](const Instance& i) {
    return Sides{distance_from_13(unshared(i)), i.number(1, 8)};
  };
  registry.add(std::move(c));
}

void add_distinct(ClaimRegistry& registry) {
  Claim c = claim_of("theorem-2/proof/v/distinct-means", ClaimKind::step, "proof of Theorem 2, (v)",
                     "from (ii) and (13), mu_y != mu_y' for all labels y' != y");
  c.relation = Relation::greater;
  c.domain = simplex_maps(frame_options());
  c.hypotheses = {map_equal_products(models(ball_options())),
                  map_unit_ball(equal_product_means(frame_options()))};
  const auto nearest = [](const Instance& i) {
    const Matrix g = mean_products(map_model(i));
    Real least = g[0][0] + g[1][1] - 2 * g[0][1];
    for (std::size_t j = 0; j < g.size(); ++j)
      for (std::size_t l = 0; l < j; ++l) least = min(least, g[j][j] + g[l][l] - 2 * g[j][l]);
    return least;
  };
  c.evaluate = [nearest](const Instance& i) { return Sides{nearest(i), i.number(0)}; };
  c.strengthened = [nearest](const Instance& i) {
    const int classes = i.integer("C");
    return Sides{nearest(i), i.number(2 * classes + 1, classes - 1)};
  };
  c.remark = "(13) alone gives it: mu_y = mu_y' would make mu_y.mu_y' = |mu_y|^2 >= 0.";
  registry.add(std::move(c));
}

void add_labels(ClaimRegistry& registry) {
  Claim marginal =
      claim_of("theorem-2/proof/v/same-marginal", ClaimKind::step, "proof of Theorem 2, (v)",
               "anchor, positive and negative samples share the same marginal label "
               "distribution lambda");
  marginal.reading = "Pr(y_i^- = l) = lambda_l, summed absolute differences";
  marginal.relation = Relation::equal;
  ModelOptions o = ball_options(), unequal = ball_options();
  o.sizes = unequal.sizes = {{2, 1, 1, 2}, {3, 1, 1, 2}, {4, 1, 1, 2}, {5, 1, 1, 2}};
  unequal.equiprobable = false;
  marginal.domain = models(o);
  marginal.hypotheses = {equiprobable_classes(models(unequal))};
  marginal.evaluate = [](const Instance& i) {
    const FiniteModel m = model_of(i);
    Real off = i.number(0);
    for (int l = 0; l < m.classes; ++l) {
      Real mass = i.number(0);
      for (int y = 0; y < m.classes; ++y)
        mass += m.class_probabilities[at(y)] * m.other_class_probability(y, l);
      off += abs(mass - m.class_probabilities[at(l)]);
    }
    return Sides{off, i.number(0)};
  };
  registry.add(std::move(marginal));

  Claim posterior =
      claim_of("theorem-2/proof/v/same-labelling", ClaimKind::step, "proof of Theorem 2, (v)",
               "they share a common conditional distribution of label given sample");
  posterior.reading = "p(y|x) p(x) p^-(x) = p^-(y|x) p^-(x) p(x) for all y, x";
  posterior.relation = Relation::equal;
  posterior.domain = shared_points(true);
  posterior.hypotheses = {
      {"equiprobable classes",
       "equiprobable",
       [](const Instance& i) { return reference::is_equiprobable(unshared(i)); },
       shared_points(true, false),
       {}}};
  posterior.evaluate = [](const Instance& i) {
    const FiniteModel m = unshared(i);
    Real off = i.number(0);
    for (int x = 0; x < m.points; ++x) {
      std::vector<Real> anchor, negative;
      for (int l = 0; l < m.classes; ++l) {
        Real mass = i.number(0);
        for (int y = 0; y < m.classes; ++y)
          mass += m.class_probabilities[at(y)] * m.other_class_probability(y, l);
        anchor.push_back(m.class_probabilities[at(l)] * m.s(l, x));
        negative.push_back(mass * m.s(l, x));
      }
      const Real a = sum(anchor), n = sum(negative);
      for (std::size_t l = 0; l < anchor.size(); ++l) off += abs(anchor[l] * n - negative[l] * a);
    }
    return Sides{off, i.number(0)};
  };
  registry.add(std::move(posterior));
}

}  // namespace

void add_supports(ClaimRegistry& registry) {
  add_disjoint(registry);
  add_distinct(registry);
  add_labels(registry);
}

}  // namespace assay::proofs::theorem_2
