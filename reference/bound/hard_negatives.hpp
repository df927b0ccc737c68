// SPDX-License-Identifier: Apache-2.0
// The bounds of the hard-negatives paper (HN: arXiv 2311.05139) as numbers: Theorems 2 and 3, the
// values at neural collapse, the batched loss and the limit of many negatives.
//
// C = `classes` >= 2 equiprobable classes, k = `negatives` >= 1, unit-ball representations. Every
// function \throws std::invalid_argument naming the parameter outside its range. Results are
// doubles, exact numbers or enclosures, as `in` and the loss function decide (`Real`). HN asks for
// k > 1; k = 1 is allowed here. A `LossFunction` must be symmetric; that it is convex and
// non-decreasing, as the theorems require, is not asked: the numbers are those of the formulas.
#pragma once

#include <functional>
#include <span>

#include "reference/model/loss_function.hpp"

namespace assay::reference {

/// A symmetric psi_k on the arguments that occur at neural collapse: `same` zeros (negatives of the
/// anchor's own class) and `different` arguments -C/(C-1); same + different = k.
using LossAtCollapse = std::function<Real(int same, int different)>;
/// What HN Algorithm 1, line 22, computes: log(1 + (1/k) sum_i exp(t_i)).
LossFunction algorithm_1_loss();

/// -C/(C-1), the argument of psi_k at an ETF.
Real etf_argument(long long classes);
/// psi as a function of the two counts.
LossAtCollapse at_collapse(const Arithmetic& in, const LossFunction& psi, long long classes);

/// HN (11): psi_k(-C/(C-1), ..., -C/(C-1)), the lower bound of the SCL loss. It is also the value
/// of HN Theorem 2 (vi): L_HSCL = L_SCL of every neural-collapse map, for every hardening function.
Real theorem_2_bound(const Arithmetic& in, const LossFunction& psi, long long classes,
                     int negatives);

/// HN (30): C^-(k+1) times the sum over all (y, y_1, ..., y_k) of psi_k(-C 1(y_i != y)/(C-1))_i,
/// the lower bound of the UCL loss and its value at neural collapse. Summed over the number of
/// i with y_i != y, which is Bin(k, (C-1)/C): k + 1 terms.
Real theorem_3_bound(const Arithmetic& in, const LossFunction& psi, long long classes,
                     int negatives);
/// The same for any symmetric loss.
Real theorem_3_bound(const Arithmetic& in, const LossAtCollapse& psi, long long classes,
                     int negatives);
/// HN (30) as printed: C^(k+1) terms, each psi of its k arguments; psi need not be
/// symmetric. \throws std::invalid_argument also for more than 10^6 terms
Real theorem_3_bound_enumerated(const Arithmetic& in, const LossFunction& psi, long long classes,
                                int negatives);

/// HN (18): psi_k at (||sum mu||^2 - sum ||mu||^2)/(C(C-1)) - 1 everywhere, from the squared norm
/// of the sum of the class means and the sum of their squared norms. By Remark 2 it is at least
/// `theorem_2_bound` when sum_of_squares <= C and square_of_sum >= 0.
Real scl_bound_at_means(const Arithmetic& in, const LossFunction& psi, long long classes,
                        int negatives, const Real& square_of_sum, const Real& sum_of_squares);
/// HN (38): E psi_k(b_i (||sum mu||^2 - sum ||mu||^2 - C(C-1))/(C(C-1)))_i over the collisions.
Real ucl_bound_at_means(const Arithmetic& in, const LossFunction& psi, long long classes,
                        int negatives, const Real& square_of_sum, const Real& sum_of_squares);

/// Probability that a hardened negative shares the anchor's class at neural collapse, for a
/// separable hardening prod h(u_i): 1 / (1 + (C-1) ratio), where ratio = h(-1/(C-1)) / h(1).
Real tilted_collision_probability(long long classes, const Real& ratio);
/// ratio of the exponential hardening prod e^(beta u_i): e^(-beta C/(C-1)). beta >= 0
Real exponential_ratio(const Arithmetic& in, long long classes, const Real& beta);
/// ratio of the polynomial hardening prod max(u_i + 1, 0)^n (HN Appendix B.4): ((C-2)/(2(C-1)))^n,
/// for n >= 1. It is 0 for two classes: every negative then collides.
Real polynomial_ratio(long long classes, int power);
/// The HUCL loss of a neural-collapse map under a separable hardening: the negatives stay iid, with
/// the tilted collision probability. ratio = 1 gives `theorem_3_bound`; ratio = 0 gives
/// psi_k(0, ..., 0). HN leaves open whether it is a lower bound of the HUCL loss.
Real hucl_at_collapse(const Arithmetic& in, const LossFunction& psi, long long classes,
                      int negatives, const Real& ratio);

/// The loss (42) of HN, log(1 + Q E[e^t]), at neural collapse when negatives come from other
/// classes: log(1 + Q e^(-C/(C-1))). A lower bound under the hypotheses of Theorem 2 (Jensen).
Real simclr_bound_scl(const Arithmetic& in, long long classes, const Real& q);
/// The same when negatives come from all classes: log(1 + Q (1/C + (1-1/C) e^(-C/(C-1)))), the
/// limit of HN (30) for k to infinity with alpha = 1 and weight Q/k; a lower bound under the
/// hypotheses of Theorem 3.
Real simclr_bound_ucl(const Arithmetic& in, long long classes, const Real& q);

/// Sum over the batches of 1/n_b, the weights of HN's batched loss as printed. They are no weights
/// of an average (Jensen, HN (27), needs their sum to be 1).
Real batch_weight_sum(std::span<const long long> batch_sizes);
/// HN (29) as printed: psi_k(-C/(C-1), ...).
Real batched_bound_printed(const Arithmetic& in, const LossFunction& psi, long long classes,
                           int negatives);
/// The batched loss as printed of a neural-collapse map, when every batch has at least two classes:
/// sum of 1/n_b, times psi_k(-C/(C-1), ...).
Real batched_value_at_collapse(const Arithmetic& in, const LossFunction& psi, long long classes,
                               int negatives, std::span<const long long> batch_sizes);
/// A lower bound of sum_b w_b E_b[psi_k] when the classes that occur in batch b, C_b >= 2 of them,
/// are equally frequent in it (Theorem 2 for each batch): sum_b w_b psi_k(-C_b/(C_b-1), ...).
Real batched_bound_by_batch(const Arithmetic& in, const LossFunction& psi, int negatives,
                            std::span<const Real> weights,
                            std::span<const long long> classes_present);

}  // namespace assay::reference
