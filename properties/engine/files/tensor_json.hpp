// SPDX-License-Identifier: Apache-2.0
// Tensors inside JSON files: bit for bit for the machine, and in decimals for people.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "core/tensor.hpp"
#include "properties/engine/files/json_reader.hpp"

namespace assay::engine {

/// Up to so many elements a tensor is also written as a list of decimals.
inline constexpr std::int64_t max_listed_elements = 64;

/// {"name", "dtype", "shape", "strides", "data", "values"}: `data` is the base64 of the tensor's
/// bytes as they lie in memory, little-endian, padding included. `values`, for f32 and f64 tensors
/// of at most `max_listed_elements`, lists the elements in row-major order with the fewest digits
/// that read back to the same number; "nan", "inf" and "-inf" are strings.
/// \throws std::invalid_argument when bytes, shape and strides disagree
nlohmann::ordered_json json_of(const Tensor& tensor);

/// The inverse. `values` may be missing; where present it must agree with `data`.
/// \throws InputError with the JSON pointer
Tensor tensor_from(const JsonReader& reader);

}  // namespace assay::engine
