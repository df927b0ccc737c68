// SPDX-License-Identifier: Apache-2.0
// safetensors: named tensors and a map of strings, as a file or as a frame on a pipe.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/tensor.hpp"

namespace assay::engine {

/// What a safetensors file holds. The order of the tensors is that of the header.
struct SafetensorsFrame {
  std::map<std::string, std::string> metadata;
  std::vector<Tensor> tensors;

  /// The tensor of that name, or null.
  const Tensor* find(const std::string& name) const;
};

/// Longest header that is read or written; the limit of the format.
inline constexpr std::size_t max_safetensors_header = 100'000'000;

/// Reads one frame: u64 header length (little-endian), JSON header, data. Strict: the header may
/// not lie about its length, the tensors must tile the data exactly (any order, no hole, overlap
/// or rest), shapes and sizes must agree, names be unique, metadata be strings.
/// Dtypes: F16 BF16 F32 F64 U8 I32 I64 U32 U64.
/// \throws InputError naming `source` and the place
SafetensorsFrame parse_safetensors(std::span<const std::byte> bytes, const std::string& source);

/// The frame as bytes: equal frames give equal bytes. Strided tensors are packed; the header is
/// padded to a multiple of 8, and the data are ordered by falling element size, so that every
/// element is aligned. \throws InputError for a tensor whose bytes do not fit its shape, a
/// duplicate or reserved name, or text that is no UTF-8
std::vector<std::byte> serialize_safetensors(const SafetensorsFrame& frame);

/// \throws InputError naming `path`
SafetensorsFrame read_safetensors(const std::string& path);
/// Writes atomically. \throws InputError naming `path`
void write_safetensors(const std::string& path, const SafetensorsFrame& frame);

}  // namespace assay::engine
