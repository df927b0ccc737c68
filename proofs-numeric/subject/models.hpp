// SPDX-License-Identifier: Apache-2.0
// Finite data models as subjects of claims: the domain of everything that HN Sections 3 and 4 say
// about losses, and the way from an instance to model, loss and hardening function.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "properties/engine/claim/claim.hpp"
#include "reference/model/expected_loss.hpp"
#include "reference/model/finite_model.hpp"
#include "reference/model/hardening.hpp"
#include "reference/model/loss_function.hpp"

namespace assay::proofs {

using namespace engine;  // Claim, Domain, Instance, Real, ...
using reference::FiniteModel;
using reference::Hardening;
using reference::Law;
using reference::LossFunction;

/// C classes with p points each, representations in R^d, k negatives. HN asks for C > 1 and k > 1.
struct ModelSize {
  int C, p, d, k;
};

/// Where representations live: `Z` of HN.
enum class Representations : unsigned char { unit_ball, unit_sphere, unconstrained };

/// Which of the choices of HN Section 3 are free. By default: equiprobable classes, any joint law
/// of anchor and positive with equal marginals, negatives with the same law s, r = lambda, unit
/// ball.
struct ModelOptions {
  std::vector<ModelSize> sizes;
  std::vector<std::string> losses;      ///< texts that `LossFunction::parse` reads
  std::vector<std::string> hardenings;  ///< texts that `Hardening::parse` reads
  Representations representations = Representations::unit_ball;
  bool equiprobable = true;
  bool common_law = true;    ///< the negatives' law within a class is the anchors'
  bool independent = false;  ///< x and x^+ conditionally independent given the class
  bool r_is_lambda = true;   ///< of UCL
};

/// Sizes small first, each with a shape per loss and hardening function.
std::vector<ModelSize> small_sizes();
/// Convex, argument-wise non-decreasing: InfoNCE (mean, alpha = 1), hinge, linear, max.
std::vector<std::string> convex_increasing();
/// Strictly so: InfoNCE with alpha = 1, mean and sum.
std::vector<std::string> strictly_convex_increasing();
/// Hardening functions: exponential, polynomial, two that are not separable.
std::vector<std::string> hardening_functions();

/// Blocks: "lambda" [C] and "r" [C] (where free), "s" [C, p] (anchor and positive independent) or
/// "q" [C, p, p], "negatives" [C, p] (where free), "f" [C, p, d]; none of a law where p = 1.
/// Specials: "simplex" (ETF, one representation per class; d >= C, or C = 2), "collapsed" (all
/// points at e_1), "orthonormal" (classes at e_1.. e_C; d >= C), "spread" (ETF with the points of a
/// class pulled apart; p >= 2).
Domain models(const ModelOptions& options);

FiniteModel model_of(const Instance& instance);
LossFunction loss_of(const Instance& instance);
Hardening hardening_of(const Instance& instance);
int negatives_of(const Instance& instance);

/// Expected loss of the instance under the law; `second` takes another way to it.
Real loss(const Instance& instance, Law law);
Real loss_second_way(const Instance& instance, Law law);
/// Expectation over the anchor's label y, anchor x and positive x^+ of g(y, x, x^+).
using OfPair = std::function<Real(int y, int x, int positive)>;
Real over_pairs(const FiniteModel& model, const OfPair& g);
/// Expectation over k iid negatives, given the anchor's label, of g(u), u_i = f(x).f(x_i^-), by
/// enumeration of the (C p)^k tuples. `law` is scl or ucl (the reference laws of HSCL and HUCL).
using OfTuple = std::function<Real(std::span<const Real> u)>;
Real over_negatives(const FiniteModel& model, Law law, int y, int x, int k, const OfTuple& g);
/// psi_k(u_1 - v, ..., u_k - v)
Real psi_shifted(const LossFunction& psi, std::span<const Real> u, const Real& v);

/// psi_k at k equal arguments.
Real psi_at(const Instance& instance, const Real& t);
/// -C/(C-1), the argument in HN (11).
Real simplex_argument(const Instance& instance);

// Hypotheses, each with its key. A control gives `dropped` the domain in which it is free.
Hypothesis equiprobable_classes(std::optional<Domain> dropped = {});
Hypothesis unit_ball(std::optional<Domain> dropped = {});
Hypothesis common_conditional_law(std::optional<Domain> dropped = {});
Hypothesis conditional_independence(std::optional<Domain> dropped = {});
Hypothesis negatives_like_anchors(std::optional<Domain> dropped = {});  ///< r = lambda
Hypothesis convex_loss(std::optional<Domain> dropped = {});
Hypothesis nondecreasing_loss(std::optional<Domain> dropped = {});
Hypothesis strict_loss(std::optional<Domain> dropped = {});
Hypothesis hardening_function(std::optional<Domain> dropped = {});    ///< HN Definition 2
Hypothesis equal_inner_products(std::optional<Domain> dropped = {});  ///< HN (13)

}  // namespace assay::proofs
