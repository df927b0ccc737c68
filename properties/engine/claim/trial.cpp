// SPDX-License-Identifier: Apache-2.0
// Trials of exact instances.
#include "properties/engine/claim/trial.hpp"

#include <exception>
#include <stdexcept>

namespace assay::engine {
namespace {

bool is_strict(Relation r) {
  return r == Relation::greater || r == Relation::less || r == Relation::not_equal;
}

/// The sign that the margin proves.
Sign sign_of(Relation relation, const Real& margin) {
  const Truth negative = less(margin, Real(0)), not_positive = less_or_equal(margin, Real(0));
  if (is_strict(relation)) {
    if (not_positive == Truth::yes) return Sign::violated;
    if (not_positive == Truth::no) return Sign::holds;
    return Sign::open;
  }
  if (negative == Truth::yes) return Sign::violated;
  if (negative == Truth::no) return Sign::holds;
  return Sign::open;
}

std::string text_of(const Real& x) { return x.is_exact() ? x.text() : x.interval().to_string(6); }

struct Climb {
  Sign sign = Sign::open;
  Sides sides;
  Real margin;
  int bits = 0;
};

Climb climb(const Claim& claim, const Evaluate& evaluate, const Instance& exact,
            reference::Engine engine, const TrialLimits& limits) {
  Climb c;
  for (int bits = limits.first_bits; bits <= limits.top_bits; bits *= 2) {
    c.bits = bits;
    c.sides = evaluate(exact.in(Arithmetic::enclosing(engine, bits)));
    c.margin = margin_of(claim.relation, c.sides);
    if (c.sides.left.is_plain() || c.sides.right.is_plain())
      throw std::logic_error("a side of the claim is a double, which proves nothing");
    c.sign = sign_of(claim.relation, c.margin);
    if (c.sign != Sign::open || c.margin.is_exact()) break;
  }
  return c;
}

std::string broken_hypothesis(const Claim& claim, const Instance& exact, reference::Engine engine) {
  const Instance i = exact.in(Arithmetic::enclosing(engine, 256));
  for (const Hypothesis& h : claim.hypotheses)
    if (h.holds)
      if (const Truth t = h.holds(i); t != Truth::yes)
        return std::string(t == Truth::no ? "does not satisfy" : "is not proved to satisfy") +
               " the hypothesis \"" + h.name + "\"";
  return {};
}

void confirm(const Claim& claim, const Instance& exact, const TrialLimits& limits, Climb& first,
             TrialReport& report) {
  const auto engines = reference::engines();
  report.confirmation =
      std::string(name_of(engines.front())) + " " + std::to_string(first.bits) + " bits";
  const auto also = [&](const Evaluate& evaluate, reference::Engine engine, const char* way) {
    if (first.sign == Sign::open) return;
    const Climb c = climb(claim, evaluate, exact, engine, limits);
    if (c.sign != first.sign) {
      first.sign = Sign::open;
      report.why = std::string("not confirmed by ") + way;
      return;
    }
    report.confirmation += std::string("; ") + way + " " + std::string(name_of(engine)) + " " +
                           std::to_string(c.bits) + " bits";
  };
  if (const std::string why = broken_hypothesis(claim, exact, engines.back()); !why.empty()) {
    first.sign = Sign::open;
    report.why = "again on " + std::string(name_of(engines.back())) + " it " + why;
    return;
  }
  if (engines.size() > 1) also(claim.evaluate, engines.back(), "again on");
  if (claim.second) also(claim.second, engines.back(), "second way on");
}

}  // namespace

std::string_view name_of(Sign sign) {
  switch (sign) {
    case Sign::holds: return "holds";
    case Sign::violated: return "violated";
    case Sign::open: return "open";
    case Sign::outside: return "outside";
    case Sign::failed: return "failed";
  }
  return "?";
}

TrialReport try_instance(const Claim& claim, const Instance& exact, const TrialLimits& limits) {
  TrialReport report;
  try {
    report.why = violated_constraint(exact, claim.domain);
    if (report.why.empty())
      report.why = broken_hypothesis(claim, exact, reference::engines().front());
    if (!report.why.empty()) {
      report.sign = Sign::outside;
      return report;
    }
    if (claim.decide) return claim.decide(exact);
    Climb c = climb(claim, claim.evaluate, exact, reference::engines().front(), limits);
    const Sign deciding = claim.quantifier == Quantifier::every ? Sign::violated : Sign::holds;
    if (c.sign == deciding || claim.exhaustive) confirm(claim, exact, limits, c, report);
    report.sign = c.sign;
    report.bits = c.bits;
    report.exact = c.margin.is_exact();
    report.margin = c.margin.interval();
    report.margin_text = text_of(c.margin);
    report.left_text = text_of(c.sides.left);
    report.right_text = text_of(c.sides.right);
  } catch (const std::exception& error) {
    report.sign = Sign::failed;
    report.why = error.what();
  }
  return report;
}

}  // namespace assay::engine
