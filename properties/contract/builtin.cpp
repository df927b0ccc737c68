// SPDX-License-Identifier: Apache-2.0
// The table of built-in candidates and its look-ups.
#include "properties/contract/builtin.hpp"

#include <utility>

namespace assay::contract {
namespace {

std::vector<BuiltinEntry> shipped_entries() {
  std::vector<BuiltinEntry> entries;
  for (const auto& table :  // one table per group of contracts
       {info_nce_builtins, sampling_builtins, augmentation_builtins, estimate_builtins}) {
    for (BuiltinEntry& entry : table()) entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<BuiltinEntry>& table() {
  static std::vector<BuiltinEntry> entries = shipped_entries();
  return entries;
}

}  // namespace

const PlacedTensor* BuiltinCase::find_input(const std::string& name) const {
  for (const PlacedTensor& tensor : tensors)
    if (!tensor.is_output && tensor.name == name) return &tensor;
  return nullptr;
}

const PlacedTensor& BuiltinCase::input(const std::string& name) const {
  if (const PlacedTensor* found = find_input(name)) return *found;
  throw std::invalid_argument("the case has no input '" + name + "'");
}

double BuiltinCase::scalar(const std::string& name) const {
  const auto found = scalars.find(name);
  if (found == scalars.end())
    throw std::invalid_argument("the case has no parameter '" + name + "'");
  return found->second;
}

const std::string& BuiltinCase::option(const std::string& name) const {
  const auto found = options.find(name);
  if (found == options.end()) throw std::invalid_argument("the case has no option '" + name + "'");
  return found->second;
}

const PlacedTensor* BuiltinCase::output(const std::string& name) const {
  for (const PlacedTensor& tensor : tensors)
    if (tensor.is_output && tensor.name == name) return &tensor;
  return nullptr;
}

const std::vector<BuiltinEntry>& builtin_entries() { return table(); }

void register_builtin(BuiltinEntry entry) {
  if (find_builtin(entry.info.contract, entry.info.name) != nullptr)
    throw std::invalid_argument("built-in candidate '" + entry.info.name + "' of " +
                                entry.info.contract + " exists already");
  table().push_back(std::move(entry));
}

const BuiltinEntry* find_builtin(const std::string& contract, const std::string& name) {
  for (const BuiltinEntry& entry : table())
    if (entry.info.contract == contract && entry.info.name == name) return &entry;
  return nullptr;
}

std::vector<BuiltinListing> list_builtin_candidates(const std::string& contract) {
  std::vector<BuiltinListing> listing;
  for (const BuiltinEntry& entry : table())
    if (entry.info.contract == contract) listing.push_back({entry.info.name, entry.description});
  return listing;
}

std::vector<std::string> builtin_candidates(const std::string& contract) {
  std::vector<std::string> names;
  for (const BuiltinListing& line : list_builtin_candidates(contract)) names.push_back(line.name);
  return names;
}

}  // namespace assay::contract
