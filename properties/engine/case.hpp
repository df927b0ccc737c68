// SPDX-License-Identifier: Apache-2.0
// A case: one exact input, made again at will from a small descriptor.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/tensor.hpp"

namespace assay::engine {

/// Names a case: `case(contract, instance, family, index, seed)` is a pure function, the same on
/// any thread and machine. A shrunk case has no descriptor of its own: it is recorded bit for bit.
struct CaseDescriptor {
  std::string contract;  ///< "loss/info_nce"
  std::string instance;  ///< which contract instance: "joint-block", "one-direction"
  std::string family;    ///< "clusters"
  std::uint64_t index = 0;
  std::uint64_t seed = 0;
  friend bool operator==(const CaseDescriptor&, const CaseDescriptor&) = default;
};

/// One exact input of a contract: named tensors, named real parameters (exact doubles, for example
/// "temperature") and named options (for example "directions" = "joint-block").
struct Case {
  CaseDescriptor descriptor;
  std::vector<Tensor> inputs;
  std::map<std::string, double> scalars;
  std::map<std::string, std::string> options;

  /// The input of that name. \throws std::out_of_range
  const Tensor& input(const std::string& name) const;
  /// The input of that name; null when the case has none.
  const Tensor* find_input(const std::string& name) const;
};

/// An output that a candidate has to fill: name, dtype, shape (contiguous).
struct OutputSpec {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<std::int64_t> shape;
  bool required = true;  ///< a candidate may leave an optional output out, but must say so
};

}  // namespace assay::engine
