// SPDX-License-Identifier: Apache-2.0
// Campaigns on the InfoNCE column: the kernel is certified, every planted fault is refuted, shrunk
// and judged again from its record, and a vacuous suite certifies nothing.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "kernels/planted.hpp"
#include "properties/contract/campaign.hpp"
#include "properties/contract/judge.hpp"
#include "properties/contract/law.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/vacuity.hpp"

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
  EXPECT_LE(check.largest_share.hi, 1);
  RecordProperty("largest_share", std::to_string(check.largest_share.hi));
}

std::string name_of_fault(const testing::TestParamInfo<kernels::Planted>& info) {
  return std::string(name_of(info.param));
}
class PlantedFaults : public testing::TestWithParam<kernels::Planted> {};
INSTANTIATE_TEST_SUITE_P(InfoNce, PlantedFaults, testing::ValuesIn(kernels::planted_faults),
                         name_of_fault);

TEST_P(PlantedFaults, IsRefutedShrunkAndJudgedAgainFromItsRecord) {
  constexpr std::int64_t largest_witness = 8;
  for (const char* directions : {"joint-block", "one-direction"}) {
    const Check check =
        run_campaign(info_nce_column(), instance(directions),
                     builtin("planted:" + std::string(name_of(GetParam()))), options(60));
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

TEST(InfoNceCampaign, ABudgetCutsAllFamiliesEvenly) {
  const auto families = static_cast<std::int64_t>(info_nce_families().size());
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

// A candidate inside this process that answers with what it is told.
class Scripted final : public Candidate {
 public:
  explicit Scripted(std::function<Observation(const engine::Case&)> answer)
      : answer_(std::move(answer)) {
    info_.name = "scripted";
    info_.contract = "loss/info_nce";
    info_.algorithm = "any-order";
  }
  const CandidateInfo& info() const override { return info_; }
  Observation observe(const engine::Case& c, const std::vector<engine::OutputSpec>&) override {
    return answer_(c);
  }

 private:
  CandidateInfo info_;
  std::function<Observation(const engine::Case&)> answer_;
};

CandidateFactory scripted(std::function<Observation(const engine::Case&)> answer) {
  return [answer] { return std::make_unique<Scripted>(answer); };
}

Observation truth_of(const engine::Case& c) {
  Observation o;
  o.conduct = Conduct::returned;
  o.outputs = rounded_truth(info_nce_column().expect(c, "any-order"));
  return o;
}

Observation zeros(const engine::Case& c) {
  Observation o = truth_of(c);
  for (Tensor& t : o.outputs) std::fill(t.bytes.begin(), t.bytes.end(), std::byte{0});
  return o;
}

TEST(InfoNceCampaign, ARoundedTruthIsCertified) {
  const Check check =
      run_campaign(info_nce_column(), instance("one-direction"), scripted(truth_of), options(60));
  EXPECT_EQ(check.verdict, Verdict::certified) << check.reason;
}

TEST(InfoNceCampaign, ZerosAreRefuted) {
  const Check check =
      run_campaign(info_nce_column(), instance("one-direction"), scripted(zeros), options(60));
  EXPECT_EQ(check.verdict, Verdict::refuted);
}

// The InfoNCE column with one family whose answer is trivial: a single pair, loss 0.
class TrivialColumn final : public Column {
 public:
  std::string name() const override { return full().name(); }
  std::string summary() const override { return full().summary(); }
  std::vector<Contract> instances() const override { return full().instances(); }
  std::string instance_of(const Contract& c) const override { return full().instance_of(c); }
  std::vector<std::string> algorithms() const override { return full().algorithms(); }
  std::vector<Family> families() const override { return {{"one pair", "", 3}}; }
  engine::Case make_case(const engine::CaseDescriptor& d) const override {
    return make_info_nce_case({d.contract, d.instance, "sizes", 0, d.seed + d.index});  // N = 1
  }
  std::vector<engine::Case> cases_from(const engine::Embeddings&, const std::string&,
                                       std::uint64_t) const override {
    return {};
  }
  std::vector<engine::OutputSpec> outputs(const engine::Case& c) const override {
    return full().outputs(c);
  }
  Expectation expect(const engine::Case& c, const std::string& a) const override {
    return full().expect(c, a);
  }
  std::vector<engine::Case> simpler(const engine::Case&) const override { return {}; }
  engine::Complexity complexity(const engine::Case&) const override { return {}; }

 private:
  static const Column& full() { return info_nce_column(); }
};

TEST(InfoNceCampaign, AVacuousSuiteCertifiesNothing) {
  const Check check =
      run_campaign(TrivialColumn(), instance("one-direction"), scripted(truth_of), options());
  EXPECT_EQ(check.verdict, Verdict::undecided);
  EXPECT_NE(check.reason.find("vacuous"), std::string::npos) << check.reason;
}

TEST(InfoNceCampaign, AHangingCandidateEndsTheCheckAfterThreeCases) {
  const auto hang = [](const engine::Case&) {
    Observation o;
    o.conduct = Conduct::hung;
    o.detail = "no answer";
    return o;
  };
  CampaignOptions o = options();
  o.shrink_trials = 2;
  const Check check = run_campaign(info_nce_column(), instance("one-direction"), scripted(hang), o);
  EXPECT_EQ(check.verdict, Verdict::refuted);
  EXPECT_EQ(check.cases_run, 3);
}

}  // namespace
}  // namespace assay::contract
