// SPDX-License-Identifier: Apache-2.0
// The InfoNCE family on balls (Arb); empty where Arb is not built in.
#include "reference/loss/info_nce_family_gradient_impl.hpp"

#if ASSAY_HAVE_ARB
namespace assay::reference {

template struct InfoNceFamilyOnEngine<ArbNumber>;

}  // namespace assay::reference
#endif
