// SPDX-License-Identifier: Apache-2.0
// CLOP, Lemmas 1 and 2.
#include "reference/bound/clop_lemmas.hpp"

#include <stdexcept>

namespace assay::reference {
namespace {

void require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(what);
}

void require_sizes(const Vectors& x) {
  require(!x.empty() && !x[0].empty(), "at least one vector with at least one entry is needed");
  for (const Vector& v : x) require(v.size() == x[0].size(), "the vectors must have one dimension");
}

void require_batch(const ClopBatch& batch) {
  require_sizes(batch.z);
  const int n = static_cast<int>(batch.z.size());
  require(n >= 3, "at least 3 embeddings are needed");
  require(batch.partner.size() == batch.z.size(), "every embedding needs a partner");
  for (int i = 0; i < n; ++i) {
    const int j = batch.partner[static_cast<std::size_t>(i)];
    require(j >= 0 && j < n && j != i, "a partner must be another embedding");
    require(batch.partner[static_cast<std::size_t>(j)] == i,
            "the partner of the partner must be the embedding itself");
  }
  require(less(Real(0), batch.temperature) == Truth::yes, "the temperature must be positive");
}

const Vector& row(const ClopBatch& batch, int i) { return batch.z[static_cast<std::size_t>(i)]; }
int partner(const ClopBatch& batch, int i) { return batch.partner[static_cast<std::size_t>(i)]; }
int size(const ClopBatch& batch) { return static_cast<int>(batch.z.size()); }

// exp(z_i . z_a / tau)
Real term(const Arithmetic& in, const ClopBatch& batch, int i, int a) {
  return exp(in(dot(row(batch, i), row(batch, a)) / batch.temperature));
}

// The sum over b that are neither i nor j(i) of exp(z_i . z_b / tau).
Real sum_of_negatives(const Arithmetic& in, const ClopBatch& batch, int i) {
  Real total = 0;
  for (int b = 0; b < size(batch); ++b)
    if (b != i && b != partner(batch, i)) total += term(in, batch, i, b);
  return total;
}

void add(Vector& to, const Real& factor, const Vector& x) {
  for (std::size_t d = 0; d < to.size(); ++d) to[d] += factor * x[d];
}

Vector scaled(const Real& factor, const Vector& x) {
  Vector y(x.size());
  add(y, factor, x);
  return y;
}

// (1 - P_i)/tau
Real force(const Arithmetic& in, const ClopBatch& batch, int i) {
  return (Real(1) - clop_probability(in, batch, i)) / batch.temperature;
}

Vector sum_of(const Vectors& x) {
  Vector total(x[0].size());
  for (const Vector& v : x) add(total, 1, v);
  return total;
}

// Solves G c = r for a symmetric positive definite G by elimination; pivots must not be zero.
Vector solve(Vectors g, Vector r) {
  const std::size_t n = r.size();
  for (std::size_t p = 0; p < n; ++p) {
    if (less(Real(0), g[p][p]) != Truth::yes)
      throw std::domain_error("the vectors may be linearly dependent");
    for (std::size_t i = p + 1; i < n; ++i) {
      const Real factor = g[i][p] / g[p][p];
      for (std::size_t j = p; j < n; ++j) g[i][j] -= factor * g[p][j];
      r[i] -= factor * r[p];
    }
  }
  for (std::size_t p = n; p-- > 0;) {
    for (std::size_t j = p + 1; j < n; ++j) r[p] -= g[p][j] * r[j];
    r[p] /= g[p][p];
  }
  return r;
}

}  // namespace

Real clop_probability(const Arithmetic& in, const ClopBatch& batch, int i) {
  require_batch(batch);
  const Real positive = term(in, batch, i, partner(batch, i));
  return positive / (positive + sum_of_negatives(in, batch, i));
}

Real clop_loss(const Arithmetic& in, const ClopBatch& batch, int i) {
  return -log(in(clop_probability(in, batch, i)));
}

Vector clop_gradient_own(const Arithmetic& in, const ClopBatch& batch, int i) {
  require_batch(batch);
  Vector inner = row(batch, partner(batch, i));
  const Real negatives = sum_of_negatives(in, batch, i);
  for (int a = 0; a < size(batch); ++a)
    if (a != i && a != partner(batch, i))
      add(inner, -(term(in, batch, i, a) / negatives), row(batch, a));
  return scaled(force(in, batch, i), inner);
}

Vector clop_gradient_partner(const Arithmetic& in, const ClopBatch& batch, int i) {
  require_batch(batch);
  return scaled(force(in, batch, i), row(batch, i));
}

Vector clop_gradient_other(const Arithmetic& in, const ClopBatch& batch, int i, int a) {
  require_batch(batch);
  require(a >= 0 && a < size(batch) && a != i && a != partner(batch, i),
          "a must be neither i nor its partner");
  const Real weight = term(in, batch, i, a) / sum_of_negatives(in, batch, i);
  return scaled(-(force(in, batch, i) * weight), row(batch, i));
}

