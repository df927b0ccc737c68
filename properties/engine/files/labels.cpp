// SPDX-License-Identifier: Apache-2.0
// Labels and masks from .npy files.
#include "properties/engine/files/labels.hpp"

#include <cstring>
#include <limits>

#include "properties/engine/files/atomic_file.hpp"
#include "properties/engine/files/layout.hpp"
#include "properties/engine/files/npy.hpp"
#include "properties/engine/files/text.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::engine {
namespace {

template <class Integer>
std::int64_t element_as(const Tensor& t, std::size_t index, const std::string& source) {
  Integer value;
  std::memcpy(&value, t.bytes.data() + index * sizeof value, sizeof value);
  if constexpr (sizeof(Integer) == 8)
    if (value > static_cast<Integer>(std::numeric_limits<std::int64_t>::max()))
      throw InputError(source, "element " + std::to_string(index),
                       std::to_string(value) + " is more than 2^63 - 1");
  return static_cast<std::int64_t>(value);
}

std::int64_t integer_at(const Tensor& t, std::size_t index, const std::string& source) {
  switch (t.dtype) {
    case Dtype::u8: return element_as<std::uint8_t>(t, index, source);
    case Dtype::i32: return element_as<std::int32_t>(t, index, source);
    case Dtype::u32: return element_as<std::uint32_t>(t, index, source);
    case Dtype::i64: return element_as<std::int64_t>(t, index, source);
    default: return element_as<std::uint64_t>(t, index, source);
  }
}

Tensor read_integers(const std::string& path, const char* what) {
  Tensor t = read_npy(path);  // row-major without padding
  if (is_float(t.dtype))
    throw InputError(shown_path(path), "",
                     std::string(what) + " are integers or bools, but the dtype is " +
                         std::string(name_of(t.dtype)));
  return t;
}

}  // namespace

std::vector<std::int64_t> load_labels(const std::string& path, std::int64_t samples) {
  const Tensor t = read_integers(path, "labels");
  const std::string source = shown_path(path);
  if (t.shape.size() != 1 || (t.shape[0] != samples && t.shape[0] != 2 * samples))
    throw InputError(source, "",
                     "expected shape " + shape_text({samples}) + " or " +
                         shape_text({2 * samples}) + " for " + std::to_string(samples) +
                         " pairs, found " + shape_text(t.shape));
  std::vector<std::int64_t> labels;
  for (std::size_t i = 0; i < static_cast<std::size_t>(t.count()); ++i)
    labels.push_back(integer_at(t, i, source));
  return labels;
}

std::vector<std::uint8_t> load_mask(const std::string& path, std::int64_t rows,
                                    std::int64_t columns) {
  const Tensor t = read_integers(path, "masks");
  if (t.shape != std::vector<std::int64_t>{rows, columns})
    throw InputError(shown_path(path), "",
                     "expected a mask of shape " + shape_text({rows, columns}) + ", found " +
                         shape_text(t.shape));
  std::vector<std::uint8_t> mask;
  const std::size_t size = size_of(t.dtype);
  for (std::size_t at = 0; at < t.bytes.size(); at += size) {
    bool nonzero = false;
    for (std::size_t k = 0; k < size; ++k) nonzero |= t.bytes[at + k] != std::byte{0};
    mask.push_back(nonzero ? 1 : 0);
  }
  return mask;
}

}  // namespace assay::engine
