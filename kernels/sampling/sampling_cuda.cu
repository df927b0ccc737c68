// SPDX-License-Identifier: Apache-2.0
// The samplers on a CUDA device.
#include "kernels/sampling/augmentation.cuh"
#include "kernels/sampling/memory_cuda.cuh"
#include "kernels/sampling/run.cuh"

namespace assay::kernels::sampling {

void sample_cuda(const Request& request, std::int64_t* out) {
  check(request, out);
  DeviceMemory memory;
  Run<DeviceMemory, Plain>(request, memory, Plain(), Fault::none).into(out);
}

void augment_cuda(const Augmentation& augmentation, float* out) {
  check(augmentation, out);
  DeviceMemory memory;
  run_augmentation(augmentation, memory, Plain(), out);
}

}  // namespace assay::kernels::sampling
