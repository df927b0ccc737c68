// SPDX-License-Identifier: Apache-2.0
// safetensors: what is written is read back, and every lie in a header is found.
#include "properties/engine/files/safetensors.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <fstream>
#include <limits>

#include "file_testing.hpp"
#include "properties/engine/files/atomic_file.hpp"
#include "properties/engine/files/layout.hpp"

namespace assay::engine {
namespace {

using testing::Bytes;
using testing::bytes_of;
using testing::counting;
using testing::expect_complaint;
using testing::expect_equal;
using testing::Scratch;

// A file with this header, unpadded, and so many bytes of data.
Bytes file_with(std::string_view header, std::size_t data) {
  Bytes file(8 + header.size() + data);
  const std::uint64_t length = header.size();
  std::memcpy(file.data(), &length, 8);
  std::memcpy(file.data() + 8, header.data(), header.size());
  return file;
}

void refuses(std::string_view header, std::size_t data,
             std::initializer_list<std::string_view> parts) {
  SCOPED_TRACE(header);
  const Bytes file = file_with(header, data);
  const std::string message = expect_complaint([&] { parse_safetensors(file, "x.st"); }, parts);
  EXPECT_EQ(message.rfind("x.st: ", 0), 0u) << message;
}

RC_GTEST_PROP(Safetensors, EveryFrameComesBack, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  SafetensorsFrame frame;
  for (std::uint64_t i = random() % 4; i-- > 0;)
    frame.metadata["k" + std::to_string(random() % 100)] = std::string(random() % 9, '"');
  for (std::uint64_t i = random() % 5; i-- > 0;)
    frame.tensors.push_back(testing::random_tensor(random, "t" + std::to_string(i), true));
  const Bytes bytes = serialize_safetensors(frame);
  RC_ASSERT(serialize_safetensors(frame) == bytes);
  const SafetensorsFrame read = parse_safetensors(bytes, "frame");
  RC_ASSERT(read.metadata == frame.metadata);
  RC_ASSERT(read.tensors.size() == frame.tensors.size());
  for (std::size_t i = 0; i < read.tensors.size(); ++i) {
    const Tensor& t = read.tensors[i];
    RC_ASSERT(t.name == frame.tensors[i].name && t.dtype == frame.tensors[i].dtype);
    RC_ASSERT(t.shape == frame.tensors[i].shape && t.is_contiguous());
    RC_ASSERT(t.bytes == packed(frame.tensors[i]));
  }
  RC_ASSERT(serialize_safetensors(read) == bytes);
}

TEST(Safetensors, TheBytesAreThoseOfTheFormat) {
  SafetensorsFrame frame;
  frame.metadata = {{"op", "forward"}};
  frame.tensors = {counting("h", Dtype::f16, {1}), counting("x", Dtype::f32, {2})};
  const std::string header =
      R"({"__metadata__":{"op":"forward"},"h":{"dtype":"F16","shape":[1],"data_offsets":[8,10]},)"
      R"("x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  Bytes expected = file_with(padded, 10);
  std::memcpy(expected.data() + 8 + padded.size(), "\1\2\3\4\5\6\7\10\1\2", 10);
  EXPECT_TRUE(serialize_safetensors(frame) == expected);
}

TEST(Safetensors, ElementsAreAligned) {
  SafetensorsFrame frame;
  frame.tensors = {counting("u", Dtype::u8, {3}), counting("h", Dtype::f16, {1}),
                   counting("d", Dtype::f64, {2}), counting("f", Dtype::f32, {1})};
  const Bytes bytes = serialize_safetensors(frame);
  for (const Tensor& t : parse_safetensors(bytes, "frame").tensors) {
    const auto found = std::search(bytes.begin(), bytes.end(), t.bytes.begin(), t.bytes.end());
    EXPECT_EQ(static_cast<std::size_t>(found - bytes.begin()) % size_of(t.dtype), 0u) << t.name;
  }
}

TEST(Safetensors, ReadsAnyHeaderOrderAndSpaces) {
  const auto frame =
      parse_safetensors(file_with(R"({"b": {"dtype": "U8", "shape": [2], "data_offsets": [1, 3]},
                    "a": {"dtype": "U8", "shape": [], "data_offsets": [0, 1]},
                    "e": {"dtype": "F64", "shape": [0, 7], "data_offsets": [1, 1]}}   )",
                                  3),
                        "x.st");
  ASSERT_EQ(frame.tensors.size(), 3u);
  EXPECT_EQ(frame.tensors[0].name, "b");
  EXPECT_EQ(frame.find("a")->count(), 1);
  EXPECT_EQ(frame.find("e")->count(), 0);
  EXPECT_EQ(frame.find("z"), nullptr);
}

