// SPDX-License-Identifier: Apache-2.0
// The InfoNCE family as one text over the number types: from the problem to losses and gradients;
// internal to the engines' tiers.
#pragma once

#include <cstdint>
#include <vector>

#include "reference/arithmetic/number.hpp"
#include "reference/loss/info_nce_family.hpp"
#include "reference/loss/info_nce_normalisation.hpp"
#include "reference/loss/info_nce_relations.hpp"
#include "reference/loss/info_nce_row_terms.hpp"
#include "reference/loss/info_nce_scale_slope.hpp"
#include "reference/loss/info_nce_similarity.hpp"

namespace assay::reference {

/// How many bits beyond those asked for keep the absolute error of every logit near 2^(10-bits).
int extra_bits_for(const InfoNceSetting& setting, const InfoNceFamilyProblem& problem);

/// The vectors of a problem at one precision: logits and what the derivative needs of them.
template <class Number>
class FamilyVectors {
 public:
  FamilyVectors(const InfoNceSetting& setting, const InfoNceFamilyProblem& problem, int bits);

  const Context<Number>& context() const { return context_; }
  std::int64_t count() const { return static_cast<std::int64_t>(vectors_.size()); }
  /// True if some normalised vector does not exist; nothing else may be asked then.
  bool undefined() const { return undefined_; }
  bool normalised() const { return setting_.normalisation != Normalisation::none; }
  /// sim(x_i, x_j) of the normalised vectors.
  Number similarity(VectorId i, VectorId j) const;
  /// |x_i||x_j| against eps, where max(|x_i||x_j|, eps) divides the dot product.
  Against product_against_eps(VectorId i, VectorId j) const;
  /// What divides <x_i, x_j>. \pre the setting normalises, the similarity is a dot product
  Number divisor(VectorId i, VectorId j) const;
  /// x_j / nu_j - x_i / nu_i, exactly 0 for equal vectors. \pre the similarity is a distance
  std::vector<Number> difference_of(VectorId i, VectorId j) const;
  /// x_i / nu_i. \pre the similarity is a distance
  const std::vector<Number>& unit(VectorId i) const { return units_[detail::at(i)]; }
  /// The same times the scale.
  Number logit(VectorId i, VectorId j) const { return scaled(similarity(i, j)); }
  /// x times the scale.
  Number scaled(const Number& x) const { return by_division_ ? x / scale_ : x * scale_; }
  /// x divided by the scale.
  Number unscaled(const Number& x) const { return by_division_ ? x * scale_ : x / scale_; }
  const VectorNorm<Number>& norm(VectorId i) const { return norms_[detail::at(i)]; }
  /// w of every pair, where the setting weights positives.
  std::vector<Number> pair_weights() const;
  /// d(sum_i slope_i w_i) / d(sim(a_m, b_m)) of every pair m.
  std::vector<Number> pair_weights_derivative(const std::vector<Number>& slopes) const;
  /// Logits of a row's positives and negatives.
  RowLogits<Number> logits(VectorId row, const RowKeys& keys,
                           const std::vector<Number>& pair_weights) const;
  /// The outer factor before the mean.
  Number outer_factor() const;
  /// d(log scale) / d(parameter), through the clamp.
  Number log_scale_slope() const {
    return clamped_log_scale_slope(context_, setting_, effective_, problem_.parameter);
  }

 private:
  bool is_distance() const { return setting_.similarity != Similarity::dot; }
  /// softmax_i(sim(a_i, b_i) / sigma).
  std::vector<Number> pair_shares() const;

  const InfoNceSetting& setting_;
  const InfoNceFamilyProblem& problem_;
  Context<Number> context_;
  std::vector<ExactVector<Number>> vectors_;
  std::vector<VectorNorm<Number>> norms_;   // where the setting normalises
  std::vector<std::vector<Number>> units_;  // where the similarity is a distance
  EffectiveScale effective_;
  bool by_division_;  // scale_ holds the temperature, not its inverse
  Number scale_;
  bool undefined_ = false;
};

/// Everything known of the values: row losses, who counts how much, the loss.
template <class Number>
struct FamilyValues {
  std::vector<RowKeys> keys;
  std::vector<Number> row_loss;
  std::vector<RowFate> fate;
  std::vector<Number> share;  ///< d(mean loss) / d(row loss)
  Number mean_loss;           ///< before the outer factor
  bool loss_is_nan = false;   ///< declared
  bool undecided = false;     ///< at this precision the sign of a row's loss is not known
};
template <class Number>
FamilyValues<Number> family_values(const InfoNceSetting& setting,
                                   const InfoNceFamilyProblem& problem,
                                   const FamilyVectors<Number>& vectors);

/// What the tiers need of one engine, behind plain types.
template <class Number>
struct InfoNceFamilyOnEngine {
  static InfoNceFamilyEnclosures enclose(const InfoNceSetting& setting,
                                         const InfoNceFamilyProblem& problem, int bits);
  static InfoNceGradients gradients(const InfoNceSetting& setting,
                                    const InfoNceFamilyProblem& problem,
                                    const InfoNceUpstream& upstream, int bits);
  struct Loss {
    Interval loss;
    bool is_nan = false;
  };
  static Loss loss(const InfoNceSetting& setting, const InfoNceFamilyProblem& problem, int bits);
};

}  // namespace assay::reference
