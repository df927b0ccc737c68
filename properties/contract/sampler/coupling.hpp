// SPDX-License-Identifier: Apache-2.0
// Coupling: the ideal map on the same bits as the kernel, in intervals, and how often they differ.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/ends.hpp"
#include "properties/contract/sampler/problem.hpp"

namespace assay::contract {

/// The race that gumbel_max, exponential_race and gumbel_top_k run: column j finishes at
/// -log(U_j)/w_j, U_j uniform, and the first k win (for U_j uniform the winner has chance
/// w_j / sum w, and the order Plackett and Luce's law). The words say only in which cell of width
/// 2^-32 (2^-53 of a pair of words) U_j lies; where the order depends on more than that, the ideal
/// is undecided. So what is decided has the law itself, not a discretisation of it.
class IdealRace {
 public:
  /// \throws NoLaw
  explicit IdealRace(const SamplerProblem& problem);
  /// The winners in order; empty when undecided. `words` are those of one trial.
  void winners(std::span<const std::uint32_t> words, std::vector<std::int64_t>& out);

 private:
  struct Finish {
    double earliest, latest;
    std::int64_t column;
  };
  Finish finish(std::size_t j, std::span<const std::uint32_t> words) const;
  bool first_only(std::span<const std::uint32_t> words, std::vector<std::int64_t>& out) const;

  std::vector<std::int64_t> columns_;  // of positive weight
  std::vector<Ends> reciprocal_;       // of their weights
  std::int64_t wanted_;
  bool wide_;  // two words per column
  std::vector<Finish> finishes_;
};

/// Reads the words of one trial into the ideal outcome; leaves it empty when undecided.
using IdealMap = std::function<void(std::span<const std::uint32_t>, std::vector<std::int64_t>&)>;
/// The kernel's outcomes for the words of many trials.
using WordMap = std::function<std::vector<std::int64_t>(std::span<const std::uint32_t>)>;

struct CoupledRun {
  std::int64_t draws = 0;
  std::int64_t mismatches = 0;  ///< undecided ones included
  std::int64_t undecided = 0;
  double bound = 1;  ///< anytime-valid upper bound of P(kernel differs from ideal)
  bool certified = false;
  std::string first_mismatch;             ///< in words: the trial, both outcomes
  std::vector<std::int64_t> first_half;   ///< counts of single columns over the first half of draws
  std::vector<std::int64_t> second_half;  ///< over the second
};

struct CouplingPlan {
  double epsilon = 0, delta = 0;
  std::int64_t most_draws = 0;
  std::uint64_t seed = 1;
};

/// Draws words until the e-process certifies epsilon or the draws are used up. `counted`: outcomes
/// are single columns of this many, and are counted for a refutation. At least one kind of progress
/// is made per call of `kernel`: 2^22 words, or one trial.
CoupledRun run_coupling(const WordMap& kernel, const IdealMap& ideal, std::int64_t words_per_trial,
                        std::int64_t outcome_size, std::int64_t counted, const CouplingPlan& plan);

/// A lower bound of TV(q, p), wrong with probability at most delta: the columns that are drawn too
/// often in the first half are an event whose chance under q the second half bounds from below.
double event_lower_bound(std::span<const std::int64_t> first_half,
                         std::span<const std::int64_t> second_half, std::span<const Ends> p,
                         double delta);

}  // namespace assay::contract
