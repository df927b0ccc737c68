// SPDX-License-Identifier: Apache-2.0
// Generators and exact views shared by the tests of the arithmetic.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "reference/arithmetic/detail/representation.hpp"
#include "reference/arithmetic/number.hpp"

namespace assay::reference {

/// Calls `body` with std::type_identity<Number> for every engine built in.
template <class Body>
void for_each_engine(Body body) {
  body(std::type_identity<MpfiNumber>{});
#if ASSAY_HAVE_ARB
  body(std::type_identity<ArbNumber>{});
#endif
}

inline Rational rational_of(mpfr_srcptr x) {
  Rational result;
  mpfr_get_q(result.backend().data(), x);
  return result;
}
inline Rational lower_of(const Interval& x) { return rational_of(x.representation().lower); }
inline Rational upper_of(const Interval& x) { return rational_of(x.representation().upper); }

/// Does the finite or half-infinite interval contain the rational number? Decided exactly.
inline bool holds(const Interval& x, const Rational& r) {
  const Interval::Representation& ends = x.representation();
  return mpfr_cmp_q(ends.lower, r.backend().data()) <= 0 &&
         mpfr_cmp_q(ends.upper, r.backend().data()) >= 0;
}

/// 2^exponent as a rational number.
inline Rational power_of_two(long exponent) {
  Rational result = 1;
  auto* q = result.backend().data();
  exponent >= 0 ? mpq_mul_2exp(q, q, static_cast<mp_bitcnt_t>(exponent))
                : mpq_div_2exp(q, q, static_cast<mp_bitcnt_t>(-exponent));
  return result;
}

/// A number that encloses both.
inline MpfiNumber hull(const MpfiNumber& a, const MpfiNumber& b) {
  return MpfiNumber::between(mpfr_lessequal_p(a.lower(), b.lower()) ? a.lower() : b.lower(),
                             mpfr_lessequal_p(a.upper(), b.upper()) ? b.upper() : a.upper(),
                             std::max(a.bits(), b.bits()));
}
#if ASSAY_HAVE_ARB
inline ArbNumber hull(const ArbNumber& a, const ArbNumber& b) {
  ArbNumber result = ArbNumber::from_integer(0, std::max(a.bits(), b.bits()));
  arb_union(result.data(), a.data(), b.data(), result.bits());
  return result;
}
#endif

inline bool is_whole_line(const Interval& x) { return x.identical(Interval()); }

/// 64 random bits, whatever the size RapidCheck has reached.
inline rc::Gen<std::uint64_t> random_bits() {
  return rc::gen::noShrink(rc::gen::resize(
      rc::kNominalSize, rc::gen::map(rc::gen::container<std::array<std::uint16_t, 4>>(
                                         rc::gen::inRange<std::uint16_t>(0, 0xffff)),
                                     [](const std::array<std::uint16_t, 4>& parts) {
                                       std::uint64_t bits = 0;
                                       for (const std::uint16_t part : parts)
                                         bits = bits << 16 | part;
                                       return bits;
                                     })));
}

/// Finite doubles of every kind: any exponent with any significand, subnormals, powers of two and
/// their neighbours, small integers, the extremes and both zeros.
inline rc::Gen<double> finite_double() {
  const auto any = rc::gen::map(random_bits(), [](std::uint64_t bits) {
    const double x = std::bit_cast<double>(bits);
    return std::isfinite(x) ? x : std::copysign(1.5, x);
  });
  const auto subnormal = rc::gen::map(random_bits(), [](std::uint64_t bits) {
    return std::bit_cast<double>(bits & 0x800fffffffffffffULL);
  });
  const auto near_power = rc::gen::map(random_bits(), [](std::uint64_t bits) {
    const double power = std::ldexp(bits & 1 ? 1.0 : -1.0, static_cast<int>(bits >> 8 & 63) - 32);
    return bits & 2 ? std::nextafter(power, bits & 4 ? 0.0 : 2 * power) : power;
  });
  const auto moderate = rc::gen::map(random_bits(), [](std::uint64_t bits) {
    return std::ldexp(static_cast<double>(static_cast<std::int64_t>(bits)), -60);
  });
  const auto integer = rc::gen::cast<double>(rc::gen::inRange(-20, 21));
  const auto extreme = rc::gen::element(0.0, -0.0, 0x1p-1074, -0x1p-1074, 0x1p-1022,
                                        0x1.fffffffffffffp1023, -0x1.fffffffffffffp1023);
  return rc::gen::weightedOneOf<double>(
      {{4, any}, {2, subnormal}, {2, near_power}, {4, moderate}, {2, integer}, {1, extreme}});
}

/// Doubles of moderate size (|x| <= 8), on which exp stays readable.
inline rc::Gen<double> moderate_double() {
  return rc::gen::map(random_bits(), [](std::uint64_t bits) {
    return std::ldexp(static_cast<double>(static_cast<std::int64_t>(bits)),
                      -60 - static_cast<int>(bits % 7 == 0 ? bits % 200 : 0));
  });
}

/// Precisions that straddle double, the word and the register sizes.
inline rc::Gen<int> precision() {
  return rc::gen::element(2, 3, 24, 53, 54, 63, 64, 65, 113, 128, 200, 256, 512);
}

}  // namespace assay::reference
