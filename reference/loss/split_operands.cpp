// SPDX-License-Identifier: Apache-2.0
// Cuts the rows of an InfoNCE problem; see the header.
#include "reference/loss/split_operands.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "reference/loss/upward.hpp"

namespace assay::reference::split {
namespace {

bool all_binary32(const double* x, std::int64_t d) {
  constexpr std::uint64_t beyond_24_bits = (std::uint64_t{1} << 29) - 1;
  constexpr double smallest_normal = std::numeric_limits<float>::min();
  constexpr double largest = std::numeric_limits<float>::max();
  std::uint64_t low_bits = 0, small = 0, outside = 0;
  for (std::int64_t k = 0; k < d; ++k) {
    const double magnitude = std::fabs(x[k]);
    low_bits |= std::bit_cast<std::uint64_t>(x[k]);
    small |= static_cast<std::uint64_t>((magnitude != 0) & (magnitude < smallest_normal));
    outside |= static_cast<std::uint64_t>(!(magnitude <= largest));
  }
  if ((low_bits & beyond_24_bits) != 0 || outside != 0) return false;
  if (small == 0) return true;
  return std::all_of(x, x + d,
                     [](double v) { return static_cast<double>(static_cast<float>(v)) == v; });
}

/// Bound of the norm of numbers whose squares are far from underflow, or 0: d squares, d - 1
/// additions and the root.
double norm_up(const double* x, std::int64_t d) {
  const double square = Eigen::Map<const Eigen::VectorXd>(x, d).squaredNorm();
  const double inflation =
      add_up(1.0, multiply_up(2.0 * static_cast<double>(d + 1), unit_roundoff));
  return sqrt_up(multiply_up(square, inflation));
}

/// Per row a bound of its norm; empty if some entry is no binary32 number.
std::vector<double> norms_of(const double* x, std::int64_t n, std::int64_t d, std::int64_t stride) {
  std::vector<double> norms;
  norms.reserve(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    if (!all_binary32(x + i * stride, d)) return {};
    norms.push_back(norm_up(x + i * stride, d));
  }
  return norms;
}

/// The exponent E of a row: norm <= 1.25 * 2^E.
int exponent_of(double norm) {
  if (norm == 0) return 0;
  const int e = std::ilogb(norm);
  return norm <= std::ldexp(1.25, e) ? e : e + 1;
}

/// Adding and subtracting this rounds to a multiple of 2^grid, up to 2^(grid + 51).
double magic_of(int grid) { return std::ldexp(1.5, grid + 52); }

/// How many bits of a row's norm the coarse part keeps: enough that the rounding errors of the rest
/// stay below u/4 in the logits, d u |rest| |y| / T with |rest| <= sqrt(d) 2^-(bits+1) |x|, as far
/// as that leaves the fine part bits enough to hold nearly all of most rows.
int coarse_bits(std::int64_t d, double logit_size) {
  constexpr int fewest = 16, most = 20;
  const auto size = static_cast<double>(d);
  const double needed = 2.0 * size * std::sqrt(size) * logit_size;
  if (!(needed < std::ldexp(1.0, most))) return most;
  return std::clamp(std::ilogb(std::max(needed, 1.0)) + 1, fewest, most);
}

/// Cuts one key after the other.
class KeyCutter {
 public:
  KeyCutter(Operands& o, int fine_bits)
      : o_(o), bits_(fine_bits), d_(o.fine.d()), fine_(static_cast<std::size_t>(d_)) {
    o_.left_out.start.assign(1, 0);
  }

  /// Keys in ascending order.
  void cut(std::int64_t j, double norm) {
    const double* y = o_.key(j);
    double* __restrict fine = fine_.data();
    const double magic = magic_of(exponent_of(norm) - bits_);
    std::uint64_t differs = 0;
    for (std::int64_t k = 0; k < d_; ++k) {
      fine[k] = (y[k] + magic) - magic;
      differs |= static_cast<std::uint64_t>(fine[k] != y[k]);
    }
    o_.fine.put(j, fine);
    LeftOut& out = o_.left_out;
    const std::size_t before = out.value.size();
    if (differs != 0) append(y, fine);
    const auto count = static_cast<std::int64_t>(out.value.size() - before);
    out.start.push_back(static_cast<std::int64_t>(out.value.size()));
    o_.facts.low_terms = std::max(o_.facts.low_terms, d_ + count);
    o_.facts.left_out_norm =
        std::max(o_.facts.left_out_norm, norm_up(out.value.data() + before, count));
  }

