// SPDX-License-Identifier: Apache-2.0
// Labels and masks: every integer format gives the same ones; each rejected file a reason.
#include "properties/engine/files/labels.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "file_testing.hpp"
#include "properties/engine/files/atomic_file.hpp"
#include "properties/engine/files/npy.hpp"

namespace assay::engine {
namespace {

using testing::expect_complaint;
using testing::Scratch;

template <class Integer>
Tensor tensor_of(Dtype dtype, std::vector<std::int64_t> shape, const std::vector<int>& values) {
  Tensor t = Tensor::contiguous("", dtype, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Integer value = static_cast<Integer>(values[i]);
    std::memcpy(t.bytes.data() + i * sizeof value, &value, sizeof value);
  }
  return t;
}

Tensor integers(Dtype dtype, std::vector<std::int64_t> shape, const std::vector<int>& values) {
  switch (dtype) {
    case Dtype::u8: return tensor_of<std::uint8_t>(dtype, shape, values);
    case Dtype::i32: return tensor_of<std::int32_t>(dtype, shape, values);
    case Dtype::u32: return tensor_of<std::uint32_t>(dtype, shape, values);
    case Dtype::u64: return tensor_of<std::uint64_t>(dtype, shape, values);
    default: return tensor_of<std::int64_t>(Dtype::i64, shape, values);
  }
}

constexpr Dtype integer_dtypes[] = {Dtype::u8, Dtype::i32, Dtype::u32, Dtype::i64, Dtype::u64};

class LabelFiles : public ::testing::Test {
 protected:
  std::string npy(const Tensor& t) {
    write_npy(scratch_ / "x.npy", t);
    return scratch_ / "x.npy";
  }
  const Scratch scratch_;
};

TEST_F(LabelFiles, EveryIntegerFormatGivesTheSameLabelsAndMasks) {
  const std::vector<std::int64_t> labels = {3, 0, 200, 3};
  for (const Dtype dtype : integer_dtypes) {
    EXPECT_EQ(load_labels(npy(integers(dtype, {4}, {3, 0, 200, 3})), 4), labels);
    EXPECT_EQ(load_labels(scratch_ / "x.npy", 2), labels);  // two views of two pairs
    const std::vector<std::uint8_t> mask = {1, 0, 1, 1, 0, 0};
    EXPECT_EQ(load_mask(npy(integers(dtype, {3, 2}, {128, 0, 1, 7, 0, 0})), 3, 2), mask);
  }
  EXPECT_EQ(load_labels(npy(integers(Dtype::i32, {2}, {-1, -2147483647})), 2),
            (std::vector<std::int64_t>{-1, -2147483647}));
}

TEST_F(LabelFiles, BoolsAreBytesThatAre0Or1) {
  std::vector<std::byte> file = serialize_npy(integers(Dtype::u8, {2}, {1, 0}));
  const std::string text = testing::text_of(file);
  file[text.find("|u1") + 1] = std::byte{'b'};
  write_file_atomically(scratch_ / "b.npy", file);
  EXPECT_EQ(load_labels(scratch_ / "b.npy", 2), (std::vector<std::int64_t>{1, 0}));
  file.back() = std::byte{2};
  write_file_atomically(scratch_ / "b.npy", file);
  expect_complaint([&] { load_labels(scratch_ / "b.npy", 2); }, {"b.npy", "byte 1", "not 2"});
}

TEST_F(LabelFiles, WrongShapesAndFormatsAreRefused) {
  const std::string path = npy(integers(Dtype::i64, {3}, {1, 2, 3}));
  expect_complaint([&] { load_labels(path, 2); }, {path, "(2,)", "(4,)", "(3,)"});
  expect_complaint([&] { load_mask(path, 3, 3); }, {path, "(3, 3)", "(3,)"});
  npy(integers(Dtype::i64, {2, 2}, {1, 2, 3, 4}));
  expect_complaint([&] { load_labels(path, 2); }, {path, "(2, 2)"});
  expect_complaint([&] { load_mask(path, 4, 4); }, {path, "(4, 4)", "(2, 2)"});
  write_npy(path, Tensor::of_floats("", {2}, {1, 2}));
  expect_complaint([&] { load_labels(path, 2); }, {path, "integers", "f32"});
  write_npy(path, Tensor::of_floats("", {1, 2}, {1, 2}));
  expect_complaint([&] { load_mask(path, 1, 2); }, {path, "integers", "f32"});
  expect_complaint([&] { load_labels(scratch_ / "none.npy", 2); }, {"none.npy"});
}

TEST_F(LabelFiles, ALabelBeyondTheSignedIntegersIsRefused) {
  Tensor t = integers(Dtype::u64, {2}, {1, 2});
  const std::uint64_t large = std::uint64_t{1} << 63, largest_signed = large - 1;
  std::memcpy(t.bytes.data() + 8, &largest_signed, 8);
  EXPECT_EQ(load_labels(npy(t), 2).back(), std::numeric_limits<std::int64_t>::max());
  std::memcpy(t.bytes.data() + 8, &large, 8);
  const std::string path = npy(t);
  expect_complaint([&] { load_labels(path, 2); }, {path, "element 1", "9223372036854775808"});
}

}  // namespace
}  // namespace assay::engine
