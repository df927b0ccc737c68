// SPDX-License-Identifier: Apache-2.0
// Every other method against a sequential transcription of its statement, on the same words, and
// small laws by enumeration.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "tests/kernels/sampling/sampling_case.hpp"

namespace assay::kernels::sampling::testing {
namespace {

using Wide = unsigned __int128;
const char* const schedules[] = {"fair", "greedy", "greedy-reverse", "greedy-random:5"};

std::uint64_t word64(const Case& c, std::size_t first) {
  return std::uint64_t{c.words[first]} << 32 | c.words[first + 1];
}
std::int64_t below(std::uint64_t u, std::int64_t n) {
  return static_cast<std::int64_t>((static_cast<Wide>(u) * static_cast<std::uint64_t>(n)) >> 64);
}
void random_words(Case& c, unsigned seed) {
  std::mt19937 generator(seed);
  const std::int64_t count =
      c.request.population.rows * trials_per_row(c.request) * words_per_trial(c.request);
  for (std::int64_t i = 0; i < count; ++i)
    c.words.push_back(static_cast<std::uint32_t>(generator()));
}
/// Columns that a row may draw, one by one.
std::vector<std::int64_t> allowed(const Case& c, std::int64_t row) {
  std::vector<std::int64_t> columns;
  const auto r = static_cast<std::size_t>(row);
  for (std::int64_t j = 0; j < c.request.population.columns; ++j) {
    const bool no =
        (!c.self.empty() && c.self[r] == j) || (!c.positive.empty() && c.positive[r] == j) ||
        (!c.row_labels.empty() && c.row_labels[r] == c.column_labels[static_cast<std::size_t>(j)]);
    if (!no) columns.push_back(j);
  }
  return columns;
}

/// Keys in extended precision; the kernel may differ where two of them are this close.
constexpr long double near = 0x1p-44L;

TEST(Keys, TheWinnersAreThoseOfTheStatement) {
  int next = 0, compared = 0;
  for (const Method method : {Method::gumbel_max, Method::exponential_race, Method::gumbel_top_k})
    for (const Tilt tilt : {Tilt::uniform, Tilt::weights, Tilt::exponential, Tilt::polynomial})
      for (const int bits : {8, 24, 32, 52}) {
        Case c = random_case(3, 150, tilt, static_cast<unsigned>(next));
        exclude_some(c);
        Population& p = c.request.population;
        p.beta = 3, p.inv_tau = 2, p.power = 3;
        c.request.method = method;
        c.request.bits = bits;
        c.request.k = 5;
        random_words(c, static_cast<unsigned>(next));
        const std::vector<std::int64_t> drawn = emulated(c.view(), schedules[next++ % 4]);
        const std::int64_t trials = trials_per_row(c.request), per = words_per_trial(c.request);
        for (std::int64_t row = 0; row < 3; ++row)
          for (std::int64_t trial = 0; trial < trials; ++trial) {
            std::vector<std::pair<long double, std::int64_t>> keys;
            for (const std::int64_t j : allowed(c, row)) {
              const long double s = c.scores[static_cast<std::size_t>(row * 150 + j)];
              const long double w = tilt == Tilt::uniform   ? 1
                                    : tilt == Tilt::weights ? s
                                    : tilt == Tilt::exponential
                                        ? std::exp(6 * s)
                                        : std::pow(std::max(2 * s + 1, 0.0L), 3);
              if (w <= 0) continue;
              const std::size_t at =
                  static_cast<std::size_t>((row * trials + trial) * per + j * (bits > 32 ? 2 : 1));
              const std::uint64_t i = bits > 32 ? word64(c, at) >> 12 : c.words[at] >> (32 - bits);
              const long double u = (static_cast<long double>(i) + 0.5L) * std::ldexp(1.0L, -bits);
              keys.emplace_back(std::log(w) - std::log(-std::log(u)), j);
            }
            std::sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) {
              return a.first > b.first || (a.first == b.first && a.second < b.second);
            });
            const std::int64_t count = method == Method::gumbel_top_k ? 5 : 1;
            for (std::int64_t place = 0; place < count; ++place) {
              const auto at = static_cast<std::size_t>(place);
              if (keys[at].first - keys[at + 1].first < near ||
                  (place > 0 && keys[at - 1].first - keys[at].first < near))
                continue;
              ASSERT_EQ(drawn[static_cast<std::size_t>((row * trials + trial) * count + place)],
                        keys[at].second);
              ++compared;
            }
          }
      }
  EXPECT_GT(compared, 600);
}

