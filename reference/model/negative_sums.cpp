// SPDX-License-Identifier: Apache-2.0
// Sums over tuples of negatives and over their counts.
#include "reference/model/detail/negative_sums.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "reference/arithmetic/precision.hpp"

namespace assay::reference::detail {
namespace {

/// Rows of Pascal's triangle up to k, in the kind of the masses; two atoms need the last row only.
std::vector<std::vector<Real>> binomials(std::size_t atoms, int k, const Real& one) {
  std::vector<std::vector<Real>> rows(static_cast<std::size_t>(k) + 1);
  if (atoms == 2) {
    rows.back().assign(1, one);
    for (int c = 1; c <= k; ++c) rows.back().push_back(rows.back().back() * (k - c + 1) / c);
    return rows;
  }
  for (std::size_t n = 0; n < rows.size(); ++n) {
    rows[n].assign(n + 1, one);
    for (std::size_t c = 1; c < n; ++c) rows[n][c] = rows[n - 1][c - 1] + rows[n - 1][c];
  }
  return rows;
}

/// psi at counts of the same arguments again and again: the log family needs every exponential
/// once.
class CountedLoss {
 public:
  CountedLoss(const LossFunction& psi, std::span<const Real> t, int k) : psi_(psi), t_(t) {
    const LossFunction::LogSum* form = psi.log_sum_form();
    if (!form) return;
    // Without a constant, equal exact exponents need no logarithm: psi itself sees to that.
    if (equal(form->alpha, 0) == Truth::yes && !t.front().is_plain()) return;
    way_ = t.front().is_plain() ? Way::doubles : Way::terms;
    const Real weight = form->weight_of(k);
    unit_ = equal(form->alpha, 1) == Truth::yes;
    alpha_ = form->alpha;
    if (way_ == Way::terms) {
      for (const Real& x : t) terms_.push_back(weight * exp(x / form->temperature));
      return;
    }
    const double temperature = form->temperature.approximate();
    double largest = t.front().approximate();
    for (const Real& x : t) largest = std::max(largest, x.approximate());
    const bool no_constant = equal(form->alpha, 0) == Truth::yes;
    shift_ = no_constant || largest > 0 ? largest / temperature : 0;
    plain_alpha_ = no_constant ? 0 : form->alpha.approximate() * std::exp(-shift_);
    for (const Real& x : t)
      plain_terms_.push_back(weight.approximate() *
                             std::exp(x.approximate() / temperature - shift_));
  }

  bool is_irrational() const { return way_ == Way::terms; }

  Real operator()(std::span<const int> counts) const {
    if (way_ == Way::psi) return psi_.of_counts(t_, counts);
    if (way_ == Way::doubles) {
      double sum = 0;
      for (std::size_t j = 0; j < counts.size(); ++j) sum += counts[j] * plain_terms_[j];
      if (unit_ && !(shift_ > 0)) return Real::plain(std::log1p(sum));
      return Real::plain(shift_ + std::log(plain_alpha_ + sum));
    }
    Real sum = 0;
    for (std::size_t j = 0; j < counts.size(); ++j)
      if (counts[j] != 0) sum += counts[j] * terms_[j];
    return unit_ ? log1p(sum) : log(alpha_ + sum);
  }

 private:
  enum class Way : unsigned char { psi, terms, doubles };
  const LossFunction& psi_;
  std::span<const Real> t_;
  Way way_ = Way::psi;
  bool unit_ = false;
  Real alpha_;
  std::vector<Real> terms_;
  double shift_ = 0, plain_alpha_ = 0;
  std::vector<double> plain_terms_;
};

class CountSum {
 public:
  CountSum(std::span<const Real> exact_masses, std::span<const Real> u, const Real& v,
           const LossFunction* psi, const Hardening& eta, int k)
      : u_(u), eta_(eta), counts_(exact_masses.size(), 0) {
    for (const Real& x : u) t_.push_back(x - v);
    if (psi) loss_.emplace(*psi, t_, k);
    const std::vector<Real> masses = rounded(exact_masses, k);
    const Real one = masses.front().is_plain() ? Real::plain(1) : Real(1);
    if (masses.size() > 1) choose_ = binomials(masses.size(), k, one);
    for (const Real& mass : masses) {
      powers_.emplace_back(1, one);
      for (int c = 1; c <= k; ++c) powers_.back().push_back(powers_.back().back() * mass);
    }
    descend(0, k, one);
  }
  HardenedSums result() const { return result_; }

