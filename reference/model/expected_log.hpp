// SPDX-License-Identifier: Apache-2.0
// E log(alpha + w sum_{i<=k} exp(t_i/tau)) for iid t_i with finitely many values, for any k, by a
// one-dimensional integral.
#pragma once

#include <span>

#include "reference/arithmetic/real.hpp"

namespace assay::reference {

/// The problem: t_1..t_k iid, equal to t[j] with probability masses[j].
struct LogProblem {
  std::span<const Real> masses;  ///< positive; the true values sum to 1
  std::span<const Real> t;
  int negatives = 1;     ///< k
  Real alpha = 1;        ///< >= 0
  Real weight = 1;       ///< w > 0
  Real temperature = 1;  ///< tau > 0
};

/// E log(alpha + w sum exp(t_i/tau)) from Frullani's integral
///     E log Y = log c - int_0^infinity (E exp(-s Y/c) - exp(-s)) ds/s,
/// whose cost does not depend on k. Arb: adaptive Gauss-Legendre quadrature over complex balls
/// (acb_calc_integrate). MPFI: the trapezoid rule in log s with a proved bound. Plain: the same
/// rule in doubles, without a bound. The two engines share no code and no formula beyond the
/// integral itself.
///
/// The relative radius is about 2^-bits also where the result is small, as far as masses and
/// exponents are known that well (exact ones always are).
/// \throws std::invalid_argument for a problem outside its domain; std::logic_error when a double
/// meets an enclosing arithmetic
Real expected_log(const Arithmetic& arithmetic, const LogProblem& problem);

}  // namespace assay::reference
