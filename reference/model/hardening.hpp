// SPDX-License-Identifier: Apache-2.0
// Hardening: eta, which makes similar negatives more likely; HN Definition 2 and Appendix B.4.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "reference/arithmetic/real.hpp"

namespace assay::reference {

/// What is known to hold on all of R^k.
struct HardeningProperties {
  bool nonnegative = false;
  bool nondecreasing = false;  ///< in every argument
  bool separable = false;      ///< eta(u) = prod_i h(u_i)
  bool symmetric = false;
};

/// eta for every k at once; its arguments are the inner products u_i = z.z_i^-. A value; exact at
/// rational arguments except for the exponential.
class Hardening {
 public:
  using Function = std::function<Real(std::span<const Real>)>;

  Hardening() = default;  ///< "none": 1
  /// "exponential beta=5": prod exp(beta u_i), beta > 0
  static Hardening exponential(Real beta);
  /// "polynomial power=3": prod max(u_i + 1, 0)^power, power >= 1
  static Hardening polynomial(int power);
  /// "max-plus-one": max(max_i u_i + 1, 0), not separable
  static Hardening max_plus_one();
  /// "sum-plus-one power=2": max(sum_i (u_i + 1), 0)^power, not separable
  static Hardening sum_plus_one(int power);
  /// "threshold at=0": 1 if all u_i >= at, else 0; gamma may be 0
  static Hardening threshold(Real at);
  /// "decreasing": prod max(1 - u_i, 0), a control
  static Hardening decreasing();
  /// "signed": sum_i u_i, non-decreasing but negative somewhere, a control
  static Hardening signed_sum();
  /// A function of one's own; `name` is its text and cannot be parsed.
  static Hardening custom(std::string name, Function function, HardeningProperties properties);

  /// Reads what `text()` prints. \throws std::invalid_argument saying what is wrong
  static Hardening parse(std::string_view text);
  std::string text() const;

  bool is_none() const { return kind_ == Kind::none; }
  HardeningProperties properties() const;
  /// eta(u). \throws std::invalid_argument for no arguments
  Real operator()(std::span<const Real> u) const;
  /// eta at counts[j] copies of u[j], in this order.
  Real of_counts(std::span<const Real> u, std::span<const int> counts) const;
  /// h(u) of a separable eta. \throws std::logic_error for others
  Real factor(const Real& u) const;
  /// h(u) / h(origin) where that avoids overflow in doubles (the exponential), else h(u).
  Real relative_factor(const Real& u, const Real& origin) const;

 private:
  enum class Kind : unsigned char {
    none,
    exponential,
    polynomial,
    max_plus_one,
    sum_plus_one,
    threshold,
    decreasing,
    signed_sum,
    custom
  };
  explicit Hardening(Kind kind) : kind_(kind) {}

  Kind kind_ = Kind::none;
  Real parameter_;
  int power_ = 1;
  std::string name_;
  Function function_;
  HardeningProperties properties_;
};

}  // namespace assay::reference
