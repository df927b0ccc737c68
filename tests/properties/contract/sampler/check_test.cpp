// SPDX-License-Identifier: Apache-2.0
// The whole check on the built-in kernels and on faults of a kind that no table lists.
#include "properties/contract/sampler/check.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>

#include "kernels/sampling/sampling.hpp"
#include "properties/contract/certificate.hpp"
#include "properties/contract/sampler/law.hpp"
#include "properties/contract/sampler/probe.hpp"
#include "properties/contract/sampler/stream_rule.hpp"
#include "tests/properties/contract/sampler/in_process.hpp"

namespace assay::contract {
namespace {

using testing::InProcess;

const BuiltinEntry& builtin(const std::string& contract, const std::string& name) {
  const BuiltinEntry* entry = find_builtin(contract, name);
  if (entry == nullptr) throw std::invalid_argument(contract + " " + name);
  return *entry;
}

SamplerRow row_of(Candidate& candidate, const std::string& contract, const std::string& instance,
                  const std::string& family, const SamplerOptions& options = {}) {
  const engine::CaseDescriptor d{contract, instance, family, 0, 1};
  return judge_row(candidate, d, make_sampler_problem(d), options);
}

TEST(StreamRule, HasTheKnownAnswersOfPhilox) {
  using Block = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox4x32_10({0, 0, 0, 0}, 0),
            (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32_10({~0U, ~0U, ~0U, ~0U}, ~std::uint64_t{0}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(JudgeRow, GradesComeInTheirOrder) {
  InProcess cpu(builtin("sampler/inverse_cdf", "cpu"));
  const SamplerRow counted = row_of(cpu, "sampler/inverse_cdf", "exponential/16-bit", "random");
  EXPECT_EQ(counted.verdict, Verdict::certified) << counted.reason;
  EXPECT_EQ(counted.grade, SamplerGrade::exact);
  EXPECT_EQ(counted.delta, 0);
  EXPECT_EQ(counted.evaluations, 1 << 16);
  EXPECT_LE(counted.floor_of_any_map, counted.tv.hi);

  const SamplerRow bisected = row_of(cpu, "sampler/inverse_cdf", "exponential", "random");
  EXPECT_EQ(bisected.verdict, Verdict::certified) << bisected.reason;
  EXPECT_EQ(bisected.delta, 0);
  EXPECT_LE(bisected.tv.hi, 0x1p-40);

  InProcess alias(builtin("sampler/alias", "emulated"));
  SamplerOptions few;
  few.most_draws = 2000;
  const SamplerRow table = row_of(alias, "sampler/alias", "weights", "random", few);
  EXPECT_EQ(table.verdict, Verdict::certified) << table.reason;
  EXPECT_EQ(table.grade, SamplerGrade::table);
  EXPECT_LE(table.tv.hi, 0x1p-40);

  // The same kernel that takes no words is known from its draws only.
  CandidateInfo closed = builtin("sampler/inverse_cdf", "cpu").info;
  closed.takes_words = false;
  InProcess box(closed, builtin("sampler/inverse_cdf", "cpu").run);
  SamplerOptions wide;
  wide.epsilon = 0.1;
  const SamplerRow drawn = row_of(box, "sampler/inverse_cdf", "exponential", "random", wide);
  EXPECT_EQ(drawn.grade, SamplerGrade::black_box);
  EXPECT_EQ(drawn.verdict, Verdict::certified) << drawn.reason;
  EXPECT_GT(drawn.delta, 0);
}

// A sampler of 16-bit words over a float cumulative sum that ends below 1: the last column gets
// what is left over, and a column of weight 0 can be hit at u = 0.
void draw_naively(const BuiltinCase& c, bool strict, float last_scale) {
  const PlacedTensor& scores = c.input("scores");
  const auto* s = scores.as<const float>();
  const auto columns = static_cast<std::size_t>(scores.shape[1]);
  std::vector<float> cumulative(columns);
  float sum = 0;
  for (std::size_t j = 0; j < columns; ++j)
    cumulative[j] = sum += s[j] * (j + 1 == columns ? last_scale : 1);
  const PlacedTensor* out = c.output("indices");
  const auto* words = c.input("words").as<const std::uint32_t>();
  for (std::int64_t i = 0; i < element_count(out->shape); ++i) {
    const float u = static_cast<float>(words[i] >> 16) * 0x1p-16F * sum;
    std::size_t j = 0;
    while (j + 1 < columns && (strict ? cumulative[j] <= u : cumulative[j] < u)) ++j;
    out->as<std::int64_t>()[i] = static_cast<std::int64_t>(j);
  }
}

CandidateInfo stranger() {
  CandidateInfo info;
  info.name = "naive";
  info.contract = "sampler/inverse_cdf";
  info.takes_words = true;
  info.uniform_bits = 16;
  return info;
}

TEST(JudgeRow, AStrangersWidthIsEnumeratedAndItsDefectsAreNamed) {
  InProcess right(stranger(), [](const BuiltinCase& c) { draw_naively(c, true, 1); });
  const SamplerRow fine = row_of(right, "sampler/inverse_cdf", "weights", "masked");
  EXPECT_EQ(fine.verdict, Verdict::certified) << fine.reason;
  EXPECT_EQ(fine.evaluations, 1 << 16);
  EXPECT_NE(fine.by.find("2^16"), std::string::npos);

  InProcess at_zero(stranger(), [](const BuiltinCase& c) { draw_naively(c, false, 1); });
  const SamplerRow reached = row_of(at_zero, "sampler/inverse_cdf", "weights", "masked");
  EXPECT_EQ(reached.verdict, Verdict::refuted);
  EXPECT_NE(reached.reason.find("support"), std::string::npos) << reached.reason;

  InProcess lost(stranger(), [](const BuiltinCase& c) { draw_naively(c, true, 0); });
  const SamplerRow last_bin = row_of(lost, "sampler/inverse_cdf", "weights", "random");
  EXPECT_EQ(last_bin.verdict, Verdict::refuted) << last_bin.reason;
  EXPECT_GT(last_bin.tv.lo, last_bin.epsilon);
  EXPECT_EQ(last_bin.unreachable, 1);
}

TEST(JudgeRow, RacesOfFewBitsAreRunOnAllWords) {
  for (const char* contract :
       {"sampler/gumbel_max", "sampler/exponential_race", "sampler/gumbel_top_k"}) {
    InProcess cpu(builtin(contract, "cpu"));
    const SamplerRow row = row_of(cpu, contract, "exponential/6-bit", "tiny");
    EXPECT_EQ(row.verdict, Verdict::certified) << row.reason;
    EXPECT_EQ(row.grade, SamplerGrade::exact);
    EXPECT_EQ(row.delta, 0);
    EXPECT_EQ(row.evaluations, 1 << 18);
    // A uniform number of 1 has an exponential variate of 0, which wins against any weight.
    InProcess closed(builtin(contract, "planted:gumbel_of_zero"));
    EXPECT_EQ(row_of(closed, contract, "exponential/6-bit", "tiny").verdict, Verdict::refuted);
  }
}

// Inner products of what is left of the embeddings in 8 significant bits.
void draw_from_coarse_embeddings(const BuiltinCase& c) {
  BuiltinCase coarse = c;
  std::vector<float> rounded;
  for (PlacedTensor& t : coarse.tensors) {
    if (t.name != "y") continue;
    const auto* y = t.as<const float>();
    for (std::int64_t i = 0; i < element_count(t.shape); ++i)
      rounded.push_back(static_cast<float>(std::ldexp(
          std::nearbyint(std::ldexp(y[i], 8 - std::ilogb(y[i]))), std::ilogb(y[i]) - 8)));
    t.data = reinterpret_cast<std::byte*>(rounded.data());
  }
  builtin("sampler/inverse_cdf", "cpu").run(coarse);
}

TEST(JudgeRow, ScoresMayBeInnerProductsOfWhatTheCandidateSees) {
  for (const char* contract : {"sampler/inverse_cdf", "sampler/alias"}) {
    InProcess cpu(builtin(contract, "cpu"));
    SamplerOptions few;
    few.most_draws = 2000;
    for (const char* family : {"random", "ties", "excluded", "tiny", "large-scores"}) {
      const SamplerRow row = row_of(cpu, contract, "exponential/embeddings", family, few);
      EXPECT_EQ(row.verdict, Verdict::certified) << contract << family << ": " << row.reason;
      EXPECT_EQ(row.delta, 0) << family;
      EXPECT_LE(row.tv.hi, 0x1p-30) << family;
    }
  }
  CandidateInfo info = builtin("sampler/inverse_cdf", "cpu").info;
  info.outputs = {"indices"};
  InProcess coarse(info, draw_from_coarse_embeddings);
  EXPECT_EQ(row_of(coarse, "sampler/inverse_cdf", "exponential/embeddings", "random").verdict,
            Verdict::refuted);
}

TEST(JudgeRow, ADeclaredWidthThatIsWrongIsNotBelieved) {
  CandidateInfo liar = stranger();
  liar.uniform_bits = 12;
  InProcess candidate(liar, [](const BuiltinCase& c) {
    if (c.find_input("words") == nullptr) throw Unsupported("words only");
    draw_naively(c, true, 1);
  });
  const SamplerRow row = row_of(candidate, "sampler/inverse_cdf", "weights", "random");
  EXPECT_EQ(row.verdict, Verdict::unavailable) << "graded by draws, which it does not make";
}

TEST(JudgeRules, TheKernelKeepsThemAll) {
  for (const char* name : {"sampler/uniform", "sampler/uniform_distinct"}) {
    const SamplerContract& contract = sampler_contract_named(name);
    InProcess kernel(builtin(name, "emulated"));
    const auto rules = judge_rules(kernel, contract, contract.instances[0], {});
    EXPECT_GE(rules.size(), 10U);
    double alpha = 0;
    for (const SamplerRuleResult& rule : rules) {
      EXPECT_EQ(rule.verdict, Verdict::certified)
          << name << " " << rule.rule << ": " << rule.detail;
      alpha += rule.alpha;
    }
    EXPECT_LE(alpha, SamplerOptions{}.alpha);
    EXPECT_GT(alpha, SamplerOptions{}.alpha / 2);
  }
}

TEST(JudgeRules, StreamFaultsAreSeenByTheRightRule) {
  const SamplerContract& contract = sampler_contract_named("sampler/uniform");
  const std::pair<const char*, const char*> faults[] = {
      {"planted:counter_repeats_per_trial", "two trials"},
      {"planted:counter_repeats_per_row", "two rows"},
      {"planted:counter_repeats_per_call", "two calls"}};
  for (const auto& [fault, expected] : faults) {
    // Without the stream rule to compare with, as for a stranger: the joint law alone has to see
    // it.
    CandidateInfo info = builtin(contract.name, fault).info;
    info.stream.clear();
    InProcess candidate(info, builtin(contract.name, fault).run);
    std::set<std::string> refuted;
    for (const SamplerRuleResult& rule :
         judge_rules(candidate, contract, contract.instances[0], {}))
      if (rule.verdict == Verdict::refuted) refuted.insert(rule.rule);
    EXPECT_EQ(refuted.count(expected), 1U) << fault;
    // Seeds are told apart by all of them; only repeated trials make every joint law wrong.
    const bool all = std::string(fault) == "planted:counter_repeats_per_trial";
    EXPECT_EQ(refuted.count("two seeds"), all ? 1U : 0U) << fault;
  }
}

TEST(Certificates, WithSamplersSurviveTheRoundTrip) {
  const SamplerContract& contract = sampler_contract_named("sampler/uniform");
  SamplerOptions options;
  options.large = false;
  options.budget = 2;
  Certificate certificate;
  certificate.seed = 1;
  certificate.samplers.push_back(certify_sampler(
      contract, contract.instances[1],
      [] { return std::make_unique<InProcess>(builtin("sampler/uniform", "emulated")); }, options));
  EXPECT_EQ(certificate.samplers[0].verdict, Verdict::certified) << certificate.samplers[0].reason;
  certificate.verdict = certificate.samplers[0].verdict;
  const std::string text = to_json(certificate);
  const Certificate again = certificate_from_json(text, "memory");
  EXPECT_EQ(to_json(again), text);
  EXPECT_EQ(again.samplers[0].rows.size(), 2U);
  EXPECT_EQ(again.samplers[0].rows[0].tv, certificate.samplers[0].rows[0].tv);
}

}  // namespace
}  // namespace assay::contract
