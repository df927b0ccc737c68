// SPDX-License-Identifier: Apache-2.0
// Tensors in JSON: bit for bit, and the readable list cannot contradict the bytes.
#include "properties/engine/files/tensor_json.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <limits>
#include <stdexcept>

#include "file_testing.hpp"
#include "properties/engine/files/json_text.hpp"
#include "properties/engine/files/layout.hpp"

namespace assay::engine {
namespace {

using nlohmann::json;
using testing::expect_complaint;
using testing::expect_equal;

Tensor through_json(const json& document) {
  const std::string source = "t.json";
  return tensor_from(JsonReader(document, source));
}

json written(const Tensor& t) { return parse_json(json_text(json_of(t)), "t.json", ""); }

RC_GTEST_PROP(TensorJson, EveryTensorComesBackBitForBit, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  const Tensor t = testing::random_tensor(random, "t", true);
  const Tensor read = through_json(written(t));
  RC_ASSERT(read.name == t.name && read.dtype == t.dtype);
  RC_ASSERT(read.shape == t.shape && read.strides == t.strides);
  RC_ASSERT(read.bytes == t.bytes);
}

TEST(TensorJson, FloatsPrintTheirOwnShortestDigits) {
  const float inf = std::numeric_limits<float>::infinity();
  const Tensor t =
      Tensor::of_floats("x", {2, 4},
                        {0.1f, -0.0f, inf, -inf, std::numeric_limits<float>::quiet_NaN(), 0x1p-149f,
                         std::numeric_limits<float>::max(), 16777216.0f});
  EXPECT_EQ(json_of(t)["values"].dump(),
            R"([0.1,-0.0,"inf","-inf","nan",1e-45,3.4028235e+38,16777216.0])");
  expect_equal(through_json(written(t)), t);
}

TEST(TensorJson, PaddingIsKeptAndValuesAreRowMajor) {
  Tensor t = Tensor::of_floats("x", {5}, {1, 2, 99, 3, 4});
  t.shape = {2, 2};
  t.strides = {3, 1};
  EXPECT_EQ(json_of(t)["values"].dump(), "[1.0,2.0,3.0,4.0]");
  expect_equal(through_json(written(t)), t);
}

TEST(TensorJson, LongAndOtherTensorsListNothing) {
  EXPECT_TRUE(json_of(testing::counting("x", Dtype::f32, {64})).contains("values"));
  EXPECT_FALSE(json_of(testing::counting("x", Dtype::f32, {65})).contains("values"));
  EXPECT_FALSE(json_of(testing::counting("x", Dtype::f16, {2})).contains("values"));
}

class Tampered : public ::testing::Test {
 protected:
  void refuses(const char* key, const json& value, std::initializer_list<std::string_view> parts) {
    json changed = good_;
    changed[key] = value;
    SCOPED_TRACE(changed.dump());
    expect_complaint([&] { through_json(changed); }, parts);
  }
  const Tensor tensor_ = Tensor::of_floats("x", {2}, {0.1f, 2});
  const json good_ = written(tensor_);
};

TEST_F(Tampered, TensorsAreRefused) {
  expect_equal(through_json(good_), tensor_);
  refuses("data", "zczMPQAAAEA", {"/data", "base64"});
  refuses("data", "zczMPQAAAEA==", {"/data", "base64"});
  refuses("data", "zczMPQAA", {"there are 6 bytes"});
  refuses("data", 1, {"/data", "expected a string"});
  refuses("dtype", "f33", {"/dtype", "'f33'"});
  refuses("dtype", "f64", {"spans 2 elements of 8 bytes, but there are 8 bytes"});
  refuses("shape", {3}, {"(3,)"});
  refuses("shape", {1}, {"(1,)"});
  refuses("shape", {-2}, {"/shape/0"});
  refuses("shape", {2, 1}, {"1 strides for shape (2, 1)"});
  refuses("strides", {2}, {"spans 3 elements"});
  refuses("strides", {-1}, {"/strides/0"});
  refuses("strides", {9223372036854775807}, {"strides", "too large"});
  refuses("shape", std::vector<int>(65, 1), {"/shape", "65"});
  refuses("values", {0.1}, {"/values", "1 values"});
  refuses("values", {0.1, 3}, {"/values/1", "contradicts"});
  refuses("values", {0.1, "nan"}, {"/values/1", "contradicts"});
  refuses("values", {0.1, 1e300}, {"/values/1", "contradicts"});
  refuses("extra", 1, {"unknown field 'extra'"});
}

TEST_F(Tampered, MoreDigitsAreAsGood) {
  json longer = good_;
  longer["values"] = {0.10000000149011612, 2};
  EXPECT_NO_THROW(through_json(longer));
  longer.erase("values");
  EXPECT_NO_THROW(through_json(longer));
}

TEST(TensorJson, AFewBytesCannotClaimManyElements) {
  json broadcast = written(testing::counting("x", Dtype::u8, {1}));
  broadcast["shape"] = {4611686018427387904};
  broadcast["strides"] = {0};
  expect_complaint([&] { through_json(broadcast); }, {"/shape", "too large"});
}

TEST(TensorJson, InconsistentTensorsAreTheCallersFault) {
  Tensor t = testing::counting("x", Dtype::f32, {2});
  t.bytes.pop_back();
  EXPECT_THROW(json_of(t), std::invalid_argument);
}

TEST(Layout, PackingFollowsTheStrides) {
  Tensor t = testing::counting("x", Dtype::u8, {6});
  t.shape = {3, 2};
  t.strides = {1, 3};
  EXPECT_TRUE(packed(t) == testing::bytes_of("\1\4\2\5\3\6"));
  t.shape = {2, 3};
  t.strides = {0, 2};
  t.bytes.resize(5);
  EXPECT_EQ(layout_fault(t), "");
  EXPECT_TRUE(packed(t) == testing::bytes_of("\1\3\5\1\3\5"));
  t.shape = {1, 1};
  t.strides = {9223372036854775807, 9223372036854775807};
  t.bytes.resize(1);
  EXPECT_EQ(layout_fault(t), "");
  EXPECT_EQ(packed(t).size(), 1u);
}

TEST(Layout, PaddingAfterTheLastRowIsAllowedAndNoMore) {
  Tensor t = testing::counting("x", Dtype::u8, {6});
  t.shape = {2, 2};
  t.strides = {3, 1};
  EXPECT_EQ(layout_fault(t), "");
  t.bytes.resize(5);
  EXPECT_EQ(layout_fault(t), "");
  t.bytes.resize(4);
  EXPECT_NE(layout_fault(t), "");
  t.bytes.resize(7);
  EXPECT_NE(layout_fault(t), "");
}

TEST(Layout, OverflowsAreSeenInEveryProduct) {
  const std::int64_t big = std::int64_t{1} << 62;
  EXPECT_EQ(dense_bytes({big}, Dtype::u8), big);
  EXPECT_FALSE(dense_bytes({big}, Dtype::f32));
  EXPECT_FALSE(dense_bytes({big, 0, big}, Dtype::u8));
  EXPECT_EQ(dense_bytes({5, 0}, Dtype::f64), 0);
  EXPECT_FALSE(dense_bytes({-1}, Dtype::u8));
  EXPECT_EQ(spanned_elements({2, 3}, {10, 1}), 13);
  EXPECT_FALSE(spanned_elements({3}, {big}));
  EXPECT_FALSE(spanned_elements({2}, {-1}));
  EXPECT_EQ(spanned_elements({2, 0}, {10, 1}), 0);
}

}  // namespace
}  // namespace assay::engine
