// SPDX-License-Identifier: Apache-2.0
// Real: one real number whose kind is chosen when the program runs: a plain double for steering a
// search, an exact rational as long as only field operations touched it, an enclosure after that.
//
// The statements of papers are written once, as ordinary functions on Real, and not as templates:
// there are hundreds of them, and each is evaluated in doubles (search), exactly (identities) and
// on both engines (proof). The header is light: no Boost, GMP, MPFI or Arb.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reference/arithmetic/engine.hpp"
#include "reference/arithmetic/interval.hpp"

namespace assay::reference {

class Real;

/// How numbers are computed.
class Arithmetic {
 public:
  /// IEEE doubles without any error bound: for steering a search, never for a verdict.
  static Arithmetic plain();
  /// Field operations on rational numbers are exact; exp, log, sqrt and everything after them are
  /// enclosures of `bits` bits on `engine`. \throws std::invalid_argument for an engine that is not
  /// built in or bits outside [lowest_bits, highest_bits], UnsoundEnvironment
  static Arithmetic enclosing(Engine engine, int bits);

  bool is_plain() const { return plain_; }
  Engine engine() const { return engine_; }
  int bits() const { return bits_; }
  friend bool operator==(const Arithmetic&, const Arithmetic&) = default;
  /// The number in this arithmetic: it becomes a double (plain), or an exact number learns (anew)
  /// in which arithmetic its exp and log are to be taken; an enclosure of the same engine stays as
  /// it is. A double or an enclosure of the other engine cannot enter: \throws std::logic_error
  Real operator()(const Real& x) const;
  Real operator()(long long n) const;
  /// The fraction n/d. \throws std::invalid_argument for d == 0
  Real operator()(long long n, long long d) const;

 private:
  friend class Real;
  bool plain_ = false;
  Engine engine_ = Engine::mpfi;
  int bits_ = 0;  // 0: no arithmetic chosen yet
};

/// A real number. Values are immutable; copies are cheap (a shared node for what is no machine
/// number) and safe between threads. Mixing: double with anything gives a double; exact with exact
/// stays exact and knows the arithmetic that either knew, with the larger precision; enclosure with
/// exact gives an enclosure. Numbers that belong to different engines must not meet in an
/// operation (a second engine that silently borrowed from the first would confirm nothing):
/// \throws std::logic_error. Comparisons may mix engines; with a double, they compare doubles.
class Real {
 public:
  Real() = default;  ///< 0, exact
  Real(int n) : integer_(n) {}
  Real(long long n) : integer_(n) {}
  Real(long n) : integer_(n) {}
  /// A plain double: it stands for a point of a search, and every result it enters is a double.
  static Real plain(double x);
  /// The exact fraction. \throws std::invalid_argument for a zero denominator
  static Real ratio(long long numerator, long long denominator);
  /// The exact value of a finite double. \throws std::invalid_argument otherwise
  static Real exactly(double x);
  /// Reads "3", "-7/12", "0.25" (a decimal fraction, exact) and "2^-20". \throws
  /// std::invalid_argument with one line that names the column
  static Real parse(std::string_view text);
  /// The enclosure as a number of the arithmetic (not plain).
  static Real enclosed(const Interval& x, const Arithmetic& arithmetic);

  bool is_plain() const { return kind_ == Kind::plain; }
  bool is_exact() const { return kind_ == Kind::integer || kind_ == Kind::rational; }
  bool is_integer() const;
  /// The arithmetic that exp and log of this number would use, if one is known.
  std::optional<Arithmetic> arithmetic() const;

  /// Exact text, "-7/12", for exact numbers; what `Interval::to_string` prints for enclosures; the
  /// shortest text that reads back for doubles.
  std::string text() const;
  /// A double close to the number: for steering and printing, never a bound.
  double approximate() const;
  /// Enclosure of the number. \throws std::logic_error for a plain double
  Interval interval(int bits = 256) const;
  /// Bits of numerator and denominator together, of an exact number: how hard it is to read.
  int complexity() const;
  /// Denominator of an exact number as text; "1" for integers.
  std::string denominator() const;
  /// The rational with denominator at most `limit` nearest to this number (exact or plain).
  Real nearest_with_denominator(long long limit) const;
  /// floor(x * d + 1/2) / d, exact, for exact and plain numbers.
  Real rounded_to(long long d) const;

  friend Real operator+(const Real& a, const Real& b);
  friend Real operator-(const Real& a, const Real& b);
  friend Real operator*(const Real& a, const Real& b);
  /// A divisor that may be zero: infinity or NaN for doubles, the whole line for enclosures;
  /// \throws std::domain_error for exact zero
  friend Real operator/(const Real& a, const Real& b);
  friend Real operator-(const Real& a);
  Real& operator+=(const Real& b) { return *this = *this + b; }
  Real& operator-=(const Real& b) { return *this = *this - b; }
  Real& operator*=(const Real& b) { return *this = *this * b; }
  Real& operator/=(const Real& b) { return *this = *this / b; }

  /// exp(0) = 1 and log(1) = 0 stay exact. On other exact numbers that know no arithmetic:
  /// \throws std::logic_error. log of a number that may be <= 0 has no lower bound; log of one
  /// that cannot be > 0 is the whole line (NaN for double).
  friend Real exp(const Real& x);
  friend Real log(const Real& x);
  friend Real log1p(const Real& x);
  /// Exact where the argument is the square of a rational.
  friend Real sqrt(const Real& x);
  /// Integer power; 0^0 = 1. A negative power of exact zero: \throws std::domain_error
  friend Real pow(const Real& x, int n);
  friend Real max(const Real& a, const Real& b);
  friend Real min(const Real& a, const Real& b);
  friend Real abs(const Real& a);

