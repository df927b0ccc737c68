// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy files.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/tensor.hpp"

namespace assay::engine {

/// Reads one array, versions 1.0, 2.0 and 3.0 of the format; the result is row-major also for
/// Fortran order, and has no name. Descriptors: <f2 <f4 <f8 <i4 <i8 <u4 <u8 |b1 |u1, bools as
/// u8 elements 0 and 1. Big-endian,
/// structured and object arrays are refused with their reason, as are bytes after the data.
/// \throws InputError naming `source` and the place
Tensor parse_npy(std::span<const std::byte> bytes, const std::string& source);

/// The array as a version 1.0 file whose data begin at a multiple of 64 bytes; strided tensors are
/// packed. \throws InputError for bf16, which the format cannot name, or bytes that do not fit the
/// shape
std::vector<std::byte> serialize_npy(const Tensor& tensor);

/// \throws InputError naming `path`
Tensor read_npy(const std::string& path);
/// Writes atomically. \throws InputError naming `path`
void write_npy(const std::string& path, const Tensor& tensor);

}  // namespace assay::engine
