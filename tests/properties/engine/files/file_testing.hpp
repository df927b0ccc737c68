// SPDX-License-Identifier: Apache-2.0
// What the tests of files share: byte literals, scratch directories, expected complaints.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::engine::testing {

using Bytes = std::vector<std::byte>;

inline Bytes bytes_of(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}
inline std::string text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The message of the InputError that `action` must throw; it has one line and names all `parts`.
inline std::string expect_complaint(const std::function<void()>& action,
                                    std::initializer_list<std::string_view> parts) {
  try {
    action();
  } catch (const InputError& e) {
    const std::string message = e.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    for (const std::string_view part : parts)
      EXPECT_NE(message.find(part), std::string::npos) << "'" << part << "' not in: " << message;
    return message;
  }
  ADD_FAILURE() << "no complaint; expected one about " << *parts.begin();
  return {};
}

/// A directory of its own, removed with all it holds.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "assay-files-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("no scratch directory");
    path_ = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string path() const { return path_.string(); }
  std::size_t entries() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& e : std::filesystem::directory_iterator(path_)) ++count;
    return count;
  }

 private:
  std::filesystem::path path_;
};

/// A tensor with bytes 1, 2, 3, ..., so that every misplaced byte shows.
inline Tensor counting(const std::string& name, Dtype dtype, std::vector<std::int64_t> shape) {
  Tensor t = Tensor::contiguous(name, dtype, std::move(shape));
  for (std::size_t i = 0; i < t.bytes.size(); ++i) t.bytes[i] = static_cast<std::byte>(i % 251 + 1);
  return t;
}

inline void expect_equal(const Tensor& x, const Tensor& y) {
  EXPECT_EQ(x.name, y.name);
  EXPECT_EQ(x.dtype, y.dtype);
  EXPECT_EQ(x.shape, y.shape);
  EXPECT_EQ(x.strides, y.strides);
  EXPECT_TRUE(x.bytes == y.bytes) << "bytes of " << x.name;
}

/// A tensor drawn from a seed: any dtype, rank 0 to 3, sometimes empty, sometimes with padded rows.
inline Tensor random_tensor(std::mt19937_64& random, const std::string& name, bool strided) {
  constexpr Dtype dtypes[] = {Dtype::f16, Dtype::bf16, Dtype::f32, Dtype::f64, Dtype::u8,
                              Dtype::i32, Dtype::i64,  Dtype::u32, Dtype::u64};
  Tensor t;
  t.name = name;
  t.dtype = dtypes[random() % std::size(dtypes)];
  const std::size_t rank = random() % 4;
  for (std::size_t i = 0; i < rank; ++i) t.shape.push_back(static_cast<std::int64_t>(random() % 4));
  t.strides = contiguous_strides(t.shape);
  std::int64_t last = 0;
  for (std::size_t i = 0; i < rank; ++i) {
    if (strided && i + 1 < rank) t.strides[i] = t.strides[i] * 2 + 1;
    last += (t.shape[i] - 1) * t.strides[i];
  }
  const std::int64_t elements = t.count() == 0 ? 0 : last + 1;
  t.bytes.resize(static_cast<std::size_t>(elements) * size_of(t.dtype));
  for (std::byte& b : t.bytes) b = static_cast<std::byte>(random());
  return t;
}

}  // namespace assay::engine::testing
