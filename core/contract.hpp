// SPDX-License-Identifier: Apache-2.0
// A contract as a value: which mathematical function, by which conventions, in which formats.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/dtype.hpp"

namespace assay {

enum class Operation : unsigned char { forward, backward };

constexpr std::string_view name_of(Operation op) {
  return op == Operation::forward ? "forward" : "backward";
}

/// One convention on which implementations differ, for example {"directions", "joint-block"}.
struct ContractField {
  std::string key;
  std::string value;
  friend bool operator==(const ContractField&, const ContractField&) = default;
};

/// What an implementation promises: a mathematical function, its domain and conventions, and the
/// formats of input, accumulator and output. The budget follows from it and from the case. A value:
/// it can be printed, compared and hashed (through its canonical text).
struct Contract {
  std::string name;  ///< "loss/info_nce"
  int version = 1;
  Operation operation = Operation::forward;
  Dtype input = Dtype::f32;
  Dtype accumulator = Dtype::f32;
  Dtype output = Dtype::f32;
  std::vector<ContractField> fields;  ///< in the order in which they are declared

  /// Value of a field; empty when the contract does not have it.
  std::string field(std::string_view key) const {
    for (const ContractField& f : fields)
      if (f.key == key) return f.value;
    return {};
  }

  /// One line that determines the contract: equal contracts have equal texts.
  std::string canonical_text() const {
    std::string text = name + " v" + std::to_string(version) + " " +
                       std::string(name_of(operation)) + " input=" + std::string(name_of(input)) +
                       " accumulator=" + std::string(name_of(accumulator)) +
                       " output=" + std::string(name_of(output));
    for (const ContractField& f : fields) text += " " + f.key + "=" + f.value;
    return text;
  }
  friend bool operator==(const Contract&, const Contract&) = default;
};

}  // namespace assay
