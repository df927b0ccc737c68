// SPDX-License-Identifier: Apache-2.0
// What the claims on HN Theorem 3 share: the expectations over labels and collisions that its proof
// writes, its bound (30), its domain, and models at neural collapse.
#pragma once

#include "proofs-numeric/subject/models.hpp"

namespace assay::proofs {

/// g(b_1..b_k), b_i = 1(y_i^- != y).
using OfCollisions = std::function<Real(const std::vector<int>& b)>;
/// g(y, y_1^-..y_k^-)
using OfLabels = std::function<Real(int y, const std::vector<int>& negatives)>;

/// Expectation over b_1..b_k iid with Pr(b_i = 1) = (C-1)/C, exact weights.
Real over_collisions(int classes, int k, const OfCollisions& g);
/// Expectation over y, y_1^-..y_k^- iid uniform, by enumeration of the C^(k+1) tuples.
Real over_labels(int classes, int k, const OfLabels& g);
/// E_b[psi_k(b_1 t, ..., b_k t)]
Real over_scaled_collisions(const Instance& instance, const Real& t);

/// The right side of (30), as printed: C^(k+1) terms.
Real theorem_3_bound(const Instance& instance);

/// The numbers the proof speaks of, of one model: mu_j . mu_l and the functions of them.
struct UclStage {
  int classes, k;
  LossFunction psi;
  std::vector<Real> gram;  ///< mu_j . mu_l, [C][C]

  explicit UclStage(const Instance& instance);
  UclStage(const Instance& instance, const FiniteModel& model);
  const Real& mean(int j, int l) const { return gram[static_cast<std::size_t>(j * classes + l)]; }
  Real sum_of_squares() const;  ///< sum_j |mu_j|^2
  Real square_of_sum() const;   ///< |sum_j mu_j|^2
  /// E[mu_y.mu_(y_i^-) - |mu_y|^2 | b_i = 1]
  Real mean_when_different() const;

  Real right_of_32() const;
  Real right_of_33() const;
  Real right_of_34() const;
  Real right_of_35() const;
  Real right_of_36() const;
  Real right_of_37() const;
  Real right_of_38() const;
  /// E_b[psi_k(b_1 t, ..., b_k t)]
  Real scaled(const Real& t) const;
};

/// The right side of (31): psi_k of the expectations given the labels, each a double sum.
Real right_of_31(const Instance& instance, const FiniteModel& model);

/// Sum over ordered pairs j != l of mu_j.mu_l + 1/(C-1): 0 where HN (13) holds.
Real excess_of_inner_products(const FiniteModel& model);
/// Sum over ordered pairs j != l of (mu_j.mu_l + 1/(C-1))^2: 0 only where HN (13) holds.
Real defect_of_inner_products(const FiniteModel& model);
/// sum_y E|f(x) - mu_y|^2
Real within_class_variance(const FiniteModel& model);

/// The domain of Theorem 3: (a)-(e), losses convex and non-decreasing.
ModelOptions theorem_3_model();
Domain theorem_3_with(std::vector<std::string> losses);

/// Models at neural collapse, every point of a class at its vertex of the ETF; the laws within the
/// classes are free (p > 1).
struct CollapseOptions {
  std::vector<ModelSize> sizes;  ///< d is not looked at
  std::vector<std::string> losses;
  std::vector<std::string> hardenings;
  bool independent = true;  ///< block "s" [C, p]; else "q" [C, p, p]
};
CollapseOptions theorem_3_collapse();
Domain at_collapse(const CollapseOptions& options);
FiniteModel collapse_of(const Instance& instance);
/// The expected loss at collapse with these classes, losses and k; one point per class.
Real loss_at_collapse(const Instance& instance, Law law);

/// Whether the model exhibits CL neural collapse, Definition 6, with HN (13) written out.
Truth exhibits_collapse(const FiniteModel& model);
/// "(13) does not hold", "f does not exhibit neural collapse": where they fail, sides are equal.
Hypothesis no_equal_inner_products();
Hypothesis no_collapse();
/// psi_k strictly convex; `dropped` as everywhere.
Hypothesis strictly_convex(std::optional<Domain> dropped = {});
/// psi_k argument-wise strictly increasing; no control: see its `no_control`.
Hypothesis strictly_increasing();

/// A claim on Theorem 3 with id "hard-negatives/<id>".
Claim theorem_3_claim(ClaimKind kind, const std::string& id, const char* place,
                      std::string statement, Relation relation, Domain domain, Evaluate evaluate);

}  // namespace assay::proofs
