// SPDX-License-Identifier: Apache-2.0
// InfoNCE on intervals (MPFI).
#include "reference/loss/info_nce_formula_impl.hpp"

namespace assay::reference {

template class InfoNceFormula<MpfiNumber>;
template class LogitRows<MpfiNumber>;
template struct InfoNceOnEngine<MpfiNumber>;

}  // namespace assay::reference
