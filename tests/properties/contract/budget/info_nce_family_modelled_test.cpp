// SPDX-License-Identifier: Apache-2.0
// The modelled column of the InfoNCE settings: correct implementations stay inside it, it is close
// to what they reach, and it sees what the budget of a large case does not.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "info_nce_family_call.hpp"
#include "info_nce_family_stranger.hpp"
#include "properties/contract/judge.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_families.hpp"
#include "properties/contract/loss/info_nce_family_budget.hpp"
#include "properties/contract/loss/info_nce_instances.hpp"

namespace assay::testing {
namespace {

using namespace assay::contract;
using Index = std::int64_t;

const Column& column() { return info_nce_column(); }

std::vector<std::string> instances(bool narrow) {
  std::vector<std::string> names;
  for (const InfoNceInstanceName& name : info_nce_instance_names())
    if (!name.setting.empty() && (narrow || name.input == Dtype::f32)) names.push_back(name.text());
  return names;
}

std::vector<engine::Case> cases(const std::string& instance, const std::set<std::string>& families,
                                std::uint64_t indices, std::uint64_t seed) {
  std::vector<engine::Case> all;
  for (const engine::CaseDescriptor& d : planned_cases(column(), instance, seed))
    if (families.count(d.family) > 0 && d.index < indices) all.push_back(column().make_case(d));
  return all;
}

std::string name_of(const engine::Case& c) {
  return c.descriptor.instance + " " + c.descriptor.family + " #" +
         std::to_string(c.descriptor.index) + " seed " + std::to_string(c.descriptor.seed);
}

Finding judged(const engine::Case& c, const Observation& o, const std::string& algorithm) {
  return judge(o, column().expect(c, algorithm), column().outputs(c), {.confirm = false});
}

double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return all.empty() ? 0 : all[all.size() / 2];
}

TEST(InfoNceFamilyModelled, IsThereAndNeverAboveTheBudget) {
  for (const std::string& instance : instances(true))
    for (const engine::Case& c : cases(instance, {"small", "relations", "norms"}, 1, 5))
      for (const char* algorithm : {"tiled-family", "any-order", "any-order-online"}) {
        const Expectation e = column().expect(c, algorithm);
        EXPECT_FALSE(e.modelled_hypothesis.empty());
        for (const OutputExpectation& o : e.outputs) {
          ASSERT_EQ(o.modelled.size(), o.budget.size());
          for (std::size_t i = 0; i < o.budget.size(); ++i) {
            ASSERT_LE(o.modelled[i], o.budget[i]) << name_of(c) << " " << algorithm << " " << i;
            ASSERT_TRUE(o.modelled[i] > 0 || o.budget[i] == 0)
                << name_of(c) << " " << o.name << " " << i;
          }
        }
      }
}

TEST(InfoNceFamilyModelled, TheKernelStaysInsideAndReachesATenthOfIt) {
  const std::set<std::string> typical = {"small", "temperatures", "relations", "sizes"};
  const std::set<std::string> others = {"norms", "axes", "flat", "ties", "collapsed"};
  for (const std::string& instance : instances(true)) {
    const bool narrow = InfoNceInstanceName::parse(instance).input != Dtype::f32;
    std::vector<double> largest;
    for (const engine::Case& c : cases(instance, typical, narrow ? 1 : 2, 2)) {
      const Finding f = judged(c, run_family(c), "tiled-family");
      EXPECT_LT(f.modelled_share.hi, 1) << name_of(c) << " " << f.modelled_output;
      if (f.elements_judged > 0) largest.push_back(f.modelled_share.hi);
    }
    for (const engine::Case& c : cases(instance, others, 1, 2))
      EXPECT_LT(judged(c, run_family(c), "tiled-family").modelled_share.hi, 1) << name_of(c);
    if (narrow) continue;
    // The target: no more than ten times the error of a correct kernel.
    EXPECT_GT(median(largest), 0.1) << instance;
    std::printf("%s: median of the largest shares %.3f\n", instance.c_str(), median(largest));
  }
}

TEST(InfoNceFamilyModelled, StrangersStayInside) {
  const FamilyStyle styles[] = {{},
                                {true, false, false, true, false},
                                {false, true, true, false, true},
                                {true, true, false, true, true},
                                {false, false, true, true, false}};
  std::size_t k = 0;
  for (const std::string& instance : instances(false)) {
    std::vector<double> largest;
    for (const engine::Case& c :
         cases(instance, {"small", "temperatures", "relations", "flat", "norms"}, 3, 3)) {
      const Finding f = judged(c, run_family_stranger(c, styles[k++ % 5]), "any-order");
      if (f.verdict != Verdict::certified) continue;
      EXPECT_LT(f.modelled_share.hi, 1) << name_of(c) << " " << f.modelled_output;
      if (f.elements_judged > 0) largest.push_back(f.modelled_share.hi);
    }
    EXPECT_GT(median(largest), 0x1p-8) << instance;
  }
}

TEST(InfoNceFamilyModelled, CorrectVariantsStayInside) {
  std::size_t k = 0;
  for (const std::string& instance : instances(false))
    for (const engine::Case& c :
         cases(instance, {"small", "temperatures", "relations", "axes", "ties"}, 2, 4)) {
      const kernels::Variant variant =
          kernels::correct_variants[k++ % std::size(kernels::correct_variants)];
      const Finding f = judged(c, run_family_variant(c, variant), "any-order-online");
      EXPECT_TRUE(f.verdict == Verdict::certified || f.elements_judged == 0) << f.reason;
      EXPECT_LT(f.modelled_share.hi, 1)
          << name_of(c) << " " << kernels::name_of(variant) << " " << f.modelled_output;
    }
}

/// Unit vectors in many dimensions, as batches in training have them.
engine::Case large(const std::string& instance, double temperature) {
  constexpr Index pairs = 96, d = 64;
  const InfoNceInstanceName name = InfoNceInstanceName::parse(instance);
  engine::Case c;
  c.descriptor = {"loss/info_nce", instance, "relations", 1, 9};
  engine::Random random(9, "large", 0);
  InfoNceDraft draft;
  draft.reshape(pairs, d);
  fill_normal(draft.a, random);
  pair_with_noise(draft, random, 0.7);
  normalise(draft);
  c.inputs = {rounded_matrix("a", Dtype::f32, draft.a, pairs, d, 0),
              rounded_matrix("b", Dtype::f32, draft.b, pairs, d, 0)};
  c.scalars = {{"temperature", temperature}};
  add_setting(c, name, pairs);
  return c;
}

// A kernel whose scale is off by a factor: it runs on another parameter than it was given.
TEST(InfoNceFamilyModelled, SeesAScaleTooSmallAFaultForTheBudgetOfALargeCase) {
  for (const char* instance : {"masked", "supervised-in", "both-directions/backward"}) {
    const engine::Case c = large(instance, 0.07);
    const Expectation e = column().expect(c, "tiled-family");
    engine::Case off = c;
    double& parameter = off.scalars.at("temperature");
    for (const double factor : {0.0, 0x1p-20}) {
      parameter = c.scalars.at("temperature") * (1 + factor);
      const Finding f = judge(run_family(off), e, column().outputs(c), {.confirm = false});
      EXPECT_EQ(f.verdict, Verdict::certified) << instance << " " << f.reason;
      std::printf("%s, scale off by %.1e: share %.3f, modelled %.3f\n", instance, factor,
                  f.share.hi, f.modelled_share.hi);
      if (factor == 0) {
        EXPECT_LT(f.modelled_share.hi, 1) << instance;
      } else {
        EXPECT_GT(f.modelled_share.lo, 1) << instance;
      }
    }
  }
}

}  // namespace
}  // namespace assay::testing
