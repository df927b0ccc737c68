// SPDX-License-Identifier: Apache-2.0
// Plain C++ binary32 implementations of InfoNCE: the stated algorithm, its defects, and strangers.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "core/tensor.hpp"
#include "properties/contract/observation.hpp"
#include "properties/engine/case.hpp"

namespace assay::testing {

/// Defects of the stated algorithm that a budget has to see.
enum class Defect {
  none,
  temperature_off,  ///< 1/temperature too large by a factor 1 + 2^-16
  last_column_twice,
  positive_twice,  ///< the positive also among the negatives
  half_row_sum,    ///< the sum kept in binary16
  no_maximum,      ///< exponentials without a shift
};
std::string name_of(Defect defect);
inline constexpr Defect defects[] = {Defect::temperature_off, Defect::last_column_twice,
                                     Defect::positive_twice, Defect::half_row_sum,
                                     Defect::no_maximum};

/// The algorithm "tiled-online-log1p", straightforwardly.
contract::Observation run_tiled(const engine::Case& c, Defect defect = Defect::none);

/// How a stranger goes about it.
struct Style {
  enum class Order { forward, reverse, pairwise, fused } order = Order::forward;
  enum class Scale { divide, multiply, divide_first, multiply_first } scale = Scale::divide;
  enum class Form { difference, log_softmax, log1p, log1p_of_positive } form = Form::difference;
  int ulps = 0;  ///< every function is off by this many units in the last place, in one direction
  bool flush = false;  ///< results below the smallest normal number become zero
};
std::ostream& operator<<(std::ostream& out, const Style& style);
contract::Observation run_stranger(const engine::Case& c, const Style& style);

/// The outputs asked of every implementation of the case.
std::vector<engine::OutputSpec> outputs_of(const engine::Case& c);

}  // namespace assay::testing
