// SPDX-License-Identifier: Apache-2.0
// Drawing tables and laws, one buffer of random bits per case.
#include "properties/engine/harris_cases.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace assay::engine {
namespace {

using reference::HarrisLaw;

/// Small random integers out of 64-bit draws: most cases need four bits a number.
class Bits {
 public:
  explicit Bits(Random random) : random_(random) {}
  /// Uniform in [0, 2^count). \pre 0 <= count <= 62
  std::int64_t take(int count) {
    if (left_ < count) {
      word_ = random_.bits();
      left_ = 64;
    }
    const std::uint64_t value = word_ & ((std::uint64_t{1} << count) - 1);
    word_ >>= count;
    left_ -= count;
    return static_cast<std::int64_t>(value);
  }
  /// 64 uniform bits.
  std::uint64_t word() { return random_.bits(); }
  /// Nearly uniform in [0, bound), for bounds far below 2^32.
  int below(int bound) {
    return static_cast<int>(
        static_cast<std::uint64_t>(take(32)) * static_cast<std::uint64_t>(bound) >> 32);
  }

 private:
  Random random_;
  std::uint64_t word_ = 0;
  int left_ = 0;
};

/// A table and the loops over it: `axis` has the stride n^(k-1-axis).
struct Table {
  std::int64_t* values;
  int axes, support, cells;

