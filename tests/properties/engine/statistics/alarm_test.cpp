// SPDX-License-Identifier: Apache-2.0
// Alarms: level and power of the e-process, the budget of a run, confirmation by fresh bits.
#include "properties/engine/statistics/alarm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "properties/engine/random.hpp"
#include "properties/engine/statistics/binomial.hpp"
#include "reference/arithmetic/rational.hpp"

namespace assay::engine {
namespace {

using reference::Rational;

TEST(KtAlarm, IsAtMostTheExactEProcessAndClose) {
  const std::vector<Ends> p = {exactly(0.5), exactly(0.25), exactly(0.25)};
  const std::vector<Rational> law = {Rational(1) / 2, Rational(1) / 4, Rational(1) / 4};
  std::vector<long long> counts(3, 0);
  KtAlarm alarm(p);
  Rational exact = 1;
  Random random(5, "kt", 0);
  for (int t = 0; t < 200; ++t) {
    const std::size_t i = random.below(3);  // uniform: not the law
    const Rational bet = (Rational(2 * counts[i] + 1) / 2) / (Rational(2 * t + 3) / 2);
    exact *= (Rational(1) + bet / law[i]) / 2;
    ++counts[i];
    alarm.add(static_cast<std::int64_t>(i));
  }
  const double truth = std::log2(exact.convert_to<double>());
  EXPECT_LE(alarm.log2_evidence(), truth + 0x1p-40);
  EXPECT_NEAR(alarm.log2_evidence(), truth, 0x1p-30);
}

TEST(KtAlarm, TheMeanUnderTheLawIsExactlyOne) {
  // Over all sequences of six draws from (3/4, 1/4): the property from which the level follows.
  const std::vector<Rational> law = {Rational(3) / 4, Rational(1) / 4};
  double mean = 0;
  for (unsigned sequence = 0; sequence < 64; ++sequence) {
    KtAlarm alarm({exactly(0.75), exactly(0.25)});
    double chance = 1;
    for (int t = 0; t < 6; ++t) {
      const int item = static_cast<int>(sequence >> t & 1);
      chance *= item == 0 ? 0.75 : 0.25;
      alarm.add(item);
    }
    mean += chance * std::exp2(alarm.log2_evidence());
  }
  EXPECT_NEAR(mean, 1, 0x1p-40);
}

TEST(KtAlarm, SizeAndPowerLieWithinExactBinomialBounds) {
  const std::int64_t runs = 1000;
  std::vector<Ends> p(8, exactly(0.125));
  for (const double alpha : {0.05, 0.01}) {
    std::int64_t alarms = 0, seen = 0;
    for (std::int64_t i = 0; i < runs; ++i) {
      Random random(6, alpha > 0.02 ? "kt 0.05" : "kt 0.01", static_cast<std::uint64_t>(i));
      KtAlarm honest(p), crooked(p);
      bool honest_alarm = false, crooked_alarm = false;
      for (int t = 0; t < 1500; ++t) {
        const auto item = static_cast<std::int64_t>(random.below(8));
        honest.add(item);
        crooked.add(item == 7 && random.uniform() < 0.5 ? 0 : item);
        honest_alarm = honest_alarm || honest.alarmed(alpha);
        crooked_alarm = crooked_alarm || crooked.alarmed(alpha);
      }
      alarms += honest_alarm ? 1 : 0;
      seen += crooked_alarm ? 1 : 0;
    }
    const BinomialRange allowed = binomial_range(runs, alpha, 1.0 / 1000000);
    EXPECT_LE(alarms, allowed.most);
    EXPECT_GE(seen, runs - allowed.most);
  }
}

TEST(KtAlarm, AnImpossibleItemIsInfiniteEvidence) {
  for (const std::int64_t item : {-1, 1, 2, 7}) {
    KtAlarm alarm({exactly(1), exactly(0)});
    EXPECT_FALSE(alarm.alarmed(0.5));
    alarm.add(item);
    EXPECT_TRUE(alarm.alarmed(0x1p-1000)) << item;
  }
}

TEST(AlphaLedger, DealsOutNoMoreThanItHas) {
  AlphaLedger ledger(1.0 / 1000000);
  Rational sum = 0;
  for (int i = 0; i < 412; ++i) ledger.enter("check " + std::to_string(i), 1 + i % 7);
  ledger.close();
  for (const AlphaLedger::Entry& entry : ledger.entries()) {
    EXPECT_GT(entry.share, 0);
    sum += reference::rational_from(entry.share);
  }
  EXPECT_LE(sum, reference::rational_from(1.0 / 1000000));
  EXPECT_GT(sum, reference::rational_from(0x1p-21));
  EXPECT_NEAR(ledger.share("check 6") / ledger.share("check 0"), 7, 0x1p-40);
  EXPECT_EQ(ledger.text(8731),
            "412 statistical checks, total false-alarm probability <= 1e-06; 8731 deterministic "
            "checks, 0");
  EXPECT_THROW(ledger.enter("late"), std::logic_error);
  EXPECT_THROW(ledger.share("unknown"), std::out_of_range);
}

TEST(AlphaLedger, RefusesWhatIsNoBudget) {
  EXPECT_THROW(AlphaLedger(0), std::invalid_argument);
  AlphaLedger ledger(0.5);
  EXPECT_THROW(ledger.enter("a", 0), std::invalid_argument);
  ledger.enter("a");
  EXPECT_THROW(ledger.enter("a"), std::invalid_argument);
  EXPECT_THROW(ledger.share("a"), std::logic_error);
}

TEST(TwoStages, AlarmOnlyWhenFreshBitsAgree) {
  std::vector<std::uint64_t> seeds;
  const auto always = [&](std::uint64_t seed, std::int64_t) {
    seeds.push_back(seed);
    return 0.0;
  };
  const TwoStage defect = confirm_by_fresh_bits(0.01, 42, 100, always);
  EXPECT_TRUE(defect.alarmed);
  ASSERT_EQ(seeds.size(), 2U);
  EXPECT_NE(seeds[0], seeds[1]);
  EXPECT_EQ(defect.second.draws, 400);
  const TwoStage chance = confirm_by_fresh_bits(
      0.01, 42, 100, [](std::uint64_t seed, std::int64_t) { return seed == 42 ? 0.0 : 1.0; });
  EXPECT_FALSE(chance.alarmed);
  EXPECT_EQ(chance.first.p_value, 0) << "the failed first stage stays on record";
}

TEST(TwoStages, FalseAlarmsAreWithinExactBinomialBounds) {
  const std::int64_t runs = 20000;
  for (const double alpha : {0.05, 0.01}) {
    std::int64_t alarms = 0;
    for (std::int64_t i = 0; i < runs; ++i)
      alarms += confirm_by_fresh_bits(
                    alpha, static_cast<std::uint64_t>(i), 10,
                    [](std::uint64_t seed, std::int64_t draws) {
                      return Random(seed, "p-value", static_cast<std::uint64_t>(draws)).uniform();
                    }).alarmed
                    ? 1
                    : 0;
    const BinomialRange allowed = binomial_range(runs, alpha, 1.0 / 1000000);
    EXPECT_GE(alarms, allowed.fewest);
    EXPECT_LE(alarms, allowed.most);
  }
}

}  // namespace
}  // namespace assay::engine
