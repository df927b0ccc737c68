// SPDX-License-Identifier: Apache-2.0
// Asking a candidate for draws, and the rules that every draw has to keep.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/ends.hpp"
#include "properties/contract/candidate.hpp"
#include "properties/contract/sampler/problem.hpp"

namespace assay::contract {

/// The candidate did not answer with draws that may be counted. `rule` is "conduct", "support",
/// "range" or "uniqueness" for a violation; empty when it declined or could not run.
struct SamplerBreach {
  std::string rule;
  Conduct conduct = Conduct::returned;
  std::string detail;  ///< one line with the trial, the columns and the words or seed
};

/// One problem put to one candidate. Draws that break a rule of support, range or uniqueness are
/// never returned: every draw of every check passes here.
class SamplerProbe {
 public:
  /// \throws NoLaw for a problem without a law
  SamplerProbe(Candidate& candidate, engine::CaseDescriptor descriptor, SamplerProblem problem);

  const SamplerProblem& problem() const { return problem_; }
  Candidate& candidate() { return candidate_; }
  const std::vector<Ends>& weights() const { return weights_; }

  /// Columns of `trials` trials, outcome after outcome. \throws SamplerBreach
  std::vector<std::int64_t> seeded(std::int64_t trials, std::uint64_t seed, std::uint64_t call);
  /// The same from words, words_per_trial() for each trial. \throws SamplerBreach
  std::vector<std::int64_t> from_words(std::span<const std::uint32_t> words);
  /// From one uniform number of `bits` bits per trial, laid into the leading bits of its words;
  /// what is left of a word is filled with bits that a sampler must not look at. \throws
  /// SamplerBreach
  std::vector<std::int64_t> from_numbers(std::span<const std::uint64_t> numbers);
  /// `rows` equal rows of `trials` trials each, row by row. \throws SamplerBreach
  std::vector<std::int64_t> rows(std::int64_t rows, std::int64_t trials, std::uint64_t seed,
                                 std::uint64_t call);

  /// A table of the sampler, by the names of its outputs; empty when it does not offer them all.
  /// \throws SamplerBreach
  std::vector<Tensor> table(const std::vector<engine::OutputSpec>& outputs);
  /// Whether the row is refused: the candidate failed with a message, or declined. \return empty
  /// when it was, else what it did instead
  std::string refuses(const SamplerProblem& bad);

  std::int64_t trials_asked() const { return trials_; }

 private:
  std::vector<std::int64_t> ask(const engine::Case& call, const std::string& source);
  void require_rules(std::span<const std::int64_t> columns, const std::string& source) const;

  Candidate& candidate_;
  engine::CaseDescriptor descriptor_;
  SamplerProblem problem_;
  std::vector<Ends> weights_;
  bool distinct_ = false;
  std::int64_t trials_ = 0;
};

}  // namespace assay::contract
