// SPDX-License-Identifier: Apache-2.0
// Error bounds of kernels/math.cuh, proved by trying every binary32 argument.
//
// In units of u = 2^-24, relative to the exact value; docs/kernel-math.md says how they were found
// and tests/kernels/math_exhaustive.cpp finds them again. They hold wherever binary32 addition,
// multiplication and fused multiply-add round to nearest and subnormal numbers are kept.
#pragma once

namespace assay::kernels {

/// |exp_f32(x) - e^x| <= exp_error_u * u * e^x + exp_error_absolute for every x whose exponential
/// rounds to a finite binary32; the absolute part is needed only where e^x < 2^-126 (x < -87.33).
inline constexpr double exp_error_u = 1.30;
inline constexpr double exp_error_absolute = 0x1p-150;

/// |log_f32(x) - ln x| <= log_error_u * u * |ln x| for every positive finite x, subnormal ones
/// included. In particular log_f32(1) = 0.
inline constexpr double log_error_u = 1.42;

/// |log1p_f32(x) - ln(1+x)| <= log1p_error_u * u * ln(1+x) for every finite x >= 0, however small.
inline constexpr double log1p_error_u = 1.42;

}  // namespace assay::kernels
