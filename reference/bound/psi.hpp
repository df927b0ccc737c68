// SPDX-License-Identifier: Apache-2.0
// Psi: a symmetric contrastive loss function psi_k (HN Definition 1), evaluated on arguments with
// multiplicities, so that a bound over 10^4 negatives costs no 10^4 exponentials per value.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "reference/arithmetic/real.hpp"

namespace assay::reference {

/// psi_k(t_1, ..., t_k) that does not depend on the order of its arguments. A value; its parameters
/// are exact numbers.
class Psi {
 public:
  enum class Kind { info_nce, hinge, softplus, linear, max };
  enum class Over { sum, mean, max };

  /// log(alpha + w sum_i exp(t_i / temperature)), w = weight (over = sum) or weight / k (mean).
  /// \throws std::invalid_argument for alpha < 0, weight <= 0 or temperature <= 0
  static Psi info_nce(const Real& alpha, Over over, const Real& temperature,
                      const Real& weight = 1);
  /// What HN Algorithm 1, line 22, computes: log(1 + (1/k) sum_i exp(t_i)).
  static Psi algorithm_1() { return info_nce(1, Over::mean, 1); }
  /// Sum, mean or maximum over i of max(t_i + margin, 0).
  static Psi hinge(const Real& margin, Over over);
  /// Sum or mean of log(1 + exp(t_i)). \throws std::invalid_argument for Over::max
  static Psi softplus(Over over);
  /// Sum or mean of t_i. \throws std::invalid_argument for Over::max
  static Psi linear(Over over);
  /// max_i t_i
  static Psi maximum();

  /// Reads "info-nce alpha=1 weight=1/k temperature=1" (weight=1 or 2 for the sum, weight=1/k or
  /// 2/k for the mean), "hinge margin=1 over=mean" (sum, mean, max), "softplus over=mean",
  /// "linear over=sum", "max"; a setting that is left out has its value of Algorithm 1 (alpha=1,
  /// weight=1/k, temperature=1, margin=1, over=mean).
  /// \throws std::invalid_argument in one line for anything else
  static Psi parse(std::string_view text);
  /// What `parse` reads, every setting written out.
  std::string text() const;

  /// psi_k at counts[i] arguments equal to values[i]; k is the sum of the counts. Arguments with
  /// count 0 do not take part. Exact for the piecewise linear kinds on exact arguments.
  /// \throws std::invalid_argument for sizes that differ, a negative count or k = 0
  Real operator()(const Arithmetic& in, std::span<const Real> values,
                  std::span<const int> counts) const;
  /// psi_k(t, ..., t)
  Real at(const Arithmetic& in, const Real& t, int k) const;

  Kind kind() const { return kind_; }
  Over over() const { return over_; }
  const Real& alpha() const { return alpha_; }
  const Real& weight() const { return weight_; }
  const Real& temperature() const { return temperature_; }
  const Real& margin() const { return margin_; }

 private:
  Real log_of_sum(const Arithmetic& in, std::span<const Real> values, std::span<const int> counts,
                  int k) const;
  Real each(const Arithmetic& in, const Real& t) const;

  Kind kind_ = Kind::info_nce;
  Over over_ = Over::mean;
  Real alpha_ = 1, weight_ = 1, temperature_ = 1, margin_ = 1;
};

}  // namespace assay::reference
