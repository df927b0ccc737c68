// SPDX-License-Identifier: Apache-2.0
// Budgets of the InfoNCE settings: neither the kernel nor a library exceeds them, both come close,
// and no part of them can be left out.
#include "properties/contract/loss/info_nce_family_budget.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "info_nce_family_call.hpp"
#include "info_nce_family_stranger.hpp"
#include "properties/contract/judge.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_budget.hpp"
#include "properties/contract/loss/info_nce_family_rows.hpp"
#include "properties/contract/loss/info_nce_instances.hpp"
#include "properties/contract/loss/info_nce_settings.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::testing {
namespace {

using namespace assay::contract;
constexpr double u = rounding_of(Dtype::f32).roundoff;

const Column& column() { return info_nce_column(); }

/// Cases of an instance that cost little.
std::vector<engine::Case> cheap_cases(const std::string& instance, std::uint64_t indices) {
  const std::set<std::string> cheap = {"small",        "temperatures", "relations", "no-negatives",
                                       "no-positives", "wide-labels",  "norms",     "axes"};
  std::vector<engine::Case> cases;
  for (const engine::CaseDescriptor& d : planned_cases(column(), instance, 1))
    if (cheap.count(d.family) > 0 && d.index < indices) cases.push_back(column().make_case(d));
  return cases;
}

Finding judged(const engine::Case& c, const Observation& o, const std::string& algorithm) {
  return judge(o, column().expect(c, algorithm), column().outputs(c), {.confirm = false});
}

std::string name_of_case(const engine::Case& c) {
  return c.descriptor.instance + " " + c.descriptor.family + " #" +
         std::to_string(c.descriptor.index);
}

std::vector<std::string> instances(bool narrow) {
  std::vector<std::string> names;
  for (const InfoNceInstanceName& name : info_nce_instance_names())
    if (!name.setting.empty() && (narrow || name.input == Dtype::f32)) names.push_back(name.text());
  return names;
}

TEST(InfoNceFamilyBudget, TheKernelNeverExceedsItNorThatOfStrangers) {
  for (const std::string& instance : instances(true))
    for (const engine::Case& c : cheap_cases(instance, 2)) {
      const Observation o = run_family(c);
      for (const char* algorithm : {"tiled-family", "any-order-online"}) {
        const Finding f = judged(c, o, algorithm);
        EXPECT_TRUE(f.verdict == Verdict::certified || f.elements_judged == 0)
            << name_of_case(c) << " " << algorithm << ": " << f.reason;
        // What is derived, without the headroom of a stated algorithm.
        if (f.elements_judged > 0 && algorithm == std::string("tiled-family")) {
          EXPECT_LE(f.share.hi, 0.5) << name_of_case(c);
        }
      }
    }
}

TEST(InfoNceFamilyBudget, IsCloseToWhatTheKernelReaches) {
  for (const std::string& instance : instances(false)) {
    double largest = 0;
    for (const engine::Case& c : cheap_cases(instance, 4))
      largest = std::max(largest, judged(c, run_family(c), "tiled-family").share.hi);
    std::printf("%s: largest share %.3f\n", instance.c_str(), largest);
    EXPECT_GT(largest, 0.0625) << instance;  // of twice the bound
  }
}

TEST(InfoNceFamilyBudget, NoLibraryExceedsThatOfStrangers) {
  const FamilyStyle styles[] = {{},
                                {true, false, false, true, false},
                                {false, true, true, false, true},
                                {true, true, false, true, true},
                                {false, false, true, true, false}};
  std::map<std::string, double> largest;
  std::size_t k = 0;
  for (const std::string& instance : instances(false))
    for (const engine::Case& c : cheap_cases(instance, 4)) {
      const FamilyStyle& style = styles[k++ % std::size(styles)];
      const Finding f = judged(c, run_family_stranger(c, style), "any-order");
      EXPECT_TRUE(f.verdict == Verdict::certified || f.elements_judged == 0)
          << name_of_case(c) << " " << style << ": " << f.reason;
      largest[instance] = std::max(largest[instance], f.share.hi);
    }
  for (const auto& [instance, share] : largest) {
    std::printf("any-order, %s: largest share %.3f\n", instance.c_str(), share);
    EXPECT_GT(share, 0x1p-7) << instance;
  }
}

/// Largest shares of the rows' errors in parts of their budgets.
struct PartShares {
  double without_logits = 0, without_evaluation = 0;
};

double larger(double largest, double error, double budget) {
  return budget > 0 ? std::max(largest, error / budget) : largest;
}

void add_shares(const engine::Case& c, PartShares& shares) {
  const FamilyInstance instance = FamilyInstance::from(c);
  const ErrorAlgebra algebra(tiled_format());
  const FamilyVectors vectors = vectors_of(instance, algebra, FamilyArithmetic::tiled);
  const FamilyScale scale = scale_of(instance, FamilyArithmetic::tiled);
  const Expectation e = column().expect(c, "tiled-family");
  const Observation o = run_family(c);
  for (std::size_t i = 0; i < instance.rows.size(); ++i) {
    if (instance.rows[i].fate != reference::RowFate::counts ||
        e.outputs[0].demand[i] != Demand::within_budget)
      continue;
    const double error =
        error_of(value_at(o.outputs[0], static_cast<std::int64_t>(i)), e.outputs[0].truth[i]).lo;
    const FamilyLogits logits =
        logits_of(instance, vectors, scale, FamilyArithmetic::tiled, instance.rows[i]);
    shares.without_logits = larger(shares.without_logits, error,
                                   tiled_family_loss(algebra, instance.setting, logits).error);
    shares.without_evaluation =
        larger(shares.without_evaluation, error, family_effect(instance.setting, logits).loss);
  }
}

TEST(InfoNceFamilyBudget, NoPartIsIdle) {
  for (const NamedInfoNceSetting& entry : info_nce_settings()) {
    PartShares shares;
    for (const engine::Case& c : cheap_cases(entry.name, 8)) add_shares(c, shares);
    EXPECT_GT(shares.without_logits, 1) << entry.name;
    EXPECT_GT(shares.without_evaluation, 1) << entry.name;
  }
}

/// Two pairs along the axes, opposed where `far`.
engine::Case axes(const std::string& setting, double temperature) {
  engine::Case c;
  c.descriptor = {"loss/info_nce", setting, "test", 0, 0};
  c.inputs = {Tensor::of_floats("a", {2, 2}, {1, 0, 0, 1}),
              Tensor::of_floats("b", {2, 2}, {1, 0, 0, 1})};
  Tensor labels = Tensor::contiguous("labels", Dtype::i64, {2});
  labels.as<std::int64_t>()[1] = 1;
  c.inputs.push_back(std::move(labels));
  c.scalars = {{"temperature", temperature}};
  c.options = {{"operation", "forward"}, {"setting", setting}};
  return c;
}

TEST(InfoNceFamilyBudget, SmallLossesKeepTheirRelativeAccuracy) {
  for (const char* setting : {"supervised-in", "supervised-pairs", "supervised-out"})
    for (const double temperature : {0.1, 0.05, 0.0125}) {
      const engine::Case c = axes(setting, temperature);
      const Expectation e = column().expect(c, "tiled-family");
      const double loss = e.outputs[0].truth[0].hi;
      EXPECT_LT(loss, 0x1p-12);
      EXPECT_LT(e.outputs[0].budget[0], (1 / temperature + 16) * 8 * u * loss)
          << setting << " " << temperature;
      EXPECT_GT(e.outputs[0].budget[0], u * loss / 2);
      EXPECT_EQ(judged(c, run_family(c), "tiled-family").verdict, Verdict::certified);
      // A stranger may form differences: its budget cannot shrink with the loss.
      EXPECT_GT(column().expect(c, "any-order").outputs[0].budget[0], u);
    }
}

TEST(InfoNceFamilyBudget, WhatTheSettingRefusesIsAnInputError) {
  engine::Case one = axes("decoupled", 1);
  one.inputs = {Tensor::of_floats("a", {1, 1}, {1}), Tensor::of_floats("b", {1, 1}, {1})};
  EXPECT_THROW(column().expect(one, "tiled-family"), engine::InputError);  // no negative
  engine::Case scale = axes("both-directions", -1);
  EXPECT_THROW(column().expect(scale, "tiled-family"), engine::InputError);
  engine::Case labels = axes("supervised-in", 1);
  labels.inputs.pop_back();
  EXPECT_THROW(column().expect(labels, "tiled-family"), engine::InputError);
  EXPECT_THROW(column().expect(axes("supervised-in", 1), "tiled-mma-log1p"), engine::InputError);
}

TEST(InfoNceFamilyBudget, ATiledOnlineKernelStatesTheSameAlgorithm) {
  const engine::Case c = axes("supervised-in", 0.5);
  EXPECT_EQ(column().expect(c, "tiled-online-log1p").algorithm, "tiled-family");
}

}  // namespace
}  // namespace assay::testing
