// SPDX-License-Identifier: Apache-2.0
// The samplers' kernels with a planted fault, under the emulator and on one core.
#include "kernels/emulator/options.hpp"
#include "kernels/sampling/memory.hpp"
#include "kernels/sampling/run.cuh"

namespace assay::kernels::sampling {

void sample_planted(const Request& request, Fault fault, std::int64_t* out,
                    const std::string& schedule) {
  check(request, out);
  const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
  HostMemory memory;
  Run<HostMemory, Altered>(request, memory, Altered{fault}, fault).into(out);
}

void sample_planted_cpu(const Request& request, Fault fault, std::int64_t* out) {
  check(request, out);
  CoreMemory memory;
  Run<CoreMemory, Altered>(request, memory, Altered{fault}, fault).into(out);
}

}  // namespace assay::kernels::sampling
