// SPDX-License-Identifier: Apache-2.0
// The InfoNCE backward kernels under the emulator.
#include <utility>
#include <vector>

#include "kernels/loss/info_nce.hpp"
#include "kernels/loss/info_nce_arguments.hpp"
#include "kernels/loss/info_nce_gradient.cuh"
#include "kernels/loss/info_nce_planted.hpp"

namespace assay::kernels {

namespace {

using info_nce::Altered;
using info_nce::Plain;

struct Told {
  const InfoNceInputs& inputs;
  float inv_tau;
  info_nce::Upstream upstream;
  info_nce::GradientOutputs out;
  float temperature_factor;
};

/// The kernels on inputs of one element type.
template <class Element, class Policy>
void run_on(const Told& told, Policy policy) {
  const InfoNceInputs& inputs = told.inputs;
  const auto rows = static_cast<std::size_t>(info_nce_rows(inputs));
  std::vector<float> scratch(5 * rows);
  const info_nce::RowStatistics statistics{&scratch[0], &scratch[rows], &scratch[2 * rows],
                                           &scratch[3 * rows], &scratch[4 * rows]};
  const InfoNceProblem<Element> q{static_cast<const Element*>(inputs.a),
                                  static_cast<const Element*>(inputs.b),
                                  inputs.n,
                                  inputs.d,
                                  inputs.a_stride,
                                  inputs.b_stride,
                                  told.inv_tau};
  if (inputs.form == InfoNceForm::joint_block)
    info_nce::launch_backward<true>(q, told.upstream, statistics, told.out, told.temperature_factor,
                                    policy);
  else
    info_nce::launch_backward<false>(q, told.upstream, statistics, told.out,
                                     told.temperature_factor, policy);
}

/// What the kernels are told by rights.
Told told_of(const InfoNceBackwardArguments& q) {
  const float inv_tau = info_nce_inverse_temperature(q.temperature);
  const float mean_part = q.grad_loss / static_cast<float>(info_nce_rows(q));
  return {q,
          inv_tau,
          {q.grad_row_loss, q.grad_row_loss_stride, mean_part},
          {q.grad_a, q.grad_b, q.grad_temperature},
          inv_tau};
}

void run_altered(const InfoNceBackwardArguments& arguments, const std::string& schedule,
                 const Altered& altered) {
  check_info_nce_arguments(arguments);
  const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
  const SeenInputs seen(arguments, altered.fault);
  const SeenUpstream upstream(arguments, altered.fault);
  info_nce::GradientOutputs out{arguments.grad_a, arguments.grad_b, arguments.grad_temperature};
  if (seen.exchanged) std::swap(out.a, out.b);
  const Told told{seen.inputs,
                  seen.inv_tau,
                  {upstream.per_row, upstream.stride, upstream.mean_part},
                  out,
                  seen_temperature_factor(seen.inv_tau, altered.fault)};
  with_element_of(arguments.input, [&](auto zero) { run_on<decltype(zero)>(told, altered); });
}

}  // namespace

void info_nce_backward_emulated(const InfoNceBackwardArguments& arguments,
                                const std::string& schedule, Planted fault) {
  if (fault != Planted::none) return run_altered(arguments, schedule, {fault, Variant::stated});
  check_info_nce_arguments(arguments);
  const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
  with_element_of(arguments.input,
                  [&](auto zero) { run_on<decltype(zero)>(told_of(arguments), Plain{}); });
}

void info_nce_backward_emulated_variant(const InfoNceBackwardArguments& arguments,
                                        const std::string& schedule, Variant variant) {
  run_altered(arguments, schedule, {Planted::none, variant});
}

void info_nce_backward_tensor_emulated(const InfoNceBackwardArguments& arguments,
                                       const std::string& schedule) {
  check_info_nce_arguments(arguments);
  check_tensor_input(arguments);
  const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
  run_on<Bf16>(told_of(arguments), info_nce::TensorCore{});
}

}  // namespace assay::kernels
