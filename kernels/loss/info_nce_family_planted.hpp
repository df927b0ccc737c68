// SPDX-License-Identifier: Apache-2.0
// Planted faults of the family's kernels that take effect before a kernel starts, and the settings
// in which each fault exists.
#pragma once

#include <vector>

#include "kernels/loss/info_nce_family.hpp"

namespace assay::kernels {

/// True if the fault changes something in this setting, on some inputs of this format; data (labels
/// beyond 2^32, rows without positives, several tiles) may be needed to see it.
bool family_fault_exists(Planted fault, const FamilySetting& setting, Dtype input, bool backward);

/// The inputs as a faulty implementation sees them.
struct SeenFamily {
  SeenFamily(const FamilyInputs& given, Planted fault, bool backward);
  SeenFamily(const SeenFamily&) = delete;
  SeenFamily& operator=(const SeenFamily&) = delete;

  FamilyInputs inputs;
  float inv_tau;
  bool exchanged = false;  ///< a and b have changed places
  /// What the sum over the rows becomes (OfParameter of info_nce_family_gradient.cuh).
  FamilySetting::TemperatureAs parameter_as;
  float parameter_factor;
  bool parameter_negated;

 private:
  void spoil_setting(Planted fault, bool backward);
  void spoil_data(Planted fault);
  void spoil_parameter(Planted fault);

  std::vector<unsigned char> a_, b_;
  std::vector<std::int64_t> a_labels_, b_labels_;
};

/// The upstream gradients as a faulty implementation sees them.
struct SeenFamilyUpstream {
  SeenFamilyUpstream(const FamilyBackwardArguments& given, Planted fault);
  SeenFamilyUpstream(const SeenFamilyUpstream&) = delete;
  SeenFamilyUpstream& operator=(const SeenFamilyUpstream&) = delete;

  const float* per_row;
  std::int64_t stride;
  float mean;

 private:
  std::vector<float> averaged_;
};

}  // namespace assay::kernels
