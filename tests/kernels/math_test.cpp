// SPDX-License-Identifier: Apache-2.0
// The kernels' exp, log and log1p: bounds on a dense sample, special values, and the reference.
#include <gtest/gtest.h>
#include <mpfr.h>

#include <limits>
#include <random>

#include "kernels/half.cuh"
#include "tests/kernels/math_error.hpp"
#include "tests/kernels/sanitizers.hpp"

namespace assay::kernels::testing {
namespace {

// A prime step visits every pattern of low bits; sanitizers make it longer.
constexpr std::uint32_t step = sanitized ? 9973 : 97;
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// Both ends of every binade of [first, last], and their neighbours.
template <class ErrorAt>
Worst sweep_edges(float first, float last, ErrorAt error_at) {
  Worst worst;
  const std::uint64_t low = std::bit_cast<std::uint32_t>(first);
  const std::uint64_t high = std::bit_cast<std::uint32_t>(last);
  for (std::uint64_t edge = low >> 23 << 23; edge <= high; edge += 1u << 23)
    for (std::uint64_t bits = edge - 16; bits != edge + 17; ++bits)
      if (bits >= low && bits <= high) {
        const float x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
        worst.include(error_at(x), x);
      }
  return worst;
}

void expect_within(const char* name, Worst sample, Worst edges, double bound_u) {
  std::printf("[   share  ] %s: %.4f of %.4f u at %a, %.4f u at binade edges\n", name,
              sample.error_u, bound_u, static_cast<double>(sample.at), edges.error_u);
  EXPECT_LE(sample.proved_u(), bound_u) << sample.at;
  EXPECT_LE(edges.proved_u(), bound_u) << edges.at;
  EXPECT_GE(edges.arguments, 33u);
  // A bound that is far above what is attained would hide a change for the worse.
  if (!sanitized) {
    EXPECT_GE(sample.error_u, 0.9 * bound_u);
  }
}

TEST(MathBounds, HoldForTheExponential) {
  expect_within("exp, x <= 0", sweep(-0.0f, exp_first, step, exp_error_at),
                sweep_edges(-0.0f, exp_first, exp_error_at), exp_error_u);
  const Worst positive = sweep(0.0f, exp_last, step, exp_error_at);
  EXPECT_LE(positive.proved_u(), exp_error_u) << positive.at;
}

TEST(MathBounds, HoldForTheLogarithm) {
  expect_within("log", sweep(smallest, largest, step, log_error_at),
                sweep_edges(smallest, largest, log_error_at), log_error_u);
}

TEST(MathBounds, HoldForTheLogarithmOfOnePlus) {
  expect_within("log1p", sweep(smallest, largest, step, log1p_error_at),
                sweep_edges(smallest, largest, log1p_error_at), log1p_error_u);
}

/// |x - f(at)| relative to f(at), where f is MPFR's at 200 bits.
template <class F>
double distance_from_exact(double x, double at, F f) {
  mpfr_t exact, difference;
  mpfr_inits2(200, exact, difference, static_cast<mpfr_ptr>(nullptr));
  mpfr_set_d(exact, at, MPFR_RNDN);
  f(exact, exact, MPFR_RNDN);
  mpfr_set_d(difference, x, MPFR_RNDN);
  mpfr_sub(difference, difference, exact, MPFR_RNDA);
  if (!mpfr_zero_p(exact)) mpfr_div(difference, difference, exact, MPFR_RNDA);
  const double distance = std::fabs(mpfr_get_d(difference, MPFR_RNDA));
  mpfr_clears(exact, difference, static_cast<mpfr_ptr>(nullptr));
  return distance;
}

TEST(MathBounds, RestOnAReferenceThatKeepsItsPromise) {
  const double allowed = reference_error_u * 0x1p-24;
  constexpr std::uint32_t sparse = 500009;
  sweep(-0.0f, exp_first, sparse, [&](float x) {
    const double d = x;
    EXPECT_LE(distance_from_exact(std::exp(d), d, mpfr_exp), allowed) << x;
    return 0.0;
  });
  sweep(smallest, largest, sparse, [&](float x) {
    const double d = x;
    EXPECT_LE(distance_from_exact(std::log(d), d, mpfr_log), allowed) << x;
    EXPECT_LE(distance_from_exact(std::log1p(d), d, mpfr_log1p), allowed) << x;
    return 0.0;
  });
}

TEST(Exponential, HasItsSpecialValues) {
  EXPECT_EQ(exp_f32(0.0f), 1.0f);
  EXPECT_EQ(exp_f32(-0.0f), 1.0f);
  EXPECT_EQ(exp_f32(-infinity), 0.0f);
  EXPECT_FALSE(std::signbit(exp_f32(-infinity)));
  EXPECT_EQ(exp_f32(infinity), infinity);
  EXPECT_TRUE(std::isnan(exp_f32(nan)));
  EXPECT_EQ(exp_f32(largest), infinity);
  EXPECT_EQ(exp_f32(-largest), 0.0f);
  EXPECT_EQ(exp_f32(std::nextafter(exp_last, infinity)), infinity);
  EXPECT_LT(exp_f32(exp_last), infinity);
  EXPECT_EQ(exp_f32(std::nextafter(exp_first, -infinity)), 0.0f);
  EXPECT_EQ(exp_f32(-103.0f), smallest) << "gradual underflow, not a flush to zero";
}

TEST(Logarithms, HaveTheirSpecialValues) {
  EXPECT_EQ(log_f32(1.0f), 0.0f);
  EXPECT_EQ(log_f32(0.0f), -infinity);
  EXPECT_EQ(log_f32(-0.0f), -infinity);
  EXPECT_EQ(log_f32(infinity), infinity);
  EXPECT_TRUE(std::isnan(log_f32(-1.0f)));
  EXPECT_TRUE(std::isnan(log_f32(-infinity)));
  EXPECT_TRUE(std::isnan(log_f32(nan)));
  EXPECT_EQ(log1p_f32(0.0f), 0.0f);
  EXPECT_EQ(log1p_f32(smallest), smallest) << "tiny arguments keep their relative accuracy";
  EXPECT_EQ(log1p_f32(0x1p-30f), 0x1p-30f);
  EXPECT_EQ(log1p_f32(infinity), infinity);
  EXPECT_TRUE(std::isnan(log1p_f32(-0.5f)));
  EXPECT_TRUE(std::isnan(log1p_f32(nan)));
}

TEST(Half, RoundsToTheNearestAndTiesToEven) {
  EXPECT_EQ(round_to_half(1.0f), 1.0f);
  EXPECT_EQ(round_to_half(1.0f + 0x1p-11f), 1.0f);
  EXPECT_EQ(round_to_half(1.0f + 0x1.8p-10f), 1.0f + 0x1p-9f);
  EXPECT_EQ(round_to_half(-(1.0f + 0x1.2p-11f)), -(1.0f + 0x1p-10f));
  EXPECT_EQ(round_to_half(65519.99f), 65504.0f);
  EXPECT_EQ(round_to_half(65520.0f), infinity);
  EXPECT_EQ(round_to_half(-1e30f), -infinity);
  EXPECT_EQ(round_to_half(0x1p-24f), 0x1p-24f);
  EXPECT_EQ(round_to_half(0x1p-25f), 0.0f);
  EXPECT_EQ(round_to_half(0x1.8p-24f), 0x1p-23f);
  EXPECT_TRUE(std::isnan(round_to_half(nan)));
  // Against the compiler's own binary16, every 65537th pattern.
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 65537) {
    const float x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    const float want = static_cast<float>(static_cast<_Float16>(x));
    if (std::isnan(x))
      EXPECT_TRUE(std::isnan(round_to_half(x)));
    else
      EXPECT_EQ(round_to_half(x), want) << x;
  }
}

}  // namespace
}  // namespace assay::kernels::testing
