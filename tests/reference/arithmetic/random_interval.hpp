// SPDX-License-Identifier: Apache-2.0
// Random intervals: ends of 2 to 4096 bits, of any size, infinite, zero of either sign, equal.
#pragma once

#include <utility>

#include "tests/reference/arithmetic/support.hpp"

namespace assay::reference {

/// `bounded` leaves out the infinities and MPFR's largest and smallest numbers: as rationals,
/// numbers near 2^(2^30) fill gigabytes.
enum class Ranges { all, bounded };

/// Descriptor of one end; small enough to shrink and to print.
struct EndDescriptor {
  enum Kind { infinite, largest, smallest, zero, from_double, random } kind = zero;
  bool negative = false;
  int bits = 53;
  long exponent = 0;  ///< of random bits
  std::uint64_t seed = 0;
};

inline void set_end(mpfr_ptr end, const EndDescriptor& d) {
  mpfr_set_prec(end, d.kind == EndDescriptor::from_double ? 53 : d.bits);
  mpfr_set_zero(end, 1);
  if (d.kind == EndDescriptor::infinite || d.kind == EndDescriptor::largest) mpfr_set_inf(end, 1);
  if (d.kind == EndDescriptor::largest) mpfr_nextbelow(end);
  if (d.kind == EndDescriptor::smallest) mpfr_nextabove(end);
  if (d.kind == EndDescriptor::from_double)  // the cleared bit of the exponent keeps it below 2
    mpfr_set_d(end, std::bit_cast<double>(d.seed & ~(std::uint64_t{1} << 62)), MPFR_RNDN);
  if (d.kind == EndDescriptor::random) {
    gmp_randstate_t state;
    gmp_randinit_default(state);
    gmp_randseed_ui(state, d.seed);
    mpfr_urandomb(end, state);
    gmp_randclear(state);
    if (mpfr_zero_p(end)) mpfr_set_ui(end, 1, MPFR_RNDN);
    mpfr_mul_2si(end, end, d.exponent, MPFR_RNDN);
  }
  mpfr_setsign(end, end, d.negative, MPFR_RNDN);
}

inline rc::Gen<EndDescriptor> end_descriptor(Ranges ranges) {
  using Kind = EndDescriptor::Kind;
  const auto bounded = rc::gen::weightedElement<Kind>(
      {{1, EndDescriptor::zero}, {4, EndDescriptor::from_double}, {8, EndDescriptor::random}});
  const auto extreme = rc::gen::element<Kind>(EndDescriptor::infinite, EndDescriptor::largest,
                                              EndDescriptor::smallest);
  const std::size_t extremes = ranges == Ranges::all ? 1 : 0;
  return rc::gen::build<EndDescriptor>(
      rc::gen::set(&EndDescriptor::kind,
                   rc::gen::weightedOneOf<Kind>({{4, bounded}, {extremes, extreme}})),
      rc::gen::set(&EndDescriptor::negative),
      rc::gen::set(&EndDescriptor::bits, rc::gen::element(2, 3, 10, 53, 64, 65, 113, 256, 4096)),
      rc::gen::set(&EndDescriptor::exponent, rc::gen::element(0L, 1L, -1L, 3L, -30L, 64L, -1060L,
                                                              -1100L, 1023L, 1024L, 5000L, -5000L)),
      rc::gen::set(&EndDescriptor::seed, random_bits()));
}

inline rc::Gen<Interval> random_interval(Ranges ranges = Ranges::all) {
  enum Relation { unrelated, equal, neighbours };
  return rc::gen::map(rc::gen::tuple(end_descriptor(ranges), end_descriptor(ranges),
                                     rc::gen::weightedElement<Relation>(
                                         {{4, unrelated}, {1, equal}, {1, neighbours}})),
                      [](const std::tuple<EndDescriptor, EndDescriptor, Relation>& drawn) {
                        const auto& [first, second, relation] = drawn;
                        auto ends = std::make_unique<Interval::Representation>(53);
                        set_end(ends->lower, first);
                        set_end(ends->upper, relation == unrelated ? second : first);
                        if (relation == neighbours && mpfr_regular_p(ends->upper))
                          mpfr_nextabove(ends->upper);
                        if (mpfr_greater_p(ends->lower, ends->upper))
                          mpfr_swap(ends->lower, ends->upper);
                        return Interval(std::move(ends));
                      });
}

}  // namespace assay::reference

namespace rc {
/// How RapidCheck shows an interval.
inline void showValue(const assay::reference::Interval& x, std::ostream& os) { os << x.to_exact(); }
}  // namespace rc
