// SPDX-License-Identifier: Apache-2.0
// On which side of a clamp's bound a temperature, scale or log-scale lies.
#include "reference/loss/info_nce_scale.hpp"

#include <stdexcept>

#include "reference/arithmetic/number.hpp"

namespace assay::reference {
namespace {

int sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

/// The sign of e^x - c. The two are equal only for x = 0 and c = 1: e to a rational power that is
/// not 0 is transcendental (Lindemann), so that more bits always decide.
int exp_against(double x, double c) {
  if (c <= 0) return 1;
  if (c == HUGE_VAL) return -1;
  if (x == 0) return sign(1 - c);
  constexpr int most_bits = 4096;  // two doubles that agree so far are not to be expected
  for (int bits = 128; bits <= most_bits; bits *= 2) {
    const Context<MpfiNumber> at(bits);
    const Interval power = to_interval(exp(at.exactly(x))), bound = to_interval(at.exactly(c));
    if (bound.less(power) == Truth::yes) return 1;
    if (power.less(bound) == Truth::yes) return -1;
  }
  throw std::runtime_error("info_nce: the clamp of the temperature is undecided at 4096 bits");
}

/// The sign of 1/x - c for x > 0.
int inverse_against(double x, double c) {
  if (c <= 0) return 1;
  if (c == HUGE_VAL) return -1;
  const Rational product = rational_from(x) * rational_from(c);
  return product < 1 ? 1 : product > 1 ? -1 : 0;
}

/// The sign of log x - c for x > 0.
int log_against(double x, double c) {
  if (c == HUGE_VAL || c == -HUGE_VAL) return -sign(c);
  return -exp_against(c, x);
}

/// The sign of q - c, with q the parameter t in the form `q`.
int quantity_against(TemperatureAs given, double t, TemperatureAs q, double c) {
  using As = TemperatureAs;
  if (given == q) return t < c ? -1 : t > c ? 1 : 0;
  switch (q) {
    case As::temperature:  // 1/t, or e^-t
      return given == As::scale ? inverse_against(t, c) : exp_against(-t, c);
    case As::scale: return given == As::temperature ? inverse_against(t, c) : exp_against(t, c);
    case As::log_scale: break;
  }
  if (given == As::scale) return log_against(t, c);
  return -log_against(t, -c);  // -log t against c
}

}  // namespace

TemperatureAs form_of(Clamp clamp) {
  if (clamp == Clamp::temperature) return TemperatureAs::temperature;
  return clamp == Clamp::scale ? TemperatureAs::scale : TemperatureAs::log_scale;
}

EffectiveScale effective_scale(const InfoNceSetting& s, double parameter) {
  EffectiveScale scale{s.temperature_as, parameter, ClampSide::inside};
  if (s.clamp == Clamp::none) return scale;
  const TemperatureAs form = form_of(s.clamp);
  const int low = quantity_against(s.temperature_as, parameter, form, s.clamp_low);
  const int high = quantity_against(s.temperature_as, parameter, form, s.clamp_high);
  if (low < 0) return {form, s.clamp_low, ClampSide::below};
  if (high > 0) return {form, s.clamp_high, ClampSide::above};
  if (high == 0) scale.side = ClampSide::at_high;
  if (low == 0) scale.side = ClampSide::at_low;
  return scale;
}

}  // namespace assay::reference
