// SPDX-License-Identifier: Apache-2.0
// CLOP, Appendix E: the proof of Lemma 2, line by line.
#include "proofs-numeric/clop/clop.hpp"
#include "proofs-numeric/clop/lemma_2.hpp"

namespace assay::proofs {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

void add_selection(ClaimRegistry& registry) {
  // sum_k ||S - x_k||^2 of the k sums without one vector
  const auto deleted = [](const Instance& i) {
    const Gram x(i);
    Real total = 0;
    for (int n = 0; n < x.size(); ++n) total += x.squared_sum() - Real(2) * x.with_sum(n) + Real(1);
    return total;
  };
  const std::vector<VectorSize> sizes = {{2, 2}, {3, 3}, {4, 4}, {3, 2}};
  Claim c =
      cl_claim(ClaimKind::step, "clop/lemma-2/proof/selection", "Appendix E, second paragraph",
               "not every sum_(i != k) x_i is 0: if all were, every x_i would be 0",
               Relation::greater, unit_vectors(sizes), [=](const Instance& i) {
                 return Sides{deleted(i), 0};
               });
  c.strengthened = [=](const Instance& i) { return Sides{deleted(i), i.number(i.integer("k"))}; };
  c.reading = "the squared norms of these sums do not add up to 0; k >= 2";
  registry.add(c);
  registry.add(cl_claim(
      ClaimKind::step, "clop/lemma-2/proof/selection/amount", "Appendix E, second paragraph",
      "the squared norms of the sums without one vector are (k-2)||sum x_i||^2 + k in all",
      Relation::equal, unit_vectors(sizes), [=](const Instance& i) {
        const Gram x(i);
        return Sides{deleted(i), Real(x.size() - 2) * x.squared_sum() + Real(x.size())};
      }));
  c = cl_claim(ClaimKind::step, "clop/lemma-2/proof/lower-rank", "Appendix E, first paragraph",
               "for linearly independent X there is an X' of rank k - 1 with L(X) > L(X')",
               Relation::greater, one_added(lemma_2_sizes()), [](const Instance& i) {
                 // X' has x_k at -s/||s||: ||s|| + s.x_k > 0
                 const Gram x(i);
                 const Real along = sum_of_others_with_last(x);
                 const Real square = x.squared_sum() - Real(2) * along - Real(1);
                 return Sides{sqrt(max(square, 0)) + along, 0};
               });
  c.reading =
      "L the sum of pairwise cosine similarities; X' with x_k at -s/||s||, s the sum of the "
      "others";
  c.hypotheses = {others_independent(), added_independent()};
  registry.add(c);
}

/// All sides below are multiplied by the Gram determinant of the others.
void add_split(ClaimRegistry& registry) {
  const Domain d = one_added(lemma_2_sizes());
  constexpr const char* place = "Appendix E, display of x_k";
  // det Gram(all) = det Gram(others) eta^2
  Claim c = cl_claim(ClaimKind::step, "clop/lemma-2/proof/eta-positive", place,
                     "x_k = eta x_perp + sqrt(1-eta^2) x_par with 0 < eta", Relation::greater, d,
                     [](const Instance& i) {
                       const Gram x(i);
                       return Sides{x.determinant(x.size()), 0};
                     });
  c.reading =
      "eta^2 is the quotient of the Gram determinants with and without x_k, of which the second is "
      "positive";
  c.hypotheses = {others_independent(), added_independent(d)};
  registry.add(c);
  c = cl_claim(ClaimKind::step, "clop/lemma-2/proof/eta-at-most-1", place, "eta <= 1",
               Relation::less_or_equal, d, [](const Instance& i) {
                 const Gram x(i);
                 return Sides{x.determinant(x.size()), x.determinant(x.size() - 1)};
               });
  c.hypotheses = {others_independent()};
  c.equality = {"orthonormal"};
  registry.add(c);
  c = cl_claim(ClaimKind::step, "clop/lemma-2/proof/decomposition", place,
               "both parts have the norms eta and sqrt(1-eta^2): ||p||^2 + eta^2 = 1",
               Relation::equal, d, [](const Instance& i) {
                 const Gram x(i);
                 const Projection p = projection_of_last(x);
                 return Sides{p.inside + x.determinant(x.size()), p.whole};
               });
  c.hypotheses = {others_independent()};
  registry.add(c);
  c = cl_claim(ClaimKind::step, "clop/lemma-2/proof/orthogonal", "Appendix E, after L_k(X)",
               "x_i.x_perp = 0 for i != k", Relation::equal, d, [](const Instance& i) {
                 const Gram x(i);
                 const Projection p = projection_of_last(x);
                 Real along = 0;  // x_1 . p
                 for (int n = 0; n + 1 < x.size(); ++n) along += p.c[at(n)] * x(n, 0);
                 return Sides{p.whole * x(x.size() - 1, 0), along};
               });
  c.reading = "x_1 has one product with x_k and with its part in the span";
  c.hypotheses = {others_independent()};
  registry.add(c);
  c = cl_claim(ClaimKind::step, "clop/lemma-2/proof/loss", "Appendix E, displays of L_k(X)",
               "L_k(X) = sum_(i != k) x_i.x_k = sqrt(1-eta^2) sum_(i != k) x_i.x_par",
               Relation::equal, d, [](const Instance& i) {
                 const Gram x(i);
                 const Projection p = projection_of_last(x);
                 return Sides{p.whole * sum_of_others_with_last(x), p.along};
               });
  c.hypotheses = {others_independent()};
  registry.add(c);
  registry.add(
      cl_claim(ClaimKind::step, "clop/lemma-2/proof/total", "Appendix E, conclusion",
               "L(X) > L(X') follows from L_k(X) > L_k(X'): L(X) is L of the others plus 2 "
               "L_k(X)",
               Relation::equal, one_added({{3, 3}, {4, 4}}), [](const Instance& i) {
                 const Gram x(i);
                 Real others = 0;
                 for (int a = 0; a + 1 < x.size(); ++a)
                   for (int b = 0; b + 1 < x.size(); ++b)
                     if (a != b) others += x(a, b);
                 return Sides{x.total(), others + Real(2) * sum_of_others_with_last(x)};
               }));
}

void add_negative(ClaimRegistry& registry) {
  constexpr const char* id = "clop/lemma-2/proof/negative";
  constexpr const char* place = "Appendix E, last paragraph";
  Claim c = cl_claim(
      ClaimKind::step, id, place,
      "we can always find sum_(i != k) x_i.x_par < 0; if this sum is not negative, we can simply "
      "invert the sign of x_par",
      Relation::less, one_added(lemma_2_sizes()),
      [](const Instance& i) {
        return Sides{-abs(projection_of_last(Gram(i)).along), 0};
      },
      "x_1 = e_1, x_2 = e_2, x_3 = (2/3, -2/3, 1/3): the sum is 0 with either sign.");
  c.reading =
      "the better sign; times the positive sqrt(1-eta^2) and Gram determinant of the others";
  c.hypotheses = {others_independent(), added_independent(), has_projection()};
  registry.add(c);
  c = cl_correction("clop/lemma-2/proof/negative/corrected", id, place,
                    "with x_par := -s/||s||, s the sum of the others, it is -||s|| < 0",
                    Relation::less, one_added(lemma_2_sizes()), [](const Instance& i) {
                      const Gram x(i);
                      const Real square =
                          x.squared_sum() - Real(2) * sum_of_others_with_last(x) - Real(1);
                      return Sides{-square, 0};
                    });
  c.reading = "squared: -||s||^2 < 0";
  c.strengthened = [](const Instance& i) {
    // Orthonormal others: ||s||^2 = k - 1.
    const Gram x(i);
    return Sides{-(x.squared_sum() - Real(2) * sum_of_others_with_last(x) - Real(1)), Real(-1)};
  };
  c.hypotheses = {others_independent(one_added({{3, 3}}))};
  registry.add(c);
  const auto range = [](const Real& low) {
    Domain d;
    d.shapes = {Shape{}};
    d.blocks = [low](const Shape&) { return std::vector<Block>{number_block("eta", low, 1)}; };
    return d;
  };
  const Real least = Real::ratio(1, 1024);
  c = cl_claim(ClaimKind::step, "clop/lemma-2/proof/root", place,
               "0 < eta <= 1 gives sqrt(1-eta^2) < 1", Relation::less, range(least),
               [](const Instance& i) {
                 const Real e = i.scalar("eta");
                 return Sides{sqrt(1 - e * e), 1};
               });
  c.hypotheses = {{"0 < eta",
                   "positive",
                   [](const Instance& i) { return less(Real(0), i.scalar("eta")); },
                   range(0),
                   {}}};
  registry.add(c);
  const auto with_sum = [=](const Real& low, const Real& high) {
    Domain d = range(least);
    d.blocks = [=](const Shape&) {
      return std::vector<Block>{number_block("eta", least, 1), number_block("sum", low, high)};
    };
    return d;
  };
  c = cl_claim(ClaimKind::step, "clop/lemma-2/proof/conclusion", place,
               "sqrt(1-eta^2) sum x_i.x_par > sum x_i.x_par", Relation::greater,
               with_sum(-3, -least), [](const Instance& i) {
                 const Real e = i.scalar("eta"), s = i.scalar("sum");
                 return Sides{sqrt(1 - e * e) * s, s};
               });
  c.hypotheses = {{"the sum is negative",
                   "negative-sum",
                   [](const Instance& i) { return less(i.scalar("sum"), Real(0)); },
                   with_sum(0, 3),
                   {}}};
  registry.add(c);
}

}  // namespace