  /// Three-valued comparisons; doubles and exact numbers always answer (NaN: unknown).
  friend Truth less(const Real& a, const Real& b);
  friend Truth less_or_equal(const Real& a, const Real& b);
  friend Truth equal(const Real& a, const Real& b);
  /// Same kind and same value (bit for bit for doubles).
  friend bool identical(const Real& a, const Real& b);

  struct Node;

  Real(const Real& other)
      : kind_(other.kind_), engine_(other.engine_), bits_(other.bits_), integer_(other.integer_) {
    copy_payload(other);
  }
  Real(Real&& other) noexcept
      : kind_(other.kind_), engine_(other.engine_), bits_(other.bits_), integer_(0) {
    steal_payload(other);
  }
  Real& operator=(const Real& other);
  Real& operator=(Real&& other) noexcept;
  ~Real() {
    if (counted()) release();
  }

 private:
  friend class Arithmetic;
  enum class Kind : std::uint8_t { integer, plain, rational, enclosure };
  struct Plain {};
  Real(Plain, double x) : kind_(Kind::plain), plain_(x) {}
  Real(long long n, Engine engine, int bits) : engine_(engine), bits_(bits), integer_(n) {}

  bool counted() const { return kind_ == Kind::rational || kind_ == Kind::enclosure; }
  /// Machine integers that agree in their arithmetic, so that a sum of them needs no thought.
  static bool alike_integers(const Real& a, const Real& b) {
    return a.kind_ == Kind::integer && b.kind_ == Kind::integer && a.bits_ == b.bits_ &&
           a.engine_ == b.engine_;
  }
  static bool both_plain(const Real& a, const Real& b) {
    return a.kind_ == Kind::plain && b.kind_ == Kind::plain;
  }
  // Bytes, not members: which member of the union is alive is not known here, and GCC turns this
  // into one move.
  void copy_payload(const Real& other) {
    std::memcpy(&integer_, &other.integer_, sizeof integer_);
    if (counted()) retain();
  }
  void steal_payload(Real& other) {
    std::memcpy(&integer_, &other.integer_, sizeof integer_);
    other.kind_ = Kind::integer;
    other.integer_ = 0;
  }
  void retain() const;
  void release();
  static Real slow_add(const Real& a, const Real& b);
  static Real slow_subtract(const Real& a, const Real& b);
  static Real slow_multiply(const Real& a, const Real& b);
  static Real slow_divide(const Real& a, const Real& b);
  static Truth slow_less(const Real& a, const Real& b);

  Kind kind_ = Kind::integer;
  Engine engine_ = Engine::mpfi;
  int bits_ = 0;  // of the arithmetic; 0: none chosen
  union {
    long long integer_ = 0;
    double plain_;
    Node* node_;  // counted; rational or enclosure
  };
};

Real sum(std::span<const Real> x);
/// Sum of x[i] * y[i]. \throws std::invalid_argument when the sizes differ
Real dot(std::span<const Real> x, std::span<const Real> y);

// What a search does millions of times a second is inline: doubles, and integers that fit.

inline Real Real::plain(double x) { return Real(Plain{}, x); }

inline Real& Real::operator=(const Real& other) {
  if (this == &other) return *this;
  if (other.counted()) other.retain();
  if (counted()) release();
  kind_ = other.kind_;
  engine_ = other.engine_;
  bits_ = other.bits_;
  std::memcpy(&integer_, &other.integer_, sizeof integer_);
  return *this;
}

inline Real& Real::operator=(Real&& other) noexcept {
  if (this == &other) return *this;
  if (counted()) release();
  kind_ = other.kind_;
  engine_ = other.engine_;
  bits_ = other.bits_;
  steal_payload(other);
  return *this;
}

inline Real operator+(const Real& a, const Real& b) {
  if (Real::both_plain(a, b)) return Real(Real::Plain{}, a.plain_ + b.plain_);
  long long n = 0;
  if (Real::alike_integers(a, b) && !__builtin_add_overflow(a.integer_, b.integer_, &n))
    return Real(n, a.engine_, a.bits_);
  return Real::slow_add(a, b);
}

inline Real operator-(const Real& a, const Real& b) {
  if (Real::both_plain(a, b)) return Real(Real::Plain{}, a.plain_ - b.plain_);
  long long n = 0;
  if (Real::alike_integers(a, b) && !__builtin_sub_overflow(a.integer_, b.integer_, &n))
    return Real(n, a.engine_, a.bits_);
  return Real::slow_subtract(a, b);
}

inline Real operator*(const Real& a, const Real& b) {
  if (Real::both_plain(a, b)) return Real(Real::Plain{}, a.plain_ * b.plain_);
  long long n = 0;
  if (Real::alike_integers(a, b) && !__builtin_mul_overflow(a.integer_, b.integer_, &n))
    return Real(n, a.engine_, a.bits_);
  return Real::slow_multiply(a, b);
}

inline Real operator/(const Real& a, const Real& b) {
  if (Real::both_plain(a, b)) return Real(Real::Plain{}, a.plain_ / b.plain_);
  return Real::slow_divide(a, b);
}

inline Truth less(const Real& a, const Real& b) {
  if (Real::both_plain(a, b)) {
    if (std::isnan(a.plain_) || std::isnan(b.plain_)) return Truth::unknown;
    return a.plain_ < b.plain_ ? Truth::yes : Truth::no;
  }
  return Real::slow_less(a, b);
}

}  // namespace assay::reference
