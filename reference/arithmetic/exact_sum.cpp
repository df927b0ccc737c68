// SPDX-License-Identifier: Apache-2.0
// The exact register: one product is at most three word additions and a short carry.
#include "reference/arithmetic/exact_sum.hpp"

#include <bit>

namespace assay::reference {
namespace {

__extension__ using Wide = unsigned __int128;

/// A finite double as (-1)^negative * mantissa * 2^(position - 1074), 0 <= position <= 2045.
struct Parts {
  std::uint64_t mantissa;
  unsigned position;
  bool negative;
  bool finite;
};

Parts parts_of(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const auto exponent = static_cast<unsigned>(bits >> 52 & 0x7ff);
  const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52) - 1);
  const bool negative = bits >> 63 != 0;
  if (exponent == 0) return {fraction, 0, negative, true};  // subnormal: no hidden bit
  return {fraction | std::uint64_t{1} << 52, exponent - 1, negative, exponent != 0x7ff};
}

}  // namespace

void ExactSum::add_product(double x, double y) {
  const Parts a = parts_of(x);
  const Parts b = parts_of(y);
  if (!a.finite || !b.finite) {
    finite_ = false;
    return;
  }
  const Wide product = static_cast<Wide>(a.mantissa) * b.mantissa;  // below 2^106
  if (product == 0) return;
  Register& sum = a.negative == b.negative ? positive_ : negative_;
  const unsigned position = a.position + b.position;
  const unsigned shift = position % 64;
  std::size_t i = position / 64;

  const Wide low = product << shift;  // the bits shifted out at the top are in `top`
  const std::uint64_t top = shift == 0 ? 0 : static_cast<std::uint64_t>(product >> (128 - shift));
  Wide carry = static_cast<Wide>(sum[i]) + static_cast<std::uint64_t>(low);
  sum[i++] = static_cast<std::uint64_t>(carry);
  carry = (carry >> 64) + sum[i] + static_cast<std::uint64_t>(low >> 64);
  sum[i++] = static_cast<std::uint64_t>(carry);
  carry = (carry >> 64) + sum[i] + top;
  sum[i++] = static_cast<std::uint64_t>(carry);
  // The width proved in the header leaves no carry out of the last word.
  for (carry >>= 64; carry != 0 && i < sum.size(); ++i) carry = ++sum[i] == 0;
}

int ExactSum::difference(Register& magnitude) const {
  const int sign = mpn_cmp(positive_.data(), negative_.data(), words);
  const Register& larger = sign >= 0 ? positive_ : negative_;
  const Register& smaller = sign >= 0 ? negative_ : positive_;
  mpn_sub_n(magnitude.data(), larger.data(), smaller.data(), words);
  return sign;
}

int ExactSum::round_to(mpfr_ptr result, mpfr_rnd_t direction) const {
  Register magnitude;
  const int sign = difference(magnitude);
  mpz_t integer;  // reads `magnitude` in place: nothing to clear
  mpz_roinit_n(integer, magnitude.data(), sign < 0 ? -words : words);
  return mpfr_set_z_2exp(result, integer, weight_of_bit_0, direction);
}

Rational ExactSum::exact() const {
  Register magnitude;
  const int sign = difference(magnitude);
  mpz_t integer;
  mpz_roinit_n(integer, magnitude.data(), sign < 0 ? -words : words);
  Rational sum;
  mpq_set_z(sum.backend().data(), integer);
  mpq_div_2exp(sum.backend().data(), sum.backend().data(), -weight_of_bit_0);
  return sum;
}

}  // namespace assay::reference
