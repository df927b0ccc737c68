// SPDX-License-Identifier: Apache-2.0
// Number formats of tensors: their names, sizes and roundoffs.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace assay {

/// Element format of a tensor. `f32`, `f64`, `f16`, `bf16` are IEEE 754 binary32, binary64,
/// binary16 and the bfloat16 truncation of binary32; the rest are integers and bytes.
enum class Dtype : unsigned char { f16, bf16, f32, f64, u8, i32, i64, u32, u64 };

/// Bytes of one element.
constexpr std::size_t size_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::u8: return 1;
    case Dtype::f16:
    case Dtype::bf16: return 2;
    case Dtype::f32:
    case Dtype::i32:
    case Dtype::u32: return 4;
    case Dtype::f64:
    case Dtype::i64:
    case Dtype::u64: return 8;
  }
  return 0;
}

/// True for the binary floating-point formats.
constexpr bool is_float(Dtype dtype) {
  return dtype == Dtype::f16 || dtype == Dtype::bf16 || dtype == Dtype::f32 || dtype == Dtype::f64;
}

/// The short lower-case name: "f32", "bf16", "i64", ...
constexpr std::string_view name_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::f16: return "f16";
    case Dtype::bf16: return "bf16";
    case Dtype::f32: return "f32";
    case Dtype::f64: return "f64";
    case Dtype::u8: return "u8";
    case Dtype::i32: return "i32";
    case Dtype::i64: return "i64";
    case Dtype::u32: return "u32";
    case Dtype::u64: return "u64";
  }
  return "?";
}

/// The inverse of `name_of`; empty for an unknown name.
constexpr std::optional<Dtype> dtype_named(std::string_view name) {
  for (Dtype d : {Dtype::f16, Dtype::bf16, Dtype::f32, Dtype::f64, Dtype::u8, Dtype::i32,
                  Dtype::i64, Dtype::u32, Dtype::u64})
    if (name_of(d) == name) return d;
  return std::nullopt;
}

/// What rounding to nearest in a binary format can do: a result r of a real operation x satisfies
/// |r - x| <= max(roundoff*|x|, half_subnormal), as long as |x| <= largest.
struct Rounding {
  double roundoff;        ///< unit roundoff u = 2^-p
  double half_subnormal;  ///< half the spacing of subnormal numbers
  double smallest_normal;
  double largest;  ///< largest finite number
};

/// Rounding data of a floating-point format; zeros for integers.
constexpr Rounding rounding_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::f16: return {0x1p-11, 0x1p-25, 0x1p-14, 65504.0};
    case Dtype::bf16: return {0x1p-8, 0x1p-134, 0x1p-126, 0x1.fep127};
    case Dtype::f32: return {0x1p-24, 0x1p-150, 0x1p-126, 0x1.fffffep127};
    case Dtype::f64: return {0x1p-53, 0x1p-1074, 0x1p-1022, 0x1.fffffffffffffp1023};
    default: return {0, 0, 0, 0};
  }
}

}  // namespace assay
