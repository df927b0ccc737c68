// SPDX-License-Identifier: Apache-2.0
// Measures the error of the kernels' exp, log and log1p against binary64, over ranges of binary32.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "kernels/math.cuh"
#include "kernels/math_bounds.hpp"

namespace assay::kernels::testing {

/// The C library promises less than one ulp for binary64 exp, log and log1p; twice that is allowed
/// for here, relative to the value, in units of u = 2^-24. (MathBounds checks the promise against
/// MPFR on a sample.)
inline constexpr double reference_error_u = 0x1p-51 / 0x1p-24;

/// The largest error of a sweep and where it was.
struct Worst {
  double error_u = 0;
  float at = 0;
  std::uint64_t arguments = 0;

  void include(double error, float x) {
    ++arguments;
    if (!(error <= error_u)) {  // a NaN is the worst of all
      error_u = error;
      at = x;
    }
  }
  /// What is proved for every argument of the sweep.
  double proved_u() const { return error_u + reference_error_u; }
};

/// Relative error of `got` in units of u, after the share that `absolute` covers.
inline double error_in_u(float got, double exact, double absolute = 0) {
  const double difference = std::fabs(static_cast<double>(got) - exact) - absolute;
  if (difference <= 0) return 0;
  return difference / std::fabs(exact) * 0x1p24;
}

inline double exp_error_at(float x) {
  const double exact = std::exp(static_cast<double>(x));
  return error_in_u(exp_f32(x), exact, exact < 0x1p-126 ? exp_error_absolute : 0);
}
inline double log_error_at(float x) {
  return error_in_u(log_f32(x), std::log(static_cast<double>(x)));
}
inline double log1p_error_at(float x) {
  return error_in_u(log1p_f32(x), std::log1p(static_cast<double>(x)));
}

/// Every `step`-th binary32 of [first, last], which must have one sign and grow in magnitude.
template <class ErrorAt>
Worst sweep(float first, float last, std::uint32_t step, ErrorAt error_at) {
  Worst worst;
  const std::uint64_t end = std::bit_cast<std::uint32_t>(last);
  for (std::uint64_t bits = std::bit_cast<std::uint32_t>(first); bits <= end; bits += step) {
    const float x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    worst.include(error_at(x), x);
  }
  return worst;
}

/// The largest argument whose exponential is finite in binary32, and the most negative one whose
/// exponential is not below half the smallest subnormal number.
inline constexpr float exp_last = 0x1.62e42ep+6f;
inline constexpr float exp_first = -0x1.9fe368p+6f;
inline constexpr float smallest = 0x1p-149f;
inline constexpr float largest = 0x1.fffffep+127f;

}  // namespace assay::kernels::testing
