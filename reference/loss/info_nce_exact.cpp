// SPDX-License-Identifier: Apache-2.0
// InfoNCE's formulas on plain double (no bound) and its logits on exact rationals: for
// cross-checks.
#include "reference/loss/info_nce_formula_impl.hpp"

namespace assay::reference {

template class InfoNceFormula<double>;

// A rational number has no exponential: the logits are where it makes sense.
template InfoNceFormula<Rational>::InfoNceFormula(const InfoNceProblem&, int);
template Rational InfoNceFormula<Rational>::logit(std::int64_t, std::int64_t) const;
template std::vector<Rational> InfoNceFormula<Rational>::logits(std::int64_t) const;

}  // namespace assay::reference
