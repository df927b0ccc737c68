// SPDX-License-Identifier: Apache-2.0
// The binary64 functions of the samplers against MPFR, at random and at special arguments.
#include "kernels/math64.cuh"

#include <gtest/gtest.h>
#include <mpfr.h>

#include <cmath>
#include <random>

namespace assay::kernels {
namespace {

constexpr int bits = 120;
using Function = int (*)(mpfr_t, const mpfr_t, mpfr_rnd_t);

/// A value and its exact counterpart, to 120 bits.
class Exact {
 public:
  Exact(Function f, double x) : Exact() {
    mpfr_set_d(value_, x, MPFR_RNDN);
    f(value_, value_, MPFR_RNDN);
  }
  /// sin or cos of 2 pi v.
  static Exact of_turns(Function f, double v) {
    Exact e;
    mpfr_t pi;
    mpfr_init2(pi, 2 * bits);
    mpfr_const_pi(pi, MPFR_RNDN);
    mpfr_mul_d(pi, pi, 2 * v, MPFR_RNDN);
    f(e.value_, pi, MPFR_RNDN);
    mpfr_clear(pi);
    return e;
  }
  Exact(const Exact&) = delete;
  Exact(Exact&& other) noexcept : Exact() { mpfr_swap(value_, other.value_); }
  ~Exact() { mpfr_clear(value_); }
  double distance(double x) {
    mpfr_sub_d(difference(), value_, x, MPFR_RNDN);
    const double d = std::abs(mpfr_get_d(difference_, MPFR_RNDU));
    return d;
  }
  double relative(double x) { return distance(x) / std::abs(mpfr_get_d(value_, MPFR_RNDN)); }

 private:
  Exact() {
    mpfr_init2(value_, bits);
    mpfr_init2(difference_, bits);
  }
  mpfr_ptr difference() { return difference_; }
  mpfr_t value_;
  mpfr_t difference_;
};

TEST(Math64, ExponentialsKeepTheirBound) {
  std::mt19937_64 generator(1);
  std::vector<double> at = {0.0, -0x1p-60, -708.0, -0.34657359, -0.3465736, -40.0, -39.99};
  for (int i = 0; i < 20000; ++i)
    at.push_back(-std::ldexp(static_cast<double>(generator() >> 11), -53 + i % 11 - 1));
  for (int i = 0; i < 2000; ++i) at.push_back(-708.0 * i / 2000);
  double worst = 0;
  for (const double x : at) {
    Exact e(mpfr_exp, x);
    worst = std::max(worst, e.relative(exp_negative_f64(x)));
    if (x < -37) continue;
    const auto scaled = static_cast<double>(scaled_exp_f64(x));
    EXPECT_LE(std::abs(scaled * 0x1p-51 - exp_negative_f64(x)), 0x1p-52) << x;
  }
  EXPECT_LT(worst, 0x1p-46);
  EXPECT_GT(worst, 0x1p-53);
  EXPECT_EQ(exp_negative_f64(0.0), 1.0);
  EXPECT_EQ(exp_negative_f64(-HUGE_VAL), 0.0);
  EXPECT_EQ(scaled_exp_f64(0.0), std::uint64_t{1} << 51);
  EXPECT_EQ(scaled_exp_f64(-HUGE_VAL), 0u);
  EXPECT_EQ(scaled_exp_f64(-36.8), 0u);
}

TEST(Math64, LogarithmsKeepTheirBound) {
  std::mt19937_64 generator(2);
  std::vector<double> at = {1.0 - 0x1p-53, 1.0 + 0x1p-52, 0x1p-53,
                            0x1p-1022,     0.70710678,    1.41421357};
  for (int i = 0; i < 30000; ++i)
    at.push_back(std::ldexp(1.0 + std::ldexp(static_cast<double>(generator() >> 12), -52),
                            static_cast<int>(generator() % 128) - 100));
  for (int i = 1; i < 5000; ++i) at.push_back(1.0 + (i - 2500) * 0x1p-20);
  double worst = 0;
  for (const double x : at) {
    if (x == 1.0) continue;
    Exact e(mpfr_log, x);
    worst = std::max(worst, e.relative(log_f64(x)));
  }
  EXPECT_LT(worst, 0x1p-49);
  EXPECT_EQ(log_f64(1.0), 0.0);
}

TEST(Math64, SineAndCosineKeepTheirBound) {
  std::mt19937_64 generator(3);
  double worst = 0;
  for (int i = 0; i < 20000; ++i) {
    const double v = i < 64 ? i / 64.0 : static_cast<double>(generator() >> 11) * 0x1p-53;
    const SineCosine s = sine_cosine_turns(v);
    worst = std::max(worst, Exact::of_turns(mpfr_sin, v).distance(s.sine));
    worst = std::max(worst, Exact::of_turns(mpfr_cos, v).distance(s.cosine));
  }
  EXPECT_LT(worst, 0x1p-50);
}

}  // namespace
}  // namespace assay::kernels
