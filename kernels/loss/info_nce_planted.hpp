// SPDX-License-Identifier: Apache-2.0
// Planted faults that take effect before an InfoNCE kernel starts: in what it is told of its
// inputs, of the temperature, of the number of rows and of the upstream gradients.
#pragma once

#include <vector>

#include "kernels/loss/info_nce.hpp"
#include "kernels/planted.hpp"

namespace assay::kernels {

/// The inputs as a faulty implementation sees them: other pointers, or a distorted copy.
struct SeenInputs {
  SeenInputs(const InfoNceInputs& given, Planted fault);
  SeenInputs(const SeenInputs&) = delete;
  SeenInputs& operator=(const SeenInputs&) = delete;

  InfoNceInputs inputs;
  float inv_tau;
  bool exchanged = false;  ///< a and b have changed places

 private:
  std::vector<unsigned char> a_, b_;
};

/// What the mean is divided by; by rights the number of rows.
float seen_divisor(const InfoNceInputs& given, Planted fault);

/// The upstream gradients as a faulty implementation sees them.
struct SeenUpstream {
  SeenUpstream(const InfoNceBackwardArguments& given, Planted fault);

  const float* per_row;
  std::int64_t stride;
  float mean_part;
};

/// What the temperature's sum is multiplied by, apart from -1; by rights inv_tau.
float seen_temperature_factor(float inv_tau, Planted fault);

}  // namespace assay::kernels
