// SPDX-License-Identifier: Apache-2.0
// What Lemma 2 and Appendix E of CLOP are about: k - 1 unit vectors and one more, the last of "X".
#pragma once

#include "proofs-numeric/subject/vectors.hpp"

namespace assay::proofs {

/// m >= k, as the paper asks for.
std::vector<VectorSize> lemma_2_sizes();
/// Unit vectors with specials in general position besides the usual ones.
Domain one_added(const std::vector<VectorSize>& sizes);

/// s . x_k, s the sum of the others.
Real sum_of_others_with_last(const Gram& x);

/// The projection p of x_k on the span of the others by Cramer's rule, all without the division by
/// `whole`, the Gram determinant of the others, which a search may find near 0.
struct Projection {
  Real whole;
  std::vector<Real> c;  ///< whole p = sum c_i x_i
  Real inside;          ///< whole ||p||^2
  Real along;           ///< whole s . p
};
Projection projection_of_last(const Gram& x);

/// The k - 1 others are linearly independent: their Gram determinant is positive.
Hypothesis others_independent(std::optional<Domain> dropped = {});
/// x_k is not in their span.
Hypothesis added_independent(std::optional<Domain> dropped = {});
/// x_k is not orthogonal to all others.
Hypothesis has_projection(std::optional<Domain> dropped = {});

}  // namespace assay::proofs
