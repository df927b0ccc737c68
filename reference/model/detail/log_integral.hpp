// SPDX-License-Identifier: Apache-2.0
// The three evaluations of the integral behind expected_log; heavy (MPFI, Arb), for .cpp files.
#pragma once

#include <vector>

#include "reference/arithmetic/number.hpp"
#include "reference/arithmetic/real.hpp"

namespace assay::reference::detail {

/// E log(alpha + weight sum_{i<=k} e^{x_i}), x_i iid, equal to exponents[j] with masses[j]; at
/// least two exponents.
struct LogIntegral {
  std::vector<Real> masses;
  std::vector<Real> exponents;
  int k = 1;
  Real alpha;
  Real weight;
};

/// In doubles, by the trapezoid rule; no bound.
double log_integral_plain(const LogIntegral& problem);

/// How exactly a rigorous evaluation is to be done.
struct LogIntegralGoal {
  int working_bits = 64;
  double log2_tolerance = -53;  ///< base-2 logarithm of the absolute error aimed at
};
MpfiNumber log_integral_mpfi(const LogIntegral& problem, const LogIntegralGoal& goal);

/// The trapezoid rule with nodes n * step, first <= n <= last, and its three bounds by themselves:
/// how far the infinite sum is from the integral, and what the nodes left out on either side sum
/// to.
struct TrapezoidNodes {
  double step = 1;
  long first = 0;
  long last = 0;
};
struct TrapezoidRule {
  MpfiNumber value;
  MpfiNumber strip, left, right;
};
TrapezoidRule log_integral_rule(const LogIntegral& problem, int bits, const TrapezoidNodes& nodes);
#if ASSAY_HAVE_ARB
ArbNumber log_integral_arb(const LogIntegral& problem, const LogIntegralGoal& goal);
#endif

}  // namespace assay::reference::detail
