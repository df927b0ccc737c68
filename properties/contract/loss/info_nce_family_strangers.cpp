// SPDX-License-Identifier: Apache-2.0
// What strangers may do with the logits of a row (docs/loss/info_nce-family-budget.md).
#include "properties/contract/loss/info_nce_family_strangers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "properties/contract/loss/info_nce_budget.hpp"

namespace assay::contract {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The larger of two errors of one number; forms that may overflow do not count.
Tracked weaker(const Tracked& a, const Tracked& b) {
  if (!std::isfinite(a.error)) return b;
  return std::isfinite(b.error) && b.error > a.error ? b : a;
}

/// One positive (entry `positive`) and the negatives, as the softplus forms take them.
RowLogits against_negatives(const FamilyLogits& logits, std::size_t positive) {
  RowLogits row;
  row.common = logits.common;
  row.ideal_slack = logits.ideal_slack;
  const auto take = [&](std::size_t j) {
    row.ideal.push_back(logits.ideal[j]);
    row.held_logit.push_back(logits.held[j]);
    row.deviation.push_back(logits.deviation[j]);
    row.variance.push_back(0);
    row.column.push_back(logits.column[j]);
  };
  take(positive);
  for (std::size_t j = logits.positives; j < logits.size(); ++j) take(j);
  return row;
}

/// Logits [first, last) of a row as a log-sum-exp.
struct Lse {
  std::size_t first = 0, last = 0;
  Tracked shift, sum, log_sum, value;
};

class Stranger {
 public:
  Stranger(const ErrorAlgebra& algebra, const FamilyLogits& logits, std::int64_t rescalings)
      : algebra_(algebra), logits_(logits), rescalings_(rescalings) {
    range_.held_logit = logits.held;
  }

  Lse lse(std::size_t first, std::size_t last) const {
    Lse of{first, last, {}, {}, {}, {}};
    of.shift = logits_.held[first];
    for (std::size_t j = first + 1; j < last; ++j)
      of.shift = algebra_.max(of.shift, logits_.held[j]);
    of.sum = narrowed(sum_relative_to(of.shift, first, last), 1, infinity);
    of.log_sum = algebra_.log(of.sum);
    of.value = algebra_.add(of.shift, of.log_sum);
    return of;
  }
  Lse all() const { return lse(0, logits_.size()); }
  Lse positives() const { return lse(0, logits_.positives); }
  Lse negatives() const { return lse(logits_.positives, logits_.size()); }

  /// The sum of exp(v - shift), in any order.
  Tracked sum_relative_to(const Tracked& shift, std::size_t first, std::size_t last) const {
    std::vector<Tracked> terms;
    for (std::size_t j = first; j < last; ++j)
      terms.push_back(algebra_.exp(algebra_.sub(logits_.held[j], shift)));
    return rescaled(algebra_, range_, algebra_.sum_any_order(terms), rescalings_);
  }

  /// What a mean over positives does to terms: any order, divided or times a reciprocal.
  Tracked mean(const std::vector<Tracked>& terms) const {
    const Tracked sum = algebra_.sum_any_order(terms);
    if (terms.size() == 1) return sum;
    const Tracked count = held(static_cast<double>(terms.size()));
    return weaker(algebra_.div(sum, count), algebra_.mul(sum, algebra_.div(held(1), count)));
  }

  /// LSE of the denominator minus the mean of the positives: as it stands, one positive at a time,
  /// or through log-softmax.
  Tracked minus_mean(const Lse& denominator) const {
    std::vector<Tracked> logits, differences, log_shares;
    for (std::size_t p = 0; p < logits_.positives; ++p) {
      const Tracked& v = logits_.held[p];
      logits.push_back(v);
      differences.push_back(algebra_.sub(denominator.value, v));
      log_shares.push_back(algebra_.sub(denominator.log_sum, algebra_.sub(v, denominator.shift)));
    }
    const Tracked plain = algebra_.sub(denominator.value, mean(logits));
    Tracked found = weaker(weaker(plain, mean(differences)), mean(log_shares));
    found.variance += denominator.value.variance;  // one error in all K terms
    return found;
  }

  /// LSE of the denominator minus LSE of the positives: as it stands, or a quotient of sums
  /// relative to one shift.
  Tracked minus_positives(const Lse& denominator) const {
    const Lse p = positives();
    const Tracked shift = algebra_.max(denominator.shift, p.shift);
    const Tracked above = sum_relative_to(shift, denominator.first, denominator.last);
    const Tracked below = sum_relative_to(shift, p.first, p.last);
    return weaker(algebra_.sub(denominator.value, p.value),
                  weaker(algebra_.log(algebra_.div(above, below)),
                         algebra_.sub(algebra_.log(above), algebra_.log(below))));
  }