  int stride(int axis) const {
    int s = 1;
    for (int a = axis + 1; a < axes; ++a) s *= support;
    return s;
  }
  /// value = combine(value, value of the predecessor along the axis), in increasing order
  template <class Combine>
  void sweep(int axis, Combine combine) const {
    const int s = stride(axis);
    for (int base = 0; base < cells; base += s * support) {
      std::int64_t* const block = values + base;
      if (s == 1) {
        std::int64_t before = block[0];
        for (int i = 1; i < support; ++i) before = block[i] = combine(block[i], before);
      } else {
        for (int i = s; i < s * support; i += s)
          for (int j = i; j < i + s; ++j) block[j] = combine(block[j], block[j - s]);
      }
    }
  }
  void shift(std::int64_t by) const {
    for (int i = 0; i < cells; ++i) values[i] += by;
  }
  /// top - value: a rising table becomes a falling one.
  void reverse() const {
    const std::int64_t top = *std::max_element(values, values + cells);
    for (int i = 0; i < cells; ++i) values[i] = top - values[i];
  }
  void mirror(int axis) const {
    const int s = stride(axis);
    for (int base = 0; base < cells; base += s * support)
      for (int i = 0; i < s; ++i)
        for (int low = 0, high = support - 1; low < high; ++low, --high)
          std::swap(values[base + low * s + i], values[base + high * s + i]);
  }
  bool falls_somewhere() const {
    bool falls = false;
    for (int axis = 0; axis < axes; ++axis) {
      const int s = stride(axis);
      for (int base = 0; base < cells; base += s * support)
        for (int i = base + s; i < base + s * support; ++i)
          falls = falls || values[i] < values[i - s];
    }
    return falls;
  }
};

void running_maximum(const Table& t) {
  for (int axis = 0; axis < t.axes; ++axis)
    t.sweep(axis, [](std::int64_t x, std::int64_t before) { return std::max(x, before); });
}

/// Sums of rising functions of one argument, each below 2^value_bits / k.
void fill_additive(const Table& t, Bits& bits, int value_bits) {
  const int halvings = t.axes == 1 ? 0 : t.axes == 2 ? 1 : 2;
  t.values[0] = 0;
  for (int axis = t.axes - 1, size = 1; axis >= 0; --axis, size *= t.support) {
    std::int64_t step[reference::harris_max_support];
    for (int i = 0; i < t.support; ++i)
      step[i] = std::max(i > 0 ? step[i - 1] : 0, bits.take(value_bits) >> halvings);
    for (int i = t.support - 1; i >= 0; --i)
      for (int j = 0; j < size; ++j) t.values[i * size + j] = t.values[j] + step[i];
  }
}

/// Uniform numbers in [0, 2^value_bits) with fewer large ones, since a maximum of many is nearly
/// always the largest there is: bits that two draws share, or few draws (one in eight,
/// one in two of a small table).
void fill_draws(const Table& t, Bits& bits, int value_bits, bool few) {
  const std::uint64_t mask = (std::uint64_t{1} << value_bits) - 1;
  const int per_word = 64 / value_bits;
  for (int first = 0; first < t.cells; first += per_word) {
    std::uint64_t word = bits.word(), keep = ~std::uint64_t{0};
    if (few)
      keep = t.cells < 32 ? bits.word() : bits.word() & bits.word() & bits.word();
    else
      word &= bits.word();
    const int end = std::min(first + per_word, t.cells);
    for (int i = first; i < end; ++i) {
      t.values[i] = static_cast<std::int64_t>(word & mask & (0 - (keep & 1)));
      word >>= value_bits;
      keep >>= 1;
    }
  }
}

/// An argument-wise non-decreasing table in [0, 2^value_bits): many levels, few jumps, sums, or
/// the indicator of an up-set.
void fill_monotone(const Table& t, Bits& bits, int value_bits) {
  const int kind = static_cast<int>(bits.take(2));
  if (kind >= 2) {
    fill_additive(t, bits, value_bits);
    if (kind == 2) return;
    const std::int64_t threshold =
        std::max(t.values[bits.below(t.cells)], t.values[0] + 1);  // not the indicator of all
    for (int i = 0; i < t.cells; ++i) t.values[i] = t.values[i] >= threshold ? 1 : 0;
    return;
  }
  fill_draws(t, bits, value_bits, kind == 1);
  running_maximum(t);
}

/// Forgets the arguments outside `kept` (bit a for axis a).
void project(const Table& t, unsigned kept) {
  for (int axis = 0; axis < t.axes; ++axis)
    if ((kept >> axis & 1u) == 0)
      t.sweep(axis, [](std::int64_t, std::int64_t before) { return before; });
}

void spoil_monotonicity(const Table& t, Bits& bits, int value_bits) {
  switch (bits.below(3)) {
    case 0: t.reverse(); break;
    case 1: t.mirror(bits.below(t.axes)); break;
    default:
      for (int i = 0; i < t.cells; ++i) t.values[i] = bits.take(value_bits);
  }
  if (t.falls_somewhere()) return;
  t.values[0] = std::max<std::int64_t>(t.values[0], 1);  // cell 1 follows it along the last axis
  t.values[1] = 0;
}

void fill_weights(std::int64_t* w, int count, Bits& bits, int weight_bits) {
  std::int64_t all = 0;
  for (int i = 0; i < count; ++i) all |= w[i] = bits.take(weight_bits);
  if (all == 0) w[bits.below(count)] = 1;
}

/// Half of the laws live on the cells whose coordinates add up to about half of the largest sum:
/// there one argument is large when another is small.
void fill_joint(const HarrisDraw& draw, std::int64_t* w, Bits& bits) {
  const int cells = static_cast<int>(draw.cells());
  fill_weights(w, cells, bits, draw.weight_bits);
  if (bits.take(1) == 0) return;
  const int middle = draw.axes * (draw.support - 1);
  int last = 0;
  bool positive = false;
  for (int cell = 0; cell < cells; ++cell) {
    int sum = 0;
    for (int rest = cell; rest > 0; rest /= draw.support) sum += rest % draw.support;
    if (2 * sum < middle - 1 || 2 * sum > middle + 1)
      w[cell] = 0;
    else
      last = cell;
    positive = positive || w[cell] > 0;
  }
  if (!positive) w[last] = 1;
}

void fill_law(const HarrisDraw& draw, std::int64_t* w, Bits& bits) {
  if (draw.law() == HarrisLaw::joint) return fill_joint(draw, w, bits);
  for (int first = 0; first < draw.weight_count(); first += draw.support)
    fill_weights(w + first, draw.support, bits, draw.weight_bits);
}

void make_equal(const HarrisDraw& draw, std::int64_t* w, const Table& g, const Table& h,
                Bits& bits) {
  const int kind = draw.axes > 1 ? bits.below(4) : 2 + bits.below(2);
  if (kind <= 1) {
    const auto kept = static_cast<unsigned>(1 + bits.below((1 << draw.axes) - 2));
    project(g, kept);
    project(h, ~kept);
  } else if (kind == 2) {
    project(bits.take(1) != 0 ? g : h, 0);
  } else {
    for (int first = 0; first < draw.weight_count(); first += draw.support) {
      const int kept = bits.below(draw.support);
      for (int i = 0; i < draw.support; ++i)
        w[first + i] = i == kept ? std::max<std::int64_t>(w[first + i], 1) : 0;
    }
  }
}

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument("harris draw: " + what);
}

}  // namespace

