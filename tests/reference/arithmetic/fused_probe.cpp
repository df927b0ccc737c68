// SPDX-License-Identifier: Apache-2.0
// The probes once more, in a file compiled with the contraction that the project forbids.
#include "reference/arithmetic/detail/environment_probes.hpp"

namespace assay::reference {
bool products_are_not_fused_when_contraction_is_allowed() {
  return detail::products_are_not_fused();
}
}  // namespace assay::reference
