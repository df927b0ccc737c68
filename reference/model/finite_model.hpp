// SPDX-License-Identifier: Apache-2.0
// FiniteModel: classes, points, probabilities and representations, the stage of HN Section 3.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "reference/arithmetic/real.hpp"

namespace assay::reference {

/// Which conditional law of a point given its class.
enum class PointLaw : unsigned char { anchor, positive, negative };

/// A data model with finitely many points together with a map f on them. Every class has `points`
/// points of its own; points are told apart by class and index, so that the supports of different
/// classes are disjoint, and two points may have the same representation. Indices start at 0.
///
/// The inner product of two representations is squared_scale * sum_a f_a f'_a: the simplex frame of
/// C classes is f_c = e_c - 1/C with squared_scale = C/(C-1), all rational.
struct FiniteModel {
  int classes = 0;
  int points = 0;
  int dimension = 0;
  std::vector<Real> class_probabilities;           ///< lambda, [classes]
  std::vector<Real> negative_class_probabilities;  ///< r of UCL, [classes]; SCL uses lambda
  std::vector<Real> joint;                         ///< q(x, x^+ | y), [classes][points][points]
  std::vector<Real> negative_law;                  ///< s(x | y) of negatives, [classes][points]
  std::vector<Real> embeddings;                    ///< f, [classes][points][dimension]
  Real squared_scale = 1;

  const Real& q(int y, int x, int positive) const { return joint[joint_index(y, x, positive)]; }
  Real& q(int y, int x, int positive) { return joint[joint_index(y, x, positive)]; }
  const Real& s(int y, int x) const { return negative_law[point_index(y, x)]; }
  Real& s(int y, int x) { return negative_law[point_index(y, x)]; }
  const Real& f(int y, int x, int a) const { return embeddings[coordinate_index(y, x, a)]; }
  Real& f(int y, int x, int a) { return embeddings[coordinate_index(y, x, a)]; }

  /// f(y, x) . f(y2, x2)
  Real inner(int y, int x, int y2, int x2) const;
  /// The law of a point given class y: a marginal of q, or s. [points]
  std::vector<Real> law(int y, PointLaw which) const;
  std::vector<Real> anchor_law(int y) const { return law(y, PointLaw::anchor); }
  std::vector<Real> positive_law(int y) const { return law(y, PointLaw::positive); }
  /// mu_y in the coordinates of the embeddings (the scale not applied). [dimension]
  std::vector<Real> mean(int y, PointLaw which = PointLaw::negative) const;
  /// mu_y . mu_l
  Real mean_inner(int y, int l, PointLaw of_y = PointLaw::negative,
                  PointLaw of_l = PointLaw::negative) const;
  Real squared_norm(int y, int x) const { return inner(y, x, y, x); }

  /// r(l | y) of SCL: 1[l != y] lambda_l / (1 - lambda_y). \throws std::domain_error if lambda_y =
  /// 1
  Real other_class_probability(int y, int l) const;
  /// Every number in the arithmetic.
  FiniteModel in(const Arithmetic& arithmetic) const;

 private:
  std::size_t point_index(int y, int x) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(points) +
           static_cast<std::size_t>(x);
  }
  std::size_t joint_index(int y, int x, int positive) const {
    return point_index(y, x) * static_cast<std::size_t>(points) +
           static_cast<std::size_t>(positive);
  }
  std::size_t coordinate_index(int y, int x, int a) const {
    return point_index(y, x) * static_cast<std::size_t>(dimension) + static_cast<std::size_t>(a);
  }
};

/// lambda and r uniform, anchor and positive independent and uniform given the class, s uniform,
/// f = 0. \throws std::invalid_argument unless classes >= 2, points >= 1, dimension >= 1
FiniteModel uniform_model(int classes, int points, int dimension);
/// The same with every point of a class at its vertex of the simplex frame (ETF) in R^classes.
FiniteModel simplex_model(int classes, int points);

/// \throws std::invalid_argument naming what is wrong, "class probabilities sum to 5/6": sizes, a
/// probability that is (certainly) negative, a law that does (certainly) not sum to 1, a scale that
/// is not positive. Sums of doubles may miss 1 by 2^-50 per term.
void check(const FiniteModel& model);

// Hypotheses of the papers. Exact models always answer yes or no; in doubles the answers compare
// rounded numbers and mean little.
Truth is_equiprobable(const FiniteModel& model);               ///< lambda_y = 1/C
Truth in_unit_ball(const FiniteModel& model);                  ///< |f| <= 1 at every point
Truth on_unit_sphere(const FiniteModel& model);                ///< |f| = 1 at every point
Truth has_equal_marginals(const FiniteModel& model);           ///< x and x^+ have one law given y
Truth has_common_law(const FiniteModel& model);                ///< and the negatives have it too
Truth is_conditionally_independent(const FiniteModel& model);  ///< q = product of its marginals
Truth has_same_negative_classes(const FiniteModel& model);     ///< r = lambda
Truth has_collapsed(const FiniteModel& model);                 ///< one representation per class
/// mu_j . mu_l = -1/(C-1) for all j != l, HN (13), with means under s.
Truth means_form_simplex(const FiniteModel& model);

/// All of the answers hold: no if one is no, else unknown if one is unknown.
Truth both(Truth a, Truth b);

}  // namespace assay::reference
