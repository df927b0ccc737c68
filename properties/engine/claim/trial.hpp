// SPDX-License-Identifier: Apache-2.0
// One exact instance of a claim on trial: enclosures of its margin until the sign is proved, on
// one engine, then on the other, then the second way.
#pragma once

#include <optional>
#include <string>

#include "properties/engine/claim/claim.hpp"

namespace assay::engine {

enum class Sign : unsigned char {
  holds,     ///< proved: the relation holds here
  violated,  ///< proved, and derived again independently: it does not
  open,      ///< the margin's enclosure contains 0 at the highest precision
  outside,   ///< the instance is no point of the domain or breaks a hypothesis
  failed,    ///< the sides could not be evaluated
};
std::string_view name_of(Sign sign);

struct TrialReport {
  Sign sign = Sign::open;
  std::string why;  ///< of outside and failed: what is wrong, in words
  reference::Interval margin;
  bool exact = false;  ///< the margin is a rational number, known exactly
  std::string margin_text, left_text, right_text;  ///< exact fractions or enclosures
  int bits = 0;                                    ///< precision that decided
  std::string confirmation;                        ///< "arb 64 bits; mpfi 64 bits; second way"
};

struct TrialLimits {
  int first_bits = 64, top_bits = 512;
};

/// The trial of an exact instance. Constraints and hypotheses first, exactly; then the sign of the
/// margin on the fastest engine at growing precision. What decides (a violation, for claims of
/// existence a proof that the relation holds, for exhaustive claims either) is derived again on the
/// other engine, hypotheses included, and by the claim's second way, and is `open` where they do
/// not agree. Sides in doubles decide nothing: `failed`.
TrialReport try_instance(const Claim& claim, const Instance& exact, const TrialLimits& limits = {});

}  // namespace assay::engine
