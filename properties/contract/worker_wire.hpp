// SPDX-License-Identifier: Apache-2.0
// What checker and worker say to each other, and where a case lies in the memory they share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "core/dtype.hpp"
#include "properties/contract/observation.hpp"

namespace assay::contract::wire {

/// Descriptors of the worker.
inline constexpr int socket_fd = 3;
inline constexpr int memory_fd = 4;

/// Unmapped bytes on either side of every tensor. Wide enough that an index off by many rows still
/// ends in the guard and not in a neighbour.
inline constexpr std::size_t guard_bytes = std::size_t{1} << 20;

inline constexpr std::size_t largest_message = 65536;

/// Which guard the data touches.
enum class Placement : std::uint8_t { upper, lower };

/// One tensor of a call: what it is and where it lies in the shared memory. The file range is whole
/// pages; the data sit at its end or at its start, the rest is slack filled with canary bytes.
struct TensorPlace {
  std::string name;
  Dtype dtype = Dtype::f32;
  bool is_output = false;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
  std::uint64_t file_offset = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t data_offset = 0;  ///< from the start of the file range
  std::uint64_t data_bytes = 0;
};

/// First message: which candidate, and how much address space it may take (0: no limit).
struct Hello {
  std::string contract;
  std::string name;
  std::uint64_t memory_bytes = 0;
  std::int64_t checker_pid = 0;
};

/// One call.
struct Call {
  std::int32_t run = 0;
  std::vector<TensorPlace> tensors;
  std::map<std::string, double> scalars;
  std::map<std::string, std::string> options;
};

/// Answer to both. Plain bytes, because a signal handler sends it.
struct Reply {
  std::int32_t conduct = 0;  ///< a Conduct
  std::int32_t signal = 0;   ///< nonzero: the worker is about to die of it
  double milliseconds = 0;   ///< of the call alone
  char detail[480] = {};
};
static_assert(std::is_trivially_copyable_v<Reply>);

std::string encode(const Hello& hello);
std::string encode(const Call& call);
/// \throws std::runtime_error for bytes that `encode` did not make
Hello decode_hello(std::span<const char> bytes);
Call decode_call(std::span<const char> bytes);

}  // namespace assay::contract::wire
