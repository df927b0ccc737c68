// SPDX-License-Identifier: Apache-2.0
// The device entry of a build without nvcc: says what is missing.
#include <stdexcept>

#include "kernels/loss/info_nce.hpp"
#include "kernels/sampling/augmentation.hpp"

namespace assay::kernels::sampling {

void sample_cuda(const Request&, std::int64_t*) {
  throw std::runtime_error("CUDA: " + cuda_unavailable_reason());
}

void augment_cuda(const Augmentation&, float*) {
  throw std::runtime_error("CUDA: " + cuda_unavailable_reason());
}

}  // namespace assay::kernels::sampling
