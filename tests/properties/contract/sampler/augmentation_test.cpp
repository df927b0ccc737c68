// SPDX-License-Identifier: Apache-2.0
// Grade (e): the kernel, its planted faults, and strangers that take no words.
#include "properties/contract/sampler/augmentation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/properties/contract/sampler/in_process.hpp"

namespace assay::contract {
namespace {

using testing::InProcess;

constexpr const char* name = "sampler/augmentation";

SamplerRow row_of(Candidate& candidate, const std::string& instance, const std::string& family,
                  const SamplerOptions& options = {}) {
  const engine::CaseDescriptor d{name, instance, family, 0, 1};
  return judge_row(candidate, d, make_sampler_problem(d), options);
}

const SamplerContract& augmentation() { return sampler_contract_named(name); }

TEST(Augmentation, TheKernelIsCertifiedOnEveryFamily) {
  InProcess cpu(*find_builtin(name, "cpu"));
  for (const SamplerInstance& instance : augmentation().instances) {
    for (const Family& family : augmentation().families) {
      const SamplerRow row = row_of(cpu, instance.name, family.name);
      EXPECT_EQ(row.verdict, Verdict::certified) << family.name << ": " << row.reason;
      EXPECT_EQ(row.grade, SamplerGrade::metric);
      EXPECT_EQ(row.mismatches, 0) << family.name;
      EXPECT_EQ(row.tolerance, augmentation_tolerance);
      EXPECT_LE(row.tv.hi, 1.0 / 1000);
    }
    for (const SamplerRuleResult& rule : judge_rules(cpu, augmentation(), instance, {}))
      EXPECT_EQ(rule.verdict, Verdict::certified) << rule.rule << ": " << rule.detail;
  }
}

TEST(Augmentation, EveryPlantedFaultIsRefuted) {
  int faults = 0;
  for (const BuiltinEntry& entry : builtin_entries()) {
    if (entry.info.contract != name || entry.role != BuiltinRole::planted) continue;
    ++faults;
    InProcess candidate(entry);
    bool refuted = false;
    for (const SamplerInstance& instance : augmentation().instances) {
      if (entry.meant_for && !entry.meant_for(instance.contract)) continue;
      for (const SamplerRuleResult& rule : judge_rules(candidate, augmentation(), instance, {}))
        refuted = refuted || rule.verdict == Verdict::refuted;
      if (!refuted) {
        SamplerOptions few;
        few.most_draws = 2000;  // of the same words; what cannot certify goes on to projections
        refuted = row_of(candidate, instance.name, "odd", few).verdict == Verdict::refuted;
      }
      EXPECT_TRUE(refuted) << entry.info.name << " on " << instance.name;
    }
  }
  EXPECT_GE(faults, 10);
}

// A generator of its own, a fresh stream for every row of every call.
InProcess stranger(double of_deviation, bool correlated) {
  CandidateInfo info;
  info.name = "stranger";
  info.contract = name;
  return InProcess(info, [=](const BuiltinCase& c) {
    const PlacedTensor& x = c.input("x");
    const auto* stream = c.input("stream").as<const std::uint64_t>();
    std::mt19937_64 generator(stream[0] * 1000003 + stream[1]);
    std::normal_distribution<double> normal(0, of_deviation * std::sqrt(c.scalar("variance")));
    const PlacedTensor* out = c.output("views");
    const std::int64_t d = x.shape[1], all = element_count(out->shape);
    const auto views = static_cast<std::int64_t>(c.scalar("views"));
    for (std::int64_t first = 0; first < all; first += d) {
      const bool inverted = c.option("signs") == "random" && generator() % 2 != 0;
      double last = 0;
      for (std::int64_t a = 0; a < d; ++a) {
        const double z = correlated && a % 2 != 0 ? last : normal(generator);
        last = z;
        const double y = static_cast<double>(x.as<const float>()[first / d / views * d + a]) + z;
        out->as<float>()[first + a] = static_cast<float>(inverted ? -y : y);
      }
    }
  });
}

TEST(Augmentation, AStrangerWithoutWordsIsJudgedByItsProjections) {
  for (const char* instance : {"hard-negatives", "clop"}) {
    InProcess right = stranger(1, false);
    const SamplerRow fine = row_of(right, instance, "odd");
    EXPECT_EQ(fine.verdict, Verdict::certified) << fine.reason;
    EXPECT_EQ(fine.tolerance, 0);
    EXPECT_NE(fine.distance.find("Kolmogorov"), std::string::npos);
  }
  InProcess wide = stranger(1.25, false);
  const SamplerRow wrong = row_of(wide, "clop", "one");
  EXPECT_EQ(wrong.verdict, Verdict::refuted) << wrong.reason;
  EXPECT_GT(wrong.tv.lo, wrong.epsilon);
  InProcess twins = stranger(1, true);
  EXPECT_EQ(row_of(twins, "hard-negatives", "odd").verdict, Verdict::refuted)
      << "marginals are right";
}

TEST(ViewDistance, MeasuresInUnitsOfSizeAndDeviation) {
  SamplerProblem p;
  p.rule = SamplerRule::augmentation;
  p.variance = 0.25;
  p.scores = {3};
  // i = 2^51: u = 1/2, sqrt(2 log 2) = 1.17741; j = 0: the cosine is 1.
  const std::vector<std::uint32_t> words = {0x80000000U, 0, 0, 0};
  const auto ideal = static_cast<float>(3 + 0.5 * 1.1774100225154747);
  EXPECT_LE(view_distance(p, words, std::vector<float>{ideal}), 0x1p-24);
  const double off = view_distance(p, words, std::vector<float>{ideal + 0.125F});
  EXPECT_NEAR(off, 0.125 / (3.5887 + 0.5), 0x1p-10);
  EXPECT_TRUE(std::isinf(view_distance(p, words, std::vector<float>{NAN})));
  EXPECT_TRUE(std::isinf(view_distance(p, std::vector<std::uint32_t>(4, 0), {{ideal}})))
      << "u may be 0: nothing is known";
}

}  // namespace
}  // namespace assay::contract
