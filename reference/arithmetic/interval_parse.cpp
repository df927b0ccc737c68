// SPDX-License-Identifier: Apache-2.0
// Text to Interval: a strict reader that neither crashes nor allocates without bound.
#include <gmp.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "reference/arithmetic/detail/representation.hpp"
#include "reference/arithmetic/interval.hpp"
#include "reference/arithmetic/precision.hpp"

namespace assay::reference {
namespace {

/// Room for two exact ends of a million bits each.
constexpr std::size_t longest_text = std::size_t{1} << 20;
/// Beyond MPFR's exponents (2^30 binary, 10^323228496) in either notation.
constexpr long largest_exponent = 1L << 31;

/// One number as written. Decimal: 0.d1d2... * 10^exponent, without leading or trailing zeros.
/// Hexadecimal: the integer `digits` * 2^exponent, without leading or trailing zeros. Zero has no
/// digits.
struct Written {
  enum class Kind { infinite, decimal, hexadecimal };
  Kind kind = Kind::decimal;
  bool negative = false;
  std::string digits;
  long exponent = 0;

  int sign() const {
    if (kind != Kind::infinite && digits.empty()) return 0;
    return negative ? -1 : 1;
  }
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw std::invalid_argument("interval: column " + std::to_string(at_ + 1) + ": " + what);
  }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool at_end() const { return at_ == text_.size(); }
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(std::string("expected '") + c + "'");
  }
  Written number();

 private:
  std::string_view digits(bool hexadecimal) {
    const std::size_t start = at_;
    const std::string_view alphabet = hexadecimal ? "0123456789abcdefABCDEF" : "0123456789";
    while (!at_end() && alphabet.find(text_[at_]) != alphabet.npos) ++at_;
    return text_.substr(start, at_ - start);
  }
  long exponent();
  /// Digits with an optional point; \return how many of them stand behind the point.
  long significand(bool hexadecimal, std::string& into);

  std::string_view text_;
  std::size_t at_ = 0;
};

long Reader::exponent() {
  const bool negative = take('-');
  if (!negative) take('+');
  const std::string_view written = digits(false);
  if (written.empty()) fail("expected the digits of an exponent");
  long value = 0;
  for (const char c : written) {
    value = value * 10 + (c - '0');
    if (value <= largest_exponent) continue;
    at_ -= written.size();
    fail("the exponent is out of range");
  }
  return negative ? -value : value;
}

long Reader::significand(bool hexadecimal, std::string& into) {
  into = digits(hexadecimal);
  std::string_view fraction;
  if (take('.')) fraction = digits(hexadecimal);
  into += fraction;
  if (into.empty()) fail("expected a number");
  return static_cast<long>(fraction.size());
}

Written Reader::number() {
  Written read;
  read.negative = take('-');
  if (!read.negative) take('+');
  if (take("inf")) {
    read.kind = Written::Kind::infinite;
    return read;
  }
  const bool hexadecimal = take("0x");
  if (hexadecimal) read.kind = Written::Kind::hexadecimal;
  const long behind_point = significand(hexadecimal, read.digits);
  const bool scaled = hexadecimal ? take('p') : take('e') || take('E');
  read.exponent = scaled ? exponent() : 0;

  std::string& d = read.digits;
  const auto count_before = static_cast<long>(d.size());
  d.erase(0, std::min(d.find_first_not_of('0'), d.size()));
  const auto leading = count_before - static_cast<long>(d.size());
  const std::size_t last = d.find_last_not_of('0');
  const long trailing = d.empty() ? 0 : static_cast<long>(d.size() - last - 1);
  d.resize(d.size() - static_cast<std::size_t>(trailing));
  if (d.empty())
    read.exponent = 0;
  else if (hexadecimal)
    read.exponent += 4 * (trailing - behind_point);
  else
    read.exponent += count_before - leading - behind_point;
  return read;
}

void round_decimal(mpfr_ptr end, const Written& w, mpfr_rnd_t direction) {
  const std::string text = (w.negative ? "-0." : "0.") + (w.digits.empty() ? "0" : w.digits) + "e" +
                           std::to_string(w.exponent);
  mpfr_strtofr(end, text.c_str(), nullptr, 10, direction);
}

