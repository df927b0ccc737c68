// SPDX-License-Identifier: Apache-2.0
// The two interval engines, by name.
#pragma once

#include <string_view>
#include <vector>

namespace assay::reference {

/// mpfi: Boost.Multiprecision over MPFI and MPFR, always built in. arb: ball arithmetic
/// (Arb/FLINT), a build option (ASSAY_ARB), several times faster.
enum class Engine : unsigned char { mpfi, arb };

constexpr std::string_view name_of(Engine engine) {
  return engine == Engine::mpfi ? "mpfi" : "arb";
}

/// True if the engine was compiled in.
bool built_in(Engine engine);
/// The engines compiled in; the fastest first (the ladder climbs on the first, the final word of a
/// refutation is re-derived on the last).
std::vector<Engine> engines();

}  // namespace assay::reference
