// SPDX-License-Identifier: Apache-2.0
// The split tier with instruments: the error of each step beside the term that bounds it.
#pragma once

#include <array>
#include <cfenv>
#include <cstdint>
#include <optional>
#include <string>

#include "reference/loss/info_nce.hpp"
#include "tests/reference/loss/instrument.hpp"

namespace assay::testing {

/// The steps of the split tier's loss, in the order of docs/loss/info_nce-split.md.
enum class SplitStep : unsigned char {
  gram,
  logit,
  exponential,
  sum,
  ratio,
  cut,
  logarithm,
  shift,
  mean
};
inline constexpr int split_steps = 9;
std::string name_of(SplitStep step);

using SplitStepReports = std::array<StepReport, split_steps>;

/// Runs the tier's own code under `rounding_mode`, with row shifts if asked, with one term of the
/// bound set to zero if asked; then, in round to nearest, compares what each step made of its
/// actual input with what the exact operation makes of it (MPFI). The problem must be small.
SplitStepReports measure_split_steps(const reference::InfoNceProblem& problem, bool shifted,
                                     int rounding_mode = FE_TONEAREST,
                                     std::optional<SplitStep> deleted = std::nullopt);

}  // namespace assay::testing