TEST(Safetensors, RefusesHeadersThatLieAboutTheirLength) {
  const auto parse = [](std::string_view text) {
    return [=] { parse_safetensors(bytes_of(text), "x.st"); };
  };
  expect_complaint(parse(""), {"x.st: header length", "0 bytes"});
  expect_complaint(parse("1234567"), {"header length", "7 bytes"});
  expect_complaint(parse(std::string_view("\x09\0\0\0\0\0\0\0{}", 10)),
                   {"header length", "9 bytes"});
  expect_complaint(parse("\xff\xff\xff\xff\xff\xff\xff\xff{}"), {"header length", "limit"});
  expect_complaint(parse(std::string_view("\0\0\0\0\0\0\0\0{}", 10)), {"header", "'{'"});
  refuses(" {}", 0, {"header", "'{'"});
  refuses("[]", 0, {"header", "'{'"});
  refuses(R"({"a")", 0, {"header", "JSON"});
  refuses("{} x", 0, {"header", "JSON"});
}

TEST(Safetensors, RefusesHolesOverlapsAndRests) {
  const auto two = [](const char* first, const char* second) {
    return R"({"a":{"dtype":"U8","shape":[2],"data_offsets":)" + std::string(first) +
           R"(},"b":{"dtype":"U8","shape":[2],"data_offsets":)" + second + "}}";
  };
  EXPECT_NO_THROW(parse_safetensors(file_with(two("[2,4]", "[0,2]"), 4), "x.st"));
  refuses(two("[0,2]", "[3,5]"), 5, {"/b/data_offsets", "hole"});
  refuses(two("[1,3]", "[3,5]"), 5, {"/a/data_offsets", "hole"});
  refuses(two("[0,2]", "[1,3]"), 3, {"/b/data_offsets", "overlap"});
  refuses(two("[0,2]", "[0,2]"), 2, {"overlap"});
  refuses(two("[0,2]", "[2,4]"), 5, {"data", "1 bytes after the last tensor"});
  refuses(two("[0,2]", "[2,4]"), 3, {"/b/data_offsets", "ends at byte 4", "which has 3"});
  refuses(two("[2,0]", "[0,2]"), 4, {"/a/data_offsets", "before the begin"});
  refuses("{}", 1, {"data", "1 bytes after"});
}

TEST(Safetensors, RefusesSizesThatDoNotFollowFromTheShape) {
  const auto one = [](const char* dtype, const char* shape, const char* offsets) {
    return R"({"a":{"dtype":)" + std::string(dtype) + R"(,"shape":)" + shape +
           R"(,"data_offsets":)" + offsets + "}}";
  };
  EXPECT_NO_THROW(parse_safetensors(file_with(one("\"F32\"", "[2]", "[0,8]"), 8), "x.st"));
  refuses(one("\"F32\"", "[3]", "[0,8]"), 8, {"/a/data_offsets", "(3,)", "needs 12", "give 8"});
  refuses(one("\"F32\"", "[-2]", "[0,8]"), 8, {"/a/shape/0", "-2"});
  refuses(one("\"F32\"", "[2.0]", "[0,8]"), 8, {"/a/shape/0"});
  refuses(one("\"F32\"", "[9223372036854775808]", "[0,8]"), 8, {"/a/shape/0"});
  refuses(one("\"F32\"", "[4294967296,4294967296]", "[0,0]"), 0, {"/a/shape", "too large"});
  refuses(one("\"U8\"", "[0,9223372036854775807,2]", "[0,0]"), 0, {"/a/shape", "too large"});
  refuses(one("\"F33\"", "[2]", "[0,8]"), 8, {"/a/dtype", "'F33'", "BF16"});
  refuses(one("4", "[2]", "[0,8]"), 8, {"/a/dtype", "expected a string"});
  refuses(one("\"F32\"", "2", "[0,8]"), 8, {"/a/shape", "expected an array"});
  refuses(one("\"F32\"", "[[2]]", "[0,8]"), 8, {"deeper than 3"});
  refuses(one("\"F32\"", "[2]", "[0,8,8]"), 8, {"/a/data_offsets", "two offsets, found 3"});
  refuses(one("\"F32\"", "[2]", "[-8,0]"), 8, {"/a/data_offsets/0"});
  std::string deep = "[1";
  for (int i = 0; i < 64; ++i) deep += ",1";
  refuses(one("\"F32\"", (deep + "]").c_str(), "[0,4]"), 4, {"/a/shape"});
}

