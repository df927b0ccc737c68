// SPDX-License-Identifier: Apache-2.0
// The kill matrix as JSON.
#include "properties/contract/acceptance_rules.hpp"
#include "properties/contract/loss/info_nce_kill_matrix.hpp"
#include "properties/engine/files/json_text.hpp"

namespace assay::contract {

std::string to_json(const KillMatrix& matrix) {
  using nlohmann::ordered_json;
  ordered_json bugs = ordered_json::array(), sources = ordered_json::array(),
               suites = ordered_json::array();
  for (const std::string& name : matrix.bugs) {
    std::string stands_for;
    for (const KillMatrixBug& bug : info_nce_kill_matrix_bugs())
      if (name_of(bug.fault) == name) stands_for = bug.stands_for;
    bugs.push_back({{"fault", name}, {"stands_for", stands_for}});
  }
  for (const AcceptanceRule& rule : foreign_rules())
    sources.push_back({{"rule", rule.name}, {"source", rule.source}});
  for (const KillMatrixSuiteResult& suite : matrix.suites) {
    ordered_json rules = ordered_json::array();
    for (const RuleOnSuite& rule : suite.rules)
      rules.push_back({{"rule", rule.rule},
                       {"killed", rule.killed.size()},
                       {"accepts_correct", rule.accepts_correct()},
                       {"missed", rule.missed},
                       {"refused_correct", rule.refused_correct}});
    suites.push_back({{"suite", suite.name},
                      {"cases", suite.cases},
                      {"all_demanded", suite.all_demanded},
                      {"not_applied", suite.not_applied},
                      {"largest_share", engine::json_of(suite.largest_share.hi)},
                      {"where", suite.where},
                      {"rules", rules}});
  }
  return engine::json_text(
      {{"format", "assay-kill-matrix/1"},
       {"contract", matrix.contract},
       {"instances", {"one-direction/bf16", "one-direction/backward/bf16"}},
       {"outputs", {"row_loss", "loss", "grad_a", "grad_b", "grad_temperature"}},
       {"seed", matrix.seed},
       {"verdict", name_of(matrix.verdict())},
       {"bugs", bugs},
       {"correct", matrix.correct},
       {"sources", sources},
       {"suites", suites}});
}

}  // namespace assay::contract
