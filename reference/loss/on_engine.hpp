// SPDX-License-Identifier: Apache-2.0
// From the name of an engine to its number type; internal to the ball and interval tiers.
#pragma once

#include <stdexcept>
#include <string>

#include "reference/arithmetic/number.hpp"

namespace assay::reference {

/// Calls `call(static_cast<const Number*>(nullptr))` with the number type of the engine.
/// \throws std::invalid_argument for an engine that is not built in
template <class Call>
auto with_engine(Engine engine, const Call& call) {
  if (engine == Engine::mpfi) return call(static_cast<const MpfiNumber*>(nullptr));
#if ASSAY_HAVE_ARB
  if (engine == Engine::arb) return call(static_cast<const ArbNumber*>(nullptr));
#endif
  throw std::invalid_argument("info_nce: the engine " + std::string(name_of(engine)) +
                              " is not built in");
}

/// "ball-128", "interval-256": which tier an answer came from.
inline std::string tier_name(Engine engine, int bits) {
  return (engine == Engine::arb ? "ball-" : "interval-") + std::to_string(bits);
}

}  // namespace assay::reference