 private:
  /// Where the loss is no rational number anyway, exact masses only make the powers long.
  std::vector<Real> rounded(std::span<const Real> masses, int k) const {
    std::vector<Real> result(masses.begin(), masses.end());
    const std::optional<Arithmetic> arithmetic = t_.front().arithmetic();
    if (!loss_ || !loss_->is_irrational() || !arithmetic || arithmetic->is_plain()) return result;
    const int bits =
        std::min(arithmetic->bits() + 8 + static_cast<int>(std::log2(k)), highest_bits);
    const Arithmetic finer = Arithmetic::enclosing(arithmetic->engine(), bits);
    for (Real& mass : result)
      if (mass.is_exact() && !mass.is_integer()) mass = Real::enclosed(mass.interval(bits), finer);
    return result;
  }
  /// The atoms from `atom` on share `left` negatives; `weight` belongs to the ones before.
  void descend(std::size_t atom, int left, const Real& weight) {
    const auto n = static_cast<std::size_t>(left);
    if (atom + 1 == counts_.size()) {
      counts_[atom] = left;
      add(weight * powers_[atom][n]);
      return;
    }
    for (std::size_t c = 0; c <= n; ++c) {
      counts_[atom] = static_cast<int>(c);
      descend(atom + 1, left - static_cast<int>(c), weight * choose_[n][c] * powers_[atom][c]);
    }
  }
  void add(const Real& weight) {
    const Real hardened = eta_.is_none() ? weight : weight * eta_.of_counts(u_, counts_);
    result_.gamma += hardened;
    if (loss_ && !(hardened.is_exact() && identical(hardened, 0)))
      result_.weighted += hardened * (*loss_)(counts_);
  }

  std::span<const Real> u_;
  const Hardening& eta_;
  std::vector<int> counts_;
  std::vector<Real> t_;
  std::optional<CountedLoss> loss_;
  std::vector<std::vector<Real>> choose_, powers_;
  HardenedSums result_;
};

}  // namespace

double tuple_count(std::size_t atoms, int k) { return std::pow(static_cast<double>(atoms), k); }

double multinomial_count(std::size_t atoms, int k) {
  double result = 1;
  for (std::size_t j = 1; j < atoms; ++j)
    result = result * (k + static_cast<double>(j)) / static_cast<double>(j);
  return result;
}

HardenedSums sum_over_counts(std::span<const Real> masses, std::span<const Real> u, const Real& v,
                             const LossFunction* psi, const Hardening& eta, int k) {
  return CountSum(masses, u, v, psi, eta, k).result();
}

HardenedSums sum_over_tuples(std::span<const Real> masses, std::span<const Real> u, const Real& v,
                             const LossFunction* psi, const Hardening& eta, int k) {
  HardenedSums result;
  const auto length = static_cast<std::size_t>(k);
  std::vector<std::size_t> choice(length, 0);
  std::vector<Real> drawn(length, u.front());
  std::vector<Real> t(length, u.front() - v);
  for (;;) {
    Real weight = masses[choice.front()];
    for (std::size_t i = 1; i < length; ++i) weight *= masses[choice[i]];
    if (!eta.is_none()) weight *= eta(drawn);
    result.gamma += weight;
    if (psi && !(weight.is_exact() && identical(weight, 0))) result.weighted += weight * (*psi)(t);
    std::size_t i = 0;  // the next tuple, as an odometer turns
    for (; i < length && ++choice[i] == u.size(); ++i) choice[i] = 0;
    const std::size_t turned = i;
    for (std::size_t j = 0; j <= turned && j < length; ++j) {
      drawn[j] = u[choice[j]];
      t[j] = drawn[j] - v;
    }
    if (turned == length) return result;
  }
}

}  // namespace assay::reference::detail
