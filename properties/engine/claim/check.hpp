// SPDX-License-Identifier: Apache-2.0
// Checking claims: a fixed, seeded effort for each, and a verdict.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/verdict.hpp"
#include "properties/engine/claim/search.hpp"

namespace assay::engine {

struct CheckOptions {
  std::uint64_t seed = 1;
  /// Evaluations of the margin in doubles per claim. Planted claims get up to four times as many,
  /// in rounds, since what they measure is whether the search finds what is there.
  std::int64_t evaluations = 3000;
  int threads = 1;
  std::function<bool()> cancelled = [] { return false; };
  /// Called after each claim with how many are done, from any thread, one at a time.
  std::function<void(std::size_t)> progress = {};
};

struct ClaimResult {
  const Claim* claim = nullptr;
  Verdict verdict = Verdict::undecided;
  std::string why;          ///< of undecided and unavailable
  std::vector<Find> front;  ///< witnesses of a refuted claim, exhibits of a claim of existence
  SearchAccount account;
  double seconds = 0;
};

/// One claim. Depends on (claim, seed, evaluations) only, apart from `seconds`.
ClaimResult check_claim(const Claim& claim, const CheckOptions& options);

/// All of them on several threads; results in the order of the claims.
std::vector<ClaimResult> check_claims(const std::vector<const Claim*>& claims,
                                      const CheckOptions& options);

/// What a claim of this kind must come to for the suite to be trusted: controls and strengthenings
/// refuted. True for every other kind.
bool as_planted(const ClaimResult& result);

}  // namespace assay::engine
