// SPDX-License-Identifier: Apache-2.0
// What a certificate says about a sampler: plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/contract.hpp"
#include "core/ends.hpp"
#include "core/verdict.hpp"
#include "properties/contract/candidate.hpp"
#include "properties/engine/case.hpp"

namespace assay::contract {

/// How the distance between the sampler's law and the stated one is known, best first.
enum class SamplerGrade : unsigned char {
  none,
  exact,      ///< (a) all words enumerated, or bisected
  table,      ///< (b) from the sampler's own table, in integers
  coupled,    ///< (c) same bits as the ideal map
  black_box,  ///< (d) from draws alone
  metric,     ///< (e) a continuous law: within a tolerance on the same words, or by projections
};
/// "a", "b", "c", "d", "e"; "-" for none.
std::string_view letter_of(SamplerGrade grade);
std::optional<SamplerGrade> sampler_grade_lettered(std::string_view letter);

/// One row and what is known about the law on it: the distance between the law of the sampler and
/// the law lies in `tv`, and its upper end is below the truth with probability at most delta.
struct SamplerRow {
  engine::CaseDescriptor descriptor;
  std::int64_t columns = 0;
  Verdict verdict = Verdict::unavailable;
  SamplerGrade grade = SamplerGrade::none;
  std::string by;  ///< "enumeration of 2^24 words"
  double epsilon = 0, delta = 0;
  Ends tv{0, 1};
  std::string distance = "total variation";  ///< which one; others for continuous laws only
  double tolerance = 0;                      ///< of moves of a coordinate, relative; 0: none
  std::int64_t evaluations = 0;              ///< words or draws
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
  double epsilon_asked = 0;  ///< 0: by grade and width
  double delta = 0;          ///< of every row that is not exact
  double alpha = 0;          ///< false alarms of its statistical rules together
  std::vector<SamplerRow> rows;
  std::vector<SamplerRuleResult> rules;
};

}  // namespace assay::contract
