// SPDX-License-Identifier: Apache-2.0
// Tensors: a view that owns nothing, and a contiguous or strided tensor that owns its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "core/dtype.hpp"

namespace assay {

/// A strided view of elements that somebody else owns. Strides count elements and are never absent.
struct TensorView {
  const std::byte* data = nullptr;
  Dtype dtype = Dtype::f32;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
};

/// Number of elements of a shape; 1 for a scalar (empty shape).
inline std::int64_t element_count(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (std::int64_t extent : shape) count *= extent;
  return count;
}

/// Strides, in elements, of a row-major contiguous layout.
inline std::vector<std::int64_t> contiguous_strides(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

/// A named tensor that owns its bytes. `strides` count elements; `bytes` spans from the first to
/// the last addressed element (with padding in between where the layout is not contiguous).
struct Tensor {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
  std::vector<std::byte> bytes;

  /// A zero-filled contiguous tensor.
  static Tensor contiguous(std::string name, Dtype dtype, std::vector<std::int64_t> shape) {
    Tensor t{std::move(name), dtype, std::move(shape), {}, {}};
    t.strides = contiguous_strides(t.shape);
    t.bytes.resize(static_cast<std::size_t>(element_count(t.shape)) * size_of(dtype));
    return t;
  }

  /// A contiguous f32 tensor with these values. \pre values.size() equals the product of `shape`
  static Tensor of_floats(std::string name, std::vector<std::int64_t> shape,
                          const std::vector<float>& values) {
    Tensor t = contiguous(std::move(name), Dtype::f32, std::move(shape));
    std::memcpy(t.bytes.data(), values.data(), t.bytes.size());
    return t;
  }

  TensorView view() const { return {bytes.data(), dtype, shape, strides}; }
  std::int64_t count() const { return element_count(shape); }
  bool is_contiguous() const { return strides == contiguous_strides(shape); }

  template <class T>
  const T* as() const {
    return reinterpret_cast<const T*>(bytes.data());
  }
  template <class T>
  T* as() {
    return reinterpret_cast<T*>(bytes.data());
  }
};

}  // namespace assay
