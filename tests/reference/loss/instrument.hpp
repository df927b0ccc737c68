// SPDX-License-Identifier: Apache-2.0
// The a-priori tier with instruments: the error of each step beside the term that bounds it.
#pragma once

#include <algorithm>
#include <array>
#include <cfenv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "reference/loss/info_nce.hpp"

namespace assay::testing {

/// The steps of the tier, in the order of docs/loss/info_nce-enclosure.md.
enum class Step : unsigned char { gram, logit, exponential, sum, ratio, logarithm, mean };
inline constexpr int steps = 7;
std::string name_of(Step step);

struct StepReport {
  std::int64_t checks = 0;
  std::int64_t violations = 0;
  double largest_error = 0;  ///< upper bound, in the unit of the term
  double largest_share = 0;  ///< largest error / term
};
using StepReports = std::array<StepReport, steps>;

/// Violations over all steps of an instrumented tier.
template <std::size_t count>
std::int64_t violations_in(const std::array<StepReport, count>& reports) {
  std::int64_t sum = 0;
  for (const StepReport& r : reports) sum += r.violations;
  return sum;
}
template <std::size_t count>
void merge(std::array<StepReport, count>& into, const std::array<StepReport, count>& more) {
  for (std::size_t i = 0; i < count; ++i) {
    into[i].checks += more[i].checks;
    into[i].violations += more[i].violations;
    into[i].largest_error = std::max(into[i].largest_error, more[i].largest_error);
    into[i].largest_share = std::max(into[i].largest_share, more[i].largest_share);
  }
}

/// Runs the tier's own code on the problem under `rounding_mode`, with one term of the bound set to
/// zero if asked; then, in round to nearest, compares what each step made of its actual input with
/// what the exact operation makes of it (MPFI). The problem must be in the tier's range, and small:
/// every inner product and every exponential is evaluated again.
StepReports measure_steps(const reference::InfoNceProblem& problem,
                          int rounding_mode = FE_TONEAREST,
                          std::optional<Step> deleted = std::nullopt);

}  // namespace assay::testing
