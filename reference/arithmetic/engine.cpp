// SPDX-License-Identifier: Apache-2.0
// Which engines this library was built with.
#include "reference/arithmetic/engine.hpp"

namespace assay::reference {

bool built_in(Engine engine) { return engine == Engine::mpfi || ASSAY_HAVE_ARB; }

std::vector<Engine> engines() {
  if (built_in(Engine::arb)) return {Engine::arb, Engine::mpfi};
  return {Engine::mpfi};
}

}  // namespace assay::reference
