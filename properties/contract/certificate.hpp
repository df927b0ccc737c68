// SPDX-License-Identifier: Apache-2.0
// A certificate: what was checked, against which contract, on which cases, with what result. Plain
// data and its JSON form (docs/certificate.md, docs/schema/certificate-1.schema.json).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/contract.hpp"
#include "core/ends.hpp"
#include "core/verdict.hpp"
#include "properties/contract/candidate.hpp"
#include "properties/contract/estimate/result.hpp"
#include "properties/contract/finding.hpp"
#include "properties/contract/observation.hpp"
#include "properties/contract/sampler/result.hpp"
#include "properties/engine/case.hpp"

namespace assay::contract {

/// One case that was judged and not refuted: enough to run it again and see that it is the same.
struct CaseRecord {
  engine::CaseDescriptor descriptor;
  std::string input_sha256;   ///< of inputs, scalars and options in canonical form
  std::string output_sha256;  ///< of the observed outputs
  Verdict verdict = Verdict::unavailable;
  Ends share{0, 0};
  std::string note;  ///< reason of an undecided or unavailable case
};

/// A refuted case, bit for bit: the verdict can be derived again from it without the candidate.
struct RefutedCase {
  /// "found" (as drawn), "smallest" (after shrinking), "worst" (largest share); "modelled": the
  /// modelled column is exceeded, and fresh cases confirmed it.
  std::string role;
  engine::Case input;
  Observation observation;
  Finding finding;
};

/// Result per case family.
struct FamilyResult {
  std::string name;
  std::int64_t cases = 0;  ///< judged
  std::int64_t certified = 0, refuted = 0, undecided = 0, unavailable = 0;
  std::int64_t vacuous =
      0;  ///< certified cases in which a trivial answer would have passed for some output
  Ends largest_share{0, 0};
};

/// Result of the vacuity guard for one trivial answer ("zeros", "constant", ...) and one output.
struct VacuityResult {
  std::string output;
  std::string trivial_answer;
  std::int64_t tried = 0, refused = 0;  ///< refused == 0 makes the check vacuous
};

/// The modelled column of a check: budgets that hold if rounding errors behave like independent
/// random numbers. It refutes only after fresh cases confirmed it, and is no part of the
/// deterministic verdict otherwise.
struct ModelledResult {
  std::string hypothesis;      ///< empty: the algorithm has no modelled column
  Ends largest_share{0, 0};    ///< error/modelled
  std::string where;           ///< "clusters #3, row_loss[17]"
  std::int64_t exceeded = 0;   ///< cases whose error certainly exceeds the modelled column
  std::int64_t fresh = 0;      ///< fresh cases drawn because of that
  std::int64_t confirmed = 0;  ///< fresh cases that exceed it too
};

/// One metamorphic law, asked on several cases.
struct LawResult {
  std::string law;
  std::int64_t cases = 0;  ///< on which it was asked
  std::int64_t held = 0, violated = 0, unavailable = 0;
  std::int64_t compared = 0;  ///< relations between outputs
  double largest_ratio = 0;   ///< difference over what is allowed, where that is more than 0
  std::string note;           ///< of the first violation; or why it was available nowhere
};

/// A violated law with all that was observed: its verdict can be derived again without the
/// candidate.
struct ViolatedLaw {
  std::string law;
  std::uint64_t seed = 0;  ///< from which the law chose its related cases
  bool by_bits = false;
  engine::Case input;
  std::vector<Observation> observations;  ///< of the related cases, in the law's order
  std::string reason;
};

/// One candidate against one contract instance.
struct Check {
  Contract contract;
  std::string contract_sha256;
  CandidateInfo candidate;
  Verdict verdict = Verdict::unavailable;
  std::string reason;  ///< one line
  std::vector<std::string> hypotheses;
  std::int64_t cases_planned = 0, cases_run = 0;
  Ends largest_share{0, 0};
  std::string largest_share_where;  ///< "clusters #3, row_loss[17]"
  ModelledResult modelled;
  std::vector<FamilyResult> families;
  std::vector<VacuityResult> vacuity;
  std::vector<CaseRecord> cases;
  std::vector<RefutedCase> refuted;
  std::vector<LawResult> laws;  ///< left out of the text where none was asked
  std::vector<ViolatedLaw> violated_laws;
};

struct Certificate {
  std::string assay_version;
  std::vector<std::string> engines;                ///< interval engines built in
  std::map<std::string, std::string> environment;  ///< compiler, architecture, self-test, CUDA, ...
  std::uint64_t seed = 0;
  std::int64_t budget = 0;  ///< cases per check; 0: all
  std::int64_t deterministic_checks = 0;
  double false_alarm_alpha = 0;  ///< shared by the statistical checks; 0 when there are none
  std::vector<Check> checks;
  std::vector<SamplerCheck> samplers;    ///< left out of the text when there are none
  std::vector<EstimateCheck> estimates;  ///< likewise
  bool interrupted = false;
  Verdict verdict = Verdict::unavailable;
};

/// JSON text (UTF-8, indented, ends with a newline). Deterministic: equal certificates, equal
/// bytes.
std::string to_json(const Certificate& certificate);
/// \throws engine::InputError naming `source` and the place (JSON pointer) of what is wrong
Certificate certificate_from_json(const std::string& text, const std::string& source);

/// The bytes that `CaseRecord::input_sha256` and `output_sha256` hash.
std::string sha256_of_case(const engine::Case& c);
std::string sha256_of_outputs(const std::vector<Tensor>& outputs);

}  // namespace assay::contract
