// SPDX-License-Identifier: Apache-2.0
// Sizes and layouts of tensors that come from outside: every product is checked.
#include "properties/engine/files/layout.hpp"

#include <algorithm>
#include <cstring>

namespace assay::engine {

std::optional<std::int64_t> dense_bytes(const std::vector<std::int64_t>& shape, Dtype dtype) {
  if (shape.size() > max_rank) return std::nullopt;
  auto bytes = static_cast<std::int64_t>(size_of(dtype));
  bool empty = false;
  for (std::int64_t extent : shape) {
    if (extent < 0) return std::nullopt;
    empty = empty || extent == 0;
    if (__builtin_mul_overflow(bytes, std::max<std::int64_t>(extent, 1), &bytes))
      return std::nullopt;
  }
  return empty ? 0 : bytes;
}

std::optional<std::int64_t> spanned_elements(const std::vector<std::int64_t>& shape,
                                             const std::vector<std::int64_t>& strides) {
  if (shape.size() != strides.size()) return std::nullopt;
  std::int64_t last = 0;
  bool empty = false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 0 || strides[i] < 0) return std::nullopt;
    empty = empty || shape[i] == 0;
    std::int64_t step = 0;
    if (__builtin_mul_overflow(std::max<std::int64_t>(shape[i], 1) - 1, strides[i], &step) ||
        __builtin_add_overflow(last, step, &last))
      return std::nullopt;
  }
  std::int64_t count = 0;
  if (__builtin_add_overflow(last, std::int64_t{1}, &count)) return std::nullopt;
  return empty ? 0 : count;
}

namespace {

// Elements up to the end of the outermost step: what a buffer of whole (padded) rows holds.
std::int64_t whole_steps(const Tensor& t, std::int64_t spanned) {
  std::int64_t most = spanned;
  for (std::size_t i = 0; i < t.shape.size(); ++i) {
    std::int64_t whole = 0;
    if (!__builtin_mul_overflow(t.shape[i], t.strides[i], &whole)) most = std::max(most, whole);
  }
  return most;
}

}  // namespace

std::string layout_fault(const Tensor& t) {
  if (!dense_bytes(t.shape, t.dtype))
    return "shape " + shape_text(t.shape) + " has a negative extent or is too large";
  if (t.strides.size() != t.shape.size())
    return "has " + std::to_string(t.strides.size()) + " strides for shape " + shape_text(t.shape);
  const auto spanned = spanned_elements(t.shape, t.strides);
  if (!spanned) return "strides " + shape_text(t.strides) + " are negative or too large";
  const auto size = static_cast<std::int64_t>(size_of(t.dtype));
  const auto have = static_cast<std::int64_t>(t.bytes.size());
  if (have % size != 0 || have / size < *spanned || have / size > whole_steps(t, *spanned))
    return "shape " + shape_text(t.shape) + " with strides " + shape_text(t.strides) + " spans " +
           std::to_string(*spanned) + " elements of " + std::to_string(size) +
           " bytes, but there are " + std::to_string(have) + " bytes";
  return {};
}

std::vector<std::byte> packed(const Tensor& t) {
  const auto total = static_cast<std::size_t>(dense_bytes(t.shape, t.dtype).value());
  const std::size_t size = size_of(t.dtype);
  if (t.is_contiguous())
    return {t.bytes.begin(), t.bytes.begin() + static_cast<std::ptrdiff_t>(total)};
  std::vector<std::byte> out(total);
  const std::size_t rank = t.shape.size();
  std::vector<std::int64_t> index(rank, 0);
  std::int64_t source = 0;  // element offset of `index`
  for (std::size_t at = 0; at < total; at += size) {
    std::memcpy(out.data() + at, t.bytes.data() + static_cast<std::size_t>(source) * size, size);
    for (std::size_t axis = rank; axis-- > 0;) {  // an odometer, last axis fastest
      if (index[axis] + 1 < t.shape[axis]) {
        ++index[axis];
        source += t.strides[axis];
        break;
      }
      source -= t.strides[axis] * index[axis];
      index[axis] = 0;
    }
  }
  return out;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i == 8 && shape.size() > 9) return text + ", ...)";
    text += (i ? ", " : "") + std::to_string(shape[i]);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

}  // namespace assay::engine
