// SPDX-License-Identifier: Apache-2.0
// Every term of the a-priori bound covers its step, and every term is needed.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>

#include "reference/arithmetic/environment.hpp"
#include "reference/arithmetic/testing/environment_guard.hpp"
#include "reference/loss/info_nce_batch.hpp"
#include "reference/loss/upward.hpp"
#include "tests/reference/loss/instances.hpp"
#include "tests/reference/loss/instrument.hpp"

namespace assay::testing {
namespace {

using reference::InfoNceForm;

std::vector<Descriptor> descriptors() {
  const double temperatures[] = {1.0, 0.5, 0.2, 0.1, 0.07, 0.05, 0.02};
  const std::int64_t dimensions[] = {1, 2, 3, 8, 17, 33, 64, 128};
  std::vector<Descriptor> all;
  for (std::uint64_t seed = 0; seed < 60; ++seed)
    all.push_back({static_cast<Kind>(seed % kinds), 1 + static_cast<std::int64_t>(seed * 7 % 16),
                   dimensions[seed * 5 % 8], temperatures[seed * 3 % 7],
                   seed % 4 < 2 ? InfoNceForm::joint_block : InfoNceForm::one_direction, seed});
  // More than one tile each way, ragged edges.
  all.push_back({Kind::unit, 70, 5, 0.1, InfoNceForm::joint_block, 1001});
  all.push_back({Kind::doubles, 141, 3, 0.5, InfoNceForm::one_direction, 1002});
  return all;
}

/// Problems whose steps come near their bounds: few terms, inner products as large as the norms
/// allow, logits of all sizes.
std::vector<Instance> nearly_attaining() {
  std::vector<Instance> all;
  for (std::uint64_t seed = 0; seed < 6; ++seed)
    for (const std::int64_t d : {2, 3})
      all.push_back(make({seed % 2 == 0 ? Kind::clusters : Kind::doubles, 12, d,
                          seed % 3 == 0 ? 1.0 : 0.05, InfoNceForm::joint_block, 300 + seed}));
  return all;
}

TEST(InfoNceSteps, EveryStepStaysWithinItsTerm) {
  StepReports all{};
  for (const Descriptor& descriptor : descriptors()) {
    const Instance instance = make(descriptor);
    const StepReports reports = measure_steps(instance.problem);
    for (int s = 0; s < steps; ++s)
      EXPECT_EQ(reports[static_cast<std::size_t>(s)].violations, 0)
          << name_of(static_cast<Step>(s)) << ": " << instance.text;
    merge(all, reports);
  }
  for (const Instance& instance : nearly_attaining()) merge(all, measure_steps(instance.problem));
  EXPECT_EQ(violations_in(all), 0);
  for (int s = 0; s < steps; ++s) {
    const StepReport& r = all[static_cast<std::size_t>(s)];
    fmt::print("  {:<12} {:>7} checks, largest error {:.3e}, largest share of its term {:.3f}\n",
               name_of(static_cast<Step>(s)), r.checks, r.largest_error, r.largest_share);
    EXPECT_GT(r.largest_share, 0) << "a step that never errs has not been measured";
  }
}

TEST(InfoNceSteps, DeletingAnyTermIsNoticed) {
  for (int s = 0; s < steps; ++s) {
    const Step step = static_cast<Step>(s);
    StepReports without{};
    for (const Instance& instance : nearly_attaining())
      merge(without, measure_steps(instance.problem, FE_TONEAREST, step));
    EXPECT_GT(without[static_cast<std::size_t>(s)].violations, 0) << name_of(step);
  }
}

/// Lets the tier run in a rounding mode in which nothing is proved.
class InAnotherRoundingMode : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override { reference::testing::disable_environment_guard(); }
  void TearDown() override {
    std::fesetround(FE_TONEAREST);
    reference::testing::enable_environment_guard();
  }
};

TEST_P(InAnotherRoundingMode, TheInstrumentsReportViolations) {
  StepReports all{};
  for (const Instance& instance : nearly_attaining())
    merge(all, measure_steps(instance.problem, GetParam()));
  std::string seen;
  for (int s = 0; s < steps; ++s) {
    const StepReport& r = all[static_cast<std::size_t>(s)];
    if (r.violations > 0)
      seen += fmt::format(" {} ({}, share {:.2f})", name_of(static_cast<Step>(s)), r.violations,
                          r.largest_share);
  }
  fmt::print("  violations:{}\n", seen);
  EXPECT_GT(violations_in(all), 0);
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

INSTANTIATE_TEST_SUITE_P(Modes, InAnotherRoundingMode,
                         ::testing::Values(FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO));

TEST(InfoNceGuard, RefusesAnotherRoundingMode) {
  const Instance instance = make({Kind::unit, 4, 4, 1.0, InfoNceForm::joint_block, 1});
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    std::fesetround(mode);
    EXPECT_THROW(reference::enclose_info_nce_a_priori(instance.problem),
                 reference::UnsoundEnvironment);
    std::fesetround(FE_TONEAREST);
  }
}

TEST(InfoNceSteps, AGramErrorCanFillItsTerm) {
  // 1 + 2^-53 is a tie and falls back to 1: where the products are added one after the other, each
  // of the d - 1 additions loses u. Many equal rows, so that the matrix kernel is at work.
  constexpr int d = 33, n = 24;
  std::vector<double> x(d, 0x1p-26), y(d, 0x1p-27);
  x[0] = y[0] = 1;
  const Instance instance =
      make(std::vector(n, x), std::vector(n, y), 1.0, InfoNceForm::one_direction);
  const StepReports reports = measure_steps(instance.problem);
  EXPECT_EQ(violations_in(reports), 0);
  EXPECT_GT(reports[0].largest_share, 0.9);
}

// --- sums -----------------------------------------------------------------------------------

TEST(InfoNceSums, TheStatedHeightOfARowSumCanBeReached) {
  // One large block first, then blocks of exactly half an ulp of it: every addition loses u.
  using namespace reference::batch;
  const std::int64_t rows = 4;
  for (const std::int64_t columns : {key_tile, key_tile - 1, row_tile, std::int64_t{11}}) {
    std::vector<double> tile(static_cast<std::size_t>(rows * columns), 0.0);
    std::int64_t lost = 0;
    for (std::int64_t c = 0; c < columns; ++c) {
      const bool alone = c >= columns - columns % columns_at_once;
      const double value = c == 0 ? 1.0 : (alone || c % columns_at_once == 0) ? 0x1p-53 : 0.0;
      if (value == 0x1p-53) ++lost;
      for (std::int64_t i = 0; i < rows; ++i) tile[static_cast<std::size_t>(c * rows + i)] = value;
    }
    std::vector<double> acc(static_cast<std::size_t>(rows), 0.0);
    for (std::int64_t c = 0; c < columns; c += columns_at_once)
      add_columns(acc.data(), tile.data() + c * rows, rows, std::min(columns_at_once, columns - c));
    for (const double sum : acc) EXPECT_EQ(sum, 1.0);
    EXPECT_LE(lost, row_sum_height(columns)) << columns;
    EXPECT_GE(lost, row_sum_height(columns) - 4) << "the height is generous: " << columns;
    EXPECT_LE(row_sum_height(columns), largest_sum_height(key_tile, columns));
  }
}

TEST(InfoNceSums, TheStatedHeightOfAColumnSumCanBeReached) {
  using namespace reference::batch;
  for (const std::int64_t rows : {row_tile, row_tile - 1, std::int64_t{17}, std::int64_t{1}}) {
    std::vector<double> column(static_cast<std::size_t>(rows), 0.0);
    std::int64_t lost = 0;
    column[0] = 1;
    const auto lose = [&](std::int64_t i) {
      if (i > 0 && i < rows && column[static_cast<std::size_t>(i)] == 0) {
        column[static_cast<std::size_t>(i)] = 0x1p-53;
        ++lost;
      }
    };
    const std::int64_t whole = rows - rows % sum_lanes;
    for (std::int64_t i = 0; i < whole; i += sum_lanes) lose(i);  // the lane of the 1
    if (whole > 0)
      for (std::int64_t q = 1; q < sum_lanes; q *= 2) lose(q);  // one lane per level of joining
    for (std::int64_t i = whole; i < rows; ++i) lose(i);        // the remainder
    EXPECT_EQ(sum_column(column.data(), rows), 1.0);
    EXPECT_LE(lost, column_sum_height(rows)) << rows;
    EXPECT_GE(lost, column_sum_height(rows) - 5) << "the height is generous: " << rows;
    EXPECT_LE(column_sum_height(rows), largest_sum_height(rows, 1));
  }
}

TEST(InfoNceSums, JoiningBlocksLosesNothingOfFirstOrder) {
  double high = 0, low = 0;
  reference::batch::JoinExactly::join(high, low, 1.0);
  constexpr int blocks = 1000;
  for (int i = 0; i < blocks; ++i) reference::batch::JoinExactly::join(high, low, 0x1p-53);
  EXPECT_EQ(high, 1.0);
  EXPECT_EQ(low, blocks * 0x1p-53);
}

}  // namespace
}  // namespace assay::testing
