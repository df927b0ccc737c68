// SPDX-License-Identifier: Apache-2.0
// How a launch is carried out: the schedule, the strictness, and what was counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace simt {

/// Which runnable thread goes next whenever one blocks.
enum class Order : unsigned char {
  fair,            ///< round robin: everybody advances alike, which hides missing barriers
  greedy,          ///< always the first runnable thread: one runs as far ahead as it may
  greedy_reverse,  ///< always the last one
  greedy_random,   ///< always the first in an order drawn per block: warps, then lanes, shuffled
};

struct Schedule {
  Order order = Order::greedy;
  std::uint64_t seed = 1;  ///< of greedy_random; the same seed gives the same execution
};

/// Parses "fair", "greedy", "greedy-reverse" or "greedy-random:SEED" (a decimal seed).
/// \throws std::invalid_argument naming the text
Schedule parse_schedule(std::string_view text);
/// The inverse of `parse_schedule`.
std::string to_string(Schedule schedule);

struct Options {
  Schedule schedule;
  /// Fill shared memory with 0xFF bytes (a NaN in every float format) before each block.
  bool poison_shared = true;
  /// Barriers must be met by every thread of the block from one line. When false, exited threads
  /// do not count and lines are not compared, which is what current devices do in practice.
  bool strict_barriers = true;
  /// Static plus dynamic shared memory allowed to a block (227 KiB: sm_90).
  std::size_t shared_limit = 227 * 1024;
  /// Stack of one thread; 0 chooses 64 KiB, or 256 KiB under a sanitizer.
  std::size_t stack_bytes = 0;
};

/// Options of the launches made by this host thread.
Options& current_options();

/// Replaces the options of this host thread for a scope.
class ScopedOptions {
 public:
  explicit ScopedOptions(const Options& options) : saved_(current_options()) {
    current_options() = options;
  }
  explicit ScopedOptions(Schedule schedule) : saved_(current_options()) {
    current_options().schedule = schedule;
  }
  ~ScopedOptions() { current_options() = saved_; }
  ScopedOptions(const ScopedOptions&) = delete;
  ScopedOptions& operator=(const ScopedOptions&) = delete;

 private:
  Options saved_;
};

/// Work done by one launch.
struct Statistics {
  std::uint64_t blocks = 0;
  std::uint64_t threads = 0;
  std::uint64_t switches = 0;     ///< from one thread's stack to another
  std::uint64_t barriers = 0;     ///< thread arrivals at block barriers
  std::uint64_t collectives = 0;  ///< thread arrivals at warp functions
};

/// Statistics of the last launch of this host thread.
const Statistics& last_launch();

}  // namespace simt
