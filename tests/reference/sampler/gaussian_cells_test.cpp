// SPDX-License-Identifier: Apache-2.0
// Cells in binary64 against MPFI at points inside them; the normal law against a series.
#include "reference/sampler/gaussian_cells.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace assay::reference {
namespace {

TEST(GaussianCells, ContainTheMapAtTheirMiddleAndAreNarrow) {
  std::mt19937_64 generator(1);
  for (int round = 0; round < 4000; ++round) {
    GaussianCoordinate c;
    c.i = generator() >> (12 + generator() % 40);
    if (round % 5 == 1) c.i = (std::uint64_t{1} << 52) - 1 - generator() % 100;
    c.j = generator() >> 11;
    if (round % 7 == 2) c.j = (generator() % 8) << 50;  // multiples of an eighth
    if (round % 7 == 3) c.j = ((generator() % 8) << 50 | (std::uint64_t{1} << 49)) - 1;
    if (c.j >> 53 != 0) c.j &= (std::uint64_t{1} << 53) - 1;
    c.x = round % 3 == 0 ? 0 : std::ldexp(static_cast<double>(generator() % 4096), -10);
    c.variance = round % 4 == 0 ? 0.25 : 0.01;
    c.second = round % 2 != 0;
    c.inverted = round % 11 == 0;
    const Ends cell = augmented_cell(c), point = augmented(c).ends();
    ASSERT_LE(cell.lo, point.lo) << c.i << ' ' << c.j;
    ASSERT_GE(cell.hi, point.hi) << c.i << ' ' << c.j;
    const double radius = std::sqrt(2 * c.variance * 37);
    if (c.i > (std::uint64_t{1} << 46) && c.i < (std::uint64_t{1} << 51)) {
      ASSERT_LE(cell.hi - cell.lo, 0x1p-44 * (radius + std::fabs(c.x))) << c.i;
    }
  }
}

TEST(GaussianCells, AreUnboundedWhereTheLogarithmIs) {
  GaussianCoordinate c;
  const Ends y = augmented_cell(c);
  EXPECT_EQ(y.hi, std::numeric_limits<double>::infinity());
  EXPECT_GT(y.lo, 8.4);  // sqrt(2 * 52 * log 2) = 8.49
  c.variance = 0;
  c.x = 3;
  EXPECT_TRUE(augmented_cell(c).contains(3));
  EXPECT_LE(augmented_cell(c).hi, 3 + 0x1p-40);
  c.i = std::uint64_t{1} << 52;
  EXPECT_THROW(augmented_cell(c), std::invalid_argument);
}

TEST(NormalLaw, HasKnownValuesAndTheTableContainsIt) {
  EXPECT_TRUE(normal_distribution(0).contains(0.5));
  EXPECT_NEAR(normal_distribution(1.96).lo, 0.97500210485177957, 0x1p-50);
  EXPECT_LE(normal_distribution(1.0).hi - normal_distribution(1.0).lo, 0x1p-51);
  std::mt19937 generator(2);
  for (int i = 0; i < 2000; ++i) {
    const double z = static_cast<double>(generator()) / 0x1p32 * 22 - 11;
    const Ends exact = normal_distribution(z), table = NormalTable::get().at(z);
    ASSERT_LE(table.lo, exact.hi) << z;
    ASSERT_GE(table.hi, exact.lo) << z;
    ASSERT_LE(table.hi - table.lo, 0x1p-10) << z;
  }
}

}  // namespace
}  // namespace assay::reference
