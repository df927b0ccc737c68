// SPDX-License-Identifier: Apache-2.0
// Every known wrong wiring is refuted, and the statistics alone would do it.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "properties/contract/builtin.hpp"
#include "properties/contract/estimate/pipeline.hpp"
#include "properties/contract/estimate/self_test.hpp"
#include "tests/properties/contract/sampler/in_process.hpp"

namespace assay::contract {
namespace {

std::unique_ptr<Candidate> make(const std::string& contract, const std::string& name) {
  return std::make_unique<testing::InProcess>(*find_builtin(contract, name));
}

// On two models, each fault by itself. \return how many the mean alone refuted
int expect_refuted(const std::string& contract, const std::string& instance,
                   const std::vector<std::string>& families) {
  std::vector<EstimateTruth> truths;
  for (const std::string& family : families)
    truths.push_back(make_estimate_truth({contract, instance, family, 0, 1}));
  int by_the_mean = 0;
  for (const PipelineFaultEntry& fault : pipeline_faults()) {
    const std::string name = "planted:" + std::string(fault.name);
    if (!fault_applies(fault.fault, truths[0].problem)) continue;
    EstimateRow row;
    for (const EstimateTruth& truth : truths)
      if (row.verdict != Verdict::refuted)
        row = judge_estimate_row(*make(contract, name), truth, 1.0 / 65536, {});
    EXPECT_EQ(row.verdict, Verdict::refuted) << contract << " " << name << ": " << row.reason;
    by_the_mean += row.looks > 0 ? 1 : 0;
  }
  return by_the_mean;
}

TEST(PlantedPipelines, AreRefutedUnderHscl) {
  EXPECT_GE(expect_refuted("estimate/hscl", "info-nce-mean/exponential", {"overlap"}), 14);
}
TEST(PlantedPipelines, AreRefutedUnderHucl) {
  EXPECT_GE(expect_refuted("estimate/hucl", "hinge-sum/exponential", {"overlap", "unhardened"}),
            12);
}
TEST(PlantedPipelines, AreRefutedWithAJointHardening) {
  EXPECT_GE(expect_refuted("estimate/hscl", "info-nce-mean/max-plus-one", {"overlap"}), 9);
}

TEST(PlantedPipelines, TheSelfTestKillsAllAndKeepsTheRightOne) {
  SelfTestOptions options;
  options.instances = {"linear-mean/exponential"};
  const SelfTest result =
      run_estimate_self_test(estimate_contract_named("estimate/hucl"), options,
                             [](const std::string& name) { return make("estimate/hucl", name); });
  for (const PlantedResult& r : result.planted)
    EXPECT_EQ(r.fate, Fate::killed) << r.fault << ": " << r.how;
  EXPECT_GE(result.planted.size(), 14u);
  EXPECT_EQ(result.false_alarms(), 0);
  EXPECT_EQ(result.verdict(), Verdict::certified);
}

TEST(PlantedPipelines, AreTheCatalogue) {
  for (const PipelineFaultEntry& fault : pipeline_faults()) {
    const std::string name = "planted:" + std::string(fault.name);
    bool meant = false;
    for (const EstimateContract& c : estimate_contracts()) {
      ASSERT_NE(find_builtin(c.name, name), nullptr);
      for (const EstimateInstance& i : c.instances) {
        EXPECT_EQ(find_builtin(c.name, name)->meant_for(i.contract),
                  fault_applies(fault.fault, i.setting));
        meant = meant || fault_applies(fault.fault, i.setting);
      }
    }
    EXPECT_TRUE(meant) << name;
  }
}

}  // namespace
}  // namespace assay::contract
