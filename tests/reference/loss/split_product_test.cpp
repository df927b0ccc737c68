// SPDX-License-Identifier: Apache-2.0
// The packed matrix product, on small integers, where every order of summation is exact.
#include "reference/loss/split_product.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using namespace assay::reference::split;
using Int = std::int64_t;

/// Integers between -8 and 8, different for neighbouring places.
double entry(Int i, Int k, Int salt) {
  return static_cast<double>((i * 31 + k * 17 + salt * 7 + i * k) % 17 - 8);
}

Packed pack(Int d, Int count, Int width, Int salt) {
  Packed packed(d, count, width);
  std::vector<double> x(static_cast<std::size_t>(d));
  for (Int i = 0; i < count; ++i) {
    for (Int k = 0; k < d; ++k) x[static_cast<std::size_t>(k)] = entry(i, k, salt);
    packed.put(i, x.data());
  }
  return packed;
}

void expect_exact(Int d, Int rows, Int keys, Int first, Int count) {
  const Packed a = pack(d, rows, rows_packed_together, 1);
  const Packed b = pack(d, keys, keys_packed_together, 2);
  constexpr double untouched = 0.5;  // no integer, so no product either
  std::vector<double> tile(static_cast<std::size_t>(rows * count + 1), untouched);
  multiply(a, rows, b, first, count, tile.data());
  Int wrong = 0;
  for (Int j = 0; j < count; ++j)
    for (Int i = 0; i < rows; ++i) {
      double sum = 0;
      for (Int k = 0; k < d; ++k) sum += entry(i, k, 1) * entry(first + j, k, 2);
      wrong += tile[static_cast<std::size_t>(i + j * rows)] != sum ? 1 : 0;
    }
  EXPECT_EQ(wrong, 0) << "d " << d << ", rows " << rows << ", keys from " << first << ": " << count;
  EXPECT_EQ(tile.back(), untouched);
}

TEST(SplitProduct, EverySizeAroundGroupsAndBlocks) {
  for (const Int d : {1, 2, 191, 192, 193, 400})
    for (const Int rows : {1, 11, 12, 13, 24, 31}) {
      expect_exact(d, rows, 5, 0, 5);
      expect_exact(d, rows, 16, 4, 8);
      expect_exact(d, rows, 23, 8, 15);
    }
}

}  // namespace
