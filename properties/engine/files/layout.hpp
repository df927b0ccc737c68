// SPDX-License-Identifier: Apache-2.0
// Sizes and layouts of tensors that come from outside: every product is checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor.hpp"

namespace assay::engine {

/// Largest rank that is read from a file; NumPy's own limit.
inline constexpr std::size_t max_rank = 64;

/// Bytes of a row-major tensor of that shape. Empty when the rank exceeds `max_rank`, an extent is
/// negative, or the product of all extents (a zero counted as one, so that no partial product can
/// overflow either) and the element size exceeds 2^63 - 1.
std::optional<std::int64_t> dense_bytes(const std::vector<std::int64_t>& shape, Dtype dtype);

/// Elements from the first to the last one addressed; 0 when an extent is 0. Empty when a stride is
/// negative, the lengths differ or the number exceeds 2^63 - 1.
std::optional<std::int64_t> spanned_elements(const std::vector<std::int64_t>& shape,
                                             const std::vector<std::int64_t>& strides);

/// What is wrong with shape, strides and number of bytes of a tensor; empty when they agree. The
/// bytes must cover every addressed element and may go on to the end of the outermost step (the
/// padding of the last row), no further.
std::string layout_fault(const Tensor& tensor);

/// The elements in row-major order without padding. \pre layout_fault(tensor) is empty
std::vector<std::byte> packed(const Tensor& tensor);

/// "(3, 4)", "(3,)", "()".
std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace assay::engine
