// SPDX-License-Identifier: Apache-2.0
// The samplers on a CUDA device.
#include "kernels/sampling/memory_cuda.cuh"
#include "kernels/sampling/run.cuh"

namespace assay::kernels::sampling {

void sample_cuda(const Request& request, std::int64_t* out) {
  check(request, out);
  DeviceMemory memory;
  Run<DeviceMemory, Plain>(request, memory, Plain(), Fault::none).into(out);
}

}  // namespace assay::kernels::sampling
