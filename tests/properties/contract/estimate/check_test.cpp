// SPDX-License-Identifier: Apache-2.0
// Correct pipelines are certified, seed after seed, and say with which radius; what is odd about an
// answer refutes by name.
#include "properties/contract/estimate/check.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>

#include "properties/contract/builtin.hpp"
#include "properties/contract/certificate.hpp"
#include "properties/engine/input_error.hpp"
#include "tests/properties/contract/sampler/in_process.hpp"

namespace assay::contract {
namespace {

using testing::InProcess;

CandidateFactory built_in(const std::string& contract, const std::string& name) {
  return [=] { return std::make_unique<InProcess>(*find_builtin(contract, name)); };
}

EstimateCheck certify(const std::string& contract, const std::string& instance,
                      const CandidateFactory& factory, const EstimateOptions& options) {
  const EstimateContract& c = estimate_contract_named(contract);
  EstimateTruths truths;
  return certify_estimate(c, estimate_instance_named(c, instance), factory, options, truths);
}

// Four correct pipelines, five seeds each: models and words of their own.
TEST(Estimate, CertifiesTheShippedPipelineOnEverySeed) {
  const struct {
    const char *contract, *instance, *family;
  } settings[] = {{"estimate/hscl", "info-nce-mean/exponential", "one-negative"},
                  {"estimate/hucl", "info-nce-sum/exponential", "collapse"},
                  {"estimate/hscl", "softplus-mean/exponential", "balanced"},
                  {"estimate/hucl", "info-nce-mean/max-plus-one", "ties"}};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto& setting = settings[seed % 4];
    EstimateOptions options;
    options.seed = seed;
    options.families = {setting.family};
    const EstimateCheck check =
        certify(setting.contract, setting.instance, built_in(setting.contract, "cpu"), options);
    EXPECT_EQ(check.verdict, Verdict::certified) << seed << ": " << check.reason;
    for (const EstimateRow& row : check.rows) {
      EXPECT_LE(row.radius, row.resolution);
      EXPECT_LE(row.delta, options.delta);
      EXPECT_GE(row.bias, row.radius);
      EXPECT_LT(row.kernel + row.sampler, row.resolution / 16);
    }
  }
}

TEST(Estimate, ResolvesOnePercentOfWhatHardeningChanges) {
  EstimateOptions options;
  options.families = {"balanced"};
  const EstimateCheck check = certify("estimate/hscl", "info-nce-mean/exponential",
                                      built_in("estimate/hscl", "cpu"), options);
  ASSERT_EQ(check.verdict, Verdict::certified) << check.reason;
  const EstimateRow& row = check.rows.at(0);
  EXPECT_LE(row.radius, (row.expectation.lo - row.unhardened) / 100);
}

TEST(Estimate, TheEmulatorDrawsWhatTheCoreDraws) {
  const std::pair<const char*, const char*> rows[] = {{"info-nce-mean/exponential", "unhardened"},
                                                      {"hinge-sum/exponential", "many-negatives"},
                                                      {"info-nce-mean/polynomial", "overlap"},
                                                      {"info-nce-sum/sum-plus-one", "imbalanced"}};
  for (const auto& [instance, family] : rows) {
    const engine::CaseDescriptor d{"estimate/hucl", instance, family, 0, 3};
    const EstimateProblem p = make_estimate_problem(d);
    const engine::Case c = estimate_call(d, p, 128, 3, 5);
    const auto losses = [&](const char* name) {
      InProcess candidate(*find_builtin("estimate/hucl", name));
      return candidate.observe(c, {estimate_output(128)}).outputs.at(0).bytes;
    };
    EXPECT_EQ(losses("cpu"), losses("emulated"));
  }
}

TEST(Estimate, OnTheEmulatorTheResolutionIsCoarser) {
  EstimateOptions options;
  options.families = {"collapse", "many-negatives"};
  const EstimateCheck check = certify("estimate/hucl", "info-nce-mean/exponential",
                                      built_in("estimate/hucl", "emulated"), options);
  EXPECT_EQ(check.verdict, Verdict::certified) << check.reason;
  ASSERT_EQ(check.rows.size(), 1u);  // 64 negatives a tuple are left to the core
  EXPECT_LE(check.rows[0].draws, 8192);
}

// The shipped pipeline, its answers changed.
EstimateCheck changed(const std::function<void(const BuiltinCase&, float*)>& change,
                      EstimateOptions options = {}) {
  const BuiltinEntry& right = *find_builtin("estimate/hscl", "cpu");
  options.families = {"balanced"};
  return certify(
      "estimate/hscl", "softplus-mean/exponential",
      [&] {
        return std::make_unique<InProcess>(right.info, [&](const BuiltinCase& c) {
          right.run(c);
          change(c, c.output("row_loss")->as<float>());
        });
      },
      options);
}

TEST(Estimate, RefutesAConstantOffset) {
  const EstimateCheck small = changed([](const BuiltinCase& c, float* loss) {
    for (std::int64_t i = 0; i < c.output("row_loss")->shape[0]; ++i) loss[i] *= 1.02F;
  });
  EXPECT_EQ(small.verdict, Verdict::refuted) << small.reason;
  EXPECT_FALSE(small.rows.at(0).confirmed_by.empty());
}

TEST(Estimate, RefutesWhatIsNoLossOfTheModel) {
  const auto with = [](float value) {
    return changed([value](const BuiltinCase&, float* loss) { loss[100] = value; });
  };
  EXPECT_EQ(with(std::numeric_limits<float>::quiet_NaN()).verdict, Verdict::refuted);
  EXPECT_EQ(with(-1).verdict, Verdict::refuted);
  EXPECT_EQ(with(100).verdict, Verdict::refuted);
  const EstimateCheck failed =
      changed([](const BuiltinCase&, float*) { throw std::runtime_error("no"); });
  EXPECT_EQ(failed.verdict, Verdict::refuted);
  const EstimateCheck declined =
      changed([](const BuiltinCase&, float*) { throw Unsupported("too hard"); });
  EXPECT_EQ(declined.verdict, Verdict::unavailable);
}

TEST(Estimate, IsUndecidedWithTooFewDraws) {
  EstimateOptions options;
  options.most_draws = 4096;
  const EstimateCheck check = changed([](const BuiltinCase&, float*) {}, options);
  EXPECT_EQ(check.verdict, Verdict::undecided) << check.reason;
}

TEST(Estimate, StopsWhenAsked) {
  EstimateOptions options;
  options.interrupted = [] { return true; };
  EXPECT_THROW(changed([](const BuiltinCase&, float*) {}, options), Interrupted);
}

TEST(Estimate, ACertificateIsReadAsItWasWritten) {
  Certificate certificate;
  certificate.assay_version = "test";
  certificate.estimates.push_back(
      changed([](const BuiltinCase&, float* loss) { loss[5] = -2; }));  // refuted, never looked at
  EstimateOptions few;
  few.most_draws = 4096;
  certificate.estimates.push_back(changed([](const BuiltinCase&, float*) {}, few));
  const std::string text = to_json(certificate);
  EXPECT_EQ(to_json(certificate_from_json(text, "test")), text);
  const auto refused = [&](const std::string& from, const std::string& to) {
    std::string bad = text;
    const std::size_t at = bad.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    EXPECT_THROW(certificate_from_json(bad.replace(at, from.size(), to), "test"),
                 engine::InputError);
  };
  refused("\"looks\": 0", "\"looks\": 65");
  refused("\"draws\": 0", "\"draws\": -1");
  refused("\"kernel\": ", "\"kernels\": ");
  refused("\"delta\": ", "\"delta\": -");  // no probability
}

}  // namespace
}  // namespace assay::contract
