// SPDX-License-Identifier: Apache-2.0
// HN Section 4.4, Theorem 3: the bound (30), when it is attained, and the properties (i)-(v). (Its
// proof: theorem_3_proof.cpp. The text below it: theorem_3_text.cpp.)
#include <array>

#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/hard_negatives/theorem_3_stage.hpp"

namespace assay::proofs {
namespace {

const char* const hinge = "hinge margin=1 over=mean";
const char* const linear = "linear over=mean";
const char* const info_nce = "info-nce alpha=1 weight=1/k temperature=1";

Sides loss_and_bound(const Instance& i) { return {loss(i, Law::ucl), theorem_3_bound(i)}; }
Sides loss_and_bound_second(const Instance& i) {
  return {loss_second_way(i, Law::ucl), over_scaled_collisions(i, simplex_argument(i))};
}

Domain changed(std::vector<ModelSize> sizes, std::vector<std::string> losses,
               void (*change)(ModelOptions&)) {
  ModelOptions o = theorem_3_model();
  o.sizes = std::move(sizes);
  o.losses = std::move(losses);
  change(o);
  return models(o);
}

void nothing(ModelOptions&) {}

void add_bound(ClaimRegistry& registry) {
  Claim c = theorem_3_claim(
      ClaimKind::statement, "theorem-3/bound", "Theorem 3, (30)",
      "L_UCL(f) >= C^-(k+1) sum over y, y_1^-..y_k^- of psi_k(-C 1(y_i^- != y)/(C-1))_i",
      Relation::greater_or_equal, models(theorem_3_model()), loss_and_bound);
  c.equations = {"(30)"};
  c.second = loss_and_bound_second;
  c.equality = {"simplex"};
  c.hypotheses = {
      // With k = 1, or psi a sum over the negatives, (a) is not needed; the maximum over four
      // negatives shows that it is in general.
      equiprobable_classes(changed({{2, 1, 1, 4}, {2, 1, 1, 5}}, {"max"},
                                   [](ModelOptions& o) { o.equiprobable = false; })),
      unit_ball(
          changed({{2, 1, 1, 2}}, {linear},
                  [](ModelOptions& o) { o.representations = Representations::unconstrained; })),
      common_conditional_law(changed({{2, 2, 1, 2}, {3, 2, 2, 2}}, {linear},
                                     [](ModelOptions& o) { o.common_law = false; })),
      negatives_like_anchors(changed({{2, 1, 1, 2}, {3, 1, 1, 2}}, {linear},
                                     [](ModelOptions& o) { o.r_is_lambda = false; })),
      conditional_independence(
          changed({{2, 2, 2, 2}}, {hinge}, [](ModelOptions& o) { o.independent = false; })),
      convex_loss(changed({{3, 1, 1, 2}}, {"concave-linear bend=-3/2"}, nothing)),
      nondecreasing_loss(changed({{2, 1, 1, 2}}, {"decreasing"}, nothing))};
  registry.add(c);
}

/// A strictly convex loss as near to the maximum over four negatives as it takes, and a map that is
/// nearly at neural collapse: where (13) holds, the theorem does not ask for a larger loss.
Domain unequal_classes() {
  Domain d = changed({{2, 1, 1, 4}}, {"info-nce alpha=1/1099511627776 weight=1/k temperature=1/16"},
                     [](ModelOptions& o) { o.equiprobable = false; });
  d.specials.push_back({"near collapse", [blocks = d.blocks](const Shape& shape) {
                          Instance i{shape, blocks(shape), Arithmetic::plain()};
                          for (Block& b : i.blocks)
                            b.values = b.name == "lambda"
                                           ? std::vector<Real>{Real::ratio(1, 5), Real::ratio(4, 5)}
                                           : std::vector<Real>{1, Real::ratio(-31, 32)};
                          return std::vector<Instance>{i};
                        }});
  return d;
}

void add_attained(ClaimRegistry& registry) {
  Claim sufficient = theorem_3_claim(
      ClaimKind::statement, "theorem-3/sufficient", "Theorem 3",
      "if (13) holds, equality holds in (30)", Relation::equal, at_collapse(theorem_3_collapse()),
      [](const Instance& i) {
        return Sides{
            expected_loss(collapse_of(i), Law::ucl, loss_of(i), hardening_of(i), negatives_of(i)),
            theorem_3_bound(i)};
      });
  sufficient.reading =
      "(13) in the unit ball means neural collapse, (i)-(iv); the laws s(.|y) are "
      "free";
  registry.add(sufficient);
  ModelOptions strict = theorem_3_model();
  strict.losses = strictly_convex_increasing();
  Claim necessary = theorem_3_claim(
      ClaimKind::statement, "theorem-3/necessary", "Theorem 3",
      "if psi_k is strictly convex and strictly increasing, (13) is necessary for equality in "
      "(30): where (13) fails, L_UCL(f) is larger",
      Relation::greater, models(strict), loss_and_bound);
  necessary.second = loss_and_bound_second;
  necessary.hypotheses = {
      equiprobable_classes(unequal_classes()),
      unit_ball(
          changed({{2, 1, 1, 2}}, {info_nce},
                  [](ModelOptions& o) { o.representations = Representations::unconstrained; })),
      common_conditional_law(changed({{2, 2, 1, 2}, {3, 2, 2, 2}}, {info_nce},
                                     [](ModelOptions& o) { o.common_law = false; })),
      negatives_like_anchors(changed({{2, 1, 1, 2}, {3, 1, 1, 2}}, {info_nce},
                                     [](ModelOptions& o) { o.r_is_lambda = false; })),
      conditional_independence(
          changed({{2, 2, 2, 2}}, {info_nce}, [](ModelOptions& o) { o.independent = false; })),
      strictly_convex(changed({{2, 1, 2, 2}, {4, 1, 1, 2}}, {hinge, linear}, nothing)),
      strictly_increasing(),
      no_equal_inner_products()};
  registry.add(necessary);
}

Domain unconstrained() {
  return changed({{2, 2, 1, 2}, {3, 1, 2, 2}}, {linear},
                 [](ModelOptions& o) { o.representations = Representations::unconstrained; });
}

/// A hypothesis of the theorem that the properties (i) to (iv) do not use.
Hypothesis unused(Hypothesis h, const char* because) {
  h.no_control = because;
  return h;
}

const char* const one_law = "not used: (12), (13) and the property speak of one law s(.|y)";

Claim property(const char* id, std::string statement, Evaluate evaluate) {
  Claim c = theorem_3_claim(
      ClaimKind::statement, std::string("theorem-3/") + id, "Theorem 3, properties",
      std::move(statement), Relation::less_or_equal,
      changed({{2, 1, 1, 2}, {2, 2, 1, 2}, {3, 1, 3, 2}, {3, 2, 2, 2}, {4, 1, 4, 2}}, {linear},
              nothing),
      std::move(evaluate));
  c.reading =
      "as an inequality for all f whose right side, the sum over ordered pairs j != l of "
      "mu_j.mu_l + 1/(C-1), is 0 under (13)";
  c.hypotheses = {unit_ball(unconstrained()), unused(common_conditional_law(), one_law)};
  c.equality = {"simplex"};
  return c;
}

void add_properties(ClaimRegistry& registry) {
  registry.add(property("i", "(13) implies zero-sum class means: |sum_j mu_j|^2 <= excess",
                        [](const Instance& i) {
                          const FiniteModel m = model_of(i);
                          return Sides{UclStage(i, m).square_of_sum(), excess_of_inner_products(m)};
                        }));
  registry.add(property("ii", "(13) implies unit-norm class means: sum_j |1 - |mu_j|^2| <= excess",
                        [](const Instance& i) {
                          const FiniteModel m = model_of(i);
                          Real total = 0;
                          for (int j = 0; j < m.classes; ++j) total += abs(1 - m.mean_inner(j, j));
                          return Sides{total, excess_of_inner_products(m)};
                        }));
  registry.add(property("iv",
                        "(13) implies zero within-class variance: sum_y E|f(x) - mu_y|^2 <= excess",
                        [](const Instance& i) {
                          const FiniteModel m = model_of(i);
                          return Sides{within_class_variance(m), excess_of_inner_products(m)};
                        }));
  Claim dimension = theorem_3_claim(
      ClaimKind::statement, "theorem-3/iii", "Theorem 3, properties",
      "(13) implies d_Z >= C - 1: where d_Z < C - 1, the sum over j != l of (mu_j.mu_l + "
      "1/(C-1))^2 is not 0",
      Relation::greater,
      changed({{3, 1, 1, 2}, {3, 2, 1, 2}, {4, 1, 1, 2}, {4, 1, 2, 2}}, {linear}, nothing),
      [](const Instance& i) {
        return Sides{defect_of_inner_products(model_of(i)), i.number(0)};
      });
  dimension.hypotheses = {
      unused(unit_ball(),
             "not used: no more than d + 1 vectors of R^d have negative inner products in pairs"),
      unused(common_conditional_law(), one_law)};
  dimension.strengthened = [](const Instance& i) {
    // For C = 3 on a line the smallest value is about 0.857.
    return Sides{defect_of_inner_products(model_of(i)), i.number(9, 10)};
  };
  registry.add(dimension);
}

/// Classes whose laws share all their points: s [C, P] without zeros, f [P, d].
Domain overlapping() {
  Domain d;
  for (const auto& [c, p, dz] : {std::array{2, 2, 1}, std::array{2, 3, 2}, std::array{3, 3, 3}})
    d.shapes.push_back({{{"C", c}, {"P", p}, {"d", dz}}, {}});
  d.blocks = [](const Shape& shape) {
    Block s, f;
    s.name = "s", s.kind = BlockKind::simplex, s.positive = true;
    s.dimensions = {shape.integer("C"), shape.integer("P")};
    f.name = "f", f.kind = BlockKind::ball, f.scaled = true;
    f.dimensions = {shape.integer("P"), shape.integer("d")};
    return std::vector<Block>{s, f};
  };
  // C points at the vertices of the ETF, each class with nearly all of its mass at its own.
  d.specials.push_back({"nearly-disjoint", [blocks = d.blocks](const Shape& shape) {
                          const int c = shape.integer("C"), dz = shape.integer("d");
                          if (shape.integer("P") != c) return std::vector<Instance>{};
                          Instance i{shape, blocks(shape), Arithmetic::plain()};
                          const Real little = Real::ratio(1, 10000);
                          for (int y = 0; y < c; ++y)
                            for (int x = 0; x < c; ++x)
                              i.blocks[0].values.push_back(x == y ? 1 - (c - 1) * little : little);
                          if (c > 2) i.blocks[1].squared_scale = Real::ratio(c, c - 1);
                          for (int x = 0; x < c; ++x)
                            for (int a = 0; a < dz; ++a)
                              i.blocks[1].values.push_back(
                                  c == 2 ? Real(1 - 2 * x) : Real(a == x) - Real::ratio(1, c));
                          return std::vector<Instance>{i};
                        }});
  return d;
}

Sides defect_of_overlap(const Instance& i) {
  const int c = i.integer("C"), p = i.integer("P"), d = i.integer("d");
  const auto s = i.values("s"), f = i.values("f");
  std::vector<std::vector<Real>> means(static_cast<std::size_t>(c),
                                       std::vector<Real>(static_cast<std::size_t>(d)));
  for (int y = 0; y < c; ++y)
    for (int x = 0; x < p; ++x)
      for (int a = 0; a < d; ++a)
        means[static_cast<std::size_t>(y)][static_cast<std::size_t>(a)] +=
            s[static_cast<std::size_t>(y * p + x)] * f[static_cast<std::size_t>(x * d + a)];
  const Real scale = i.arithmetic(i.block("f").squared_scale);
  Real defect = 0;
  for (std::size_t j = 0; j < means.size(); ++j)
    for (std::size_t l = 0; l < j; ++l)
      defect += 2 * pow(scale * dot(means[j], means[l]) + i.number(1, c - 1), 2);
  return {defect, i.number(0)};
}

void add_supports(ClaimRegistry& registry) {
  Claim c = theorem_3_claim(
      ClaimKind::statement, "theorem-3/v", "Theorem 3, properties",
      "(13) implies that the supports of s(.|y) are disjoint: where they meet, (13) fails",
      Relation::greater, overlapping(), defect_of_overlap);
  c.reading =
      "C classes with laws of full support on the same P points; the deterministic labeling "
      "function is the same statement, a point belongs to one support only";
  c.equality = {};
  registry.add(c);
}

}  // namespace

void add_hn_theorem_3(ClaimRegistry& registry) {
  add_bound(registry);
  add_attained(registry);
  add_properties(registry);
  add_supports(registry);
  add_hn_theorem_3_proof(registry);
  add_hn_theorem_3_attained(registry);
}

}  // namespace assay::proofs
