// SPDX-License-Identifier: Apache-2.0
// Laws in a certification of loss/info_nce: what is recorded, what refutes, what is judged again.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "properties/contract/campaign.hpp"
#include "properties/contract/law_check.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_instances.hpp"
#include "properties/contract/loss/info_nce_laws.hpp"
#include "small_column.hpp"

namespace assay::contract {
namespace {

/// A built-in in this process.
class InProcess final : public Candidate {
 public:
  explicit InProcess(const std::string& name) : entry_(*find_builtin("loss/info_nce", name)) {}
  const CandidateInfo& info() const override { return entry_.info; }
  Observation observe(const engine::Case& c,
                      const std::vector<engine::OutputSpec>& outputs) override {
    return in_process(entry_).observe(c, outputs);
  }

 private:
  const BuiltinEntry& entry_;
};

Check asked(const std::string& candidate, const std::string& instance, std::uint64_t seed) {
  InProcess subject(candidate);
  Check check;
  ask_laws(check, info_nce_column(), instance, subject, seed, [] { return false; });
  return check;
}

TEST(InfoNceLawCases, MeetThePremisesOfTheLawsByBitsOnEveryInstance) {
  for (const InfoNceInstanceName& name : info_nce_instance_names())
    for (std::uint64_t seed : {1, 2, 3})
      for (const engine::CaseDescriptor& d : info_nce_law_cases(name.text(), seed)) {
        const engine::Case c = info_nce_column().make_case(d);
        const char* reason = info_nce_underflow_possible(c);
        // A random logit may be tiny.
        if (reason != nullptr) {
          EXPECT_NE(std::string(reason).find("tiny"), std::string::npos) << name.text() << reason;
        }
        EXPECT_EQ(sha256_of_case(c), sha256_of_case(info_nce_column().make_case(d)));
      }
}

TEST(InfoNceLawCheck, TheKernelObeysEveryLawThatExists) {
  for (const InfoNceInstanceName& name : info_nce_instance_names()) {
    if (name.input != Dtype::f32) continue;
    const Check check = asked("emulated", name.text(), 1);
    std::int64_t hold = 0;
    for (const LawResult& law : check.laws) {
      EXPECT_EQ(law.violated, 0) << name.text() << ", " << law.law << ": " << law.note;
      EXPECT_EQ(law.cases, 3) << law.law;
      EXPECT_EQ(law.held + law.unavailable, 3) << law.law;
      EXPECT_LE(law.largest_ratio, 1) << law.law;
      hold += law.held > 0 ? 1 : 0;
    }
    EXPECT_GE(hold, name.operation == Operation::backward ? 8 : 5) << name.text();
    EXPECT_TRUE(check.violated_laws.empty());
  }
}

TEST(InfoNceLawCheck, AViolationIsRecordedAndFollowsFromTheRecordAlone) {
  Check check = asked("planted:labels_in_32_bits", "supervised-out", 1);
  ASSERT_EQ(check.violated_laws.size(), 1);
  ViolatedLaw violated = check.violated_laws[0];
  EXPECT_EQ(violated.law, "renaming");
  EXPECT_EQ(violated.observations.size(), 2);
  std::string reason;
  EXPECT_TRUE(laws_violated(check, reason));
  EXPECT_NE(reason.find("renaming, laws #"), std::string::npos) << reason;

  const auto again = [&] {
    return judge_again(info_nce_column(), "tiled-online-log1p", violated).verdict;
  };
  EXPECT_EQ(again(), LawVerdict::violated);
  violated.observations[1] = violated.observations[0];  // as if labels had been read in full
  EXPECT_EQ(again(), LawVerdict::holds);
  violated.observations.pop_back();
  EXPECT_EQ(again(), LawVerdict::unavailable);
  violated.law = "reversal";
  EXPECT_EQ(again(), LawVerdict::unavailable);
}

TEST(InfoNceLawCheck, AStrangerIsAskedByBudgets) {
  EXPECT_FALSE(info_nce_column().states_operations("any-order"));
  EXPECT_FALSE(info_nce_column().states_operations("any-order-online"));
  EXPECT_TRUE(info_nce_column().states_operations("tiled-online-log1p"));
  for (const char* instance : {"joint-block", "one-direction/backward"}) {
    const Check check = asked("cpu", instance, 2);
    for (const LawResult& law : check.laws) EXPECT_EQ(law.violated, 0) << law.law << law.note;
  }
}

/// Few families, in none of which a label needs more than 32 bits.
class WithLaws final : public SmallColumn {
 public:
  WithLaws() : SmallColumn({"small", "independent"}) {}
  const std::vector<Law>& laws() const override { return info_nce_laws(); }
  std::vector<engine::CaseDescriptor> law_cases(const std::string& instance,
                                                std::uint64_t seed) const override {
    return info_nce_law_cases(instance, seed);
  }
};

TEST(InfoNceLawCheck, ALawRefutesWhereNoCaseDoes) {
  const auto run = [](const Column& column, const std::string& candidate, std::int64_t budget) {
    CampaignOptions options;
    options.budget = budget;
    return run_campaign(
        column, info_nce_contract(InfoNceInstanceName::parse("supervised-out")),
        [&] { return std::make_unique<InProcess>(candidate); }, options);
  };
  const WithLaws column;
  const Check sound = run(column, "emulated", 0);
  EXPECT_EQ(sound.verdict, Verdict::certified) << sound.reason;
  EXPECT_EQ(sound.laws.size(), 14);
  const Check refuted = run(column, "planted:labels_in_32_bits", 0);
  EXPECT_EQ(refuted.verdict, Verdict::refuted);
  EXPECT_TRUE(refuted.refuted.empty());
  EXPECT_EQ(refuted.reason.rfind("1 of 14 laws violated; renaming", 0), 0) << refuted.reason;
  const Check few = run(column, "planted:labels_in_32_bits", 4);
  EXPECT_TRUE(few.laws.empty()) << "laws belong to a run of all cases";
  EXPECT_EQ(few.verdict, Verdict::certified) << few.reason;
  const Check without = run(SmallColumn({"small", "independent"}), "planted:labels_in_32_bits", 0);
  EXPECT_EQ(without.verdict, Verdict::certified) << without.reason;
}

}  // namespace
}  // namespace assay::contract
