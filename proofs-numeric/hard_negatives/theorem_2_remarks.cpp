// SPDX-License-Identifier: Apache-2.0
// HN Section 4.2, Remarks 1 and 2. (Remark 3 is about a word.)
#include "proofs-numeric/hard_negatives/theorem_2.hpp"

namespace assay::proofs::theorem_2 {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

const std::vector<std::string> two_losses = {"linear over=mean",
                                             "info-nce alpha=1 weight=1/k temperature=1"};

Sides bound_sides(const Instance& i) {
  return Sides{loss(i, Law::scl), psi_at(i, simplex_argument(i))};
}

ModelOptions sphere_options(std::vector<std::string> losses) {
  ModelOptions o = ball_options(std::move(losses));
  o.representations = Representations::unit_sphere;
  return o;
}

void add_remark_1(ClaimRegistry& registry) {
  Claim bound = claim_of("remark-1/lower-bound", ClaimKind::statement, "Remark 1",
                         "the lower bound (11) also holds for unit-sphere representations");
  bound.relation = Relation::greater_or_equal;
  bound.domain = models(sphere_options(two_losses));
  bound.hypotheses = {{"unit-sphere representations",
                       "unit-sphere",
                       [](const Instance& i) { return reference::on_unit_sphere(model_of(i)); },
                       models(free_options(two_losses)),
                       {}}};
  bound.evaluate = bound_sides;
  bound.equality = {"simplex"};
  registry.add(std::move(bound));

  Claim attained = claim_of("remark-1/attained", ClaimKind::statement, "Remark 1",
                            "equality can be attained with unit-sphere representations");
  attained.quantifier = Quantifier::some;
  attained.relation = Relation::equal;
  ModelOptions o = sphere_options({"linear over=mean"});
  o.sizes = {{3, 2, 3, 2}, {2, 1, 1, 2}};
  attained.domain = models(o);
  attained.evaluate = bound_sides;
  registry.add(std::move(attained));

  Claim only = claim_of("remark-1/necessary", ClaimKind::statement, "Remark 1",
                        "and, psi_k strict, it is attained only under (13)");
  only.reading = "as the strict inequality wherever (13) fails";
  only.relation = Relation::greater;
  only.domain = models(sphere_options(strictly_convex_increasing()));
  ModelOptions linear = sphere_options({"linear over=mean"});
  linear.sizes = {{4, 1, 1, 2}, {4, 1, 2, 2}};
  only.hypotheses = {
      strictly_convex(models(linear)),
      {"condition (13) does not hold",
       "not-13",
       [](const Instance& i) { return less(Real(0), distance_from_13(model_of(i))); },
       {},
       "where (13) holds, the sides are equal"}};
  only.evaluate = bound_sides;
  registry.add(std::move(only));
}

/// Two points per class, f = sqrt(C) (m_y + o_y) and sqrt(C) (m_y - o_y), equally likely; x^+ = x
/// with probability "together" of the class. Then mu_y = sqrt(C) m_y. Blocks: "means" [C d], all
/// m_y together in a unit ball, that is (1/C) sum |mu_j|^2 <= 1; "offsets" [C, d]; "together" [C],
/// where it is free (else 1/2: x and x^+ independent).
Domain mean_bounded(bool free_joint) {
  Domain domain;
  for (const auto& [c, d] :
       std::vector<std::pair<int, int>>{{2, 1}, {2, 2}, {3, 1}, {3, 2}, {4, 3}})
    for (const std::string& psi : two_losses)
      domain.shapes.push_back({{{"C", c}, {"d", d}, {"k", 2}}, {{"psi", psi}, {"eta", "none"}}});
  domain.blocks = [free_joint](const Shape& shape) {
    const int c = shape.integer("C"), d = shape.integer("d");
    std::vector<Block> blocks(2);
    blocks[0].name = "means", blocks[0].kind = BlockKind::ball, blocks[0].dimensions = {c * d};
    blocks[0].scaled = true;
    blocks[1].name = "offsets", blocks[1].dimensions = {c, d};
    blocks[1].low = -2, blocks[1].high = 2;
    if (free_joint) {
      Block b;
      b.name = "together", b.dimensions = {c}, b.low = 0;
      blocks.push_back(b);
    }
    return blocks;
  };
  // C = 2 antipodal means without offsets: the frame.
  domain.specials = {{"antipodal", [domain](const Shape& shape) {
                        if (shape.integer("C") != 4 || shape.integer("d") != 3)
                          return std::vector<Instance>{};
                        Instance i{shape, domain.blocks(shape), Arithmetic::plain()};
                        for (Block& b : i.blocks) b.values.assign(b.size(), Real(0));
                        // The vertices of a tetrahedron, (+-1, +-1, +-1) with an even number of -1.
                        const int signs[4][3] = {{1, 1, 1}, {1, -1, -1}, {-1, 1, -1}, {-1, -1, 1}};
                        i.blocks[0].squared_scale = Real::ratio(1, 12);
                        for (int n = 0; n < 12; ++n)
                          i.blocks[0].values[at(n)] = signs[n / 3][n % 3];
                        return std::vector<Instance>{i};
                      }}};
  return domain;
}

/// "points" [C 2 d] together in a unit ball: f = sqrt(2 C) of it, (1/C) sum_j E|f(x)|^2 <= 1.
Domain moment_bounded() {
  Domain domain = mean_bounded(true);
  domain.specials.clear();
  domain.blocks = [](const Shape& shape) {
    const int c = shape.integer("C"), d = shape.integer("d");
    std::vector<Block> blocks(2);
    blocks[0].name = "points", blocks[0].kind = BlockKind::ball;
    blocks[0].dimensions = {c * 2 * d}, blocks[0].scaled = true;
    blocks[1].name = "together", blocks[1].dimensions = {c}, blocks[1].low = 0;
    return blocks;
  };
  return domain;
}

FiniteModel relaxed_model(const Instance& i) {
  if (i.has("f")) return model_of(i);
  const int c = i.integer("C"), d = i.integer("d");
  FiniteModel m;
  m.classes = c, m.points = 2, m.dimension = d;
  m.class_probabilities.assign(at(c), i.number(1, c));
  m.negative_class_probabilities = m.class_probabilities;
  m.negative_law.assign(at(2 * c), i.number(1, 2));
  for (int y = 0; y < c; ++y) {
    const Real w = i.has("together") ? i.values("together")[at(y)] / 2 : i.number(1, 4);
    for (const Real& mass : {w, i.number(1, 2) - w, i.number(1, 2) - w, w}) m.joint.push_back(mass);
  }
  if (i.has("points")) {
    m.squared_scale = i.number(2 * c) * i.block("points").squared_scale;
    m.embeddings.assign(i.values("points").begin(), i.values("points").end());
    return m;
  }
  m.squared_scale = i.number(c) * i.block("means").squared_scale;
  const auto means = i.values("means"), offsets = i.values("offsets");
  for (int y = 0; y < c; ++y)
    for (const int sign : {1, -1})
      for (int a = 0; a < d; ++a)
        m.embeddings.push_back(means[at(y * d + a)] + sign * offsets[at(y * d + a)]);
  return m;
}

Sides relaxed_bound(const Instance& i, reference::Way way) {
  return Sides{
      expected_loss(relaxed_model(i), Law::scl, loss_of(i), Hardening(), negatives_of(i), way),
      psi_at(i, simplex_argument(i))};
}
Sides relaxed_first(const Instance& i) { return relaxed_bound(i, reference::Way::automatic); }
Sides relaxed_second(const Instance& i) { return relaxed_bound(i, reference::Way::enumeration); }

Hypothesis mean_requirement(std::optional<Domain> dropped = {}) {
  return {"(1/C) sum_j |mu_j|^2 <= 1",
          "mean-norms",
          [](const Instance& i) {
            const FiniteModel m = relaxed_model(i);
            return less_or_equal(trace(mean_products(m)), i.number(m.classes));
          },
          std::move(dropped),
          {}};
}

void add_weaker(ClaimRegistry& registry) {
  Claim weaker = claim_of("remark-2/weaker-requirement", ClaimKind::statement, "Remark 2",
                          "(1/C) sum_j |mu_j|^2 <= 1 is weaker than the unit-ball constraint");
  weaker.reading = "it holds in the unit ball";
  weaker.relation = Relation::less_or_equal;
  weaker.domain = models(ball_options());
  weaker.hypotheses = {unit_ball(models(free_options()))};
  weaker.evaluate = [](const Instance& i) {
    const FiniteModel m = model_of(i);
    return Sides{trace(mean_products(m)) / m.classes, i.number(1)};
  };
  weaker.equality = {"simplex", "collapsed"};
  registry.add(std::move(weaker));
}

void add_remark_2(ClaimRegistry& registry) {
  Claim c19 = claim_of("remark-2/inequality-19", ClaimKind::statement, "Remark 2",
                       "inequality (19) also holds under (1/C) sum_j |mu_j|^2 <= 1");
  c19.relation = Relation::greater_or_equal;
  c19.domain = mean_bounded(true);
  c19.hypotheses = {mean_requirement(models(free_options(two_losses)))};
  c19.evaluate = [](const Instance& i) {
    const FiniteModel m = relaxed_model(i);
    const Real c = m.classes;
    return Sides{
        psi_at(i, (norm_of_sum(m) - trace(mean_products(m))) / (c * (c - 1)) - i.number(1)),
        psi_at(i, simplex_argument(i))};
  };
  c19.equality = {"antipodal"};
  registry.add(std::move(c19));

  const char* const printed_id = "hard-negatives/remark-2/lower-bound";
  Claim bound = claim_of("remark-2/lower-bound", ClaimKind::statement, "Remark 2",
                         "and therefore the lower bound of Theorem 2 also holds under (1/C) sum_j "
                         "|mu_j|^2 <= 1");
  bound.relation = Relation::greater_or_equal;
  bound.domain = mean_bounded(true);
  bound.hypotheses = {mean_requirement()};
  bound.evaluate = relaxed_first;
  bound.second = relaxed_second;
  bound.remark =
      "C=2, psi linear: both classes have two points at +r and -r, equally likely, x^+ = "
      "x. All means are 0, E f(x).f(x^-) = 0, f(x).f(x^+) = r^2, so L = -r^2 < -2 for r^2 "
      "> 2: (14) needs f(x).f(x^+) <= 1. InfoNCE: the classes at +-r e_1 and +-r e_2, L = "
      "psi(-r^2, ...).";
  registry.add(std::move(bound));

  Claim independent =
      claim_of("remark-2/lower-bound/independent-positives", ClaimKind::correction, "Remark 2",
               "the lower bound of Theorem 2 holds under (1/C) sum_j |mu_j|^2 <= 1 "
               "if x and x^+ are conditionally independent given y");
  independent.parent = printed_id;
  independent.relation = Relation::greater_or_equal;
  independent.domain = mean_bounded(false);
  independent.hypotheses = {
      mean_requirement(),
      {"x and x^+ are conditionally independent given y",
       "conditional-independence",
       [](const Instance& i) { return reference::is_conditionally_independent(relaxed_model(i)); },
       mean_bounded(true),
       {}}};
  independent.evaluate = relaxed_first;
  independent.second = relaxed_second;
  independent.equality = {"antipodal"};
  independent.remark =
      "E f(x).f(x^+) = (1/C) sum_j |mu_j|^2 <= 1; Jensen at once for both products.";
  registry.add(std::move(independent));

  Claim moments =
      claim_of("remark-2/lower-bound/mean-square-norm", ClaimKind::correction, "Remark 2",
               "the lower bound of Theorem 2 holds under (1/C) sum_j E[|f(x)|^2 | y = j] "
               "<= 1, for any joint law of x and x^+");
  moments.parent = printed_id;
  moments.relation = Relation::greater_or_equal;
  moments.domain = moment_bounded();
  moments.hypotheses = {{"(1/C) sum_j E[|f(x)|^2 | y = j] <= 1",
                         "mean-square-norm",
                         [](const Instance& i) {
                           const FiniteModel m = relaxed_model(i);
                           const Real mean =
                               over_anchors(m, [&](int y, int x) { return m.squared_norm(y, x); });
                           return less_or_equal(mean, i.number(1));
                         },
                         mean_bounded(true),
                         {}}};
  moments.evaluate = relaxed_first;
  moments.second = relaxed_second;
  registry.add(std::move(moments));
}

}  // namespace

void add_remarks(ClaimRegistry& registry) {
  add_remark_1(registry);
  add_weaker(registry);
  add_remark_2(registry);
}

}  // namespace assay::proofs::theorem_2
