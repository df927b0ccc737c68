// SPDX-License-Identifier: Apache-2.0
// The generator against Random123's known answers, and the counters of the stream rule.
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "kernels/sampling/words.cuh"

namespace assay::kernels::sampling {
namespace {

using Four = std::array<std::uint32_t, 4>;

Four philox(Four counter, std::uint32_t key_0, std::uint32_t key_1) {
  const PhiloxBlock b =
      philox4x32_10({{counter[0], counter[1], counter[2], counter[3]}}, key_0, key_1);
  return {b.word[0], b.word[1], b.word[2], b.word[3]};
}

TEST(Philox, RepeatsTheKnownAnswersOfRandom123) {
  EXPECT_EQ(philox({0, 0, 0, 0}, 0, 0), (Four{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox({ones, ones, ones, ones}, ones, ones),
            (Four{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0),
            (Four{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, TheStreamRuleIsWhatTheDocumentSays) {
  const PhiloxWords words{0x0123456789abcdefull, 5, 3};
  for (const std::uint64_t c : {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{4},
                                std::uint64_t{7}, (std::uint64_t{1} << 34) - 1}) {
    const Four block =
        philox({static_cast<std::uint32_t>(c / 4), 9, 8, 16 * 5 + 3}, 0x89abcdef, 0x01234567);
    EXPECT_EQ(words.word32({8, 9}, c), block[c % 4]);
  }
  for (std::uint64_t c = 0; c < 9; ++c)
    EXPECT_EQ(words.word64({8, 9}, c),
              std::uint64_t{words.word32({8, 9}, 2 * c)} << 32 | words.word32({8, 9}, 2 * c + 1));
}

TEST(Philox, BlocksOfDifferentPlacesDiffer) {
  std::set<Four> seen;
  int count = 0;
  for (const std::uint32_t call : {0u, 1u, (1u << 28) - 1})
    for (std::uint32_t purpose = 0; purpose < 13; ++purpose)
      for (const std::uint32_t row : {0u, 1u, 0xffffffffu})
        for (const std::uint32_t trial : {0u, 1u, 0xffffffffu})
          for (const std::uint32_t block : {0u, 1u, 0xffffffffu}) {
            const PhiloxBlock b = PhiloxWords{7, call, purpose}.block({row, trial}, block);
            seen.insert({b.word[0], b.word[1], b.word[2], b.word[3]});
            ++count;
          }
  EXPECT_EQ(static_cast<int>(seen.size()), count);
}

TEST(Words, GivenOnesAreReadRowByRowAndTrialByTrial) {
  std::uint32_t memory[24];
  for (std::uint32_t i = 0; i < 24; ++i) memory[i] = i << 8 | 0xff;
  const GivenWords words{memory, 3, 4, 10};
  EXPECT_EQ(words.word32({10, 0}, 0), 0xffu);
  EXPECT_EQ(words.word32({11, 2}, 3), 23u << 8 | 0xff);
  EXPECT_EQ(leading_bits(words, {11, 2}, 3, 24), 23u);
  EXPECT_EQ(leading_bits(words, {11, 2}, 3, 32), 23u << 8 | 0xff);
  EXPECT_EQ(leading_bits(words, {10, 1}, 1, 64),
            std::uint64_t{6 << 8 | 0xff} << 32 | (7 << 8 | 0xff));
  EXPECT_EQ(leading_bits(words, {10, 1}, 1, 33),
            (std::uint64_t{6 << 8 | 0xff} << 32 | (7 << 8 | 0xff)) >> 31);
}

}  // namespace
}  // namespace assay::kernels::sampling
