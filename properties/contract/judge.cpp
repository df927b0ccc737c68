// SPDX-License-Identifier: Apache-2.0
// The judge: shares, demands, the ladder, and the confirmation of refutations.
#include "properties/contract/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/float_format.hpp"

namespace assay::contract {

namespace {

using reference::Engine;
constexpr double infinity = std::numeric_limits<double>::infinity();

double down(double x) { return std::nextafter(x, -infinity); }
double up(double x) { return std::nextafter(x, infinity); }

/// What a - b has more than its rounded value (exact: Knuth's TwoSum).
double remainder_of_difference(double a, double b, double rounded) {
  const double b_part = rounded - a;
  return (a - (rounded - b_part)) - (b + b_part);
}
double difference_up(double a, double b) {
  const double d = a - b;
  return remainder_of_difference(a, b, d) > 0 ? up(d) : d;
}
double difference_down(double a, double b) {
  const double d = a - b;
  return remainder_of_difference(a, b, d) < 0 ? down(d) : d;
}
/// a / b outward, a >= 0, b > 0. The remainder is exact unless a is tiny.
Ends quotient(double a, double b) {
  const double q = a / b;
  if (std::isinf(q)) return {std::isinf(a) ? q : std::numeric_limits<double>::max(), q};
  const double remainder = std::fma(-q, b, a);
  if (a < 0x1p-900 || q < 0x1p-900) return {std::max(0.0, down(q)), up(q)};
  return {remainder < 0 ? std::max(0.0, down(q)) : q, remainder > 0 ? up(q) : q};
}

/// The place of one element, with what is known of it.
struct Element {
  std::size_t output;
  std::int64_t index;
  double observed;
  Ends truth;
  double budget;
  Ends share;
  std::string tier;
};

enum class Side : unsigned char { inside, outside, open };

Side side_of(const Element& e) {
  if (!std::isfinite(e.observed)) return Side::outside;
  const Ends error = error_of(e.observed, e.truth);
  if (error.hi <= e.budget) return Side::inside;
  return error.lo > e.budget ? Side::outside : Side::open;
}

std::string name_of_rung(Engine engine, int bits) {
  return std::string(name_of(engine)) + "-" + std::to_string(bits);
}

/// Re-encloses the element, with more bits until it lies on one side or the ladder ends.
Side climb(Element& e, const Expectation& expectation, Engine engine, const Ladder& ladder) {
  Side side = Side::open;
  for (int bits = ladder.first_bits; bits <= ladder.last_bits && side == Side::open; bits *= 2) {
    e.truth = expectation.refine(e.output, e.index, engine, bits).ends();
    e.tier = name_of_rung(engine, bits);
    e.share = share_of(error_of(e.observed, e.truth), e.budget);
    side = side_of(e);
  }
  return side;
}

std::string element_name(const Expectation& expectation, const Element& e) {
  return fmt::format("{}[{}]", expectation.outputs[e.output].name, e.index);
}

void describe(Finding& finding, const Expectation& expectation, const Element& e) {
  finding.share = e.share;
  finding.output = expectation.outputs[e.output].name;
  finding.element = e.index;
  finding.observed = e.observed;
  finding.truth = e.truth;
  finding.budget = e.budget;
  finding.tier = e.tier;
}

/// Why the outputs are not what was asked for; empty when they are.
std::string mismatch(const std::vector<Tensor>& outputs,
                     const std::vector<engine::OutputSpec>& asked) {
  for (const Tensor& t : outputs) {
    const auto spec = std::find_if(asked.begin(), asked.end(),
                                   [&](const engine::OutputSpec& s) { return s.name == t.name; });
    if (spec == asked.end()) return fmt::format("output '{}' was not asked for", t.name);
    if (t.dtype != spec->dtype)
      return fmt::format("output '{}' has dtype {}, asked for {}", t.name, name_of(t.dtype),
                         name_of(spec->dtype));
    const auto bytes = static_cast<std::size_t>(element_count(spec->shape)) * size_of(spec->dtype);
    if (t.shape != spec->shape || !t.is_contiguous() || t.bytes.size() < bytes)
      return fmt::format("output '{}' does not have the shape asked for", t.name);
    if (std::count_if(outputs.begin(), outputs.end(),
                      [&](const Tensor& other) { return other.name == t.name; }) > 1)
      return fmt::format("output '{}' was returned twice", t.name);
  }
  for (const engine::OutputSpec& spec : asked)
    if (spec.required && std::none_of(outputs.begin(), outputs.end(),
                                      [&](const Tensor& t) { return t.name == spec.name; }))
      return fmt::format("required output '{}' is missing", spec.name);
  return {};
}

Finding refuted_by_conduct(Conduct conduct, const std::string& detail) {
  Finding finding;
  finding.verdict = Verdict::refuted;
  finding.conduct = conduct;
  finding.share = {-infinity, infinity};
  finding.reason = std::string(name_of(conduct)) + (detail.empty() ? "" : ": " + detail);
  return finding;
}

/// One pass over all elements against the truth at hand.
struct Sorted {
  std::vector<Element> open, refuted, refuted_by_demand;
  bool any_inside = false;
  Element largest{};
  std::int64_t judged = 0, outside_domain = 0;
};

void sort_element(Sorted& sorted, Element e, Demand demand) {
  if (demand == Demand::nothing) {
    ++sorted.outside_domain;
    return;
  }
  ++sorted.judged;
  if (demand != Demand::within_budget) {
    const bool met = demand == Demand::nan ? std::isnan(e.observed) : !std::isfinite(e.observed);
    e.truth = {};
    e.budget = 0;
    e.share = met ? Ends{0, 0} : Ends{infinity, infinity};
    if (!met) {
      sorted.refuted_by_demand.push_back(e);
      return;
    }
  } else if (!std::isfinite(e.observed)) {
    e.share = {infinity, infinity};
    sorted.refuted_by_demand.push_back(e);
    return;
  } else {
    e.share = share_of(error_of(e.observed, e.truth), e.budget);
    const Side side = side_of(e);
    if (side != Side::inside) {
      (side == Side::open ? sorted.open : sorted.refuted).push_back(e);
      return;
    }
  }
  if (!sorted.any_inside || e.share.hi > sorted.largest.share.hi) sorted.largest = e;
  sorted.any_inside = true;
}

Sorted sort_elements(const Observation& observation, const Expectation& expectation) {
  Sorted sorted;
  for (std::size_t o = 0; o < expectation.outputs.size(); ++o) {
    const OutputExpectation& expected = expectation.outputs[o];
    const auto tensor = std::find_if(observation.outputs.begin(), observation.outputs.end(),
                                     [&](const Tensor& t) { return t.name == expected.name; });
    if (tensor == observation.outputs.end()) continue;  // optional, or `mismatch` had said so
    for (std::size_t i = 0; i < expected.demand.size(); ++i) {
      const auto index = static_cast<std::int64_t>(i);
      sort_element(sorted,
                   {o,
                    index,
                    value_at(*tensor, index),
                    expected.truth[i],
                    expected.budget[i],
                    {0, 0},
                    expectation.tier},
                   expected.demand[i]);
    }
  }
  return sorted;
}

/// The largest share of the modelled column, by its certain part.
void measure_model(Finding& finding, const Observation& observation,
                   const Expectation& expectation) {
  for (const OutputExpectation& expected : expectation.outputs) {
    const auto tensor = std::find_if(observation.outputs.begin(), observation.outputs.end(),
                                     [&](const Tensor& t) { return t.name == expected.name; });
    if (tensor == observation.outputs.end() || expected.modelled.empty()) continue;
    for (std::size_t i = 0; i < expected.demand.size(); ++i) {
      if (expected.demand[i] != Demand::within_budget) continue;
      const double observed = value_at(*tensor, static_cast<std::int64_t>(i));
      if (!std::isfinite(observed)) continue;
      const Ends share = share_of(error_of(observed, expected.truth[i]), expected.modelled[i]);
      if (!(share.lo > finding.modelled_share.lo)) continue;
      finding.modelled_share = share;
      finding.modelled_output = expected.name;
      finding.modelled_element = static_cast<std::int64_t>(i);
    }
  }
}

std::string demanded(Demand demand) {
  return demand == Demand::nan          ? "NaN"
         : demand == Demand::not_finite ? "a non-finite value"
                                        : "a finite value";
}

void refute(Finding& finding, const Expectation& expectation, const Element& found,
            const Element& described) {
  describe(finding, expectation, described);
  finding.verdict = Verdict::refuted;
  finding.reason =
      fmt::format("{} = {:a}, truth in [{:.17g}, {:.17g}], error is {:.4g} times the budget {:.3g}",
                  element_name(expectation, found), found.observed, found.truth.lo, found.truth.hi,
                  found.share.lo, found.budget);
}

/// A refutation by numbers, that an interval engine derived again unless the ladder says otherwise;
/// or nothing.
bool confirm(Finding& finding, const Expectation& expectation, std::vector<Element> refuted,
             const Ladder& ladder) {
  std::stable_sort(refuted.begin(), refuted.end(),
                   [](const Element& a, const Element& b) { return a.share.lo > b.share.lo; });
  const std::vector<Engine> engines = reference::engines();
  for (const Element& found : refuted) {
    if (!ladder.confirm) {
      refute(finding, expectation, found, found);
      return true;
    }
    Element again = found;
    if (climb(again, expectation, engines.back(), ladder) != Side::outside) continue;
    if (engines.size() > 1) finding.confirmed_by = name_of(engines.back());
    refute(finding, expectation, found, engines.size() > 1 ? found : again);
    return true;
  }
  return false;
}

}  // namespace

Ends error_of(double value, const Ends& truth) {
  if (std::isinf(truth.lo) || std::isinf(truth.hi)) return {0, infinity};
  const double lo = std::max(difference_down(value, truth.hi), difference_down(truth.lo, value));
  const double hi = std::max(difference_up(value, truth.lo), difference_up(truth.hi, value));
  return {std::max(0.0, lo), hi};
}

Ends share_of(const Ends& error, double budget) {
  if (error.hi == 0) return {0, 0};
  if (budget == 0) return {error.lo > 0 ? infinity : 0.0, infinity};
  return {error.lo > 0 ? quotient(error.lo, budget).lo : 0.0, quotient(error.hi, budget).hi};
}

double value_at(const Tensor& tensor, std::int64_t index) { return element_of(tensor, index); }

Finding judge(const Observation& observation, const Expectation& expectation,
              const std::vector<engine::OutputSpec>& asked, const Ladder& ladder) {
  if (is_violation(observation.conduct))
    return refuted_by_conduct(observation.conduct, observation.detail);
  Finding finding;
  finding.conduct = observation.conduct;
  finding.tier = expectation.tier;
  if (observation.conduct != Conduct::returned) {
    finding.reason = std::string(name_of(observation.conduct)) +
                     (observation.detail.empty() ? "" : ": " + observation.detail);
    return finding;  // unavailable
  }
  if (const std::string what = mismatch(observation.outputs, asked); !what.empty())
    return refuted_by_conduct(Conduct::bad_reply, what);

  measure_model(finding, observation, expectation);
  Sorted sorted = sort_elements(observation, expectation);
  finding.elements_judged = sorted.judged;
  finding.elements_outside_domain = sorted.outside_domain;
  if (sorted.judged == 0) {
    finding.reason = "no element lies in the domain of the budget";
    return finding;  // unavailable
  }
  if (!sorted.refuted_by_demand.empty()) {
    const Element& e = sorted.refuted_by_demand.front();
    const Demand demand = expectation.outputs[e.output].demand[static_cast<std::size_t>(e.index)];
    describe(finding, expectation, e);
    finding.verdict = Verdict::refuted;
    finding.reason = fmt::format("{} = {:a}, where {} is demanded", element_name(expectation, e),
                                 e.observed, demanded(demand));
    return finding;
  }
  if (confirm(finding, expectation, sorted.refuted, ladder)) return finding;

  // Climb with what the first truth left open. A refutation that was not confirmed stays open.
  std::vector<Element> refuted, open = sorted.refuted;
  for (Element& e : sorted.open) {
    const Side side = climb(e, expectation, reference::engines().front(), ladder);
    if (side == Side::outside) refuted.push_back(e);
    if (side == Side::open) open.push_back(e);
    if (side == Side::inside && (!sorted.any_inside || e.share.hi > sorted.largest.share.hi)) {
      sorted.largest = e;
      sorted.any_inside = true;
    }
  }
  if (confirm(finding, expectation, refuted, ladder)) return finding;
  open.insert(open.end(), refuted.begin(), refuted.end());
  if (!open.empty()) {
    const Element& e = *std::max_element(
        open.begin(), open.end(),
        [](const Element& a, const Element& b) { return a.share.hi < b.share.hi; });
    describe(finding, expectation, e);
    finding.verdict = Verdict::undecided;
    finding.reason = e.share.lo > 1
                         ? fmt::format("{}: the engines do not agree that the budget is exceeded",
                                       element_name(expectation, e))
                         : fmt::format("{}: the enclosure straddles the budget at {} bits",
                                       element_name(expectation, e), ladder.last_bits);
    return finding;
  }
  describe(finding, expectation, sorted.largest);
  finding.verdict = Verdict::certified;
  finding.reason =
      fmt::format("{} elements within budget, largest share {:.4g} at {}", sorted.judged,
                  sorted.largest.share.hi, element_name(expectation, sorted.largest));
  return finding;
}

}  // namespace assay::contract