  /// log(1 + S_N / S_P), and through the difference of the two log-sum-exps.
  Tracked log_of_ratio() const {
    const Lse p = positives(), n = negatives();
    const Tracked shift = algebra_.max(p.shift, n.shift);
    const Tracked ratio = algebra_.div(sum_relative_to(shift, n.first, n.last),
                                       sum_relative_to(shift, p.first, p.last));
    const Tracked gap = algebra_.sub(n.value, p.value);
    Tracked turned = algebra_.sub(p.value, n.value);
    return weaker(algebra_.log1p(ratio),
                  weaker(algebra_.log1p(algebra_.exp(gap)),
                         algebra_.add(gap, algebra_.log1p(algebra_.exp(turned)))));
  }

  /// The weakest of exp(v - lse), exp((v - shift) - log sum) and exp(v - shift) / sum.
  Tracked share(std::size_t j, Lse of) const {
    of.value.variance = of.sum.variance = of.log_sum.variance =
        0;  // `shared_by` says what is shared
    const Tracked shifted = algebra_.sub(logits_.held[j], of.shift);
    const Tracked by_lse = algebra_.exp(algebra_.sub(logits_.held[j], of.value));
    const Tracked by_log = algebra_.exp(algebra_.sub(shifted, of.log_sum));
    const Tracked by_sum = algebra_.div(algebra_.exp(shifted), of.sum);
    return narrowed(weaker(weaker(by_lse, by_log), by_sum), 0, 1);
  }
  /// Modelled: the relative standard deviation that all shares of a part have in common.
  static double shared_by(const Lse& of) {
    const double of_sum = of.sum.variance / (of.sum.centre * of.sum.centre);
    return std::sqrt(std::max({of.value.variance, of.log_sum.variance, of_sum}));
  }

 private:
  const ErrorAlgebra& algebra_;
  const FamilyLogits& logits_;
  std::int64_t rescalings_;
  RowLogits range_;
};

/// What the shares of one coefficient add up to: magnitudes, errors and modelled variances.
struct Shares {
  double size = 0, error = 0, variance = 0;
  void add(const Tracked& share, double weight) {
    size += share.held_magnitude() * weight;
    error += share.error * weight;
    variance += share.variance * weight * weight;
  }
};

/// The shares of all keys, in units of g, and what they have in common.
struct RowShares {
  std::vector<Shares> shares;
  std::vector<std::vector<double>> sources;
};

/// Means over positives of softplus forms: each positive has a sum of its own.
void add_softplus(const ErrorAlgebra& algebra, const FamilyLogits& logits, std::int64_t rescalings,
                  RowShares& row) {
  const std::size_t positives = logits.positives;
  const double each = 1 / static_cast<double>(positives);
  std::vector<double> on_negatives(logits.size()), on_positives(logits.size());
  for (std::size_t p = 0; p < positives; ++p) {
    FamilyLogits one = logits;  // the positive and the negatives
    std::swap(one.held[0], one.held[p]);
    one.held.erase(one.held.begin() + 1, one.held.begin() + static_cast<std::ptrdiff_t>(positives));
    one.ideal.resize(one.held.size());
    const Stranger against(algebra, one, rescalings);
    const Lse all = against.lse(0, one.held.size());
    const double shared = Stranger::shared_by(all) * each;
    const Tracked own = against.share(0, all);
    row.shares[p].add(own, each);
    row.shares[p].size += each;
    on_positives[p] = own.centre * shared;
    for (std::size_t j = 1; j < one.held.size(); ++j) {
      const Tracked share = against.share(j, all);
      row.shares[positives + j - 1].add(share, each);
      on_negatives[positives + j - 1] += share.centre * shared;
    }
  }
  row.sources = {std::move(on_negatives), std::move(on_positives)};
}

/// Shares that make up every coefficient.
RowShares shares_of(const ErrorAlgebra& algebra, RowForm form, const FamilyLogits& logits,
                    std::int64_t rescalings) {
  const Stranger row(algebra, logits, rescalings);
  RowShares found;
  found.shares.resize(logits.size());
  const auto add_part = [&](const Lse& part) {
    std::vector<double> pattern(logits.size());
    for (std::size_t j = part.first; j < part.last; ++j) {
      const Tracked share = row.share(j, part);
      found.shares[j].add(share, 1);
      pattern[j] = share.centre * Stranger::shared_by(part);
    }
    found.sources.push_back(std::move(pattern));
  };
  switch (form) {
    case RowForm::softplus:
      if (logits.negatives() > 0) add_softplus(algebra, logits, rescalings, found);
      break;
    case RowForm::all_mean:
    case RowForm::negatives_mean:
      add_part(form == RowForm::all_mean ? row.all() : row.negatives());
      for (std::size_t p = 0; p < logits.positives; ++p)
        found.shares[p].size += 1 / static_cast<double>(logits.positives);
      break;
    case RowForm::all_inside:
    case RowForm::negatives_inside:
      if (logits.negatives() == 0 && form == RowForm::negatives_inside) break;
      add_part(form == RowForm::all_inside ? row.all() : row.negatives());
      add_part(row.positives());
      break;
  }
  return found;
}

}  // namespace

