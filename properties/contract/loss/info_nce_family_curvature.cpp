// SPDX-License-Identifier: Apache-2.0
// Derivatives of the five row forms.
#include "properties/contract/loss/info_nce_family_curvature.hpp"

#include <algorithm>
#include <cmath>

namespace assay::contract {

namespace {

/// Softmax shares of logits [first, last), and their log-sum-exp as top + log(mass).
struct Softmax {
  double top = 0, mass = 0;
  std::vector<double> share;
};
Softmax softmax_of(const FamilyLogits& logits, std::size_t first, std::size_t last) {
  Softmax s;
  if (first == last) return s;
  s.top = *std::max_element(logits.ideal.begin() + static_cast<std::ptrdiff_t>(first),
                            logits.ideal.begin() + static_cast<std::ptrdiff_t>(last));
  for (std::size_t j = first; j < last; ++j) {
    s.share.push_back(exp_near(logits.ideal[j] - s.top));
    s.mass += s.share.back();
  }
  for (double& share : s.share) share /= s.mass;
  return s;
}

/// q = a / (a + b) and 1 - q for a = exp(top_a) mass_a, b = exp(top_b) mass_b.
struct Split {
  double share, rest;
};
Split split(double top_a, double mass_a, double top_b, double mass_b) {
  const double shift = std::max(top_a, top_b);
  const double a = mass_a * exp_near(top_a - shift), b = mass_b * exp_near(top_b - shift);
  return {a / (a + b), b / (a + b)};
}

class Derivation {
 public:
  Derivation(RowForm form, const FamilyLogits& logits)
      : logits_(logits),
        p_(softmax_of(logits, 0, logits.positives)),
        n_(softmax_of(logits, logits.positives, logits.size())) {
    c_.positives = logits.positives;
    c_.weight.assign(logits.size(), 0.0);
    c_.diagonal = c_.border = c_.weight;
    const bool negatives = logits.negatives() > 0;
    switch (form) {
      case RowForm::softplus:
        if (negatives) softplus();
        break;
      case RowForm::all_mean: all_mean(); break;
      case RowForm::negatives_mean: negatives_mean(); break;
      case RowForm::all_inside:
        if (negatives) inside(split(n_.top, n_.mass, p_.top, p_.mass));
        break;
      case RowForm::negatives_inside:
        if (negatives) inside({1, 0});
        break;
    }
  }
  RowCurvature take() { return std::move(c_); }

 private:
  double count() const { return static_cast<double>(c_.positives); }
  void negative(std::size_t n, double weight) {
    const std::size_t j = c_.positives + n;
    c_.weight[j] = c_.diagonal[j] = weight * n_.share[n];
    c_.border[j] = n_.share[n];
  }

  // sigma_p is the share of the negatives against p: w_p = -sigma_p/K.
  void softplus() {
    double shares = 0, squares = 0;
    for (std::size_t p = 0; p < c_.positives; ++p) {
      const Split q = split(n_.top, n_.mass, logits_.ideal[p], 1);
      c_.weight[p] = -q.share / count();
      c_.diagonal[p] = c_.border[p] = q.share * q.rest / count();
      shares += q.share / count();
      squares += q.share * q.share / count();
    }
    for (std::size_t n = 0; n < n_.share.size(); ++n) negative(n, shares);
    c_.of_negatives = -squares;
    c_.between = -1;
  }

  void all_mean() {
    const Softmax all = softmax_of(logits_, 0, logits_.size());
    for (std::size_t j = 0; j < all.share.size(); ++j)
      c_.weight[j] = c_.diagonal[j] = c_.border[j] = all.share[j];
    for (std::size_t p = 0; p < c_.positives; ++p) c_.weight[p] -= 1 / count();
    c_.of_negatives = c_.between = c_.of_positives = -1;
  }

  void negatives_mean() {
    for (std::size_t p = 0; p < c_.positives; ++p) c_.weight[p] = -1 / count();
    for (std::size_t n = 0; n < n_.share.size(); ++n) negative(n, 1);
    c_.of_negatives = -1;
  }

  // l = log(1 + exp(z)) or z, with z = LSE_N - LSE_P and q = dl/dz.
  void inside(Split q) {
    for (std::size_t p = 0; p < c_.positives; ++p) {
      c_.weight[p] = c_.diagonal[p] = -q.share * p_.share[p];
      c_.border[p] = p_.share[p];
    }
    for (std::size_t n = 0; n < n_.share.size(); ++n) negative(n, q.share);
    c_.of_negatives = -q.share * q.share;
    c_.between = -q.share * q.rest;
    c_.of_positives = q.share * (1 + q.rest);
  }

  const FamilyLogits& logits_;
  Softmax p_, n_;
  RowCurvature c_;
};

}  // namespace

std::vector<double> RowCurvature::times(const std::vector<double>& direction) const {
  double to_negatives = 0, to_positives = 0;
  for (std::size_t j = 0; j < direction.size(); ++j)
    (j < positives ? to_positives : to_negatives) += border[j] * direction[j];
  std::vector<double> out(direction.size());
  for (std::size_t j = 0; j < out.size(); ++j) {
    const Reach r = reach(j);
    out[j] = diagonal[j] * direction[j] + r.negatives * to_negatives + r.positives * to_positives;
  }
  return out;
}

std::vector<double> RowCurvature::by_sum(bool of_positives_sum) const {
  std::vector<double> out(weight.size());
  for (std::size_t j = 0; j < out.size(); ++j)
    out[j] = of_positives_sum ? reach(j).positives : reach(j).negatives;
  return out;
}

RowCurvature curvature_of(RowForm form, const FamilyLogits& logits) {
  return Derivation(form, logits).take();
}

}  // namespace assay::contract
