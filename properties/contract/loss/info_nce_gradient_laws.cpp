// SPDX-License-Identifier: Apache-2.0
// Laws of loss/info_nce about upstream gradients and ranks, and the list of all laws.
#include <algorithm>
#include <bit>
#include <cmath>

#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_law_case.hpp"
#include "properties/contract/loss/info_nce_laws.hpp"

namespace assay::contract {

namespace {

using Index = std::int64_t;

LawTrial trial(const char* law, const Subject& subject, Agreement agreement) {
  return {law, info_nce_column(), subject, agreement};
}

/// The trial of a law of the backward only.
LawTrial backward_trial(const char* law, const InfoNceLawCase& c, const Subject& subject,
                        Agreement agreement = Agreement::budgets) {
  LawTrial t = trial(law, subject, agreement);
  if (!c.backward) t.decline("the case asks for no gradients");
  return t;
}

/// Calls f(output, element) for every element of the gradients.
template <class F>
void for_each_gradient(const InfoNceLawCase& c, F f) {
  for (const char* output : {"grad_a", "grad_b"})
    for (Index e = 0; e < c.n * c.d; ++e) f(output, e);
  f("grad_temperature", Index{0});
}

/// x with the lower half of its binary32 significand cleared; x minus it is a binary32 number.
double upper_part(double x) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(static_cast<float>(x)) & ~0xfffu);
}

}  // namespace

namespace {

/// Some logit is neither exactly 0 nor so far from 0 that its binary32 value is at least 2^-19.
/// With no logit above 8 that value is off by less than (d + 3) 2^-21.
bool has_tiny_logit(const InfoNceLawCase& c) {
  const double least = static_cast<double>(c.d + 3) * 0x1p-20;
  for (Index i = 0; i < c.rows(); ++i)
    for (Index j = c.joint ? i + 1 : c.n; j < 2 * c.n; ++j) {
      double sum = 0, size = 0;
      for (Index k = 0; k < c.d; ++k) {
        const double product = c.vector(i)[k] * c.vector(j)[k];
        sum += product, size += std::abs(product);
      }
      if (size != 0 && std::abs(sum) < least * c.temperature) return true;
    }
  return false;
}

}  // namespace

const char* info_nce_underflow_possible(const engine::Case& given) {
  const InfoNceLawCase c(given);
  const auto within = [](double x, double low) {
    return x == 0 || (std::abs(x) >= low && std::abs(x) <= 1 / low);
  };
  if (c.n > 64) return "more than 64 pairs";
  if (!within(c.temperature, 0x1p-10)) return "the temperature is not in [2^-10, 2^10]";
  double largest = 0;
  for (Index v = 0; v < 2 * c.n; ++v) {
    double square = 0;
    for (Index k = 0; k < c.d; ++k) {
      const double x = c.vector(v)[k];
      if (!within(x, 0x1p-14)) return "an entry is neither 0 nor in [2^-14, 2^14]";
      square += x * x;
    }
    largest = std::max(largest, square);
  }
  if (!(largest <= 8 * c.temperature)) return "a logit may exceed 8";
  if (!within(c.grad_loss, 0x1p-10)) return "an upstream gradient is not in [2^-10, 2^10]";
  for (double g : c.upstream)
    if (!within(g, 0x1p-10)) return "an upstream gradient is not in [2^-10, 2^10]";
  return has_tiny_logit(c) ? "a logit may be tiny" : nullptr;
}

LawFinding info_nce_euler_law(const engine::Case& given, const Subject& subject) {
  const InfoNceLawCase c(given);
  LawTrial t = backward_trial("euler", c, subject);
  const std::size_t x = t.run(c.made());
  const Term temperature{x, "grad_temperature", 0, c.temperature};
  std::vector<Term> of_a, of_b;
  for (Index e = 0; e < c.n * c.d; ++e) {
    of_a.push_back({x, "grad_a", e, c.a[static_cast<std::size_t>(e)]});
    of_b.push_back({x, "grad_b", e, c.b[static_cast<std::size_t>(e)]});
  }
  if (c.joint) {
    of_a.insert(of_a.end(), of_b.begin(), of_b.end());
    of_a.push_back(temperature);
    of_a.back().coefficient *= 2;
    t.sums_to(of_a);
    return t.finding();
  }
  // With what <a, grad_a> and <b, grad_b> say about the temperature, also about each other.
  std::vector<Term> apart = of_a;
  for (Term term : of_b) {
    term.coefficient = -term.coefficient;
    apart.push_back(term);
  }
  t.sums_to(apart);
  for (std::vector<Term>* side : {&of_a, &of_b}) {
    side->push_back(temperature);
    t.sums_to(*side);
  }
  return t.finding();
}

