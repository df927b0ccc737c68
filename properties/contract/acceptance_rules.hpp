// SPDX-License-Identifier: Apache-2.0
// How other projects accept a kernel's output: their rules, as pure functions of numbers.
//
// Nothing here decides a verdict of Assay. The rules are measured against planted faults
// (docs/kill-matrix.md), with the constants that their projects use.
#pragma once

#include <string>
#include <vector>

namespace assay::contract {

/// One output of one case as an acceptance rule sees it, flattened. The three vectors have the same
/// length; `exact` and `baseline` are finite.
struct RuleOutput {
  std::string name;
  bool gradient = false;          ///< several rules are looser for gradients
  std::vector<double> candidate;  ///< what the kernel returned; may hold NaN and infinities
  std::vector<double> exact;      ///< the true values
  std::vector<double> baseline;   ///< what a plain low-precision implementation returns
};

// --- Forms of rules -----------------------------------------------------------------------------
// Comparisons are written as in the originals, so that NaN fails them, and so do the two sides of
// an invalid operation such as 0/0.

/// max |candidate - exact| <= factor max |baseline - exact|.
bool within_multiple_of_baseline(const RuleOutput& output, double factor);
/// |candidate - exact| <= absolute + relative |exact| in every element; equal infinities pass.
bool elementwise_close(const RuleOutput& output, double absolute, double relative);
/// |candidate - exact| <= |baseline - exact| + tolerance in every element.
bool within_baseline_plus(const RuleOutput& output, double tolerance);
/// max |candidate - exact| / max(max candidate, max exact) <= tolerance. The maxima keep their
/// signs: where all numbers are negative the quotient is negative, and everything passes.
bool within_signed_maximum(const RuleOutput& output, double tolerance);
/// <candidate, exact> / (max(|candidate|, least_norm) max(|exact|, least_norm)) > least.
bool cosine_above(const RuleOutput& output, double least, double least_norm);
/// Equal; or, where either is zero or they lie closer than `floor`, closer than epsilon * floor;
/// else closer than epsilon (|candidate| + |exact|). In every element.
bool relatively_equal(const RuleOutput& output, double epsilon, double floor);

// --- The rules of the projects ------------------------------------------------------------------

/// A rule accepts a case when it accepts every output of it.
struct AcceptanceRule {
  std::string name;
  std::string source;  ///< where the rule and its constants stand
  bool (*accepts)(const RuleOutput&);
};

/// The rules for bfloat16 inputs that the kill matrix compares, Assay's own excepted.
const std::vector<AcceptanceRule>& foreign_rules();

}  // namespace assay::contract
