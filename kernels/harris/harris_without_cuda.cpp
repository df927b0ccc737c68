// SPDX-License-Identifier: Apache-2.0
// The device entry of a build without nvcc: says what is missing.
#include <stdexcept>

#include "kernels/harris/harris.hpp"
#include "kernels/loss/info_nce.hpp"

namespace assay::kernels {

void harris_cuda(const HarrisBatch&, HarrisSums*) {
  throw std::runtime_error("CUDA: " + cuda_unavailable_reason());
}

}  // namespace assay::kernels
