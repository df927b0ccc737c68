// SPDX-License-Identifier: Apache-2.0
// .npy: what NumPy writes is read, what is written reads back, and every lie is found.
#include "properties/engine/files/npy.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdio>
#include <cstring>

#include "file_testing.hpp"
#include "properties/engine/files/atomic_file.hpp"
#include "properties/engine/files/layout.hpp"
#include "properties/engine/files/npy_header.hpp"

namespace assay::engine {
namespace {

using testing::Bytes;
using testing::counting;
using testing::expect_complaint;
using testing::expect_equal;
using testing::Scratch;

Bytes file_with(std::string_view header, std::size_t data, int major = 1) {
  std::string text("\x93NUMPY", 6);
  text += static_cast<char>(major);
  text += '\0';
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i)
    text += static_cast<char>(header.size() >> (8 * i) & 255);
  text += header;
  Bytes bytes = testing::bytes_of(text);
  for (std::size_t i = 0; i < data; ++i) bytes.push_back(static_cast<std::byte>(i % 251 + 1));
  return bytes;
}

std::string header(const char* descr, const char* order, const char* shape) {
  return "{'descr': " + std::string(descr) + ", 'fortran_order': " + order + ", 'shape': " + shape +
         ", }";
}

void refuses(const std::string& text, std::size_t data,
             std::initializer_list<std::string_view> parts, int major = 1) {
  SCOPED_TRACE(text);
  const Bytes file = file_with(text, data, major);
  const std::string message = expect_complaint([&] { parse_npy(file, "x.npy"); }, parts);
  EXPECT_EQ(message.rfind("x.npy: ", 0), 0u) << message;
}

RC_GTEST_PROP(Npy, EveryArrayComesBack, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  Tensor t = testing::random_tensor(random, "", true);
  if (t.dtype == Dtype::bf16) t.dtype = Dtype::f16;
  const Bytes file = serialize_npy(t);
  const Tensor read = parse_npy(file, "array");
  RC_ASSERT(read.dtype == t.dtype && read.shape == t.shape && read.is_contiguous());
  RC_ASSERT(read.bytes == packed(t));
  RC_ASSERT((file.size() - read.bytes.size()) % 64 == 0u);
}

TEST(Npy, ReadsEveryVersionAndDtype) {
  const struct {
    const char* descr;
    Dtype dtype;
  } known[] = {{"'<f2'", Dtype::f16}, {"'<f4'", Dtype::f32}, {"'<f8'", Dtype::f64},
               {"'<i4'", Dtype::i32}, {"'<i8'", Dtype::i64}, {"'<u4'", Dtype::u32},
               {"'<u8'", Dtype::u64}, {"\"|u1\"", Dtype::u8}};
  for (int major : {1, 2, 3})
    for (const auto& [descr, dtype] : known) {
      const Bytes file = file_with(header(descr, "False", "(2, 3)"), 6 * size_of(dtype), major);
      expect_equal(parse_npy(file, "x.npy"), counting("", dtype, {2, 3}));
    }
}

TEST(Npy, ReadsBoolsAsBytesThatAre0Or1) {
  Bytes file = file_with(header("'|b1'", "False", "(3,)"), 3);
  for (std::size_t i = 0; i < 3; ++i) file[file.size() - 3 + i] = static_cast<std::byte>(i % 2);
  const Tensor t = parse_npy(file, "x.npy");
  EXPECT_EQ(t.dtype, Dtype::u8);
  EXPECT_EQ(t.bytes, (Bytes{std::byte{0}, std::byte{1}, std::byte{0}}));
  file.back() = std::byte{255};
  expect_complaint([&] { parse_npy(file, "x.npy"); }, {"x.npy", "byte 2", "not 255"});
}

TEST(Npy, ReadsAnySpellingOfTheHeader) {
  for (const char* text :
       {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
        "{'shape':(3,),'descr':\"<f4\",'fortran_order':False}",
        "  {  'fortran_order'\t:\nFalse , \"shape\" : ( 3 , ) , 'descr' : '<f4' , }  \n",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (3L,)}"})
    EXPECT_EQ(parse_npy(file_with(text, 12), "x.npy").shape, std::vector<std::int64_t>{3}) << text;
  EXPECT_TRUE(parse_npy(file_with(header("'<f4'", "False", "()"), 4), "x").shape.empty());
  EXPECT_EQ(parse_npy(file_with(header("'<f4'", "False", "(2, 0, 3,)"), 0), "x").count(), 0);
}

TEST(Npy, FortranOrderIsTransposed) {
  const Tensor t = parse_npy(file_with(header("'|u1'", "True", "(2, 3)"), 6), "x.npy");
  EXPECT_TRUE(t.is_contiguous());
  EXPECT_TRUE(t.bytes == testing::bytes_of("\1\3\5\2\4\6"));
  const Tensor cube = parse_npy(file_with(header("'|u1'", "True", "(2, 2, 2)"), 8), "x.npy");
  EXPECT_TRUE(cube.bytes == testing::bytes_of("\1\5\3\7\2\6\4\10"));
}

TEST(Npy, RefusesWhatIsNoNpyFile) {
  const auto parse = [](std::string_view text) {
    return [=] { parse_npy(testing::bytes_of(text), "x.npy"); };
  };
  expect_complaint(parse(""), {"x.npy: byte 0", "magic"});
  expect_complaint(parse("\x93NUMPX\1\0"), {"magic"});
  expect_complaint(parse("\x93NUMPY\1"), {"version", "ends here"});
  expect_complaint(parse(std::string_view("\x93NUMPY\1\0\x10", 9)), {"header length", "ends here"});
  expect_complaint(parse(std::string_view("\x93NUMPY\4\0\0\0", 10)), {"version", "4.0"});
  expect_complaint(parse(std::string_view("\x93NUMPY\1\1\0\0", 10)), {"version", "1.1"});
  expect_complaint(parse(std::string_view("\x93NUMPY\1\0\x10\0{}", 12)),
                   {"header length", "16 bytes", "only 2"});
  expect_complaint(parse(std::string_view("\x93NUMPY\2\0\xff\xff\xff\xff{}", 14)),
                   {"header length", "4294967295"});
}

TEST(Npy, RefusesEveryOtherDtypeWithItsReason) {
  refuses(header("'>f4'", "False", "(1,)"), 4, {"'>f4'", "big-endian"});
  refuses(header("'|O'", "False", "(1,)"), 8, {"'|O'", "pickled"});
  refuses(header("[('x', '<f4')]", "False", "(1,)"), 4, {"header: byte 10", "structured"});
  for (const char* descr : {"'<c8'", "'<U3'", "'f4'", "''", "'<f16'", "'|V2'"})
    refuses(header(descr, "False", "(1,)"), 16, {"descr", "known are"});
}

TEST(Npy, RefusesHeadersThatAreNoDictionaryOfThree) {
  refuses("", 0, {"header: byte 0", "dictionary", "the end"});
  refuses("[]", 0, {"header: byte 0", "dictionary"});
  refuses("{}", 0, {"'descr' is missing"});
  refuses("{'descr': '<f4', 'shape': ()}", 4, {"'fortran_order' is missing"});
  refuses("{'descr': '<f4', 'fortran_order': False}", 4, {"'shape' is missing"});
  refuses(header("'<f4'", "False", "()") + "x", 4, {"nothing after", "'x'"});
  refuses("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", 4,
          {"header: byte 17", "'descr'", "twice"});
  refuses("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}", 4, {"unknown key 'x'"});
  refuses("{'descr': '<f4' 'fortran_order': False, 'shape': ()}", 4, {"',' or '}'"});
  refuses("{'descr': '<f4', 'fortran_order': false, 'shape': ()}", 4, {"True or False"});
  refuses("{'descr': '<f4', 'fortran_order': 0, 'shape': ()}", 4, {"True or False"});
  refuses("{'descr': '<f4\\'', 'fortran_order': False, 'shape': ()}", 4, {"without escapes"});
  refuses("{'descr': '<f4", 4, {"does not end"});
  refuses("{descr: '<f4'}", 4, {"a key in quotes"});
  refuses(std::string("{'descr': '<f4', 'fortran_order': False, 'shape': ()}\0", 54), 4,
          {"nothing after", "\\x00"});
}

TEST(Npy, RefusesShapesThatAreNoTuplesOfExtents) {
  for (const char* shape : {"(3)", "3", "[3]", "(3 3)", "(,)", "(3,,)", "(-3,)", "(3.0,)", "(03,)",
                            "(1_0,)", "(3,", "(", "(None,)", "(3,)L", "('3',)", "(0x3,)"})
    refuses(header("'<f4'", "False", shape), 12, {"header: byte"});
  refuses(header("'<f4'", "False", "(3L,)"), 12, {"',' or ')'"}, 3);
  refuses(header("'<f4'", "False", "(9223372036854775808,)"), 12, {"too large"});
  refuses(header("'<f4'", "False", "(9223372036854775807,)"), 12, {"too large"});
  refuses(header("'<f4'", "False", "(4294967296, 4294967296)"), 0, {"too large"});
  refuses(header("'|u1'", "True", "(0, 9223372036854775807, 2)"), 0, {"too large"});
  std::string many = "(";
  for (int i = 0; i < 65; ++i) many += "1,";
  refuses(header("'<f4'", "False", (many + ")").c_str()), 4, {"at most 64"});
}

TEST(Npy, RefusesTooFewAndTooManyBytes) {
  refuses(header("'<f4'", "False", "(3, 4)"), 40,
          {"data", "shape (3, 4) of <f4 needs 48 bytes, the file has 40"});
  refuses(header("'<f4'", "False", "(3, 4)"), 49, {"needs 48 bytes, the file has 49"});
}

TEST(Npy, WillNotWriteWhatCannotBeRead) {
  expect_complaint([] { serialize_npy(counting("x", Dtype::bf16, {1})); }, {"'x'", "bf16"});
  Tensor t = counting("x", Dtype::f32, {2});
  t.bytes.pop_back();
  expect_complaint([&] { serialize_npy(t); }, {"'x'", "7 bytes"});
}

// Files written by NumPy 1.24 with numpy.save and numpy.lib.format.write_array.
TEST(Npy, ReadsWhatNumpyWrites) {
  const std::string corpus = ASSAY_SOURCE_DIR "/tests/fuzz/corpus/fuzz_npy/";
  const Tensor c = read_npy(corpus + "float32.npy");
  const Tensor f = read_npy(corpus + "fortran.npy");
  EXPECT_EQ(c.dtype, Dtype::f32);
  EXPECT_EQ(c.shape, (std::vector<std::int64_t>{2, 3}));
  for (int i = 0; i < 6; ++i) EXPECT_EQ(c.as<float>()[i], static_cast<float>(i) / 4);
  expect_equal(c, f);
  const Tensor h = read_npy(corpus + "half-version-2.npy");
  EXPECT_EQ(h.dtype, Dtype::f16);
  EXPECT_EQ(h.as<std::uint16_t>()[0], 0x3c00);
  EXPECT_EQ(read_npy(corpus + "scalar-version-3.npy").as<double>()[0], 0.1);
}

TEST(Npy, NumpyReadsWhatIsWritten) {
  if (std::system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") != 0)
    GTEST_SKIP() << "no NumPy for /usr/bin/python3 (Debian: python3-numpy)";
  const Scratch scratch;
  Tensor t = Tensor::of_floats("", {2, 2}, {0.5f, 1.5f, 2.5f, 3.5f});
  write_npy(scratch / "t.npy", t);
  const std::string check =
      "/usr/bin/python3 -c \"import numpy, sys; a = numpy.load(sys.argv[1]); sys.exit(not "
      "(a.dtype == numpy.float32 and a.tolist() == [[.5, 1.5], [2.5, 3.5]]))\" " +
      (scratch / "t.npy");
  EXPECT_EQ(std::system(check.c_str()), 0);
}

}  // namespace
}  // namespace assay::engine
