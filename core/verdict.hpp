// SPDX-License-Identifier: Apache-2.0
// The five verdicts and the exit status they add up to.
#pragma once

#include <optional>
#include <string_view>

namespace assay {

/// How a check ends. Never a boolean.
enum class Verdict : unsigned char {
  certified,  ///< under the listed hypotheses every error lies inside its budget
  refuted,    ///< a witness exists: the error provably exceeds the budget, or a clause is violated
  undecided,  ///< the enclosure straddles the budget at the highest precision allowed
  unavailable,  ///< no judgement was possible: no device, unsupported, missing dependency
  unrefuted,    ///< claims only: no counterexample in the stated search
};

constexpr std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::certified: return "certified";
    case Verdict::refuted: return "refuted";
    case Verdict::undecided: return "undecided";
    case Verdict::unavailable: return "unavailable";
    case Verdict::unrefuted: return "unrefuted";
  }
  return "?";
}

constexpr std::optional<Verdict> verdict_named(std::string_view name) {
  for (Verdict v : {Verdict::certified, Verdict::refuted, Verdict::undecided, Verdict::unavailable,
                    Verdict::unrefuted})
    if (name_of(v) == name) return v;
  return std::nullopt;
}

/// Exit status of every command. Precedence when several apply: usage, refuted, undecided, success.
enum class ExitStatus : int { success = 0, refuted = 1, usage = 2, undecided = 3 };

constexpr int precedence_of(ExitStatus status) {
  switch (status) {
    case ExitStatus::usage: return 3;
    case ExitStatus::refuted: return 2;
    case ExitStatus::undecided: return 1;
    case ExitStatus::success: return 0;
  }
  return 3;
}

/// The status that wins when two checks are reported together.
constexpr ExitStatus combine(ExitStatus a, ExitStatus b) {
  return precedence_of(a) >= precedence_of(b) ? a : b;
}

/// Status of one verdict. `asked_by_name` tells whether the candidate was named by the user: an
/// unavailable candidate counts only then.
constexpr ExitStatus status_of(Verdict verdict, bool asked_by_name) {
  switch (verdict) {
    case Verdict::certified:
    case Verdict::unrefuted: return ExitStatus::success;
    case Verdict::refuted: return ExitStatus::refuted;
    case Verdict::undecided: return ExitStatus::undecided;
    case Verdict::unavailable: return asked_by_name ? ExitStatus::undecided : ExitStatus::success;
  }
  return ExitStatus::usage;
}

}  // namespace assay
