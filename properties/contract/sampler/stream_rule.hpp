// SPDX-License-Identifier: Apache-2.0
// The stream rule of the samplers of this program, written a second time: Philox4x32-10 and which
// counter a word has. Kernels are compared with it word for word.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace assay::contract {

using PhiloxCounter = std::array<std::uint32_t, 4>;  ///< low word first

/// Ten rounds of Philox4x32 (Salmon, Moraes, Dror, Shaw 2011).
std::array<std::uint32_t, 4> philox4x32_10(PhiloxCounter counter, std::uint64_t key);

/// The place of a word: which trial of which row of which call, for which purpose (the number of
/// the rule in `SamplerRule`).
struct WordPlace {
  std::uint32_t row = 0, trial = 0;
  std::uint32_t call = 0;  ///< below 2^28
  std::uint32_t purpose = 0;
};
/// Word c of a place is word c mod 4 of the block of this counter: (c / 4, trial, row, 16 call +
/// purpose).
PhiloxCounter counter_of(const WordPlace& place, std::uint64_t c);
/// The first `count` words of a place.
std::vector<std::uint32_t> words_of_place(const WordPlace& place, std::uint64_t seed,
                                          std::int64_t count);

}  // namespace assay::contract
