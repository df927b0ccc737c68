// SPDX-License-Identifier: Apache-2.0
// Philox from its description: two multiplications, two exchanges, two additions to the key.
#include "properties/contract/sampler/stream_rule.hpp"

namespace assay::contract {

std::array<std::uint32_t, 4> philox4x32_10(PhiloxCounter x, std::uint64_t key) {
  auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    if (round > 0) {
      k0 += 0x9E3779B9U;  // golden ratio
      k1 += 0xBB67AE85U;  // sqrt(3) - 1
    }
    const std::uint64_t left = std::uint64_t{0xD2511F53U} * x[0];
    const std::uint64_t right = std::uint64_t{0xCD9E8D57U} * x[2];
    const auto high = [](std::uint64_t p) { return static_cast<std::uint32_t>(p >> 32); };
    x = {high(right) ^ x[1] ^ k0, static_cast<std::uint32_t>(right), high(left) ^ x[3] ^ k1,
         static_cast<std::uint32_t>(left)};
  }
  return x;
}

PhiloxCounter counter_of(const WordPlace& place, std::uint64_t c) {
  return {static_cast<std::uint32_t>(c / 4), place.trial, place.row,
          16 * place.call + place.purpose};
}

std::vector<std::uint32_t> words_of_place(const WordPlace& place, std::uint64_t seed,
                                          std::int64_t count) {
  std::vector<std::uint32_t> words;
  std::array<std::uint32_t, 4> block{};
  for (std::int64_t c = 0; c < count; ++c) {
    if (c % 4 == 0) block = philox4x32_10(counter_of(place, static_cast<std::uint64_t>(c)), seed);
    words.push_back(block[static_cast<std::size_t>(c % 4)]);
  }
  return words;
}

}  // namespace assay::contract
