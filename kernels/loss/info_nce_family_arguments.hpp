// SPDX-License-Identifier: Apache-2.0
// What all entry points of the family's kernels do before anything runs.
#pragma once

#include "kernels/loss/info_nce_family.hpp"

namespace assay::kernels {

/// \throws std::invalid_argument naming the first argument, field or row that makes no sense
void check_family_arguments(const FamilyArguments& arguments);
void check_family_arguments(const FamilyBackwardArguments& arguments);

/// The factor of the similarities, 1/T, scale or exp(log scale), rounded once to binary32.
float family_scale(FamilySetting::TemperatureAs as, double parameter);

/// The upstream gradient of the mean over rows, not yet divided by the number of rows (G1).
float family_mean_upstream(const FamilySetting& setting, float grad_loss);

/// True if the kernels work on images of the vectors: normalised, or narrow ones widened.
inline bool family_needs_images(const FamilyInputs& q) {
  return q.setting.normalisation != FamilySetting::Normalisation::none || q.input != Dtype::f32;
}

}  // namespace assay::kernels
