// SPDX-License-Identifier: Apache-2.0
// Laws of loss/info_nce that exist for both operations or for the forward only.
#include "properties/contract/loss/info_nce_laws.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_law_match.hpp"
#include "properties/engine/random.hpp"

namespace assay::contract {

namespace {

using Index = std::int64_t;

/// [x, x] rounded outward by one double.
Ends around(double x) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return {std::nextafter(x, -infinity), std::nextafter(x, infinity)};
}

}  // namespace

LawFinding info_nce_permutation_law(const engine::Case& given, const Subject& subject,
                                    std::uint64_t seed) {
  const InfoNceLawCase c(given);
  engine::Random random(seed, "laws/permutation", 0);
  InfoNceMatch match(c);
  const std::vector<Index> from = shuffled(c.n, random);
  for (Index v = 0; v < 2 * c.n; ++v)
    match.from[static_cast<std::size_t>(v)] =
        v / c.n * c.n + from[static_cast<std::size_t>(v % c.n)];
  LawTrial t = info_nce_trial("permutation", subject, Agreement::budgets);
  const std::size_t y = t.run(c.made()), x = t.run(with_pairs(c, from).made());
  compare(t, c, x, y, match);
  return t.finding();
}

LawFinding info_nce_exchange_law(const engine::Case& given, const Subject& subject) {
  const InfoNceLawCase c(given);
  LawTrial t = info_nce_trial("exchange", subject, Agreement::budgets);
  if (c.one_direction()) {
    t.decline("one direction: the transposed problem is another function");
    return t.finding();
  }
  InfoNceMatch match(c);
  for (Index v = 0; v < 2 * c.n; ++v)
    match.from[static_cast<std::size_t>(v)] = (v + c.n) % (2 * c.n);
  const std::size_t y = t.run(c.made()), x = t.run(exchanged(c).made());
  compare(t, c, x, y, match);
  return t.finding();
}

LawFinding info_nce_rotation_law(const engine::Case& given, const Subject& subject,
                                 std::uint64_t seed) {
  const InfoNceLawCase c(given);
  InfoNceLawCase rotated = c;
  engine::Random random(seed, "laws/rotation", 0);
  InfoNceMatch match(c);
  match.from_coordinate = shuffled(c.d, random);
  for (double& sign : match.sign) sign = random.uniform() < 0.5 ? -1 : 1;
  for (Index v = 0; v < 2 * c.n; ++v)
    for (std::size_t k = 0; k < match.sign.size(); ++k)
      rotated.vector(v)[k] = match.sign[k] * c.vector(v)[match.from_coordinate[k]];
  LawTrial t = info_nce_trial("rotation", subject, Agreement::budgets);
  const std::size_t y = t.run(c.made()), x = t.run(rotated.made());
  compare(t, c, x, y, match);
  return t.finding();
}

namespace {

/// c with one more coordinate: last[v] for vector v.
InfoNceLawCase extended(const InfoNceLawCase& c, const std::vector<double>& last) {
  InfoNceLawCase wide = c;
  wide.d = c.d + 1;
  wide.a.assign(static_cast<std::size_t>(c.n * wide.d), 0.0);
  wide.b = wide.a;
  for (Index v = 0; v < 2 * c.n; ++v) {
    std::copy_n(c.vector(v), c.d, wide.vector(v));
    wide.vector(v)[c.d] = last[static_cast<std::size_t>(v)];
  }
  return wide;
}

/// The new coordinate's gradients: the coefficients of a row sum to 0. In one direction that shows
/// in every row of a; where a vector is a row and a key, only in sums over a and over b, and in the
/// joint block in the sum over all.
void check_row_sums(LawTrial& t, const InfoNceLawCase& wide, std::size_t x) {
  std::vector<Term> of_a, of_b;
  for (Index v = 0; v < 2 * wide.n; ++v) {
    const Term g = gradient_of(x, wide, v, wide.d - 1);
    if (wide.one_direction() && v < wide.n)
      t.sums_to({g});
    else
      (v < wide.n ? of_a : of_b).push_back(g);
  }
  if (wide.joint) {
    of_a.insert(of_a.end(), of_b.begin(), of_b.end());
    return t.sums_to(of_a);
  }
  if (wide.both()) t.sums_to(of_a);
  t.sums_to(of_b);
}

}  // namespace

