// SPDX-License-Identifier: Apache-2.0
// The proof of HN Theorem 3: the collisions b_i and the chain (31)-(41).
#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/hard_negatives/theorem_3_stage.hpp"

namespace assay::proofs {
namespace {

const char* const linear = "linear over=mean";

Domain sized(std::vector<ModelSize> sizes, std::vector<std::string> losses, bool in_ball = true) {
  ModelOptions o = theorem_3_model();
  o.sizes = std::move(sizes);
  o.losses = std::move(losses);
  if (!in_ball) o.representations = Representations::unconstrained;
  return models(o);
}

Domain outside_ball() { return sized({{2, 1, 1, 2}}, {linear}, false); }
Domain decreasing() { return sized({{2, 1, 1, 2}}, {"decreasing"}); }

Claim step(const std::string& number, std::string statement, Relation relation, Evaluate evaluate) {
  Claim c = theorem_3_claim(ClaimKind::step, "theorem-3/proof/" + number, "", std::move(statement),
                            relation, models(theorem_3_model()), std::move(evaluate));
  const std::string equation = "(" + number.substr(0, 2) + ")";
  c.place = "proof of Theorem 3, " + equation;
  c.equations = {equation};
  c.hypotheses = {unit_ball(), conditional_independence()};
  return c;
}

/// C, k, lambda uniform and y^- iid uniform, or (for the control) with any law r.
Domain labels(bool uniform) {
  Domain d;
  for (const int c : {2, 3, 4})
    for (const int k : {1, 2, 3}) d.shapes.push_back({{{"C", c}, {"k", k}}, {}});
  d.blocks = [uniform](const Shape& shape) {
    Block r;
    r.name = "r", r.kind = BlockKind::simplex, r.dimensions = {shape.integer("C")};
    return uniform ? std::vector<Block>{} : std::vector<Block>{r};
  };
  return d;
}

/// Sum over b, y of |Pr(b_1..b_k, y) - Pr(y) prod_i Pr(b_i)|, from the definition by enumeration.
Sides dependence_of_collisions(const Instance& i) {
  const int c = i.integer("C"), k = i.integer("k");
  std::vector<Real> r(static_cast<std::size_t>(c), i.number(1, c));
  if (i.has("r")) r.assign(i.values("r").begin(), i.values("r").end());
  const std::size_t patterns = std::size_t{1} << k;
  std::vector<Real> joint(patterns * static_cast<std::size_t>(c)), single(2);
  for (int y = 0; y < c; ++y)
    for (int l = 0; l < c; ++l) single[l != y] += r[static_cast<std::size_t>(l)] / c;
  int tuples = 1;
  for (int n = 0; n < k; ++n) tuples *= c;
  for (int y = 0; y < c; ++y)
    for (int t = 0; t < tuples; ++t) {
      Real mass = i.number(1, c);
      std::size_t pattern = 0;
      for (int n = 0, rest = t; n < k; ++n, rest /= c) {
        mass *= r[static_cast<std::size_t>(rest % c)];
        pattern = 2 * pattern + (rest % c != y);
      }
      joint[pattern * static_cast<std::size_t>(c) + static_cast<std::size_t>(y)] += mass;
    }
  Real total = 0;
  for (std::size_t b = 0; b < patterns; ++b) {
    Real product = i.number(1, c);
    for (int n = 0; n < k; ++n) product *= single[b >> n & 1];
    for (int y = 0; y < c; ++y)
      total += abs(joint[b * static_cast<std::size_t>(c) + static_cast<std::size_t>(y)] - product);
  }
  return {total, i.number(0)};
}

Hypothesis uniform_labels() {
  return {"the labels of the negatives are uniform",
          "uniform",
          [](const Instance& i) {
            if (!i.has("r")) return Truth::yes;
            Truth all = Truth::yes;
            for (const Real& x : i.values("r"))
              all = reference::both(all, equal(x * i.integer("C"), Real(1)));
            return all;
          },
          labels(false),
          {}};
}

void add_collisions(ClaimRegistry& registry) {
  Claim c = theorem_3_claim(ClaimKind::step, "theorem-3/proof/collisions",
                            "proof of Theorem 3, before (31)",
                            "b_1..b_k are iid and independent of y, b_i = 1(y_i^- != y)",
                            Relation::equal, labels(true), dependence_of_collisions);
  c.hypotheses = {uniform_labels()};
  registry.add(c);
}

/// Sum over y, l, b_2 of |Pr(y, y_1^- = l, b_2 | b_1) - Pr(y, y_1^- = l | b_1) Pr(b_2 | b_1)|, b_1
/// being 1(l != y), times Pr(b_1)^2; y^- iid with law r. For other i, l in place of 1, 2 it is the
/// same.
Sides dependence_given_b(const Instance& i) {
  const int c = i.integer("C");
  std::vector<Real> r(static_cast<std::size_t>(c), i.number(1, c));
  if (i.has("r")) r.assign(i.values("r").begin(), i.values("r").end());
  const auto law = [&](int l) { return r[static_cast<std::size_t>(l)]; };
  Real joint_b[2][2], single[2];
  for (int y = 0; y < c; ++y)
    for (int l = 0; l < c; ++l)
      for (int m = 0; m < c; ++m) {
        joint_b[l != y][m != y] += law(l) * law(m) / c;
        single[l != y] += law(l) * law(m) / c;
      }
  Real total = 0;
  for (int y = 0; y < c; ++y)
    for (int l = 0; l < c; ++l)
      for (const int b : {0, 1}) {
        const Real same = law(y), of_b = b ? Real(1) - same : same;
        const Real pair = law(l) / c;
        total += abs(pair * of_b * single[l != y] - pair * joint_b[l != y][b]);
      }
  return {total, i.number(0)};
}

void add_independence_given_b(ClaimRegistry& registry) {
  Claim c = theorem_3_claim(ClaimKind::step, "theorem-3/proof/34/independence",
                            "proof of Theorem 3, explanation of (34)",
                            "(y, y_i^-) is independent of {b_l, l != i} given b_i", Relation::equal,
                            labels(true), dependence_given_b);
  c.reading = "for two negatives, the joint law against the product, summed absolute differences";
  c.hypotheses = {uniform_labels()};
  registry.add(c);
}

void add_31_32(ClaimRegistry& registry) {
  Claim jensen = step("31",
                      "L_UCL(f) >= E_{y, y^-}[psi_k(E[f(x).f(x_i^-)] - E[f(x).f(x^+)])_i], x, x^+, "
                      "x_i^- independent given their labels",
                      Relation::greater_or_equal, [](const Instance& i) {
                        return Sides{loss(i, Law::ucl), right_of_31(i, model_of(i))};
                      });
  jensen.second = [](const Instance& i) {
    return Sides{loss_second_way(i, Law::ucl), UclStage(i).right_of_32()};
  };
  ModelOptions dependent = theorem_3_model();
  dependent.independent = false;
  dependent.sizes = {{2, 2, 1, 2}};
  dependent.losses = {linear};
  jensen.hypotheses = {convex_loss(sized({{2, 2, 1, 2}}, {"concave-linear bend=-1"})),
                       conditional_independence(models(dependent))};
  jensen.equality = {"simplex"};
  registry.add(jensen);
  registry.add(step("32",
                    "the right side of (31) = E_{y, y^-}[psi_k(mu_y.mu_(y_i^-) - mu_y.mu_y)_i]",
                    Relation::equal, [](const Instance& i) {
                      const FiniteModel m = model_of(i);
                      return Sides{right_of_31(i, m), UclStage(i, m).right_of_32()};
                    }));
}

void add_33_to_35(ClaimRegistry& registry) {
  Claim jensen =
      step("33",
           "the right side of (32) >= E_b[psi_k(E[mu_y.mu_(y_i^-) - |mu_y|^2 | b_1..b_k])"
           "_i]",
           Relation::greater_or_equal, [](const Instance& i) {
             const UclStage s(i);
             return Sides{s.right_of_32(), s.right_of_33()};
           });
  jensen.hypotheses = {convex_loss(sized({{3, 1, 1, 2}}, {"concave-linear bend=-3/2"}))};
  jensen.equality = {"simplex"};
  registry.add(jensen);
  registry.add(step("34", "... = E_b[psi_k(E[mu_y.mu_(y_i^-) - |mu_y|^2 | b_i])_i]",
                    Relation::equal, [](const Instance& i) {
                      const UclStage s(i);
                      return Sides{s.right_of_33(), s.right_of_34()};
                    }));
  registry.add(step("35", "... = E_b[psi_k(b_i E[mu_y.mu_(y_i^-) - |mu_y|^2 | b_i = 1])_i]",
                    Relation::equal, [](const Instance& i) {
                      const UclStage s(i);
                      return Sides{s.right_of_34(), s.right_of_35()};
                    }));
}

void add_36_to_38(ClaimRegistry& registry) {
  Claim norms = step("36", "... >= E_b[psi_k(b_i E[mu_y.mu_(y_i^-) - 1 | b_i = 1])_i]",
                     Relation::greater_or_equal, [](const Instance& i) {
                       const UclStage s(i);
                       return Sides{s.right_of_35(), s.right_of_36()};
                     });
  norms.hypotheses = {unit_ball(outside_ball()), nondecreasing_loss(decreasing())};
  norms.equality = {"simplex"};
  registry.add(norms);
  Claim pairs = step("37", "... = E_b[psi_k(b_i sum_{l != j}(mu_j.mu_l - 1)/(C(C-1)))_i]",
                     Relation::equal, [](const Instance& i) {
                       const UclStage s(i);
                       return Sides{s.right_of_36(), s.right_of_37()};
                     });
  pairs.reading =
      "the sum is over ordered pairs (j, l), j != l, as in (17): j is not bound in print";
  registry.add(pairs);
  registry.add(step("38",
                    "... = E_b[psi_k(b_i (|sum_j mu_j|^2 - sum_j |mu_j|^2 - C(C-1))/(C(C-1)))_i]",
                    Relation::equal, [](const Instance& i) {
                      const UclStage s(i);
                      return Sides{s.right_of_37(), s.right_of_38()};
                    }));
}

/// No f: C, k and psi only.
Domain numbers() {
  Domain d;
  for (const auto& [c, k] : {std::pair{2, 2}, {3, 2}, {4, 3}, {6, 2}})
    for (const std::string& psi : convex_increasing())
      d.shapes.push_back({{{"C", c}, {"k", k}}, {{"psi", psi}}});
  d.blocks = [](const Shape&) { return std::vector<Block>{}; };
  return d;
}

void add_39_to_41(ClaimRegistry& registry) {
  Claim ends =
      step("39", "... >= E_b[psi_k(b_i (0 - C - C(C-1))/(C(C-1)))_i]", Relation::greater_or_equal,
           [](const Instance& i) {
             const int c = i.integer("C");
             return Sides{UclStage(i).right_of_38(),
                          over_scaled_collisions(i, i.number(0 - c - c * (c - 1), c * (c - 1)))};
           });
  ends.hypotheses = {unit_ball(outside_ball()), nondecreasing_loss(decreasing())};
  ends.equality = {"simplex"};
  registry.add(ends);
  const auto add = [&](const char* number, const char* statement, Evaluate evaluate) {
    Claim c = step(number, statement, Relation::equal, std::move(evaluate));
    c.domain = numbers();
    c.hypotheses.clear();
    registry.add(c);
    return c;
  };
  add("40/first", "... = E_b[psi_k(b_i (0 - C*C)/(C(C-1)))_i] (the first of two lines (40))",
      [](const Instance& i) {
        const int c = i.integer("C");
        return Sides{over_scaled_collisions(i, i.number(0 - c - c * (c - 1), c * (c - 1))),
                     over_scaled_collisions(i, i.number(0 - c * c, c * (c - 1)))};
      });
  add("40/second", "... = E_b[psi_k(-C b_i/(C-1))_i] (the second of two lines (40))",
      [](const Instance& i) {
        const int c = i.integer("C");
        return Sides{over_scaled_collisions(i, i.number(0 - c * c, c * (c - 1))),
                     over_scaled_collisions(i, simplex_argument(i))};
      });
  add("41", "... = C^-(k+1) sum over y, y^- of psi_k(-C 1(y_i^- != y)/(C-1))_i",
      [](const Instance& i) {
        return Sides{over_scaled_collisions(i, simplex_argument(i)), theorem_3_bound(i)};
      });
}

void add_references(ClaimRegistry& registry) {
  Claim footnote;
  footnote.id = "hard-negatives/theorem-3/footnote-2";
  footnote.paper = "HN";
  footnote.place = "Section 4.4, footnote 2";
  footnote.statement =
      "all existing works that conduct a theoretical analysis of UCL assume that "
      "anchor and positive are conditionally independent given their label";
  footnote.unavailable = "needs a survey of the literature; no number decides it";
  registry.add(footnote);
  struct Reference {
    const char *id, *place, *text;
  };
  const Reference references[] = {
      {"theorem-3/proof/32/reference-to-d", "proof of Theorem 3, explanation of (32)",
       "conditional independence is \"assumption (d) in the theorem statement\""},
      {"section-4-4/reference-to-d/impossible-to-ensure", "Section 4.4, below Theorem 3",
       "\"the anchor-positive conditional independence condition (d) in Theorem 3\""},
      {"section-4-4/reference-to-d/second-difference", "Section 4.4, last paragraph",
       "conditional independence is \"condition (d) in the theorem\""}};
  constexpr int named = 'd' - 'a', independence = 'e' - 'a';
  for (const Reference& r : references) {
    const auto same = [](int a) {
      return [a](const Instance& i) { return Sides{i.number(a), i.number(independence)}; };
    };
    Claim c = theorem_3_claim(ClaimKind::step, r.id, r.place, r.text, Relation::equal,
                              single_point(), same(named));
    c.exhaustive = true;
    c.reading = "the place in the list (a), (b), ... of Theorem 3, from 0";
    c.remark = "In Theorem 3, (d) is r = lambda; conditional independence is (e).";
    registry.add(c);
    Claim fixed = c;
    fixed.id += "/corrected";
    fixed.kind = ClaimKind::correction;
    fixed.parent = c.id;
    fixed.statement = "conditional independence is condition (e) of Theorem 3";
    fixed.evaluate = same('e' - 'a');
    fixed.remark.clear();
    registry.add(fixed);
  }
}

}  // namespace

void add_hn_theorem_3_proof(ClaimRegistry& registry) {
  add_collisions(registry);
  add_independence_given_b(registry);
  add_31_32(registry);
  add_33_to_35(registry);
  add_36_to_38(registry);
  add_39_to_41(registry);
  add_references(registry);
}

}  // namespace assay::proofs
