// SPDX-License-Identifier: Apache-2.0
// Interval to text: decimal ends rounded outward, hexadecimal ends exact.
#include <gmp.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>

#include "reference/arithmetic/detail/representation.hpp"
#include "reference/arithmetic/interval.hpp"

namespace assay::reference {
namespace {

using MpfrText = std::unique_ptr<char, void (*)(char*)>;

/// Decimal significand and exponent: |x| is 0.d1d2d3... * 10^exponent.
struct Decimal {
  std::string digits;
  mpfr_exp_t exponent = 0;
};

/// `count` digits of a finite x other than zero, rounded in `direction` (which sees the sign).
Decimal decimal_of(mpfr_srcptr x, int count, mpfr_rnd_t direction) {
  Decimal result;
  const MpfrText text(
      mpfr_get_str(nullptr, &result.exponent, 10, static_cast<std::size_t>(count), x, direction),
      mpfr_free_str);
  result.digits = text.get() + (mpfr_signbit(x) ? 1 : 0);
  return result;
}

/// Text of infinities and zeros, which are the same in both notations; empty for other numbers.
std::string special_text(mpfr_srcptr x) {
  const std::string sign = mpfr_signbit(x) ? "-" : "";
  if (mpfr_inf_p(x)) return sign + "inf";
  if (mpfr_zero_p(x)) return sign + "0";
  return {};
}

/// Positional where the point stands within or near the digits, else with an exponent.
std::string decimal_text(mpfr_srcptr x, int count, mpfr_rnd_t direction) {
  std::string text = special_text(x);
  if (!text.empty()) return text;
  Decimal d = decimal_of(x, count, direction);
  if (mpfr_signbit(x)) text = "-";
  const auto places = static_cast<mpfr_exp_t>(d.digits.size());
  if (d.exponent > places || d.exponent < -3) {
    d.digits.resize(d.digits.find_last_not_of('0') + 1);
    text += d.digits.front();
    if (d.digits.size() > 1) text.append(".").append(d.digits, 1);
    return text.append("e").append(std::to_string(d.exponent - 1));
  }
  if (d.exponent <= 0)
    return text.append("0.").append(static_cast<std::size_t>(-d.exponent), '0').append(d.digits);
  const auto whole = static_cast<std::size_t>(d.exponent);
  text.append(d.digits, 0, whole);
  if (whole < d.digits.size()) text.append(".").append(d.digits, whole);
  return text;
}

/// The notation of C's %a, normalised so that the digit before the point is 1: equal numbers have
/// equal texts, whatever the precision that carries them.
std::string exact_text(mpfr_srcptr x) {
  std::string text = special_text(x);
  if (!text.empty()) return text;
  mpz_t significand;
  mpz_init(significand);
  mpfr_exp_t exponent = mpfr_get_z_2exp(significand, x);
  mpz_abs(significand, significand);
  const std::size_t bits = mpz_sizeinbase(significand, 2);
  mpz_mul_2exp(significand, significand, (4 - (bits - 1) % 4) % 4);  // whole digits after the 1
  std::string digits(mpz_sizeinbase(significand, 16) + 1, '\0');     // one more for the NUL
  mpz_get_str(digits.data(), 16, significand);
  mpz_clear(significand);
  digits.pop_back();
  digits.resize(digits.find_last_not_of('0') + 1);
  exponent += static_cast<mpfr_exp_t>(bits) - 1;

  if (mpfr_signbit(x)) text = "-";
  text.append("0x").append(digits, 0, 1);
  if (digits.size() > 1) text.append(".").append(digits, 1);
  text.append(exponent < 0 ? "p" : "p+");
  return text.append(std::to_string(exponent));
}

std::string pair_text(const std::string& lower, const std::string& upper) {
  return "[" + lower + ", " + upper + "]";
}

/// "0.500" to "0.5" and "2.0" to "2"; only a fraction has zeros to spare.
std::string without_trailing_zeros(std::string text) {
  if (text.find('.') == text.npos || text.find('e') != text.npos) return text;
  text.resize(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

std::string Interval::to_string(int digits) const {
  digits = std::max(digits, 1);
  const std::string lower = decimal_text(rep_->lower, digits, MPFR_RNDD);
  const std::string upper = decimal_text(rep_->upper, digits, MPFR_RNDU);
  // Two outward-rounded decimals can be equal only if both are exact: one number says it all.
  return lower == upper ? without_trailing_zeros(lower) : pair_text(lower, upper);
}

std::string Interval::to_exact() const {
  const std::string lower = exact_text(rep_->lower);
  const std::string upper = exact_text(rep_->upper);
  return lower == upper ? lower : pair_text(lower, upper);
}

int Interval::agreed_digits() const {
  if (mpfr_equal_p(rep_->lower, rep_->upper) && is_finite()) return std::numeric_limits<int>::max();
  if (!is_finite() || mpfr_sgn(rep_->lower) * mpfr_sgn(rep_->upper) <= 0) return 0;
  // Two different numbers of at most p bits differ by 2^-p of their size or more: beyond
  // p * log10(2) + 1 digits there is nothing left to agree on (1234/4096 is above log10(2)).
  const mpfr_prec_t p = std::max(mpfr_get_prec(rep_->lower), mpfr_get_prec(rep_->upper));
  const int count = static_cast<int>(p * 1234 / 4096 + 2);
  const Decimal lower = decimal_of(rep_->lower, count, MPFR_RNDZ);
  const Decimal upper = decimal_of(rep_->upper, count, MPFR_RNDZ);
  if (lower.exponent != upper.exponent) return 0;
  const auto parting =
      std::mismatch(lower.digits.begin(), lower.digits.end(), upper.digits.begin());
  return static_cast<int>(parting.first - lower.digits.begin());
}

}  // namespace assay::reference
