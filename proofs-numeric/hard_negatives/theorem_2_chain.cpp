// SPDX-License-Identifier: Apache-2.0
// HN, proof of Theorem 2: the chain from the loss to its lower bound, (14) to (21).
#include "proofs-numeric/hard_negatives/theorem_2.hpp"

namespace assay::proofs::theorem_2 {
namespace {

const std::vector<std::string> two_losses = {"info-nce alpha=1 weight=1/k temperature=1",
                                             "hinge margin=1 over=mean"};

ModelOptions chain_options(std::vector<std::string> losses = two_losses) {
  ModelOptions o = ball_options(std::move(losses));
  o.sizes = {{2, 1, 1, 2}, {2, 2, 1, 2}, {3, 1, 3, 2}, {3, 2, 2, 2}, {4, 1, 4, 2}};
  return o;
}

ModelOptions unbounded(std::vector<std::string> losses = two_losses) {
  ModelOptions o = chain_options(std::move(losses));
  o.representations = Representations::unconstrained;
  return o;
}

ModelOptions unequal() {
  ModelOptions o = chain_options({"linear over=mean"});
  o.sizes = {{3, 1, 1, 2}, {3, 2, 2, 2}};
  o.equiprobable = false;
  return o;
}

ModelOptions other_negatives() {
  ModelOptions o = chain_options({"linear over=mean"});
  o.sizes = {{2, 2, 1, 2}, {3, 2, 2, 2}};
  o.common_law = false;
  return o;
}

Claim step(const char* id, const char* number, const char* statement, Relation relation) {
  const std::string at = std::string("proof of Theorem 2, ") + number;
  Claim c = claim_of(id, ClaimKind::step, at.c_str(), statement);
  if (number[0] == '(') c.equations = {number};
  c.relation = relation;
  c.domain = models(chain_options());
  return c;
}

void add_first_display(ClaimRegistry& registry) {
  Claim c = step("theorem-2/proof/first-display", "first display",
                 "L_SCL = E[psi_k(f(x)'(f(x)_1^- - f(x^+)), ..., f(x)'(f(x)_k^- - f(x^+)))]",
                 Relation::equal);
  c.reading = "f(x)_i^-, which is not defined, read as f(x_i^-)";
  ModelOptions few = chain_options();
  few.sizes = {{2, 1, 1, 2}, {2, 2, 1, 2}, {3, 1, 3, 2}, {2, 2, 2, 2}};
  c.domain = models(few);
  c.evaluate = [](const Instance& i) {
    const Stage s(i);
    return Sides{loss(i, Law::scl), over_pairs(s.m, [&](int y, int x, int plus) {
                   const Real v = s.m.inner(y, x, y, plus);
                   return over_negatives(s.m, Law::scl, y, x, s.k, [&](std::span<const Real> u) {
                     return psi_shifted(s.psi, u, v);
                   });
                 })};
  };
  registry.add(std::move(c));
}

void add_inequalities(ClaimRegistry& registry) {
  Claim c14 = step("theorem-2/proof/14", "(14)",
                   "L_SCL >= E[psi_k(f(x).f(x_1^-) - 1, ..., f(x).f(x_k^-) - 1)]",
                   Relation::greater_or_equal);
  c14.hypotheses = {unit_ball(models(unbounded())),
                    nondecreasing_loss(models(chain_options({"decreasing"})))};
  c14.evaluate = [](const Instance& i) { return Sides{loss(i, Law::scl), Stage(i).right_of_14()}; };
  c14.equality = {"simplex", "collapsed"};
  registry.add(std::move(c14));

  Claim product = step("theorem-2/proof/14/cauchy-schwarz", "below (20)",
                       "f(x).f(x^+) <= 1 by the Cauchy-Schwarz inequality since |f(x)|, |f(x^+)| "
                       "<= 1",
                       Relation::less_or_equal);
  product.domain = models(chain_options({"linear over=mean"}));
  product.hypotheses = {unit_ball(models(unbounded({"linear over=mean"})))};
  product.evaluate = [](const Instance& i) {
    const FiniteModel m = model_of(i);
    Real largest = i.number(-1);
    for (int y = 0; y < m.classes; ++y)
      for (int x = 0; x < m.points; ++x)
        for (int plus = 0; plus < m.points; ++plus) largest = max(largest, m.inner(y, x, y, plus));
    return Sides{largest, i.number(1)};
  };
  product.equality = {"simplex"};
  registry.add(std::move(product));

  Claim c15 = step("theorem-2/proof/15", "(15)",
                   "E[psi_k(f(x).f(x_i^-) - 1, ...)] >= psi_k(E[f(x).f(x_i^-)] - 1, ...)",
                   Relation::greater_or_equal);
  ModelOptions bent = chain_options({"concave-linear bend=-1"});
  c15.hypotheses = {convex_loss(models(bent))};
  c15.evaluate = [](const Instance& i) {
    const Stage s(i);
    return Sides{s.right_of_14(), s.right_of_15()};
  };
  c15.equality = {"simplex", "collapsed"};
  registry.add(std::move(c15));
}

void add_rewriting(ClaimRegistry& registry) {
  Claim c16 = step("theorem-2/proof/16", "(16)",
                   "psi_k(E[f(x).f(x_i^-)] - 1, ...) = psi_k(E_(y,y_i^-)[E[f(x).f(x_i^-) | y, "
                   "y_i^-]] - 1, ...)",
                   Relation::equal);
  c16.evaluate = [](const Instance& i) {
    const Stage s(i);
    Real total = i.number(0);
    for (int y = 0; y < s.m.classes; ++y)
      for (int l = 0; l < s.m.classes; ++l) {
        if (l == y) continue;
        const Real given = over_points(s.m, y, reference::PointLaw::anchor, [&](int x) {
          return over_points(s.m, l, reference::PointLaw::negative,
                             [&](int n) { return s.m.inner(y, x, l, n); });
        });
        total += s.m.class_probabilities[static_cast<std::size_t>(y)] *
                 s.m.other_class_probability(y, l) * given;
      }
    return Sides{s.right_of_15(), s.psi_at(total - 1)};
  };
  registry.add(std::move(c16));

  Claim c17 = step("theorem-2/proof/17", "(17)",
                   "psi_k(E_(y,y_i^-)[...] - 1, ...) = psi_k(sum_(j != l) mu_j.mu_l/(C(C-1)) - 1, "
                   "...)",
                   Relation::equal);
  c17.hypotheses = {equiprobable_classes(models(unequal())),
                    common_conditional_law(models(other_negatives()))};
  c17.evaluate = [](const Instance& i) {
    const Stage s(i);
    const int c = s.m.classes;
    return Sides{
        s.right_of_15(),
        s.psi_at(off_diagonal_sum(mean_products(s.m)) * Real::ratio(1, c * (c - 1)) - s.one)};
  };
  registry.add(std::move(c17));

  Claim c18 = step("theorem-2/proof/18", "(18)",
                   "psi_k(sum_(j != l) mu_j.mu_l/(C(C-1)) - 1, ...) = psi_k((|sum_j mu_j|^2 - "
                   "sum_j |mu_j|^2)/(C(C-1)) - 1, ...)",
                   Relation::equal);
  c18.evaluate = [](const Instance& i) {
    const Stage s(i);
    const int c = s.m.classes;
    return Sides{s.psi_at(off_diagonal_sum(mean_products(s.m)) / (c * (c - 1)) - s.one),
                 s.psi_at(s.argument_of_18())};
  };
  registry.add(std::move(c18));

  Claim split =
      step("theorem-2/proof/18/split", "below (20)",
           "sum_(j,l) mu_j.mu_l = sum_(j != l) mu_j.mu_l + sum_j |mu_j|^2", Relation::equal);
  split.domain = models(unbounded({"linear over=mean"}));
  split.evaluate = [](const Instance& i) {
    const FiniteModel m = model_of(i);
    const Matrix g = mean_products(m);
    return Sides{norm_of_sum(m), off_diagonal_sum(g) + trace(g)};
  };
  registry.add(std::move(split));
}

void add_end(ClaimRegistry& registry) {
  Claim c19 = step("theorem-2/proof/19", "(19)",
                   "psi_k((|sum_j mu_j|^2 - sum_j |mu_j|^2)/(C(C-1)) - 1, ...) >= psi_k((0 - "
                   "C)/(C(C-1)) - 1, ...)",
                   Relation::greater_or_equal);
  c19.hypotheses = {unit_ball(models(unbounded())),
                    nondecreasing_loss(models(chain_options({"decreasing"})))};
  c19.evaluate = [](const Instance& i) {
    const Stage s(i);
    const int c = s.m.classes;
    return Sides{s.psi_at(s.argument_of_18()), s.psi_at(i.number(0 - c, c * (c - 1)) - 1)};
  };
  c19.equality = {"simplex"};
  registry.add(std::move(c19));

  Claim c20 = step("theorem-2/proof/20", "(20)",
                   "psi_k((0 - C)/(C(C-1)) - 1, ...) = psi_k(-C/(C-1), ...), as (0 - C)/(C(C-1)) - "
                   "1 = -C/(C-1)",
                   Relation::equal);
  c20.domain = Domain{};
  for (const int c : {2, 3, 4, 5, 7, 10, 30, 100, 1000, 4096})
    for (const std::string& psi : two_losses)
      c20.domain.shapes.push_back({{{"C", c}, {"k", 2}}, {{"psi", psi}}});
  c20.domain.blocks = [](const Shape&) { return std::vector<Block>{}; };
  c20.evaluate = [](const Instance& i) {
    const int c = i.integer("C");
    return Sides{psi_at(i, i.number(0 - c) / (i.number(c) * (i.number(c) - 1)) - 1),
                 psi_at(i, simplex_argument(i))};
  };
  registry.add(std::move(c20));
}

/// max over y of left(y) - right(y), against 0.
template <class Left, class Right>
Sides worst_class(const Instance& i, Left left, Right right) {
  const FiniteModel m = model_of(i);
  Real worst = left(m, 0) - right(m, 0);
  for (int y = 1; y < m.classes; ++y) worst = max(worst, left(m, y) - right(m, y));
  return {worst, i.number(0)};
}

Real norm_of_mean(const FiniteModel& m, int y) { return m.mean_inner(y, y); }
Real mean_norm(const FiniteModel& m, int y) {
  return over_points(m, y, reference::PointLaw::negative,
                     [&](int x) { return m.squared_norm(y, x); });
}

void add_21(ClaimRegistry& registry) {
  Claim jensen = step("theorem-2/proof/21/jensen", "(21)",
                      "|mu_y|^2 = |E_{x ~ s(x|y)}[f(x)]|^2 <= E_{x ~ s(x|y)}[|f(x)|^2] for all y",
                      Relation::less_or_equal);
  jensen.domain = models(chain_options({"linear over=mean"}));
  jensen.evaluate = [](const Instance& i) { return worst_class(i, norm_of_mean, mean_norm); };
  jensen.equality = {"simplex", "collapsed"};
  registry.add(std::move(jensen));
  Claim one = step("theorem-2/proof/21/at-most-one", "(21)",
                   "E_{x ~ s(x|y)}[|f(x)|^2] <= 1 for all y", Relation::less_or_equal);
  one.domain = models(chain_options({"linear over=mean"}));
  one.hypotheses = {unit_ball(models(unbounded({"linear over=mean"})))};
  one.evaluate = [](const Instance& i) {
    return worst_class(i, mean_norm, [](const FiniteModel&, int) { return Real(1); });
  };
  one.equality = {"simplex", "collapsed"};
  registry.add(std::move(one));
}

}  // namespace

void add_chain(ClaimRegistry& registry) {
  add_first_display(registry);
  add_inequalities(registry);
  add_rewriting(registry);
  add_end(registry);
  add_21(registry);
}

}  // namespace assay::proofs::theorem_2
