// SPDX-License-Identifier: Apache-2.0
// The modelled column of a stranger's gradient vector on an InfoNCE setting.
#pragma once

#include <cstdint>
#include <vector>

#include "properties/contract/loss/info_nce_family_gradient_model.hpp"
#include "properties/contract/loss/info_nce_family_logits.hpp"

namespace assay::contract {

/// What the sum over vectors and the steps after it round, beside what the coefficients carry in.
/// `size`, `centre`, `flushed`: of the sums times the scale, per coordinate.
struct StrangerModel {
  std::vector<double> size, centre, flushed;
  double roundings;
  StrangerModel(std::size_t d, double count) : flushed(d), roundings(count) {}

  /// Per coordinate; `radial` as in `FamilyGradientModel::of_vector`.
  std::vector<double> modelled(const FamilyInstance& instance, const FamilyVectors& vectors,
                               const FamilyScale& scale, const FamilyGradientModel& model,
                               std::int64_t o, double radial) const;
};

}  // namespace assay::contract
