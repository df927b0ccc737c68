// SPDX-License-Identifier: Apache-2.0
// Finite product spaces as subjects of claims: the domain of HN Lemma 1 and Corollary 1, the way
// from an instance to its expectations, and a filter that decides many of them in integers.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "kernels/harris/harris.hpp"
#include "properties/engine/claim/claim.hpp"
#include "reference/harris/harris.hpp"

namespace assay::proofs {

using namespace engine;  // Claim, Domain, Instance, Real, ...
using reference::HarrisLaw;

/// k arguments on n points each, 1 <= k <= 4, 1 <= n <= 8.
struct SpaceSize {
  int k, n;
};

/// Which hypotheses hold by construction. By default all of those of Lemma 1.
struct SpaceOptions {
  std::vector<SpaceSize> sizes = {};  ///< empty: `space_sizes()`
  HarrisLaw law = HarrisLaw::iid;
  bool g_rises = true;
  bool h_rises = true;
  /// The second function is eta of Corollary 1, not h of Lemma 1; its values are not negative.
  bool hardening = false;
  bool eta_may_be_negative = false;
};

/// k and n, small ones first.
std::vector<SpaceSize> space_sizes();

/// Blocks of integers. The law: unnormalised weights "w" [n] (iid), "w_axis" [k, n] (independent)
/// or "w_cell" [n, .., n] (joint). The functions, [n, .., n] with the first argument slowest: "g"
/// and "h" or "eta" where they are free; "g_steps" and "h_steps" or "eta_steps" where they do not
/// decrease: then g(u) is the largest of the steps at points v <= u (every argument-wise
/// non-decreasing function on the points is of this form, for instance with itself as steps).
/// Specials, with g and h = eta sums of indices unless named: "disjoint" (k >= 2; uniform law, g
/// the index of the first argument, h that of the last), "constant g", "constant h", "one point"
/// (all weight on the largest point).
Domain product_spaces(const SpaceOptions& options);

/// An instance of such a domain with its tables written out.
struct ProductSpace {
  int k, n;
  std::vector<Real> weights;  ///< of the n^k cells, not normalised
  std::vector<Real> g, h;     ///< h is eta in the domains that have one
  Real total;                 ///< sum of the weights

  explicit ProductSpace(const Instance& instance);
  /// Expectation of a table under the law, cell by cell.
  Real mean(std::span<const Real> table) const;
  /// g h, cell by cell.
  std::vector<Real> product() const;
  /// gamma = E[eta]. \throws reference::UndefinedLaw where it is not positive: p_H of Corollary 1
  /// does not exist there
  Real gamma() const;
  /// p_H(u) = eta(u)/gamma p(u_1)...p(u_k) of the cells. \throws as gamma
  std::vector<Real> hard_law() const;
};

/// Expectation of a table under a law of independent arguments, one argument after the other: a
/// second way to `mean`. \throws std::invalid_argument for a joint law
Real mean_by_arguments(const Instance& instance, std::span<const Real> table);

/// The same instance in the integers of the reference. \throws std::invalid_argument for numbers
/// that are no integers below 2^53
reference::HarrisInstance harris_instance(const Instance& exact);

// What the claims ask of an instance. Points of a domain in which it holds by construction satisfy
// it; the checks are the reference's, on integers.
Truth is_law(const Instance& instance);   ///< the weights of every law have a positive sum
Truth g_rises(const Instance& instance);  ///< g is argument-wise non-decreasing
Truth h_rises(const Instance& instance);  ///< h (eta) is
Truth eta_is_nonnegative(const Instance& instance);
Truth gamma_is_positive(const Instance& instance);  ///< gamma = E[eta] in (0, inf)

/// What adds up a batch: kernels::harris_cpu, harris_cuda, or harris_emulated with a schedule.
using HarrisEntry = std::function<void(const kernels::HarrisBatch&, kernels::HarrisSums*)>;

/// Random cases of the domain of these options, the same for every entry. Worth a trial: where
/// E[g h] < E[g] E[h], and what 128 bits cannot decide; at most four, of the smallest sizes that
/// have any.
Filter harris_filter(const SpaceOptions& options, HarrisEntry entry = kernels::harris_cpu);

}  // namespace assay::proofs
