// SPDX-License-Identifier: Apache-2.0
// The gradient of InfoNCE on intervals (MPFI).
#include "reference/loss/info_nce_gradient_formula_impl.hpp"

namespace assay::reference {

template class InfoNceGradientSum<MpfiNumber>;
template struct InfoNceGradientOnEngine<MpfiNumber>;

}  // namespace assay::reference
