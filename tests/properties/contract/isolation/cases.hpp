// SPDX-License-Identifier: Apache-2.0
// The little contract "test/double" of the isolation tests: y = 2 x, and its cases.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "properties/engine/case.hpp"

namespace assay::contract {

inline constexpr char double_contract[] = "test/double";

/// How often a call is timed; a sanitizer makes each a hundred times slower.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::size_t timed_calls = 50;
#else
inline constexpr std::size_t timed_calls = 1000;
#endif

/// x = 0, 1, 2, ... with `n` elements.
engine::Case double_case(std::int64_t n);
/// The one output y of a case.
std::vector<engine::OutputSpec> double_outputs(const engine::Case& c);
/// What y has to be.
std::vector<float> doubled(const engine::Case& c);
/// The elements of an f32 tensor.
std::vector<float> floats_of(const Tensor& t);

/// Path of this very binary.
std::string this_program();

/// Open descriptors and children (zombies included) of this process.
int open_descriptors();
int children_of_this_process();
/// Sends a signal to one process. Refuses what kill(2) would take for a group or for everybody,
/// such as the -1 of a candidate without a process. \return true when the signal was sent
bool signal_one(pid_t pid, int signal);
/// State letter of a process ("S", "Z", ...); empty when there is none.
std::string state_of(pid_t pid);

}  // namespace assay::contract
