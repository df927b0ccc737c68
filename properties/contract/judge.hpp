// SPDX-License-Identifier: Apache-2.0
// The judge: an observation against an expectation. It knows no process, no device and no file.
#pragma once

#include <cstdint>
#include <vector>

#include "core/ends.hpp"
#include "core/tensor.hpp"
#include "properties/contract/budget.hpp"
#include "properties/contract/finding.hpp"
#include "properties/contract/observation.hpp"
#include "properties/engine/case.hpp"

namespace assay::contract {

/// Where the ladder starts and ends, in bits of the interval engines; it doubles in between.
struct Ladder {
  int first_bits = 64;
  int last_bits = 512;
  /// Derive a refutation again on an interval engine. A campaign does so only for the cases that it
  /// records: the first truth is an enclosure already.
  bool confirm = true;
};

/// Judges what a candidate did with a case (docs/budgets.md, "How the judge decides").
///
/// - conduct `unsupported`, `unavailable`: unavailable. Any violation of conduct: refuted, share
///   [-inf, inf]. Outputs that do not match `asked` (name, dtype, shape, a required one missing):
///   refuted with conduct `bad_reply`.
/// - an element is refuted when the lower end of |output - truth| exceeds its budget, or when it
///   does not meet a demand for NaN or for a non-finite value; NaN or infinity where a number is
///   demanded is refuted with share [inf, inf].
/// - an element that the given truth does not decide climbs `expectation.refine` on the first
///   engine; one that stays open at the top makes the case undecided.
/// - a refutation is final only when an interval engine derives it again: the last of the engines
///   built in (`confirmed_by` names it when it is another one than the first).
/// - certified only when every judged element's upper share is at most 1, and at least one element
///   was judged; unavailable when none was.
///
/// \pre `expectation.outputs` have as many elements as the shapes in `asked`
Finding judge(const Observation& observation, const Expectation& expectation,
              const std::vector<engine::OutputSpec>& asked, const Ladder& ladder = {});

/// |value - truth| as an enclosure. \pre value is finite
Ends error_of(double value, const Ends& truth);
/// error / budget as an enclosure; 0 / 0 is 0, anything else over 0 is infinite.
Ends share_of(const Ends& error, double budget);
/// Element `index` of a contiguous floating-point tensor, exactly. \throws std::invalid_argument
/// for an integer tensor
double value_at(const Tensor& tensor, std::int64_t index);

}  // namespace assay::contract