TEST(Keys, ForcedWordsReachNoColumnOfWeightZero) {
  for (const Method method : {Method::gumbel_max, Method::exponential_race})
    for (const std::uint32_t word : {0u, ~0u}) {
      Case c = random_case(1, 64, Tilt::exponential, 1);
      for (std::size_t j = 0; j < 64; ++j)
        if (j != 40) c.scores[j] = -HUGE_VALF;
      c.request.method = method;
      c.request.bits = 32;
      c.words.assign(64, word);
      EXPECT_EQ(emulated(c.view()), std::vector<std::int64_t>{40});
    }
}

TEST(TopK, TiesGoToTheSmallerIndex) {
  Case c = random_case(2, 200, Tilt::exponential, 9, 3);
  exclude_some(c);
  c.request.method = Method::top_k;
  c.request.k = 20;
  const std::vector<std::int64_t> drawn = emulated(c.view());
  for (std::int64_t row = 0; row < 2; ++row) {
    std::vector<std::int64_t> order = allowed(c, row);
    const float* const s = c.scores.data() + row * 200;
    std::stable_sort(order.begin(), order.end(),
                     [s](std::int64_t a, std::int64_t b) { return s[a] > s[b]; });
    for (std::int64_t i = 0; i < 20; ++i)
      ASSERT_EQ(drawn[static_cast<std::size_t>(row * 20 + i)], order[static_cast<std::size_t>(i)]);
  }
}

TEST(Uniform, RanksAreTheAllowedColumnsInOrder) {
  for (const bool labelled : {false, true})
    for (const int bits : {5, 32, 64}) {
      Case c = random_case(7, 40, Tilt::uniform, 1);
      exclude_some(c);
      if (!labelled) c.row_labels.clear(), c.column_labels.clear();
      c.request.method = Method::uniform;
      c.request.bits = bits;
      c.request.k = 50;
      random_words(c, 4);
      const std::vector<std::int64_t> drawn = emulated(c.view());
      c.request.method = Method::inverse_cdf;  // with equal weights, the same function of the words
      EXPECT_EQ(drawn, emulated(c.view()));
      for (std::int64_t row = 0; row < 7; ++row) {
        const std::vector<std::int64_t> columns = allowed(c, row);
        for (std::int64_t t = 0; t < 50; ++t) {
          const auto at = static_cast<std::size_t>(row * 50 + t);
          const std::uint64_t u = bits > 32
                                      ? word64(c, 2 * at)
                                      : std::uint64_t{c.words[at] >> (32 - bits)} << (64 - bits);
          ASSERT_EQ(drawn[at], columns[static_cast<std::size_t>(
                                   below(u, static_cast<std::int64_t>(columns.size())))]);
        }
      }
    }
}

TEST(Uniform, DistinctDrawsAreAFisherYatesShuffle) {
  Case c = random_case(5, 30, Tilt::uniform, 1);
  exclude_some(c);
  c.request.method = Method::uniform_distinct;
  c.request.k = 18;
  random_words(c, 6);
  const std::vector<std::int64_t> drawn = emulated(c.view(), "greedy-reverse");
  for (std::int64_t row = 0; row < 5; ++row) {
    std::vector<std::int64_t> columns = allowed(c, row);
    for (std::int64_t i = 0; i < 18; ++i) {
      const std::uint64_t u = word64(c, static_cast<std::size_t>(2 * (row * 18 + i)));
      std::swap(columns[static_cast<std::size_t>(i)],
                columns[static_cast<std::size_t>(
                    i + below(u, static_cast<std::int64_t>(columns.size()) - i))]);
      ASSERT_EQ(drawn[static_cast<std::size_t>(row * 18 + i)],
                columns[static_cast<std::size_t>(i)]);
    }
  }
  c.request.k = 31;
  c.words.clear();
  EXPECT_THROW(emulated(c.view()), RowError);
}

TEST(Uniform, BatchesPartitionTheColumns) {
  Case c;
  c.request.method = Method::disjoint_batches;
  c.request.population.rows = 300;
  c.request.population.columns = 17;
  const std::vector<std::int64_t> drawn = emulated(c.view());
  std::set<std::vector<std::int64_t>> seen;
  for (std::int64_t row = 0; row < 300; ++row) {
    std::vector<std::int64_t> mine(drawn.begin() + row * 17, drawn.begin() + (row + 1) * 17);
    seen.insert(mine);
    std::sort(mine.begin(), mine.end());
    for (std::int64_t i = 0; i < 17; ++i) ASSERT_EQ(mine[static_cast<std::size_t>(i)], i);
  }
  EXPECT_EQ(seen.size(), 300u);
}