LawFinding info_nce_upstream_scaling_law(const engine::Case& given, const Subject& subject, int k,
                                         Agreement agreement) {
  const InfoNceLawCase c(given);
  LawTrial t = backward_trial("upstream scaling", c, subject, agreement);
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
  LawTrial t = backward_trial("upstream sum", c, subject);
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
  LawTrial t = backward_trial("mean upstream", c, subject);
  const double share = 0.75;  // times the number of rows it is a binary32 number still
  InfoNceLawCase mean = c, rows = c;
  mean.upstream.clear();
  mean.grad_loss = share * static_cast<double>(c.rows());
  rows.upstream.assign(static_cast<std::size_t>(c.rows()), share);
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
  if (c.joint) return held;
  const Index first = first_of(c, ranks, r), end = first_of(c, ranks, r + 1);
  for (Index i = 0; i < c.n; ++i)
    if (i < first || i >= end) std::fill_n(held.vector(i), c.d, 0.0);
  return held;
}

void rank_forward(LawTrial& t, const InfoNceLawCase& c, Index ranks) {
  if (c.joint) return t.decline("joint block: the rows of others are keys, too");
  const std::size_t whole = t.run(c.made());
  for (Index r = 0; r < ranks; ++r) {
    const std::size_t part = t.run(held_by(c, ranks, r).made());
    for (Index i = first_of(c, ranks, r); i < first_of(c, ranks, r + 1); ++i)
      for (const char* output : {"row_loss", "row_lse"})
        t.agree({part, output, i}, {whole, output, i});
  }
}

void rank_backward(LawTrial& t, const InfoNceLawCase& c, Index ranks,
                   const RankConvention& convention) {
  const bool local = convention.mean == RankMean::local;
  if (local && c.n % ranks != 0) return t.decline("a local mean needs ranks of equal size");
  const double share = 0.75;
  InfoNceLawCase alone = c;
  alone.upstream.clear();
  alone.grad_loss = share * static_cast<double>(c.rows());
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
            local ? share * static_cast<double>(ranks) : share;
    }
    parts.push_back(t.run(held.made()));
    for (Index i = 0; !c.joint && i < c.n; ++i)
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
  LawTrial t = trial("ranks", subject, c.backward ? Agreement::budgets : agreement);
  if (ranks < 1 || ranks > c.n)
    t.decline("not so many ranks");
  else if (c.backward)
    rank_backward(t, c, ranks, convention);
  else
    rank_forward(t, c, ranks);
  return t.finding();
}

const std::vector<InfoNceLaw>& info_nce_laws() {
  using Case = engine::Case;
  using Seed = std::uint64_t;
  // The ranks' shares of the mean over all rows, added up: also what a sum over chunks of rows is.
  static const RankConvention chunks{RankMean::global, RankReduction::sum, RankFactor::one};
  static const std::vector<InfoNceLaw> laws = {
      {"permutation", [](const Case& c, const Subject& s, Seed seed,
                         Agreement) { return info_nce_permutation_law(c, s, seed); }},
      {"rotation", [](const Case& c, const Subject& s, Seed seed,
                      Agreement) { return info_nce_rotation_law(c, s, seed); }},
      {"exchange", [](const Case& c, const Subject& s, Seed,
                      Agreement) { return info_nce_exchange_law(c, s); }},
      {"shift", [](const Case& c, const Subject& s, Seed seed,
                   Agreement) { return info_nce_shift_law(c, s, seed); }},
      {"scaling",
       [](const Case& c, const Subject& s, Seed seed, Agreement agreement) {
         return info_nce_scaling_law(c, s, seed % 2 == 0 ? 3 : -5, agreement);
       }},
      {"duplication", [](const Case& c, const Subject& s, Seed,
                         Agreement) { return info_nce_duplication_law(c, s); }},
      {"padding",
       [](const Case& c, const Subject& s, Seed, Agreement) { return info_nce_padding_law(c, s); }},
      {"forward identities", [](const Case& c, const Subject& s, Seed,
                                Agreement) { return info_nce_forward_identities_law(c, s); }},
      {"euler",
       [](const Case& c, const Subject& s, Seed, Agreement) { return info_nce_euler_law(c, s); }},
      {"upstream scaling",
       [](const Case& c, const Subject& s, Seed seed, Agreement agreement) {
         return info_nce_upstream_scaling_law(c, s, seed % 2 == 0 ? 1 : -6, agreement);
       }},
      {"upstream sum", [](const Case& c, const Subject& s, Seed,
                          Agreement) { return info_nce_upstream_sum_law(c, s); }},
      {"mean upstream", [](const Case& c, const Subject& s, Seed,
                           Agreement) { return info_nce_mean_upstream_law(c, s); }},
      {"ranks",
       [](const Case& c, const Subject& s, Seed seed, Agreement agreement) {
         const Index pairs = InfoNceLawCase(c).n;
         return info_nce_rank_law(c, s, std::min(pairs, static_cast<Index>(2 + seed % 3)), chunks,
                                  agreement);
       }},
  };
  return laws;
}

}  // namespace assay::contract
