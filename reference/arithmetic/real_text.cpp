// SPDX-License-Identifier: Apache-2.0
// Real: text in and out, and nearby simple rationals.
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string>

#include "reference/arithmetic/detail/real_node.hpp"
#include "reference/arithmetic/real.hpp"

namespace assay::reference {
namespace {

constexpr std::size_t longest_text = 1 << 20;
constexpr long largest_power = 1 << 20;

class MpzValue {
 public:
  MpzValue() { mpz_init(value_); }
  explicit MpzValue(mpz_srcptr x) { mpz_init_set(value_, x); }
  explicit MpzValue(long x) { mpz_init_set_si(value_, x); }
  MpzValue(const MpzValue&) = delete;
  MpzValue& operator=(const MpzValue&) = delete;
  ~MpzValue() { mpz_clear(value_); }
  operator mpz_ptr() { return value_; }
  operator mpz_srcptr() const { return value_; }

 private:
  mpz_t value_;
};

/// numerator / denominator in lowest terms. \pre denominator > 0
Rational fraction(mpz_srcptr numerator, mpz_srcptr denominator) {
  Rational result;
  mpz_set(mpq_numref(result.backend().data()), numerator);
  mpz_set(mpq_denref(result.backend().data()), denominator);
  mpq_canonicalize(result.backend().data());
  return result;
}

/// A number written by hand: digits with an optional point, "p/q" or "2^e", with an optional sign.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Rational number() {
    if (text_.size() > longest_text) fail("the text is longer than a mebibyte");
    const bool negative = take('-');
    if (!negative) take('+');
    Rational result = magnitude();
    if (at_ != text_.size()) fail("unexpected text after the number");
    return negative ? Rational(-result) : result;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::invalid_argument("number: column " + std::to_string(at_ + 1) + ": " + what);
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string digits() {
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return std::string(text_.substr(start, at_ - start));
  }
  std::string required_digits() {
    std::string result = digits();
    if (result.empty()) fail("expected a digit");
    return result;
  }
  Rational power(const std::string& base) {
    const bool negative = take('-');
    const std::size_t start = at_;
    const std::string written = required_digits();
    if (written.size() > 7 || std::stol(written) > largest_power) {
      at_ = start;
      fail("the exponent is out of range");
    }
    MpzValue value;
    const MpzValue one(1);
    mpz_set_str(value, base.c_str(), 10);
    const long exponent = std::stol(written);
    if (mpz_sizeinbase(value, 2) > 64 && exponent > largest_power / 1024)
      fail("the power is too large");
    mpz_pow_ui(value, value, static_cast<unsigned long>(exponent));
    if (!negative) return fraction(value, one);
    if (mpz_sgn(static_cast<mpz_srcptr>(value)) == 0) fail("division by zero");
    return fraction(one, value);
  }
  Rational magnitude() {
    std::string whole = digits();
    const bool point = take('.');
    const std::string decimals = point ? digits() : std::string();
    if (whole.empty() && decimals.empty()) fail("expected a digit");
    MpzValue numerator;
    MpzValue denominator(1);
    mpz_set_str(numerator, (whole + decimals).c_str(), 10);
    mpz_ui_pow_ui(denominator, 10, decimals.size());
    if (point) return fraction(numerator, denominator);
    if (take('^')) return power(whole);
    if (take('/')) {
      const std::size_t start = at_;
      mpz_set_str(denominator, required_digits().c_str(), 10);
      if (mpz_sgn(static_cast<mpz_srcptr>(denominator)) == 0) {
        at_ = start;
        fail("zero denominator");
      }
    }
    return fraction(numerator, denominator);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string text_of(mpz_srcptr x) {
  std::string text(mpz_sizeinbase(x, 10) + 2, '\0');
  mpz_get_str(text.data(), 10, x);
  text.resize(text.find('\0'));
  return text;
}

/// The exact number, or the exact value of a finite double.
Rational exact_value(const Real& x) {
  if (x.is_plain()) return rational_from(x.approximate());
  return Real::Node::rational(x);
}

}  // namespace

Real Real::parse(std::string_view text) { return Node::exact(Reader(text).number(), {}); }

std::string Real::text() const {
  if (kind_ == Kind::integer) return std::to_string(integer_);
  if (kind_ == Kind::enclosure) return interval().to_string();
  if (kind_ == Kind::plain) {
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, plain_);
    return std::string(buffer, end.ptr);
  }
  const Rational q = Node::rational(*this);
  const std::string numerator = text_of(mpq_numref(q.backend().data()));
  return is_integer() ? numerator : numerator + "/" + denominator();
}

int Real::complexity() const {
  const Rational q = Node::rational(*this);
  return static_cast<int>(mpz_sizeinbase(mpq_numref(q.backend().data()), 2) +
                          mpz_sizeinbase(mpq_denref(q.backend().data()), 2));
}

std::string Real::denominator() const {
  const Rational q = Node::rational(*this);
  return text_of(mpq_denref(q.backend().data()));
}

// Convergents p1/q1 of the continued fraction until the denominator would pass the limit; the best
// approximation is the last one or the last admissible mediant p/q before the next.
Real Real::nearest_with_denominator(long long limit) const {
  if (limit < 1) throw std::invalid_argument("real: the largest denominator must be at least 1");
  const Rational x = exact_value(*this);
  const Node::Home home = is_plain() ? Node::Home{} : Node::home_of(*this);
  if (mpz_cmp_si(mpq_denref(x.backend().data()), limit) <= 0) return Node::exact(x, home);
  const MpzValue largest(limit);
  MpzValue n(mpq_numref(x.backend().data())), d(mpq_denref(x.backend().data()));
  MpzValue p0(0L), q0(1), p1(1), q1(0L), whole, rest, p, q;
  for (;;) {
    mpz_fdiv_qr(whole, rest, n, d);
    mpz_set(q, q0);
    mpz_addmul(q, whole, q1);
    if (mpz_cmp(q, largest) > 0) break;
    mpz_set(p, p0);
    mpz_addmul(p, whole, p1);
    mpz_swap(p0, p1), mpz_swap(q0, q1);
    mpz_swap(p1, p), mpz_swap(q1, q);
    mpz_swap(n, d);
    mpz_swap(d, rest);
  }
  mpz_sub(whole, largest, q0);
  mpz_fdiv_q(whole, whole, q1);
  mpz_addmul(p0, whole, p1);
  mpz_addmul(q0, whole, q1);
  const Rational convergent = fraction(p1, q1);
  const Rational mediant = fraction(p0, q0);
  return Node::exact(abs(convergent - x) <= abs(mediant - x) ? convergent : mediant, home);
}

Real Real::rounded_to(long long d) const {
  if (d < 1) throw std::invalid_argument("real: the denominator must be at least 1");
  const Rational scaled = exact_value(*this) * d + Rational(1, 2);
  MpzValue numerator;
  mpz_fdiv_q(numerator, mpq_numref(scaled.backend().data()), mpq_denref(scaled.backend().data()));
  const MpzValue denominator(d);
  return Node::exact(fraction(numerator, denominator),
                     is_plain() ? Node::Home{} : Node::home_of(*this));
}

}  // namespace assay::reference
