// SPDX-License-Identifier: Apache-2.0
// Philox4x32-10: four random words from a counter of 128 bits and a key of 64.
//
// Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), with the
// constants of Random123, whose known answers the tests repeat. For a fixed key the map of counters
// is a bijection: distinct counters give distinct blocks.
#pragma once

#include <cstdint>

#include "kernels/portable.cuh"

namespace assay::kernels::sampling {

struct PhiloxBlock {
  std::uint32_t word[4];
};

namespace philox_detail {

inline constexpr std::uint32_t multiplier_0 = 0xD2511F53u, multiplier_1 = 0xCD9E8D57u;
inline constexpr std::uint32_t weyl_0 = 0x9E3779B9u, weyl_1 = 0xBB67AE85u;
inline constexpr int rounds = 10;

}  // namespace philox_detail

/// The block of a counter (word 0 is the low one) under a key (low word, high word).
__host__ __device__ inline PhiloxBlock philox4x32_10(PhiloxBlock counter, std::uint32_t key_0,
                                                     std::uint32_t key_1) {
  using namespace philox_detail;
  for (int i = 0; i < rounds; ++i) {
    const std::uint64_t p0 = std::uint64_t{multiplier_0} * counter.word[0];
    const std::uint64_t p1 = std::uint64_t{multiplier_1} * counter.word[2];
    counter = {{static_cast<std::uint32_t>(p1 >> 32) ^ counter.word[1] ^ key_0,
                static_cast<std::uint32_t>(p1),
                static_cast<std::uint32_t>(p0 >> 32) ^ counter.word[3] ^ key_1,
                static_cast<std::uint32_t>(p0)}};
    key_0 += weyl_0;
    key_1 += weyl_1;
  }
  return counter;
}

}  // namespace assay::kernels::sampling
