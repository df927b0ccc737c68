// SPDX-License-Identifier: Apache-2.0
// The fiber hooks of AddressSanitizer and ThreadSanitizer, found at link time if they are there.
#pragma once

#include <cstddef>

// Weak, so that one object file serves plain, ASan and TSan programs: absent hooks are null.
#define SIMT_WEAK extern "C" __attribute__((weak))
SIMT_WEAK void __sanitizer_start_switch_fiber(void** fake_stack_save, const void* bottom,
                                              std::size_t size);
SIMT_WEAK void __sanitizer_finish_switch_fiber(void* fake_stack_save, const void** bottom_old,
                                               std::size_t* size_old);
SIMT_WEAK void __asan_unpoison_memory_region(const volatile void* address, std::size_t size);
SIMT_WEAK void* __tsan_get_current_fiber();
SIMT_WEAK void* __tsan_create_fiber(unsigned flags);
SIMT_WEAK void __tsan_destroy_fiber(void* fiber);
SIMT_WEAK void __tsan_switch_to_fiber(void* fiber, unsigned flags);
SIMT_WEAK void __tsan_acquire(void* address);
SIMT_WEAK void __tsan_release(void* address);
#undef SIMT_WEAK

namespace simt::sanitizer {

inline bool address_checked() {
  return __sanitizer_start_switch_fiber != nullptr && __asan_unpoison_memory_region != nullptr;
}
inline bool threads_checked() { return __tsan_create_fiber != nullptr; }

/// Happens-before edges through a tag: everything before a release precedes what follows a later
/// acquire of the same tag.
inline void release(void* tag) {
  if (threads_checked()) __tsan_release(tag);
}
inline void acquire(void* tag) {
  if (threads_checked()) __tsan_acquire(tag);
}

inline void* create_fiber() { return threads_checked() ? __tsan_create_fiber(0) : nullptr; }
inline void destroy_fiber(void* fiber) {
  if (threads_checked() && fiber != nullptr) __tsan_destroy_fiber(fiber);
}
inline void* current_fiber() { return threads_checked() ? __tsan_get_current_fiber() : nullptr; }
/// Continues as another thread in ThreadSanitizer's eyes, with no happens-before edge (flag 1):
/// that one fiber runs after another is an accident of the schedule.
inline void become(void* fiber) {
  if (threads_checked()) __tsan_switch_to_fiber(fiber, 1);
}

/// AddressSanitizer's view of a switch: announced on the stack that is left (a null `fake_stack`
/// means for good), confirmed on the stack that is entered.
inline void leave_stack(void** fake_stack, const void* bottom, std::size_t size) {
  if (__sanitizer_start_switch_fiber) __sanitizer_start_switch_fiber(fake_stack, bottom, size);
}
inline void enter_stack(void* fake_stack, const void** left_bottom, std::size_t* left_size) {
  if (__sanitizer_finish_switch_fiber)
    __sanitizer_finish_switch_fiber(fake_stack, left_bottom, left_size);
}
/// Forgets red zones that abandoned frames left behind.
inline void unpoison(const void* address, std::size_t size) {
  if (__asan_unpoison_memory_region) __asan_unpoison_memory_region(address, size);
}

}  // namespace simt::sanitizer
