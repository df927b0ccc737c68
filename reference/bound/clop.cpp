// SPDX-License-Identifier: Apache-2.0
// CLOP, Theorem 1 and Appendix D.
#include "reference/bound/clop.hpp"

#include <stdexcept>

namespace assay::reference {
namespace {

void require_classes(long long classes, long long least) {
  // A million classes: the cubes below stay far inside 64 bits.
  if (classes < least || classes > 1'000'000)
    throw std::invalid_argument(least == 3 ? "classes must be at least 3 and at most 1000000"
                                           : "classes must be at least 2 and at most 1000000");
}

Real square(const Real& x) { return x * x; }

// b and c of the square norm 1 + b eta + c eta^2.
struct Coefficients {
  Real b, c;
};

Coefficients coefficients(ClopChain chain, long long k) {
  if (chain == ClopChain::corrected) return {0, Real::ratio(1, k - 1)};
  return {Real::ratio(1, k - 1) - Real::ratio(2, k),
          Real::ratio(k, (k - 1) * (k - 1)) - Real::ratio(2, k * (k - 1))};
}

Real square_norm(ClopChain chain, long long classes, const Real& eta) {
  return chain == ClopChain::printed ? clop_square_norm_second_line(classes, eta)
                                     : clop_square_norm(classes, eta);
}

}  // namespace

ClopUpdate clop_update(long long classes, const Real& eta) {
  require_classes(classes, 2);
  return {Real(1) + eta / Real(classes - 1), eta * Real::ratio(classes, classes - 1)};
}

Real clop_5(long long classes, const Real& eta, const Real& square_norm, const Real& mean_square,
            const Real& product) {
  require_classes(classes, 2);
  const Real own = Real(1) + eta / Real(classes - 1);
  const Real factor = Real::ratio(classes, classes - 1);
  return square(own) * square_norm + square(eta) * square(factor) * mean_square -
         Real(2) * eta * factor * own * product;
}

Real clop_6(long long classes) {
  require_classes(classes, 2);
  return Real::ratio(1, classes);
}

Real clop_7(long long classes, const Real& square_norm) {
  require_classes(classes, 2);
  return Real::ratio(1, classes) * square_norm;
}

Real clop_square_norm_first_line(long long classes, const Real& eta) {
  require_classes(classes, 2);
  const Real k = classes, below = classes - 1;
  const Real own = Real(1) + eta / below;
  return square(own) + k * square(eta) / square(below) -
         Real(2) * eta * (k / below) * own * (Real(1) / k);
}

Real clop_square_norm_second_line(long long classes, const Real& eta) {
  require_classes(classes, 2);
  const Real k = classes, below = classes - 1;
  return Real(1) + eta / below - Real(2) * eta / k - Real(2) * (square(eta) / (k * below)) +
         square(eta) * k / square(below);
}

Real clop_square_norm(long long classes, const Real& eta) {
  require_classes(classes, 2);
  return Real(1) + square(eta) / Real(classes - 1);
}

Real clop_b(ClopChain chain, long long classes, const Real& eta) {
  return sqrt(square_norm(chain, classes, eta));
}

Real clop_mean_factor(ClopChain chain, long long classes, const Real& eta) {
  return (Real(1) - eta) / clop_b(chain, classes, eta);
}

Sides clop_2(ClopChain chain, long long classes, const Real& eta, const Real& epsilon) {
  require_classes(classes, 3);
  return {square(Real(1) - eta), square_norm(chain, classes, eta) * square(Real(1) + epsilon)};
}

Sides clop_epsilon_0(ClopChain chain, long long classes, const Real& eta) {
  require_classes(classes, 3);
  const Real constant = chain == ClopChain::corrected
                            ? Real(-2)
                            : Real(-2) - Real::ratio(1, classes - 1) + Real::ratio(2, classes);
  return {constant + eta * clop_bracket(chain, classes), 0};
}

Real clop_bracket(ClopChain chain, long long classes) {
  require_classes(classes, 2);
  if (chain == ClopChain::corrected) return Real(1) - Real::ratio(1, classes - 1);
  return Real(1) + Real(2) * Real::ratio(1, classes * (classes - 1)) -
         Real::ratio(classes, (classes - 1) * (classes - 1));
}

Real clop_bound_quotient(ClopChain chain, long long classes) {
  require_classes(classes, 3);
  const long long k = classes;
  if (chain == ClopChain::corrected) return Real::ratio(2 * (k - 1), k - 2);
  return (Real(2) + Real::ratio(1, k - 1) - Real::ratio(2, k)) / clop_bracket(chain, k);
}

Real clop_bound_closed_form(long long classes) {
  require_classes(classes, 3);
  const Real k = classes;
  return (Real(2) * pow(k, 3) - Real(5) * pow(k, 2) + Real(5) * k - Real(2)) /
         (pow(k, 3) - Real(3) * pow(k, 2) + Real(4) * k - Real(2));
}

Real clop_bound_closed_form_of_quotient(long long classes) {
  require_classes(classes, 3);
  const Real k = classes;
  return (Real(2) * pow(k, 3) - Real(5) * pow(k, 2) + Real(5) * k - Real(2)) /
         (pow(k, 3) - Real(3) * pow(k, 2) + Real(3) * k - Real(2));
}

Real clop_bound_limit() { return 2; }

ClopCritical clop_critical_eta(const Arithmetic& in, ClopChain chain, long long classes,
                               const Real& epsilon) {
  require_classes(classes, 3);
  if (less_or_equal(Real(0), epsilon) != Truth::yes)
    throw std::invalid_argument("epsilon must not be negative");
  const Coefficients norm = coefficients(chain, classes);
  const Real scale = square(Real(1) + epsilon);
  const Real leading = Real(1) - norm.c * scale;
  ClopCritical result;
  result.always = less_or_equal(leading, 0);
  if (result.always != Truth::no) return result;
  // No cancellation: both terms of the numerator are >= 0.
  const Real half = (Real(2) + norm.b * scale) / Real(2);
  const Real discriminant = square(half) + leading * (scale - Real(1));
  result.eta = (half + sqrt(in(discriminant))) / leading;
  return result;
}

}  // namespace assay::reference
