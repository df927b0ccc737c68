// SPDX-License-Identifier: Apache-2.0
// What the emulator reports when a kernel breaks a rule of the CUDA execution model.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace simt {

enum class ErrorKind : unsigned char {
  divergent_barrier,     ///< a barrier reached by some threads only, or from different lines
  divergent_collective,  ///< lanes of one mask meet in different warp functions
  bad_mask,              ///< the caller, an exited lane or a lane with another mask is involved
  shuffle_outside_mask,  ///< a shuffle reads a lane that did not take part
  bad_width,             ///< a shuffle width that is not a power of two up to 32
  deadlock,              ///< nobody can run and somebody has not finished
  bad_launch,            ///< a grid, block or shared memory size that no device accepts
};

constexpr std::string_view name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::divergent_barrier: return "divergent barrier";
    case ErrorKind::divergent_collective: return "divergent collective";
    case ErrorKind::bad_mask: return "bad mask";
    case ErrorKind::shuffle_outside_mask: return "shuffle outside mask";
    case ErrorKind::bad_width: return "bad shuffle width";
    case ErrorKind::deadlock: return "deadlock";
    case ErrorKind::bad_launch: return "bad launch";
  }
  return "?";
}

/// A three-dimensional block or thread index.
struct Index3 {
  unsigned x = 0, y = 0, z = 0;
  friend constexpr bool operator==(const Index3&, const Index3&) = default;
};

/// A line of kernel source. `file` has static storage duration and is never null.
struct Where {
  const char* file = "";
  unsigned line = 0;

  /// The line of the call, when used as a default argument.
  static constexpr Where here(const char* file = __builtin_FILE(),
                              unsigned line = __builtin_LINE()) {
    return {file, line};
  }
};

/// A broken rule: which one, and the block, thread and source line that broke it. For `bad_launch`
/// no thread exists yet and the place is the launch itself (index 0, line 0).
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message, Index3 block, Index3 thread, Where where)
      : std::runtime_error(std::string(name_of(kind)) + ": " + message),
        kind_(kind),
        block_(block),
        thread_(thread),
        where_(where) {}

  ErrorKind kind() const { return kind_; }
  Index3 block() const { return block_; }
  Index3 thread() const { return thread_; }
  Where where() const { return where_; }

 private:
  ErrorKind kind_;
  Index3 block_, thread_;
  Where where_;
};

}  // namespace simt
