// SPDX-License-Identifier: Apache-2.0
// Base64 on nettle.
#include "properties/engine/files/base64.hpp"

#include <nettle/base64.h>

#include <cstdint>

namespace assay::engine {

std::string base64_of(std::span<const std::byte> bytes) {
  std::string text(BASE64_ENCODE_RAW_LENGTH(bytes.size()), '\0');
  if (!bytes.empty())
    base64_encode_raw(text.data(), bytes.size(),
                      reinterpret_cast<const std::uint8_t*>(bytes.data()));
  return text;
}

std::optional<std::vector<std::byte>> bytes_of_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::vector<std::byte> bytes(BASE64_DECODE_LENGTH(text.size()));
  std::size_t length = bytes.size();
  base64_decode_ctx context;
  base64_decode_init(&context);
  if (!base64_decode_update(&context, &length, reinterpret_cast<std::uint8_t*>(bytes.data()),
                            text.size(), text.data()) ||
      !base64_decode_final(&context))
    return std::nullopt;
  bytes.resize(length);
  // nettle skips white space; one text per value is what makes equal certificates equal bytes.
  if (base64_of(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace assay::engine
