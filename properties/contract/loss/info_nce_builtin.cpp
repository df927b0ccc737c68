// SPDX-License-Identifier: Apache-2.0
// Built-in candidates of loss/info_nce: the tiled kernels emulated, on CUDA, and with planted
// faults. Instances of the family's settings: info_nce_family_builtin.hpp.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/loss/info_nce.hpp"
#include "kernels/planted.hpp"
#include "properties/contract/builtin.hpp"
#include "properties/contract/loss/info_nce_builtin_case.hpp"
#include "properties/contract/loss/info_nce_family_builtin.hpp"
#include "properties/contract/loss/info_nce_instances.hpp"

namespace assay::contract {
namespace {

const char* const contract_name = "loss/info_nce";

void require_f32(const kernels::InfoNceInputs& inputs) {
  if (inputs.input != Dtype::f32) throw Unsupported("only f32");
}

void require_bf16(const kernels::InfoNceInputs& inputs) {
  if (inputs.input != Dtype::bf16) throw Unsupported("only bf16");
}

/// What both operations read.
void read_inputs(const BuiltinCase& c, kernels::InfoNceInputs& inputs) {
  read_embeddings(c, inputs);
  inputs.temperature = c.scalar("temperature");
  const std::string& directions = c.option("directions");
  if (directions == "joint-block")
    inputs.form = kernels::InfoNceForm::joint_block;
  else if (directions == "one-direction")
    inputs.form = kernels::InfoNceForm::one_direction;
  else
    throw Unsupported("directions = '" + directions + "'");
}

/// The two kernels of one implementation.
struct Kernels {
  std::function<void(const kernels::InfoNceArguments&)> forward;
  std::function<void(const kernels::InfoNceBackwardArguments&)> backward;
};

void call_forward(const BuiltinCase& c, const Kernels& kernels) {
  kernels::InfoNceArguments arguments;
  read_inputs(c, arguments);
  const std::int64_t rows =
      arguments.form == kernels::InfoNceForm::joint_block ? 2 * arguments.n : arguments.n;
  std::vector<float> row_loss, row_lse, loss;
  arguments.row_loss = place_of(c, "row_loss", rows, row_loss);
  arguments.row_lse = place_of(c, "row_lse", rows, row_lse);
  arguments.loss = place_of(c, "loss", 1, loss);
  kernels.forward(arguments);
}

void call_backward(const BuiltinCase& c, const Kernels& kernels) {
  kernels::InfoNceBackwardArguments arguments;
  read_inputs(c, arguments);
  read_upstream(c, arguments);
  std::vector<float> grad_a, grad_b, grad_temperature;
  arguments.grad_a = place_of(c, "grad_a", arguments.n * arguments.d, grad_a);
  arguments.grad_b = place_of(c, "grad_b", arguments.n * arguments.d, grad_b);
  arguments.grad_temperature = place_of(c, "grad_temperature", 1, grad_temperature);
  kernels.backward(arguments);
}

/// Translates a case into the kernel's arguments and calls the kernel of its operation.
void call_kernels(const BuiltinCase& c, const Kernels& kernels) {
  if (operation_of(c) == Operation::forward)
    call_forward(c, kernels);
  else
    call_backward(c, kernels);
}

BuiltinEntry entry(std::string name, std::string backend, std::string description) {
  BuiltinEntry e;
  e.info.name = std::move(name);
  e.info.version = std::string("1");
  e.info.contract = contract_name;
  e.info.algorithm = "tiled-online-log1p";
  e.info.backend = std::move(backend);
  e.info.outputs = {"row_loss", "row_lse", "loss", "grad_a", "grad_b", "grad_temperature"};
  e.info.inputs = {Dtype::f32, Dtype::bf16, Dtype::f16};
  e.description = std::move(description);
  return e;
}

/// Two runs under opposite schedules: a result that depends on the order of threads differs. Laws
/// ask for more runs.
std::string schedule_of(const BuiltinCase& c) {
  switch (c.run) {
    case 0: return "greedy";
    case 1: return "greedy-reverse";
    case 2: return "fair";
    default: return "greedy-random:" + std::to_string(c.run);
  }
}

void run_emulated(const BuiltinCase& c, kernels::Planted fault) {
  if (is_of_family(c))
    return call_family_kernels(
        c, {[&](const kernels::FamilyArguments& arguments) {
              kernels::info_nce_family_forward_emulated(arguments, schedule_of(c), fault);
            },
            [&](const kernels::FamilyBackwardArguments& arguments) {
              kernels::info_nce_family_backward_emulated(arguments, schedule_of(c), fault);
            }});
  call_kernels(c, {[&](const kernels::InfoNceArguments& arguments) {
                     kernels::info_nce_forward_emulated(arguments, schedule_of(c), fault);
                   },
                   [&](const kernels::InfoNceBackwardArguments& arguments) {
                     kernels::info_nce_backward_emulated(arguments, schedule_of(c), fault);
                   }});
}

void run_variant(const BuiltinCase& c, kernels::Variant variant) {
  if (is_of_family(c))
    return call_family_kernels(c, {[&](const kernels::FamilyArguments& arguments) {
                                     kernels::info_nce_family_forward_emulated_variant(
                                         arguments, schedule_of(c), variant);
                                   },
                                   [&](const kernels::FamilyBackwardArguments& arguments) {
                                     kernels::info_nce_family_backward_emulated_variant(
                                         arguments, schedule_of(c), variant);
                                   }});
  call_kernels(c, {[&](const kernels::InfoNceArguments& arguments) {
                     kernels::info_nce_forward_emulated_variant(arguments, schedule_of(c), variant);
                   },
                   [&](const kernels::InfoNceBackwardArguments& arguments) {
                     kernels::info_nce_backward_emulated_variant(arguments, schedule_of(c),
                                                                 variant);
                   }});
}

void run_cuda(const BuiltinCase& c) {
  if (is_of_family(c))
    call_family_kernels(
        c, {kernels::info_nce_family_forward_cuda, kernels::info_nce_family_backward_cuda});
  else
    call_kernels(c, {kernels::info_nce_forward_cuda, kernels::info_nce_backward_cuda});
}

/// \throws Unsupported for the instances of settings
void require_old_instance(const BuiltinCase& c) {
  if (is_of_family(c)) throw Unsupported("only joint-block and one-direction");
}

void run_tensor(const BuiltinCase& c) {
  require_old_instance(c);
  call_kernels(c, {[&](const kernels::InfoNceArguments& arguments) {
                     require_bf16(arguments);
                     kernels::info_nce_forward_tensor_emulated(arguments, schedule_of(c));
                   },
                   [&](const kernels::InfoNceBackwardArguments& arguments) {
                     require_bf16(arguments);
                     kernels::info_nce_backward_tensor_emulated(arguments, schedule_of(c));
                   }});
}

/// One thread, then two, whose bits have to be the same.
void run_cpu(const BuiltinCase& c) {
  require_old_instance(c);
  const int threads = 1 + c.run;
  call_kernels(c, {[&](const kernels::InfoNceArguments& arguments) {
                     require_f32(arguments);
                     kernels::info_nce_cpu(&arguments, nullptr, threads);
                   },
                   [&](const kernels::InfoNceBackwardArguments& arguments) {
                     require_f32(arguments);
                     kernels::info_nce_cpu(nullptr, &arguments, threads);
                   }});
}

/// Faults that change outputs on an instance but not the contract there (docs/self-test.md): what
/// they do is proved to be allowed, so that nothing can refute them.
bool allowed_on(kernels::Planted fault, const InfoNceInstanceName& instance) {
  using kernels::Planted;
  // Inputs that are as narrow already lose nothing.
  if (fault == Planted::inputs_in_bf16) return instance.input != Dtype::f32;
  // Gradients that depend on a logit of -inf are not judged.
  if (fault == Planted::minus_infinity_unguarded) return instance.operation == Operation::backward;
  // Without a self-pair it adds exp(-103.28) to a sum relative to the positive: less than half the
  // smallest subnormal number more than the loss has.
  if (fault == Planted::additive_mask_finite) return !instance.joint;
  return false;
}

/// Only the kernels for the whole family have it.
bool only_in_family(const kernels::PlantedEntry& fault) {
  for (const kernels::PlantedEntry& entry : kernels::family_planted_catalogue)
    if (entry.fault == fault.fault) return true;
  return false;
}

bool is_old_instance(const Contract& instance) { return !is_of_family(instance); }

/// Operation and directions in which a fault exists.
bool exists_on(const kernels::PlantedEntry& fault, const Contract& instance) {
  if (is_of_family(instance)) return family_fault_exists_on(fault.fault, instance);
  if (only_in_family(fault)) return false;
  using kernels::PlantedForm;
  using kernels::PlantedIn;
  const InfoNceInstanceName name = InfoNceInstanceName::of(instance);
  const bool forward = name.operation == Operation::forward;
  if (allowed_on(fault.fault, name)) return false;
  return fault.operation != (forward ? PlantedIn::backward : PlantedIn::forward) &&
         fault.form != (name.joint ? PlantedForm::one_direction : PlantedForm::joint_block);
}

BuiltinEntry planted(const kernels::PlantedEntry& fault) {
  BuiltinEntry e =
      entry("planted:" + std::string(fault.name), "emulator", std::string(fault.description));
  e.role = BuiltinRole::planted;
  e.operator_class = fault.operators;
  e.seen_in = fault.seen_in;
  e.meant_for = [&fault](const Contract& instance) { return exists_on(fault, instance); };
  e.run = [&fault](const BuiltinCase& c) { run_emulated(c, fault.fault); };
  return e;
}

BuiltinEntry correct(kernels::Variant variant) {
  BuiltinEntry e = entry("variant:" + std::string(name_of(variant)), "emulator",
                         "another correct algorithm for the emulated kernel");
  e.role = BuiltinRole::variant;
  e.info.algorithm = "any-order-online";
  e.run = [variant](const BuiltinCase& c) { run_variant(c, variant); };
  return e;
}

}  // namespace

std::vector<BuiltinEntry> info_nce_builtins() {
  std::vector<BuiltinEntry> entries;
  entries.push_back(entry("emulated", "emulator", "the tiled CUDA kernel on the CPU emulator"));
  entries.back().run = [](const BuiltinCase& c) { run_emulated(c, kernels::Planted::none); };

  entries.push_back(entry("cuda", "cuda", "the same kernel on the CUDA device"));
  entries.back().limit_memory = false;
  entries.back().unavailable_reason = kernels::cuda_unavailable_reason;
  entries.back().run = run_cuda;

  entries.push_back(
      entry("emulated-tensor", "emulator", "the bfloat16 tensor-core kernel on the CPU emulator"));
  entries.back().info.algorithm = "tiled-mma-log1p";
  entries.back().info.inputs = {Dtype::bf16};
  entries.back().meant_for = is_old_instance;
  entries.back().run = run_tensor;

  entries.push_back(entry("cuda-tensor", "cuda", "the same kernel on the CUDA device"));
  entries.back().info.algorithm = "tiled-mma-log1p";
  entries.back().info.inputs = {Dtype::bf16};
  entries.back().limit_memory = false;
  entries.back().unavailable_reason = kernels::cuda_unavailable_reason;
  entries.back().meant_for = is_old_instance;
  entries.back().run = [](const BuiltinCase& c) {
    require_old_instance(c);
    call_kernels(c,
                 {kernels::info_nce_forward_tensor_cuda, kernels::info_nce_backward_tensor_cuda});
  };

  entries.push_back(entry("cpu", "cpu", "the vectorised, threaded CPU implementation"));
  entries.back().info.algorithm = "any-order-online";
  entries.back().info.inputs = {Dtype::f32};
  entries.back().meant_for = is_old_instance;
  entries.back().run = run_cpu;

  for (const kernels::Variant variant : kernels::correct_variants)
    entries.push_back(correct(variant));
  for (const kernels::PlantedEntry& fault : kernels::planted_catalogue)
    entries.push_back(planted(fault));
  for (const kernels::PlantedEntry& fault : kernels::family_planted_catalogue)
    entries.push_back(planted(fault));
  return entries;
}

}  // namespace assay::contract
