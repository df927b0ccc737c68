// SPDX-License-Identifier: Apache-2.0
// The shipped pipeline of sampler and loss kernels, wired as a training step wires them; and known
// ways to wire them wrongly.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "kernels/loss/generalized.hpp"
#include "kernels/sampling/sampling.hpp"
#include "properties/contract/builtin.hpp"
#include "properties/contract/estimate/problem.hpp"

namespace assay::contract {

/// Where the kernels run.
struct PipelineBackend {
  std::function<void(const kernels::sampling::Request&, std::int64_t*)> sample;
  std::function<void(const kernels::TupleArguments&)> loss;
};

// X(name, operator class, description)
#define ASSAY_PIPELINE_FAULTS(X)                                                                  \
  X(own_class_leaks, "SUPPORT.label", "negatives of the anchor's own class: UCL's law for SCL's") \
  X(own_class_left_out, "SUPPORT.label",                                                          \
    "no negatives of the anchor's class: SCL's law for UCL's")                                    \
  X(positive_leaks, "SUPPORT.positive", "the first negative is the positive")                     \
  X(anchor_leaks, "SUPPORT.self", "the first negative is the anchor")                             \
  X(anchor_as_positive, "SUPPORT.self", "the anchor is its own positive")                         \
  X(positives_of_all_classes, "LOGIC.positive_set", "the positive is any point of the batch")     \
  X(anchors_by_class, "BIAS.anchor", "classes alike in place of points alike")                    \
  X(beta_ignored, "BIAS.tilt", "negatives are not hardened")                                      \
  X(tilt_twice, "BIAS.tilt", "the tilt is applied twice")                                         \
  X(temperature_forgotten_in_tilt, "BIAS.tilt",                                                   \
    "inner products of the tilt are not divided by tau")                                          \
  X(tilt_by_positive, "BIAS.tilt", "the tilt looks at the positive in place of the anchor")       \
  X(weights_shifted, "BIAS.weight", "every column has its neighbour's weight")                    \
  X(weights_of_next_anchor, "BIAS.weight", "every anchor has the next one's negatives")           \
  X(one_negative_repeated, "STREAM.reused_counter", "all k negatives of an anchor are one draw")  \
  X(hardest_negative, "BIAS.top_k", "the hardest point in place of draws")                        \
  X(first_proposal_accepted, "BIAS.rejection", "the first proposal is accepted")                  \
  X(sum_for_mean, "LOGIC.sum_for_mean", "the sum over the negatives is not divided by k")         \
  X(mean_for_sum, "LOGIC.mean_for_sum", "the sum over the negatives is divided by k")             \
  X(temperature_forgotten_in_loss, "LOGIC.temperature", "the loss is not divided by tau")         \
  X(temperature_twice_in_loss, "LOGIC.temperature", "the loss is divided by tau twice")           \
  X(constant_forgotten, "LOGIC.wrong_denominator", "alpha is 0: the decoupled loss")              \
  X(margin_doubled, "LOGIC.margin", "the margin of squared distances, not halved")                \
  X(last_negative_lost, "TAIL.tile", "the loss leaves the last negative out")

#define ASSAY_PIPELINE_FAULT_NAME(name, operators, description) name,
/// `none` is the pipeline itself.
enum class PipelineFault : unsigned char { none, ASSAY_PIPELINE_FAULTS(ASSAY_PIPELINE_FAULT_NAME) };
#undef ASSAY_PIPELINE_FAULT_NAME

struct PipelineFaultEntry {
  PipelineFault fault;
  std::string_view name, operators, description;
};
const std::vector<PipelineFaultEntry>& pipeline_faults();
/// Whether the fault makes another pipeline of the instance's setting.
bool fault_applies(PipelineFault fault, const EstimateProblem& setting);

/// One call: pairs of anchor and positive, negatives, losses. A rejection without an accepted
/// proposal is drawn again with further calls of the stream, up to 64 times.
/// \throws Unsupported; what the kernels throw
void run_pipeline(const BuiltinCase& c, const PipelineBackend& backend,
                  PipelineFault fault = PipelineFault::none);

}  // namespace assay::contract
