// SPDX-License-Identifier: Apache-2.0
// The family's device backend of a build without nvcc: says what is missing.
#include <stdexcept>

#include "kernels/loss/info_nce.hpp"
#include "kernels/loss/info_nce_family.hpp"

namespace assay::kernels {

void info_nce_family_forward_cuda(const FamilyArguments&) {
  throw std::runtime_error("CUDA: " + cuda_unavailable_reason());
}
void info_nce_family_backward_cuda(const FamilyBackwardArguments&) {
  throw std::runtime_error("CUDA: " + cuda_unavailable_reason());
}

}  // namespace assay::kernels
