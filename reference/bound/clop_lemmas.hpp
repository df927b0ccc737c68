// SPDX-License-Identifier: Apache-2.0
// CLOP (CL: arXiv 2403.18699), Lemma 1 with the gradients of Appendix C, Lemma 2 with Section 3.2
// and Appendix E, as functions of given embeddings.
//
// Vectors are `std::vector<Real>` of one common dimension; a set of them is `Vectors`. Every
// function \throws std::invalid_argument for sizes that do not fit.
#pragma once

#include <span>
#include <vector>

#include "reference/arithmetic/real.hpp"

namespace assay::reference {

using Vector = std::vector<Real>;
using Vectors = std::vector<Vector>;

/// Embeddings z_i, the positive partner j(i) of each, and the temperature tau > 0. The displays of
/// Appendix C take at least 3 embeddings (somebody must be a negative) and a pairing with
/// j(i) != i and j(j(i)) = i.
struct ClopBatch {
  Vectors z;
  std::vector<int> partner;
  Real temperature = 1;
};

/// P_i of Appendix C: probability that i chooses its positive partner.
Real clop_probability(const Arithmetic& in, const ClopBatch& batch, int i);
/// L_i = -log P_i; CL (1) is the sum of them over i.
Real clop_loss(const Arithmetic& in, const ClopBatch& batch, int i);

/// The three displays for one loss L_i, as printed: -dL_i/dz_i, -dL_i/dz_j(i), -dL_i/dz_a for an
/// a that is neither i nor j(i).
Vector clop_gradient_own(const Arithmetic& in, const ClopBatch& batch, int i);
Vector clop_gradient_partner(const Arithmetic& in, const ClopBatch& batch, int i);
Vector clop_gradient_other(const Arithmetic& in, const ClopBatch& batch, int i, int a);
/// The aggregate -dL_InfoNCE/dz_i, as printed.
Vector clop_gradient(const Arithmetic& in, const ClopBatch& batch, int i);
/// The same by another way: softmax minus one-hot, the sum over all terms in which z_i occurs.
Vector clop_gradient_by_softmax(const Arithmetic& in, const ClopBatch& batch, int i);
/// The last display of Appendix C: (1/||z||) (I - z z^T/(z^T z)) g, the gradient with respect to
/// the embedding before normalisation, of one whose normalised value is z.
Vector clop_before_normalisation(const Arithmetic& in, const Vector& z, const Vector& g);

/// P* when all embeddings are equal, as printed: -log(1/(|I|-1)). points >= 3
Real clop_equal_probability_printed(const Arithmetic& in, long long points);
/// P_i when all embeddings are equal: 1/(|I|-1).
Real clop_equal_probability(long long points);
/// Coefficient of z* in the display of the gradient when all embeddings are equal,
/// 2(1-P)/tau - 2(|I|-2) ((1-P)/tau) (1/(|I|-2)): 0 for every P.
Real clop_equal_gradient(long long points, const Real& probability, const Real& temperature);

/// Sum over ordered pairs i != j of x_i . x_j, the total cosine similarity of unit vectors.
Real total_cosine_similarity(const Vectors& x);
/// The same as ||sum x_i||^2 - sum ||x_i||^2.
Real total_cosine_similarity_by_sum(const Vectors& x);
/// CL (3) as printed, with its minus sign: minus the total cosine similarity.
Real clop_class_loss(const Vectors& x);

/// Over unit vectors x_k, given the others: both extremes of the total cosine similarity of all,
/// and the direction +-sum/||sum|| where they are attained.
struct ClopPlacement {
  Real least, greatest;  ///< total of the others -+ 2 ||sum||
  Real norm_of_sum;
};
/// The printed loss (3) takes its least value -greatest at x_k = +sum/||sum||, the total cosine
/// similarity takes its least value at x_k = -sum/||sum||. Both lie in the span of the others.
ClopPlacement clop_placement(const Arithmetic& in, const Vectors& others);

/// Total cosine similarity of the arrangements of Section 3.2 for k >= 2 unit vectors: simplex ETF
/// (every pair at -1/(k-1)) and inverted groups (k even: pairs x, -x, orthogonal to each other):
/// both -k; the printed loss (3) is +k there. Orthogonal vectors: 0. All equal: k(k-1), where the
/// printed loss has its least value.
Real clop_total_at_etf(long long k);
Real clop_total_at_inverted_groups(long long k);  ///< \throws std::invalid_argument for odd k
Real clop_total_at_equal(long long k);

/// Appendix E: x_k = eta x_perp + sqrt(1-eta^2) x_par, x_perp orthogonal to the others.
struct ClopSplit {
  Real eta;         ///< the norm of the orthogonal part, 0 <= eta <= 1
  Real loss;        ///< L_k(X) = sqrt(1-eta^2) sum x_i . x_par
  Real moved_loss;  ///< L_k(X') = sum x_i . x_par
};
/// The others must be linearly independent and x_k a unit vector with a part in their span.
/// \throws std::domain_error when a pivot of their Gram matrix, or that part, may be zero
ClopSplit clop_split(const Arithmetic& in, const Vectors& others, const Vector& x_k);

}  // namespace assay::reference
