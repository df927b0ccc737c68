// SPDX-License-Identifier: Apache-2.0
// What a candidate did with a case.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor.hpp"

namespace assay::contract {

/// How a call ended. Everything but `returned`, `unsupported` and `unavailable` is a violation of
/// the contract in itself, whatever the numbers are.
enum class Conduct : unsigned char {
  returned,       ///< outputs are complete and the call broke no rule
  unsupported,    ///< the candidate declined this shape, form or dtype
  unavailable,    ///< could not be run at all: no device, missing program, the checker was killed
  failed,         ///< reported an error of its own (an exception, a status code, emulator error)
  crashed,        ///< signal, abort, exit in the middle of a call
  hung,           ///< no answer within the time limit
  stray_read,     ///< read outside a tensor
  stray_write,    ///< wrote outside a tensor
  input_written,  ///< changed an input
  unwritten,      ///< left output elements untouched
  nondeterministic,  ///< two runs on the same bits differ
  bad_reply,         ///< wrong shapes, dtypes or a malformed frame
};

std::string_view name_of(Conduct conduct);
std::optional<Conduct> conduct_named(std::string_view name);

/// True when the conduct alone refutes the candidate.
bool is_violation(Conduct conduct);

/// What a candidate did with one case. `outputs` are kept bit for bit even when the conduct is a
/// violation, as far as there are any.
struct Observation {
  Conduct conduct = Conduct::unavailable;
  std::string detail;  ///< names tensor and byte, signal, exit code, emulator message ...
  std::vector<Tensor> outputs;
  std::vector<Tensor> repeat;  ///< outputs of the second run; filled only when they differ
  double milliseconds = 0;
};

}  // namespace assay::contract
