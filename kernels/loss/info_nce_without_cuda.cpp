// SPDX-License-Identifier: Apache-2.0
// The device backend of a build without nvcc: says what is missing.
#include <stdexcept>

#include "kernels/loss/info_nce.hpp"

namespace assay::kernels {

std::string cuda_unavailable_reason() { return "built without nvcc"; }

void info_nce_forward_cuda(const InfoNceArguments&) {
  throw std::runtime_error("CUDA: " + cuda_unavailable_reason());
}
void info_nce_backward_cuda(const InfoNceBackwardArguments&) {
  throw std::runtime_error("CUDA: " + cuda_unavailable_reason());
}

void info_nce_forward_tensor_cuda(const InfoNceArguments&) {
  throw std::runtime_error("CUDA: " + cuda_unavailable_reason());
}
void info_nce_backward_tensor_cuda(const InfoNceBackwardArguments&) {
  throw std::runtime_error("CUDA: " + cuda_unavailable_reason());
}

}  // namespace assay::kernels
