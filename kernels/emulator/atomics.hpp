// SPDX-License-Identifier: Apache-2.0
// Atomic functions under their CUDA names, for the types that CUDA has them for.
#pragma once

#include <atomic>
#include <type_traits>

namespace simt {

template <class T, class... Allowed>
concept OneOf = (std::is_same_v<T, Allowed> || ...);
template <class T>
concept AtomicInteger = OneOf<T, int, unsigned, long long, unsigned long long>;
template <class T>
concept AtomicAddend = OneOf<T, int, unsigned, unsigned long long, float, double>;
template <class T>
concept AtomicExchanged = OneOf<T, int, unsigned, unsigned long long, float>;
template <class T>
concept AtomicCompared = OneOf<T, int, unsigned, unsigned long long, unsigned short>;

/// Replaces *address by f(*address) in one step. Relaxed, as on the device: atomics order nothing.
template <class T, class F>
T atomic_update(T* address, F f) {
  std::atomic_ref<T> cell(*address);
  T old = cell.load(std::memory_order_relaxed);
  while (!cell.compare_exchange_weak(old, f(old), std::memory_order_relaxed)) {
  }
  return old;
}

}  // namespace simt

template <::simt::AtomicAddend T>
T atomicAdd(T* address, std::type_identity_t<T> value) {
  if constexpr (std::is_same_v<T, int>)  // wraps, where + would be undefined
    return ::simt::atomic_update(address, [value](int old) {
      return static_cast<int>(static_cast<unsigned>(old) + static_cast<unsigned>(value));
    });
  else
    return ::simt::atomic_update(address, [value](T old) { return old + value; });
}
template <::simt::AtomicInteger T>
T atomicMax(T* address, std::type_identity_t<T> value) {
  return ::simt::atomic_update(address, [value](T old) { return old < value ? value : old; });
}
template <::simt::AtomicInteger T>
T atomicMin(T* address, std::type_identity_t<T> value) {
  return ::simt::atomic_update(address, [value](T old) { return value < old ? value : old; });
}
template <::simt::AtomicExchanged T>
T atomicExch(T* address, std::type_identity_t<T> value) {
  return std::atomic_ref<T>(*address).exchange(value, std::memory_order_relaxed);
}
template <::simt::AtomicCompared T>
T atomicCAS(T* address, std::type_identity_t<T> expected, std::type_identity_t<T> desired) {
  std::atomic_ref<T>(*address).compare_exchange_strong(expected, desired,
                                                       std::memory_order_relaxed);
  return expected;
}
inline void __threadfence() { std::atomic_thread_fence(std::memory_order_seq_cst); }
inline void __threadfence_block() { std::atomic_thread_fence(std::memory_order_seq_cst); }
