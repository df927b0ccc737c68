// SPDX-License-Identifier: Apache-2.0
// HN, proof of Theorem 2, (i) to (iii): norms and Gram matrix of the class means under (13).
#include "proofs-numeric/hard_negatives/theorem_2.hpp"

namespace assay::proofs::theorem_2 {
namespace {

constexpr const char* sums = "proof of Theorem 2, (i) and (ii)";
constexpr const char* gram = "proof of Theorem 2, (iii)";

const char* const everywhere =
    "for every map into the unit ball, with sum_(j != l) (mu_j.mu_l + 1/(C-1)), which is 0 under "
    "(13), on the right: more than the printed implication";

/// The display, for any means: what it says under (13) with the excess of (13) kept.
Claim display(const char* id, const char* statement, Relation relation) {
  Claim c = claim_of(id, ClaimKind::step, sums, statement);
  c.relation = relation;
  c.domain = models(ball_options());
  return c;
}

void add_display(ClaimRegistry& registry) {
  Claim zero =
      display("theorem-2/proof/i-ii/not-negative", "0 <= |sum_j mu_j|^2", Relation::less_or_equal);
  zero.evaluate = [](const Instance& i) { return Sides{i.number(0), norm_of_sum(model_of(i))}; };
  zero.equality = {"simplex"};
  registry.add(std::move(zero));

  Claim expand = display("theorem-2/proof/i-ii/expanded",
                         "|sum_j mu_j|^2 = sum_(j,l) mu_j.mu_l = sum_(j != l) mu_j.mu_l + sum_j "
                         "|mu_j|^2",
                         Relation::equal);
  expand.evaluate = [](const Instance& i) {
    const FiniteModel m = model_of(i);
    const Matrix g = mean_products(m);
    return Sides{norm_of_sum(m), off_diagonal_sum(g) + trace(g)};
  };
  registry.add(std::move(expand));

  Claim last = display("theorem-2/proof/i-ii/zero",
                       "sum_(j != l) mu_j.mu_l + sum_j |mu_j|^2 <= -C(C-1)/(C-1) + sum_j 1 = -C + "
                       "C = 0 under (13)",
                       Relation::less_or_equal);
  last.reading = everywhere;
  last.domain = models(ball_options());
  last.hypotheses = {map_unit_ball(equal_product_means(frame_options()))};
  last.evaluate = [](const Instance& i) {
    const FiniteModel m = map_model(i);
    return Sides{norm_of_sum(m), excess_over_13(m)};
  };
  last.equality = {"simplex"};
  registry.add(std::move(last));

  Claim norms =
      display("theorem-2/proof/i-ii/unit-norms",
              "thus |sum_j mu_j|^2 = 0 and |mu_j|^2 = 1 for all j", Relation::less_or_equal);
  norms.reading =
      "sum_j (1 - |mu_j|^2) <= sum_(j != l) (mu_j.mu_l + 1/(C-1)) for every map: the "
      "terms on the left are not negative in the unit ball, the right side is 0 under "
      "(13)";
  norms.evaluate = [](const Instance& i) {
    const FiniteModel m = model_of(i);
    return Sides{i.number(m.classes) - trace(mean_products(m)), excess_over_13(m)};
  };
  norms.equality = {"simplex"};
  registry.add(std::move(norms));
}

Claim of_gram(const char* id, const char* statement) {
  Claim c = claim_of(id, ClaimKind::step, gram, statement);
  c.relation = Relation::equal;
  c.domain = simplex_maps(frame_options());
  c.hypotheses = {map_equal_products(), map_unit_ball()};
  c.hypotheses[0].no_control = "see the Gram matrix itself";
  c.hypotheses[1].no_control = "see the Gram matrix itself";
  return c;
}

Real largest_entry(const Matrix& a) {
  Real largest = 0;
  for (const auto& row : a)
    for (const Real& x : row) largest = max(largest, abs(x));
  return largest;
}

void add_gram(ClaimRegistry& registry) {
  Claim form = of_gram("theorem-2/proof/iii/gram", "M'M = C/(C-1) I - 1/(C-1) 1 1'");
  form.hypotheses = {map_equal_products(models(ball_options())),
                     map_unit_ball(equal_product_means(frame_options()))};
  form.evaluate = [](const Instance& i) {
    const FiniteModel m = map_model(i);
    const int c = m.classes;
    Matrix g = mean_products(m);
    for (std::size_t j = 0; j < g.size(); ++j)
      for (std::size_t l = 0; l < g.size(); ++l)
        g[j][l] -= Real::ratio(j == l ? c : 0, c - 1) - Real::ratio(1, c - 1);
    return Sides{largest_entry(g), i.number(0)};
  };
  registry.add(std::move(form));

  Claim kernel = of_gram("theorem-2/proof/iii/eigenvalue-zero",
                         "M'M has an eigenvalue 0 with the eigenvector of all ones");
  kernel.hypotheses[0] = map_equal_products(models(ball_options()));
  kernel.evaluate = [](const Instance& i) {
    const Matrix g = mean_products(map_model(i));
    Matrix rows;
    for (const auto& row : g) rows.push_back({sum(row)});
    return Sides{largest_entry(rows), i.number(0)};
  };
  registry.add(std::move(kernel));

  Claim rest = of_gram("theorem-2/proof/iii/eigenvectors",
                       "M'M w = C/(C-1) w for all w orthogonal to the vector of all ones");
  rest.reading = "for w = e_1 - e_j, j = 2..C, which span the orthogonal complement";
  rest.hypotheses[0] = map_equal_products(models(ball_options()));
  rest.evaluate = [](const Instance& i) {
    const FiniteModel m = map_model(i);
    const Matrix g = mean_products(m);
    const Real value = i.number(m.classes, m.classes - 1);
    Matrix off;
    for (std::size_t j = 1; j < g.size(); ++j)
      for (std::size_t a = 0; a < g.size(); ++a)
        off.push_back({g[a][0] - g[a][j] - value * (int(a == 0) - int(a == j))});
    return Sides{largest_entry(off), i.number(0)};
  };
  registry.add(std::move(rest));
}

/// t I - a
Matrix resolvent(Matrix a, const Real& t) {
  for (std::size_t j = 0; j < a.size(); ++j)
    for (std::size_t l = 0; l < a.size(); ++l) a[j][l] = (j == l ? t : Real(0)) - a[j][l];
  return a;
}

/// sum over y of mu_y mu_y' in the coordinates of the representations, scaled.
Matrix outer_sum(const FiniteModel& m) {
  const auto d = static_cast<std::size_t>(m.dimension);
  Matrix s(d, std::vector<Real>(d));
  for (int y = 0; y < m.classes; ++y) {
    const std::vector<Real> mean = m.mean(y);
    for (std::size_t a = 0; a < d; ++a)
      for (std::size_t b = 0; b < d; ++b) s[a][b] += m.squared_scale * mean[a] * mean[b];
  }
  return s;
}

void add_spectrum(ClaimRegistry& registry) {
  Claim all = of_gram("theorem-2/proof/iii/eigenvalues",
                      "the eigenvalues of M'M are 0, once, and C/(C-1), C-1 times");
  all.reading = "det(t I - M'M) = t (t - C/(C-1))^(C-1) for all t";
  all.hypotheses[0] = map_equal_products(models(ball_options()));
  for (Domain* domain : {&all.domain, &*all.hypotheses[0].dropped}) {
    domain->specials.clear();
    domain->blocks = [blocks = domain->blocks](const Shape& shape) {
      std::vector<Block> b = blocks(shape);
      Block t;
      t.name = "t";
      t.low = -2, t.high = 2;
      b.push_back(t);
      return b;
    };
  }
  all.evaluate = [](const Instance& i) {
    const FiniteModel m = map_model(i);
    const Real t = i.scalar("t");
    return Sides{determinant(resolvent(mean_products(m), t)),
                 t * pow(t - Real::ratio(m.classes, m.classes - 1), m.classes - 1)};
  };
  registry.add(std::move(all));

  Claim singular = of_gram("theorem-2/proof/iii/singular-values",
                           "M has C-1 nonzero singular values, all equal to sqrt(C/(C-1))");
  singular.reading = "(M M')^2 = C/(C-1) M M' and trace(M M') = C";
  singular.hypotheses[0] = map_equal_products(models(ball_options()));
  singular.evaluate = [](const Instance& i) {
    const FiniteModel m = map_model(i);
    const Matrix s = outer_sum(m);
    Matrix off = s;
    for (std::size_t a = 0; a < s.size(); ++a)
      for (std::size_t b = 0; b < s.size(); ++b) {
        off[a][b] = Real::ratio(-m.classes, m.classes - 1) * s[a][b];
        for (std::size_t e = 0; e < s.size(); ++e) off[a][b] += s[a][e] * s[e][b];
      }
    return Sides{largest_entry(off) + abs(trace(s) - m.classes), i.number(0)};
  };
  registry.add(std::move(singular));

  Claim rank = of_gram("theorem-2/proof/iii/rank", "M has rank C - 1, hence C - 1 <= d_Z");
  rank.reading =
      "det(M'M) = 0 is part of the eigenvalues; here the Gram determinant of mu_1.. "
      "mu_(C-1) is positive";
  rank.relation = Relation::greater;
  const auto minor = [](const Instance& i) {
    Matrix g = mean_products(map_model(i));
    g.pop_back();
    for (auto& row : g) row.pop_back();
    return determinant(std::move(g));
  };
  rank.hypotheses[0] = map_equal_products(models(ball_options()));
  rank.evaluate = [minor](const Instance& i) { return Sides{minor(i), i.number(0)}; };
  rank.strengthened = [minor](const Instance& i) {
    const int c = i.integer("C");
    return Sides{minor(i), pow(i.number(c, c - 1), c - 1) / c};
  };
  registry.add(std::move(rank));
}

}  // namespace

void add_geometry(ClaimRegistry& registry) {
  add_display(registry);
  add_gram(registry);
  add_spectrum(registry);
}

}  // namespace assay::proofs::theorem_2
