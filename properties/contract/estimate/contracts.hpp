// SPDX-License-Identifier: Apache-2.0
// The contracts of pipelines: instances, and the models on which they are held to the expectation.
#pragma once

#include <string>
#include <vector>

#include "core/contract.hpp"
#include "properties/contract/column.hpp"
#include "properties/contract/estimate/problem.hpp"

namespace assay::contract {

/// One setting: a loss and a hardening.
struct EstimateInstance {
  std::string name;  ///< "info-nce-mean/exponential"
  Contract contract;
  EstimateProblem setting;  ///< without points
};

/// An expected loss that a pipeline owes.
struct EstimateContract {
  std::string name;  ///< "estimate/hscl"
  std::string summary;
  std::string law;  ///< of the tuples, one line
  std::vector<EstimateInstance> instances;
  std::vector<Family> families;
};

const std::vector<EstimateContract>& estimate_contracts();
/// True for names that start with "estimate/".
bool is_estimate_name(const std::string& name);
/// \throws engine::InputError that suggests the nearest name
const EstimateContract& estimate_contract_named(const std::string& name);
/// \throws engine::InputError that lists the instances
const EstimateInstance& estimate_instance_named(const EstimateContract& contract,
                                                const std::string& name);

/// Whether the family says something about the instance: beta needs the exponential, some sizes are
/// too large for a joint hardening.
bool is_meant_for(const std::string& family, const EstimateInstance& instance);
/// The model of a family: a pure function of the descriptor. \throws engine::InputError for an
/// unknown family or instance
EstimateProblem make_estimate_problem(const engine::CaseDescriptor& descriptor);

}  // namespace assay::contract
