// SPDX-License-Identifier: Apache-2.0
// The contracts of samplers: laws, instances and the rows on which a sampler is held to its law.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/contract.hpp"
#include "properties/contract/column.hpp"
#include "properties/contract/sampler/problem.hpp"

namespace assay::contract {

/// One setting of a sampler: how weights arise, bits per uniform number, columns per tuple.
struct SamplerInstance {
  std::string name;  ///< "exponential/24-bit"
  Contract contract;
  SamplerProblem setting;  ///< without scores
};

/// A law that a sampler owes, with its instances and families of rows. A value; the table below has
/// one per rule.
struct SamplerContract {
  std::string name;     ///< "sampler/inverse_cdf"
  std::string summary;  ///< one line
  std::string law;      ///< "P(j) = w_j / sum w"
  SamplerRule rule = SamplerRule::inverse_cdf;
  std::vector<SamplerInstance> instances;
  std::vector<Family> families;
};

/// All contracts of samplers, in the order in which they are listed.
const std::vector<SamplerContract>& sampler_contracts();
/// True for names of this table and names that start with "sampler/".
bool is_sampler_name(const std::string& name);
/// \throws engine::InputError that suggests the nearest name
const SamplerContract& sampler_contract_named(const std::string& name);
/// \throws engine::InputError that lists the instances
const SamplerInstance& sampler_instance_named(const SamplerContract& contract,
                                              const std::string& name);

/// A row of a family: a pure function of the descriptor. \throws engine::InputError for an unknown
/// family or instance
SamplerProblem make_sampler_problem(const engine::CaseDescriptor& descriptor);

/// A row with so few outcomes that pairs of them can be listed: for joint laws of two draws.
SamplerProblem small_sampler_problem(const SamplerInstance& instance);

/// Rows without a law, each with what is wrong with it: a sampler has to refuse them.
struct BadRow {
  std::string what;  ///< "a score is NaN"
  SamplerProblem problem;
};
std::vector<BadRow> bad_rows(const SamplerInstance& instance);

}  // namespace assay::contract
