// SPDX-License-Identifier: Apache-2.0
// The sums over tuples and over counts behind expected_over_negatives.
#pragma once

#include <span>

#include "reference/arithmetic/real.hpp"
#include "reference/model/hardening.hpp"
#include "reference/model/loss_function.hpp"

namespace assay::reference::detail {

/// E[eta] and E[eta psi].
struct HardenedSums {
  Real gamma = 0;
  Real weighted = 0;
};

/// The number of terms, or more than `most` if it is more.
double tuple_count(std::size_t atoms, int k);
double multinomial_count(std::size_t atoms, int k);
inline constexpr double most_terms = 1 << 24;

/// Over all m^k tuples. `psi` may be null: then `weighted` stays 0.
HardenedSums sum_over_tuples(std::span<const Real> masses, std::span<const Real> u, const Real& v,
                             const LossFunction* psi, const Hardening& eta, int k);
/// Over all counts c_1 + ... + c_m = k with weight k!/prod c_j! prod p_j^{c_j}.
HardenedSums sum_over_counts(std::span<const Real> masses, std::span<const Real> u, const Real& v,
                             const LossFunction* psi, const Hardening& eta, int k);

}  // namespace assay::reference::detail
