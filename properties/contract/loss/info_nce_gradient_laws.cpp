// SPDX-License-Identifier: Apache-2.0
// Laws of loss/info_nce about upstream gradients and ranks, and the list of all laws.
#include <algorithm>
#include <bit>
#include <cmath>

#include "properties/contract/loss/info_nce_law_match.hpp"
#include "properties/contract/loss/info_nce_laws.hpp"

namespace assay::contract {

namespace {

using Index = std::int64_t;

/// x with the lower half of its binary32 significand cleared; x minus it is a binary32 number.
double upper_part(double x) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(static_cast<float>(x)) & ~0xfffu);
}

}  // namespace

namespace {

/// The terms of <x, grad_x> over the vectors first .. end-1.
std::vector<Term> radial(const InfoNceLawCase& c, std::size_t run, Index first, Index end) {
  std::vector<Term> terms;
  for (Index v = first; v < end; ++v)
    for (Index k = 0; k < c.d; ++k) {
      terms.push_back(gradient_of(run, c, v, k));
      terms.back().coefficient = c.vector(v)[k];
    }
  return terms;
}

/// Normalised: y is homogeneous of degree 0 in every vector longer than eps.
void check_radii(LawTrial& t, const InfoNceLawCase& c, std::size_t x) {
  const double eps = c.setting->normalisation_eps;
  for (Index v = 0; v < 2 * c.n; ++v) {
    double square = 0;
    for (Index k = 0; k < c.d; ++k) square += c.vector(v)[k] * c.vector(v)[k];
    if (c.setting->normalisation == reference::Normalisation::maximum &&
        square > eps * eps * (1 + 0x1p-20))
      t.sums_to(radial(c, x, v, v + 1));
  }
}

/// Degree 1 in a, in b, and in the scale of the logits, whose derivative times itself is -T grad_T
/// or scale grad_scale; of a log-scale it is the gradient itself.
void check_scale(LawTrial& t, const InfoNceLawCase& c, std::size_t x) {
  using reference::TemperatureAs;
  const TemperatureAs as =
      c.setting == nullptr ? TemperatureAs::temperature : c.setting->temperature_as;
  const Term parameter{x, "grad_temperature", 0,
                       as == TemperatureAs::temperature ? c.temperature
                       : as == TemperatureAs::scale     ? -c.temperature
                                                        : -1};
  std::vector<Term> of_a = radial(c, x, 0, c.n), of_b = radial(c, x, c.n, 2 * c.n);
  if (c.joint) {
    of_a.insert(of_a.end(), of_b.begin(), of_b.end());
    of_a.push_back(parameter);
    of_a.back().coefficient *= 2;
    return t.sums_to(of_a);
  }
  // With what <a, grad_a> and <b, grad_b> say about the parameter, also about each other.
  std::vector<Term> apart = of_a;
  for (Term term : of_b) {
    term.coefficient = -term.coefficient;
    apart.push_back(term);
  }
  t.sums_to(apart);
  for (std::vector<Term>* side : {&of_a, &of_b}) {
    side->push_back(parameter);
    t.sums_to(*side);
  }
}

}  // namespace

LawFinding info_nce_euler_law(const engine::Case& given, const Subject& subject) {
  const InfoNceLawCase c(given);
  LawTrial t = info_nce_backward_trial("euler", c, subject);
  const std::size_t x = t.run(c.made());
  if (c.normalised())
    check_radii(t, c, x);
  else
    check_scale(t, c, x);
  return t.finding();
}

LawFinding info_nce_upstream_scaling_law(const engine::Case& given, const Subject& subject, int k,
                                         Agreement agreement) {
  const InfoNceLawCase c(given);
  // Through a normalisation small numbers are not the last: what one of them loses may show.
  LawTrial t = info_nce_backward_trial("upstream scaling", c, subject,
                                       c.normalised() ? Agreement::budgets : agreement);
  if (const char* reason = info_nce_underflow_possible(given)) t.decline(reason);
  InfoNceLawCase scaled = c;
  for (double& g : scaled.upstream) g = std::ldexp(g, k);
  scaled.grad_loss = std::ldexp(c.grad_loss, k);
  const std::size_t y = t.run(c.made()), x = t.run(scaled.made());
  for_each_gradient(c, [&](const char* output, Index e) {
    t.agree({x, output, e}, {y, output, e}, std::ldexp(1.0, k));
  });
  return t.finding();
}

LawFinding info_nce_upstream_sum_law(const engine::Case& given, const Subject& subject) {
  const InfoNceLawCase c(given);
  LawTrial t = info_nce_backward_trial("upstream sum", c, subject);
  InfoNceLawCase one = c, other = c;
  for (std::size_t i = 0; i < c.upstream.size(); ++i) {
    one.upstream[i] = i % 2 == 0 ? upper_part(c.upstream[i]) : 0;
    other.upstream[i] = c.upstream[i] - one.upstream[i];
  }
  one.grad_loss = upper_part(c.grad_loss);
  other.grad_loss = c.grad_loss - one.grad_loss;
  const std::size_t x = t.run(c.made()), y = t.run(one.made()), z = t.run(other.made());
  for_each_gradient(c, [&](const char* output, Index e) {
    t.sums_to({{x, output, e}, {y, output, e, -1}, {z, output, e, -1}});
  });
  return t.finding();
}

