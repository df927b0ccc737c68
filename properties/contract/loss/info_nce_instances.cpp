// SPDX-License-Identifier: Apache-2.0
// Names and contracts of the InfoNCE instances.
#include "properties/contract/loss/info_nce_instances.hpp"

#include <sstream>

#include "properties/contract/loss/info_nce_settings.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::contract {

namespace {

/// The conventions of the two older instances.
std::vector<ContractField> pair_fields(const InfoNceInstanceName& name) {
  return {{"directions", name.directions()},
          {"similarity", "dot"},
          {"normalisation", "callers-duty"},
          {"temperature", "T"},
          {"self-pair", name.joint ? "left-out-by-index" : "none"},
          {"positive-set", "other-view"},
          {"denominator", "ALL"},
          {"anchor-reduction", "mean"},
          {"empty-negatives", "loss-0"},
          {"non-finite", name.operation == Operation::forward ? "extended-reals" : "not-judged"}};
}

/// The name of the setting and "name=value" for every field of it.
std::vector<ContractField> setting_fields(const InfoNceInstanceName& name) {
  std::vector<ContractField> fields = {{"setting", name.setting}};
  std::istringstream words(reference::text_of(info_nce_setting(name.setting)));
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    fields.push_back({word.substr(0, equals), word.substr(equals + 1)});
  }
  const bool forward = name.operation == Operation::forward;
  fields.push_back({"non-finite", forward ? "nan-gives-nan" : "not-judged"});
  return fields;
}

std::string outputs_of(const InfoNceInstanceName& name) {
  if (name.operation == Operation::backward) return "grad_a,grad_b,grad_temperature";
  return name.setting.empty() ? "row_loss,row_lse,loss" : "row_loss,loss";
}

}  // namespace

std::string InfoNceInstanceName::text() const {
  std::string text = setting.empty() ? directions() : setting;
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
  return {contract.field("directions") == "joint-block", contract.operation, contract.input,
          contract.field("setting")};
}

const std::vector<InfoNceInstanceName>& info_nce_instance_names() {
  static const std::vector<InfoNceInstanceName> names = [] {
    std::vector<InfoNceInstanceName> all;
    const auto operations = {Operation::forward, Operation::backward};
    for (const Dtype input : {Dtype::f32, Dtype::bf16, Dtype::f16})
      for (const Operation operation : operations)
        for (const bool joint : {true, false}) all.push_back({joint, operation, input, {}});
    for (const NamedInfoNceSetting& entry : info_nce_settings()) {
      const bool joint = entry.setting.directions == reference::Directions::joint_block;
      for (const Dtype input : {Dtype::f32, Dtype::bf16, Dtype::f16})
        for (const Operation operation : operations)
          all.push_back({joint, operation, input, entry.name});
    }
    return all;
  }();
  return names;
}

Contract info_nce_contract(const InfoNceInstanceName& name) {
  Contract contract;
  contract.name = "loss/info_nce";
  contract.operation = name.operation;
  contract.input = name.input;
  contract.fields = name.setting.empty() ? pair_fields(name) : setting_fields(name);
  if (name.operation == Operation::backward)
    contract.fields.push_back({"upstream", "per-row,broadcast,mean"});
  contract.fields.push_back({"outputs", outputs_of(name)});
  contract.fields.push_back({"determinism", "bit-repeatable"});
  return contract;
}

bool runs_unasked(const InfoNceInstanceName& name) {
  return name.setting.empty() || name.input == Dtype::f32 || name.setting == "both-log-scale" ||
         name.setting == "supervised-out";
}

}  // namespace assay::contract
