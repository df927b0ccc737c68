// SPDX-License-Identifier: Apache-2.0
// Collapsed maps as subjects of claims: the points at which HN (13) holds, inside the unit ball and
// outside of it, and the sums over classes and points that HN Section 4.2 speaks of.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "proofs-numeric/subject/models.hpp"

namespace assay::proofs {

/// Everything in the unit ball that satisfies HN (13), up to the choice of the dimension: the
/// simplex frame of C vectors, mirrored at any hyperplane, any joint law of the points of a class,
/// and (p >= 2) in some shapes a point of probability 0 in every class that lies anywhere.
/// Blocks: "lambda" (where free), "q" [C, p, p] (p > 1), "negatives" [C, p] (where free), "mirror"
/// [d], "idle" [C, d] (where idle=1). Sizes need C = 2 or d >= C.
Domain simplex_maps(const ModelOptions& options);

/// Class means with mu_j . mu_l = -1/(C-1) for all j != l and free norms: outside the unit ball, or
/// simplex frames. Block "diagonal" [C]: coordinate j of mu_j; its coordinates below are then
/// determined, those above are 0. With two points per class they lie at mu_y +- offset, equally
/// likely and independent: block "offsets" [C, d]. Of the sizes those with d = C and p <= 2.
Domain equal_product_means(const ModelOptions& options);

/// The model of an instance of `models`, `simplex_maps` or `equal_product_means`.
FiniteModel map_model(const Instance& instance);
/// Expected loss of that model.
Real map_loss(const Instance& instance, Law law);
Real map_loss_second_way(const Instance& instance, Law law);

/// The hypothesis, asked of `map_model`; its dropped domain is the one given.
Hypothesis on_map(Hypothesis hypothesis, Truth (*holds)(const FiniteModel&));
Hypothesis map_equiprobable(std::optional<Domain> dropped = {});
Hypothesis map_unit_ball(std::optional<Domain> dropped = {});
Hypothesis map_common_law(std::optional<Domain> dropped = {});
Hypothesis map_equal_products(std::optional<Domain> dropped = {});  ///< HN (13)

using Matrix = std::vector<std::vector<Real>>;

/// mu_j . mu_l, [C][C].
Matrix mean_products(const FiniteModel& model);
/// sum over j != l of mu_j . mu_l, |sum_j mu_j|^2 (from the coordinates), sum_j |mu_j|^2.
Real off_diagonal_sum(const Matrix& products);
Real norm_of_sum(const FiniteModel& model);
Real trace(const Matrix& a);
Real determinant(Matrix a);

/// |f(y, x) - mu_l|^2 and |f(y, x) - f(y2, x2)|^2.
Real distance_to_mean(const FiniteModel& model, int y, int x, int l);
Real distance(const FiniteModel& model, int y, int x, int y2, int x2);

/// E[g(x)] for x of class y under one of the laws of the class.
using OfPoint = std::function<Real(int x)>;
Real over_points(const FiniteModel& model, int y, reference::PointLaw law, const OfPoint& g);
/// E[g(y, x, y^-, x^-)] for the anchor and one negative of SCL, HN (2) and (3).
using OfNegative = std::function<Real(int y, int x, int l, int n)>;
Real over_one_negative(const FiniteModel& model, const OfNegative& g);
/// E[g(y, x)] over the anchor.
using OfAnchor = std::function<Real(int y, int x)>;
Real over_anchors(const FiniteModel& model, const OfAnchor& g);

}  // namespace assay::proofs
