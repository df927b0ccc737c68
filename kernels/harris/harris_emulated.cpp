// SPDX-License-Identifier: Apache-2.0
// The Harris kernel under the emulator.
#include "kernels/emulator/options.hpp"
#include "kernels/harris/harris.cuh"

namespace assay::kernels {

void harris_emulated(const HarrisBatch& batch, HarrisSums* sums, const std::string& schedule) {
  check_harris_batch(batch, sums);
  const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
  harris::launch_sums(harris::problem_of(batch, batch.weights, batch.g, batch.h), sums);
}

}  // namespace assay::kernels
