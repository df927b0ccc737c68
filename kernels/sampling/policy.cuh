// SPDX-License-Identifier: Apache-2.0
// How the samplers are altered: `Plain` answers every question with a constant, so that nothing of
// the planted faults is left in a compiled kernel; it is the only policy compiled for a device.
#pragma once

#include "kernels/portable.cuh"
#include "kernels/sampling/planted.hpp"
#include "kernels/sampling/words.cuh"

namespace assay::kernels::sampling {

struct Plain {
  __host__ __device__ static constexpr bool is(Fault) { return false; }
};

struct Altered {
  Fault fault = Fault::none;
  __host__ __device__ constexpr bool is(Fault f) const { return fault == f; }
};

/// The word of a place in a tuple.
template <class Policy>
__host__ __device__ std::uint64_t word_of_place(const Policy& policy, std::int64_t place) {
  return static_cast<std::uint64_t>(policy.is(Fault::counter_repeats_per_place) ? 0 : place);
}

/// The stream of a trial.
template <class Policy>
__host__ __device__ Stream stream_of(const Policy& policy, std::int64_t row, std::int64_t trial,
                                     std::int64_t first_row) {
  if (policy.is(Fault::counter_repeats_per_row)) row = 0;
  if (policy.is(Fault::counter_repeats_per_trial)) trial = 0;
  if (policy.is(Fault::rows_overlap)) {
    trial += row;
    row = 0;
  }
  return {static_cast<std::uint32_t>(first_row + row), static_cast<std::uint32_t>(trial)};
}

/// floor(u n / 2^bits) for u of so many bits: uniform on 0 .. n-1 up to counts that differ by 1.
__host__ __device__ inline std::uint64_t scaled_to(std::uint64_t u, int bits, std::uint64_t n) {
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(u) * n) >> bits);
}

}  // namespace assay::kernels::sampling