Tracked any_order_family_loss(const ErrorAlgebra& algebra, const reference::InfoNceSetting& setting,
                              const FamilyLogits& logits, std::int64_t rescalings) {
  const Stranger row(algebra, logits, rescalings);
  switch (form_of(setting, logits)) {
    case RowForm::softplus: break;
    case RowForm::all_mean: return row.minus_mean(row.all());
    case RowForm::negatives_mean: return row.minus_mean(row.negatives());
    case RowForm::all_inside: {
      const Tracked plain = row.minus_positives(row.all());
      return logits.negatives() == 0 ? plain : weaker(plain, row.log_of_ratio());
    }
    case RowForm::negatives_inside: return row.minus_positives(row.negatives());
  }
  std::vector<Tracked> losses;
  for (std::size_t p = 0; p < logits.positives; ++p)
    losses.push_back(evaluate_any_order(algebra, against_negatives(logits, p), rescalings).loss);
  Tracked found = row.mean(losses);
  double coherent = 0;  // the sums over the negatives may be the same in all K terms
  for (const Tracked& loss : losses) coherent += std::sqrt(loss.variance);
  coherent /= static_cast<double>(losses.size());
  if (losses.size() > 1) found.variance += coherent * coherent;
  return found;
}

StrangerCoefficients any_order_family_coefficients(const ErrorAlgebra& algebra,
                                                   const reference::InfoNceSetting& setting,
                                                   const FamilyLogits& logits, const Tracked& g,
                                                   std::int64_t rescalings) {
  const FamilyEffect effect = family_effect(setting, logits);
  RowShares found = shares_of(algebra, form_of(setting, logits), logits, rescalings);
  const std::vector<Shares>& shares = found.shares;
  const Rounding& f32 = algebra.format().rounding;
  // g, 1/K and the factors of a chain rule multiply anywhere, K of them are added up.
  const double gamma =
      Gamma(static_cast<std::int64_t>(2 * logits.positives + 16), f32.roundoff).up();
  const double size = inflate_up(std::fabs(g.centre) + g.radius), most = g.held_magnitude();
  // g, the factors and the sum of the parts round so often, each time at their size.
  const auto roundings = static_cast<double>(2 * logits.positives + 16);
  StrangerCoefficients row;
  for (std::vector<double>& source : found.sources)
    for (double& part : source) part *= g.centre;
  row.noise.sources = std::move(found.sources);
  row.noise.levers_of_logits = true;
  double lever_error = 0;
  for (std::size_t j = 0; j < logits.size(); ++j) {
    const double weight = effect.weight[j];
    const double parts = inflate_up(most * shares[j].size);
    const double lost =
        f32.smallest_normal * static_cast<double>(2 * logits.positives + 16) * (1 + most);
    const double rounding = parts == 0 ? 0 : (1 + gamma) * lost + gamma * parts;
    const double evaluation = most * shares[j].error + g.error * shares[j].size + rounding;
    const double radius = size * effect.radius[j] + (0x1p-52 * size + g.radius) * std::fabs(weight);
    row.terms.push_back({g.centre * weight, inflate_up(radius),
                         inflate_up(size * effect.moved[j] + evaluation + 0x1p-1000)});
    row.parts.push_back(inflate_up(parts + evaluation));
    const double logit = logits.held[j].held_magnitude();
    const double step = f32.roundoff * parts;
    row.noise.own.push_back(most * most * shares[j].variance +
                            (roundings * step * step + lost * lost) * (1.0 / 3));
    row.noise.lever += row.noise.own.back() * logit * logit;
    row.lever_parts += row.parts.back() * logit;
    lever_error += evaluation * logit + (logit > 0 ? f32.smallest_normal * (1 + most) : 0);
  }
  row.lever = {g.centre * effect.lever,
               inflate_up(size * effect.lever_radius +
                          (0x1p-52 * size + g.radius) * std::fabs(effect.lever)),
               inflate_up(size * effect.lever_moved + lever_error)};
  return row;
}

}  // namespace assay::contract
