// SPDX-License-Identifier: Apache-2.0
// Unit vectors as subjects of claims.
#include "proofs-numeric/subject/vectors.hpp"

#include "reference/bound/clop.hpp"

namespace assay::proofs {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

std::vector<Block> blocks_of(const Shape& shape, const BlocksOf& more) {
  Block x;
  x.name = "X";
  x.kind = BlockKind::sphere;
  x.scaled = true;  // the simplex
  x.dimensions = {shape.integer("k"), shape.integer("m")};
  std::vector<Block> blocks = {x};
  if (more)
    for (Block& b : more(shape)) blocks.push_back(std::move(b));
  return blocks;
}

/// Coordinate a of vector i of k.
using Coordinate = int (*)(int k, int i, int a);

/// The vectors with the other numbers at their lower ends, middles and upper ends.
std::vector<Instance> with_numbers(const Shape& shape, const BlocksOf& more,
                                   const std::vector<Real>& x, const Real& squared_scale) {
  std::vector<Instance> instances;
  for (int part = 0; part < (more ? 3 : 1); ++part) {
    Instance i{shape, blocks_of(shape, more), Arithmetic::plain()};
    i.blocks[0].values = x, i.blocks[0].squared_scale = squared_scale;
    for (std::size_t n = 1; n < i.blocks.size(); ++n) {
      Block& b = i.blocks[n];
      const Real value = b.low + (b.high - b.low) * Real::ratio(part, 2);
      const std::size_t group = b.group();
      for (std::size_t v = 0; v < b.size(); ++v)
        b.values.push_back(b.kind == BlockKind::integer ? value.rounded_to(1)
                           : b.kind == BlockKind::simplex
                               ? Real::ratio(1, static_cast<long long>(group))
                           : b.kind == BlockKind::sphere ? Real(v % group == 0)
                                                         : value);
    }
    instances.push_back(std::move(i));
  }
  return instances;
}

std::vector<Real> coordinates(const Shape& shape, Coordinate c) {
  const int k = shape.integer("k"), m = shape.integer("m");
  std::vector<Real> x;
  for (int i = 0; i < k; ++i)
    for (int a = 0; a < m; ++a) x.push_back(c(k, i, a));
  return x;
}

std::vector<Instance> simplex(const Shape& shape, const BlocksOf& more) {
  const int k = shape.integer("k"), m = shape.integer("m");
  if (k < 2 || m < k) return {};
  std::vector<Real> x;
  for (int i = 0; i < k; ++i)
    for (int a = 0; a < m; ++a) x.push_back(a >= k ? Real(0) : Real(a == i) - Real::ratio(1, k));
  return with_numbers(shape, more, x, Real::ratio(k, k - 1));
}

}  // namespace

Block number_block(const char* name, const Real& low, const Real& high) {
  Block b;
  b.name = name;
  b.low = low, b.high = high;
  return b;
}

Block temperature_block() { return number_block("tau", Real::ratio(1, 10), 2); }

Domain unit_vectors(const std::vector<VectorSize>& sizes, const BlocksOf& more) {
  Domain d;
  for (const VectorSize& s : sizes) d.shapes.push_back(Shape{{{"k", s.k}, {"m", s.m}}, {}});
  d.blocks = [more](const Shape& s) { return blocks_of(s, more); };
  const auto special = [&](const char* name, Coordinate c, int per_dimension, bool even) {
    d.specials.push_back({name, [=](const Shape& s) -> std::vector<Instance> {
                            const int k = s.integer("k");
                            if (s.integer("m") * per_dimension < k || (even && k % 2 != 0))
                              return {};
                            return with_numbers(s, more, coordinates(s, c), 1);
                          }});
  };
  constexpr int any = 4096;
  d.specials.push_back({"simplex", [more](const Shape& s) { return simplex(s, more); }});
  special(
      "orthonormal", [](int, int i, int a) { return int(a == i); }, 1, false);
  special(
      "inverted groups", [](int, int i, int a) { return a == i / 2 ? 1 - 2 * (i % 2) : 0; }, 2,
      true);
  special(
      "pairs", [](int, int i, int a) { return int(a == i / 2); }, 2, true);
  special(
      "antipodal pairs", [](int, int i, int a) { return a == 0 ? 1 - 2 * (i / 2 % 2) : 0; }, any,
      true);
  special(
      "equal", [](int, int, int a) { return int(a == 0); }, any, false);
  special(
      "co-linear", [](int, int i, int a) { return a == 0 ? 1 - 2 * (i % 2) : 0; }, any, false);
  special(
      "outlier", [](int k, int i, int a) { return a == 0 ? (i == k - 1 ? -1 : 1) : 0; }, any,
      false);
  return d;
}

Domain paired_embeddings(const std::vector<VectorSize>& sizes) {
  return unit_vectors(sizes, [](const Shape&) { return std::vector<Block>{temperature_block()}; });
}

Domain integers(const char* name, const std::vector<int>& values) {
  Domain d;
  for (const int v : values) d.shapes.push_back(Shape{{{name, v}}, {}});
  d.blocks = [](const Shape&) { return std::vector<Block>{}; };
  return d;
}

