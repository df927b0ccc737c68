// SPDX-License-Identifier: Apache-2.0
// Charts: from free coordinates to points.
#include "properties/engine/claim/chart.hpp"

#include <algorithm>
#include <cmath>

namespace assay::engine {
namespace {

using Doubles = std::vector<double>;

double norm_of(const double* v, std::size_t n) {
  double s = 0;
  for (std::size_t i = 0; i < n; ++i) s += v[i] * v[i];
  return std::sqrt(s);
}

/// One group of coordinates to one group of values.
void place(const Block& b, const double* theta, std::size_t n, std::vector<Real>& out) {
  switch (b.kind) {
    case BlockKind::scalar:
    case BlockKind::integer: {
      const double low = b.low.approximate(), high = b.high.approximate();
      const double x = std::clamp(low + (high - low) * 0.5 * (theta[0] + 1), low, high);
      out.push_back(Real::plain(b.kind == BlockKind::integer ? std::round(x) : x));
      return;
    }
    case BlockKind::simplex: {
      const double r = norm_of(theta, n), total = r * r;
      for (std::size_t i = 0; i < n; ++i)
        out.push_back(Real::plain(total > 0 ? theta[i] * theta[i] / total : 1.0 / double(n)));
      return;
    }
    case BlockKind::exchangeable: {
      const auto p = static_cast<std::size_t>(b.dimensions.back());
      double total = 0;
      const auto entry = [&](std::size_t i, std::size_t j) {
        const double t = theta[std::max(i, j) * p + std::min(i, j)];
        return t * t;
      };
      for (std::size_t i = 0; i < n; ++i) total += entry(i / p, i % p);
      for (std::size_t i = 0; i < n; ++i)
        out.push_back(Real::plain(total > 0 ? entry(i / p, i % p) / total : 1.0 / double(n)));
      return;
    }
    case BlockKind::ball:
    case BlockKind::sphere: {
      const double r = norm_of(theta, n);
      const double factor = b.kind == BlockKind::sphere ? (r > 0 ? 1 / r : 0) : (r > 1 ? 1 / r : 1);
      for (std::size_t i = 0; i < n; ++i)
        out.push_back(Real::plain(r == 0 && b.kind == BlockKind::sphere ? double(i == 0)
                                                                        : theta[i] * factor));
      return;
    }
  }
}

/// A few-valued vector, of the kinds that refute statements about vectors.
void structured_vector(Random& random, std::uint64_t pattern, std::size_t index, double* v,
                       std::size_t n) {
  std::fill(v, v + n, 0.0);
  switch (pattern) {
    case 0: v[0] = 1; return;                                       // all equal
    case 1: v[0] = random.below(2) ? 1 : -1; return;                // co-linear
    case 2: v[index % n] = 1; return;                               // orthonormal
    case 3: v[index / 2 % n] = index % 2 ? -1 : 1; return;          // antipodal pairs
    case 4: v[0] = 1, v[n - 1] += 0.125 * random.normal(); return;  // near-collapsed
    case 5: v[0] = index == 0 ? -1 : 1; return;                     // one outlier
    case 6: v[random.below(n)] = 0.5 * (double(random.below(5)) - 2); return;
    default:
      for (std::size_t i = 0; i < n; ++i) v[i] = double(random.below(3)) - 1;
  }
}

void structured_law(Random& random, std::uint64_t pattern, double* v, std::size_t n) {
  std::fill(v, v + n, 1.0);
  switch (pattern) {
    case 0: return;                              // uniform
    case 1: v[random.below(n)] = 3; return;      // one heavy
    case 2: v[random.below(n)] = 0.125; return;  // one rare
    case 3:                                      // a point mass
      std::fill(v, v + n, 0.0);
      v[random.below(n)] = 1;
      return;
    default:
      for (std::size_t i = 0; i < n; ++i) v[i] = std::sqrt(double(random.below(5)));
  }
}

/// A ninth of the range, or so near to one of its ends that scales of 2^-40 of it are met: what
/// goes wrong for extreme parameters goes wrong there.
double structured_number(Random& random) {
  const std::uint64_t choice = random.below(12);
  if (choice < 9) return (double(choice) - 4) / 4;
  const double inward = std::ldexp(1.0, -static_cast<int>(random.below(40)));
  return random.below(2) ? 1 - inward : inward - 1;
}

/// As `place`, for the diagonal law of a joint law: anchor and positive equal.
void structured_joint(Random& random, std::uint64_t pattern, double* v, std::size_t p) {
  if (pattern == 0 || p == 1) return std::fill(v, v + p * p, 1.0);
  std::fill(v, v + p * p, 0.0);
  if (pattern == 1)
    for (std::size_t i = 0; i < p; ++i) v[i * p + i] = 1;  // x = x+
  else if (pattern == 2)
    for (std::size_t i = 0; i + 1 < p; i += 2) v[(i + 1) * p + i] = 1;  // x != x+
  else
    for (std::size_t i = 0; i < p * p; ++i) v[i] = double(random.below(3));
}

}  // namespace

Chart::Chart(const Domain& domain, const Shape& shape)
    : shape_(shape), layout_(domain.blocks(shape)) {
  for (Block& b : layout_) {
    b.values.clear();
    b.squared_scale = 1;
    dimension_ += b.size();
  }
}

Instance Chart::at(const Doubles& theta) const {
  Instance point{shape_, layout_, Arithmetic::plain()};
  const double* next = theta.data();
  for (Block& b : point.blocks) {
    const std::size_t n = b.group(), size = b.size();
    b.values.reserve(size);
    for (std::size_t at = 0; at < size; at += n, next += n) place(b, next, n, b.values);
  }
  return point;
}

Doubles Chart::coordinates(const Instance& point) const {
  Doubles theta;
  for (const Block& b : point.blocks) {
    const double scale = std::sqrt(b.squared_scale.approximate());
    const double low = b.low.approximate(), high = b.high.approximate();
    for (const Real& x : b.values) {
      const double value = x.approximate();
      switch (b.kind) {
        case BlockKind::scalar:
        case BlockKind::integer:
          theta.push_back(high > low ? 2 * (value - low) / (high - low) - 1 : 0);
          break;
        case BlockKind::simplex:
        case BlockKind::exchangeable: theta.push_back(std::sqrt(std::max(value, 0.0))); break;
        case BlockKind::ball:
        case BlockKind::sphere: theta.push_back(value * scale); break;
      }
    }
  }
  theta.resize(dimension_, 0.0);
  return theta;
}

Doubles Chart::random(Random& random) const {
  Doubles theta(dimension_);
  std::size_t next = 0;
  for (const Block& b : layout_) {
    const double scale = std::ldexp(1.0, static_cast<int>(random.below(7)) - 4);
    const bool ranged = b.kind == BlockKind::scalar || b.kind == BlockKind::integer;
    for (std::size_t i = 0; i < b.size(); ++i)
      theta[next++] = ranged ? 2 * random.uniform() - 1 : scale * random.normal();
  }
  return theta;
}

Doubles Chart::structured(Random& random) const {
  Doubles theta(dimension_);
  double* next = theta.data();
  for (const Block& b : layout_) {
    const std::size_t n = b.group(), copies = b.size() / n;
    const std::uint64_t pattern = random.below(8);
    for (std::size_t c = 0; c < copies; ++c, next += n) switch (b.kind) {
        case BlockKind::scalar:
        case BlockKind::integer: next[0] = structured_number(random); break;
        case BlockKind::simplex: structured_law(random, pattern % 5, next, n); break;
        case BlockKind::exchangeable:
          structured_joint(random, pattern % 4, next,
                           static_cast<std::size_t>(b.dimensions.back()));
          break;
        case BlockKind::ball:
        case BlockKind::sphere: structured_vector(random, pattern, c, next, n); break;
      }
  }
  return theta;
}

}  // namespace assay::engine
