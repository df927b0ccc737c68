// SPDX-License-Identifier: Apache-2.0
// InfoNCE cases: pure functions of their descriptors, and the shapes and values they promise.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <set>

#include "properties/contract/certificate.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::contract {
namespace {

engine::Case make(const std::string& family, std::uint64_t index, std::uint64_t seed = 1,
                  const std::string& instance = "joint-block") {
  return make_info_nce_case({"loss/info_nce", instance, family, index, seed});
}

std::vector<engine::Case> all_cases() {
  std::vector<engine::Case> cases;
  for (const Family& family : info_nce_families())
    for (std::int64_t i = 0; i < family.cases; ++i)
      cases.push_back(make(family.name, static_cast<std::uint64_t>(i)));
  return cases;
}

RC_GTEST_PROP(InfoNceCases, ArePureFunctionsOfTheirDescriptor, ()) {
  const auto families = info_nce_families();
  const auto& family = families[*rc::gen::inRange<std::size_t>(0, families.size())];
  const auto index = *rc::gen::inRange<std::uint64_t>(0, 40);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const std::string hash = sha256_of_case(make(family.name, index, seed));
  RC_ASSERT(hash == sha256_of_case(make(family.name, index, seed)));
}

TEST(InfoNceCases, SeedsAndIndicesGiveDifferentEmbeddings) {
  std::set<std::string> hashes;
  for (std::uint64_t seed : {1, 2, 3})
    for (std::uint64_t index : {0, 1, 2}) hashes.insert(sha256_of_case(make("small", index, seed)));
  EXPECT_EQ(hashes.size(), 9u);
}

// Pinned: another compiler, C library or machine has to draw the very same bits.
TEST(InfoNceCases, HaveTheSameBitsOnEveryMachine) {
  const engine::Case c = make("aligned", 1, 42);
  double checksum = 0;  // exact: a sum of binary32 numbers of similar size in binary64
  for (std::int64_t i = 0; i < c.input("b").count(); ++i)
    checksum += std::ldexp(static_cast<double>(c.input("b").as<float>()[i]), 20);
  EXPECT_EQ(checksum, 0x1.2d70d2e109p+23);
}

TEST(InfoNceCases, CoverTheSizesWhereTilesBreak) {
  std::set<std::int64_t> pairs, coordinates;
  std::set<double> temperatures;
  for (const engine::Case& c : all_cases()) {
    pairs.insert(c.input("a").shape[0]);
    coordinates.insert(c.input("a").shape[1]);
    if (c.descriptor.family != "exact")  // powers of two, with its entries
      temperatures.insert(c.scalars.at("temperature"));
  }
  for (const std::int64_t n : {1, 2, 31, 32, 33, 37, 61, 63}) EXPECT_TRUE(pairs.contains(n)) << n;
  for (const std::int64_t d : {1, 3, 48, 96}) EXPECT_TRUE(coordinates.contains(d)) << d;
  EXPECT_EQ(*temperatures.begin(), 0.005);
  EXPECT_EQ(*temperatures.rbegin(), 1.0);
}

TEST(InfoNceCases, HoldSubnormalsZerosNansInfinitiesAndPadding) {
  bool subnormal = false, zero = false, nan = false, infinite = false, padded = false;
  for (const engine::Case& c : all_cases())
    for (const Tensor& t : c.inputs) {
      padded |= !t.is_contiguous();
      for (std::int64_t i = 0; i < t.shape[0]; ++i)
        for (std::int64_t k = 0; k < t.shape[1]; ++k) {
          const float x = t.as<float>()[i * t.strides[0] + k];
          subnormal |= std::fpclassify(x) == FP_SUBNORMAL;
          zero |= x == 0;
          nan |= std::isnan(x);
          infinite |= std::isinf(x);
        }
    }
  EXPECT_TRUE(subnormal && zero && nan && infinite && padded);
}

TEST(InfoNceCases, PaddingIsNanSoThatAStrayReadShows) {
  const engine::Case c = make("strided", 0);
  const Tensor& a = c.input("a");
  ASSERT_GT(a.strides[0], a.shape[1]);
  EXPECT_TRUE(std::isnan(a.as<float>()[a.shape[1]]));
}

TEST(InfoNceCases, UnknownNamesAreInputErrors) {
  EXPECT_THROW(make("no such family", 0), engine::InputError);
  EXPECT_THROW(make("small", 0, 1, "sideways"), engine::InputError);
}

TEST(InfoNceMoves, AreSimplerInstancesOfTheSameShape) {
  for (const char* family : {"sizes", "strided", "small", "clusters"}) {
    const engine::Case c = make(family, 3);
    int simpler = 0;
    for (const engine::Case& variant : simpler_info_nce_cases(c)) {
      EXPECT_EQ(variant.input("a").shape, variant.input("b").shape);
      EXPECT_GE(variant.input("a").shape[0], 1);
      EXPECT_GE(variant.input("a").shape[1], 1);
      EXPECT_GT(variant.scalars.at("temperature"), 0);
      if (info_nce_complexity(variant) < info_nce_complexity(c)) ++simpler;
    }
    EXPECT_GT(simpler, 0) << family;
  }
}

TEST(InfoNceMoves, DroppingAPairDropsItInBothViews) {
  const engine::Case c = make("small", 1);
  const std::int64_t n = c.input("a").shape[0], d = c.input("a").shape[1];
  bool found = false;
  for (const engine::Case& variant : simpler_info_nce_cases(c)) {
    if (variant.input("a").shape[0] != n - 1) continue;
    // Some row of the original is missing, and all others keep their partner.
    for (std::int64_t i = 0; i < n - 1; ++i) {
      bool kept = false;
      for (std::int64_t j = 0; j < n; ++j)
        kept |= std::equal(&variant.input("a").as<float>()[i * d],
                           &variant.input("a").as<float>()[(i + 1) * d],
                           &c.input("a").as<float>()[j * d]) &&
                std::equal(&variant.input("b").as<float>()[i * d],
                           &variant.input("b").as<float>()[(i + 1) * d],
                           &c.input("b").as<float>()[j * d]);
      EXPECT_TRUE(kept);
      found = true;
    }
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace assay::contract
