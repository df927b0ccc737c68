// SPDX-License-Identifier: Apache-2.0
// Elements of floating-point tensors as doubles, exactly; and doubles rounded to a narrower format.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>

#include "core/tensor.hpp"

namespace assay {

/// Widths of the 16-bit formats: sign, `exponent_bits`, `fraction_bits`.
struct NarrowFormat {
  int exponent_bits;
  int fraction_bits;
};
constexpr NarrowFormat narrow_format(Dtype dtype) {
  return dtype == Dtype::f16 ? NarrowFormat{5, 10} : NarrowFormat{8, 7};
}

/// Value of the bits of an f16 or bf16 number.
inline double decode_narrow(std::uint16_t bits, Dtype dtype) {
  const auto [exponent_bits, fraction_bits] = narrow_format(dtype);
  const int largest = (1 << exponent_bits) - 1;
  const int exponent = bits >> fraction_bits & largest;
  const int fraction = bits & ((1 << fraction_bits) - 1);
  const int bias = largest / 2;
  double value = 0;
  if (exponent == largest)
    value = fraction ? std::numeric_limits<double>::quiet_NaN()
                     : std::numeric_limits<double>::infinity();
  else if (exponent == 0)
    value = std::ldexp(fraction, 1 - bias - fraction_bits);
  else
    value = std::ldexp((1 << fraction_bits) + fraction, exponent - bias - fraction_bits);
  return bits >> 15 ? -value : value;
}

/// The number of a floating-point format nearest to x, ties to even, as a double; infinities where
/// the format overflows, NaN stays NaN.
inline double rounded_to(Dtype dtype, double x) {
  if (dtype == Dtype::f64 || x == 0 || !std::isfinite(x)) return x;
  if (dtype == Dtype::f32) return static_cast<float>(x);
  const Rounding rounding = rounding_of(dtype);
  // Spacing of the format around x: 2 u 2^e for x in [2^e, 2^(e+1)), and never below the subnormal.
  const double step =
      std::max(std::ldexp(2 * rounding.roundoff, std::ilogb(x)), 2 * rounding.half_subnormal);
  const double nearest = std::nearbyint(x / step) * step;  // both exact
  if (std::fabs(nearest) <= rounding.largest) return nearest;
  return std::copysign(std::numeric_limits<double>::infinity(), x);
}

/// Bits of a number of the format. \pre value == rounded_to(dtype, value), or NaN
inline std::uint16_t encode_narrow(double value, Dtype dtype) {
  const auto [exponent_bits, fraction_bits] = narrow_format(dtype);
  const int largest = (1 << exponent_bits) - 1, bias = largest / 2;
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const double magnitude = std::fabs(value);
  int bits = 0;
  if (value != value)
    bits = largest << fraction_bits | 1 << (fraction_bits - 1);
  else if (std::isinf(value))
    bits = largest << fraction_bits;
  else if (magnitude < rounding_of(dtype).smallest_normal)
    bits = static_cast<int>(std::ldexp(magnitude, bias - 1 + fraction_bits));
  else
    bits = (std::ilogb(magnitude) + bias - 1) * (1 << fraction_bits) +
           static_cast<int>(std::ldexp(magnitude, fraction_bits - std::ilogb(magnitude)));
  return static_cast<std::uint16_t>(sign | bits);
}

/// Element at so many elements from the first, exactly.
/// \throws std::invalid_argument for an integer tensor
inline double element_of(const Tensor& tensor, std::int64_t offset) {
  const auto load = [&](auto value) {
    std::memcpy(&value, tensor.bytes.data() + static_cast<std::size_t>(offset) * sizeof value,
                sizeof value);
    return value;
  };
  switch (tensor.dtype) {
    case Dtype::f32: return load(float{});
    case Dtype::f64: return load(double{});
    case Dtype::f16:
    case Dtype::bf16: return decode_narrow(load(std::uint16_t{}), tensor.dtype);
    default:
      throw std::invalid_argument("tensor '" + tensor.name + "' has the integer dtype " +
                                  std::string(name_of(tensor.dtype)));
  }
}

/// Stores the number nearest to `value`. \throws std::invalid_argument for an integer tensor
inline void set_element(Tensor& tensor, std::int64_t offset, double value) {
  const auto store = [&](auto stored) {
    std::memcpy(tensor.bytes.data() + static_cast<std::size_t>(offset) * sizeof stored, &stored,
                sizeof stored);
  };
  switch (tensor.dtype) {
    case Dtype::f32: return store(static_cast<float>(value));
    case Dtype::f64: return store(value);
    case Dtype::f16:
    case Dtype::bf16: return store(encode_narrow(rounded_to(tensor.dtype, value), tensor.dtype));
    default:
      throw std::invalid_argument("tensor '" + tensor.name + "' has the integer dtype " +
                                  std::string(name_of(tensor.dtype)));
  }
}

}  // namespace assay
