// SPDX-License-Identifier: Apache-2.0
// Plain binary32 implementations of the InfoNCE settings, as libraries write them.
#pragma once

#include <ostream>

#include "properties/contract/observation.hpp"
#include "properties/engine/case.hpp"

namespace assay::testing {

/// How a library may work.
struct FamilyStyle {
  bool backwards = false;            ///< sums from the last term to the first
  bool reciprocal = false;           ///< products with rounded reciprocals in place of quotients
  bool scale_first = false;          ///< the scale multiplies the vectors of the rows
  bool through_log_softmax = false;  ///< -((s - max) - log sum), exp of it; otherwise lse - s
  bool quotient = false;             ///< sums over positives and denominator relative to one shift
};
std::ostream& operator<<(std::ostream& out, const FamilyStyle& style);

/// The outputs of the case's operation.
contract::Observation run_family_stranger(const engine::Case& c, const FamilyStyle& style);

}  // namespace assay::testing
