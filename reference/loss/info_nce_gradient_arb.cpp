// SPDX-License-Identifier: Apache-2.0
// The gradient of InfoNCE on balls (Arb); empty where Arb is not built in.
#include "reference/loss/info_nce_gradient_formula_impl.hpp"

#if ASSAY_HAVE_ARB
namespace assay::reference {

template class InfoNceGradientSum<ArbNumber>;
template struct InfoNceGradientOnEngine<ArbNumber>;

}  // namespace assay::reference
#endif
