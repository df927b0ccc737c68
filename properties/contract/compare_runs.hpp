// SPDX-License-Identifier: Apache-2.0
// What two runs of one case amount to: complete, unwritten, or different from each other.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/tensor.hpp"
#include "properties/contract/observation.hpp"

namespace assay::contract {

/// Fills conduct, detail and `repeat` of an observation whose `outputs` are those of the first run.
/// `poison(dtype, run)` is the pattern with which outputs were filled beforehand; null when the
/// candidate allocates its own. Elements are compared as bits: two NaN of different payload differ,
/// but not where a program allocates (no `poison`): IEEE 754 leaves their sign and payload open,
/// and the operand that a NaN is taken from depends on where a vector loop starts, that is on the
/// alignment of a buffer.
void judge_two_runs(Observation& first, std::vector<Tensor> second, bool deterministic,
                    const std::function<std::uint64_t(Dtype, int)>& poison);

}  // namespace assay::contract
