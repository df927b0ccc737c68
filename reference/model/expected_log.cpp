// SPDX-License-Identifier: Apache-2.0
// expected_log: checks, special cases, and the precision that a small result needs.
#include "reference/model/expected_log.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "reference/arithmetic/detail/real_node.hpp"
#include "reference/model/detail/log_integral.hpp"

namespace assay::reference {
namespace {

using detail::LogIntegral;
using detail::LogIntegralGoal;

void require_domain(const LogProblem& p) {
  if (p.masses.size() != p.t.size() || p.t.empty())
    throw std::invalid_argument("expected log: masses and exponents do not fit");
  if (p.negatives < 1) throw std::invalid_argument("expected log: k must be at least 1");
  if (less(p.alpha, 0) != Truth::no)
    throw std::invalid_argument("expected log: alpha must be at least 0");
  if (less(0, p.weight) != Truth::yes)
    throw std::invalid_argument("expected log: the weight must be above 0");
  if (less(0, p.temperature) != Truth::yes)
    throw std::invalid_argument("expected log: the temperature must be above 0");
  for (const Real& mass : p.masses)
    if (less(mass, 0) == Truth::yes)
      throw std::invalid_argument("expected log: the mass " + mass.text() + " is negative");
}

/// Exponents over the temperature; atoms of mass 0 left out, atoms known to be equal merged.
/// Enclosures that look alike are not known to be equal.
LogIntegral merged(const Arithmetic& arithmetic, const LogProblem& p) {
  LogIntegral result;
  result.k = p.negatives;
  result.alpha = arithmetic(p.alpha);
  result.weight = arithmetic(p.weight);
  for (std::size_t j = 0; j < p.t.size(); ++j) {
    const Real mass = arithmetic(p.masses[j]);
    const Real exponent = arithmetic(p.t[j]) / arithmetic(p.temperature);
    if (equal(mass, 0) == Truth::yes) continue;
    const bool known = exponent.is_exact() || exponent.is_plain();
    const auto same = std::find_if(result.exponents.begin(), result.exponents.end(),
                                   [&](const Real& x) { return known && identical(x, exponent); });
    if (same != result.exponents.end()) {
      result.masses[static_cast<std::size_t>(same - result.exponents.begin())] += mass;
    } else {
      result.exponents.push_back(exponent);
      result.masses.push_back(mass);
    }
  }
  if (result.masses.empty()) throw std::invalid_argument("expected log: all masses are 0");
  return result;
}

/// log(alpha + k w e^x) without any chance in it.
Real certain_log(const LogIntegral& p) {
  const Real y = p.weight * p.k * exp(p.exponents.front());
  if (equal(p.alpha, 0) == Truth::yes) return p.exponents.front() + log(p.weight * p.k);
  return equal(p.alpha, 1) == Truth::yes ? log1p(y) : log(p.alpha + y);
}

/// Base-2 logarithm of |x|; of what is not finite or 0, that of the smallest normal double.
double log2_of(double x) {
  return std::isfinite(x) && x != 0
             ? std::log2(std::fabs(x))
             : static_cast<double>(std::numeric_limits<double>::min_exponent);
}

bool all_exact(const LogIntegral& p) {
  const auto exact = [](const Real& x) { return x.is_exact(); };
  return std::all_of(p.masses.begin(), p.masses.end(), exact) &&
         std::all_of(p.exponents.begin(), p.exponents.end(), exact);
}

Real evaluate(Engine engine, const LogIntegral& p, const LogIntegralGoal& goal) {
#if ASSAY_HAVE_ARB
  if (engine == Engine::arb) return Real::Node::enclosure(log_integral_arb(p, goal));
#endif
  if (engine != Engine::mpfi) throw std::logic_error("expected log: the engine is not built in");
  return Real::Node::enclosure(log_integral_mpfi(p, goal));
}

}  // namespace

Real expected_log(const Arithmetic& arithmetic, const LogProblem& problem) {
  require_domain(problem);
  const LogIntegral p = merged(arithmetic, problem);
  if (p.exponents.size() == 1) return certain_log(p);
  const double estimate = detail::log_integral_plain(p);
  if (arithmetic.is_plain()) return Real::plain(estimate);

  // A result of size 2^-s needs s bits more in front. The estimate may be off (it has no bound), so
  // the width is looked at, and missing bits are added once.
  const int guard = 7 + static_cast<int>(std::log2(p.k));
  const int smallness = std::clamp(static_cast<int>(-log2_of(estimate)), 0, 4096);
  LogIntegralGoal goal;
  goal.working_bits = std::min(arithmetic.bits() + guard + smallness, highest_bits);
  goal.log2_tolerance = log2_of(estimate) - arithmetic.bits() - 4;
  Real result = evaluate(arithmetic.engine(), p, goal);
  const double width = log2_of(result.interval().width_up());
  const double wanted = log2_of(result.approximate()) - arithmetic.bits() + 2;
  if (width > wanted && all_exact(p)) {
    const int missing = std::clamp(static_cast<int>(width - wanted) + 8, 8, 4096);
    goal.working_bits = std::min(goal.working_bits + missing, highest_bits);
    goal.log2_tolerance -= missing;
    result = evaluate(arithmetic.engine(), p, goal);
  }
  return Real::enclosed(result.interval(), arithmetic);
}

}  // namespace assay::reference
