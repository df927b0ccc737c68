// SPDX-License-Identifier: Apache-2.0
// Random numbers for cases: the same bits on every machine, for every thread, without a library of
// mathematical functions.
#pragma once

#include <cstdint>
#include <string_view>

namespace assay::engine {

/// SplitMix64 (Steele, Lea, Flood 2014): a counter passed through a mixing function. A stream is
/// opened from (seed, name, index), so that cases can be made in any order; equal keys give equal
/// streams.
class Random {
 public:
  Random(std::uint64_t seed, std::string_view name, std::uint64_t index);

  /// 64 uniform bits.
  std::uint64_t bits();
  /// Uniform integer in [0, bound). \pre bound > 0
  std::uint64_t below(std::uint64_t bound);
  /// Uniform multiple of 2^-53 in [0, 1).
  double uniform();
  /// Approximately standard normal: the sum of twelve 32-bit uniforms, centred (Irwin-Hall). Exact
  /// in binary64, hence the same bits everywhere; |x| <= 6.
  double normal();

 private:
  std::uint64_t state_;
};

}  // namespace assay::engine
