// SPDX-License-Identifier: Apache-2.0
// The registry of columns: one line per contract.
#include "properties/contract/column.hpp"

#include <algorithm>

#include "properties/contract/law_trial.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/engine/input_error.hpp"
#include "properties/engine/nearest.hpp"

namespace assay::contract {

const std::vector<Law>& Column::laws() const {
  static const std::vector<Law> none;
  return none;
}

const std::vector<const Column*>& columns() {
  static const std::vector<const Column*> all = {&info_nce_column()};
  return all;
}

std::vector<std::string> output_names(const Contract& instance) {
  std::vector<std::string> names;
  const std::string list = instance.field("outputs");
  for (std::size_t from = 0; from < list.size();) {
    const std::size_t comma = std::min(list.find(',', from), list.size());
    names.push_back(list.substr(from, comma - from));
    from = comma + 1;
  }
  return names;
}

bool serves(const CandidateInfo& info, const Contract& instance) {
  if (std::find(info.inputs.begin(), info.inputs.end(), instance.input) == info.inputs.end())
    return false;
  if (info.outputs.empty()) return instance.operation == Operation::forward;
  const std::vector<std::string> known = output_names(instance);
  return std::any_of(info.outputs.begin(), info.outputs.end(), [&](const std::string& name) {
    return std::find(known.begin(), known.end(), name) != known.end();
  });
}

std::vector<engine::CaseDescriptor> planned_cases(const Column& column, const std::string& instance,
                                                  std::uint64_t seed) {
  std::vector<engine::CaseDescriptor> all;
  const std::vector<Family> families = column.families_of(instance);
  for (const bool large : {false, true}) {
    bool more = true;
    for (std::int64_t index = 0; more; ++index) {
      more = false;
      for (const Family& family : families) {
        if (family.large != large || index >= family.cases) continue;
        more = true;
        all.push_back(
            {column.name(), instance, family.name, static_cast<std::uint64_t>(index), seed});
      }
    }
  }
  return all;
}

const Column& column_named(const std::string& name) {
  std::vector<std::string> names;
  for (const Column* column : columns()) {
    if (column->name() == name) return *column;
    names.push_back(column->name());
  }
  throw engine::InputError(
      "contract '" + name + "'", "",
      "unknown; the nearest is '" + engine::nearest(name, names) + "' (see `assay list`)");
}

}  // namespace assay::contract
