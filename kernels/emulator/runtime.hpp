// SPDX-License-Identifier: Apache-2.0
// What emulated kernels ask of the scheduler. The device functions of simt.hpp are built on this.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/emulator/error.hpp"
#include "kernels/emulator/options.hpp"

/// Extents, as in CUDA; missing ones are 1.
struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3(unsigned vx = 1, unsigned vy = 1, unsigned vz = 1) : x(vx), y(vy), z(vz) {}
};
struct uint3 {
  unsigned x, y, z;
};

namespace simt {

inline constexpr unsigned warp_size = 32;
inline constexpr unsigned max_block_threads = 1024;

/// The coordinates of one emulated thread.
struct Thread {
  uint3 index;      ///< threadIdx
  unsigned linear;  ///< x fastest
  unsigned warp, lane;
};

/// What the built-in variables read. Written by the scheduler at every switch.
struct Current {
  const Thread* thread;
  uint3 block_index;
  dim3 block_extent, grid_extent;
};
extern constinit thread_local Current current;

/// Runs `body(argument)` once per thread of the grid: blocks in order, one at a time; the threads
/// of a block as fibers on the calling host thread. An exception that leaves `body` stops the
/// launch and is rethrown here. Threads that have not finished then are abandoned: their stacks
/// are reused without running destructors.
/// \throws Error
void run(dim3 grid, dim3 block, std::size_t dynamic_shared_bytes, void (*body)(void*),
         void* argument);

enum class BarrierOp : unsigned char { none, count, all, any };
/// Waits for every thread of the block; then the reduction of all `predicate`s.
int barrier(BarrierOp op, bool predicate, Where where);

/// The warp functions that can meet; lanes of one mask must meet in the same one.
enum class WarpOp : unsigned char { sync, shuffle, vote, match, reduce, matrix };

/// What one lane hands to the others: up to 8 bytes.
using Word = std::uint64_t;

/// The contributions of the lanes in `mask`, valid until the calling lane's next warp function.
struct Exchanged {
  const Word* words;  ///< by lane
  unsigned mask;      ///< the lanes that took part
};

/// Waits for every lane of `mask` (lanes that the block does not have are left out), then hands
/// out all contributions.
Exchanged exchange(WarpOp op, unsigned mask, Word mine, Where where);

/// Shared memory of the block under construction: the first call with a key allocates and poisons.
void* shared_memory(const void* key, std::size_t bytes, std::size_t alignment, Where where);
/// The dynamic shared memory of the launch, 16-byte aligned.
void* dynamic_shared_memory(Where where);

/// Ends the launch with an error at the calling thread.
[[noreturn]] void fail(ErrorKind kind, const char* message, Where where);

}  // namespace simt