namespace {

/// Rank of the first n vectors, whose exact Gram matrix is positive semidefinite: elimination with
/// any positive diagonal entry as pivot.
int rank(const Gram& x, int n) {
  std::vector<std::vector<Real>> g(at(n));
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) g[at(i)].push_back(x(i, j));
  std::vector<bool> done(at(n), false);
  int found = 0;
  for (std::size_t p = 0; p < g.size(); ++p) {
    if (done[p] || less(Real(0), g[p][p]) != Truth::yes) continue;
    done[p] = true, ++found;
    for (std::size_t i = 0; i < g.size(); ++i) {
      if (done[i]) continue;
      const Real factor = g[i][p] / g[p][p];
      for (std::size_t j = 0; j < g.size(); ++j) g[i][j] -= factor * g[p][j];
    }
  }
  return found;
}

}  // namespace

std::vector<VectorSize> lemma_2_sizes() { return {{2, 2}, {2, 3}, {3, 3}, {4, 4}}; }

Domain one_added(const std::vector<VectorSize>& sizes) {
  Domain d = unit_vectors(sizes);
  // e_1, .., e_(k-1) with x_k = (2, -2, 0, .., 1)/3: orthogonal to their sum, not to each of them.
  d.specials.push_back({"orthogonal to the sum", [blocks = d.blocks](const Shape& s) {
                          const int k = s.integer("k"), m = s.integer("m");
                          if (k < 3 || m < k) return std::vector<Instance>{};
                          Instance i{s, blocks(s), Arithmetic::plain()};
                          auto& x = i.blocks[0].values;
                          for (int n = 0; n < k - 1; ++n)
                            for (int a = 0; a < m; ++a) x.push_back(a == n);
                          for (int a = 0; a < m; ++a)
                            x.push_back(Real::ratio(a == 0 ? 2 : a == 1 ? -2 : a == m - 1, 3));
                          return std::vector<Instance>{i};
                        }});
  // Two opposite vectors, which are dependent, and one orthogonal to them.
  d.specials.push_back({"opposite", [blocks = d.blocks](const Shape& s) {
                          const int k = s.integer("k"), m = s.integer("m");
                          if (k != 3 || m < 2) return std::vector<Instance>{};
                          Instance i{s, blocks(s), Arithmetic::plain()};
                          auto& x = i.blocks[0].values;
                          for (int n = 0; n < k; ++n)
                            for (int a = 0; a < m; ++a)
                              x.push_back(n < 2 ? (a == 0 ? 1 - 2 * n : 0) : a == 1);
                          return std::vector<Instance>{i};
                        }});
  return d;
}

