// SPDX-License-Identifier: Apache-2.0
// Embeddings: each accepted form gives the two views; each rejected one a reason.
#include "properties/engine/files/embeddings.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "file_testing.hpp"
#include "properties/engine/files/atomic_file.hpp"
#include "properties/engine/files/npy.hpp"
#include "properties/engine/files/safetensors.hpp"

namespace assay::engine {
namespace {

using testing::counting;
using testing::expect_complaint;
using testing::expect_equal;
using testing::Scratch;

const std::vector<float> numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
const Tensor view_a = Tensor::of_floats("a", {2, 3}, {0, 1, 2, 3, 4, 5});
const Tensor view_b = Tensor::of_floats("b", {2, 3}, {6, 7, 8, 9, 10, 11});

Tensor renamed(Tensor t, const std::string& name) {
  t.name = name;
  return t;
}

class EmbeddingFiles : public ::testing::Test {
 protected:
  std::string npy(const std::string& name, const Tensor& t) {
    write_npy(scratch_ / name, t);
    return scratch_ / name;
  }
  std::string safetensors(const std::string& name, const std::vector<Tensor>& tensors) {
    write_safetensors(scratch_ / name, {{}, tensors});
    return scratch_ / name;
  }
  void refuses(const std::string& path, std::initializer_list<std::string_view> parts) {
    const std::string message = expect_complaint([&] { load_embeddings(path); }, parts);
    EXPECT_EQ(message.rfind(path, 0), 0u) << message;
  }
  void expect_views(const Embeddings& e) {
    expect_equal(e.a, view_a);
    expect_equal(e.b, view_b);
  }
  const Scratch scratch_;
};

TEST_F(EmbeddingFiles, EveryFormGivesTheSameViews) {
  expect_views(load_embeddings(safetensors("ab", {view_a, view_b})));
  expect_views(load_embeddings(safetensors("ba", {view_b, view_a})));
  expect_views(load_embeddings(safetensors("qk", {renamed(view_a, "q"), renamed(view_b, "k")})));
  expect_views(load_embeddings(npy("stacked", Tensor::of_floats("", {2, 2, 3}, numbers))));
  expect_views(load_embeddings(npy("concatenated", Tensor::of_floats("", {4, 3}, numbers))));
  expect_views(load_embeddings(npy("a.npy", view_a), npy("b.npy", view_b)));
  expect_views(load_embeddings(npy("a.npy", view_a), safetensors("one", {renamed(view_b, "z")})));
}

TEST_F(EmbeddingFiles, TwoRowsOfThreeAxesAreTwoViews) {
  const auto e = load_embeddings(npy("x", Tensor::of_floats("", {2, 1, 3}, {1, 2, 3, 4, 5, 6})));
  EXPECT_EQ(e.a.shape, (std::vector<std::int64_t>{1, 3}));
  EXPECT_EQ(e.b.as<float>()[0], 4);
}

TEST_F(EmbeddingFiles, LabelsComeWithTheViewsWhereTheyAreAskedFor) {
  Tensor labels = Tensor::contiguous("labels", Dtype::i64, {2});
  labels.as<std::int64_t>()[0] = -3;
  labels.as<std::int64_t>()[1] = std::int64_t{1} << 40;
  const std::string path = safetensors("labelled", {view_a, labels, view_b});
  const LabelledEmbeddings found = load_labelled_embeddings(path);
  expect_views(found.embeddings);
  EXPECT_EQ(found.labels, (std::vector<std::int64_t>{-3, std::int64_t{1} << 40}));
  refuses(path, {"exactly the tensors a and b", "'labels'"});  // who does not use labels says so
  for (const std::string& bare : {safetensors("bare", {view_a, view_b}),
                                  npy("bare.npy", Tensor::of_floats("", {2, 2, 3}, numbers))}) {
    expect_views(load_labelled_embeddings(bare).embeddings);
    EXPECT_TRUE(load_labelled_embeddings(bare).labels.empty());
  }
  const auto refused = [&](const Tensor& bad, std::initializer_list<std::string_view> parts) {
    const std::string file = safetensors("bad", {view_a, view_b, bad});
    expect_complaint([&] { load_labelled_embeddings(file); }, parts);
  };
  refused(Tensor::contiguous("labels", Dtype::i32, {2}), {"'labels'", "i64", "i32"});
  refused(Tensor::contiguous("labels", Dtype::i64, {2, 1}), {"'labels'", "(2, 1)"});
  refused(Tensor::contiguous("labels", Dtype::i64, {3}), {"3 labels for 2 samples"});
  refused(Tensor::contiguous("labels", Dtype::i64, {0}), {"0 labels for 2 samples"});
  refused(Tensor::contiguous("label", Dtype::i64, {2}), {"exactly the tensors a and b"});
}

TEST_F(EmbeddingFiles, DoublesStayDoubles) {
  const auto e = load_embeddings(
      safetensors("d", {counting("a", Dtype::f64, {1, 2}), counting("b", Dtype::f64, {1, 2})}));
  EXPECT_EQ(e.a.dtype, Dtype::f64);
  EXPECT_EQ(e.a.bytes.size(), 16u);
}

// The value of a half by its definition: (-1)^s * 2^(e-15) * 1.f, or 2^-14 * 0.f for e = 0.
double value_of_half(unsigned bits) {
  const int exponent = static_cast<int>(bits >> 10 & 31);
  const double fraction = bits & 1023;
  const double magnitude =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return bits >> 15 ? -magnitude : magnitude;
}

TEST_F(EmbeddingFiles, EveryHalfIsWidenedExactly) {
  Tensor halves = Tensor::contiguous("", Dtype::f16, {65536, 1});
  for (unsigned i = 0; i < 65536; ++i)
    halves.as<std::uint16_t>()[i] = static_cast<std::uint16_t>(i);
  const auto e = load_embeddings(npy("h", halves));
  EXPECT_EQ(e.a.dtype, Dtype::f32);
  for (unsigned i = 0; i < 65536; ++i) {
    const float wide = (i < 32768 ? e.a : e.b).as<float>()[i % 32768];
    if ((i >> 10 & 31) == 31) {
      EXPECT_EQ((i & 1023) != 0, std::isnan(wide)) << i;
      EXPECT_EQ((i & 1023) == 0, std::isinf(wide)) << i;
      EXPECT_EQ(i >> 15, std::bit_cast<std::uint32_t>(wide) >> 31) << i;
    } else {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(wide),
                std::bit_cast<std::uint32_t>(static_cast<float>(value_of_half(i))))
          << i;
    }
  }
}

TEST_F(EmbeddingFiles, BrainFloatsAreWidenedExactly) {
  Tensor a = Tensor::contiguous("a", Dtype::bf16, {1, 2});
  a.as<std::uint16_t>()[0] = 0x3f80;
  a.as<std::uint16_t>()[1] = 0xc049;
  const auto e = load_embeddings(safetensors("bf", {a, renamed(a, "b")}));
  EXPECT_EQ(e.a.as<float>()[0], 1.0f);
  EXPECT_EQ(e.b.as<float>()[1], -3.140625f);
}

TEST_F(EmbeddingFiles, RejectsWithTheReason) {
  refuses(npy("odd", Tensor::of_floats("", {3, 1}, {1, 2, 3})), {"odd number of rows", "(3, 1)"});
  refuses(npy("flat", Tensor::of_floats("", {4}, {1, 2, 3, 4})), {"found (4,)"});
  refuses(npy("three", Tensor::of_floats("", {3, 1, 1}, {1, 2, 3})), {"found (3, 1, 1)"});
  refuses(npy("no-rows", Tensor::contiguous("", Dtype::f32, {2, 0, 3})), {"empty", "(2, 0, 3)"});
  refuses(npy("no-columns", Tensor::contiguous("", Dtype::f32, {4, 0})), {"empty", "(4, 0)"});
  refuses(npy("int", counting("", Dtype::i32, {2, 3})), {"floating-point", "i32"});
  refuses(safetensors("names", {renamed(view_a, "x"), renamed(view_b, "y")}),
          {"a and b", "found 'x', 'y'"});
  refuses(safetensors("more", {view_a, view_b, renamed(view_b, "c")}), {"found 'a', 'b', 'c'"});
  refuses(safetensors("mixed", {view_a, renamed(view_b, "k")}), {"found 'a', 'k'"});
  refuses(safetensors("none", {}), {"found none"});
  refuses(safetensors("shapes", {view_a, Tensor::of_floats("b", {3, 2}, {1, 2, 3, 4, 5, 6})}),
          {"different shapes", "(2, 3)", "(3, 2)"});
  refuses(safetensors("dtypes", {view_a, counting("b", Dtype::f64, {2, 3})}),
          {"different dtypes", "f32", "f64"});
  refuses(safetensors("rank", {Tensor::of_floats("a", {6}, {1, 2, 3, 4, 5, 6}), view_b}),
          {"tensor 'a'", "(N, d)", "(6,)"});
  refuses(
      safetensors("bytes", {counting("a", Dtype::u8, {2, 3}), counting("b", Dtype::u8, {2, 3})}),
      {"floating-point", "u8"});
}

TEST_F(EmbeddingFiles, RejectsPairsOfFilesThatDoNotMatch) {
  const std::string a = npy("a.npy", view_a);
  const auto pair = [&](const std::string& second) { return [=] { load_embeddings(a, second); }; };
  expect_complaint(pair(npy("t", Tensor::of_floats("", {3, 2}, {1, 2, 3, 4, 5, 6}))),
                   {a, "different shapes"});
  expect_complaint(pair(npy("d", counting("", Dtype::f64, {2, 3}))), {"different dtypes"});
  expect_complaint(pair(npy("r", Tensor::of_floats("", {1, 2, 3}, {1, 2, 3, 4, 5, 6}))),
                   {scratch_ / "r", "(N, d)"});
  expect_complaint(pair(safetensors("two", {view_a, view_b})), {"single tensor", "'a', 'b'"});
  expect_complaint(pair(scratch_ / "missing"), {scratch_ / "missing", "No such file"});
}

TEST_F(EmbeddingFiles, RejectsWhatIsNoFileOfEitherKind) {
  refuses(scratch_ / "missing.npy", {"No such file"});
  refuses(scratch_.path(), {"is a directory"});
  const auto file = [&](const std::string& name, std::string_view text) {
    write_file_atomically(scratch_ / name, text);
    return scratch_ / name;
  };
  refuses(file("text", "hello, world"), {"neither"});
  refuses(file("empty", ""), {"neither"});
  refuses(file("empty.npy", ""), {"byte 0", "magic"});
  refuses(file("cut.safetensors", "\x40"), {"header length"});
  refuses(file("x.npz", "PK\x03\x04 and so on"), {"zip archive"});
}

}  // namespace
}  // namespace assay::engine
