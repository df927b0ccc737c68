// SPDX-License-Identifier: Apache-2.0
// Problems as calls.
#include "properties/contract/estimate/problem.hpp"

#include <cstring>

namespace assay::contract {

engine::Case estimate_call(const engine::CaseDescriptor& descriptor, const EstimateProblem& problem,
                           std::int64_t draws, std::uint64_t seed, std::uint64_t call) {
  engine::Case c;
  c.descriptor = descriptor;
  c.inputs.push_back(
      Tensor::of_floats("points", {problem.count(), problem.dimension}, problem.points));
  Tensor labels = Tensor::contiguous("labels", Dtype::i32, {problem.count()});
  std::memcpy(labels.bytes.data(), problem.labels.data(), labels.bytes.size());
  c.inputs.push_back(std::move(labels));
  Tensor stream = Tensor::contiguous("stream", Dtype::u64, {2});
  stream.as<std::uint64_t>()[0] = seed;
  stream.as<std::uint64_t>()[1] = call;
  c.inputs.push_back(std::move(stream));
  c.scalars = {{"draws", static_cast<double>(draws)},
               {"k", static_cast<double>(problem.k)},
               {"alpha", static_cast<double>(problem.alpha)},
               {"margin", static_cast<double>(problem.margin)},
               {"beta", static_cast<double>(problem.beta)},
               {"inv_tau", static_cast<double>(problem.inv_tau)},
               {"power", problem.power},
               {"proposals", static_cast<double>(problem.proposals)}};
  c.options = {{"law", problem.supervised ? "hscl" : "hucl"},
               {"psi", problem.psi},
               {"over", problem.over},
               {"tilt", problem.tilt}};
  return c;
}

engine::OutputSpec estimate_output(std::int64_t draws) {
  return {"row_loss", Dtype::f32, {draws}, true};
}

}  // namespace assay::contract
