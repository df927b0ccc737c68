// SPDX-License-Identifier: Apache-2.0
// Enclosures held against the truth: 256 bits, every engine built in.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "reference/loss/info_nce.hpp"
#include "reference/loss/info_nce_formula.hpp"
#include "tests/reference/loss/instances.hpp"

namespace assay::testing {

inline constexpr int truth_bits = 256;

struct Tally {
  std::int64_t enclosures = 0;  ///< problems times engines
  std::int64_t numbers = 0;
  std::int64_t violations = 0;
  double largest_share = 0;  ///< |truth - middle| / radius, over enclosures wider than four doubles
};

/// True if `truth` lies in `ends`; counts.
inline bool holds(const reference::Interval& truth, const Ends& ends, Tally& tally) {
  ++tally.numbers;
  const bool inside = reference::Interval::between(ends.lo, ends.hi).contains(truth);
  if (!inside) ++tally.violations;
  const double radius = (ends.hi - ends.lo) / 2;
  if (radius > 0x1p-50 * std::fabs(ends.lo)) {
    const Ends t = truth.ends();
    const double middle = (ends.hi + ends.lo) / 2;
    tally.largest_share = std::max({tally.largest_share, std::fabs(t.lo - middle) / radius,
                                    std::fabs(t.hi - middle) / radius});
  }
  return inside;
}

template <class Number>
bool contained(const Instance& instance, const reference::InfoNceEnclosures& found, Tally& tally) {
  const reference::InfoNceFormula<Number> formula(instance.problem, truth_bits);
  const auto& at = formula.context();
  bool all = true;
  Number sum = at.from_integer(0);
  for (std::int64_t i = 0; i < formula.rows(); ++i) {
    const auto k = static_cast<std::size_t>(i);
    const auto row = formula.row(formula.logits(i), i);
    all = holds(to_interval(row.loss), found.row_loss[k], tally) && all;
    if (!found.row_lse.empty()) all = holds(to_interval(row.lse), found.row_lse[k], tally) && all;
    sum += row.loss;
  }
  ++tally.enclosures;
  return holds(to_interval(sum / at.from_integer(formula.rows())), found.loss, tally) && all;
}

inline bool contained_everywhere(const Instance& instance,
                                 const reference::InfoNceEnclosures& found, Tally& tally) {
  bool all = contained<reference::MpfiNumber>(instance, found, tally);
#if ASSAY_HAVE_ARB
  all = contained<reference::ArbNumber>(instance, found, tally) && all;
#endif
  return all;
}

/// Against the fastest engine built in.
inline bool contained_once(const Instance& instance, const reference::InfoNceEnclosures& found,
                           Tally& tally) {
#if ASSAY_HAVE_ARB
  return contained<reference::ArbNumber>(instance, found, tally);
#else
  return contained<reference::MpfiNumber>(instance, found, tally);
#endif
}

/// The distance of neighbouring binary32 numbers at x.
inline double ulp32(double x) {
  return std::ldexp(1.0, std::max(std::ilogb(std::fabs(x)), -126) - 23);
}

}  // namespace assay::testing
