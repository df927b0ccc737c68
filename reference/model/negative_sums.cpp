// SPDX-License-Identifier: Apache-2.0
// Sums over tuples of negatives and over their counts.
#include "reference/model/detail/negative_sums.hpp"

#include <cmath>
#include <vector>

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

class CountSum {
 public:
  CountSum(std::span<const Real> masses, std::span<const Real> u, const Real& v,
           const LossFunction* psi, const Hardening& eta, int k)
      : u_(u), psi_(psi), eta_(eta), counts_(masses.size(), 0) {
    const Real one = masses.front().is_plain() ? Real::plain(1) : Real(1);
    if (masses.size() > 1) choose_ = binomials(masses.size(), k, one);
    for (const Real& mass : masses) {
      powers_.emplace_back(1, one);
      for (int c = 1; c <= k; ++c) powers_.back().push_back(powers_.back().back() * mass);
    }
    for (const Real& x : u) t_.push_back(x - v);
    descend(0, k, one);
  }
  HardenedSums result() const { return result_; }

 private:
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
    if (psi_ && !(hardened.is_exact() && identical(hardened, 0)))
      result_.weighted += hardened * psi_->of_counts(t_, counts_);
  }

  std::span<const Real> u_;
  const LossFunction* psi_;
  const Hardening& eta_;
  std::vector<int> counts_;
  std::vector<Real> t_;
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
