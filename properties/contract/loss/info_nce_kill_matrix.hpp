// SPDX-License-Identifier: Apache-2.0
// The kill matrix of loss/info_nce: planted bugs and correct implementations against the
// acceptance rules of other projects and against the budget (docs/kill-matrix.md).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ends.hpp"
#include "core/verdict.hpp"
#include "kernels/planted.hpp"
#include "properties/contract/candidate.hpp"

namespace assay::contract {

/// One bug of the matrix.
struct KillMatrixBug {
  kernels::Planted fault;
  std::string_view stands_for;  ///< in the words of the comparison that the matrix repeats
};
/// The 28 bugs, in the order of the list that they stand for.
const std::vector<KillMatrixBug>& info_nce_kill_matrix_bugs();

/// Cases on which rules are compared.
struct KillMatrixSuite {
  std::string name;
  std::vector<std::pair<std::string, std::uint64_t>> cases;  ///< (family, index)
  bool all_demanded = false;  ///< the budget must refute every bug here
};
/// "typical": one case. "adversarial": nine cases, on which nothing may survive the budget.
std::vector<KillMatrixSuite> info_nce_kill_matrix_suites();

/// A rule on a suite: what it rejected. It rejects a candidate when it rejects an output of a case.
struct RuleOnSuite {
  std::string rule;
  std::vector<std::string> killed, missed;  ///< bugs, each list in the order of the table
  /// "variant:two_pass on adversarial #3: grad_a": every correct implementation refused, with the
  /// first case, and there the first output (of the budget: the reason).
  std::vector<std::string> refused_correct;

  /// A rule that refuses a correct implementation is disqualified on the suite.
  bool accepts_correct() const { return refused_correct.empty(); }
};

struct KillMatrixSuiteResult {
  std::string name;
  std::int64_t cases = 0;
  bool all_demanded = false;
  std::vector<std::string> not_applied;  ///< bugs that change no bit of any output of any case
  std::vector<RuleOnSuite> rules;        ///< the foreign ones, and last the budget
  Ends largest_share{0, 0};              ///< of the budget, over the correct implementations
  std::string where;                     ///< "emulated on adversarial #3, grad_a[17]"
  const RuleOnSuite& budget() const { return rules.back(); }
};

struct KillMatrix {
  std::string contract;
  std::uint64_t seed = 0;
  std::vector<std::string> bugs;     ///< names of planted faults
  std::vector<std::string> correct;  ///< names of candidates: the kernel, then its variants
  std::vector<KillMatrixSuiteResult> suites;

  /// refuted when the budget refuses a correct implementation on any suite, or lets a bug pass on a
  /// suite where all are demanded; else certified.
  Verdict verdict() const;
};

struct KillMatrixOptions {
  std::uint64_t seed = 1;
  int threads = 1;      ///< the result does not depend on it
  std::string program;  ///< path of the assay executable
  Limits limits{60000, std::size_t{4} << 30};
  std::vector<KillMatrixBug> bugs = info_nce_kill_matrix_bugs();
  std::vector<KillMatrixSuite> suites = info_nce_kill_matrix_suites();
  std::function<void(std::int64_t done, std::int64_t total)> progress = [](std::int64_t,
                                                                           std::int64_t) {};
  std::function<bool()> interrupted = [] { return false; };
};

/// The outputs that are compared: row_loss and its mean `loss`, grad_a, grad_b, grad_temperature.
///
/// Every candidate runs in a worker, on the forward and the backward case of the same embeddings
/// (instances "one-direction/bf16" and "one-direction/backward/bf16"); a fault that does not exist
/// in an operation leaves the kernel's own output there. A bug counts as killed by the budget only
/// when the judge refutes it; a correct implementation counts as accepted only when the judge
/// certifies both operations. Foreign rules see numbers, nothing of a candidate's conduct, unless
/// it left no output at all.
/// \throws Interrupted; std::runtime_error when a candidate cannot be run
KillMatrix run_info_nce_kill_matrix(const KillMatrixOptions& options);

/// JSON text ("format": "assay-kill-matrix/1").
std::string to_json(const KillMatrix& matrix);

}  // namespace assay::contract
