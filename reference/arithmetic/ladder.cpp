// SPDX-License-Identifier: Apache-2.0
// Climbing, confirming, and refusing to go on from a contradiction.
#include "reference/arithmetic/ladder.hpp"

#include <utility>

namespace assay::reference {
namespace {

std::vector<Rung> precision_rungs(Engine engine, const Evaluate& evaluate, int first_bits,
                                  int top_bits) {
  if (first_bits <= 0 || first_bits > top_bits)
    throw std::invalid_argument("ladder: from " + std::to_string(first_bits) + " to " +
                                std::to_string(top_bits) + " bits is no way up");
  std::vector<Rung> rungs;
  for (long bits = first_bits; bits <= top_bits; bits *= 2) {
    const int precision = static_cast<int>(bits);
    rungs.push_back({std::string(name_of(engine)) + "-" + std::to_string(precision),
                     "one evaluation at " + std::to_string(precision) + " bits",
                     [=] { return evaluate(engine, precision); }});
  }
  return rungs;
}

/// The enclosures of one number seen so far. Intervals of the line of which every two meet all have
/// a point in common (Helly), so that comparing pairs is enough.
class Witnesses {
 public:
  void add(const std::string& name, const Interval& enclosure) {
    for (const auto& [other_name, other] : seen_)
      if (!enclosure.overlaps(other))
        throw ContradictoryEnclosures("ladder: " + other_name + " gives " + other.to_exact() +
                                      " but " + name + " gives " + enclosure.to_exact());
    seen_.emplace_back(name, enclosure);
  }

 private:
  std::vector<std::pair<std::string, Interval>> seen_;
};

std::vector<Step> climb_rungs(const std::vector<Rung>& rungs, const Question& question,
                              Witnesses& witnesses) {
  std::vector<Step> steps;
  for (const Rung& rung : rungs) {
    Step step{rung.name, rung.enclose(), Truth::unknown};
    if (step.enclosure) {
      witnesses.add(rung.name, *step.enclosure);
      step.answer = question(*step.enclosure);
    }
    steps.push_back(std::move(step));
    if (steps.back().answer != Truth::unknown) break;
  }
  return steps;
}

Truth answer_of(const std::vector<Step>& steps) {
  return steps.empty() ? Truth::unknown : steps.back().answer;
}

}  // namespace

std::string Account::decided_by() const {
  return answer == Truth::unknown || steps.empty() ? std::string() : steps.back().rung;
}

Ladder& Ladder::add(Rung rung) {
  rungs_.push_back(std::move(rung));
  return *this;
}

Ladder& Ladder::add_precisions(Engine engine, const Evaluate& evaluate, int first_bits,
                               int top_bits) {
  for (Rung& rung : precision_rungs(engine, evaluate, first_bits, top_bits)) add(std::move(rung));
  return *this;
}

Ladder& Ladder::confirm_on(Engine engine, const Evaluate& evaluate, int first_bits, int top_bits,
                           Truth needs) {
  second_ = precision_rungs(engine, evaluate, first_bits, top_bits);
  needs_confirmation_ = needs;
  return *this;
}

Ladder Ladder::standard(const Evaluate& evaluate, int first_bits, int top_bits) {
  const std::vector<Engine> built = engines();
  Ladder ladder;
  ladder.add_precisions(built.front(), evaluate, first_bits, top_bits);
  if (built.size() > 1) ladder.confirm_on(built.back(), evaluate, first_bits, top_bits);
  return ladder;
}

Account Ladder::climb(const Question& question) const {
  Account account;
  Witnesses witnesses;
  account.steps = climb_rungs(rungs_, question, witnesses);
  account.answer = answer_of(account.steps);
  for (const Step& step : account.steps)
    if (step.enclosure) account.enclosure = *step.enclosure;
  if (account.answer == Truth::unknown || account.answer != needs_confirmation_ || second_.empty())
    return account;

  account.confirmation = climb_rungs(second_, question, witnesses);
  const Truth second = answer_of(account.confirmation);
  if (second != Truth::unknown && second != account.answer)
    throw ContradictoryEnclosures("ladder: " + account.steps.back().rung + " and " +
                                  account.confirmation.back().rung + " answer oppositely on " +
                                  account.enclosure.to_exact() + " and " +
                                  account.confirmation.back().enclosure->to_exact());
  account.confirmed = second == account.answer;
  if (!account.confirmed) account.answer = Truth::unknown;
  return account;
}

}  // namespace assay::reference
