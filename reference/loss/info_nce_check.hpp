// SPDX-License-Identifier: Apache-2.0
// What every InfoNCE entry point asks of its problem.
#pragma once

#include "reference/loss/info_nce.hpp"

namespace assay::reference {

/// \throws std::invalid_argument naming the field that makes no sense: sizes below 1, missing
/// pointers, strides shorter than a row, a temperature that is not a positive finite number
void check_shape(const InfoNceProblem& problem);
/// \throws std::invalid_argument naming the first entry of a or b that is not finite
void check_finite(const InfoNceProblem& problem);
/// \throws std::out_of_range
void check_row(const InfoNceProblem& problem, std::int64_t row);

}  // namespace assay::reference
