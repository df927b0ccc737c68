// SPDX-License-Identifier: Apache-2.0
// The split tier's enclosures of the gradient contain the truth, and are as tight as stated.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "reference/loss/info_nce_gradient.hpp"
#include "tests/reference/loss/truth.hpp"

namespace assay::testing {
namespace {

using namespace reference;

constexpr double temperatures[] = {1.0, 0.5, 0.1, 0.07, 0.02, 0.005};
constexpr int binary32_kinds = static_cast<int>(Kind::doubles);

/// True if `truth`, an enclosure of 256 bits rounded outward to doubles, can lie in `ends`.
bool agrees(const Ends& truth, const Ends& ends, Tally& tally) {
  ++tally.numbers;
  const bool inside =
      ends.lo <= truth.hi && truth.lo <= ends.hi && (truth.lo >= ends.lo || truth.hi <= ends.hi);
  if (!inside) ++tally.violations;
  const double radius = (ends.hi - ends.lo) / 2;
  if (radius > 0x1p-50 * std::fabs(ends.lo))
    tally.largest_share =
        std::max(tally.largest_share, std::fabs(truth.lo - (ends.hi + ends.lo) / 2) / radius);
  return inside;
}

bool agrees_everywhere(const Instance& instance, const InfoNceUpstream& upstream, Tally& tally,
                       const std::vector<Engine>& on = engines()) {
  const auto found = enclose_info_nce_gradients_split(instance.problem, upstream);
  if (!found) return false;
  bool all = true;
  for (const Engine engine : on) {
    const auto truth = enclose_info_nce_gradients(instance.problem, upstream, engine, truth_bits);
    for (std::size_t k = 0; k < truth.a.size(); ++k) {
      all = agrees(truth.a[k], found->a[k], tally) && all;
      all = agrees(truth.b[k], found->b[k], tally) && all;
    }
    all = agrees(truth.temperature, found->temperature, tally) && all;
    ++tally.enclosures;
  }
  return all;
}

/// Upstream gradients of all shapes: only the mean, one number, one per row, of both signs, zeros.
struct Upstream {
  std::vector<double> rows;
  InfoNceUpstream upstream;
  Upstream(std::uint64_t shape, std::int64_t count) {
    std::mt19937_64 random(shape);
    std::normal_distribution<double> normal;
    rows.resize(static_cast<std::size_t>(2 * count));
    for (double& g : rows) g = shape % 5 == 2 ? std::fabs(normal(random)) : normal(random);
    if (shape % 5 == 4)
      for (std::size_t i = 0; i < rows.size(); i += 4) rows[i] = 0;
    if (shape % 5 != 0) upstream.row = rows.data();
    upstream.stride = shape % 5 == 1 ? 0 : 2;
    upstream.mean = shape % 2 == 0 ? 1.0 : 0.0;
  }
};

TEST(InfoNceSplitGradient, ContainsTheTruthOnManyProblems) {
  Tally tally;
  for (std::uint64_t seed = 0; seed < 42; ++seed) {
    const Instance instance = make(descriptor_of(seed, binary32_kinds, temperatures));
    const Upstream upstream(seed, instance.problem.rows());
    EXPECT_TRUE(agrees_everywhere(instance, upstream.upstream, tally)) << instance.text;
  }
  fmt::print("  {} enclosures ({} numbers), {} violations, largest |error|/radius {:.3f}\n",
             tally.enclosures, tally.numbers, tally.violations, tally.largest_share);
  EXPECT_GE(tally.enclosures, 42 * static_cast<int>(engines().size()));
  EXPECT_EQ(tally.violations, 0);
}

TEST(InfoNceSplitGradient, TilesOfEveryShapeAgreeWithTheEngine) {
  Tally tally;
  for (const std::int64_t n : {63, 65})
    for (const InfoNceForm form : {InfoNceForm::joint_block, InfoNceForm::one_direction}) {
      const Instance instance = make({Kind::unit, n, 2, 0.1, form, static_cast<std::uint64_t>(n)});
      const Upstream upstream(n == 65 ? 3 : 2, instance.problem.rows());
      EXPECT_TRUE(agrees_everywhere(instance, upstream.upstream, tally, {engines().front()}))
          << instance.text;
    }
  EXPECT_EQ(tally.violations, 0);
}

TEST(InfoNceSplitGradient, ShiftsTheRowsWhereTheLogitsAreLarge) {
  Tally tally;
  for (std::uint64_t seed = 0; seed < 32; ++seed) {
    const double temperatures_below[] = {0.0029, 0.001, 0.0001, 0.00001};
    const Instance instance =
        make({static_cast<Kind>(seed % binary32_kinds), 1 + static_cast<std::int64_t>(seed % 9),
              1 + static_cast<std::int64_t>(seed * 5 % 31), temperatures_below[seed % 4],
              seed % 8 < 4 ? InfoNceForm::joint_block : InfoNceForm::one_direction, seed});
    const Upstream upstream(seed, instance.problem.rows());
    EXPECT_TRUE(agrees_everywhere(instance, upstream.upstream, tally)) << instance.text;
  }
  EXPECT_EQ(tally.violations, 0);
}

TEST(InfoNceSplitGradient, IsExactlyZeroWhereNothingIsDifferentiated) {
  const auto zero = [](const InfoNceGradients& g) {
    return std::all_of(g.a.begin(), g.a.end(), [](Ends e) { return e == exactly(0); }) &&
           std::all_of(g.b.begin(), g.b.end(), [](Ends e) { return e == exactly(0); }) &&
           g.temperature == exactly(0);
  };
  InfoNceUpstream mean;
  mean.mean = 1;
  for (const InfoNceForm form : {InfoNceForm::joint_block, InfoNceForm::one_direction}) {
    const Instance pair = make({Kind::unit, 1, 5, 0.1, form, 1});
    EXPECT_TRUE(zero(enclose_info_nce_gradients_split(pair.problem, mean).value()));
    const Instance many = make({Kind::unit, 4, 5, 0.1, form, 1});
    EXPECT_TRUE(zero(enclose_info_nce_gradients_split(many.problem, {}).value()));
    EXPECT_FALSE(zero(enclose_info_nce_gradients_split(many.problem, mean).value()));
  }
}

TEST(InfoNceSplitGradient, SaysNothingOutsideItsRange) {
  InfoNceUpstream upstream;
  upstream.mean = 1;
  const Instance doubles = make({Kind::doubles, 4, 5, 0.1, InfoNceForm::joint_block, 1});
  EXPECT_FALSE(enclose_info_nce_gradients_split(doubles.problem, upstream));
  const Instance fine = make({Kind::unit, 3, 5, 0.1, InfoNceForm::one_direction, 1});
  EXPECT_TRUE(enclose_info_nce_gradients_split(fine.problem, upstream));
  upstream = {nullptr, 1, 0x1p200};
  EXPECT_FALSE(enclose_info_nce_gradients_split(fine.problem, upstream));
  upstream.mean = std::nan("");
  EXPECT_THROW(enclose_info_nce_gradients_split(fine.problem, upstream), std::invalid_argument);
}

TEST(InfoNceSplitGradient, TheMedianRadiusIsSixDigitsBelowABinary32Ulp) {
  InfoNceUpstream upstream;
  upstream.mean = 1;
  for (const InfoNceForm form : {InfoNceForm::joint_block, InfoNceForm::one_direction}) {
    const Instance instance = make({Kind::unit, 150, 128, 0.1, form, 7});
    const auto found = enclose_info_nce_gradients_split(instance.problem, upstream).value();
    std::vector<double> radii;
    for (const Ends& e : found.a) radii.push_back((e.hi - e.lo) / 2 / ulp32((e.hi + e.lo) / 2));
    std::nth_element(radii.begin(), radii.begin() + static_cast<long>(radii.size() / 2),
                     radii.end());
    fmt::print("  median radius {:.2e} binary32 ulps of the entry\n", radii[radii.size() / 2]);
    EXPECT_LE(radii[radii.size() / 2], 1.0 / 1'000'000);
  }
}

}  // namespace
}  // namespace assay::testing
