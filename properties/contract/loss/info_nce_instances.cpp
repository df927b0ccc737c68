// SPDX-License-Identifier: Apache-2.0
// Names and contracts of the InfoNCE instances.
#include "properties/contract/loss/info_nce_instances.hpp"

#include "properties/engine/input_error.hpp"

namespace assay::contract {

std::string InfoNceInstanceName::text() const {
  std::string text = directions();
  if (operation == Operation::backward) text += "/backward";
  if (input != Dtype::f32) text += "/" + std::string(name_of(input));
  return text;
}

InfoNceInstanceName InfoNceInstanceName::parse(const std::string& text) {
  std::string known;
  for (const InfoNceInstanceName& name : info_nce_instance_names()) {
    if (name.text() == text) return name;
    known += (known.empty() ? "" : ", ") + name.text();
  }
  throw engine::InputError("loss/info_nce", "instance '" + text + "'",
                           "unknown; there are " + known);
}

InfoNceInstanceName InfoNceInstanceName::of(const Contract& contract) {
  return {contract.field("directions") == "joint-block", contract.operation, contract.input};
}

const std::vector<InfoNceInstanceName>& info_nce_instance_names() {
  static const std::vector<InfoNceInstanceName> names = [] {
    std::vector<InfoNceInstanceName> all;
    for (const Dtype input : {Dtype::f32, Dtype::bf16, Dtype::f16})
      for (const Operation operation : {Operation::forward, Operation::backward})
        for (const bool joint : {true, false}) all.push_back({joint, operation, input});
    return all;
  }();
  return names;
}

Contract info_nce_contract(const InfoNceInstanceName& name) {
  Contract contract;
  contract.name = "loss/info_nce";
  contract.operation = name.operation;
  contract.input = name.input;
  const bool forward = name.operation == Operation::forward;
  contract.fields = {{"directions", name.directions()},
                     {"similarity", "dot"},
                     {"normalisation", "callers-duty"},
                     {"temperature", "T"},
                     {"self-pair", name.joint ? "left-out-by-index" : "none"},
                     {"positive-set", "other-view"},
                     {"denominator", "ALL"},
                     {"anchor-reduction", "mean"},
                     {"empty-negatives", "loss-0"},
                     {"non-finite", forward ? "extended-reals" : "not-judged"}};
  if (!forward) contract.fields.push_back({"upstream", "per-row,broadcast,mean"});
  contract.fields.push_back(
      {"outputs", forward ? "row_loss,row_lse,loss" : "grad_a,grad_b,grad_temperature"});
  contract.fields.push_back({"determinism", "bit-repeatable"});
  return contract;
}

}  // namespace assay::contract
