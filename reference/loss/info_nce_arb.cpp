// SPDX-License-Identifier: Apache-2.0
// InfoNCE on balls (Arb); empty where Arb is not built in.
#include "reference/loss/info_nce_formula_impl.hpp"

#if ASSAY_HAVE_ARB
namespace assay::reference {

template class InfoNceFormula<ArbNumber>;
template class LogitRows<ArbNumber>;
template struct InfoNceOnEngine<ArbNumber>;

}  // namespace assay::reference
#endif
