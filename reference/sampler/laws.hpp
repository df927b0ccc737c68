// SPDX-License-Identifier: Apache-2.0
// The laws that samplers of negatives owe: exact fractions where the law is rational, enclosures
// where exponentials enter.
//
// Columns are the points of a batch, numbered from 0. A law over columns sums to 1 and has one
// entry per column; a law over sequences of k columns has columns^k entries, the first column the
// most significant digit. Numbers are `Real`: hand in exact ones that know an arithmetic, and what
// does not need an exponential stays a fraction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reference/arithmetic/real.hpp"
#include "reference/model/hardening.hpp"

namespace assay::reference {

/// p_j = w_j / sum w. \throws std::invalid_argument for a weight that is certainly negative, or
/// weights that are certainly all zero
std::vector<Real> law_of_weights(std::span<const Real> weights);

/// Which columns may be drawn for an anchor of a batch.
struct Candidates {
  std::int64_t columns = 0;
  std::int64_t self = -1, positive = -1;  ///< left out; -1: nobody
  std::vector<int> labels;                ///< [columns], or empty
  bool other_classes_only = false;        ///< SCL: columns with `label` are left out
  int label = 0;                          ///< of the anchor

  bool allows(std::int64_t column) const;
};

/// Every allowed column alike: the law of SCL (other classes in proportion to their size, HN (3))
/// and UCL (all columns, HN (4)) on a batch. \throws std::invalid_argument if nobody is allowed
std::vector<Real> base_law(const Candidates& candidates);
/// The same from HN's two stages: a class j with probability 1[j != y] lambda_j / (1 - lambda_y)
/// (UCL: lambda_j), then a column of it, lambda_j the share of class j among all columns. Without
/// self and positive. \throws std::invalid_argument without labels, or if nobody is allowed
std::vector<Real> two_stage_law(const Candidates& candidates);

/// p_j h(u_j) / sum p h(u): the law of each of the independent negatives of HSCL and HUCL under a
/// separable hardening (HN (5), (7)). \throws std::logic_error for a hardening that is not
/// separable; std::invalid_argument if the sum is certainly 0 (no such law)
std::vector<Real> hardened_law(std::span<const Real> base, std::span<const Real> u,
                               const Hardening& hardening);

struct JointLaw {
  std::vector<Real> law;  ///< [columns^k]
  Real gamma;             ///< E[eta] under the product law, HN (5)
};
/// prod p_{j_i} eta(u_{j_1}, .., u_{j_k}) / gamma, for any hardening. \throws std::invalid_argument
/// if gamma is certainly 0, or for more than 2^20 sequences
JointLaw hardened_joint_law(std::span<const Real> base, std::span<const Real> u,
                            const Hardening& hardening, int k);
/// The law of place i (from 0) of a law over sequences.
std::vector<Real> marginal(std::span<const Real> law, std::int64_t columns, int k, int place);
/// What a rejection with so many proposals does: the probability that none is accepted,
/// (1 - gamma / bound)^proposals. Given that one is, its law is the joint law.
Real probability_of_no_proposal(const Real& gamma, const Real& bound, int proposals);

/// Plackett and Luce: w_{j_1}/W w_{j_2}/(W - w_{j_1}) ..; 0 for a sequence that repeats a column.
/// \throws std::invalid_argument as law_of_weights
Real plackett_luce(std::span<const Real> weights, std::span<const std::int64_t> sequence);
/// Over all sequences of k. \throws also for more than 2^20, or than columns of positive weight
std::vector<Real> plackett_luce_law(std::span<const Real> weights, int k);
/// Probability that a column is among the first k, by recursion over the sets that were drawn
/// before it (a second formula; at most 20 columns). [columns]
std::vector<Real> inclusion_probabilities(std::span<const Real> weights, int k);

/// What the k largest scores are: ties go to the smaller column. An order that the enclosures do
/// not decide is `undecided`, with the first place concerned.
struct TopK {
  std::vector<std::int64_t> columns;  ///< in order, as far as it is decided
  bool undecided = false;
  bool tie_at_boundary = false;  ///< the k-th and the next score are equal: the tie rule chose
};
/// \throws std::invalid_argument unless 1 <= k <= the number of allowed columns
TopK top_k(std::span<const Real> scores, const Candidates& candidates, int k);

/// Probability of an anchor and its positive: uniform over the columns whose class has two members
/// or more, then over the others of the class. [columns * columns], the anchor first.
/// \throws std::invalid_argument if no class has two members
std::vector<Real> anchor_positive_law(std::span<const int> labels);

/// Probability that a random permutation cut into slices of these sizes yields one given partition
/// into labelled batches: prod sizes! / (sum sizes)!.
Real partition_probability(std::span<const std::int64_t> sizes);

// Laws of maps on finitely many bits.

/// floor(u n / 2^bits), u uniform on 0 .. 2^bits - 1: the probability of value i. Distance to
/// uniform: `range_distance`. \throws std::invalid_argument for n < 1 or bits outside 0 .. 4096
Real range_probability(std::int64_t n, int bits, std::int64_t i);
/// Total variation between floor(u n / 2^bits) and uniform: r (n - r) / (n 2^bits) for
/// r = 2^bits mod n. No map of so many bits comes closer: each probability is a multiple of
/// 2^-bits.
Real range_distance(std::int64_t n, int bits);
/// The law of the first j with W_0 + .. + W_j > floor(u T / 2^bits), T the sum of the integer
/// weights: (ceil(C_j 2^bits / T) - ceil(C_{j-1} 2^bits / T)) / 2^bits. \throws
/// std::invalid_argument for T = 0 or bits outside 0 .. 4096
std::vector<Real> inverse_cdf_law(std::span<const std::uint64_t> weights, int bits);
/// The law of an alias table: column i with probability range_probability(columns, bits, i), then
/// `other[i]` in place of i with probability 1 - accept[i] / 2^accept_bits.
std::vector<Real> alias_law(std::span<const std::uint64_t> accept,
                            std::span<const std::int64_t> other, int bits, int accept_bits);

/// Half the sum of the absolute differences. \throws std::invalid_argument for different sizes
Real total_variation(std::span<const Real> p, std::span<const Real> q);

}  // namespace assay::reference
