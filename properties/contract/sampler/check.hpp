// SPDX-License-Identifier: Apache-2.0
// A sampler held to its law: the grade of evidence is chosen by what the candidate offers, and
// every statement says with which probability it may be wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/contract.hpp"
#include "core/ends.hpp"
#include "core/verdict.hpp"
#include "properties/contract/campaign.hpp"
#include "properties/contract/sampler/contracts.hpp"

namespace assay::contract {

/// How the distance between the sampler's law and the stated one is known, best first.
enum class SamplerGrade : unsigned char {
  none,
  exact,      ///< (a) all words enumerated, or bisected
  table,      ///< (b) from the sampler's own table, in integers
  coupled,    ///< (c) same bits as the ideal map
  black_box,  ///< (d) from draws alone
};
/// "a", "b", "c", "d"; "-" for none.
std::string_view letter_of(SamplerGrade grade);
std::optional<SamplerGrade> sampler_grade_lettered(std::string_view letter);

/// One row and what is known about the law on it: TV(law of the sampler, law) lies in `tv`, and its
/// upper end is below the truth with probability at most delta.
struct SamplerRow {
  engine::CaseDescriptor descriptor;
  std::int64_t columns = 0;
  Verdict verdict = Verdict::unavailable;
  SamplerGrade grade = SamplerGrade::none;
  std::string by;  ///< "enumeration of 2^24 words"
  double epsilon = 0, delta = 0;
  Ends tv{0, 1};
  std::int64_t evaluations = 0;  ///< words or draws
  std::int64_t mismatches = 0, undecided = 0;
  std::int64_t unreachable = 0;
  Ends unreachable_mass{0, 0};
  double floor_of_any_map = 0, floor_of_thresholds = 0;  ///< 0: does not apply
  std::vector<std::string> assumptions;
  std::string reason;  ///< one line
};

/// One rule besides the law: support, joint laws, repeatability ...
struct SamplerRuleResult {
  std::string rule;
  Verdict verdict = Verdict::unavailable;
  double alpha = 0;  ///< its share of the false alarms; 0: deterministic
  std::int64_t draws = 0;
  std::string detail;
};

/// One candidate against one instance of a sampler's contract.
struct SamplerCheck {
  Contract contract;
  std::string contract_sha256;
  std::string instance;
  std::string law;
  CandidateInfo candidate;
  Verdict verdict = Verdict::unavailable;
  std::string reason;
  double alpha = 0;  ///< false alarms of its statistical rules together
  std::vector<SamplerRow> rows;
  std::vector<SamplerRuleResult> rules;
};

struct SamplerOptions {
  std::optional<double> epsilon;         ///< empty: by grade and width (`default_epsilon`)
  double delta = 0x1.0c6f7a0b5ed8dp-20;  ///< 1e-6
  double alpha = 0x1.0c6f7a0b5ed8dp-20;  ///< for all statistical rules of this check
  std::uint64_t seed = 1;
  std::int64_t budget = 0;            ///< at most so many rows; 0: all
  int enumerate_bits = 24;            ///< widths up to this are enumerated, wider ones bisected
  std::int64_t most_draws = 0;        ///< of a coupling or a black box; 0: by epsilon and delta
  bool large = true;                  ///< families marked large too
  std::vector<std::string> families;  ///< empty: all
  std::function<void(std::int64_t done, std::int64_t total)> progress = [](std::int64_t,
                                                                           std::int64_t) {};
  std::function<bool()> interrupted = [] { return false; };
};

/// What is asked of a row when the user says nothing: 1e-6 by exact grades, 1e-4 by coupling, 0.02
/// from draws alone, and never less than columns 2^-bits, twice what thresholds on the grid of the
/// uniform number are sure to keep.
double default_epsilon(SamplerGrade grade, std::int64_t columns, int bits);

/// Every row of the instance and every rule. \throws Interrupted
SamplerCheck certify_sampler(const SamplerContract& contract, const SamplerInstance& instance,
                             const CandidateFactory& factory, const SamplerOptions& options);

/// The law on one row. Never throws for anything that the candidate does.
SamplerRow judge_row(Candidate& candidate, const engine::CaseDescriptor& descriptor,
                     const SamplerProblem& problem, const SamplerOptions& options);
/// The rules besides the law. Never throws for anything that the candidate does.
std::vector<SamplerRuleResult> judge_rules(Candidate& candidate, const SamplerContract& contract,
                                           const SamplerInstance& instance,
                                           const SamplerOptions& options);

}  // namespace assay::contract
