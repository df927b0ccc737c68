// SPDX-License-Identifier: Apache-2.0
// What a sampler is asked: one row of scores, who is excluded, how weights arise, how many are
// drawn; and the case that carries it to a candidate (docs/sampler-certificates.md, "What a
// candidate sees").
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dtype.hpp"
#include "core/ends.hpp"
#include "properties/engine/case.hpp"

namespace assay::contract {

/// What comes out of one trial.
enum class SamplerOutcome : unsigned char {
  item,         ///< one column
  tuple,        ///< k columns in order
  pair,         ///< an anchor and its positive
  arrangement,  ///< all columns in order
  view          ///< a vector of real numbers
};

/// How a sampler turns words into an outcome, as far as a certificate needs to know.
enum class SamplerRule : unsigned char {
  inverse_cdf,       ///< one uniform number, the first column whose cumulative weight exceeds it
  alias,             ///< an alias table
  gumbel_max,        ///< the column with the smallest -log(u_j)/w_j
  exponential_race,  ///< the same
  gumbel_top_k,      ///< the k columns with the smallest -log(u_j)/w_j, in this order
  top_k,             ///< the k heaviest, ties to the smaller index: no words
  uniform,           ///< one uniform number over the columns allowed
  uniform_distinct,  ///< k distinct columns allowed, all orders alike
  rejection,         ///< a k-tuple with density proportional to a joint hardening
  anchor_positive,   ///< an anchor that has a positive, then another one of its class
  disjoint_batches,  ///< a random arrangement of all columns
  augmentation,      ///< normal noise on every coordinate, and a random sign
};
std::string_view name_of(SamplerRule rule);
std::optional<SamplerRule> sampler_rule_named(std::string_view name);
SamplerOutcome outcome_of(SamplerRule rule);

/// One row, free of any candidate. Scores are exact: binary32 numbers, or binary64 where
/// `scores_dtype` says so. With a dimension they are inner products of an anchor with candidates,
/// which are what a candidate sees; `scores` are then near values, and nothing rests on them.
struct SamplerProblem {
  SamplerRule rule = SamplerRule::inverse_cdf;
  std::vector<double> scores;
  Dtype scores_dtype = Dtype::f32;
  std::int64_t dimension = 0;        ///< 0: scores
  std::vector<float> anchor;         ///< [dimension]
  std::vector<float> candidates;     ///< [columns][dimension]
  std::string tilt = "exponential";  ///< "uniform", "weights", "exponential", "polynomial"
  double beta = 1, inv_tau = 1;
  int power = 1;
  std::string joint = "max_plus_one";  ///< of a rejection; or "sum_plus_one"
  std::int64_t proposals = 64;
  std::int64_t self = -1, positive = -1;    ///< excluded columns; -1: none
  std::int64_t label = -1;                  ///< of the row; -1: no labels
  std::vector<std::int64_t> column_labels;  ///< empty: none
  std::int64_t k = 1;                       ///< columns per tuple
  double variance = 0;        ///< of an augmentation, a binary32 number; `scores` are coordinates
  bool random_signs = false;  ///< the whole view changes its sign with probability 1/2
  int bits = 32;              ///< of one uniform number

  /// The scores as enclosures: exact ones, or inner products.
  std::vector<Ends> score_ends() const;
  std::int64_t columns() const { return static_cast<std::int64_t>(scores.size()); }
  /// Columns that one trial writes.
  std::int64_t outcome_size() const;
  /// 32-bit words that one trial may read.
  std::int64_t words_per_trial() const;
  /// Whether the row may draw the column at all, weights aside.
  bool allowed(std::int64_t column) const;
};

/// A call: so many trials of the row, fed by (seed, call) or by words. Rules with an item or a pair
/// as outcome have all trials in one row; the others repeat the row once per trial.
/// `words`: trials * words_per_trial() of them; empty: seeded.
engine::Case sampler_call(const engine::CaseDescriptor& descriptor, const SamplerProblem& problem,
                          std::int64_t trials, std::uint64_t seed, std::uint64_t call,
                          std::span<const std::uint32_t> words);
/// The same trials laid out as `rows` rows of `trials` each, seeded: for joint laws of rows.
engine::Case sampler_rows_call(const engine::CaseDescriptor& descriptor,
                               const SamplerProblem& problem, std::int64_t rows,
                               std::int64_t trials, std::uint64_t seed, std::uint64_t call);
/// The output that the call asks for: `indices`, i64, [rows, columns per row], or `views`, f32,
/// [rows, trials, coordinates].
engine::OutputSpec sampler_output(const engine::Case& call);

}  // namespace assay::contract
