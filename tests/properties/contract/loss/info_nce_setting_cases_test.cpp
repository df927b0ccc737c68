// SPDX-License-Identifier: Apache-2.0
// Cases, moves and records of the InfoNCE settings.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "properties/contract/builtin.hpp"
#include "properties/contract/campaign.hpp"
#include "properties/contract/certificate.hpp"
#include "properties/contract/judge.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_family_instance.hpp"
#include "properties/contract/loss/info_nce_instances.hpp"
#include "properties/contract/loss/info_nce_settings.hpp"
#include "properties/contract/self_test.hpp"
#include "properties/engine/input_error.hpp"
#include "small_column.hpp"

namespace assay::contract {
namespace {

const Column& column() { return info_nce_column(); }

std::vector<engine::Case> planned(const std::string& instance) {
  std::vector<engine::Case> cases;
  for (const engine::CaseDescriptor& d : planned_cases(column(), instance, 1))
    cases.push_back(column().make_case(d));
  return cases;
}

Contract contract_of(const std::string& instance) {
  return info_nce_contract(InfoNceInstanceName::parse(instance));
}

RC_GTEST_PROP(InfoNceSettingCases, ArePureFunctionsOfTheirDescriptor, ()) {
  const auto& name = info_nce_instance_names()[*rc::gen::inRange<std::size_t>(
      12, info_nce_instance_names().size())];
  const auto families = column().families_of(name.text());
  const auto& family = families[*rc::gen::inRange<std::size_t>(0, families.size())];
  const engine::CaseDescriptor d{"loss/info_nce", name.text(), family.name,
                                 *rc::gen::inRange<std::uint64_t>(0, 40),
                                 *rc::gen::arbitrary<std::uint64_t>()};
  RC_ASSERT(sha256_of_case(column().make_case(d)) == sha256_of_case(column().make_case(d)));
}

TEST(InfoNceSettingCases, HaveWhatTheSettingReadsAndNothingTheOlderInstancesRead) {
  for (const InfoNceInstanceName& name : info_nce_instance_names()) {
    if (name.setting.empty() || name.input != Dtype::f32) continue;
    const reference::InfoNceSetting& setting = info_nce_setting(name.setting);
    for (const engine::Case& c : planned(name.text())) {
      EXPECT_EQ(c.options.at("setting"), name.setting);
      EXPECT_EQ(c.options.count("directions"), 0u);
      EXPECT_EQ(c.find_input("labels") != nullptr,
                setting.positives == reference::Positives::same_label);
      EXPECT_EQ(c.find_input("mask") != nullptr, setting.positives == reference::Positives::mask);
      EXPECT_EQ(c.scalars.count("grad_loss") > 0, name.operation == Operation::backward);
      EXPECT_NO_THROW(FamilyInstance::from(c)) << name.text() << " " << c.descriptor.family;
    }
  }
}

TEST(InfoNceSettingCases, HoldRowsOfEveryKindAndLabelsOfEverySize) {
  std::set<std::size_t> positives, negatives;
  std::set<reference::RowFate> fates;
  for (const char* setting : {"supervised-out", "supervised-in", "supervised-pairs", "masked"})
    for (const engine::Case& c : planned(setting))
      for (const FamilyRow& row : FamilyInstance::from(c).rows) {
        positives.insert(std::min<std::size_t>(row.keys.positives.size(), 4));
        negatives.insert(std::min<std::size_t>(row.keys.negatives.size(), 4));
        fates.insert(row.fate);
      }
  EXPECT_EQ(positives.size(), 5u);  // none, one, two, three, more
  EXPECT_EQ(negatives.size(), 5u);
  EXPECT_EQ(fates.size(), 3u);  // counts, zero, skipped

  bool in_32_bits = false, in_doubles = false, negative = false;
  for (const engine::Case& c : planned("supervised-in")) {
    const std::vector<std::int64_t> labels = FamilyInstance::from(c).labels;
    for (const std::int64_t x : labels)
      for (const std::int64_t y : labels) {
        if (x != y && static_cast<std::int32_t>(x) == static_cast<std::int32_t>(y))
          in_32_bits = true;
        if (x != y && static_cast<double>(x) == static_cast<double>(y)) in_doubles = true;
        negative |= x < 0;
      }
  }
  EXPECT_TRUE(in_32_bits && in_doubles && negative);
}

TEST(InfoNceSettingCases, MasksAreNotSymmetricAndHaveGaps) {
  bool gaps = false, asymmetric = false, large = false;
  for (const engine::Case& c : planned("masked")) {
    const FamilyInstance instance = FamilyInstance::from(c);
    gaps |= !c.input("mask").is_contiguous();
    for (std::int64_t i = 0; i < instance.n; ++i)
      for (std::int64_t j = 0; j < instance.n; ++j) {
        const std::uint8_t entry = instance.mask[static_cast<std::size_t>(i * instance.n + j)];
        asymmetric |=
            (entry != 0) != (instance.mask[static_cast<std::size_t>(j * instance.n + i)] != 0);
        large |= entry > 1;
      }
  }
  EXPECT_TRUE(gaps && asymmetric && large);
}

TEST(InfoNceSettingMoves, KeepRelationsWithTheirRows) {
  for (const char* instance : {"supervised-out/backward", "masked/backward"})
    for (const engine::CaseDescriptor& d : planned_cases(column(), instance, 1)) {
      if (d.family != "relations" && d.family != "no-positives") continue;
      const engine::Case c = column().make_case(d);
      int simpler = 0;
      for (const engine::Case& variant : column().simpler(c)) {
        const std::int64_t n = variant.input("a").shape[0];
        if (const Tensor* labels = variant.find_input("labels")) {
          EXPECT_EQ(labels->shape, std::vector<std::int64_t>{n});
        }
        if (const Tensor* mask = variant.find_input("mask")) {
          EXPECT_EQ(mask->shape, (std::vector<std::int64_t>{n, n}));
        }
        EXPECT_NO_THROW(FamilyInstance::from(variant));
        simpler += column().complexity(variant) < column().complexity(c);
      }
      EXPECT_GT(simpler, 0) << d.family << " #" << d.index;
    }
}

TEST(InfoNceSettingMoves, DroppingAPairKeepsTheRelationsOfTheOthers) {
  engine::Case c = column().make_case({"loss/info_nce", "masked", "relations", 1, 1});
  const FamilyInstance whole = FamilyInstance::from(c);
  const auto without_last = static_cast<std::size_t>(whole.n - 1);
  bool found = false;
  for (const engine::Case& variant : column().simpler(c)) {
    const FamilyInstance part = FamilyInstance::from(variant);
    if (part.n != whole.n - 1 ||
        !std::equal(part.z.begin(), part.z.begin() + part.n * part.d, whole.z.begin()))
      continue;  // another pair was dropped
    found = true;
    for (std::size_t i = 0; i < without_last; ++i)
      for (std::size_t j = 0; j < without_last; ++j)
        EXPECT_EQ(part.mask[i * without_last + j],
                  whole.mask[i * static_cast<std::size_t>(whole.n) + j]);
  }
  EXPECT_TRUE(found);
}

CampaignOptions options() {
  CampaignOptions o;
  o.threads = 2;
  return o;
}

CandidateFactory builtin(const std::string& name) {
  return [name] { return make_builtin_candidate("loss/info_nce", name, ASSAY_PROGRAM, {}); };
}

TEST(InfoNceSettingCampaign, CertifiesTheKernelAndRefutesAFaultWithASmallWitness) {
  const SmallColumn few({"small", "relations", "no-positives", "wide-labels"});
  for (const char* instance : {"supervised-pairs", "masked/backward"})
    EXPECT_EQ(run_campaign(few, contract_of(instance), builtin("emulated"), options()).verdict,
              Verdict::certified)
        << instance;
  const Check check = run_campaign(few, contract_of("supervised-in/backward"),
                                   builtin("planted:labels_in_32_bits"), options());
  ASSERT_EQ(check.verdict, Verdict::refuted);
  ASSERT_GE(check.refuted.size(), 2u);
  const RefutedCase& smallest = check.refuted[1];
  EXPECT_LE(smallest.input.input("a").shape[0], 4);
  const Finding again =
      judge(smallest.observation, column().expect(smallest.input, check.candidate.algorithm),
            column().outputs(smallest.input));
  EXPECT_EQ(again.verdict, Verdict::refuted) << again.reason;
}

TEST(InfoNceSettingCampaign, TheSelfTestKillsFaultsOfRelations) {
  SelfTestOptions o;
  o.instances = {"supervised-pairs"};
  o.threads = 2;
  o.program = ASSAY_PROGRAM;
  const SelfTest test =
      run_self_test(SmallColumn({"small", "relations", "no-positives"}), "emulated", o);
  EXPECT_EQ(test.false_alarms(), 0);
  for (const char* fault : {"positives_kept_in_denominator", "own_view_positives_missed",
                            "pair_weights_forgotten", "positives_not_averaged"})
    EXPECT_TRUE(std::any_of(test.planted.begin(), test.planted.end(), [&](const PlantedResult& r) {
      return r.fault == std::string("planted:") + fault && r.fate == Fate::killed;
    })) << fault;
}

TEST(InfoNceSettingInstances, OlderInstancesKeepTheirText) {
  EXPECT_EQ(contract_of("joint-block").canonical_text(),
            "loss/info_nce v1 forward input=f32 accumulator=f32 output=f32 directions=joint-block "
            "similarity=dot normalisation=callers-duty temperature=T self-pair=left-out-by-index "
            "positive-set=other-view denominator=ALL anchor-reduction=mean empty-negatives=loss-0 "
            "non-finite=extended-reals outputs=row_loss,row_lse,loss determinism=bit-repeatable");
  std::set<std::string> texts;
  for (const Contract& instance : column().instances()) {
    EXPECT_TRUE(texts.insert(instance.canonical_text()).second);
    EXPECT_EQ(contract_of(column().instance_of(instance)), instance);
  }
}

TEST(InfoNceSettingInstances, ProgramsAreAskedForSettingsByNameOnly) {
  EXPECT_TRUE(column().asked_of_strangers(contract_of("joint-block")));
  EXPECT_FALSE(column().asked_of_strangers(contract_of("masked")));
  EXPECT_TRUE(column().runs_unasked(contract_of("masked")));
  EXPECT_FALSE(column().runs_unasked(contract_of("masked/f16")));
}

}  // namespace
}  // namespace assay::contract
