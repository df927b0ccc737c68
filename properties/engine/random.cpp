// SPDX-License-Identifier: Apache-2.0
// SplitMix64 streams.
#include "properties/engine/random.hpp"

namespace assay::engine {
namespace {

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed, std::string_view name, std::uint64_t index) {
  std::uint64_t key = mix(seed + 0x9e3779b97f4a7c15u);
  for (char c : name) key = mix(key ^ static_cast<unsigned char>(c)) + 0x9e3779b97f4a7c15u;
  state_ = mix(key ^ mix(index + 0x632be59bd9b4e019u));
}

std::uint64_t Random::bits() { return mix(state_ += 0x9e3779b97f4a7c15u); }

std::uint64_t Random::below(std::uint64_t bound) {
  // Rejection keeps it exactly uniform; the loop ends after two tries on average at worst.
  const std::uint64_t limit = ~std::uint64_t{0} - (~std::uint64_t{0} % bound + 1) % bound;
  std::uint64_t draw = bits();
  while (draw > limit) draw = bits();
  return draw % bound;
}

double Random::uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

double Random::normal() {
  std::uint64_t sum = 0;
  for (int i = 0; i < 6; ++i) {
    const std::uint64_t two = bits();
    sum += (two >> 32) + (two & 0xffffffffu);
  }
  return static_cast<double>(sum) * 0x1p-32 - 6.0;
}

}  // namespace assay::engine
