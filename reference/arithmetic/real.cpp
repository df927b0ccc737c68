// SPDX-License-Identifier: Apache-2.0
// Real: life, field operations, comparisons and conversions.
#include "reference/arithmetic/real.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "reference/arithmetic/detail/mpfr_value.hpp"
#include "reference/arithmetic/detail/real_node.hpp"
#include "reference/arithmetic/environment.hpp"

namespace assay::reference {

static_assert(sizeof(long) == sizeof(long long), "integers pass as long");

Arithmetic Arithmetic::plain() {
  Arithmetic result;
  result.plain_ = true;
  return result;
}

Arithmetic Arithmetic::enclosing(Engine engine, int bits) {
  if (!built_in(engine))
    throw std::invalid_argument("arithmetic: the engine " + std::string(name_of(engine)) +
                                " is not built in");
  require_precision(bits);
  ensure_sound_environment();
  Arithmetic result;
  result.engine_ = engine;
  result.bits_ = bits;
  return result;
}

Real Arithmetic::operator()(const Real& x) const {
  if (plain_) return Real::plain(x.approximate());
  if (x.is_plain()) throw std::logic_error("arithmetic: a double cannot become an enclosure");
  if (x.is_exact()) {
    Real result = x;
    result.engine_ = engine_;
    result.bits_ = bits_;
    return result;
  }
  if (bits_ != 0 && x.engine_ != engine_)
    throw std::logic_error("arithmetic: an enclosure of the other engine cannot enter");
  return x;
}

Real Arithmetic::operator()(long long n) const {
  return plain_ ? Real::plain(static_cast<double>(n)) : Real(n, engine_, bits_);
}

Real Arithmetic::operator()(long long n, long long d) const { return (*this)(Real::ratio(n, d)); }

void Real::retain() const { node_->count.fetch_add(1, std::memory_order_relaxed); }

void Real::release() {
  if (node_->count.fetch_sub(1, std::memory_order_acq_rel) == 1) delete node_;
}

Real::Node::Home Real::Node::common_home(const Real& a, const Real& b) {
  if (a.bits_ == 0) return home_of(b);
  if (b.bits_ == 0) return home_of(a);
  if (a.engine_ != b.engine_) throw std::logic_error("real: numbers of two engines meet");
  return {a.engine_, std::max(a.bits_, b.bits_)};
}

Real::Node::Home Real::Node::require_home(const Real& x, const char* function) {
  if (x.bits_ == 0)
    throw std::logic_error(std::string("real: ") + function +
                           " of an exact number that knows no arithmetic");
  return home_of(x);
}

Real Real::Node::exact(Rational x, Home home) {
  mpq_srcptr q = x.backend().data();
  if (mpz_cmp_ui(mpq_denref(q), 1) == 0 && mpz_fits_slong_p(mpq_numref(q)))
    return Real(static_cast<long long>(mpz_get_si(mpq_numref(q))), home.engine, home.bits);
  Real result;
  result.engine_ = home.engine;
  result.bits_ = home.bits;
  result.node_ = new Node(std::move(x));
  result.kind_ = Kind::rational;
  return result;
}

const Rational& Real::Node::rational(const Real& x, Rational& room) {
  if (x.kind_ == Kind::integer) {
    mpq_set_si(room.backend().data(), x.integer_, 1);
    return room;
  }
  if (x.kind_ != Kind::rational) throw std::logic_error("real: the number is not exact");
  return std::get<Rational>(x.node_->value);
}

Rational Real::Node::rational(const Real& x) {
  Rational room;
  return rational(x, room);
}

Real Real::ratio(long long numerator, long long denominator) {
  if (denominator == 0) throw std::invalid_argument("real: zero denominator");
  return Node::exact(rational_from_integer(numerator) / rational_from_integer(denominator), {});
}

Real Real::exactly(double x) { return Node::exact(rational_from(x), {}); }

Real Real::enclosed(const Interval& x, const Arithmetic& arithmetic) {
  if (arithmetic.is_plain() || arithmetic.bits() == 0)
    throw std::logic_error("real: an enclosure needs an enclosing arithmetic");
  return on_number_type(arithmetic.engine(), [&]<class Number>(std::type_identity<Number>) {
    Number result;
    set_number(result, x, arithmetic.bits());
    return Node::enclosure(std::move(result));
  });
}

bool Real::is_integer() const {
  return kind_ == Kind::integer ||
         (kind_ == Kind::rational &&
          mpz_cmp_ui(mpq_denref(std::get<Rational>(node_->value).backend().data()), 1) == 0);
}

std::optional<Arithmetic> Real::arithmetic() const {
  if (kind_ == Kind::plain) return Arithmetic::plain();
  if (bits_ == 0) return std::nullopt;
  Arithmetic result;
  result.engine_ = engine_;
  result.bits_ = bits_;
  return result;
}

double Real::approximate() const {
  switch (kind_) {
    case Kind::integer: return static_cast<double>(integer_);
    case Kind::plain: return plain_;
    case Kind::rational: {
      detail::MpfrValue nearest(std::numeric_limits<double>::digits);
      mpfr_set_q(nearest, std::get<Rational>(node_->value).backend().data(), MPFR_RNDN);
      return mpfr_get_d(nearest, MPFR_RNDN);
    }
    case Kind::enclosure: break;
  }
  return std::visit([](const auto& x) { return midpoint_of(x); }, node_->value);
}

Interval Real::interval(int bits) const {
  if (kind_ == Kind::plain) throw std::logic_error("real: a plain double encloses nothing");
  if (is_exact()) return to_interval(Node::rational(*this), bits);
  return on_number_type(engine_, [&]<class Number>(std::type_identity<Number>) {
    return to_interval(std::get<Number>(node_->value));
  });
}

namespace {

/// The operation in the kind that its operands call for.
template <class Operation>
Real by_kind(const Real& a, const Real& b, Operation operation) {
  using Node = Real::Node;
  if (a.is_plain() || b.is_plain()) return Real::plain(operation(a.approximate(), b.approximate()));
  const Node::Home home = Node::common_home(a, b);
  if (a.is_exact() && b.is_exact()) {
    Rational room_a, room_b;
    return Node::exact(operation(Node::rational(a, room_a), Node::rational(b, room_b)), home);
  }
  return on_number_type(home.engine, [&]<class Number>(std::type_identity<Number>) {
    return Node::enclosure(
        operation(Node::number<Number>(a, home.bits), Node::number<Number>(b, home.bits)));
  });
}

bool is_exact_zero(const Real& x) { return x.is_exact() && identical(x, 0); }

}  // namespace

Real Real::slow_add(const Real& a, const Real& b) {
  return by_kind(a, b, [](const auto& x, const auto& y) { return x + y; });
}
Real Real::slow_subtract(const Real& a, const Real& b) {
  return by_kind(a, b, [](const auto& x, const auto& y) { return x - y; });
}
Real Real::slow_multiply(const Real& a, const Real& b) {
  return by_kind(a, b, [](const auto& x, const auto& y) { return x * y; });
}
Real Real::slow_divide(const Real& a, const Real& b) {
  if (!a.is_plain() && is_exact_zero(b)) throw std::domain_error("real: division by zero");
  return by_kind(a, b, [](const auto& x, const auto& y) { return x / y; });
}

Real operator-(const Real& a) {
  if (a.kind_ == Real::Kind::plain) return Real::plain(-a.plain_);
  return 0 - a;
}

Truth Real::slow_less(const Real& a, const Real& b) {
  if (alike_integers(a, b)) return a.integer_ < b.integer_ ? Truth::yes : Truth::no;
  if (a.is_plain() || b.is_plain()) return less(plain(a.approximate()), plain(b.approximate()));
  if (a.is_exact() && b.is_exact()) {
    Rational room_a, room_b;
    return Node::rational(a, room_a) < Node::rational(b, room_b) ? Truth::yes : Truth::no;
  }
  const int bits = std::max({a.bits_, b.bits_, std::numeric_limits<double>::digits});
  return a.interval(bits).less(b.interval(bits));
}

Truth less_or_equal(const Real& a, const Real& b) {
  const Truth greater = less(b, a);
  if (greater == Truth::unknown) return greater;
  return greater == Truth::yes ? Truth::no : Truth::yes;
}

Truth equal(const Real& a, const Real& b) {
  if (a.is_plain() || b.is_plain()) {
    const double x = a.approximate();
    const double y = b.approximate();
    if (std::isnan(x) || std::isnan(y)) return Truth::unknown;
    return x == y ? Truth::yes : Truth::no;
  }
  if (a.is_exact() && b.is_exact())
    return Real::Node::rational(a) == Real::Node::rational(b) ? Truth::yes : Truth::no;
  const int bits = std::max({a.bits_, b.bits_, std::numeric_limits<double>::digits});
  return a.interval(bits).equal(b.interval(bits));
}

bool identical(const Real& a, const Real& b) {
  if (a.kind_ != b.kind_) return false;
  switch (a.kind_) {
    case Real::Kind::integer: return a.integer_ == b.integer_;
    case Real::Kind::plain:
      return std::bit_cast<std::uint64_t>(a.plain_) == std::bit_cast<std::uint64_t>(b.plain_);
    case Real::Kind::rational: return Real::Node::rational(a) == Real::Node::rational(b);
    case Real::Kind::enclosure: break;
  }
  return a.engine_ == b.engine_ && a.interval().identical(b.interval());
}

Real sum(std::span<const Real> x) {
  Real result;
  for (const Real& term : x) result += term;
  return result;
}

Real dot(std::span<const Real> x, std::span<const Real> y) {
  if (x.size() != y.size())
    throw std::invalid_argument("dot: " + std::to_string(x.size()) + " and " +
                                std::to_string(y.size()) + " numbers");
  Real result;
  for (std::size_t i = 0; i < x.size(); ++i) result += x[i] * y[i];
  return result;
}

}  // namespace assay::reference
