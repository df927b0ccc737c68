// SPDX-License-Identifier: Apache-2.0
// CLOP (CL: arXiv 2403.18699), Theorem 1 and its proof (Appendix D): every display as a function of
// the number k of class embeddings, the learning rate eta and the tolerance epsilon.
//
// Displays are encoded as printed; where a display is not what the line above it gives, the
// corrected number is a function of its own. All functions but the ones with a square root are
// exact on exact arguments. k = `classes` >= 3 (the paper's k > 2) unless stated; every function
// \throws std::invalid_argument naming the parameter outside its range.
#pragma once

#include <optional>

#include "reference/arithmetic/real.hpp"

namespace assay::reference {

/// The update of Appendix D, x_i^(1) = own * x_i^(0) - mean * mu^(0), with
/// own = 1 + eta/(k-1) and mean = eta k/(k-1). k >= 2
struct ClopUpdate {
  Real own, mean;
};
ClopUpdate clop_update(long long classes, const Real& eta);

/// Right side of (5): E||x_i^(1)||^2 from E||x_i^(0)||^2, E||mu^(0)||^2 and E[x_i^(0) . mu^(0)].
/// k >= 2
Real clop_5(long long classes, const Real& eta, const Real& square, const Real& mean_square,
            const Real& product);
/// (6): E||mu^(0)||^2 = Tr(I_m / (k m)) = 1/k
Real clop_6(long long classes);
/// (7): E[x_i . mu] = E||x_i||^2 / k
Real clop_7(long long classes, const Real& square);

/// First line of the display after (7):
/// (1 + eta/(k-1))^2 + k eta^2/(k-1)^2 - 2 eta k/(k-1) (1 + eta/(k-1))/k. k >= 2
Real clop_square_norm_first_line(long long classes, const Real& eta);
/// Second line, as printed: 1 + eta/(k-1) - 2 eta/k - 2 eta^2/(k(k-1)) + eta^2 k/(k-1)^2. It is
/// less than the first line by eta (k-2)/(k(k-1)) (1 + eta/(k-1)). k >= 2
Real clop_square_norm_second_line(long long classes, const Real& eta);
/// What the first line is: 1 + eta^2/(k-1). k >= 2
Real clop_square_norm(long long classes, const Real& eta);

/// Which of the two E||x_i^(1)||^2 the rest of the chain is built on.
enum class ClopChain {
  printed,   ///< the second line of the display after (7)
  corrected  ///< the first line, 1 + eta^2/(k-1)
};
/// B, the square root of the expected square norm. \throws std::logic_error for an exact eta that
/// knows no arithmetic, unless the root is rational
Real clop_b(ClopChain chain, long long classes, const Real& eta);
/// Factor of mu^(0) in the display of mu^(1): (1 - eta)/B.
Real clop_mean_factor(ClopChain chain, long long classes, const Real& eta);

/// The two sides of an inequality left <= right.
struct Sides {
  Real left, right;
};
/// Condition (2): (1 - eta)^2 <= B^2 (1 + epsilon)^2. It is |1 - eta| <= B (1 + epsilon); the line
/// above it in the paper, (1 - eta)/B <= 1 + epsilon, holds for every eta >= 1.
Sides clop_2(ClopChain chain, long long classes, const Real& eta, const Real& epsilon);
/// The inequality for epsilon = 0, condition (2) divided by eta. Printed:
/// (-2 - 1/(k-1) + 2/k) + eta (1 + 2/(k(k-1)) - k/(k-1)^2) <= 0; corrected:
/// -2 + eta (1 - 1/(k-1)) <= 0.
Sides clop_epsilon_0(ClopChain chain, long long classes, const Real& eta);
/// The bracket that multiplies eta there; the paper states it is positive for k > 2. k >= 2
Real clop_bracket(ClopChain chain, long long classes);

/// The bound on eta for epsilon = 0 as a quotient: printed
/// (2 + 1/(k-1) - 2/k)/(1 + 2/(k(k-1)) - k/(k-1)^2), corrected 2(k-1)/(k-2).
Real clop_bound_quotient(ClopChain chain, long long classes);
/// The closed form that the paper prints for it: (2k^3-5k^2+5k-2)/(k^3-3k^2+4k-2).
Real clop_bound_closed_form(long long classes);
/// The closed form that equals the printed quotient: (2k^3-5k^2+5k-2)/(k^3-3k^2+3k-2).
Real clop_bound_closed_form_of_quotient(long long classes);
/// Limit of all of them for k to infinity: 2.
Real clop_bound_limit();

/// Where condition (2) holds among eta >= 0, for a given epsilon >= 0.
struct ClopCritical {
  /// yes: for every eta >= 0. unknown: the leading coefficient is an enclosure that may be 0.
  Truth always = Truth::unknown;
  /// When not always: the condition holds exactly for 0 <= eta <= *eta.
  std::optional<Real> eta;
};
/// With E = (1+epsilon)^2 and the square norm 1 + b eta + c eta^2, condition (2) reads
/// (1 - cE) eta^2 - (2 + bE) eta + (1 - E) <= 0. For cE < 1 its larger root is the answer (the
/// product of the roots is <= 0, and 2 + bE > 0); for cE >= 1 the condition holds for every
/// eta >= 0 (docs/bounds.md has the proof). With in not plain and epsilon exact the sign of 1 - cE
/// is decided exactly.
ClopCritical clop_critical_eta(const Arithmetic& in, ClopChain chain, long long classes,
                               const Real& epsilon);

}  // namespace assay::reference