Vector clop_gradient(const Arithmetic& in, const ClopBatch& batch, int i) {
  require_batch(batch);
  const int j = partner(batch, i);
  const Real own = force(in, batch, i);
  const Real negatives = sum_of_negatives(in, batch, i);
  Vector g = scaled(own + force(in, batch, j), row(batch, j));
  for (int a = 0; a < size(batch); ++a) {
    if (a == i || a == j) continue;
    const Real common = term(in, batch, i, a);
    add(g, -(own * (common / negatives)), row(batch, a));
    add(g, -(force(in, batch, a) * (common / sum_of_negatives(in, batch, a))), row(batch, a));
  }
  return g;
}

Vector clop_gradient_by_softmax(const Arithmetic& in, const ClopBatch& batch, int i) {
  require_batch(batch);
  Vector g(row(batch, i).size());
  const auto pull = [&](int anchor, int other,
                        int towards) {  // -d L_anchor through z_anchor.z_other
    Real all = 0;
    for (int b = 0; b < size(batch); ++b)
      if (b != anchor) all += term(in, batch, anchor, b);
    const Real hot = other == partner(batch, anchor) ? 1 : 0;
    add(g, (hot - term(in, batch, anchor, other) / all) / batch.temperature, row(batch, towards));
  };
  for (int a = 0; a < size(batch); ++a) {
    if (a == i) continue;
    pull(i, a, a);
    pull(a, i, a);
  }
  return g;
}

Vector clop_before_normalisation(const Arithmetic& in, const Vector& z, const Vector& g) {
  require(!z.empty() && z.size() == g.size(), "the vectors must have one dimension");
  const Real square = dot(z, z);
  Vector projected = g;
  add(projected, -(dot(z, g) / square), z);
  return scaled(Real(1) / sqrt(in(square)), projected);
}

Real clop_equal_probability_printed(const Arithmetic& in, long long points) {
  require(points >= 3, "points must be at least 3");
  return -log(in(1, points - 1));
}

Real clop_equal_probability(long long points) {
  require(points >= 3, "points must be at least 3");
  return Real::ratio(1, points - 1);
}

Real clop_equal_gradient(long long points, const Real& probability, const Real& temperature) {
  require(points >= 3, "points must be at least 3");
  const Real one = (Real(1) - probability) / temperature;
  return Real(2) * one - Real(2) * Real(points - 2) * one * Real::ratio(1, points - 2);
}

Real total_cosine_similarity(const Vectors& x) {
  require_sizes(x);
  Real total = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = i + 1; j < x.size(); ++j) total += dot(x[i], x[j]);
  return Real(2) * total;
}

Real total_cosine_similarity_by_sum(const Vectors& x) {
  require_sizes(x);
  const Vector s = sum_of(x);
  Real total = dot(s, s);
  for (const Vector& v : x) total -= dot(v, v);
  return total;
}

Real clop_class_loss(const Vectors& x) { return -total_cosine_similarity(x); }

ClopPlacement clop_placement(const Arithmetic& in, const Vectors& others) {
  require_sizes(others);
  const Vector s = sum_of(others);
  const Real total = total_cosine_similarity(others), norm = sqrt(in(dot(s, s)));
  return {total - Real(2) * norm, total + Real(2) * norm, norm};
}

Real clop_total_at_etf(long long k) {
  require(k >= 2, "k must be at least 2");
  return Real(k) * Real(k - 1) * Real::ratio(-1, k - 1);
}

Real clop_total_at_inverted_groups(long long k) {
  require(k >= 2 && k % 2 == 0, "inverted groups need an even k");
  return Real(2) * Real(k / 2) * Real(-1);
}

Real clop_total_at_equal(long long k) {
  require(k >= 2, "k must be at least 2");
  return Real(k) * Real(k - 1);
}

ClopSplit clop_split(const Arithmetic& in, const Vectors& others, const Vector& x_k) {
  require_sizes(others);
  require(x_k.size() == others[0].size(), "the vectors must have one dimension");
  require(equal(dot(x_k, x_k), 1) != Truth::no, "x_k must be a unit vector");
  Vectors gram(others.size());
  Vector products;
  for (std::size_t i = 0; i < others.size(); ++i) {
    for (const Vector& other : others) gram[i].push_back(dot(others[i], other));
    products.push_back(dot(others[i], x_k));
  }
  const Vector c = solve(gram, products);
  const Real inside = dot(c, products);  // squared norm of the projection
  if (less(Real(0), inside) != Truth::yes)
    throw std::domain_error("x_k may be orthogonal to the others");
  const Real norm = sqrt(in(inside)), loss = sum(products);
  return {sqrt(in(max(Real(1) - inside, 0))), loss, loss / norm};
}

}  // namespace assay::reference
