// SPDX-License-Identifier: Apache-2.0
// One spelling of CUDA C++ for nvcc and for the emulator: shared arrays and launches.
//
// A kernel that uses these two instead of `__shared__` and `<<<>>>` compiles unchanged with both.
#pragma once

#if defined(__CUDACC__)

#include <cuda_runtime.h>

#include <cstddef>

namespace assay::kernels {

template <class T>
struct SameType {
  using type = T;
};

/// kernel<<<grid, block, dynamic_shared_bytes>>>(arguments...) on the default stream. Errors are
/// left to cudaGetLastError and to the next synchronising call.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t dynamic_shared_bytes,
            Arguments... arguments) {
  kernel<<<grid, block, dynamic_shared_bytes>>>(static_cast<Parameters>(arguments)...);
}

}  // namespace assay::kernels

/// Before a loop: unrolled so many times on a device, where unrolling costs registers.
#define ASSAY_UNROLL_PRAGMA(text) _Pragma(#text)
#define ASSAY_UNROLL(times) ASSAY_UNROLL_PRAGMA(unroll times)
/// ASSAY_SHARED(tile, float[32][33]) declares an array shared by the block.
#define ASSAY_SHARED(name, ...) \
  __shared__ typename ::assay::kernels::SameType<__VA_ARGS__>::type name
/// ASSAY_DYNAMIC_SHARED(buffer, float) makes `buffer` a pointer to the dynamic shared memory.
#define ASSAY_DYNAMIC_SHARED(name, ...)                                 \
  extern __shared__ __align__(16) unsigned char assay_dynamic_shared[]; \
  __VA_ARGS__* name = reinterpret_cast<__VA_ARGS__*>(assay_dynamic_shared)

#else

#include "kernels/emulator/simt.hpp"

namespace assay::kernels {
using simt::launch;
}

#define ASSAY_UNROLL(times)
#define ASSAY_SHARED(name, ...) auto& name = ::simt::shared<__VA_ARGS__>([] {})
#define ASSAY_DYNAMIC_SHARED(name, ...) \
  __VA_ARGS__* name =                   \
      static_cast<__VA_ARGS__*>(::simt::dynamic_shared_memory(::simt::Where::here()))

#endif
