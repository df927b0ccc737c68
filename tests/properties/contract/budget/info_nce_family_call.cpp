// SPDX-License-Identifier: Apache-2.0
// From a case of a setting to the arguments of the emulated family kernel.
#include "info_nce_family_call.hpp"

#include "kernels/loss/info_nce_family.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_family_builtin.hpp"
#include "properties/contract/loss/info_nce_settings.hpp"

namespace assay::testing {

namespace {

void read(const engine::Case& c, kernels::FamilyInputs& q) {
  const Tensor &a = c.input("a"), &b = c.input("b");
  q.setting = contract::kernel_setting(contract::info_nce_setting(c.options.at("setting")));
  q.a = a.bytes.data();
  q.b = b.bytes.data();
  q.input = a.dtype;
  q.n = a.shape[0];
  q.d = a.shape[1];
  q.a_stride = a.strides[0];
  q.b_stride = b.strides[0];
  q.parameter = c.scalars.at("temperature");
  if (const Tensor* labels = c.find_input("labels")) q.a_labels = labels->as<std::int64_t>();
  if (const Tensor* labels = c.find_input("labels_b")) q.b_labels = labels->as<std::int64_t>();
  if (const Tensor* mask = c.find_input("mask")) {
    q.mask = mask->as<std::uint8_t>();
    q.mask_stride = mask->strides[0];
  }
}

/// Runs the kernel of the case's operation on its arguments.
template <class Forward, class Backward>
contract::Observation run(const engine::Case& c, Forward forward, Backward backward) {
  contract::Observation o;
  o.conduct = contract::Conduct::returned;
  for (const engine::OutputSpec& spec : contract::info_nce_column().outputs(c))
    o.outputs.push_back(Tensor::contiguous(spec.name, spec.dtype, spec.shape));
  if (c.options.at("operation") == "forward") {
    kernels::FamilyArguments q;
    read(c, q);
    q.row_loss = o.outputs[0].as<float>();
    q.loss = o.outputs[1].as<float>();
    forward(q);
    return o;
  }
  kernels::FamilyBackwardArguments q;
  read(c, q);
  if (const Tensor* upstream = c.find_input("grad_row_loss")) {
    q.grad_row_loss = upstream->as<float>();
    q.grad_row_loss_stride = upstream->strides[0];
  }
  q.grad_loss = static_cast<float>(c.scalars.at("grad_loss"));
  q.grad_a = o.outputs[0].as<float>();
  q.grad_b = o.outputs[1].as<float>();
  q.grad_parameter = o.outputs[2].as<float>();
  backward(q);
  return o;
}

}  // namespace

contract::Observation run_family(const engine::Case& c, kernels::Planted fault) {
  return run(
      c, [&](const auto& q) { kernels::info_nce_family_forward_emulated(q, "greedy", fault); },
      [&](const auto& q) { kernels::info_nce_family_backward_emulated(q, "greedy", fault); });
}

contract::Observation run_family_variant(const engine::Case& c, kernels::Variant variant) {
  return run(
      c,
      [&](const auto& q) {
        kernels::info_nce_family_forward_emulated_variant(q, "greedy", variant);
      },
      [&](const auto& q) {
        kernels::info_nce_family_backward_emulated_variant(q, "greedy", variant);
      });
}

}  // namespace assay::testing
