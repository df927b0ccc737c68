// SPDX-License-Identifier: Apache-2.0
// The samplers' kernels under the emulator.
#include "kernels/emulator/options.hpp"
#include "kernels/sampling/memory.hpp"
#include "kernels/sampling/run.cuh"

namespace assay::kernels::sampling {

void sample_emulated(const Request& request, std::int64_t* out, const std::string& schedule) {
  check(request, out);
  const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
  HostMemory memory;
  Run<HostMemory, Plain>(request, memory, Plain(), Fault::none).into(out);
}

}  // namespace assay::kernels::sampling
