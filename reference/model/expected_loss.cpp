// SPDX-License-Identifier: Apache-2.0
// Expected losses: from the model to the atoms of one negative, and the mean over anchors.
#include "reference/model/expected_loss.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace assay::reference {
namespace {

bool is_zero(const Real& x) { return equal(x, 0) == Truth::yes; }

/// Adds an atom, to an earlier one where both are the same number. Two enclosures that look alike
/// need not be.
void add_atom(NegativeAtoms& atoms, const Real& mass, const Real& u) {
  if (is_zero(mass)) return;
  const bool known = u.is_exact() || u.is_plain();
  for (std::size_t j = 0; known && j < atoms.u.size(); ++j)
    if (identical(atoms.u[j], u)) {
      atoms.masses[j] += mass;
      return;
    }
  atoms.masses.push_back(mass);
  atoms.u.push_back(u);
}

[[noreturn]] void fail_at(Law law, const std::string& what, int y, int x) {
  const std::string name = is_supervised(law) ? "gamma(x,y,f)" : "gamma(x,f)";
  throw std::domain_error(name + what + " for class " + std::to_string(y + 1) + ", point " +
                          std::to_string(x + 1));
}

/// gamma > 0 with certainty, or an error that names the anchor. A separable gamma is a power, whose
/// base says the same and does not underflow in doubles.
void require_gamma(const NegativeAtoms& atoms, Law law, const Hardening& eta, int negatives, int y,
                   int x) {
  const Real value =
      gamma_over_negatives(atoms.masses, atoms.u, eta, eta.properties().separable ? 1 : negatives);
  const Truth positive = less(0, value);
  if (positive == Truth::yes) return;
  if (is_zero(value)) fail_at(law, " is 0", y, x);
  if (positive == Truth::no) fail_at(law, " is " + value.text(), y, x);
  fail_at(law, " is not known to be positive: " + value.text(), y, x);
}

}  // namespace

NegativeAtoms negatives_of(const FiniteModel& model, Law law, int y, int x) {
  NegativeAtoms atoms;
  for (int l = 0; l < model.classes; ++l) {
    const Real of_class = is_supervised(law)
                              ? model.other_class_probability(y, l)
                              : model.negative_class_probabilities[static_cast<std::size_t>(l)];
    if (is_zero(of_class)) continue;
    for (int j = 0; j < model.points; ++j)
      add_atom(atoms, of_class * model.s(l, j), model.inner(y, x, l, j));
  }
  return atoms;
}

Real gamma(const FiniteModel& model, Law law, const Hardening& eta, int negatives, int y, int x) {
  if (!is_hardened(law)) return 1;
  const NegativeAtoms atoms = negatives_of(model, law, y, x);
  return gamma_over_negatives(atoms.masses, atoms.u, eta, negatives);
}

Real expected_loss(const FiniteModel& model, Law law, const LossFunction& psi, const Hardening& eta,
                   int negatives, Way way) {
  const Hardening used = is_hardened(law) ? eta : Hardening();
  Real total = 0;
  for (int y = 0; y < model.classes; ++y) {
    const Real& of_class = model.class_probabilities[static_cast<std::size_t>(y)];
    if (is_zero(of_class)) continue;
    Real given_class = 0;
    for (int x = 0; x < model.points; ++x) {
      NegativeAtoms atoms;  // made for the first positive that has a probability
      for (int positive = 0; positive < model.points; ++positive) {
        const Real& weight = model.q(y, x, positive);
        if (is_zero(weight)) continue;
        if (atoms.u.empty()) {
          atoms = negatives_of(model, law, y, x);
          if (!used.is_none()) require_gamma(atoms, law, used, negatives, y, x);
        }
        const Real v = model.inner(y, x, y, positive);
        given_class +=
            weight * expected_over_negatives(atoms.masses, atoms.u, v, psi, used, negatives, way);
      }
    }
    total += of_class * given_class;
  }
  return total;
}

}  // namespace assay::reference
