// SPDX-License-Identifier: Apache-2.0
// Exact laws of samplers whose law is known by hand.
#include "properties/contract/sampler/exact_law.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "properties/engine/random.hpp"
#include "reference/sampler/outward.hpp"

namespace assay::contract {
namespace {

using Wide = unsigned __int128;

// floor(k n / 2^bits): the multiplication that draws an integer below n.
NumberMap scaled(std::int64_t n, int bits) {
  return [n, bits](std::span<const std::uint64_t> numbers) {
    std::vector<std::int64_t> out;
    for (const std::uint64_t k : numbers)
      out.push_back(static_cast<std::int64_t>(Wide{k} * static_cast<std::uint64_t>(n) >> bits));
    return out;
  };
}

std::vector<Ends> uniform(std::int64_t n) {
  return std::vector<Ends>(static_cast<std::size_t>(n), reference::ratio_of(1, n));
}

// #k = ceil(2^b (i+1)/n) - ceil(2^b i/n), and the distance f (1 - f) n / 2^b, f = frac(2^b / n).
TEST(EnumeratedLaw, OfAMultipliedIntegerIsTheKnownOne) {
  for (const std::int64_t n : {1, 3, 7, 1000}) {
    const int bits = 16;
    const ExactLaw law = enumerate_law(scaled(n, bits), n, bits);
    EXPECT_TRUE(law.monotone);
    EXPECT_EQ(law.evaluations, 1 << bits);
    for (std::int64_t i = 0; i < n; ++i) {
      const auto ceil_div = [&](std::int64_t x) { return (x + n - 1) / n; };
      const std::int64_t count =
          ceil_div((std::int64_t{1} << bits) * (i + 1)) - ceil_div((std::int64_t{1} << bits) * i);
      EXPECT_EQ(law.q[static_cast<std::size_t>(i)],
                exactly(std::ldexp(static_cast<double>(count), -bits)));
    }
    const double f = std::fmod(0x1p16, static_cast<double>(n)) / static_cast<double>(n);
    const double known = f * (1 - f) * static_cast<double>(n) * 0x1p-16;
    const LawComparison c = compare_laws(law, uniform(n), bits);
    EXPECT_LE(c.tv.lo, known + 0x1p-40);
    EXPECT_GE(c.tv.hi, known - 0x1p-40);
    EXPECT_NEAR(c.floor_of_any_map, known, 0x1p-30) << "this map is a best one";
    EXPECT_LE(c.floor_of_any_map, c.tv.hi);
    EXPECT_EQ(c.floor_of_thresholds, static_cast<double>(n) * 0x1p-17);
  }
}

TEST(EnumeratedLaw, TheFloorOf24BitsForAMillionItemsIsTheOneStated) {
  // K f (1 - f) / 2^b with f = frac(2^24 / 10^6).
  ExactLaw law;
  law.q = uniform(1000000);
  law.reached.assign(1000000, true);
  EXPECT_NEAR(compare_laws(law, uniform(1000000), 24).floor_of_any_map, 0.0103, 0.0001);
}

TEST(EnumeratedLaw, CountsWhatIsNeverReached) {
  const NumberMap map = [](std::span<const std::uint64_t> numbers) {
    std::vector<std::int64_t> out;
    for (const std::uint64_t k : numbers) out.push_back(k < 128 ? 0 : 2);
    return out;
  };
  const ExactLaw law = enumerate_law(map, 4, 8);
  const std::vector<Ends> p = {exactly(0.5), exactly(0.25), exactly(0.25), exactly(0)};
  const LawComparison c = compare_laws(law, p, 8);
  EXPECT_EQ(c.unreachable, 1);
  EXPECT_EQ(c.unreachable_mass, exactly(0.25));
  EXPECT_EQ(c.tv, exactly(0.25));
  EXPECT_NEAR(c.largest_log_ratio, std::log(2), 0x1p-40);
}

TEST(BisectedLaw, EqualsTheEnumeratedOneForMonotoneMaps) {
  for (const std::int64_t n : {1, 2, 5, 300}) {
    const ExactLaw counted = enumerate_law(scaled(n, 12), n, 12);
    const ExactLaw bisected = bisect_law(scaled(n, 12), n, 12);
    EXPECT_EQ(counted.q, bisected.q);
    EXPECT_EQ(counted.reached, bisected.reached);
    for (std::uint64_t k = 0; k < 4096; k += 7)
      EXPECT_EQ(column_of(bisected, k),
                static_cast<std::int64_t>(k * static_cast<std::uint64_t>(n) >> 12));
  }
}

TEST(BisectedLaw, WorksAt53And64Bits) {
  for (const int bits : {53, 64}) {
    const ExactLaw law = bisect_law(scaled(1000, bits), 1000, bits);
    EXPECT_LE(compare_laws(law, uniform(1000), bits).tv.hi, 1000 * std::ldexp(1, -bits) + 0x1p-44);
    EXPECT_TRUE(law.monotone);
    EXPECT_LE(law.evaluations, 1000 * (bits + 1));
  }
}

TEST(BisectedLaw, AMapThatIsNotMonotoneShowsAgainstItsThresholds) {
  // Even numbers are sent to the other half: the thresholds found cannot be those of the map.
  const NumberMap map = [](std::span<const std::uint64_t> numbers) {
    std::vector<std::int64_t> out;
    for (const std::uint64_t k : numbers)
      out.push_back(static_cast<std::int64_t>((k >> 11) ^ (k % 2 == 0 ? 1 : 0)));
    return out;
  };
  const ExactLaw law = bisect_law(map, 2, 12);
  std::vector<std::uint64_t> k(4096);
  for (std::size_t i = 0; i < k.size(); ++i) k[i] = i;
  const std::vector<std::int64_t> got = map(k);
  std::int64_t differ = 0;
  for (std::size_t i = 0; i < k.size(); ++i) differ += got[i] != column_of(law, k[i]) ? 1 : 0;
  EXPECT_GT(differ, 1000);
}

TEST(TableLaw, OfTwoColumnsByHand) {
  // Column 0 keeps a quarter of its half, the rest goes to 1: 1/8 and 7/8.
  const std::vector<std::uint64_t> accept = {std::uint64_t{1} << 62, ~std::uint64_t{0}};
  const std::vector<std::int64_t> other = {1, 1};
  const ExactLaw law = table_law({accept, other});
  EXPECT_TRUE(law.q[0].contains(0.125));
  EXPECT_TRUE(law.q[1].contains(0.875));
  EXPECT_LE(law.q[0].hi - law.q[0].lo, 0x1p-50);
  EXPECT_EQ(column_of(AliasTableView{accept, other}, 0, (std::uint64_t{1} << 62) - 1), 0);
  EXPECT_EQ(column_of(AliasTableView{accept, other}, 0, std::uint64_t{1} << 62), 1);
}

TEST(TableLaw, AgreesWithCountingAllPairsOfLeadingBits) {
  // Widths that make every count whole: 2^6 first words for 4 columns, accepts on a grid of 2^-4.
  engine::Random random(7, "tables", 0);
  std::vector<std::uint64_t> accept(4);
  std::vector<std::int64_t> other(4);
  for (std::size_t i = 0; i < 4; ++i) {
    accept[i] = random.below(16) << 60;
    other[i] = static_cast<std::int64_t>(random.below(4));
  }
  std::vector<std::int64_t> counts(4, 0);
  for (std::uint64_t first = 0; first < 64; ++first)
    for (std::uint64_t second = 0; second < 16; ++second)
      ++counts[static_cast<std::size_t>(
          column_of(AliasTableView{accept, other}, first << 58, second << 60))];
  const ExactLaw law = table_law({accept, other});
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_TRUE(law.q[i].contains(static_cast<double>(counts[i]) / 1024)) << i;
  other[2] = 4;
  EXPECT_THROW(table_law({accept, other}), std::invalid_argument);
}

}  // namespace
}  // namespace assay::contract
