// SPDX-License-Identifier: Apache-2.0
// Expectations over a finite model written out as the sums they are, for the steps of proofs.
#include "proofs-numeric/subject/models.hpp"

namespace assay::proofs {
namespace {

struct Atom {
  Real mass, u;
};

/// One negative given the anchor's label: every point with positive mass.
std::vector<Atom> atoms(const FiniteModel& m, Law law, int y, int x) {
  std::vector<Atom> result;
  for (int l = 0; l < m.classes; ++l) {
    const Real r = law == Law::scl ? m.other_class_probability(y, l)
                                   : m.negative_class_probabilities[static_cast<std::size_t>(l)];
    if (equal(r, Real(0)) == Truth::yes) continue;
    for (int n = 0; n < m.points; ++n)
      if (equal(m.s(l, n), Real(0)) != Truth::yes)
        result.push_back({r * m.s(l, n), m.inner(y, x, l, n)});
  }
  return result;
}

Real enumerate(const std::vector<Atom>& law, std::vector<Real>& u, std::size_t next,
               const Real& mass, const OfTuple& g) {
  if (next == u.size()) return mass * g(u);
  Real total = 0;
  for (const Atom& a : law) {
    u[next] = a.u;
    total += enumerate(law, u, next + 1, mass * a.mass, g);
  }
  return total;
}

}  // namespace

Real over_pairs(const FiniteModel& m, const OfPair& g) {
  Real total = 0;
  for (int y = 0; y < m.classes; ++y)
    for (int x = 0; x < m.points; ++x)
      for (int plus = 0; plus < m.points; ++plus) {
        const Real mass = m.class_probabilities[static_cast<std::size_t>(y)] * m.q(y, x, plus);
        if (equal(mass, Real(0)) != Truth::yes) total += mass * g(y, x, plus);
      }
  return total;
}

Real over_negatives(const FiniteModel& m, Law law, int y, int x, int k, const OfTuple& g) {
  std::vector<Real> u(static_cast<std::size_t>(k));
  return enumerate(atoms(m, law, y, x), u, 0, Real(1), g);
}

Real psi_shifted(const LossFunction& psi, std::span<const Real> u, const Real& v) {
  std::vector<Real> t(u.begin(), u.end());
  for (Real& x : t) x -= v;
  return psi(t);
}

}  // namespace assay::proofs
