// SPDX-License-Identifier: Apache-2.0
// Built-in candidates of the pipelines: the shipped wiring on a core, under the emulator and on a
// device, and wrong ones.
#include <string>
#include <utility>

#include "kernels/loss/info_nce.hpp"
#include "properties/contract/estimate/contracts.hpp"
#include "properties/contract/estimate/pipeline.hpp"

namespace assay::contract {
namespace {

namespace sampling = kernels::sampling;

PipelineBackend on_one_core() { return {sampling::sample_cpu, kernels::generalized_loss_cpu}; }

/// Two runs under opposite schedules.
PipelineBackend emulated(int run) {
  const std::string schedule = run == 0 ? "greedy" : "greedy-reverse";
  return {[schedule](const sampling::Request& r, std::int64_t* out) {
            sampling::sample_emulated(r, out, schedule);
          },
          [schedule](const kernels::TupleArguments& a) {
            kernels::generalized_loss_emulated(a, schedule);
          }};
}

BuiltinEntry entry(const std::string& contract, std::string name, std::string backend,
                   std::string description) {
  BuiltinEntry e;
  e.info.contract = contract;
  e.info.name = std::move(name);
  e.info.version = "1";
  e.info.algorithm = "generalized";
  e.info.backend = std::move(backend);
  e.info.outputs = {"row_loss"};
  e.description = std::move(description);
  return e;
}

EstimateProblem setting_of(const Contract& instance) {
  for (const EstimateInstance& i : estimate_contract_named(instance.name).instances)
    if (i.contract == instance) return i.setting;
  return {};
}

void add_contract(std::vector<BuiltinEntry>& entries, const std::string& contract) {
  entries.push_back(entry(contract, "cpu", "cpu", "samplers and loss on one core"));
  entries.back().run = [](const BuiltinCase& c) { run_pipeline(c, on_one_core()); };
  entries.push_back(
      entry(contract, "emulated", "emulator", "the CUDA kernels on the CPU emulator"));
  entries.back().run = [](const BuiltinCase& c) { run_pipeline(c, emulated(c.run)); };
  entries.push_back(entry(contract, "cuda", "cuda", "the same kernels on the CUDA device"));
  entries.back().limit_memory = false;
  entries.back().unavailable_reason = kernels::cuda_unavailable_reason;
  entries.back().run = [](const BuiltinCase& c) {
    run_pipeline(c, {sampling::sample_cuda, kernels::generalized_loss_cuda});
  };
}

void add_faults(std::vector<BuiltinEntry>& entries, const std::string& contract) {
  for (const PipelineFaultEntry& fault : pipeline_faults()) {
    entries.push_back(entry(contract, "planted:" + std::string(fault.name), "cpu",
                            std::string(fault.description)));
    BuiltinEntry& e = entries.back();
    e.role = BuiltinRole::planted;
    e.operator_class = fault.operators;
    e.meant_for = [which = fault.fault](const Contract& instance) {
      return fault_applies(which, setting_of(instance));
    };
    e.run = [which = fault.fault](const BuiltinCase& c) { run_pipeline(c, on_one_core(), which); };
  }
}

}  // namespace

std::vector<BuiltinEntry> estimate_builtins() {
  std::vector<BuiltinEntry> entries;
  for (const EstimateContract& c : estimate_contracts()) add_contract(entries, c.name);
  for (const EstimateContract& c : estimate_contracts()) add_faults(entries, c.name);
  return entries;
}

}  // namespace assay::contract