TEST(Safetensors, RefusesStrangeEntriesAndMetadata) {
  refuses(R"({"a":{"dtype":"U8","shape":[]}})", 0, {"/a", "'data_offsets' is missing"});
  refuses(R"({"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"z":1}})", 1,
          {"unknown field 'z'"});
  refuses(R"({"a":1})", 0, {"/a", "expected an object"});
  refuses(R"({"__metadata__":{"k":1}})", 0, {"/__metadata__/k", "expected a string"});
  refuses(R"({"__metadata__":[]})", 0, {"/__metadata__", "expected an object"});
  refuses(R"({"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},)"
          R"("a":{"dtype":"U8","shape":[],"data_offsets":[1,2]}})",
          2, {"'a'", "twice"});
  refuses("{\"a" + std::string(100000, '[') + "\":" + std::string(100000, '['), 0, {"deeper"});
}

TEST(Safetensors, WillNotWriteWhatCannotBeRead) {
  const auto write = [](std::vector<Tensor> tensors) {
    return [=] { serialize_safetensors({{}, tensors}); };
  };
  const Tensor x = counting("x", Dtype::f32, {2});
  expect_complaint(write({x, x}), {"'x'", "twice"});
  expect_complaint(write({counting("__metadata__", Dtype::u8, {1})}), {"reserved"});
  expect_complaint(write({counting("\xff", Dtype::u8, {1})}), {"UTF-8"});
  expect_complaint([] { serialize_safetensors({{{"k", "\xff"}}, {}}); }, {"UTF-8"});
  Tensor shorter = x;
  shorter.bytes.pop_back();
  expect_complaint(write({shorter}), {"'x'", "7 bytes"});
  Tensor negative = x;
  negative.shape = {-2};
  expect_complaint(write({negative}), {"'x'", "(-2,)"});
  Tensor flat = x;
  flat.strides = {};
  expect_complaint(write({flat}), {"'x'", "0 strides"});
}

TEST(Safetensors, FilesAreReadAndWritten) {
  const Scratch scratch;
  const SafetensorsFrame frame{{{"a", "b"}}, {counting("t", Dtype::bf16, {2, 3})}};
  write_safetensors(scratch / "f.safetensors", frame);
  const auto read = read_safetensors(scratch / "f.safetensors");
  EXPECT_EQ(read.metadata, frame.metadata);
  expect_equal(read.tensors.at(0), frame.tensors[0]);
  expect_complaint([&] { read_safetensors(scratch / "none"); }, {scratch / "none", "No such file"});
}

// Written by the official library (safetensors 0.4.5, safetensors.numpy.save).
TEST(Safetensors, ReadsWhatTheOfficialLibraryWrites) {
  const auto frame =
      read_safetensors(ASSAY_SOURCE_DIR "/tests/fuzz/corpus/fuzz_safetensors/official.safetensors");
  EXPECT_EQ(frame.metadata.at("note"), "two views");
  const Tensor* a = frame.find("a");
  const Tensor* n = frame.find("n");
  ASSERT_TRUE(a && n);
  EXPECT_EQ(a->dtype, Dtype::f32);
  EXPECT_EQ(a->shape, (std::vector<std::int64_t>{2, 3}));
  for (int i = 0; i < 6; ++i) EXPECT_EQ(a->as<float>()[i], static_cast<float>(i) / 4);
  EXPECT_EQ(n->dtype, Dtype::i64);
  EXPECT_EQ(n->as<std::int64_t>()[1], -7);
}

}  // namespace
}  // namespace assay::engine
