// SPDX-License-Identifier: Apache-2.0
// The law of every contract.
#include "properties/contract/law.hpp"

namespace assay::contract {

Judgement agrees_with_truth(const Column& column, Candidate& candidate, const engine::Case& c,
                            const Ladder& ladder) {
  const std::vector<engine::OutputSpec> outputs = column.outputs(c);
  Judgement result;
  result.expectation = column.expect(c, candidate.info().algorithm);
  result.observation = candidate.observe(c, outputs);
  result.finding = judge(result.observation, result.expectation, outputs, ladder);
  return result;
}

}  // namespace assay::contract
