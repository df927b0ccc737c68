// SPDX-License-Identifier: Apache-2.0
// The four number types over which every formula is written once, and the context that makes them.
//
// A formula is a template `template <class Number> Number f(const Context<Number>&, ...)`, defined
// in one .cpp and instantiated there for the types it is meant for. Inside it, `exp`, `log`,
// `log1p` and `sqrt` are called unqualified. There is no implicit conversion from double: write
// `context.exactly(0.5)`; a constant such as 0.1 is the double nearest to 0.1, never 1/10 (write
// `context.from_integer(1) / context.from_integer(10)`).
//
// This header is heavy (Boost, GMP, MPFI, Arb): include it in .cpp files, not in public headers.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "reference/arithmetic/engine.hpp"
#include "reference/arithmetic/interval.hpp"
#include "reference/arithmetic/mpfi_number.hpp"
#include "reference/arithmetic/precision.hpp"
#include "reference/arithmetic/rational.hpp"

#ifndef ASSAY_HAVE_ARB
#error "ASSAY_HAVE_ARB must be 0 or 1: link the target assay_reference"
#endif
#if ASSAY_HAVE_ARB
#include "reference/arithmetic/arb_number.hpp"
#endif

namespace assay::reference {

/// True for the number types that carry their own error: a result is proved to contain the truth.
template <class Number>
inline constexpr bool encloses = false;
template <>
inline constexpr bool encloses<MpfiNumber> = true;
#if ASSAY_HAVE_ARB
template <>
inline constexpr bool encloses<ArbNumber> = true;
#endif
/// True for the number type whose field operations have no error at all (and that has no exp).
template <class Number>
inline constexpr bool is_exact = false;
template <>
inline constexpr bool is_exact<Rational> = true;

/// Elements of a vector at their exact values, made ready for many dot products. Finite elements
/// only: \throws std::invalid_argument otherwise (when made).
template <class Number>
class ExactVector {
 public:
  std::int64_t size() const { return static_cast<std::int64_t>(elements_.size()); }

 private:
  template <class>
  friend class Context;
  ExactVector(const double* x, std::int64_t count, std::int64_t stride) {
    elements_.reserve(static_cast<std::size_t>(count));
    for (std::int64_t k = 0; k < count; ++k) elements_.push_back(x[k * stride]);
  }
  std::vector<double> elements_;
};

/// Makes numbers at a precision. `bits` is the precision of the results on the two engines; double
/// and Rational ignore it. Instantiated for double, MpfiNumber, ArbNumber (where built in) and
/// Rational. A context is a value; one context may be used by many threads.
///
/// Making a context for an enclosing type checks the floating-point environment
/// (`ensure_sound_environment`). \throws UnsoundEnvironment
template <class Number>
class Context {
 public:
  /// \throws std::invalid_argument unless lowest_bits <= bits <= highest_bits
  explicit Context(int bits);

  int bits() const { return bits_; }
  /// The double at its exact value. NaN and infinities are no real numbers: the whole line on the
  /// engines, themselves for double; \throws std::invalid_argument for Rational.
  Number exactly(double x) const;
  Number from_integer(long long n) const;

  /// Sum over k < count of x[k * stride] * y[k * stride]: `stride` applies to both. Every product
  /// of two doubles is exact inside. MPFI: the exact sum, rounded once, outward. Arb: `arb_dot`.
  /// Rational: exact. double: plain, in index order. An element that is not finite gives the whole
  /// line on the engines; \throws std::invalid_argument for Rational.
  Number dot(const double* x, const double* y, std::int64_t count, std::int64_t stride = 1) const;

  /// The same from vectors made ready before (Arb converts each vector once instead of once per
  /// product). \throws std::invalid_argument when the sizes differ
  ExactVector<Number> vector(const double* x, std::int64_t count, std::int64_t stride = 1) const;
  Number dot(const ExactVector<Number>& x, const ExactVector<Number>& y) const;

 private:
  int bits_;
};

#if ASSAY_HAVE_ARB
template <>
class ExactVector<ArbNumber> {
 public:
  std::int64_t size() const { return size_; }

 private:
  template <class>
  friend class Context;
  struct Clear {
    std::int64_t size;
    void operator()(arb_ptr balls) const { _arb_vec_clear(balls, size); }
  };
  ExactVector(const double* x, std::int64_t count, std::int64_t stride)
      : balls_(_arb_vec_init(count), Clear{count}), size_(count) {
    for (std::int64_t k = 0; k < count; ++k) arb_set_d(balls_.get() + k, x[k * stride]);
  }
  std::unique_ptr<arb_struct, Clear> balls_;
  std::int64_t size_ = 0;
};
#endif

/// Enclosure of every real number in the argument. Ends of the argument's own precision.
Interval to_interval(const MpfiNumber& x);
#if ASSAY_HAVE_ARB
Interval to_interval(const ArbNumber& x);
#endif
/// The tightest interval with ends of `bits` bits around the rational number.
/// \throws std::invalid_argument unless lowest_bits <= bits <= highest_bits
Interval to_interval(const Rational& x, int bits = 256);
/// A plain double knows nothing of its error: there is nothing to enclose.
Interval to_interval(double) = delete;

/// A double somewhere near the middle, for steering a search only: never a bound, never a value to
/// print. NaN where the argument is not bounded.
double midpoint_of(const MpfiNumber& x);
#if ASSAY_HAVE_ARB
double midpoint_of(const ArbNumber& x);
#endif
double midpoint_of(const Rational& x);
inline double midpoint_of(double x) { return x; }

// So that a formula can call the functions unqualified on its plain-double instantiation.
inline double exp(double x) { return std::exp(x); }
inline double log(double x) { return std::log(x); }
inline double log1p(double x) { return std::log1p(x); }
inline double sqrt(double x) { return std::sqrt(x); }

/// Gives back the constants (log 2, pi, tables) that MPFR and FLINT keep for the calling thread;
/// for a worker thread to call before it ends. Numbers of that thread stay valid.
void release_thread_caches();

extern template class Context<double>;
extern template class Context<MpfiNumber>;
extern template class Context<Rational>;
#if ASSAY_HAVE_ARB
extern template class Context<ArbNumber>;
#endif

}  // namespace assay::reference
