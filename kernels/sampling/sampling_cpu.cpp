// SPDX-License-Identifier: Apache-2.0
// The samplers on one core, without an emulator.
#include "kernels/sampling/inverse_cdf_cpu.hpp"
#include "kernels/sampling/memory.hpp"
#include "kernels/sampling/run.cuh"

namespace assay::kernels::sampling {

void sample_cpu(const Request& request, std::int64_t* out) {
  check(request, out);
  if (request.method == Method::inverse_cdf) return inverse_cdf_on_one_core(request, out);
  CoreMemory memory;
  Run<CoreMemory, Plain>(request, memory, Plain(), Fault::none).into(out);
}

}  // namespace assay::kernels::sampling
