// SPDX-License-Identifier: Apache-2.0
// The same laws as laws.hpp as enclosures in binary64 with proved errors: its fast tier, for rows
// of a million columns and laws of a million tuples.
//
// Scores come as enclosures (a binary32 number is its own); a column that is not `drawable` has
// weight 0. Orders of outcomes are those of laws.hpp: the first column is the most significant
// digit.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "core/ends.hpp"

namespace assay::reference {

/// A row that has no law: a score that is NaN or +inf, a negative weight, no positive weight, or
/// fewer positive weights than distinct columns are wanted. The message says which.
class NoLaw : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// How a weight follows from a score s.
enum class WeightKind : unsigned char {
  uniform,      ///< 1; scores are not read
  weights,      ///< s, s >= 0 and finite
  exponential,  ///< exp(beta s inv_tau), HN Definition 2; 0 for s = -inf
  polynomial,   ///< max(s inv_tau + 1, 0)^power, HN Appendix B.4
};
struct WeightRule {
  WeightKind kind = WeightKind::exponential;
  double beta = 1, inv_tau = 1;
  int power = 1;
};

/// Weights relative to about the largest, at most 1; zero exactly where the weight is.
/// \param drawable [columns]
/// \throws NoLaw
std::vector<Ends> enclosed_weights(const WeightRule& rule, std::span<const Ends> scores,
                                   const std::vector<bool>& drawable);
/// `law_of_weights`: p_j = w_j / sum w. \pre weights in [0, 1], one of them positive
std::vector<Ends> enclosed_law_of_weights(std::span<const Ends> weights);
/// `plackett_luce_law`. \throws NoLaw for fewer than k positive weights; std::length_error for more
/// than 2^22 tuples
std::vector<Ends> enclosed_plackett_luce_law(std::span<const Ends> weights, std::int64_t k);

/// Joint hardenings of a tuple, u_i = s_i inv_tau: max(max_i u_i + 1, 0), max(sum_i (u_i + 1), 0).
enum class JointKind : unsigned char { max_plus_one, sum_plus_one };
/// `hardened_joint_law` over tuples of drawable columns with repetition, the base law uniform.
/// \throws NoLaw, std::length_error
std::vector<Ends> enclosed_joint_law(JointKind kind, double inv_tau, std::span<const Ends> scores,
                                     const std::vector<bool>& drawable, std::int64_t k);
/// `anchor_positive_law`. \throws NoLaw if no class has two members
std::vector<Ends> enclosed_anchor_positive_law(std::span<const std::int64_t> labels);
/// The law of `top_k`: one point, ties to the smaller column. `weights` say who has mass.
/// \throws NoLaw for fewer than k columns with mass, or an order that the enclosures leave open
std::vector<Ends> enclosed_top_k_law(std::span<const Ends> scores, std::span<const Ends> weights,
                                     std::int64_t k);

/// <x, y> of binary32 vectors: products are exact in binary64, and the roundings of their sum are
/// added up beside it. \throws std::invalid_argument for different sizes
Ends enclosed_dot(std::span<const float> x, std::span<const float> y);

}  // namespace assay::reference
