// SPDX-License-Identifier: Apache-2.0
// The scheduler of one launch: fibers, who may run, block barriers, warp meetings, shared memory.
//
// Everything that runs on a fiber here is compiled without sanitizer instrumentation and allocates
// nothing, so that the sanitizers see the kernel's accesses and none of ours.
#pragma once

#include <array>
#include <exception>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/emulator/fiber.hpp"
#include "kernels/emulator/runtime.hpp"

namespace simt {

inline constexpr unsigned nobody = ~0u;

/// A set of ranks below 1024 with a fast search.
class RankSet {
 public:
  void insert(unsigned rank) { words_[rank / 64] |= std::uint64_t{1} << (rank % 64); }
  void erase(unsigned rank) { words_[rank / 64] &= ~(std::uint64_t{1} << (rank % 64)); }
  void clear() { words_ = {}; }
  /// The smallest member that is at least `from`; `nobody` if there is none.
  unsigned first_from(unsigned from) const {
    for (unsigned w = from / 64; w < words_.size(); ++w) {
      std::uint64_t bits = words_[w];
      if (w == from / 64) bits &= ~std::uint64_t{0} << (from % 64);
      if (bits != 0) return w * 64 + static_cast<unsigned>(__builtin_ctzll(bits));
    }
    return nobody;
  }

 private:
  std::array<std::uint64_t, max_block_threads / 64> words_{};
};

/// One meeting of the lanes of a mask. It is read until the last of them has moved on.
struct Meeting {
  Word words[warp_size];
  unsigned mask;
  unsigned arrived;
  unsigned readers;  ///< lanes that hold it as their latest meeting
  WarpOp op;
};

/// The meetings of one warp. Each lane holds at most one, and the one it joins next.
struct Warp {
  static constexpr unsigned capacity = warp_size + 1;
  Meeting meetings[capacity];
  Meeting* free[capacity];
  Meeting* open[capacity];  ///< still waiting for lanes
  unsigned free_count, open_count;
  unsigned lanes;   ///< how many the block gives this warp
  unsigned exited;  ///< lanes that have returned from the kernel

  void reset(unsigned lane_count);
  Meeting* find_open(unsigned mask) const;
  Meeting* begin(unsigned mask, WarpOp op);
  void close(Meeting* meeting);
  void drop(Meeting* meeting);
};

enum class State : unsigned char { ready, at_barrier, in_meeting, done };

struct Fiber {
  Thread thread{};
  State state = State::ready;
  unsigned mask = 0;           ///< of the warp function it is in
  Meeting* meeting = nullptr;  ///< joined last
  Where where;                 ///< of the barrier or warp function entered last
  char* stack = nullptr;
  std::size_t stack_bytes = 0;
  FiberContext context;
  void* fake_stack = nullptr;  ///< AddressSanitizer's
  void* tsan_fiber = nullptr;  ///< ThreadSanitizer's
};

class Scheduler {
 public:
  Scheduler(dim3 grid, dim3 block, std::size_t dynamic_shared_bytes, void (*body)(void*),
            void* argument);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void run();

  int barrier(BarrierOp op, bool predicate, Where where);
  Exchanged exchange(WarpOp op, unsigned mask, Word mine, Where where);
  void* shared(const void* key, std::size_t bytes, std::size_t alignment, Where where);
  std::size_t dynamic_shared_bytes() const { return dynamic_shared_bytes_; }
  [[noreturn]] void fail(ErrorKind kind, const std::string& message, Where where);

  static thread_local Scheduler* active;

 private:
  // scheduler.cpp: the life of a block
  void run_block(uint3 index);
  void rank_threads();
  void prepare_fibers();
  void end_block();
  static void fiber_main();
  void run_body();
  [[noreturn]] void exit_thread();

  // scheduler.cpp: switching
  void dispatch();
  void switch_to(Fiber& from, Fiber& to);
  [[noreturn]] void abandon_launch();
  void set_ready(unsigned rank);
  void block_on(State state);

  // meeting.cpp: barriers, warp functions, and what can be wrong with them
  void check_barrier(BarrierOp op, Where where);
  void open_barrier();
  void check_meeting(const Warp& warp, const Fiber& lane, unsigned mask, Where where);
  [[noreturn]] void report_deadlock();
  bool masks_disagree() const;

  Fiber& running() { return fibers_[at_]; }
  Fiber& lane_of(const Thread& thread, unsigned lane) {
    return fibers_[rank_of_[thread.warp * warp_size + lane]];
  }
  bool stopped() const { return failure_ != nullptr || exception_ != nullptr; }

  // The launch.
  dim3 grid_, block_;
  unsigned thread_count_ = 0;
  std::size_t dynamic_shared_bytes_;
  void (*body_)(void*);
  void* argument_;
  Options options_;
  std::mt19937_64 random_;
  Statistics statistics_;
  std::unique_ptr<Error> failure_;
  std::exception_ptr exception_;
  Fiber host_;  ///< the calling thread

  // The block that runs. Fibers are stored by rank: the order in which the schedule prefers them.
  std::unique_ptr<Fiber[]> fibers_;
  std::vector<unsigned> rank_of_;  ///< by linear thread index
  std::unique_ptr<Warp[]> warps_;
  unsigned warp_count_ = 0;
  RankSet ready_;
  unsigned at_ = 0;  ///< rank of the running fiber
  unsigned done_ = 0;

  struct Barrier {
    unsigned arrived = 0;
    unsigned first = nobody;  ///< rank of the first thread that waits
    BarrierOp op = BarrierOp::none;
    int count = 0, count_result = 0, all_result = 0;
    unsigned generation = 0;
  } barrier_;

  struct Slot {
    const void* key;
    void* memory;
    std::size_t bytes, alignment;
  };
  static constexpr unsigned slot_capacity = 64;
  std::array<Slot, slot_capacity> slots_{};
  unsigned slot_count_ = 0;
  std::size_t shared_bytes_ = 0;
  std::vector<Slot> retired_;  ///< under ThreadSanitizer: freed when the launch has ended

  std::vector<void*> finished_tsan_fibers_;

  // Tags for happens-before edges; two for barriers, because the first thread of a later barrier
  // must not lend its past to the last thread that leaves the one before.
  char start_tag_ = 0, end_tag_ = 0;
  char barrier_tags_[2] = {};
  char slot_tags_[slot_capacity] = {};
};

/// "block (0,0,0) thread (3,0,0)" and "file.cuh:12" for messages.
std::string describe(uint3 block, const Thread& thread);
std::string describe(Where where);

}  // namespace simt
