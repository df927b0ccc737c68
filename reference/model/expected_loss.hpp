// SPDX-License-Identifier: Apache-2.0
// Expected contrastive losses of finite models, by four ways that share as little as possible.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "reference/arithmetic/real.hpp"
#include "reference/model/finite_model.hpp"
#include "reference/model/hardening.hpp"
#include "reference/model/loss_function.hpp"

namespace assay::reference {

/// The sampling laws of HN (2)-(7).
enum class Law : unsigned char { scl, ucl, hscl, hucl };
constexpr std::string_view name_of(Law law) {
  constexpr std::string_view names[] = {"SCL", "UCL", "HSCL", "HUCL"};
  return names[static_cast<int>(law)];
}
constexpr bool is_hardened(Law law) { return law == Law::hscl || law == Law::hucl; }
constexpr bool is_supervised(Law law) { return law == Law::scl || law == Law::hscl; }

/// How the expectation over the k negatives is taken.
enum class Way : unsigned char {
  automatic,    ///< whichever of the others is cheapest
  enumeration,  ///< all m^k tuples of m atoms; any psi, any eta
  multinomial,  ///< all ways to distribute k over m atoms; symmetric psi and eta
  integral,     ///< `expected_log`; the log family with a separable eta
  exact         ///< marginal laws of one negative or of the largest (additive psi, psi of the
                ///< maximum; separable eta), else all tuples; the result must be exact
};

/// E[eta(U) psi(U_1 - v, ..., U_k - v)] / E[eta(U)] for iid U_i, equal to u[j] with masses[j]: the
/// inner expectation of theory (3.1). The masses sum to 1; atoms need not differ. In doubles it is
/// plain, without a bound.
/// \throws std::invalid_argument for k < 1, sizes that differ, a way that does not apply or that
/// needs more than 2^24 terms, and (way exact) a result that is not exact; std::domain_error
/// "gamma is 0" when E[eta(U)] is 0, negative, or an enclosure that is not known to be positive
Real expected_over_negatives(std::span<const Real> masses, std::span<const Real> u, const Real& v,
                             const LossFunction& psi, const Hardening& eta, int negatives,
                             Way way = Way::automatic);

/// E[eta(U)], the normalisation of the hardened law; 0 and negative values are returned.
Real gamma_over_negatives(std::span<const Real> masses, std::span<const Real> u,
                          const Hardening& eta, int negatives);

/// The law of U = f(x).f(x^-) of one negative before hardening, given the anchor's class and point:
/// atoms that are known to be equal merged, atoms of mass 0 left out.
struct NegativeAtoms {
  std::vector<Real> masses;
  std::vector<Real> u;
};
/// \throws std::domain_error when class y has probability 1 and the law is supervised
NegativeAtoms negatives_of(const FiniteModel& model, Law law, int y, int x);

/// gamma(x, y, f) of HSCL or gamma(x, f) of HUCL, HN Definitions 3 and 4; 1 for SCL and UCL.
Real gamma(const FiniteModel& model, Law law, const Hardening& eta, int negatives, int y, int x);

/// L_SCL, L_UCL, L_HSCL, L_HUCL of theory (3.1). `eta` is not looked at by SCL and UCL. Exact,
/// enclosing or plain as the numbers of the model are (`FiniteModel::in`). The model is taken as it
/// is; `check` it once.
/// \throws what `expected_over_negatives` throws; std::domain_error "gamma(x,y,f) is 0 for class 2,
/// point 1" (counted from 1) for an anchor of positive probability
Real expected_loss(const FiniteModel& model, Law law, const LossFunction& psi, const Hardening& eta,
                   int negatives, Way way = Way::automatic);

}  // namespace assay::reference