LawFinding info_nce_shift_law(const engine::Case& given, const Subject& subject,
                              std::uint64_t seed) {
  const InfoNceLawCase c(given);
  LawTrial t = info_nce_trial("shift", subject, Agreement::budgets);
  if (c.normalised()) {
    t.decline("a further coordinate changes the norms");
    return t.finding();
  }
  // A power of two whose square makes a logit of 128 or more.
  const double x = std::exp2(std::ceil(std::log2(128 / c.scale()) / 2));
  engine::Random random(seed, "laws/shift", 0);
  std::vector<double> last(static_cast<std::size_t>(2 * c.n), x);
  for (Index i = 0; c.one_direction() && i < c.n; ++i)  // each row its own, among them 0 and below
    last[static_cast<std::size_t>(i)] = i == 0 ? x : x * std::floor(4 * random.uniform() - 1);
  const InfoNceLawCase wide = extended(c, last);
  if (!wide.fits()) {
    t.decline("the shift does not fit into the inputs' format");
    return t.finding();
  }
  const std::size_t before = t.run(c.made()), after = t.run(wide.made());
  if (c.backward) {
    for (Index v = 0; v < 2 * c.n; ++v)
      for (Index k = 0; k < c.d; ++k)
        t.agree(gradient_of(after, wide, v, k), gradient_of(before, c, v, k));
    t.agree({after, "grad_temperature", 0}, {before, "grad_temperature", 0});
    check_row_sums(t, wide, after);
    return t.finding();
  }
  for (Index i = 0; i < c.rows(); ++i) {
    t.agree({after, "row_loss", i}, {before, "row_loss", i});
    const double product = last[static_cast<std::size_t>(i)] * x;  // exact: few bits
    t.sums_to({{after, "row_lse", i}, {before, "row_lse", i, -1}},
              product == 0 ? exactly(0) : around(product / c.temperature));
  }
  t.agree({after, "loss", 0}, {before, "loss", 0});
  return t.finding();
}

LawFinding info_nce_duplication_law(const engine::Case& given, const Subject& subject) {
  const InfoNceLawCase c(given);
  LawTrial t = info_nce_trial("duplication", subject, Agreement::budgets);
  if (c.joint) t.decline("joint block: a second copy brings self-similarities in");
  if (c.several_positives()) t.decline("a second copy of a positive is a positive or a negative");
  InfoNceLawCase twice = c;
  twice.n = 2 * c.n;
  for (std::vector<double>* values : {&twice.a, &twice.b}) {
    const std::vector<double> once = *values;
    values->insert(values->end(), once.begin(), once.end());
  }
  // Rows of a, then (both directions) rows of b: each view's twice.
  twice.upstream.clear();
  for (Index i = 0; !c.upstream.empty() && i < twice.rows(); ++i)
    twice.upstream.push_back(c.upstream[static_cast<std::size_t>(i / twice.n * c.n + i % c.n)]);
  twice.grad_loss = 2 * c.grad_loss;
  const std::size_t y = t.run(c.made()), x = t.run(twice.made());
  if (c.backward) {
    for (Index v = 0; v < 2 * twice.n; ++v)
      for (Index k = 0; k < c.d; ++k)
        t.agree(gradient_of(x, twice, v, k),
                gradient_of(y, c, v < twice.n ? v % c.n : c.n + v % c.n, k));
    t.agree({x, "grad_temperature", 0}, {y, "grad_temperature", 0}, 2);
    return t.finding();
  }
  const Ends log_2{0x1.62e42fefa39efp-1, 0x1.62e42fefa39f0p-1};
  for (Index i = 0; i < twice.rows(); ++i)
    for (const char* output : {"row_loss", "row_lse"})
      t.sums_to({{x, output, i}, {y, output, i / twice.n * c.n + i % c.n, -1}}, log_2);
  t.sums_to({{x, "loss", 0}, {y, "loss", 0, -1}}, log_2);
  return t.finding();
}

LawFinding info_nce_padding_law(const engine::Case& given, const Subject& subject,
                                Agreement agreement) {
  const InfoNceLawCase c(given);
  LawTrial t = info_nce_trial("padding", subject, agreement);
  const std::size_t y = t.run(c.made());
  const InfoNceLawCase::Padding paddings[] = {{3, 3, 2, 4}, {1, 6, 0, 1}, {5, 0, 1, 0}};
  for (const InfoNceLawCase::Padding& padding : paddings)
    compare(t, c, t.run(c.made(padding)), y, InfoNceMatch(c));
  return t.finding();
}

