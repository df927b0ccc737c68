// SPDX-License-Identifier: Apache-2.0
// Switching between stacks: a few instructions on x86-64, ucontext elsewhere; and the stacks.
#pragma once

#include <cstddef>

#if defined(SIMT_FORCE_UCONTEXT) || !defined(__x86_64__)
#define SIMT_UCONTEXT 1
#include <ucontext.h>
#endif

namespace simt {

/// Where a suspended fiber continues.
struct FiberContext {
#ifdef SIMT_UCONTEXT
  ucontext_t context;
#else
  void* stack_pointer = nullptr;
#endif
};

/// Makes `fiber` start in `entry`, which must never return, on the stack [bottom, bottom + size).
void prepare_fiber(FiberContext& fiber, void* bottom, std::size_t size, void (*entry)());

#ifndef SIMT_UCONTEXT
/// Saves the callee-saved registers and the stack pointer of the caller, continues at `load`. The
/// floating-point modes are not part of a fiber: no kernel changes them.
extern "C" void simt_swap_stacks(void** save, void* load);
#endif

/// Suspends the running fiber into `from` and continues `to`.
inline void switch_fiber(FiberContext& from, const FiberContext& to) {
#ifdef SIMT_UCONTEXT
  swapcontext(&from.context, &to.context);
#else
  simt_swap_stacks(&from.stack_pointer, to.stack_pointer);
#endif
}

/// Equally large stacks, each above an inaccessible page, kept mapped between launches.
class StackPool {
 public:
  StackPool() = default;
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  /// Makes room for `count` stacks of `bytes` each. \throws std::bad_alloc
  void reserve(unsigned count, std::size_t bytes);
  /// Maps all stacks afresh: to ThreadSanitizer they are then memory nobody has touched.
  void renew();
  char* bottom(unsigned i) const { return base_ + i * spacing_ + guard_; }
  std::size_t bytes() const { return spacing_ - guard_; }
  unsigned count() const { return count_; }

 private:
  void map();
  void unmap();
  char* base_ = nullptr;
  unsigned count_ = 0;
  std::size_t spacing_ = 0, guard_ = 0;
};

}  // namespace simt
