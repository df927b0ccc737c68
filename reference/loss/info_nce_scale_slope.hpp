// SPDX-License-Identifier: Apache-2.0
// The derivative of the logarithm of the scale by the parameter, through the clamp; one text over
// the number types, internal to the engines' tiers.
#pragma once

#include "reference/loss/hull.hpp"
#include "reference/loss/info_nce_scale.hpp"

namespace assay::reference {

/// d log(scale) / dq at the value q of a quantity in the form `form`.
template <class Number>
Number log_scale_slope(const Context<Number>& context, TemperatureAs form, const Number& q) {
  Number one = context.from_integer(1);
  switch (form) {
    case TemperatureAs::temperature: return -(one / q);
    case TemperatureAs::scale: return one / q;
    case TemperatureAs::log_scale: break;
  }
  return one;
}

/// dq/dt of a quantity in the form `to` by the parameter t > 0 (or log-scale) in the form `from`.
template <class Number>
Number change_of_form(const Context<Number>& context, TemperatureAs from, TemperatureAs to,
                      const Number& t) {
  Number one = context.from_integer(1);
  if (from == to) return one;
  Number slope = log_scale_slope(context, from, t);
  if (to == TemperatureAs::log_scale) return slope;
  Number scale = t;
  if (from == TemperatureAs::temperature) scale = one / t;
  if (from == TemperatureAs::log_scale) scale = exp(t);
  return to == TemperatureAs::scale ? scale * slope : -(slope / scale);
}

/// d log(scale) / dt at the parameter t, with the clamp as the setting declares.
template <class Number>
Number clamped_log_scale_slope(const Context<Number>& context, const InfoNceSetting& setting,
                               const EffectiveScale& effective, double parameter) {
  const Number t = context.exactly(parameter);
  Number zero = context.from_integer(0);
  const bool beyond = effective.side == ClampSide::below || effective.side == ClampSide::above;
  const bool stops = setting.clamp_gradient == ClampGradient::stops;
  if (beyond && stops) return zero;
  if (beyond)
    return log_scale_slope(context, effective.form, context.exactly(effective.value)) *
           change_of_form(context, setting.temperature_as, effective.form, t);
  Number slope = log_scale_slope(context, setting.temperature_as, t);
  if (effective.side != ClampSide::inside && stops) return hull(zero, slope);
  return slope;
}

}  // namespace assay::reference
