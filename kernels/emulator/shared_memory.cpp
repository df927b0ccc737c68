// SPDX-License-Identifier: Apache-2.0
// Shared memory: fresh heap for every block, so that AddressSanitizer guards both its ends.
#include <cstring>
#include <new>

#include "kernels/emulator/sanitizer.hpp"
#include "kernels/emulator/scheduler.hpp"

namespace simt {

void* Scheduler::shared(const void* key, std::size_t bytes, std::size_t alignment, Where where) {
  for (unsigned i = 0; i < slot_count_; ++i)
    if (slots_[i].key == key) {
      sanitizer::acquire(&slot_tags_[i]);
      return slots_[i].memory;
    }
  if (slot_count_ == slot_capacity)
    fail(ErrorKind::bad_launch, "more than 64 shared arrays in one block", where);
  // The dynamic part was counted when the block began.
  if (key != nullptr) shared_bytes_ += bytes;
  if (shared_bytes_ > options_.shared_limit)
    fail(ErrorKind::bad_launch,
         std::to_string(shared_bytes_) + " bytes of shared memory, " +
             std::to_string(options_.shared_limit) + " allowed",
         where);
  // As the host, for ThreadSanitizer: whichever thread comes first, it does not order the others.
  sanitizer::become(host_.tsan_fiber);
  void* memory = ::operator new(bytes, std::align_val_t(alignment), std::nothrow);
  if (memory != nullptr && options_.poison_shared) std::memset(memory, 0xFF, bytes);
  sanitizer::release(&slot_tags_[slot_count_]);
  sanitizer::become(running().tsan_fiber);
  if (memory == nullptr) fail(ErrorKind::bad_launch, "no host memory for a shared array", where);
  sanitizer::acquire(&slot_tags_[slot_count_]);
  slots_[slot_count_++] = {key, memory, bytes, alignment};
  return memory;
}

void* shared_memory(const void* key, std::size_t bytes, std::size_t alignment, Where where) {
  return Scheduler::active->shared(key, bytes, alignment, where);
}

void* dynamic_shared_memory(Where where) {
  Scheduler& s = *Scheduler::active;
  return s.shared(nullptr, s.dynamic_shared_bytes(), 16, where);
}

}  // namespace simt
