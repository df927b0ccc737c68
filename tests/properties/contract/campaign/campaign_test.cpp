// SPDX-License-Identifier: Apache-2.0
// Campaigns with candidates inside this process: verdicts, the vacuity guard, hangs, threads.
#include "properties/contract/campaign.hpp"

#include <gtest/gtest.h>

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

CampaignOptions options(std::int64_t budget = 0, std::uint64_t seed = 1) {
  CampaignOptions o;
  o.budget = budget;
  o.seed = seed;
  o.threads = 2;
  return o;
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

TEST(Campaign, ARoundedTruthIsCertified) {
  const Check check =
      run_campaign(info_nce_column(), instance("one-direction"), scripted(truth_of), options(60));
  EXPECT_EQ(check.verdict, Verdict::certified) << check.reason;
}

TEST(Campaign, ZerosAreRefuted) {
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

TEST(Campaign, AVacuousSuiteCertifiesNothing) {
  const Check check =
      run_campaign(TrivialColumn(), instance("one-direction"), scripted(truth_of), options());
  EXPECT_EQ(check.verdict, Verdict::undecided);
  EXPECT_NE(check.reason.find("vacuous"), std::string::npos) << check.reason;
}

TEST(Campaign, AHangingCandidateEndsTheCheckAfterThreeCases) {
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

TEST(Campaign, ThreadsAgreeOnTheCertificate) {
  std::string texts[2];
  for (int i : {0, 1}) {
    CampaignOptions o = options(24);
    o.threads = 1 + 3 * i;
    Certificate certificate;
    certificate.checks = {
        run_campaign(info_nce_column(), instance("one-direction"), scripted(zeros), o)};
    texts[i] = to_json(certificate);
  }
  EXPECT_EQ(texts[0], texts[1]);
}

TEST(Campaign, AnErrorOnOneThreadEndsAllAndIsReported) {
  const auto fail = [](const engine::Case&) -> Observation {
    throw std::logic_error("no answer today");
  };
  CampaignOptions o = options();
  o.threads = 4;
  EXPECT_THROW(run_campaign(info_nce_column(), instance("one-direction"), scripted(fail), o),
               std::logic_error);
}

}  // namespace
}  // namespace assay::contract
