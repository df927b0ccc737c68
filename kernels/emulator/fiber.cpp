// SPDX-License-Identifier: Apache-2.0
// Implementation of the stack switch.
#include "kernels/emulator/fiber.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>

namespace simt {

#ifdef SIMT_UCONTEXT

void prepare_fiber(FiberContext& fiber, void* bottom, std::size_t size, void (*entry)()) {
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = bottom;
  fiber.context.uc_stack.ss_size = size;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, entry, 0);
}

#else

asm(R"(
.pushsection .text
.p2align 4
.globl simt_swap_stacks
.hidden simt_swap_stacks
.type simt_swap_stacks, @function
simt_swap_stacks:
  .cfi_startproc
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .cfi_endproc
.size simt_swap_stacks, .-simt_swap_stacks
.popsection
)");

void prepare_fiber(FiberContext& fiber, void* bottom, std::size_t size, void (*entry)()) {
  // The image that simt_swap_stacks expects: six registers, then its return address. Above it a
  // null return address of `entry` ends every backtrace; with it the stack pointer is 8 modulo 16
  // on entry, as after a call.
  const std::uintptr_t top =
      (reinterpret_cast<std::uintptr_t>(bottom) + size) & ~std::uintptr_t{15};
  void** slot = reinterpret_cast<void**>(top);
  *--slot = nullptr;
  *--slot = reinterpret_cast<void*>(entry);
  for (int callee_saved = 0; callee_saved < 6; ++callee_saved) *--slot = nullptr;
  fiber.stack_pointer = slot;
}

#endif

StackPool::~StackPool() { unmap(); }

void StackPool::unmap() {
  if (base_ != nullptr) munmap(base_, spacing_ * count_);
  base_ = nullptr;
}

void StackPool::map() {
  void* p = mmap(nullptr, spacing_ * count_, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) throw std::bad_alloc();
  base_ = static_cast<char*>(p);
  for (unsigned i = 0; i < count_; ++i) mprotect(base_ + i * spacing_, guard_, PROT_NONE);
}

void StackPool::reserve(unsigned count, std::size_t bytes) {
  const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t rounded = (bytes + page - 1) / page * page;
  if (base_ != nullptr && count <= count_ && rounded == spacing_ - guard_) return;
  unmap();
  count_ = count;
  guard_ = page;
  spacing_ = rounded + page;
  map();
}

void StackPool::renew() {
  unmap();
  map();
}

}  // namespace simt
