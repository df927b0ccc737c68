// SPDX-License-Identifier: Apache-2.0
// The InfoNCE forward kernel under the emulator.
#include "kernels/loss/info_nce.cuh"
#include "kernels/loss/info_nce.hpp"
#include "kernels/loss/info_nce_arguments.hpp"
#include "kernels/loss/info_nce_planted.hpp"

namespace assay::kernels {

namespace {

using info_nce::Altered;
using info_nce::Plain;
using info_nce::Sweep;

/// The kernels on inputs of one element type.
template <class Element, class Policy>
void run_on(const InfoNceInputs& inputs, float inv_tau, const info_nce::ForwardOutputs& out,
            Policy policy) {
  const InfoNceProblem<Element> q{static_cast<const Element*>(inputs.a),
                                  static_cast<const Element*>(inputs.b),
                                  inputs.n,
                                  inputs.d,
                                  inputs.a_stride,
                                  inputs.b_stride,
                                  inv_tau};
  if (inputs.form == InfoNceForm::joint_block)
    info_nce::launch_forward<Sweep::joint>(q, out, policy);
  else
    info_nce::launch_forward<Sweep::rows>(q, out, policy);
}

info_nce::ForwardOutputs outputs_of(const InfoNceArguments& q, float divisor) {
  return {q.row_loss, q.row_lse, q.loss, divisor};
}

void run_altered(const InfoNceArguments& arguments, const std::string& schedule,
                 const Altered& altered) {
  check_info_nce_arguments(arguments);
  const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
  const SeenInputs seen(arguments, altered.fault);
  const auto out = outputs_of(arguments, seen_divisor(arguments, altered.fault));
  with_element_of(arguments.input, [&](auto zero) {
    run_on<decltype(zero)>(seen.inputs, seen.inv_tau, out, altered);
  });
}

}  // namespace

void info_nce_forward_emulated(const InfoNceArguments& arguments, const std::string& schedule,
                               Planted fault) {
  if (fault != Planted::none) return run_altered(arguments, schedule, {fault, Variant::stated});
  check_info_nce_arguments(arguments);
  const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
  const auto out = outputs_of(arguments, static_cast<float>(info_nce_rows(arguments)));
  const float inv_tau = info_nce_inverse_temperature(arguments.temperature);
  with_element_of(arguments.input,
                  [&](auto zero) { run_on<decltype(zero)>(arguments, inv_tau, out, Plain{}); });
}

void info_nce_forward_emulated_variant(const InfoNceArguments& arguments,
                                       const std::string& schedule, Variant variant) {
  run_altered(arguments, schedule, {Planted::none, variant});
}

void info_nce_forward_tensor_emulated(const InfoNceArguments& arguments,
                                      const std::string& schedule) {
  check_info_nce_arguments(arguments);
  check_tensor_input(arguments);
  const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
  run_on<Bf16>(arguments, info_nce_inverse_temperature(arguments.temperature),
               outputs_of(arguments, static_cast<float>(info_nce_rows(arguments))),
               info_nce::TensorCore{});
}

}  // namespace assay::kernels
