// SPDX-License-Identifier: Apache-2.0
// The messages of the pipe protocol (docs/pipe.md) as safetensors frames.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "properties/contract/candidate.hpp"
#include "properties/contract/observation.hpp"
#include "properties/engine/case.hpp"

namespace assay::contract::pipe {

inline constexpr char protocol[] = "pipe/1";

/// What a program says about itself in its first frame.
/// \throws engine::InputError naming what is wrong
CandidateInfo read_greeting(std::span<const std::byte> bytes, const std::string& program);

/// A request frame: contract, operation, exact parameters, options, wanted outputs, inputs (packed
/// where they are strided).
std::vector<std::byte> write_request(const engine::Case& c,
                                     const std::vector<engine::OutputSpec>& outputs,
                                     const std::string& id);

/// Largest reply that these outputs can need, with room for header and messages.
std::size_t largest_reply(const std::vector<engine::OutputSpec>& outputs);

/// A reply: `returned` with every wanted output in the wanted order, `unsupported`, `failed` or
/// `input_written` with the program's words, or `bad_reply` naming the output that is wrong.
Observation read_reply(std::span<const std::byte> bytes,
                       const std::vector<engine::OutputSpec>& outputs, const std::string& id);

}  // namespace assay::contract::pipe
