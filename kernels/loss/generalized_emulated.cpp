// SPDX-License-Identifier: Apache-2.0
// The generalized loss under the emulator.
#include "kernels/emulator/options.hpp"
#include "kernels/loss/generalized.cuh"

namespace assay::kernels {

void generalized_loss_emulated(const TupleArguments& a, const std::string& schedule) {
  check_tuples(a);
  const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
  generalized::launch_losses(generalized::problem_of(a, a.points, a.pairs, a.negatives),
                             a.row_loss);
}

}  // namespace assay::kernels
