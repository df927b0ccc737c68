// SPDX-License-Identifier: Apache-2.0
// Real::Node: the shared, immutable part of a Real that is no machine number, and the ways in and
// out of it, for the files that implement Real or run a formula on an engine's own numbers.
#pragma once

#include <atomic>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "reference/arithmetic/number.hpp"
#include "reference/arithmetic/real.hpp"

namespace assay::reference {

template <class Number>
inline constexpr Engine engine_of = Engine::mpfi;
#if ASSAY_HAVE_ARB
template <>
inline constexpr Engine engine_of<ArbNumber> = Engine::arb;
#endif

/// Calls `body` with std::type_identity of the engine's number type.
template <class Body>
auto on_number_type(Engine engine, Body body) {
#if ASSAY_HAVE_ARB
  if (engine == Engine::arb) return body(std::type_identity<ArbNumber>{});
#endif
  if (engine != Engine::mpfi) throw std::logic_error("real: the engine is not built in");
  return body(std::type_identity<MpfiNumber>{});
}

/// The rational number as one of the engine, rounded outward to `bits`.
void set_number(MpfiNumber& result, const Rational& x, int bits);
/// Any number in the interval, as one of the engine.
void set_number(MpfiNumber& result, const Interval& x, int bits);
/// Encloses the larger (smaller) of any two numbers in a and b.
MpfiNumber larger(const MpfiNumber& a, const MpfiNumber& b);
MpfiNumber smaller(const MpfiNumber& a, const MpfiNumber& b);
#if ASSAY_HAVE_ARB
void set_number(ArbNumber& result, const Rational& x, int bits);
void set_number(ArbNumber& result, const Interval& x, int bits);
ArbNumber larger(const ArbNumber& a, const ArbNumber& b);
ArbNumber smaller(const ArbNumber& a, const ArbNumber& b);
#endif

struct Real::Node {
#if ASSAY_HAVE_ARB
  using Value = std::variant<Rational, MpfiNumber, ArbNumber>;
#else
  using Value = std::variant<Rational, MpfiNumber>;
#endif
  explicit Node(Value v) : value(std::move(v)) {}
  std::atomic<int> count{1};
  const Value value;

  /// The arithmetic that an exact number or an enclosure belongs to.
  struct Home {
    Engine engine = Engine::mpfi;
    int bits = 0;
  };
  static Home home_of(const Real& x) { return {x.engine_, x.bits_}; }
  /// The home of a result of both. \throws std::logic_error when the engines differ
  static Home common_home(const Real& a, const Real& b);
  /// \throws std::logic_error naming the function when the number has no home
  static Home require_home(const Real& x, const char* function);

  /// Integers that fit a machine word become integers again.
  static Real exact(Rational x, Home home);
  template <class Number>
  static Real enclosure(Number x) {
    Real result;
    result.engine_ = engine_of<Number>;
    result.bits_ = x.bits();
    result.node_ = new Node(std::move(x));
    result.kind_ = Kind::enclosure;
    return result;
  }
  /// The exact number; `room` holds it where it was a machine word. \throws std::logic_error for
  /// other kinds
  static const Rational& rational(const Real& x, Rational& room);
  static Rational rational(const Real& x);
  /// The exact number or the enclosure as the engine's number. \pre not plain
  template <class Number>
  static Number number(const Real& x, int bits) {
    if (x.kind_ == Kind::integer) return Number::from_integer(x.integer_, bits);
    if (x.kind_ == Kind::enclosure) return std::get<Number>(x.node_->value);
    Number result;
    set_number(result, std::get<Rational>(x.node_->value), bits);
    return result;
  }
};

}  // namespace assay::reference
