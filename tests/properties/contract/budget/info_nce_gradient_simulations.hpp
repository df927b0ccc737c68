// SPDX-License-Identifier: Apache-2.0
// Plain C++ binary32 implementations of InfoNCE backward: the stated algorithm, its defects, and
// strangers.
#pragma once

#include <string>

#include "info_nce_simulations.hpp"

namespace assay::testing {

/// Defects of the stated backward algorithm that a budget has to see.
enum class GradientDefect {
  none,
  upstream_ignored,          ///< 1 instead of the upstream gradients
  one_sided,                 ///< the coefficient of the other row of a pair is left out
  positive_by_cancellation,  ///< P - 1 from a rounded P
  coefficient_in_bf16,
  sum_in_bf16,      ///< a gradient's sum rounded to bfloat16 after every 32 vectors
  temperature_off,  ///< 1/T too large by 1 + 2^-9
  last_vector_lost,
  three_percent,  ///< gradients too large by 3 %
  temperature_sign,
  temperature_of_logits,  ///< coefficient times logit over the negatives only
};
std::string name_of(GradientDefect defect);
inline constexpr GradientDefect gradient_defects[] = {GradientDefect::upstream_ignored,
                                                      GradientDefect::one_sided,
                                                      GradientDefect::positive_by_cancellation,
                                                      GradientDefect::coefficient_in_bf16,
                                                      GradientDefect::sum_in_bf16,
                                                      GradientDefect::temperature_off,
                                                      GradientDefect::last_vector_lost,
                                                      GradientDefect::three_percent,
                                                      GradientDefect::temperature_sign,
                                                      GradientDefect::temperature_of_logits};

/// Backward of the algorithm "tiled-online-log1p", straightforwardly.
contract::Observation run_tiled_gradient(const engine::Case& c,
                                         GradientDefect defect = GradientDefect::none);

/// How a stranger goes from logits to gradients.
struct GradientStyle {
  enum class Weight {
    by_sum,  ///< exp(logit - max) / sum
    by_lse,  ///< exp(logit - lse)
    by_log,  ///< exp((logit - max) - log sum), as log-softmax has it
  };
  Weight weight = Weight::by_sum;
  bool upstream_first = false;  ///< the positive is w g - g instead of (w - 1) g
  bool positives_last = false;  ///< in the derivative by the temperature
};

/// A stranger: softmax minus one-hot, matrix products, sums in the order of `style`; functions off
/// by `style.ulps`; the logits' scale as in `style.scale`.
contract::Observation run_stranger_gradient(const engine::Case& c, const Style& style,
                                            const GradientStyle& gradient);

/// The outputs asked of every backward implementation of the case.
std::vector<engine::OutputSpec> gradient_outputs_of(const engine::Case& c);

}  // namespace assay::testing
