// SPDX-License-Identifier: Apache-2.0
// Base64 (RFC 4648, padded, no line breaks) for the bytes inside JSON files.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::engine {

std::string base64_of(std::span<const std::byte> bytes);

/// The bytes; empty for anything but the one canonical encoding (no white space, no missing
/// padding, no stray bits in the last group).
std::optional<std::vector<std::byte>> bytes_of_base64(std::string_view text);

}  // namespace assay::engine
