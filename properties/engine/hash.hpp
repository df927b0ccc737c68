// SPDX-License-Identifier: Apache-2.0
// SHA-256, by which inputs, outputs and contracts are recognised again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace assay::engine {

/// SHA-256 (FIPS 180-4) of a stream of bytes. Integers enter as little-endian two's complement, so
/// that a digest means the same on every machine.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& update(std::span<const std::byte> bytes);
  Sha256& update(std::string_view text);
  /// Appends eight bytes, least significant first.
  Sha256& update_u64(std::uint64_t value);
  /// Appends the length as eight bytes, then the bytes: concatenations stay unambiguous.
  Sha256& update_framed(std::string_view text);
  Sha256& update_framed(std::span<const std::byte> bytes);

  /// The 64 lower-case hexadecimal digits; the stream then starts anew.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Digest of one piece, as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::span<const std::byte> bytes);
std::string sha256_hex(std::string_view text);

/// True for 64 lower-case hexadecimal digits.
bool is_sha256_hex(std::string_view text);

}  // namespace assay::engine
