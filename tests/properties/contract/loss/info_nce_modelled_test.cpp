// SPDX-License-Identifier: Apache-2.0
// The modelled column: correct kernels stay inside it, small defects do not, and it refutes only
// after fresh cases confirmed it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "properties/contract/campaign.hpp"
#include "properties/contract/judge.hpp"
#include "properties/contract/law.hpp"
#include "properties/contract/loss/info_nce_instances.hpp"
#include "small_column.hpp"

namespace assay::contract {
namespace {

CandidateFactory builtin(const std::string& name) {
  return [name] { return make_builtin_candidate("loss/info_nce", name, ASSAY_PROGRAM, {}); };
}

Check run(const Column& column, const std::string& instance, const std::string& candidate) {
  CampaignOptions options;
  options.threads = 2;
  return run_campaign(column, info_nce_contract(InfoNceInstanceName::parse(instance)),
                      builtin(candidate), options);
}

constexpr double wide = 0x1p12;  // deterministic budgets that see nothing

TEST(ModelledColumn, CorrectKernelsStayInside) {
  for (const char* instance :
       {"joint-block", "one-direction", "joint-block/backward", "one-direction/backward",
        "one-direction/backward/bf16", "supervised-in", "both-log-scale/backward",
        "decoupled/backward/f16"}) {
    const Check check =
        run(SmallColumn({"small", "sizes", "aligned", "flat", "clusters"}), instance, "emulated");
    EXPECT_EQ(check.verdict, Verdict::certified) << check.reason;
    EXPECT_EQ(check.modelled.exceeded, 0);
    EXPECT_FALSE(check.modelled.hypothesis.empty());
    std::printf("%s: largest modelled share %.3f at %s\n", instance,
                check.modelled.largest_share.hi, check.modelled.where.c_str());
    EXPECT_GT(check.modelled.largest_share.hi, 0.1);  // within a factor of ten of what is observed
  }
}

TEST(ModelledColumn, AFaultBelowTheBudgetIsRefutedByFreshCases) {
  const SmallColumn column({"small", "sizes"}, wide);
  for (const char* instance : {"one-direction", "one-direction/backward", "supervised-out",
                               "both-directions/backward", "normalised/backward"}) {
    const Check check = run(column, instance, "planted:temperature_off");
    EXPECT_EQ(check.verdict, Verdict::refuted) << check.reason;
    EXPECT_GT(check.modelled.exceeded, 0);
    EXPECT_EQ(check.modelled.fresh, 3);
    EXPECT_GT(check.modelled.confirmed, 0);
    ASSERT_EQ(check.refuted.size(), 1u);
    const RefutedCase& witness = check.refuted[0];
    EXPECT_EQ(witness.role, "modelled");
    EXPECT_NE(witness.finding.reason.find("modelled"), std::string::npos);
    const Finding again =
        judge(witness.observation, column.expect(witness.input, check.candidate.algorithm),
              column.outputs(witness.input));
    EXPECT_EQ(again.verdict,
              Verdict::certified);  // the deterministic budget has nothing against it
    EXPECT_GT(again.modelled_share.lo, 1);
  }
}

TEST(ModelledColumn, IsNeverAboveTheBudget) {
  for (const char* instance : {"joint-block", "joint-block/backward"})
    for (const char* family : {"small", "sizes", "tiny-norms", "opposed", "huge-norms"})
      for (std::uint64_t index = 0; index < 3; ++index) {
        const engine::Case c =
            info_nce_column().make_case({"loss/info_nce", instance, family, index, 5});
        for (const std::string& algorithm : info_nce_column().algorithms())
          for (const OutputExpectation& o : info_nce_column().expect(c, algorithm).outputs) {
            ASSERT_EQ(o.modelled.size(), o.budget.size());
            for (std::size_t i = 0; i < o.budget.size(); ++i)
              ASSERT_LE(o.modelled[i], o.budget[i]) << algorithm << " " << o.name << " " << i;
          }
      }
}

}  // namespace
}  // namespace assay::contract