std::string_view name_of(HarrisFamily family) {
  switch (family) {
    case HarrisFamily::monotone: return "monotone";
    case HarrisFamily::equality: return "equality";
    case HarrisFamily::g_falls: return "g-falls";
    case HarrisFamily::h_falls: return "h-falls";
    case HarrisFamily::dependent: return "dependent";
    case HarrisFamily::eta_negative: return "eta-negative";
  }
  return "?";
}

HarrisLaw HarrisDraw::law() const {
  if (family == HarrisFamily::dependent) return HarrisLaw::joint;
  return unequal_laws ? HarrisLaw::independent : HarrisLaw::iid;
}

std::int64_t HarrisDraw::cells() const {
  std::int64_t count = 1;
  for (int a = 0; a < axes; ++a) count *= support;
  return count;
}

std::int64_t HarrisDraw::weight_count() const {
  switch (law()) {
    case HarrisLaw::iid: return support;
    case HarrisLaw::independent: return std::int64_t{axes} * support;
    default: return cells();
  }
}

void check_draw(const HarrisDraw& draw) {
  if (draw.axes < 1 || draw.axes > reference::harris_max_axes) refuse("axes is not 1 to 4");
  if (draw.support < 1 || draw.support > reference::harris_max_support)
    refuse("support is not 1 to 8");
  if (draw.weight_bits < 1 || draw.weight_bits > 62) refuse("weight_bits is not 1 to 62");
  if (draw.value_bits < 1 || draw.value_bits > 62) refuse("value_bits is not 1 to 62");
  const bool falls = draw.family == HarrisFamily::g_falls || draw.family == HarrisFamily::h_falls;
  if (falls && draw.support < 2) refuse("no table on one point falls");
  if (draw.family == HarrisFamily::dependent && (draw.axes < 2 || draw.support < 2))
    refuse("one argument, or one point, is always independent");
}

void fill_harris_case(const HarrisDraw& draw, std::uint64_t seed, std::uint64_t index,
                      std::int64_t* weights, std::int64_t* g, std::int64_t* h) {
  Bits bits(Random(seed, name_of(draw.family), index));
  const int cells = static_cast<int>(draw.cells());
  const Table table_g{g, draw.axes, draw.support, cells};
  const Table table_h{h, draw.axes, draw.support, cells};
  fill_law(draw, weights, bits);
  fill_monotone(table_g, bits, draw.value_bits);
  fill_monotone(table_h, bits, draw.value_bits);
  const bool sixteenth = bits.take(4) == 0;
  if (draw.family == HarrisFamily::equality || (draw.family == HarrisFamily::monotone && sixteenth))
    make_equal(draw, weights, table_g, table_h, bits);
  if (draw.family == HarrisFamily::dependent && bits.take(1) == 0) {
    project(table_g, 1u);
    project(table_h, 2u);
  }
  if (draw.family == HarrisFamily::g_falls) spoil_monotonicity(table_g, bits, draw.value_bits);
  if (draw.family == HarrisFamily::h_falls) spoil_monotonicity(table_h, bits, draw.value_bits);
  table_g.shift(-bits.take(draw.value_bits));
  if (draw.family == HarrisFamily::eta_negative)
    table_h.shift(-h[0] - 1 - bits.take(1));
  else if (!draw.nonnegative_h)
    table_h.shift(-bits.take(draw.value_bits));
}

reference::HarrisInstance harris_case(const HarrisDraw& draw, std::uint64_t seed,
                                      std::uint64_t index) {
  check_draw(draw);
  reference::HarrisInstance q;
  q.axes = draw.axes;
  q.support = draw.support;
  q.law = draw.law();
  q.weights.resize(static_cast<std::size_t>(draw.weight_count()));
  q.g.resize(static_cast<std::size_t>(draw.cells()));
  q.h.resize(static_cast<std::size_t>(draw.cells()));
  fill_harris_case(draw, seed, index, q.weights.data(), q.g.data(), q.h.data());
  return q;
}

}  // namespace assay::engine
