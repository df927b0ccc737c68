// SPDX-License-Identifier: Apache-2.0
// The device entry of a build without nvcc: says what is missing.
#include <stdexcept>

#include "kernels/loss/generalized.hpp"
#include "kernels/loss/info_nce.hpp"

namespace assay::kernels {

void generalized_loss_cuda(const TupleArguments&) {
  throw std::runtime_error("CUDA: " + cuda_unavailable_reason());
}

}  // namespace assay::kernels
