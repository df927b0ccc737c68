// SPDX-License-Identifier: Apache-2.0
// Interval: the enclosure that leaves the engines, with ends of any precision.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/ends.hpp"

namespace assay::reference {

/// Answer to a question about real numbers known only through enclosures.
enum class Truth : unsigned char { no, yes, unknown };

/// A closed interval [lower, upper] whose ends are dyadic numbers of any precision (or infinite):
/// a real number x is known to lie in it. The public result of every computation in `reference/`.
/// It carries no arithmetic: formulas run on the engines' numbers (`number.hpp`). There is no
/// operator< and no conversion to double on purpose; ask `certainly_less` or take `ends()`.
class Interval {
 public:
  Interval();  ///< [-inf, inf], "no information"
  /// The point [x, x], with the sign of a zero; the whole line for NaN.
  static Interval exactly(double x);
  /// [lo, hi]. \throws std::invalid_argument when lo > hi or an end is NaN
  static Interval between(double lo, double hi);
  /// Reads what `to_string` and `to_exact` print: "[lo, hi]" with decimal ends (rounded outward to
  /// `bits`) or hexadecimal ends (exact), or a single number. Strict: for anything else, NaN, lo >
  /// hi as written, an exponent out of range or a text of more than a mebibyte,
  /// \throws std::invalid_argument with one line that names the column
  static Interval parse(std::string_view text, int bits = 256);

  /// A moved-from interval may only be assigned to or destroyed.
  Interval(const Interval&);
  Interval(Interval&&) noexcept;
  Interval& operator=(const Interval&);
  Interval& operator=(Interval&&) noexcept;
  ~Interval();

  /// The ends rounded outward to double.
  Ends ends() const;
  /// Decimal ends with `digits` (at least 1) significant digits, rounded outward: encloses this
  /// interval. A point that so many digits write exactly is printed as one number.
  std::string to_string(int digits = 17) const;
  /// Hexadecimal ends in C's %a notation, exact: `parse(to_exact())` is this very interval.
  std::string to_exact() const;
  /// Leading significant decimal digits that both ends share, and the enclosed number therefore
  /// has: 0 when the ends do not share sign and magnitude (also for [0.9999, 1.0001], where the
  /// written digits differ), the largest int for a point.
  int agreed_digits() const;
  /// Upper bound of upper - lower, infinite for an infinite end.
  double width_up() const;

  /// Three-valued comparison of the enclosed numbers.
  Truth less(const Interval& other) const;
  Truth equal(const Interval& other) const;
  bool overlaps(const Interval& other) const;
  /// True if every point of `inner` lies in this interval.
  bool contains(const Interval& inner) const;
  bool is_finite() const;
  /// Same ends, including the signs of zeros; how many bits hold them does not matter.
  bool identical(const Interval& other) const;

  struct Representation;  // two MPFR numbers; see detail/representation.hpp
  const Representation& representation() const { return *rep_; }
  /// Takes ends that somebody has rounded outward; the whole line if one is NaN.
  /// \throws std::invalid_argument when lower > upper
  explicit Interval(std::unique_ptr<Representation> rep);

 private:
  std::unique_ptr<Representation> rep_;
};

}  // namespace assay::reference