namespace {

/// A lower bound of log k.
double log_below(Index k) {
  const double log = std::log(static_cast<double>(k));
  return log - 0x1p-48 * log;
}

/// What a row's loss owes by itself; whether it is at least 0. With a positive in the denominator
/// LSE_D >= s_p; with all positives in it and their mean outside, LSE_D >= LSE_P >= log K + mean.
bool check_row(LawTrial& t, const InfoNceLawCase& c, std::size_t x, Index i, Index positives) {
  if (c.setting != nullptr) {
    if (c.setting->denominator == reference::Denominator::negatives && positives > 0) return false;
    const bool all_outside = c.setting->denominator == reference::Denominator::all &&
                             c.setting->within == reference::WithinAnchor::mean_outside;
    t.at_least({{x, "row_loss", i}}, all_outside && positives > 1 ? log_below(positives) : 0);
    if (positives == 0) t.sums_to({{x, "row_loss", i}});
    return true;
  }
  t.at_least({{x, "row_loss", i}}, 0);
  // The products are exact in double; so many rounded additions and a division.
  const double *u = c.vector(i), *v = c.vector((i + c.n) % (2 * c.n));
  double p = 0, size = 0;
  for (Index k = 0; k < c.d; ++k) p += u[k] * v[k], size += std::abs(u[k] * v[k]);
  const double off = static_cast<double>(c.d + 3) * 0x1p-52 * size / c.temperature;
  p /= c.temperature;
  t.sums_to({{x, "row_lse", i}, {x, "row_loss", i, -1}}, {p - off, p + off});
  return true;
}

/// Normalised vectors: vector v times a power of two of its own. One of zeros has the norm eps in
/// both runs.
InfoNceLawCase lengthened(const InfoNceLawCase& c, int k, InfoNceMatch& match) {
  InfoNceLawCase scaled = c;
  for (Index v = 0; v < 2 * c.n; ++v) {
    const int power = v % 3 == 0 ? k : v % 3 == 1 ? -k / 2 : 0;
    const auto* const x = c.vector(v);
    if (std::all_of(x, x + c.d, [](double e) { return e == 0; })) continue;
    for (Index i = 0; i < c.d; ++i) scaled.vector(v)[i] = std::ldexp(x[i], power);
    match.of_vector[static_cast<std::size_t>(v)] = std::ldexp(1.0, -power);
  }
  return scaled;
}

/// All vectors times 2^k, logits as before.
InfoNceLawCase with_same_logits(const InfoNceLawCase& c, int k, InfoNceMatch& match) {
  InfoNceLawCase scaled = c;
  for (std::vector<double>* values : {&scaled.a, &scaled.b})
    for (double& value : *values) value = std::ldexp(value, k);
  const bool as_scale =
      c.setting != nullptr && c.setting->temperature_as == reference::TemperatureAs::scale;
  const int power = as_scale ? -2 * k : 2 * k;
  scaled.temperature = std::ldexp(c.temperature, power);
  match.gradient = std::ldexp(1.0, -k);
  match.temperature = std::ldexp(1.0, -power);
  return scaled;
}

}  // namespace

LawFinding info_nce_scaling_law(const engine::Case& given, const Subject& subject, int k,
                                Agreement agreement) {
  const InfoNceLawCase c(given);
  LawTrial t = info_nce_trial("scaling", subject, agreement);
  if (const char* reason = info_nce_underflow_possible(given)) t.decline(reason);
  if (!c.normalised() && c.setting != nullptr &&
      c.setting->temperature_as == reference::TemperatureAs::log_scale)
    t.decline("no power of two is added to a log-scale exactly");
  InfoNceMatch match(c);
  const InfoNceLawCase scaled =
      c.normalised() ? lengthened(c, k, match) : with_same_logits(c, k, match);
  if (!scaled.fits()) {
    t.decline("the scaled numbers do not fit into the inputs' format");
    return t.finding();
  }
  const std::size_t y = t.run(c.made()), x = t.run(scaled.made());
  compare(t, c, x, y, match);
  return t.finding();
}

LawFinding info_nce_forward_identities_law(const engine::Case& given, const Subject& subject) {
  const InfoNceLawCase c(given);
  LawTrial t = info_nce_trial("forward identities", subject, Agreement::budgets);
  if (c.backward) t.decline("the case asks for gradients");
  const std::size_t x = t.run(c.made());
  const InfoNceLawWeights weights = c.weights();
  std::vector<Term> sum = {{x, "loss", 0, -weights.divisor}};
  const std::vector<Index> positives = c.positives();
  bool at_least_0 = true;
  for (Index i = 0; i < c.rows(); ++i) {
    const auto row = static_cast<std::size_t>(i);
    sum.push_back({x, "row_loss", i, weights.count[row]});
    at_least_0 = check_row(t, c, x, i, positives[row]) && at_least_0;
  }
  if (!weights.uneven) t.sums_to(sum);
  if (at_least_0) t.at_least({{x, "loss", 0}}, 0);
  return t.finding();
}

LawFinding info_nce_same_bits_law(const engine::Case& given, const std::vector<Subject>& subjects) {
  const InfoNceLawCase c(given);
  std::size_t next = 0;
  const Subject in_turn{"",
                        [&](const engine::Case& one, const std::vector<engine::OutputSpec>& asked) {
                          return subjects[next++].observe(one, asked);
                        }};
  LawTrial t = info_nce_trial("same bits", in_turn, Agreement::bits);
  const std::size_t first = t.run(given);
  while (next < subjects.size() && next > 0) {
    const std::size_t before = next;
    compare(t, c, t.run(given), first, InfoNceMatch(c));
    if (next == before) break;  // a run has already decided
  }
  return t.finding();
}

}  // namespace assay::contract
