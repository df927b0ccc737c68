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
#include "properties/contract/loss/info_nce_law_case.hpp"
#include "properties/engine/random.hpp"

namespace assay::contract {

namespace {

using Index = std::int64_t;

LawTrial trial(const char* law, const Subject& subject, Agreement agreement) {
  return {law, info_nce_column(), subject, agreement};
}

/// 0 .. count-1 in one cycle drawn from `random` (Sattolo's algorithm): nothing stays in its place,
/// so no defect of a first or last place goes unseen by chance.
std::vector<Index> shuffled(Index count, engine::Random& random) {
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  for (std::size_t i = order.size(); i > 1; --i) {
    const auto j = static_cast<std::size_t>(random.uniform() * static_cast<double>(i - 1));
    std::swap(order[i - 1], order[std::min(j, i - 2)]);
  }
  return order;
}

/// How the outputs of run x follow from those of run y: vector v of x is vector from[v] of y, and
/// its coordinate k is sign[k] times coordinate from_coordinate[k].
struct Match {
  std::vector<Index> from, from_coordinate;
  std::vector<double> sign;
  double gradient = 1, temperature = 1;

  explicit Match(const InfoNceLawCase& c)
      : from(static_cast<std::size_t>(2 * c.n)),
        from_coordinate(static_cast<std::size_t>(c.d)),
        sign(static_cast<std::size_t>(c.d), 1.0) {
    std::iota(from.begin(), from.end(), Index{0});
    std::iota(from_coordinate.begin(), from_coordinate.end(), Index{0});
  }
};

Term gradient_of(std::size_t run, const InfoNceLawCase& c, Index v, Index k) {
  return {run, v < c.n ? "grad_a" : "grad_b", v % c.n * c.d + k};
}

void compare(LawTrial& trial, const InfoNceLawCase& c, std::size_t x, std::size_t y,
             const Match& match) {
  if (!c.backward) {
    for (Index i = 0; i < c.rows(); ++i)
      for (const char* output : {"row_loss", "row_lse"})
        trial.agree({x, output, i}, {y, output, match.from[static_cast<std::size_t>(i)]});
    trial.agree({x, "loss", 0}, {y, "loss", 0});
    return;
  }
  for (Index v = 0; v < 2 * c.n; ++v)
    for (Index k = 0; k < c.d; ++k) {
      const auto coordinate = static_cast<std::size_t>(k);
      trial.agree(gradient_of(x, c, v, k),
                  gradient_of(y, c, match.from[static_cast<std::size_t>(v)],
                              match.from_coordinate[coordinate]),
                  match.gradient * match.sign[coordinate]);
    }
  trial.agree({x, "grad_temperature", 0}, {y, "grad_temperature", 0}, match.temperature);
}

/// c with vector v replaced by vector from[v]; upstream gradients go with their rows.
InfoNceLawCase reordered(const InfoNceLawCase& c, const std::vector<Index>& from) {
  InfoNceLawCase other = c;
  for (Index v = 0; v < 2 * c.n; ++v)
    std::copy_n(c.vector(from[static_cast<std::size_t>(v)]), c.d, other.vector(v));
  for (std::size_t i = 0; i < other.upstream.size(); ++i)
    other.upstream[i] = c.upstream[static_cast<std::size_t>(from[i])];
  return other;
}

LawFinding reordering(LawTrial trial, const InfoNceLawCase& c, std::vector<Index> from) {
  Match match(c);
  match.from = std::move(from);
  const std::size_t y = trial.run(c.made());
  const std::size_t x = trial.run(reordered(c, match.from).made());
  compare(trial, c, x, y, match);
  return trial.finding();
}

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
  std::vector<Index> from = shuffled(c.n, random);
  for (Index i = 0; i < c.n; ++i) from.push_back(c.n + from[static_cast<std::size_t>(i)]);
  return reordering(trial("permutation", subject, Agreement::budgets), c, std::move(from));
}

LawFinding info_nce_exchange_law(const engine::Case& given, const Subject& subject) {
  const InfoNceLawCase c(given);
  LawTrial t = trial("exchange", subject, Agreement::budgets);
  if (!c.joint) {
    t.decline("one direction: the transposed problem is another function");
    return t.finding();
  }
  std::vector<Index> from;
  for (Index v = 0; v < 2 * c.n; ++v) from.push_back((v + c.n) % (2 * c.n));
  return reordering(std::move(t), c, std::move(from));
}

LawFinding info_nce_rotation_law(const engine::Case& given, const Subject& subject,
                                 std::uint64_t seed) {
  const InfoNceLawCase c(given);
  InfoNceLawCase rotated = c;
  engine::Random random(seed, "laws/rotation", 0);
  Match match(c);
  match.from_coordinate = shuffled(c.d, random);
  for (double& sign : match.sign) sign = random.uniform() < 0.5 ? -1 : 1;
  for (Index v = 0; v < 2 * c.n; ++v)
    for (std::size_t k = 0; k < match.sign.size(); ++k)
      rotated.vector(v)[k] = match.sign[k] * c.vector(v)[match.from_coordinate[k]];
  LawTrial t = trial("rotation", subject, Agreement::budgets);
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

/// The new coordinate's gradients: the coefficients of a row sum to 0.
void check_row_sums(LawTrial& t, const InfoNceLawCase& wide, std::size_t x) {
  std::vector<Term> all;
  for (Index v = 0; v < 2 * wide.n; ++v) {
    const Term g = gradient_of(x, wide, v, wide.d - 1);
    if (!wide.joint && v < wide.n)
      t.sums_to({g});
    else
      all.push_back(g);
  }
  t.sums_to(all);
}

}  // namespace

LawFinding info_nce_shift_law(const engine::Case& given, const Subject& subject,
                              std::uint64_t seed) {
  const InfoNceLawCase c(given);
  // A power of two whose square is at least 128 T: as a logit, 128 or more.
  const double x = std::exp2(std::ceil(std::log2(128 * c.temperature) / 2));
  engine::Random random(seed, "laws/shift", 0);
  std::vector<double> last(static_cast<std::size_t>(2 * c.n), x);
  for (Index i = 0; !c.joint && i < c.n; ++i)  // each row its own shift, among them 0 and below
    last[static_cast<std::size_t>(i)] = i == 0 ? x : x * std::floor(4 * random.uniform() - 1);
  const InfoNceLawCase wide = extended(c, last);

  LawTrial t = trial("shift", subject, Agreement::budgets);
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
  LawTrial t = trial("duplication", subject, Agreement::budgets);
  if (c.joint) t.decline("joint block: a second copy brings self-similarities in as negatives");
  InfoNceLawCase twice = c;
  twice.n = 2 * c.n;
  for (std::vector<double>* values : {&twice.a, &twice.b, &twice.upstream}) {
    const std::vector<double> once = *values;
    values->insert(values->end(), once.begin(), once.end());
  }
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
  for (Index i = 0; i < twice.n; ++i)
    for (const char* output : {"row_loss", "row_lse"})
      t.sums_to({{x, output, i}, {y, output, i % c.n, -1}}, log_2);
  t.sums_to({{x, "loss", 0}, {y, "loss", 0, -1}}, log_2);
  return t.finding();
}

LawFinding info_nce_padding_law(const engine::Case& given, const Subject& subject) {
  const InfoNceLawCase c(given);
  LawTrial t = trial("padding", subject, Agreement::bits);
  const std::size_t y = t.run(c.made());
  for (const auto& [a, b, upstream] : {std::array<Index, 3>{3, 3, 2}, {1, 6, 0}, {5, 0, 1}})
    compare(t, c, t.run(c.made_with_padding(a, b, upstream)), y, Match(c));
  return t.finding();
}

LawFinding info_nce_scaling_law(const engine::Case& given, const Subject& subject, int k,
                                Agreement agreement) {
  const InfoNceLawCase c(given);
  LawTrial t = trial("scaling", subject, agreement);
  if (const char* reason = info_nce_underflow_possible(given)) t.decline(reason);
  InfoNceLawCase scaled = c;
  for (std::vector<double>* values : {&scaled.a, &scaled.b})
    for (double& value : *values) value = std::ldexp(value, k);
  scaled.temperature = std::ldexp(c.temperature, 2 * k);
  if (!scaled.fits()) {
    t.decline("the scaled numbers do not fit into the inputs' format");
    return t.finding();
  }
  Match match(c);
  match.gradient = std::ldexp(1.0, -k);
  match.temperature = std::ldexp(1.0, -2 * k);
  const std::size_t y = t.run(c.made()), x = t.run(scaled.made());
  compare(t, c, x, y, match);
  return t.finding();
}

LawFinding info_nce_forward_identities_law(const engine::Case& given, const Subject& subject) {
  const InfoNceLawCase c(given);
  LawTrial t = trial("forward identities", subject, Agreement::budgets);
  if (c.backward) t.decline("the case asks for gradients");
  const std::size_t x = t.run(c.made());
  std::vector<Term> mean = {{x, "loss", 0, -static_cast<double>(c.rows())}};
  for (Index i = 0; i < c.rows(); ++i) {
    mean.push_back({x, "row_loss", i});
    t.at_least({{x, "row_loss", i}}, 0);
    // The products are exact in double; so many rounded additions and a division.
    const double *u = c.vector(i), *v = c.vector((i + c.n) % (2 * c.n));
    double p = 0, size = 0;
    for (Index k = 0; k < c.d; ++k) p += u[k] * v[k], size += std::abs(u[k] * v[k]);
    const double off = static_cast<double>(c.d + 3) * 0x1p-52 * size / c.temperature;
    p /= c.temperature;
    t.sums_to({{x, "row_lse", i}, {x, "row_loss", i, -1}}, {p - off, p + off});
  }
  t.sums_to(mean);
  t.at_least({{x, "loss", 0}}, 0);
  return t.finding();
}

LawFinding info_nce_same_bits_law(const engine::Case& given, const std::vector<Subject>& subjects) {
  const InfoNceLawCase c(given);
  std::size_t next = 0;
  const Subject in_turn{"",
                        [&](const engine::Case& one, const std::vector<engine::OutputSpec>& asked) {
                          return subjects[next++].observe(one, asked);
                        }};
  LawTrial t = trial("same bits", in_turn, Agreement::bits);
  const std::size_t first = t.run(given);
  while (next < subjects.size() && next > 0) {
    const std::size_t before = next;
    compare(t, c, t.run(given), first, Match(c));
    if (next == before) break;  // a run has already decided
  }
  return t.finding();
}

}  // namespace assay::contract
