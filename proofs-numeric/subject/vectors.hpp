// SPDX-License-Identifier: Apache-2.0
// Unit vectors as subjects of claims: class embeddings (CLOP Sections 3.1 and 3.2) and embeddings
// in positive pairs (CLOP (1)).
#pragma once

#include <functional>
#include <vector>

#include "properties/engine/claim/claim.hpp"

namespace assay::proofs {

using namespace engine;  // Claim, Domain, Instance, Real, ...

/// k unit vectors of R^m.
struct VectorSize {
  int k, m;
};

/// A block of one number in [low, high].
Block number_block(const char* name, const Real& low, const Real& high);
/// The temperatures of (1) that are tried: "tau" in [1/10, 2].
Block temperature_block();

using BlocksOf = std::function<std::vector<Block>(const Shape&)>;
/// Block "X" [k, m] of the unit sphere, then `more`. Specials, each with the numbers of `more` at
/// their lower end, in the middle and at their upper end: "simplex" (ETF; m >= k or k = 2),
/// "orthonormal" (m >= k), "inverted groups" (x_2i = -x_(2i+1) = e_i; even k, m >= k/2), "pairs"
/// (x_2i = x_(2i+1) = e_i), "antipodal pairs" (pairs at e_1 and -e_1 in turn), "equal" (all at
/// e_1), "co-linear" (e_1 and -e_1 in turn), "outlier" (one at -e_1, the rest at e_1).
Domain unit_vectors(const std::vector<VectorSize>& sizes, const BlocksOf& more = {});
/// As above for embeddings z_0 .. z_(k-1), 2i and 2i + 1 a positive pair, with a temperature.
Domain paired_embeddings(const std::vector<VectorSize>& sizes);

/// A domain of shapes with one integer and no blocks.
Domain integers(const char* name, const std::vector<int>& values);

/// Inner products of the vectors of one block.
class Gram {
 public:
  explicit Gram(const Instance& instance, const char* block = "X");
  /// From the products themselves, row by row.
  Gram(int k, std::vector<Real> products) : k_(k), products_(std::move(products)) {}
  int size() const { return k_; }
  const Real& operator()(int i, int j) const {
    return products_[static_cast<std::size_t>(i * k_ + j)];
  }
  /// x_i . (sum of all)
  Real with_sum(int i) const;
  Real squared_sum() const;
  /// Sum over ordered pairs i != j.
  Real total() const;
  /// Determinant of the leading n x n block.
  Real determinant(int n) const;

 private:
  int k_;
  std::vector<Real> products_;
};

/// (1) over pairs (2i, 2i+1), as printed: -sum_i log(exp(z_i.z_j(i)/tau) / sum_(a!=i) ...).
Real info_nce(const Gram& z, const Real& tau);
/// (1) of two samples per class, merged into the class embedding.
Real merged_info_nce(const Gram& x, const Real& tau);

/// One step of Appendix D: squared norms of mu^(0), of the mean of the normalised points, and of
/// the points x_i^(1).
struct MeanStep {
  Real before, after;
  std::vector<Real> squares;
};
MeanStep mean_step(const Gram& x, const Real& eta);
/// The squared norms of the points x_i^(1) alone: they may be 0.
std::vector<Real> moved_squares(const Gram& x, const Real& eta);

/// Inner products of the arrangements of Section 3.2. Units and signs exact.
Gram simplex_gram(int k);
Gram inverted_groups_gram(int k);  ///< k even

}  // namespace assay::proofs
