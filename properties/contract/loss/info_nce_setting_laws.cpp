// SPDX-License-Identifier: Apache-2.0
// Laws of loss/info_nce that the family's settings have: names of labels, and what members owe each
// other.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "properties/contract/loss/info_nce_law_match.hpp"
#include "properties/contract/loss/info_nce_laws.hpp"

namespace assay::contract {

namespace {

using Index = std::int64_t;
using reference::Denominator;
using reference::Positives;
using reference::WithinAnchor;

bool has(const InfoNceLawCase& c, Positives positives) {
  return c.setting != nullptr && c.setting->positives == positives;
}

/// Other names: neighbours beyond 2^53, distances of 2^32, or small and negative ones.
std::int64_t name_of_class(Index of, std::uint64_t style) {
  constexpr std::int64_t word = std::int64_t{1} << 32, beyond = std::int64_t{1} << 53;
  switch (style % 3) {
    case 0: return beyond + of;
    case 1: return -(of * word) - 5;
    default: return of % 2 == 0 ? of + 11 : -of;
  }
}

/// Every label under another name, in an order that is not that of the old ones; every nonzero byte
/// of the mask another one.
InfoNceLawCase renamed(const InfoNceLawCase& c, std::uint64_t seed) {
  InfoNceLawCase other = c;
  engine::Random random(seed, "laws/renaming", 0);
  if (other.labels_b.empty()) other.labels_b = other.labels;  // what its absence means
  std::map<std::int64_t, Index> classes;
  for (const auto* labels : {&c.labels, &c.labels_b})
    for (const std::int64_t label : *labels) classes.emplace(label, 0);
  const auto order = shuffled(static_cast<Index>(classes.size()), random);
  std::size_t next = 0;
  for (auto& entry : classes) entry.second = order[next++];
  for (auto* labels : {&other.labels, &other.labels_b})
    for (std::int64_t& label : *labels) label = name_of_class(classes.at(label), seed);
  for (std::uint8_t& byte : other.mask)
    if (byte != 0) byte = static_cast<std::uint8_t>(byte == 255 ? 128 : 255 - random.below(128));
  return other;
}

/// The positives of a row are its own pair's, as where they are found by index.
InfoNceLawCase with_one_positive(const InfoNceLawCase& c) {
  InfoNceLawCase own = c;
  std::iota(own.labels.begin(), own.labels.end(), std::int64_t{7});
  own.labels_b.clear();
  for (Index e = 0; e < c.n * c.n && !own.mask.empty(); ++e)
    own.mask[static_cast<std::size_t>(e)] = e / c.n == e % c.n ? 1 : 0;
  return own;
}

/// Operation by operation the formula is that of the plain instances; so not where a share of the
/// positive is formed in another way.
bool same_operations(const InfoNceLawCase& c) {
  if (c.setting->within == WithinAnchor::sum_inside) return false;
  return !c.backward || c.setting->denominator == Denominator::all;
}

/// L_in <= mean over p of the loss against the negatives <= L_out, and log K between the ends.
void check_supervised(LawTrial& t, const InfoNceLawCase& c) {
  const InfoNceLawCase out = c.as("supervised-out"), in = c.as("supervised-in"),
                       pairs = c.as("supervised-pairs");
  if (!in.fits() || !pairs.fits()) return t.decline("every row is skipped");
  const std::size_t of_out = t.run(out.made()), of_in = t.run(in.made()),
                    of_pairs = t.run(pairs.made());
  const std::vector<Index> positives = out.positives();
  for (Index i = 0; i < c.rows(); ++i) {
    const Term l_out{of_out, "row_loss", i}, l_in{of_in, "row_loss", i, -1},
        l_pairs{of_pairs, "row_loss", i};
    const Index k = positives[static_cast<std::size_t>(i)];
    const double log_k = k > 1 ? std::log(static_cast<double>(k)) * (1 - 0x1p-48) : 0;
    t.at_least({l_out, l_in}, log_k);
    t.at_least({l_pairs, l_in}, 0);
    t.at_least({l_out, {of_pairs, "row_loss", i, -1}}, 0);
    if (k > 1) continue;
    t.sums_to({l_out, l_in});
    t.sums_to({l_pairs, l_in});
  }
}

double entropy_term(double x) { return x > 0 ? x * std::log(x) : 0; }

/// With x = LSE_N - s_p, the decoupled loss, the joint block's is y = log(1 + e^x): for every c in
/// [0, 1], y - c x >= -c log c - (1-c) log(1-c), and for every c >= 1, c y - x >= c log c -
/// (c-1) log(c-1). The slopes at what was observed make both tight. And y > 0, y > x.
void check_decoupled(LawTrial& t, const InfoNceLawCase& c) {
  const std::size_t decoupled = t.run(c.made()), pairs = t.run(c.as("joint-block").made());
  for (Index i = 0; i < c.rows(); ++i) {
    const Term y{pairs, "row_loss", i}, minus_x{decoupled, "row_loss", i, -1};
    t.at_least({y}, 0);
    t.at_least({y, minus_x}, 0);
    double x = 0;
    if (!t.observed({decoupled, "row_loss", i}, x) || !(std::abs(x) < 30)) continue;
    // Few digits of the slope, so that both it and its distance from 1 are exact.
    const double below = std::ldexp(std::nearbyint(std::ldexp(1 / (1 + std::exp(-x)), 45)), -45);
    const double bound = -entropy_term(below) - entropy_term(1 - below);
    t.at_least({y, {decoupled, "row_loss", i, -below}}, bound - 0x1p-48);
    if (!(x > -10)) continue;
    const double above = std::ldexp(std::nearbyint(std::ldexp(1 + std::exp(-x), 30)), -30);
    const double other = entropy_term(above) - entropy_term(above - 1);
    t.at_least({{pairs, "row_loss", i, above}, minus_x}, other - 0x1p-46 * above);
  }
}

/// Both directions are the problem and its transpose, halved.
void check_directions(LawTrial& t, InfoNceLawCase c) {
  // A scale whose reciprocal is a temperature.
  c.temperature = std::exp2(std::round(std::log2(c.temperature)));
  InfoNceLawCase there = c.as("one-direction");
  there.temperature = 1 / c.temperature;
  there.grad_loss = c.grad_loss / 2;
  InfoNceLawCase back = exchanged(c).as("one-direction");
  back.temperature = there.temperature;
  back.grad_loss = there.grad_loss;
  for (InfoNceLawCase* one : {&there, &back})
    if (!one->upstream.empty()) one->upstream.resize(static_cast<std::size_t>(c.n));
  const std::size_t x = t.run(c.made()), y = t.run(there.made()), z = t.run(back.made());
  if (!c.backward) {
    for (Index i = 0; i < 2 * c.n; ++i)
      t.agree({x, "row_loss", i}, {i < c.n ? y : z, "row_loss", i % c.n});
    return t.sums_to({{x, "loss", 0, -2}, {y, "loss", 0}, {z, "loss", 0}});
  }
  for (Index v = 0; v < 2 * c.n; ++v)
    for (Index k = 0; k < c.d; ++k) {
      Term of_x = gradient_of(x, c, v, k);
      of_x.coefficient = -1;
      t.sums_to({of_x, gradient_of(y, c, v, k), gradient_of(z, c, (v + c.n) % (2 * c.n), k)});
    }
  // d/dscale = -T^2 d/dT, and T is a power of two.
  const double slope = -there.temperature * there.temperature;
  t.sums_to({{x, "grad_temperature", 0, -1},
             {y, "grad_temperature", 0, slope},
             {z, "grad_temperature", 0, slope}});
}

}  // namespace

LawFinding info_nce_renaming_law(const engine::Case& given, const Subject& subject,
                                 std::uint64_t seed, Agreement agreement) {
  const InfoNceLawCase c(given);
  LawTrial t = info_nce_trial("renaming", subject, agreement);
  if (!c.several_positives()) t.decline("positives by index have no names");
  const std::size_t y = t.run(c.made()), x = t.run(renamed(c, seed).made());
  compare(t, c, x, y, InfoNceMatch(c));
  return t.finding();
}

LawFinding info_nce_one_positive_law(const engine::Case& given, const Subject& subject,
                                     Agreement agreement) {
  const InfoNceLawCase c(given);
  const bool bits = c.several_positives() && same_operations(c);
  LawTrial t = info_nce_trial("one positive", subject, bits ? agreement : Agreement::budgets);
  if (!c.several_positives()) {
    t.decline("positives by index are one each");
    return t.finding();
  }
  InfoNceLawCase own = with_one_positive(c);
  const bool sum = c.setting->over == reference::OverAnchors::sum;
  if (sum && own.grad_loss != 0) own.grad_loss = 0.75;  // times the rows it is a binary32 number
  InfoNceLawCase plain = own.as(c.joint ? "joint-block" : "one-direction");
  if (sum) plain.grad_loss = own.grad_loss * static_cast<double>(c.rows());
  if (!own.fits() || !plain.fits()) {
    t.decline("the setting refuses the case");
    return t.finding();
  }
  InfoNceMatch match(c);
  match.loss = !sum;
  const std::size_t x = t.run(own.made()), y = t.run(plain.made());
  compare(t, own, x, y, match);
  return t.finding();
}

LawFinding info_nce_members_law(const engine::Case& given, const Subject& subject) {
  const InfoNceLawCase c(given);
  LawTrial t = info_nce_trial("members", subject, Agreement::budgets);
  if (has(c, Positives::same_label) && c.joint && !c.backward)
    check_supervised(t, c);
  else if (c.setting != nullptr && c.setting->denominator == Denominator::negatives && !c.backward)
    check_decoupled(t, c);
  else if (c.both() && !c.normalised() &&
           c.setting->temperature_as == reference::TemperatureAs::scale)
    check_directions(t, c);
  else
    t.decline("no relation to another member is stated");
  return t.finding();
}

}  // namespace assay::contract
