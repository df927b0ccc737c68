// SPDX-License-Identifier: Apache-2.0
// Random intervals: ends of 2 to 4096 bits, of any size, infinite, zero of either sign, equal.
#pragma once

#include <utility>

#include "tests/reference/arithmetic/support.hpp"

namespace assay::reference {

/// Descriptor of one end; small enough to shrink and to print.
struct EndDescriptor {
  int kind = 0;  ///< 0: infinite, 1: zero, 2: a double, 3: MPFR's largest, else: random bits
  bool negative = false;
  int bits = 53;
  long exponent = 0;  ///< of random bits
  std::uint64_t seed = 0;
};

inline void set_end(mpfr_ptr end, const EndDescriptor& d) {
  mpfr_set_prec(end, d.bits);
  switch (d.kind) {
    case 0: mpfr_set_inf(end, 1); break;
    case 1: mpfr_set_zero(end, 1); break;
    case 2:
      mpfr_set_prec(end, 53);
      mpfr_set_d(end, std::bit_cast<double>(d.seed & ~(std::uint64_t{1} << 62)), MPFR_RNDN);
      break;
    case 3:
      mpfr_set_inf(end, 1);
      mpfr_nextbelow(end);
      break;
    default: {
      gmp_randstate_t state;
      gmp_randinit_default(state);
      gmp_randseed_ui(state, d.seed);
      mpfr_urandomb(end, state);
      if (mpfr_zero_p(end)) mpfr_set_ui(end, 1, MPFR_RNDN);
      mpfr_mul_2si(end, end, d.exponent, MPFR_RNDN);
      gmp_randclear(state);
    }
  }
  mpfr_setsign(end, end, d.negative, MPFR_RNDN);
}

inline rc::Gen<EndDescriptor> end_descriptor() {
  return rc::gen::build<EndDescriptor>(
      rc::gen::set(&EndDescriptor::kind, rc::gen::inRange(0, 20)),
      rc::gen::set(&EndDescriptor::negative),
      rc::gen::set(&EndDescriptor::bits, rc::gen::element(2, 3, 10, 53, 64, 65, 113, 256, 4096)),
      rc::gen::set(&EndDescriptor::exponent, rc::gen::element(0L, 1L, -1L, 3L, -30L, 64L, -1060L,
                                                              -1100L, 1023L, 1024L, 5000L, -5000L)),
      rc::gen::set(&EndDescriptor::seed, random_bits()));
}

inline rc::Gen<Interval> random_interval() {
  return rc::gen::map(rc::gen::tuple(end_descriptor(), end_descriptor(), rc::gen::inRange(0, 6)),
                      [](const std::tuple<EndDescriptor, EndDescriptor, int>& drawn) {
                        const auto& [first, second, relation] = drawn;
                        auto ends = std::make_unique<Interval::Representation>(53);
                        set_end(ends->lower, first);
                        set_end(ends->upper, relation == 0 ? first : second);
                        if (relation == 1) {  // neighbours
                          set_end(ends->upper, first);
                          mpfr_nextabove(ends->upper);
                        }
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