/// Sets the end with all the bits it needs. \return false where MPFR's exponents do not reach
bool set_hexadecimal(mpfr_ptr end, const Written& w) {
  mpz_t significand;
  mpz_init(significand);
  if (!w.digits.empty()) mpz_set_str(significand, w.digits.c_str(), 16);
  const auto bits = static_cast<long>(w.digits.empty() ? 0 : mpz_sizeinbase(significand, 2));
  // |x| lies in [2^(bits-1+exponent), 2^(bits+exponent)); MPFR's range in [2^(emin-1), 2^emax).
  const bool fits = w.digits.empty() ||
                    (bits + w.exponent <= mpfr_get_emax() && bits + w.exponent >= mpfr_get_emin());
  if (fits) {
    mpfr_set_prec(end, std::max<long>(bits, MPFR_PREC_MIN));
    mpfr_set_z_2exp(end, significand, w.exponent, MPFR_RNDN);  // exact
    mpfr_setsign(end, end, w.negative, MPFR_RNDN);
  }
  mpz_clear(significand);
  return fits;
}

void set_end(const Reader& reader, mpfr_ptr end, const Written& w, mpfr_rnd_t outward) {
  if (w.kind == Written::Kind::infinite)
    mpfr_set_inf(end, w.sign());
  else if (w.kind == Written::Kind::decimal)
    round_decimal(end, w, outward);
  else if (!set_hexadecimal(end, w))
    reader.fail("the exponent is out of range");
}

/// Sign of a - b for two decimals, exactly.
int compare_decimals(const Written& a, const Written& b) {
  if (a.sign() != b.sign()) return a.sign() < b.sign() ? -1 : 1;
  if (a.exponent != b.exponent) return (a.exponent < b.exponent ? -1 : 1) * a.sign();
  return a.digits.compare(b.digits) * a.sign();
}

/// Is lower > upper as written? Outward rounding may have hidden it. `ends` holds both ends.
bool upside_down(const Written& lower, const Written& upper, const Interval::Representation& ends) {
  using Kind = Written::Kind;
  if (lower.kind == Kind::decimal && upper.kind == Kind::decimal)
    return compare_decimals(lower, upper) > 0;
  if (lower.kind != Kind::decimal && upper.kind != Kind::decimal)
    return mpfr_greater_p(ends.lower, ends.upper);
  // A decimal d against a number h of p bits: h is one of the numbers d can be rounded to at p
  // bits, so that d < h exactly when d rounded down is < h, and d > h when d rounded up is > h.
  mpfr_t rounded;
  mpfr_init2(rounded, mpfr_get_prec(lower.kind == Kind::decimal ? ends.upper : ends.lower));
  bool wrong = false;
  if (lower.kind == Kind::decimal) {
    round_decimal(rounded, lower, MPFR_RNDU);
    wrong = mpfr_greater_p(rounded, ends.upper);
  } else {
    round_decimal(rounded, upper, MPFR_RNDD);
    wrong = mpfr_greater_p(ends.lower, rounded);
  }
  mpfr_clear(rounded);
  return wrong;
}

}  // namespace

Interval Interval::parse(std::string_view text, int bits) {
  require_precision(bits);
  Reader reader(text);
  if (text.size() > longest_text) reader.fail("the text is longer than a mebibyte");
  reader.skip_blanks();
  const bool pair = reader.take('[');
  reader.skip_blanks();
  const Written lower = reader.number();
  Written upper = lower;
  reader.skip_blanks();
  if (pair) {
    reader.expect(',');
    reader.skip_blanks();
    upper = reader.number();
    reader.skip_blanks();
    reader.expect(']');
    reader.skip_blanks();
  }
  if (!reader.at_end()) reader.fail("unexpected text after the interval");

  auto ends = std::make_unique<Representation>(bits);
  set_end(reader, ends->lower, lower, MPFR_RNDD);
  set_end(reader, ends->upper, upper, MPFR_RNDU);
  if (upside_down(lower, upper, *ends)) reader.fail("the lower end lies above the upper end");
  return Interval(std::move(ends));
}

}  // namespace assay::reference