TEST(Uniform, EveryOrderOfThreeComesFromAsManyWords) {
  // All words on a grid of 6 x 6 leading values: each of the 6 orders 6 times.
  Case c;
  c.request.method = Method::disjoint_batches;
  c.request.population.columns = 3;
  for (std::uint32_t a = 0; a < 6; ++a)
    for (std::uint32_t b = 0; b < 6; ++b)
      for (const std::uint32_t i : {a, b, 0u}) {
        c.words.push_back(static_cast<std::uint32_t>(((std::uint64_t{2 * i + 1}) << 32) / 12));
        c.words.push_back(0);
      }
  c.request.population.rows = 36;
  const std::vector<std::int64_t> drawn = emulated(c.view());
  std::map<std::vector<std::int64_t>, int> counts;
  for (std::int64_t row = 0; row < 36; ++row)
    ++counts[{drawn.begin() + 3 * row, drawn.begin() + 3 * row + 3}];
  EXPECT_EQ(counts.size(), 6u);
  for (const auto& [order, count] : counts) EXPECT_EQ(count, 6);
}

TEST(AnchorPositive, PairsAreTwoMembersOfAClass) {
  Case c;
  c.request.method = Method::anchor_positive;
  c.request.population.rows = 3;
  c.request.population.columns = 12;
  c.request.k = 400;
  c.column_labels = {5, 1, 5, -2, 1, 5, 9, 5, 1, 4, 4, 7};
  c.row_labels = {0, 0, 0};
  random_words(c, 3);
  const std::vector<std::int64_t> drawn = emulated(c.view());
  const std::vector<std::int64_t> eligible = {1, 4, 8, 9, 10, 0, 2, 5, 7};
  std::set<std::pair<std::int64_t, std::int64_t>> seen;
  for (std::size_t i = 0; i < 1200; ++i) {
    const std::int64_t anchor = eligible[static_cast<std::size_t>(below(word64(c, 4 * i), 9))];
    std::vector<std::int64_t> others;
    for (const std::int64_t j : eligible)
      if (j != anchor && c.column_labels[static_cast<std::size_t>(j)] ==
                             c.column_labels[static_cast<std::size_t>(anchor)])
        others.push_back(j);
    ASSERT_EQ(drawn[2 * i], anchor);
    ASSERT_EQ(drawn[2 * i + 1],
              others[static_cast<std::size_t>(
                  below(word64(c, 4 * i + 2), static_cast<std::int64_t>(others.size())))]);
    seen.emplace(drawn[2 * i], drawn[2 * i + 1]);
  }
  EXPECT_EQ(seen.size(), 3u * 2 + 2 + 4 * 3);
  c.column_labels = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  EXPECT_THROW(emulated(c.view()), std::invalid_argument);
}

TEST(Rejection, TuplesAreThoseOfTheStatement) {
  int refused = 0, late = 0;
  for (const JointTilt joint : {JointTilt::max_plus_one, JointTilt::sum_plus_one}) {
    Case c = random_case(60, 20, Tilt::uniform, 3);
    exclude_some(c);
    for (float& s : c.scores) s = s * s * s;  // few are near the bound
    c.request.method = Method::rejection;
    c.request.joint = joint;
    c.request.k = 2;
    c.request.proposals = 4;
    random_words(c, 8);
    const std::vector<std::int64_t> drawn = emulated(c.view());
    for (std::int64_t row = 0; row < 60; ++row) {
      const std::vector<std::int64_t> columns = allowed(c, row);
      const float* const s = c.scores.data() + row * 20;
      double top = -HUGE_VAL;
      for (const std::int64_t j : columns) top = std::max(top, static_cast<double>(s[j]));
      std::vector<std::int64_t> wanted = {-1, -1};
      for (std::size_t p = 0; p < 4 && wanted[0] < 0; ++p) {
        const std::size_t at = (static_cast<std::size_t>(row) * 4 + p) * 6;
        const auto n = static_cast<std::int64_t>(columns.size());
        const std::int64_t a = columns[static_cast<std::size_t>(below(word64(c, at), n))];
        const std::int64_t b = columns[static_cast<std::size_t>(below(word64(c, at + 2), n))];
        const double sa = s[a], sb = s[b];
        const double eta =
            joint == JointTilt::max_plus_one ? std::max(sa, sb) + 1 : sa + 1 + sb + 1;
        const double most = joint == JointTilt::max_plus_one ? top + 1 : 2 * (top + 1);
        if (static_cast<double>(word64(c, at + 4)) * 0x1p-64 < eta / most) {
          wanted = {a, b};
          late += p > 0;
        }
      }
      refused += wanted[0] < 0;
      ASSERT_EQ(drawn[static_cast<std::size_t>(2 * row)], wanted[0]);
      ASSERT_EQ(drawn[static_cast<std::size_t>(2 * row + 1)], wanted[1]);
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(late, 10);
}

}  // namespace
}  // namespace assay::kernels::sampling::testing