LawFinding info_nce_mean_upstream_law(const engine::Case& given, const Subject& subject) {
  const InfoNceLawCase c(given);
  LawTrial t = info_nce_backward_trial("mean upstream", c, subject);
  const InfoNceLawWeights weights = c.weights();
  if (weights.uneven) t.decline("the directions' means have different divisors");
  const double share = 0.75;  // times the divisor it is a binary32 number still
  InfoNceLawCase mean = c, rows = c;
  mean.upstream.clear();
  mean.grad_loss = share * weights.divisor;
  rows.upstream.clear();
  for (const double count : weights.count) rows.upstream.push_back(share * count);
  rows.grad_loss = 0;
  const std::size_t x = t.run(mean.made()), y = t.run(rows.made());
  for_each_gradient(c, [&](const char* output, Index e) {
    t.agree({x, output, e}, {y, output, e});
  });
  return t.finding();
}

namespace {

/// The first pair of rank r; of `ranks`, the number of pairs.
Index first_of(const InfoNceLawCase& c, Index ranks, Index r) { return r * c.n / ranks; }

/// What rank r holds: all keys and its own rows; for one direction zeros for the rows of others.
InfoNceLawCase held_by(const InfoNceLawCase& c, Index ranks, Index r) {
  InfoNceLawCase held = c;
  if (!c.one_direction()) return held;
  const Index first = first_of(c, ranks, r), end = first_of(c, ranks, r + 1);
  for (Index i = 0; i < c.n; ++i)
    if (i < first || i >= end) std::fill_n(held.vector(i), c.d, 0.0);
  return held;
}

void rank_forward(LawTrial& t, const InfoNceLawCase& c, Index ranks) {
  if (!c.one_direction()) return t.decline("the rows of others are keys, too");
  const std::size_t whole = t.run(c.made());
  for (Index r = 0; r < ranks; ++r) {
    const std::size_t part = t.run(held_by(c, ranks, r).made());
    for (Index i = first_of(c, ranks, r); i < first_of(c, ranks, r + 1); ++i)
      for (const char* output : {"row_loss", "row_lse"})
        t.agree({part, output, i}, {whole, output, i});
  }
}

/// Whether the rows of every rank count equally often, so that a mean over each has the divisor of
/// the whole over the number of ranks.
bool even_shares(const InfoNceLawCase& c, Index ranks, const InfoNceLawWeights& weights) {
  if (c.setting != nullptr && c.setting->over == reference::OverAnchors::sum) return false;
  std::vector<double> counts(static_cast<std::size_t>(ranks), 0.0);
  for (Index r = 0; r < ranks; ++r)
    for (Index i = 0; i < c.rows(); ++i)
      if (c.pair_of(i) >= first_of(c, ranks, r) && c.pair_of(i) < first_of(c, ranks, r + 1))
        counts[static_cast<std::size_t>(r)] += weights.count[static_cast<std::size_t>(i)];
  return std::count(counts.begin(), counts.end(), counts.front()) == ranks;
}

void rank_backward(LawTrial& t, const InfoNceLawCase& c, Index ranks,
                   const RankConvention& convention) {
  const bool local = convention.mean == RankMean::local;
  const InfoNceLawWeights weights = c.weights();
  if (weights.uneven) return t.decline("the directions' means have different divisors");
  if (local && !even_shares(c, ranks, weights))
    return t.decline("a local mean needs ranks of equal size");
  const double share = 0.75;
  InfoNceLawCase alone = c;
  alone.upstream.clear();
  alone.grad_loss = share * weights.divisor;
  const std::size_t whole = t.run(alone.made());
  std::vector<std::size_t> parts;
  for (Index r = 0; r < ranks; ++r) {
    InfoNceLawCase held = held_by(c, ranks, r);
    held.grad_loss = 0;
    held.upstream.assign(static_cast<std::size_t>(c.rows()), 0.0);
    for (Index i = 0; i < c.rows(); ++i) {
      const bool own =
          c.pair_of(i) >= first_of(c, ranks, r) && c.pair_of(i) < first_of(c, ranks, r + 1);
      if (own)
        held.upstream[static_cast<std::size_t>(i)] =
            weights.count[static_cast<std::size_t>(i)] *
            (local ? share * static_cast<double>(ranks) : share);
    }
    parts.push_back(t.run(held.made()));
    for (Index i = 0; c.one_direction() && i < c.n; ++i)
      for (Index k = 0; held.upstream[static_cast<std::size_t>(i)] == 0 && k < c.d; ++k)
        t.sums_to({{parts.back(), "grad_a", i * c.d + k}});
  }
  // Both sides times the number of ranks, so that all coefficients are whole.
  const auto w = static_cast<double>(ranks);
  const double part = convention.reduction == RankReduction::sum ? w : 1;
  const double declared = convention.declared == RankFactor::one           ? w
                          : convention.declared == RankFactor::times_ranks ? w * w
                                                                           : 1;
  for_each_gradient(c, [&](const char* output, Index e) {
    std::vector<Term> terms = {{whole, output, e, -declared}};
    for (std::size_t run : parts) terms.push_back({run, output, e, part});
    t.sums_to(terms);
  });
}

}  // namespace

LawFinding info_nce_rank_law(const engine::Case& given, const Subject& subject, Index ranks,
                             const RankConvention& convention, Agreement agreement) {
  const InfoNceLawCase c(given);
  LawTrial t = info_nce_trial("ranks", subject, c.backward ? Agreement::budgets : agreement);
  if (ranks < 1 || ranks > c.n)
    t.decline("not so many ranks");
  else if (c.backward)
    rank_backward(t, c, ranks, convention);
  else
    rank_forward(t, c, ranks);
  return t.finding();
}

}  // namespace assay::contract
