// SPDX-License-Identifier: Apache-2.0
// HN Section 4.2 in parts, and what its claims share.
#pragma once

#include "proofs-numeric/subject/collapse.hpp"

namespace assay::proofs::theorem_2 {

void add_bound(ClaimRegistry& registry);        ///< (11), sufficiency, necessity
void add_properties(ClaimRegistry& registry);   ///< (i) to (vi)
void add_chain(ClaimRegistry& registry);        ///< first display of the proof to (21)
void add_geometry(ClaimRegistry& registry);     ///< proofs of (i), (ii), (iii)
void add_collapse(ClaimRegistry& registry);     ///< (22) to (25), proofs of (iv) and (vi)
void add_supports(ClaimRegistry& registry);     ///< (v) and its proof
void add_necessity(ClaimRegistry& registry);    ///< proof of necessity
void add_remarks(ClaimRegistry& registry);      ///< Remarks 1 and 2
void add_definitions(ClaimRegistry& registry);  ///< Definition 5, Corollary 2, empirical loss

/// The id is "hard-negatives/" + id.
Claim claim_of(const char* id, ClaimKind kind, const char* place, const char* statement);

/// Options for the maps that satisfy (13): few sizes, these losses and hardenings.
ModelOptions frame_options(std::vector<std::string> losses = {"linear over=mean"},
                           std::vector<std::string> hardenings = {});
/// All models in the unit ball, with this loss unless others are named.
ModelOptions ball_options(std::vector<std::string> losses = {"linear over=mean"});
/// The same without a constraint on the representations.
ModelOptions free_options(std::vector<std::string> losses = {"linear over=mean"});

/// What the proof compares, at one instance.
struct Stage {
  FiniteModel m;
  LossFunction psi;
  int k;
  Real one;

  explicit Stage(const Instance& i)
      : m(map_model(i)), psi(loss_of(i)), k(negatives_of(i)), one(i.number(1)) {}
  /// psi_k(t, ..., t)
  Real psi_at(const Real& t) const;
  /// psi_k(-C/(C-1), ...)
  Real bound() const { return psi_at(one * Real::ratio(-m.classes, m.classes - 1)); }
  /// The right side of (14): E psi_k(f(x).f(x_1^-) - 1, ...)
  Real right_of_14() const;
  /// E f(x).f(x_i^-)
  Real mean_product() const;
  /// The right side of (15)
  Real right_of_15() const { return psi_at(mean_product() - 1); }
  /// The argument of psi_k in (18)
  Real argument_of_18() const;
  /// E (f(x).f(x_i^-))^2 - (E f(x).f(x_i^-))^2, as a sum of squares
  Real variance() const;
};

/// max over j != l of |mu_j . mu_l + 1/(C-1)|: 0 if and only if (13) holds.
Real distance_from_13(const FiniteModel& m);
/// sum over j != l of (mu_j . mu_l + 1/(C-1)): 0 under (13).
Real excess_over_13(const FiniteModel& m);
/// E |f(x) - mu_y|^2 over the anchor.
Real within_class_variance(const FiniteModel& m);

/// psi_k strictly convex; with no control where it must be strictly increasing too.
Hypothesis strictly_convex(std::optional<Domain> dropped = {});
Hypothesis strictly_increasing(std::optional<Domain> dropped = {});

}  // namespace assay::proofs::theorem_2