  /// A matrix product is faster than one component at a time once every eighth or so is there.
  void finish() {
    constexpr std::int64_t one_in = 8;
    LeftOut& out = o_.left_out;
    if (out.start.back() * one_in < d_ * o_.rows()) return;
    out.dense.setZero(d_, o_.rows());
    for (std::int64_t j = 0; j < o_.rows(); ++j)
      for (std::int64_t q = out.start[static_cast<std::size_t>(j)];
           q < out.start[static_cast<std::size_t>(j) + 1]; ++q)
        out.dense(out.index[static_cast<std::size_t>(q)], j) =
            out.value[static_cast<std::size_t>(q)];
    o_.facts.low_terms = 2 * d_;
  }

 private:
  /// What `fine` lacks of y. Written everywhere and kept where it is there: few entries differ, at
  /// no place that a branch could guess.
  void append(const double* y, const double* fine) {
    LeftOut& out = o_.left_out;
    const std::size_t before = out.value.size();
    out.index.resize(before + static_cast<std::size_t>(d_));
    out.value.resize(before + static_cast<std::size_t>(d_));
    std::size_t end = before;
    for (std::int64_t k = 0; k < d_; ++k) {
      out.index[end] = k;
      out.value[end] = y[k] - fine[k];
      end += static_cast<std::size_t>(y[k] != fine[k]);
    }
    out.index.resize(end);
    out.value.resize(end);
  }

  Operands& o_;
  int bits_;
  std::int64_t d_;
  std::vector<double> fine_;  // of one key
};

}  // namespace

double OperandFacts::product_up() const { return multiply_up(row_norm, key_norm); }
double OperandFacts::fine_norm_up() const { return add_up(key_norm, left_out_norm); }

void Operands::cut_row(std::int64_t i, double* __restrict coarse, double* __restrict rest) const {
  const double* x = row(i);
  const double magic = row_magic[static_cast<std::size_t>(i)];
  for (std::int64_t k = 0; k < problem.d; ++k) {
    coarse[k] = (x[k] + magic) - magic;
    rest[k] = x[k] - coarse[k];
  }
}

std::optional<Operands> cut(const InfoNceProblem& p) {
  if (p.d > largest_dimension) return std::nullopt;
  std::vector<double> rows = norms_of(p.a, p.n, p.d, p.a_stride);
  if (rows.empty()) return std::nullopt;
  std::vector<double> keys = norms_of(p.b, p.n, p.d, p.b_stride);
  if (keys.empty()) return std::nullopt;
  Operands o;
  o.problem = p;
  if (o.joint()) {
    rows.insert(rows.end(), keys.begin(), keys.end());
    keys = rows;
  }
  o.facts.row_norm = *std::max_element(rows.begin(), rows.end());
  o.facts.key_norm = *std::max_element(keys.begin(), keys.end());
  constexpr int all_bits = 52;
  const int bits = coarse_bits(p.d, o.facts.product_up() / p.temperature);
  for (const double norm : rows) o.row_magic.push_back(magic_of(exponent_of(norm) - bits));
  // Every entry of a rest is at most half a unit of the grid of its row.
  const double half_unit = std::ldexp(0.5, exponent_of(o.facts.row_norm) - bits);
  o.facts.rest_norm = multiply_up(sqrt_up(static_cast<double>(p.d)), half_unit);
  o.fine = Packed(p.d, p.rows(), keys_packed_together);
  KeyCutter cutter(o, all_bits - bits);
  for (std::int64_t j = 0; j < p.rows(); ++j) cutter.cut(j, keys[static_cast<std::size_t>(j)]);
  cutter.finish();
  return o;
}

}  // namespace assay::reference::split
