// SPDX-License-Identifier: Apache-2.0
// The scale of the logits in a member of the InfoNCE family: form, value, clamp; no arithmetic
// beyond deciding on which side of a bound the parameter lies.
#pragma once

#include "reference/loss/info_nce_family.hpp"

namespace assay::reference {

/// Where the clamped quantity lies before the clamp, decided exactly.
enum class ClampSide : unsigned char { below, at_low, inside, at_high, above };

/// The quantity that scales the logits: in the parameter's own form, or, beyond a bound of the
/// clamp, that bound in the form of the clamped quantity.
struct EffectiveScale {
  TemperatureAs form = TemperatureAs::temperature;
  double value = 1;
  ClampSide side = ClampSide::inside;
};

/// \pre a setting and a parameter that `check_family` accepts
/// \throws std::runtime_error if 4096 bits do not tell the parameter from a bound
EffectiveScale effective_scale(const InfoNceSetting& setting, double parameter);

/// The form that a clamped quantity has. \pre clamp is not none
TemperatureAs form_of(Clamp clamp);

}  // namespace assay::reference
