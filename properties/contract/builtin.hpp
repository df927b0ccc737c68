// SPDX-License-Identifier: Apache-2.0
// The table of built-in candidates: one entry per implementation, free of any particular loss.
#pragma once

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/contract.hpp"
#include "core/tensor.hpp"
#include "properties/contract/candidate.hpp"

namespace assay::contract {

/// A tensor of a call where it lies in memory: between guard pages, inputs read-only. Only the
/// alignment of its element type is guaranteed.
struct PlacedTensor {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  ///< in elements
  std::byte* data = nullptr;
  bool is_output = false;

  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data);
  }
};

/// One call as a built-in sees it. Each case is run twice, `run` = 0 and 1; an implementation with
/// freedom of scheduling uses another schedule for each, so that bit-equality is checked across
/// schedules.
struct BuiltinCase {
  std::vector<PlacedTensor> tensors;
  std::map<std::string, double> scalars;
  std::map<std::string, std::string> options;
  int run = 0;

  /// \throws std::invalid_argument naming what the case lacks
  const PlacedTensor& input(const std::string& name) const;
  /// The input of that name; null when the case has none.
  const PlacedTensor* find_input(const std::string& name) const;
  double scalar(const std::string& name) const;
  const std::string& option(const std::string& name) const;
  /// The output of that name; null when the case does not ask for it.
  const PlacedTensor* output(const std::string& name) const;
};

/// Thrown by a built-in that declines a shape, form or dtype.
struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What a built-in candidate is for.
enum class BuiltinRole : unsigned char {
  shipped,  ///< a kernel that users run
  variant,  ///< another correct algorithm: a check that refutes it is wrong
  planted,  ///< a kernel with a known defect: a check that certifies it is wrong
};

/// A built-in candidate. A new loss adds entries; nothing else in the isolation changes.
struct BuiltinEntry {
  CandidateInfo info;
  std::string description;  ///< one line for listings
  BuiltinRole role = BuiltinRole::shipped;
  std::string operator_class;  ///< of a planted fault: "RANGE.no_max"
  std::string seen_in;         ///< where such a defect was found
  /// Instances for which the candidate is meant; null: all.
  std::function<bool(const Contract&)> meant_for;
  bool limit_memory = true;  ///< false for CUDA, which reserves far more address space than it uses
  /// Asked in the worker before the first case: why it cannot run here; empty when it can. May be
  /// null.
  std::function<std::string()> unavailable_reason;
  /// Fills the outputs in place. \throws Unsupported; any other exception is the conduct `failed`
  std::function<void(const BuiltinCase&)> run;
};

/// All entries, the shipped ones first. Filled once, on first use.
const std::vector<BuiltinEntry>& builtin_entries();

/// Adds an entry; for programs with candidates of their own. It has to be called before the first
/// candidate is made, and also in the worker, before `worker_main`.
/// \throws std::invalid_argument when contract and name are taken
void register_builtin(BuiltinEntry entry);

/// The entry, or null.
const BuiltinEntry* find_builtin(const std::string& contract, const std::string& name);

/// A line "name  description" per built-in candidate of the contract.
struct BuiltinListing {
  std::string name;
  std::string description;
};
std::vector<BuiltinListing> list_builtin_candidates(const std::string& contract);
/// Their names only, in the order of the table.
std::vector<std::string> builtin_candidates(const std::string& contract);

/// Shipped tables, one function per contract.
std::vector<BuiltinEntry> info_nce_builtins();
/// All sampler contracts; purposes and methods are those of kernels/sampling.
std::vector<BuiltinEntry> sampling_builtins();
/// Both contracts of pipelines of sampler and loss.
std::vector<BuiltinEntry> estimate_builtins();
std::vector<BuiltinEntry> augmentation_builtins();

}  // namespace assay::contract
