// SPDX-License-Identifier: Apache-2.0
// The shared words: names, exit status, tensors, contracts.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>

#include "core/contract.hpp"
#include "core/dtype.hpp"
#include "core/ends.hpp"
#include "core/float_format.hpp"
#include "core/tensor.hpp"
#include "core/verdict.hpp"

namespace assay {
namespace {

constexpr std::array all_dtypes = {Dtype::f16, Dtype::bf16, Dtype::f32, Dtype::f64, Dtype::u8,
                                   Dtype::i32, Dtype::i64,  Dtype::u32, Dtype::u64};

TEST(Dtype, NamesReadBack) {
  for (const Dtype d : all_dtypes) EXPECT_EQ(dtype_named(name_of(d)), d) << name_of(d);
  EXPECT_FALSE(dtype_named("float32"));
}

TEST(Dtype, RoundoffsAreThoseOfTheFormats) {
  EXPECT_EQ(rounding_of(Dtype::f32).roundoff, std::ldexp(1.0, -24));
  EXPECT_EQ(rounding_of(Dtype::f32).largest, std::numeric_limits<float>::max());
  EXPECT_EQ(rounding_of(Dtype::f32).smallest_normal, std::numeric_limits<float>::min());
  EXPECT_EQ(rounding_of(Dtype::f32).half_subnormal, std::numeric_limits<float>::denorm_min() / 2.0);
  EXPECT_EQ(rounding_of(Dtype::f64).largest, std::numeric_limits<double>::max());
  // bf16 is the upper half of a binary32 number.
  const float largest_bf16 = std::bit_cast<float>(0x7f7f0000u);
  EXPECT_EQ(rounding_of(Dtype::bf16).largest, largest_bf16);
}

TEST(NarrowFormats, EveryBitPatternReadsBack) {
  for (const Dtype dtype : {Dtype::f16, Dtype::bf16})
    for (int bits = 0; bits < 0x10000; ++bits) {
      const double value = decode_narrow(static_cast<std::uint16_t>(bits), dtype);
      if (value != value) continue;
      ASSERT_EQ(encode_narrow(value, dtype), bits) << name_of(dtype);
      ASSERT_EQ(rounded_to(dtype, value), value);
    }
}

TEST(NarrowFormats, RoundToNearestWithTiesToEven) {
  for (const Dtype dtype : {Dtype::f16, Dtype::bf16})
    for (int bits = 0; bits < 0x7bff; ++bits) {  // neighbours below the largest binary16 number
      const double low = decode_narrow(static_cast<std::uint16_t>(bits), dtype);
      const double high = decode_narrow(static_cast<std::uint16_t>(bits + 1), dtype);
      const double middle = low + (high - low) / 2;
      ASSERT_EQ(rounded_to(dtype, middle), bits % 2 ? high : low);
      ASSERT_EQ(rounded_to(dtype, std::nextafter(middle, 0)), low);
      ASSERT_EQ(rounded_to(dtype, -std::nextafter(middle, high)), -high);
    }
  EXPECT_EQ(rounded_to(Dtype::f16, 65519.0), 65504.0);
  EXPECT_EQ(rounded_to(Dtype::f16, 65520.0), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(rounded_to(Dtype::bf16, std::nan(""))));
}

TEST(NarrowFormats, ElementsOfTensors) {
  for (const Dtype dtype : {Dtype::f16, Dtype::bf16, Dtype::f32, Dtype::f64}) {
    Tensor t = Tensor::contiguous("t", dtype, {3});
    set_element(t, 1, 1.0 / 3);
    EXPECT_EQ(element_of(t, 1), rounded_to(dtype, 1.0 / 3));
    EXPECT_EQ(element_of(t, 2), 0.0);
  }
  Tensor integers = Tensor::contiguous("labels", Dtype::i64, {1});
  EXPECT_THROW(element_of(integers, 0), std::invalid_argument);
  EXPECT_THROW(set_element(integers, 0, 1.0), std::invalid_argument);
}

TEST(Verdict, NamesReadBack) {
  for (const Verdict v : {Verdict::certified, Verdict::refuted, Verdict::undecided,
                          Verdict::unavailable, Verdict::unrefuted})
    EXPECT_EQ(verdict_named(name_of(v)), v);
  EXPECT_FALSE(verdict_named("ok"));
}

TEST(ExitStatus, PrecedenceIsUsageRefutedUndecidedSuccess) {
  const std::array order = {ExitStatus::usage, ExitStatus::refuted, ExitStatus::undecided,
                            ExitStatus::success};
  for (std::size_t i = 0; i < order.size(); ++i)
    for (std::size_t j = 0; j < order.size(); ++j)
      EXPECT_EQ(combine(order[i], order[j]), order[std::min(i, j)]);
}

TEST(ExitStatus, UnavailableCountsOnlyWhenAskedForByName) {
  EXPECT_EQ(status_of(Verdict::unavailable, false), ExitStatus::success);
  EXPECT_EQ(status_of(Verdict::unavailable, true), ExitStatus::undecided);
  EXPECT_EQ(status_of(Verdict::refuted, false), ExitStatus::refuted);
  EXPECT_EQ(status_of(Verdict::undecided, false), ExitStatus::undecided);
  EXPECT_EQ(status_of(Verdict::certified, true), ExitStatus::success);
}

TEST(Ends, DefaultIsNoInformation) {
  const Ends nothing;
  EXPECT_TRUE(nothing.contains(0));
  EXPECT_TRUE(nothing.contains(std::numeric_limits<double>::infinity()));
  EXPECT_TRUE(nothing.overlaps(exactly(3)));
  EXPECT_FALSE(exactly(1).overlaps(exactly(2)));
}

TEST(Tensor, ContiguousStridesAreRowMajor) {
  const Tensor t = Tensor::contiguous("x", Dtype::f64, {2, 3, 5});
  EXPECT_EQ(t.strides, (std::vector<std::int64_t>{15, 5, 1}));
  EXPECT_EQ(t.bytes.size(), 2u * 3 * 5 * 8);
  EXPECT_TRUE(t.is_contiguous());
  EXPECT_EQ(Tensor::contiguous("scalar", Dtype::f32, {}).count(), 1);
}

TEST(Contract, CanonicalTextTellsContractsApart) {
  Contract a{.name = "loss/info_nce", .fields = {{"directions", "joint-block"}}};
  Contract b = a;
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.canonical_text(), b.canonical_text());
  b.fields[0].value = "one-direction";
  EXPECT_NE(a.canonical_text(), b.canonical_text());
  b = a;
  b.accumulator = Dtype::f64;
  EXPECT_NE(a.canonical_text(), b.canonical_text());
  EXPECT_EQ(a.field("directions"), "joint-block");
  EXPECT_EQ(a.field("no such field"), "");
}

}  // namespace
}  // namespace assay
