// SPDX-License-Identifier: Apache-2.0
// The Harris sums on one core: one axis after the other, in the narrowest sufficient integers.
//
// Summing out one axis leaves a table of n^(k-1) numbers, so that a table costs n^k + n^(k-1) + ...
// + n multiplications, in loops that vectorise. With G = max(1, max|g|), H = max(1, max|h|) every
// partial sum is at most W G H: below 2^31 the sums fit 32 bits, below 2^63 they fit 64 (with
// 32-bit factors if these fit). The numerator is at most 2 W^2 G H, below 2^63 in the first case,
// below 2^127 in the second. Larger instances are added cell by cell in 128 bits, or are too large.
#include <array>
#include <utility>

#include "kernels/harris/harris.hpp"

namespace assay::kernels {
namespace {

constexpr int power(int base, int exponent) {
  return exponent == 0 ? 1 : base * power(base, exponent - 1);
}

struct Instance {
  const std::int64_t *w, *g, *h;
};

/// W and the sizes of what is added; no W unless `order` is equal.
struct Sizes {
  std::uint64_t total = 1;
  std::uint64_t weight = 0;    ///< at least the largest weight, if that is not negative
  std::uint64_t g = 1, h = 1;  ///< at least max(1, max|.|), at most twice that
  HarrisOrder order = HarrisOrder::equal;
};

/// An upper bound of max(1, max|x|), at most twice that and 2^63: all bits that occur, plus one.
template <int Count>
std::uint64_t size_of(const std::int64_t* x) {
  std::uint64_t bits = 0;
  for (int i = 0; i < Count; ++i) bits |= static_cast<std::uint64_t>(x[i] ^ (x[i] >> 63));
  return bits + 1;
}

/// total *= the sum of the weights.
void multiply_total(const std::int64_t* w, int count, Sizes& s) {
  Unsigned128 sum = 0;
  std::int64_t signs = 0;
  for (int i = 0; i < count; ++i) {
    sum += static_cast<std::uint64_t>(w[i]);
    signs |= w[i];
  }
  s.weight |= static_cast<std::uint64_t>(signs);
  if (signs < 0 || sum == 0) s.order = HarrisOrder::no_law;
  if (s.order != HarrisOrder::equal) return;
  constexpr Unsigned128 limit = Unsigned128(1) << 63;
  if (sum >= limit || sum * s.total >= limit)
    s.order = HarrisOrder::too_large;
  else
    s.total = static_cast<std::uint64_t>(sum * s.total);
}

template <int Axes, int Support>
Sizes sizes_of(HarrisLaw law, const Instance& q) {
  Sizes s;
  if (law == HarrisLaw::joint) {
    multiply_total(q.w, power(Support, Axes), s);
  } else {
    for (int axis = 0; axis < Axes; ++axis) {
      const std::int64_t* const row = q.w + (law == HarrisLaw::independent ? axis * Support : 0);
      const bool large = s.order == HarrisOrder::too_large;
      if (large) s.order = HarrisOrder::equal;  // a later axis may still be no law
      multiply_total(row, Support, s);
      if (large && s.order == HarrisOrder::equal) s.order = HarrisOrder::too_large;
    }
  }
  s.g = size_of<power(Support, Axes)>(q.g);
  s.h = size_of<power(Support, Axes)>(q.h);
  return s;
}

// The analyzer leaves loops of known length early and takes the tables for uninitialised; clearing
// them first would cost a third of the time.
// NOLINTBEGIN(clang-analyzer-core.*)
/// The sum over the first axis, then over the next, in Sum; w[axis][i] are its weights.
template <int Axes, int Support, class Sum, class T, class Weight>
Sum summed(const T* table, const Weight (*w)[Support]) {
  if constexpr (Axes == 0) {
    return table[0];
  } else {
    constexpr int rest = power(Support, Axes - 1);
    Sum sums[rest];
    for (int j = 0; j < rest; ++j) sums[j] = Sum{w[0][0]} * table[j];
    for (int i = 1; i < Support; ++i)
      for (int j = 0; j < rest; ++j) sums[j] += Sum{w[0][i]} * table[i * rest + j];
    return summed<Axes - 1, Support, Sum>(sums, w + 1);
  }
}
// NOLINTEND(clang-analyzer-core.*)

void conclude(HarrisSums& s) {
  s.order = static_cast<HarrisOrder>((s.numerator > 0) - (s.numerator < 0));
}

/// Tables and weights in T, sums in Sum, the numerator in Wide.
template <int Axes, int Support, class T, class Sum, class Wide>
void add_up(HarrisLaw law, const Instance& q, std::uint64_t total, HarrisSums& out) {
  constexpr int cells = power(Support, Axes);
  T g[cells], h[cells], gh[cells];
  for (int i = 0; i < cells; ++i) {
    g[i] = static_cast<T>(q.g[i]);
    h[i] = static_cast<T>(q.h[i]);
    gh[i] = g[i] * h[i];
  }
  Sum sum_gh = 0, sum_g = 0, sum_h = 0;
  if (law == HarrisLaw::joint) {
    for (int i = 0; i < cells; ++i) {
      const Sum w = static_cast<Sum>(q.w[i]);
      sum_gh += w * gh[i];
      sum_g += w * g[i];
      sum_h += w * h[i];
    }
  } else {
    T w[Axes][Support];
    for (int axis = 0; axis < Axes; ++axis)
      for (int i = 0; i < Support; ++i)
        w[axis][i] = static_cast<T>(q.w[(law == HarrisLaw::independent ? axis * Support : 0) + i]);
    sum_gh = summed<Axes, Support, Sum>(gh, w);
    sum_g = summed<Axes, Support, Sum>(g, w);
    sum_h = summed<Axes, Support, Sum>(h, w);
  }
  out.gh = sum_gh;
  out.g = sum_g;
  out.h = sum_h;
  out.total = total;
  out.numerator = Wide(sum_gh) * static_cast<Wide>(total) - Wide(sum_g) * Wide(sum_h);
  conclude(out);
}

/// Whether W^2 max(1, |g|) max(1, |h|) < 2^126, with the exact maxima.
bool fits(const Instance& q, int cells, std::uint64_t total) {
  std::uint64_t g = 1, h = 1;
  const auto raise = [](std::uint64_t& largest, std::int64_t x) {
    const std::uint64_t size = x < 0 ? 0 - static_cast<std::uint64_t>(x) : std::uint64_t(x);
    if (size > largest) largest = size;
  };
  for (int i = 0; i < cells; ++i) {
    raise(g, q.g[i]);
    raise(h, q.h[i]);
  }
  constexpr Unsigned128 limit = (Unsigned128(1) << 126) - 1;
  return Unsigned128(total) * total <= limit / (Unsigned128(g) * h);
}

/// Weights of all cells; each is at most W, below 2^63.
void multiply_weights(const HarrisBatch& b, const std::int64_t* w, std::int64_t* cell_weights) {
  cell_weights[0] = 1;
  for (int axis = b.axes - 1, size = 1; axis >= 0; --axis, size *= b.support) {
    const std::int64_t* const row = w + (b.law == HarrisLaw::independent ? axis * b.support : 0);
    for (int i = b.support - 1; i >= 0; --i)
      for (int j = 0; j < size; ++j) cell_weights[i * size + j] = cell_weights[j] * row[i];
  }
}

/// Cell by cell, in 128 bits: `Product` holds g h.
template <class Product>
void add_cells(int cells, const std::int64_t* w, const Instance& q, HarrisSums& out) {
  for (int i = 0; i < cells; ++i) {
    out.gh += Int128(w[i]) * (Product(q.g[i]) * q.h[i]);
    out.g += Int128(w[i]) * q.g[i];
    out.h += Int128(w[i]) * q.h[i];
  }
}

void add_up_wide(const HarrisBatch& b, const Instance& q, const Sizes& s, HarrisSums& out) {
  const int cells = static_cast<int>(b.cells());
  if (!fits(q, cells, s.total)) {
    out.order = HarrisOrder::too_large;
    return;
  }
  std::int64_t products[4096];
  if (b.law != HarrisLaw::joint) multiply_weights(b, q.w, products);
  const std::int64_t* const w = b.law == HarrisLaw::joint ? q.w : products;
  if (Unsigned128(s.g) * s.h < Unsigned128(1) << 63)
    add_cells<std::int64_t>(cells, w, q, out);
  else
    add_cells<Int128>(cells, w, q, out);
  out.total = s.total;
  out.numerator = out.gh * out.total - out.g * out.h;
  conclude(out);
}

/// Sums of at most 64 bits: W * values < 2^63, where values >= |g h|, |g|, |h|.
template <int Axes, int Support>
void add_up_narrow(HarrisLaw law, const Instance& q, const Sizes& s, HarrisSums& out) {
  const std::uint64_t total = s.total, values = s.g * s.h;
  constexpr std::uint64_t half = std::uint64_t{1} << 31;
  if (total * values < half)
    add_up<Axes, Support, std::int32_t, std::int32_t, std::int64_t>(law, q, total, out);
  else if (s.weight < half && values < half)
    add_up<Axes, Support, std::int32_t, std::int64_t, Int128>(law, q, total, out);
  else
    add_up<Axes, Support, std::int64_t, std::int64_t, Int128>(law, q, total, out);
}

template <int Axes, int Support>
void run(const HarrisBatch& b, HarrisSums* sums) {
  constexpr int cells = power(Support, Axes);
  for (std::int64_t i = 0; i < b.count; ++i) {
    const Instance q{b.weights + i * b.weight_count(), b.g + i * cells, b.h + i * cells};
    HarrisSums& out = sums[i] = HarrisSums{};
    const Sizes s = sizes_of<Axes, Support>(b.law, q);
    out.order = s.order;
    if (s.order != HarrisOrder::equal) continue;
    const Unsigned128 values = Unsigned128(s.g) * s.h;  // at most 2^126
    constexpr std::uint64_t word = std::uint64_t{1} << 63;
    if (values >= word || values * s.total >= word)
      add_up_wide(b, q, s, out);
    else
      add_up_narrow<Axes, Support>(b.law, q, s, out);
  }
}

using Run = void (*)(const HarrisBatch&, HarrisSums*);

template <int Axes, int... Less>
constexpr std::array<Run, 8> runs_of(std::integer_sequence<int, Less...>) {
  return {run<Axes, Less + 1>...};
}
template <int Axes>
constexpr std::array<Run, 8> runs = runs_of<Axes>(std::make_integer_sequence<int, 8>{});

}  // namespace

void harris_cpu(const HarrisBatch& batch, HarrisSums* sums) {
  check_harris_batch(batch, sums);
  constexpr std::array<const std::array<Run, 8>*, 4> table = {&runs<1>, &runs<2>, &runs<3>,
                                                              &runs<4>};
  (*table[static_cast<std::size_t>(batch.axes - 1)])[static_cast<std::size_t>(batch.support - 1)](
      batch, sums);
}

}  // namespace assay::kernels
