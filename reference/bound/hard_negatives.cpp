// SPDX-License-Identifier: Apache-2.0
// The bounds of the hard-negatives paper.
#include "reference/bound/hard_negatives.hpp"

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "reference/bound/binomial.hpp"

namespace assay::reference {
namespace {

void require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(what);
}

void require_classes(long long classes) { require(classes >= 2, "classes must be at least 2"); }
void require_negatives(int negatives) { require(negatives >= 1, "negatives must be at least 1"); }

bool certainly_negative(const Real& x) { return less(x, 0) == Truth::yes; }

void require_symmetric(const LossFunction& psi, int k) {
  require(psi.properties(k).symmetric, "the loss function must be symmetric");
}

// psi at `same` zeros and `different` arguments t.
LossAtCollapse at_two_values(const Arithmetic& in, const LossFunction& psi, const Real& t) {
  return [psi, values = std::array<Real, 2>{in(0), in(t)}](int same, int different) {
    require_symmetric(psi, same + different);
    const std::array<int, 2> counts = {same, different};
    return psi.of_counts(values, counts);
  };
}

// psi_k(t, ..., t)
Real at_one_value(const Arithmetic& in, const LossFunction& psi, const Real& t, int k) {
  return at_two_values(in, psi, t)(0, k);
}

// The common argument of (18) and (38).
Real argument_at_means(long long classes, const Real& square_of_sum, const Real& sum_of_squares) {
  require_classes(classes);
  return (square_of_sum - sum_of_squares) / (Real(classes) * Real(classes - 1)) - Real(1);
}

}  // namespace

Real etf_argument(long long classes) {
  require_classes(classes);
  return Real::ratio(-classes, classes - 1);
}

LossFunction algorithm_1_loss() {
  return LossFunction::log_sum({.alpha = 1, .weight = 1, .per_negative = true, .temperature = 1});
}

LossAtCollapse at_collapse(const Arithmetic& in, const LossFunction& psi, long long classes) {
  return at_two_values(in, psi, etf_argument(classes));
}

Real theorem_2_bound(const Arithmetic& in, const LossFunction& psi, long long classes,
                     int negatives) {
  require_negatives(negatives);
  return at_one_value(in, psi, etf_argument(classes), negatives);
}

Real theorem_3_bound(const Arithmetic& in, const LossAtCollapse& psi, long long classes,
                     int negatives) {
  require_classes(classes);
  require_negatives(negatives);
  return binomial_expectation(in, negatives, Real(classes - 1),
                              [&](int different) { return psi(negatives - different, different); });
}

Real theorem_3_bound(const Arithmetic& in, const LossFunction& psi, long long classes,
                     int negatives) {
  return theorem_3_bound(in, at_collapse(in, psi, classes), classes, negatives);
}

Real theorem_3_bound_enumerated(const Arithmetic& in, const LossFunction& psi, long long classes,
                                int negatives) {
  require_classes(classes);
  require_negatives(negatives);
  constexpr long long most_terms = 1'000'000;
  long long terms = classes;
  for (int i = 0; i < negatives; ++i) {
    require(terms <= most_terms / classes, "the enumeration has more than 1000000 terms");
    terms *= classes;
  }
  const Real different = in(etf_argument(classes)), same = in(0);
  std::vector<long long> label(static_cast<std::size_t>(negatives) + 1, 0);  // y, y_1, ..., y_k
  std::vector<Real> t(static_cast<std::size_t>(negatives));
  Real total = 0;
  for (long long term = 0; term < terms; ++term) {
    for (std::size_t i = 0; i < t.size(); ++i) t[i] = label[i + 1] != label[0] ? different : same;
    total += psi(t);
    for (std::size_t i = 0; i < label.size() && ++label[i] == classes; ++i) label[i] = 0;
  }
  return total / Real(terms);
}

Real scl_bound_at_means(const Arithmetic& in, const LossFunction& psi, long long classes,
                        int negatives, const Real& square_of_sum, const Real& sum_of_squares) {
  require_negatives(negatives);
  return at_one_value(in, psi, argument_at_means(classes, square_of_sum, sum_of_squares),
                      negatives);
}

Real ucl_bound_at_means(const Arithmetic& in, const LossFunction& psi, long long classes,
                        int negatives, const Real& square_of_sum, const Real& sum_of_squares) {
  const Real t = argument_at_means(classes, square_of_sum, sum_of_squares);
  return theorem_3_bound(in, at_two_values(in, psi, t), classes, negatives);
}

Real tilted_collision_probability(long long classes, const Real& ratio) {
  require_classes(classes);
  require(!certainly_negative(ratio), "the ratio of a hardening must not be negative");
  return Real(1) / (Real(1) + Real(classes - 1) * ratio);
}

Real exponential_ratio(const Arithmetic& in, long long classes, const Real& beta) {
  require(!certainly_negative(beta), "beta must not be negative");
  return exp(in(beta * etf_argument(classes)));
}

Real polynomial_ratio(long long classes, int power) {
  require_classes(classes);
  require(power >= 1, "the power must be at least 1");
  return pow(Real::ratio(classes - 2, 2 * (classes - 1)), power);
}

Real hucl_at_collapse(const Arithmetic& in, const LossFunction& psi, long long classes,
                      int negatives, const Real& ratio) {
  require_classes(classes);
  require_negatives(negatives);
  require(!certainly_negative(ratio), "the ratio of a hardening must not be negative");
  if (equal(ratio, 0) == Truth::yes) return at_one_value(in, psi, 0, negatives);
  const LossAtCollapse value = at_collapse(in, psi, classes);
  return binomial_expectation(in, negatives, Real(classes - 1) * ratio, [&](int different) {
    return value(negatives - different, different);
  });
}

Real simclr_bound_scl(const Arithmetic& in, long long classes, const Real& q) {
  require(!certainly_negative(q), "Q must not be negative");
  return log1p(in(q)*exp(in(etf_argument(classes))));
}

Real simclr_bound_ucl(const Arithmetic& in, long long classes, const Real& q) {
  require(!certainly_negative(q), "Q must not be negative");
  const Real mean = (Real(1) + Real(classes - 1) * exp(in(etf_argument(classes)))) / classes;
  return log1p(in(q)*mean);
}

Real batch_weight_sum(std::span<const long long> batch_sizes) {
  require(!batch_sizes.empty(), "at least one batch is needed");
  Real total = 0;
  for (const long long n : batch_sizes) {
    require(n >= 1, "a batch must not be empty");
    total += Real::ratio(1, n);
  }
  return total;
}

Real batched_bound_printed(const Arithmetic& in, const LossFunction& psi, long long classes,
                           int negatives) {
  return theorem_2_bound(in, psi, classes, negatives);
}

Real batched_value_at_collapse(const Arithmetic& in, const LossFunction& psi, long long classes,
                               int negatives, std::span<const long long> batch_sizes) {
  return batch_weight_sum(batch_sizes) * theorem_2_bound(in, psi, classes, negatives);
}

Real batched_bound_by_batch(const Arithmetic& in, const LossFunction& psi, int negatives,
                            std::span<const Real> weights,
                            std::span<const long long> classes_present) {
  require(!weights.empty() && weights.size() == classes_present.size(),
          "as many weights as batches are needed, and at least one");
  Real total = 0;
  for (std::size_t b = 0; b < weights.size(); ++b) {
    require(!certainly_negative(weights[b]), "a batch weight must not be negative");
    total += weights[b] * theorem_2_bound(in, psi, classes_present[b], negatives);
  }
  return total;
}

}  // namespace assay::reference