Real sum_of_others_with_last(const Gram& x) { return x.with_sum(x.size() - 1) - Real(1); }

Projection projection_of_last(const Gram& x) {
  const int n = x.size() - 1;
  Projection p{x.determinant(n), {}, 0, 0};
  for (int column = 0; column < n; ++column) {
    std::vector<Real> g;
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) g.push_back(j == column ? x(i, n) : x(i, j));
    p.c.push_back(Gram(n, g).determinant(n));
  }
  for (int i = 0; i < n; ++i) {
    p.inside += p.c[at(i)] * x(i, n);
    for (int j = 0; j < n; ++j) p.along += p.c[at(i)] * x(i, j);
  }
  return p;
}

Hypothesis others_independent(std::optional<Domain> dropped) {
  return {"the k - 1 others are linearly independent", "independent",
          [](const Instance& i) {
            const Gram x(i);
            return less(Real(0), x.determinant(x.size() - 1));
          },
          std::move(dropped), "dropped in the statement of the lemma"};
}

Hypothesis added_independent(std::optional<Domain> dropped) {
  return {"x_k is linearly independent of the others", "added-independent",
          [](const Instance& i) {
            const Gram x(i);
            return rank(x, x.size()) > rank(x, x.size() - 1) ? Truth::yes : Truth::no;
          },
          std::move(dropped), "the negation of the conclusion"};
}

Hypothesis has_projection(std::optional<Domain> dropped) {
  return {"x_k is not orthogonal to all others", "projection",
          [](const Instance& i) { return less(Real(0), projection_of_last(Gram(i)).inside); },
          std::move(dropped), "the direction of the projection would be undefined"};
}

void add_cl_lemma_2_steps(ClaimRegistry& registry) {
  add_selection(registry);
  add_split(registry);
  add_negative(registry);
}

}  // namespace assay::proofs
