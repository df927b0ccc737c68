// SPDX-License-Identifier: Apache-2.0
// The Harris sums on one core: one axis after the other, in the narrowest sufficient integers.
//
// Summing out one axis leaves a table of n^(k-1) numbers, so that three tables cost n^k + n^(k-1) +
// ... multiplications each and the loops vectorise. With G = max(1, max|g|), H = max(1, max|h|)
// every partial sum is at most W G H: below 2^31 the sums fit 32 bits, below 2^63 they fit 64. The
// numerator is at most twice W^2 G H, below 2^63 in the first case (2^62 and a difference of two),
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

/// The weights' total and the sizes of the tables; W = 0 says that `order` tells why there is none.
struct Sizes {
  std::uint64_t total = 0;
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
  s.total = 1;
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

/// sum over the first axis, then over the next: w[axis][i] are its weights.
template <int Axes, int Support, class T>
T summed(const T* table, const T (*w)[Support]) {
  if constexpr (Axes == 0) {
    return table[0];
  } else {
    constexpr int rest = power(Support, Axes - 1);
    T sums[rest];
    for (int j = 0; j < rest; ++j) sums[j] = w[0][0] * table[j];
    for (int i = 1; i < Support; ++i)
      for (int j = 0; j < rest; ++j) sums[j] += w[0][i] * table[i * rest + j];
    return summed<Axes - 1, Support, T>(sums, w + 1);
  }
}

void conclude(HarrisSums& s) {
  s.order = static_cast<HarrisOrder>((s.numerator > 0) - (s.numerator < 0));
}

/// Sums in T, numerator in Wide.
template <int Axes, int Support, class T, class Wide>
void add_up(HarrisLaw law, const Instance& q, std::uint64_t total, HarrisSums& out) {
  constexpr int cells = power(Support, Axes);
  T g[cells], h[cells], gh[cells];
  for (int i = 0; i < cells; ++i) {
    g[i] = static_cast<T>(q.g[i]);
    h[i] = static_cast<T>(q.h[i]);
    gh[i] = g[i] * h[i];
  }
  T sum_gh = 0, sum_g = 0, sum_h = 0;
  if (law == HarrisLaw::joint) {
    for (int i = 0; i < cells; ++i) {
      const T w = static_cast<T>(q.w[i]);
      sum_gh += w * gh[i];
      sum_g += w * g[i];
      sum_h += w * h[i];
    }
  } else {
    T w[Axes][Support];
    for (int axis = 0; axis < Axes; ++axis)
      for (int i = 0; i < Support; ++i)
        w[axis][i] = static_cast<T>(q.w[(law == HarrisLaw::independent ? axis * Support : 0) + i]);
    sum_gh = summed<Axes, Support, T>(gh, w);
    sum_g = summed<Axes, Support, T>(g, w);
    sum_h = summed<Axes, Support, T>(h, w);
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

/// In 128 bits, cell by cell: rare, and not worth a table of its own per shape.
void add_up_wide(const HarrisBatch& b, const Instance& q, std::uint64_t total, HarrisSums& out) {
  const int cells = static_cast<int>(b.cells());
  if (!fits(q, cells, total)) {
    out.order = HarrisOrder::too_large;
    return;
  }
  for (int cell = 0; cell < cells; ++cell) {
    Int128 w = b.law == HarrisLaw::joint ? q.w[cell] : 1;
    for (int axis = b.axes - 1, rest = cell; b.law != HarrisLaw::joint && axis >= 0; --axis) {
      w *= q.w[(b.law == HarrisLaw::independent ? axis * b.support : 0) + rest % b.support];
      rest /= b.support;
    }
    out.gh += w * (Int128(q.g[cell]) * q.h[cell]);
    out.g += w * q.g[cell];
    out.h += w * q.h[cell];
  }
  out.total = total;
  out.numerator = out.gh * out.total - out.g * out.h;
  conclude(out);
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
      add_up_wide(b, q, s.total, out);
    else if (static_cast<std::uint64_t>(values) * s.total < std::uint64_t{1} << 31)
      add_up<Axes, Support, std::int32_t, std::int64_t>(b.law, q, s.total, out);
    else
      add_up<Axes, Support, std::int64_t, Int128>(b.law, q, s.total, out);
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