Gram::Gram(const Instance& instance, const char* block) : k_(0) {
  const Block& b = instance.block(block);
  k_ = b.dimensions[0];
  const std::size_t m = at(b.dimensions[1]);
  const std::span<const Real> x = b.values;
  products_.resize(at(k_ * k_));
  for (int i = 0; i < k_; ++i)
    for (int j = 0; j <= i; ++j) {
      const Real p = i == j
                         ? instance.number(1)
                         : b.squared_scale * dot(x.subspan(at(i) * m, m), x.subspan(at(j) * m, m));
      products_[at(i * k_ + j)] = products_[at(j * k_ + i)] = p;
    }
}

Real Gram::with_sum(int i) const { return sum(std::span(products_).subspan(at(i * k_), at(k_))); }

Real Gram::squared_sum() const { return sum(products_); }

Real Gram::total() const {
  Real t = 0;
  for (int i = 0; i < k_; ++i)
    for (int j = 0; j < k_; ++j)
      if (i != j) t += (*this)(i, j);
  return t;
}

Real Gram::determinant(int n) const {
  // Cofactors: at most 6 x 6, and no pivot has to be compared with 0.
  std::vector<int> columns;
  for (int j = 0; j < n; ++j) columns.push_back(j);
  const std::function<Real(int, const std::vector<int>&)> minor =
      [&](int row, const std::vector<int>& left) -> Real {
    if (left.empty()) return 1;
    Real total = 0;
    for (std::size_t c = 0; c < left.size(); ++c) {
      std::vector<int> rest = left;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(c));
      const Real term = (*this)(row, left[c]) * minor(row + 1, rest);
      total = c % 2 ? total - term : total + term;
    }
    return total;
  };
  return minor(0, columns);
}

Real info_nce(const Gram& z, const Real& tau) {
  Real loss = 0;
  for (int i = 0; i < z.size(); ++i) {
    Real all = 0;
    for (int a = 0; a < z.size(); ++a)
      if (a != i) all += exp(z(i, a) / tau);
    loss -= log(exp(z(i, i ^ 1) / tau) / all);
  }
  return loss;
}

Real merged_info_nce(const Gram& x, const Real& tau) {
  Real loss = 0;
  for (int i = 0; i < x.size(); ++i) {
    Real negatives = 0;
    for (int j = 0; j < x.size(); ++j)
      if (j != i) negatives += exp((x(i, j) - 1) / tau);
    loss += log(Real(1) + Real(2) * negatives);
  }
  return Real(2) * loss;
}

namespace {

/// x_i^(1) = own x_i - by (sum of all), in inner products.
struct Moved {
  Real own, by, tail;  ///< tail = by^2 ||sum||^2
  std::vector<Real> with_sum;

  Moved(const Gram& x, const Real& eta) {
    const reference::ClopUpdate u = reference::clop_update(x.size(), eta);
    own = u.own, by = u.mean / Real(x.size());
    for (int i = 0; i < x.size(); ++i) with_sum.push_back(x.with_sum(i));
    tail = by * by * sum(with_sum);
  }
  Real product(const Gram& x, int i, int j) const {
    return own * own * x(i, j) - own * by * (with_sum[at(i)] + with_sum[at(j)]) + tail;
  }
};

}  // namespace

std::vector<Real> moved_squares(const Gram& x, const Real& eta) {
  const Moved moved(x, eta);
  std::vector<Real> squares;
  for (int i = 0; i < x.size(); ++i) squares.push_back(moved.product(x, i, i));
  return squares;
}

MeanStep mean_step(const Gram& x, const Real& eta) {
  const int k = x.size();
  const Moved moved(x, eta);
  MeanStep step{sum(moved.with_sum) / Real(k * k), 0, {}};
  std::vector<Real> norms;
  for (int i = 0; i < k; ++i) {
    step.squares.push_back(moved.product(x, i, i));
    norms.push_back(sqrt(step.squares.back()));
  }
  for (int i = 0; i < k; ++i)
    for (int j = 0; j < k; ++j)
      step.after += i == j ? Real(1) : moved.product(x, i, j) / (norms[at(i)] * norms[at(j)]);
  step.after /= Real(k * k);
  return step;
}

Gram simplex_gram(int k) {
  std::vector<Real> g;
  for (int i = 0; i < k; ++i)
    for (int j = 0; j < k; ++j) {
      // (e_i - 1/k) . (e_j - 1/k), scaled to norm 1
      const Real product = Real(i == j) - Real::ratio(1, k);
      g.push_back(product * Real::ratio(k, k - 1));
    }
  return {k, g};
}

Gram inverted_groups_gram(int k) {
  std::vector<Real> g;
  for (int i = 0; i < k; ++i)
    for (int j = 0; j < k; ++j) g.push_back(i / 2 != j / 2 ? 0 : i == j ? 1 : -1);
  return {k, g};
}

}  // namespace assay::proofs
