// SPDX-License-Identifier: Apache-2.0
// The self-test: faults are killed, correct variants are not, and both outcomes can be provoked.
#include <gtest/gtest.h>

#include <algorithm>

#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/self_test.hpp"
#include "properties/engine/input_error.hpp"
#include "small_column.hpp"

namespace assay::contract {
namespace {

SelfTestOptions options(const std::string& instance, int threads = 2) {
  SelfTestOptions o;
  o.instances = {instance};
  o.threads = threads;
  o.program = ASSAY_PROGRAM;
  return o;
}

const PlantedResult& result_of(const SelfTest& test, const std::string& fault) {
  return *std::find_if(test.planted.begin(), test.planted.end(),
                       [&](const PlantedResult& r) { return r.fault == "planted:" + fault; });
}

TEST(SelfTest, KillsFaultsOnSmallCasesAndNamesTheCase) {
  const SelfTest test =
      run_self_test(SmallColumn({"small", "sizes"}), "emulated", options("one-direction/backward"));
  EXPECT_EQ(test.false_alarms(), 0);
  for (const char* fault : {"zero_gradient", "gradient_three_percent", "upstream_ignored",
                            "temperature_gradient_sign", "tail_tile_skipped"}) {
    const PlantedResult& r = result_of(test, fault);
    EXPECT_EQ(r.fate, Fate::killed) << fault << ": " << r.how;
    EXPECT_FALSE(r.family.empty());
    EXPECT_FALSE(r.how.empty());
  }
  EXPECT_EQ(test.correct.size(), 6u);  // the kernel and its five variants
}

TEST(SelfTest, IsTheSameOnAnyNumberOfThreads) {
  const SmallColumn column({"small", "zero-vectors"});
  const std::string one = to_json(run_self_test(column, "emulated", options("joint-block", 1)));
  EXPECT_EQ(one, to_json(run_self_test(column, "emulated", options("joint-block", 3))));
}

TEST(SelfTest, FaultsThatChangeNothingAreNotApplied) {
  // One family without a tail: nothing reaches the last tile's faults.
  const SelfTest test = run_self_test(SmallColumn({"small"}), "emulated", options("joint-block"));
  EXPECT_EQ(result_of(test, "rescale_missing_in_last_tile").fate, Fate::not_applied);
  EXPECT_EQ(result_of(test, "middle_tile_skipped").fate, Fate::not_applied);
}

TEST(SelfTest, WideBudgetsLetFaultsSurviveByName) {
  const SelfTest test =
      run_self_test(SmallColumn({"small"}, 0x1p12, false), "emulated", options("joint-block"));
  EXPECT_EQ(result_of(test, "temperature_off").fate, Fate::survived);
  EXPECT_EQ(test.verdict(), Verdict::refuted);
  EXPECT_NE(to_json(test).find("planted:temperature_off on joint-block"), std::string::npos);
}

TEST(SelfTest, WhatOnlyTheModelSeesIsKilledByFreshCases) {
  const SelfTest test =
      run_self_test(SmallColumn({"small"}, 0x1p12), "emulated", options("joint-block"));
  const PlantedResult& fault = result_of(test, "temperature_off");
  EXPECT_EQ(fault.fate, Fate::killed);
  EXPECT_NE(fault.how.find("modelled"), std::string::npos) << fault.how;
  EXPECT_EQ(test.false_alarms(), 0);
}

TEST(SelfTest, NarrowBudgetsAreFalseAlarms) {
  const SelfTest test =
      run_self_test(SmallColumn({"small"}, 0x1p-8), "emulated", options("joint-block"));
  EXPECT_GT(test.false_alarms(), 0);
  EXPECT_EQ(test.verdict(), Verdict::refuted);
}

TEST(SelfTest, RefusesAnUnknownInstance) {
  EXPECT_THROW(run_self_test(info_nce_column(), "emulated", options("joint-blok")),
               engine::InputError);
}

}  // namespace
}  // namespace assay::contract
