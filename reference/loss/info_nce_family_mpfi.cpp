// SPDX-License-Identifier: Apache-2.0
// The InfoNCE family on intervals (MPFI).
#include "reference/loss/info_nce_family_gradient_impl.hpp"

namespace assay::reference {

template struct InfoNceFamilyOnEngine<MpfiNumber>;

}  // namespace assay::reference
