// SPDX-License-Identifier: Apache-2.0
// CUDA C++ for a machine without a GPU: keywords, built-in variables and functions for g++.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/emulator/atomics.hpp"
#include "kernels/emulator/collectives.hpp"
#include "kernels/emulator/runtime.hpp"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)

#define threadIdx (::simt::current.thread->index)
#define blockIdx (::simt::current.block_index)
#define blockDim (::simt::current.block_extent)
#define gridDim (::simt::current.grid_extent)
inline constexpr int warpSize = 32;

template <class T>
T __ldg(const T* address) {
  return *address;
}

namespace simt {

/// Storage shared by the block, one object per place in the source (`Key` is a closure type, unique
/// to it). Prefer the macro of kernels/portable.cuh.
template <class Array, class Key>
Array& shared(Key, Where where = Where::here()) {
  static char key;  // its address names the array
  return *static_cast<Array*>(shared_memory(&key, sizeof(Array), alignof(Array), where));
}

/// kernel<<<grid, block, dynamic_shared_bytes>>>(arguments...), carried out before it returns,
/// under the options of this host thread. \throws Error
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t dynamic_shared_bytes,
            Arguments... arguments) {
  auto body = [&] { kernel(static_cast<Parameters>(arguments)...); };
  run(
      grid, block, dynamic_shared_bytes,
      [](void* closure) { (*static_cast<decltype(body)*>(closure))(); }, &body);
}

}  // namespace simt
