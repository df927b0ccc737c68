// SPDX-License-Identifier: Apache-2.0
// assay self-test --compare-rules: the kill matrix, one line per acceptance rule.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "assay/command.hpp"
#include "assay/terminal.hpp"
#include "properties/contract/loss/info_nce_kill_matrix.hpp"
#include "properties/engine/files/atomic_file.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::cli {
namespace {

using contract::KillMatrix;
using contract::KillMatrixSuiteResult;
using contract::RuleOnSuite;

std::string list_of(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

void print_table(const KillMatrix& matrix) {
  fmt::print("\n  {:<24}", "rule");
  for (const KillMatrixSuiteResult& suite : matrix.suites)
    fmt::print(" {:<22} {:<8}",
               fmt::format("{}, {} case{}", suite.name, suite.cases, suite.cases == 1 ? "" : "s"),
               "correct");
  fmt::print("\n");
  for (std::size_t r = 0; r < matrix.suites.front().rules.size(); ++r) {
    fmt::print("  {:<24}", matrix.suites.front().rules[r].rule);
    for (const KillMatrixSuiteResult& suite : matrix.suites) {
      const RuleOnSuite& rule = suite.rules[r];
      fmt::print(" {:<22} {:<8}", fmt::format("{}/{}", rule.killed.size(), matrix.bugs.size()),
                 rule.accepts_correct() ? "yes" : "no");
    }
    fmt::print("\n");
  }
}

void print_matrix(const KillMatrix& matrix) {
  fmt::print("{}: kill matrix, one direction, bfloat16, forward and backward, seed {}\n",
             matrix.contract, matrix.seed);
  fmt::print("{} planted bugs; {} correct implementations: {}\n", matrix.bugs.size(),
             matrix.correct.size(), list_of(matrix.correct));
  print_table(matrix);
  for (const KillMatrixSuiteResult& suite : matrix.suites) {
    fmt::print("\n{}: bugs that change no bit: {}\n", suite.name, list_of(suite.not_applied));
    fmt::print("  largest share of a correct implementation: {:.3g} ({})\n", suite.largest_share.hi,
               suite.where);
    for (const RuleOnSuite& rule : suite.rules) {
      fmt::print("  missed by {}: {}\n", rule.rule, list_of(rule.missed));
      if (!rule.accepts_correct())
        fmt::print("    refuses correct: {}\n", list_of(rule.refused_correct));
    }
  }
  fmt::print("\n{}\n", name_of(matrix.verdict()));
}

}  // namespace

ExitStatus compare_rules(const Common& common, const SelfTestOptions& options) {
  if (options.contract != "loss/info_nce")
    throw engine::InputError("--compare-rules", "contract '" + options.contract + "'",
                             "there is a kill matrix for loss/info_nce only");
  if (!options.instances.empty())
    throw engine::InputError("--compare-rules", "--instance",
                             "the kill matrix has instances of its own");
  if (!options.output.empty()) engine::check_writable(options.output);
  contract::KillMatrixOptions run;
  run.seed = options.seed;
  run.threads = threads_of(options.threads);
  run.program = common.program;
  run.interrupted = stop_requested;
  auto progress = std::make_unique<Progress>("kill matrix");
  run.progress = [&](std::int64_t done, std::int64_t total) { progress->update(done, total); };
  const KillMatrix matrix = run_info_nce_kill_matrix(run);
  progress.reset();
  const std::string text = to_json(matrix);
  if (!options.output.empty()) engine::write_file_atomically(options.output, text);
  if (common.json)
    fmt::print("{}", text);
  else
    print_matrix(matrix);
  return status_of(matrix.verdict(), true);
}

}  // namespace assay::cli
