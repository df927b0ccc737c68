// SPDX-License-Identifier: Apache-2.0
// The modelled column of the InfoNCE settings, backward (docs/loss/info_nce-family-budget.md, "The
// modelled column"): coefficients, their sums over vectors, and the derivative by the parameter.
#pragma once

#include <cstdint>
#include <vector>

#include "properties/contract/loss/info_nce_family_model.hpp"

namespace assay::contract {

/// What an algorithm's own operations add to the coefficients g dl/ds_j of a row.
struct CoefficientNoise {
  std::vector<double> own;  ///< variances of what is independent from key to key
  /// Errors that the keys of the row share: each one random number times a pattern, whose entries
  /// are its standard deviations with their signs.
  std::vector<std::vector<double>> sources;
  double lever = 0;               ///< variance of the row's part of the parameter's sum
  bool levers_of_logits = false;  ///< coefficients multiply logits, not their distances
};

/// Errors of the gradients, in the parts that are added in different ways.
struct ModelledSum {
  double known = 0;      ///< with its sign
  double slope = 0;      ///< by the common factor of the logits, with its sign
  double remainder = 0;  ///< what first order leaves out
  double variance = 0;
  /// How many of the terms are equal, at most: what the algorithm's own sum of them rounds has so
  /// many times the variance.
  double ties = 1;
};

/// Coefficients of all rows and what moves them. Rows are added once, then vectors asked for.
class FamilyGradientModel {
 public:
  /// `same_bits`: a logit that two rows share is one number in both. `roundoff`: of the sum of the
  /// two coefficients of a pair.
  FamilyGradientModel(const FamilyInstance& instance, const FamilyVectors& vectors, bool same_bits,
                      double roundoff);
  /// False where there are too many pairs for a model.
  bool usable() const { return usable_; }

  /// Row i with its upstream gradient g, held as g + known_error.
  void add_row(std::int64_t i, const FamilyLogits& logits, double g, double known_error,
               const CoefficientNoise& noise);
  /// A row outside the domain: nothing that it reaches has a model.
  void add_unknown_row(std::int64_t i);

  /// Sums of coefficient times vector for vector o, per coordinate, before scale and norm.
  /// `radial`: how much of the part along y_o is taken off every vector (0: nothing). Infinite
  /// variances where there is no model.
  std::vector<ModelledSum> of_vector(std::int64_t o, double radial) const;
  /// The sum of coefficients times distances from the positives' mean.
  ModelledSum of_parameter() const;

 private:
  /// One row, entries as in its logits.
  struct Row {
    bool present = false, modelled = false;
    double g = 0, reach = 0;
    RowCurvature curvature;
    std::vector<double> variance, row_noise, key_noise;
    std::vector<double> moved, slope, carried;
    CoefficientNoise noise;
    // Sums of border^2 times the variances of logits and of what keys carry in.
    double negatives = 0, positives = 0, negative_keys = 0, positive_keys = 0;
    std::vector<std::int32_t> place;  ///< by column; -1: no logit
  };
  struct Accumulated;

  const Row* row_of(std::int64_t i) const;
  std::int32_t place_of(const Row* row, std::int64_t i, std::int64_t key) const;
  std::vector<double> projected(std::int64_t o, double radial) const;
  std::vector<double> ties_with(std::int64_t o) const;
  void add_own_row(const Row& row, std::int64_t o, const std::vector<double>& y,
                   Accumulated& sum) const;
  double coefficient(std::int64_t o, std::int64_t t) const;
  double equal_terms(std::int64_t o, const std::vector<double>& y, std::size_t k) const;
  void add_pair(std::int64_t o, std::int64_t t, const std::vector<double>& y, double ties,
                Accumulated& sum) const;
  void add_lever(std::int64_t i, const FamilyLogits& logits, double g_error, Row& row);

  const FamilyInstance& instance_;
  const FamilyVectors& vectors_;
  bool same_bits_, twice_, usable_, all_modelled_ = true;
  double roundoff_;
  std::vector<Row> rows_;
  ModelledSum parameter_;
  double ties_ = 1;                ///< largest number of equal logits in a row
  std::vector<double> levers_;     ///< variances of the rows in the parameter's sum
  std::vector<double> of_vector_;  ///< standard deviations in the parameter's sum
};

}  // namespace assay::contract
