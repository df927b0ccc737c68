// SPDX-License-Identifier: Apache-2.0
// The three sums, once over 128-bit integers and once over GMP integers: one template, cell by
// cell.
#include "reference/harris/harris.hpp"

#include <gmp.h>

#include <algorithm>
#include <string>

namespace assay::reference {
namespace {

using Int128 = __int128;
using Unsigned128 = unsigned __int128;

HarrisInteger from_int128(Int128 value) {
  const Unsigned128 magnitude = value < 0 ? -static_cast<Unsigned128>(value) : Unsigned128(value);
  const std::uint64_t words[2] = {static_cast<std::uint64_t>(magnitude >> 64),
                                  static_cast<std::uint64_t>(magnitude)};
  HarrisInteger result;
  mpz_import(result.backend().data(), 2, 1, sizeof words[0], 0, 0, words);
  return value < 0 ? HarrisInteger(-result) : result;
}
HarrisInteger from_int64(std::int64_t value) { return from_int128(value); }

/// Visits every cell with its weight, in the integers of `Integer`.
template <class Integer, class Convert, class Visit>
void for_each_cell(const HarrisInstance& q, Convert convert, Visit visit) {
  int digits[harris_max_axes] = {};
  for (std::int64_t cell = 0; cell < q.cells(); ++cell) {
    Integer weight = convert(1);
    if (q.law == HarrisLaw::joint) weight = convert(q.weights[static_cast<std::size_t>(cell)]);
    for (int axis = 0; q.law != HarrisLaw::joint && axis < q.axes; ++axis) {
      const std::int64_t row = q.law == HarrisLaw::independent ? axis : 0;
      weight *= convert(q.weights[static_cast<std::size_t>(row * q.support + digits[axis])]);
    }
    visit(static_cast<std::size_t>(cell), weight);
    for (int axis = q.axes - 1; axis >= 0; --axis) {
      if (++digits[axis] < q.support) break;
      digits[axis] = 0;
    }
  }
}

template <class Integer>
struct Sums {
  Integer gh, g, h, total;
};

/// In 128 bits every partial sum is bounded by (W max|g|)(W max|h|), maxima of at least 1.
template <class Integer, class Convert>
Sums<Integer> sums_of(const HarrisInstance& q, Convert convert) {
  Sums<Integer> s{convert(0), convert(0), convert(0), convert(0)};
  for_each_cell<Integer>(q, convert, [&](std::size_t cell, const Integer& weight) {
    const Integer g = convert(q.g[cell]), h = convert(q.h[cell]);
    s.gh += weight * (g * h);
    s.g += weight * g;
    s.h += weight * h;
    s.total += weight;
  });
  return s;
}

Sums<Int128> sums_in_int128(const HarrisInstance& q) {
  return sums_of<Int128>(q, [](std::int64_t x) { return Int128(x); });
}

/// a *= b, and whether it still is at most `limit`.
bool multiply_within(Unsigned128& a, Unsigned128 b, Unsigned128 limit) {
  return !__builtin_mul_overflow(a, b, &a) && a <= limit;
}

/// max(1, max|x|)
Unsigned128 magnitude_of(const std::vector<std::int64_t>& table) {
  Unsigned128 largest = 1;
  for (const std::int64_t x : table)
    largest = std::max(largest, Unsigned128(x < 0 ? -Int128(x) : Int128(x)));
  return largest;
}

bool fits_int128(const HarrisInstance& q) {
  constexpr Unsigned128 limit = (Unsigned128(1) << 126) - 1;
  const std::size_t row =
      q.law == HarrisLaw::joint ? q.weights.size() : static_cast<std::size_t>(q.support);
  Unsigned128 bound = 1;  // the product over the axes, squared
  const int factors = q.law == HarrisLaw::joint ? 1 : q.axes;
  for (int axis = 0; axis < factors; ++axis) {
    const std::size_t first = q.law == HarrisLaw::independent ? row * std::size_t(axis) : 0;
    Unsigned128 sum = 0;  // at most 4096 * 2^63
    for (std::size_t i = first; i < first + row; ++i) sum += Unsigned128(q.weights[i]);
    for (int twice = 0; twice < 2; ++twice)
      if (!multiply_within(bound, sum, limit)) return false;
  }
  return multiply_within(bound, magnitude_of(q.g), limit) &&
         multiply_within(bound, magnitude_of(q.h), limit);
}

/// The numerator common to both statements, and the two sums that their denominators are made of.
struct Comparison {
  HarrisInteger numerator, h, total;
  std::strong_ordering order = std::strong_ordering::equal;
  HarrisArithmetic arithmetic;
};

Comparison compare_sides(const HarrisInstance& q) {
  Comparison c;
  c.arithmetic = harris_arithmetic(q);
  if (c.arithmetic == HarrisArithmetic::int128) {
    const Sums<Int128> s = sums_in_int128(q);
    const Int128 numerator = s.gh * s.total - s.g * s.h;
    c.order = numerator <=> Int128(0);
    c.numerator = from_int128(numerator);
    c.h = from_int128(s.h);
    c.total = from_int128(s.total);
  } else {
    const HarrisSums s = harris_sums_in_gmp(q);
    c.numerator = s.gh * s.total - s.g * s.h;
    c.order = c.numerator.sign() <=> 0;
    c.h = s.h;
    c.total = s.total;
  }
  return c;
}

}  // namespace

HarrisArithmetic harris_arithmetic(const HarrisInstance& q) {
  check_harris_shape(q);
  return fits_int128(q) ? HarrisArithmetic::int128 : HarrisArithmetic::gmp;
}

HarrisSums harris_sums_in_gmp(const HarrisInstance& q) {
  check_harris_shape(q);
  const auto s = sums_of<HarrisInteger>(q, from_int64);
  return {s.gh, s.g, s.h, s.total};
}

HarrisSums harris_sums(const HarrisInstance& q) {
  if (harris_arithmetic(q) == HarrisArithmetic::gmp) return harris_sums_in_gmp(q);
  const Sums<Int128> s = sums_in_int128(q);
  return {from_int128(s.gh), from_int128(s.g), from_int128(s.h), from_int128(s.total)};
}

Rational HarrisDecision::gap() const { return Rational(numerator, denominator); }

HarrisDecision decide_lemma_1(const HarrisInstance& q) {
  const Comparison c = compare_sides(q);
  return {c.order, c.numerator, c.total * c.total, c.arithmetic};
}

HarrisDecision decide_corollary_1(const HarrisInstance& q) {
  const Comparison c = compare_sides(q);
  if (c.h.sign() <= 0)
    throw UndefinedLaw(std::string("harris: gamma = E[eta] is ") +
                       (c.h.sign() == 0 ? "zero" : "negative") + ", p_H is not defined");
  return {c.order, c.numerator, c.h * c.total, c.arithmetic};
}

}  // namespace assay::reference
