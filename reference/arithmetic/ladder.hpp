// SPDX-License-Identifier: Apache-2.0
// The ladder: asks a question of ever tighter enclosures of one number until it is decided.
#pragma once

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "reference/arithmetic/engine.hpp"
#include "reference/arithmetic/interval.hpp"

namespace assay::reference {

/// A question about a real number x of which only an enclosure is known ("is |observed - x| within
/// the budget?"). Must be sound and may be weak: `yes` only if it holds for every number in the
/// interval, `no` only if it holds for none, else `unknown`.
using Question = std::function<Truth(const Interval&)>;

/// An enclosure of x by one engine at one precision.
using Evaluate = std::function<Interval(Engine engine, int bits)>;

/// One way to enclose x.
struct Rung {
  std::string name;  ///< "a-priori", "arb-128", ...
  std::string cost;  ///< for a reader: "O(N d), shared by the batch"; may be empty
  /// Empty when this way does not apply to x (out of its range): the climb goes on.
  std::function<std::optional<Interval>()> enclose;
};

/// What happened on one rung.
struct Step {
  std::string rung;
  std::optional<Interval> enclosure;  ///< empty: the rung did not apply
  Truth answer = Truth::unknown;
};

/// The account of a climb.
struct Account {
  Truth answer = Truth::unknown;   ///< unknown: undecided at the top of the ladder
  std::vector<Step> steps;         ///< the rungs climbed, in order; the last applicable one decided
  std::vector<Step> confirmation;  ///< the climb on the second engine; empty if none was needed
  bool confirmed = false;          ///< the second engine gave the same answer
  Interval enclosure;              ///< the last one; the whole line if no rung applied

  /// Name of the rung that decided; empty when undecided.
  std::string decided_by() const;
};

/// Two enclosures of the same number that have no point in common, or two opposite answers: an
/// engine, a formula or a bound is wrong. Never to be swallowed; the message prints both intervals
/// exactly.
class ContradictoryEnclosures : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Rungs, cheap ones first, and a second opinion for the answers that need one.
class Ladder {
 public:
  Ladder& add(Rung rung);
  /// Rungs "<engine>-<bits>" at first_bits, twice that, ... up to top_bits (inclusive, if reached).
  /// \throws std::invalid_argument unless 0 < first_bits <= top_bits
  Ladder& add_precisions(Engine engine, const Evaluate& evaluate, int first_bits = 64,
                         int top_bits = 512);
  /// The answer `needs` (by default no, a refutation) counts only when these rungs, climbed in the
  /// same way, give it too; where they cannot decide, the account's answer is unknown.
  Ladder& confirm_on(Engine engine, const Evaluate& evaluate, int first_bits = 64,
                     int top_bits = 512, Truth needs = Truth::no);
  /// Precisions on the first engine built in, confirmation on the last; with one engine built in
  /// there is no confirmation, and the account says so (`confirmed` is false).
  static Ladder standard(const Evaluate& evaluate, int first_bits = 64, int top_bits = 512);

  /// Climbs until the question is decided. No rung above the deciding one is evaluated.
  /// Checks that all enclosures seen have a point in common. \throws ContradictoryEnclosures
  Account climb(const Question& question) const;

 private:
  std::vector<Rung> rungs_;
  std::vector<Rung> second_;
  Truth needs_confirmation_ = Truth::no;
};

}  // namespace assay::reference
