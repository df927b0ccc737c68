// SPDX-License-Identifier: Apache-2.0
// The ideal race: its law, its decisions against higher precision, and the coupling of a float
// race.
#include "properties/contract/sampler/coupling.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "properties/contract/sampler/ideal.hpp"
#include "properties/contract/sampler/law.hpp"
#include "properties/engine/random.hpp"
#include "properties/engine/statistics/plug_in.hpp"
#include "reference/arithmetic/real.hpp"

namespace assay::contract {
namespace {

using reference::Arithmetic;
using reference::Real;

constexpr double one_in_a_million = 1.0 / 1000000, one_in_ten_thousand = 1.0 / 10000;

SamplerProblem race(std::vector<double> weights, std::int64_t k = 1) {
  SamplerProblem p;
  p.rule = k == 1 ? SamplerRule::gumbel_max : SamplerRule::gumbel_top_k;
  p.tilt = "weights";
  p.scores = std::move(weights);
  p.k = k;
  return p;
}

std::vector<std::uint32_t> words(engine::Random& random, std::int64_t count) {
  std::vector<std::uint32_t> w(static_cast<std::size_t>(count));
  for (std::uint32_t& x : w) x = static_cast<std::uint32_t>(random.bits() >> 32);
  return w;
}

TEST(IdealRace, DecisionsAreThoseOfAnIntervalEngine) {
  // Finishing times at both ends of every cell, at 120 bits.
  const Arithmetic in = Arithmetic::enclosing(reference::engines().front(), 120);
  const std::vector<double> weights = {1, 0.5, 0, 3, 0x1p-40};
  IdealRace ideal(race(weights));
  engine::Random random(1, "race", 0);
  std::vector<std::int64_t> got;
  for (int draw = 0; draw < 300; ++draw) {
    const auto w = words(random, 5);
    ideal.winners(w, got);
    ASSERT_EQ(got.size(), 1U);
    const auto finish = [&](std::size_t j, int end) {
      const Real u =
          in(Real::exactly(static_cast<double>(w[j])) + Real(end)) / in(Real::exactly(0x1p32));
      return -log(u) / in(Real::exactly(weights[j]));
    };
    for (std::size_t j = 0; j < 5; ++j)
      if (weights[j] > 0 && static_cast<std::int64_t>(j) != got[0]) {
        EXPECT_EQ(less(finish(static_cast<std::size_t>(got[0]), 0), finish(j, 1)),
                  reference::Truth::yes);
      }
  }
}

TEST(IdealRace, EqualWordsAreUndecidedAndNearOnesAreNot) {
  IdealRace ideal(race({1, 1}));
  std::vector<std::int64_t> got;
  ideal.winners(std::vector<std::uint32_t>{77, 77}, got);
  EXPECT_TRUE(got.empty()) << "the rest of the bits decides";
  ideal.winners(std::vector<std::uint32_t>{77, 79}, got);
  EXPECT_EQ(got, std::vector<std::int64_t>{1});
  ideal.winners(std::vector<std::uint32_t>{0, 0}, got);
  EXPECT_TRUE(got.empty());
  ideal.winners(std::vector<std::uint32_t>{~0U, 0}, got);
  EXPECT_EQ(got, std::vector<std::int64_t>{0});
}

// The law of what is decided, from draws alone: the plug-in certificate on the ideal map itself.
void expect_law(const SamplerProblem& p) {
  const IdealMap ideal = *ideal_map(p);
  const std::vector<Ends> law = outcome_law(p);
  std::vector<std::int64_t> counts(law.size(), 0), got;
  engine::Random random(2, "law of the ideal", 0);
  const std::int64_t draws = 40000;
  std::int64_t counted = 0;
  for (std::int64_t i = 0; i < draws; ++i) {
    ideal(words(random, p.words_per_trial()), got);
    const std::int64_t number = outcome_number(got, p.columns());
    if (got.empty() || number < 0) continue;
    ++counts[static_cast<std::size_t>(number)];
    ++counted;
  }
  EXPECT_GT(counted, draws - 10) << name_of(p.rule);
  const Ends tv = engine::plug_in_bounds(counts, counted, law, one_in_a_million);
  EXPECT_LE(tv.hi, 0.05) << name_of(p.rule);
  EXPECT_EQ(tv.lo, 0);
}

TEST(IdealMaps, HaveTheLawOfTheirRule) {
  expect_law(race({1, 2, 3, 0, 0.5}));
  expect_law(race({1, 2, 3, 0.5}, 2));
  SamplerProblem p = race({0.5, 0.25, 1, -0.5}, 2);
  p.rule = SamplerRule::rejection;
  p.tilt = "exponential";
  for (const char* joint : {"max_plus_one", "sum_plus_one"}) {
    p.joint = joint;
    expect_law(p);
  }
  p.rule = SamplerRule::uniform_distinct;
  p.tilt = "uniform";
  p.self = 2;
  expect_law(p);
  p.rule = SamplerRule::disjoint_batches;
  p.self = -1;
  expect_law(p);
  p.rule = SamplerRule::anchor_positive;
  p.column_labels = {1, 0, 1, 1};
  expect_law(p);
}

// A race in binary32 on the same words, the last column with another weight.
WordMap float_race(std::vector<float> weights) {
  return [weights](std::span<const std::uint32_t> words) {
    const std::size_t k = weights.size();
    std::vector<std::int64_t> out;
    for (std::size_t at = 0; at < words.size(); at += k) {
      std::size_t best = 0;
      float earliest = HUGE_VALF;
      for (std::size_t j = 0; j < k; ++j) {
        const float u = (static_cast<float>(words[at + j] >> 8) + 0.5F) * 0x1p-24F;
        const float finish = -std::log(u) / weights[j];
        if (finish < earliest) {
          earliest = finish;
          best = j;
        }
      }
      out.push_back(static_cast<std::int64_t>(best));
    }
    return out;
  };
}

TEST(Coupling, CertifiesARaceInBinary32WithFewDraws) {
  const SamplerProblem p = race({1, 2, 0.5, 4});
  const IdealMap ideal = *ideal_map(p);
  const CouplingPlan plan{one_in_ten_thousand, one_in_a_million, 400000, 3};
  const CoupledRun run = run_coupling(float_race({1, 2, 0.5F, 4}), ideal, 4, 1, 4, plan);
  EXPECT_TRUE(run.certified);
  EXPECT_LE(run.draws, 200000);
  EXPECT_LE(run.mismatches, 1);
  EXPECT_LE(run.bound, one_in_ten_thousand);
}

TEST(Coupling, RefusesAWeightThatIsOffByAnEighthAndTheEventProvesIt) {
  const SamplerProblem p = race({1, 2, 0.5, 4});
  const IdealMap ideal = *ideal_map(p);
  const CouplingPlan plan{one_in_ten_thousand, one_in_a_million, 120000, 3};
  const CoupledRun run = run_coupling(float_race({1, 2, 0.5F, 4.5F}), ideal, 4, 1, 4, plan);
  EXPECT_FALSE(run.certified);
  EXPECT_EQ(run.draws, plan.most_draws);
  EXPECT_GT(run.bound, 0.005);
  EXPECT_FALSE(run.first_mismatch.empty());
  // TV = 4.5/8 - 4/7.5 = 0.0292
  const double at_least =
      event_lower_bound(run.first_half, run.second_half, item_law(p), one_in_a_million);
  EXPECT_GT(at_least, 0.015);
  EXPECT_LT(at_least, 0.0292);
}

TEST(EventBound, ExceedsTheTruthNoMoreOftenThanItMay) {
  // The sampler is exact: any positive bound is wrong. 200 runs at delta = 0.05.
  const std::vector<Ends> p(8, exactly(0.125));
  std::int64_t wrong = 0;
  for (int run = 0; run < 200; ++run) {
    engine::Random random(4, "event", static_cast<std::uint64_t>(run));
    std::vector<std::int64_t> first(8, 0), second(8, 0);
    for (int i = 0; i < 200; ++i) {
      ++first[random.below(8)];
      ++second[random.below(8)];
    }
    wrong += event_lower_bound(first, second, p, 0.05) > 0 ? 1 : 0;
  }
  EXPECT_LE(wrong, 28);  // 200 at 0.05 exceed 28 with probability below 1e-6
  EXPECT_GT(wrong, 0);
}

}  // namespace
}  // namespace assay::contract
