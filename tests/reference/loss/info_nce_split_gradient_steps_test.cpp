// SPDX-License-Identifier: Apache-2.0
// Every term of the split tier's gradient bound covers its step, and every term is needed.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/reference/loss/instances.hpp"
#include "tests/reference/loss/split_gradient_instrument.hpp"

namespace assay::testing {
namespace {

using namespace reference;

/// A problem with an upstream gradient: 0 the mean, 1 per row and of both signs, 2 per row,
/// positive, with the mean.
struct Case {
  Instance instance;
  std::vector<double> rows;
  InfoNceUpstream upstream;
  Case(Descriptor descriptor, int shape) : instance(make(descriptor)) {
    std::mt19937_64 random(descriptor.seed);
    std::normal_distribution<double> normal;
    rows.resize(static_cast<std::size_t>(instance.problem.rows()));
    for (double& g : rows) g = shape == 1 ? normal(random) : std::fabs(normal(random));
    if (shape != 0) upstream.row = rows.data();
    upstream.mean = shape == 1 ? 0 : 0.7;
  }
  Case(Case&&) = default;
  GradientStepReports measure(std::optional<GradientStep> deleted = std::nullopt,
                              int mode = FE_TONEAREST) const {
    return measure_gradient_steps(instance.problem, upstream, mode, deleted);
  }
};

constexpr InfoNceForm forms[] = {InfoNceForm::joint_block, InfoNceForm::one_direction};

/// Cases built to stress the terms; every term is deleted on these.
std::vector<Case> stress() {
  std::vector<Case> all;
  // Logits spread over thousands: most exponentials are cut, some positives are out of reach.
  all.emplace_back(Descriptor{Kind::unit, 8, 3, 0.0003, InfoNceForm::joint_block, 13}, 2);
  // Coarse parts that leave much to the low products.
  all.emplace_back(Descriptor{Kind::wide, 9, 64, 0.05, InfoNceForm::one_direction, 14}, 0);
  // Two chunks of keys, both signs.
  all.emplace_back(Descriptor{Kind::unit, 66, 1, 0.1, InfoNceForm::one_direction, 12}, 1);
  // Sums of nearly equal terms that cancel to almost nothing, over two tiles.
  all.emplace_back(Descriptor{Kind::clusters, 65, 1, 1.0, InfoNceForm::joint_block, 11}, 2);
  return all;
}

std::vector<Case> many() {
  std::vector<Case> all = stress();
  const double temperatures[] = {1.0, 0.1, 0.02, 0.0005};
  const std::int64_t dimensions[] = {1, 2, 3, 17, 40};
  for (std::uint64_t seed = 0; seed < 28; ++seed)
    all.emplace_back(
        Descriptor{static_cast<Kind>(seed % 7), 2 + static_cast<std::int64_t>(seed % 9),
                   dimensions[seed % 5], temperatures[seed % 4], forms[seed / 2 % 2], seed},
        static_cast<int>(seed % 3));
  return all;
}

TEST(InfoNceSplitGradientSteps, EveryStepStaysWithinItsTerm) {
  GradientStepReports all{};
  for (const Case& c : many()) {
    const GradientStepReports reports = c.measure();
    for (int s = 0; s < gradient_steps; ++s)
      EXPECT_EQ(reports[static_cast<std::size_t>(s)].violations, 0)
          << name_of(static_cast<GradientStep>(s)) << ": " << c.instance.text;
    merge(all, reports);
  }
  for (int s = 0; s < gradient_steps; ++s) {
    const StepReport& r = all[static_cast<std::size_t>(s)];
    fmt::print("  {:<12} {:>6} checks, largest error {:.3e}, largest share of its term {:.3g}\n",
               name_of(static_cast<GradientStep>(s)), r.checks, r.largest_error, r.largest_share);
    EXPECT_GT(r.largest_share, 0) << "a step that never errs has not been measured";
  }
}

TEST(InfoNceSplitGradientSteps, ChunksOfVeryDifferentSizesLoseWhatTheirTermSays) {
  // The exponentials of each chunk of 64 keys are 2^40 times smaller than those of the one before,
  // so that what TwoSum loses does not fit one double.
  std::mt19937_64 random(31);
  std::uniform_real_distribution<float> fraction(0, 0.01F);
  std::vector<std::vector<double>> rows, keys;
  for (int i = 0; i < 224; ++i) {
    rows.push_back({1.0F - fraction(random)});
    keys.push_back({0.9F - 0.28F * static_cast<float>(i / 64) + fraction(random)});
  }
  const Instance instance = make(rows, keys, 0.01, InfoNceForm::one_direction);
  const auto join = [&](std::optional<GradientStep> deleted) {
    return measure_gradient_steps(instance.problem, {nullptr, 1, 1}, FE_TONEAREST, deleted,
                                  Look::at_products)[static_cast<std::size_t>(GradientStep::join)];
  };
  const StepReport whole = join(std::nullopt);
  EXPECT_EQ(whole.violations, 0);
  fmt::print("  join: largest share of its term {:.3g}\n", whole.largest_share);
  EXPECT_GT(whole.largest_share, 0x1p-16);
  EXPECT_GT(join(GradientStep::join).violations, 10);
}

TEST(InfoNceSplitGradientSteps, DeletingAnyTermIsNoticed) {
  const std::vector<Case> cases = stress();
  for (int s = 0; s < gradient_steps; ++s) {
    const auto step = static_cast<GradientStep>(s);
    std::int64_t of_step = 0, of_others = 0;
    for (const Case& c : cases) {
      if (of_step > 0) break;
      const GradientStepReports reports = c.measure(step);
      of_step += reports[static_cast<std::size_t>(s)].violations;
      of_others += violations_in(reports) - reports[static_cast<std::size_t>(s)].violations;
    }
    EXPECT_GT(of_step, 0) << name_of(step);
    EXPECT_EQ(of_others, 0) << name_of(step) << ": another instrument looked at this term";
  }
}

TEST(InfoNceSplitGradientSteps, TheInstrumentsReportOtherRoundingModes) {
  const Case c({Kind::unit, 12, 17, 0.05, InfoNceForm::joint_block, 5}, 2);
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO})
    EXPECT_GT(violations_in(c.measure(std::nullopt, mode)), 0);
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

}  // namespace
}  // namespace assay::testing
