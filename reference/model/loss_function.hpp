// SPDX-License-Identifier: Apache-2.0
// LossFunction: psi_k of a contrastive loss psi_k(t_1..t_k), t_i = z.(z_i^- - z^+), HN
// Definition 1.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reference/arithmetic/real.hpp"

namespace assay::reference {

/// What is known to hold on all of R^k. `false` means "not known to hold"; for the built-in losses
/// that is the same as false, except for `max-affine`, whose rows may have a negative slope and
/// never be the largest.
struct LossProperties {
  bool convex = false;
  bool nondecreasing = false;  ///< in every argument
  bool strictly_convex = false;
  bool strictly_increasing = false;  ///< in every argument
  bool symmetric = false;            ///< under permutations of the arguments
  bool piecewise_linear = false;     ///< with rational pieces: rational at rational arguments
};

/// How the k arguments become one number.
enum class Over : unsigned char { sum, mean, max };

/// psi_k for every k at once (k is the number of arguments). A value; evaluation is exact where the
/// function is rational, and otherwise in the arithmetic of the arguments.
class LossFunction {
 public:
  /// log(alpha + w sum_i exp(t_i / temperature)), w = weight or weight / k.
  struct LogSum {
    Real alpha = 1;
    Real weight = 1;
    bool per_negative = false;  ///< the weight is divided by k
    Real temperature = 1;
    Real weight_of(int negatives) const { return per_negative ? weight / negatives : weight; }
  };
  using Function = std::function<Real(std::span<const Real>)>;

  /// "info-nce alpha=1 weight=1/k temperature=1". \throws std::invalid_argument unless alpha >= 0,
  /// weight > 0 and temperature > 0, all exact
  static LossFunction log_sum(LogSum parameters);
  /// "hinge margin=1 over=sum": sum (mean, max) of max(t_i + margin, 0)
  static LossFunction hinge(Real margin, Over over);
  /// "softplus over=sum": sum (mean) of log(1 + exp(t_i))
  static LossFunction softplus(Over over);
  /// "linear over=sum": sum (mean) of t_i
  static LossFunction linear(Over over);
  /// "max": max_i t_i
  static LossFunction maximum();
  /// "max-affine 1,0,1/2;0,1,0": max_j (a_j . t + b_j); each row is k slopes and an offset.
  /// \throws std::invalid_argument for no rows or rows of different length or of less than 2
  static LossFunction max_affine(std::vector<std::vector<Real>> rows);
  /// "decreasing": -sum t_i. Convex, not monotone: a control.
  static LossFunction decreasing();
  /// "concave": -log(1 + sum exp(-t_i)). Increasing, not convex: a control.
  static LossFunction concave();
  /// "concave-linear bend=0": sum min(t_i, bend). The same, piecewise linear.
  static LossFunction concave_linear(Real bend);
  /// "non-monotone": sum t_i^2. Strictly convex, not monotone: a control.
  static LossFunction non_monotone();
  /// A function of one's own; `name` is its text and cannot be parsed.
  static LossFunction custom(std::string name, Function function, LossProperties properties);

  /// Reads what `text()` prints, settings in any order, none left out: a convention is part of a
  /// claim. \throws std::invalid_argument saying what is wrong
  static LossFunction parse(std::string_view text);
  std::string text() const;

  /// \throws std::invalid_argument for k < 1 or a k that the rows of max-affine do not have
  LossProperties properties(int k) const;
  /// psi_k(t), k = t.size(). \throws std::invalid_argument like `properties`
  Real operator()(std::span<const Real> t) const;
  /// psi at counts[j] copies of t[j], in this order.
  Real of_counts(std::span<const Real> t, std::span<const int> counts) const;

  /// The parameters of the log family, else null.
  const LogSum* log_sum_form() const { return kind_ == Kind::log_sum ? &log_sum_ : nullptr; }
  /// psi = scale(k) * sum_i term(t_i): the expectation needs one argument only.
  bool is_additive() const;
  /// psi = term(max_i t_i) with a non-decreasing term.
  bool is_of_maximum() const;
  /// \pre is_additive() or is_of_maximum()
  Real term(const Real& t) const;
  Real scale(int k) const { return over_ == Over::mean ? Real::ratio(1, k) : Real(1); }

 private:
  enum class Kind : unsigned char {
    log_sum,
    hinge,
    softplus,
    linear,
    maximum,
    max_affine,
    decreasing,
    concave,
    concave_linear,
    non_monotone,
    custom
  };
  explicit LossFunction(Kind kind) : kind_(kind) {}
  Real affine_maximum(std::span<const Real> t) const;
  LossProperties affine_properties(int k) const;

  Kind kind_;
  Over over_ = Over::sum;
  LogSum log_sum_;
  Real margin_;  // of hinge; the bend of concave-linear
  std::vector<std::vector<Real>> rows_;
  std::string name_;
  Function function_;
  LossProperties properties_;
};

/// log(alpha + sum_j weights[j] exp(t[j])): relative accuracy also where the value is small, no
/// overflow in doubles. Exact terms stay exact where alpha = 0 and all t are equal.
Real log_sum_exp(const Real& alpha, std::span<const Real> weights, std::span<const Real> t);

}  // namespace assay::reference
