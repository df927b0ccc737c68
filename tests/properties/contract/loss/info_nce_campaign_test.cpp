// SPDX-License-Identifier: Apache-2.0
// Campaigns on the InfoNCE column: the kernel is certified, every planted fault is refuted, shrunk
// and judged again from its record.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "kernels/planted.hpp"
#include "properties/contract/campaign.hpp"
#include "properties/contract/judge.hpp"
#include "properties/contract/law.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "small_column.hpp"

namespace assay::contract {
namespace {

const Contract& instance(const std::string& name) {
  static const std::vector<Contract> all = info_nce_column().instances();
  for (const Contract& contract : all)
    if (info_nce_column().instance_of(contract) == name) return contract;
  throw std::out_of_range(name);
}

CandidateFactory builtin(const std::string& name) {
  return [name] { return make_builtin_candidate("loss/info_nce", name, ASSAY_PROGRAM, {}); };
}

CampaignOptions options(std::int64_t budget = 0, std::uint64_t seed = 1) {
  CampaignOptions o;
  o.budget = budget;
  o.seed = seed;
  o.threads = 2;
  return o;
}

class Directions : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(InfoNce, Directions, testing::Values("joint-block", "one-direction"));

TEST_P(Directions, TheEmulatedKernelIsCertifiedOnEveryFamily) {
  const Check check =
      run_campaign(info_nce_column(), instance(GetParam()), builtin("emulated"), options());
  EXPECT_EQ(check.verdict, Verdict::certified) << check.reason;
  EXPECT_EQ(check.cases_run, check.cases_planned);
  EXPECT_EQ(check.families.size(), info_nce_families().size());
  EXPECT_GT(check.largest_share.hi, 0);
  EXPECT_LE(check.largest_share.hi, 0.5);  // the headroom of a stated algorithm
  RecordProperty("largest_share", std::to_string(check.largest_share.hi));
}

std::string name_of_fault(const testing::TestParamInfo<kernels::PlantedEntry>& info) {
  return std::string(info.param.name);
}
std::vector<kernels::PlantedEntry> faults_of_the_forward() {
  std::vector<kernels::PlantedEntry> faults;
  for (const kernels::PlantedEntry& planted : kernels::planted_catalogue)
    if (planted.in_forward()) faults.push_back(planted);
  return faults;
}
class PlantedFaults : public testing::TestWithParam<kernels::PlantedEntry> {};
INSTANTIATE_TEST_SUITE_P(InfoNce, PlantedFaults, testing::ValuesIn(faults_of_the_forward()),
                         name_of_fault);

bool reachable(const kernels::PlantedEntry& planted, bool joint) {
  if (planted.form == kernels::PlantedForm::joint_block) return joint;
  if (planted.form == kernels::PlantedForm::one_direction) return !joint;
  // No family of one direction has a positive 103 above all negatives, or a logit of -inf.
  return joint || (planted.fault != kernels::Planted::additive_mask_finite &&
                   planted.fault != kernels::Planted::minus_infinity_unguarded);
}

TEST_P(PlantedFaults, IsRefutedShrunkAndJudgedAgainFromItsRecord) {
  // A view has to stay a view while it is shrunk, which costs a row.
  const std::int64_t largest_witness = GetParam().needs_tiles()                               ? 100
                                       : GetParam().fault == kernels::Planted::stride_ignored ? 9
                                                                                              : 8;
  for (const char* directions : {"joint-block", "one-direction"}) {
    if (!reachable(GetParam(), directions == std::string("joint-block"))) continue;
    const Check check =
        run_campaign(info_nce_column(), instance(directions),
                     builtin("planted:" + std::string(GetParam().name)), options(60));
    ASSERT_EQ(check.verdict, Verdict::refuted) << directions << ": " << check.reason;
    ASSERT_GE(check.refuted.size(), 2u);
    EXPECT_EQ(check.refuted[0].role, "found");
    ASSERT_EQ(check.refuted[1].role, "smallest");
    EXPECT_LE(check.refuted[1].input.input("a").shape[0], largest_witness) << directions;
    for (const RefutedCase& refuted : check.refuted) {
      const Finding again = judge(
          refuted.observation, info_nce_column().expect(refuted.input, check.candidate.algorithm),
          info_nce_column().outputs(refuted.input));
      EXPECT_EQ(again.verdict, Verdict::refuted) << refuted.role << ": " << again.reason;
    }
  }
}

RC_GTEST_PROP(InfoNceLaw, TheEmulatedKernelAgreesWithTheTruthOnAnyCase, ()) {
  static const auto candidate = builtin("emulated")();
  const auto families = info_nce_families();
  const auto& family = families[*rc::gen::inRange<std::size_t>(0, families.size())];
  const bool joint = *rc::gen::arbitrary<bool>();
  const engine::Case c = make_info_nce_case(
      {"loss/info_nce", joint ? "joint-block" : "one-direction", family.name,
       *rc::gen::inRange<std::uint64_t>(0, 64), *rc::gen::inRange<std::uint64_t>(1, 1u << 30)});
  const Judgement judgement = agrees_with_truth(info_nce_column(), *candidate, c);
  RC_LOG() << judgement.finding.reason;
  RC_ASSERT(judgement.finding.verdict == Verdict::certified);
}

TEST(InfoNceCampaign, DoesNotDependOnTheNumberOfThreads) {
  for (const char* candidate : {"emulated", "planted:last_column_twice"}) {
    Certificate certificates[2];
    for (int i : {0, 1}) {
      CampaignOptions o = options(24);
      o.threads = 1 + 2 * i;
      certificates[i].checks = {
          run_campaign(info_nce_column(), instance("joint-block"), builtin(candidate), o)};
    }
    EXPECT_EQ(to_json(certificates[0]), to_json(certificates[1])) << candidate;
  }
}

TEST(InfoNceCampaign, IsTheSameOnAnyNumberOfThreadsWhenOnlyLargeCasesRefute) {
  const SmallColumn column({"small", "adversarial"});
  Certificate certificates[2];
  for (int i : {0, 1}) {
    CampaignOptions o = options();
    o.threads = 1 + 2 * i;
    o.shrink_trials = 1;
    certificates[i].checks = {
        run_campaign(column, instance("one-direction"), builtin("planted:middle_tile_skipped"), o)};
    EXPECT_EQ(certificates[i].checks[0].cases_run, 12);  // refuted, and no large case left out
    EXPECT_EQ(certificates[i].checks[0].verdict, Verdict::refuted);
  }
  EXPECT_EQ(to_json(certificates[0]), to_json(certificates[1]));
}

TEST(InfoNceCampaign, ABudgetCutsAllFamiliesEvenly) {
  const std::vector<Family> all = info_nce_families();
  const auto families =
      std::count_if(all.begin(), all.end(), [](const Family& f) { return !f.large; });
  const Check check = run_campaign(info_nce_column(), instance("joint-block"), builtin("emulated"),
                                   options(families));
  EXPECT_EQ(check.cases_run, families);
  for (const FamilyResult& family : check.families) EXPECT_EQ(family.cases, 1) << family.name;
}

TEST(InfoNceCampaign, StopsBetweenTwoCasesWhenInterrupted) {
  CampaignOptions o = options();
  o.threads = 1;
  int asked = 0;
  o.interrupted = [&] { return ++asked > 3; };
  EXPECT_THROW(run_campaign(info_nce_column(), instance("joint-block"), builtin("emulated"), o),
               Interrupted);
}

}  // namespace
}  // namespace assay::contract
