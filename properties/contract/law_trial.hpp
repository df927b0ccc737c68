// SPDX-License-Identifier: Apache-2.0
// Metamorphic laws: what the outputs of one implementation on several related cases owe each other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/ends.hpp"
#include "properties/contract/builtin.hpp"
#include "properties/contract/candidate.hpp"
#include "properties/contract/column.hpp"

namespace assay::contract {

/// How the outputs of related cases have to agree.
enum class Agreement : unsigned char {
  bits,     ///< the very same operations: equal, up to a power of two
  budgets,  ///< the truths are equal: apart by no more than the budgets of both add up to
};

enum class LawVerdict : unsigned char { holds, violated, unavailable };

/// What a law says. `difference` is a lower bound of how far the outputs are from the law,
/// `allowed` an upper bound of what it grants; both belong to the element with the largest ratio,
/// which is also the one named. A law that had nothing to compare is unavailable, never true.
struct LawFinding {
  std::string law;
  LawVerdict verdict = LawVerdict::unavailable;
  std::string output;
  std::int64_t element = -1;
  double difference = 0;
  double allowed = 0;
  std::int64_t compared = 0;  ///< relations that were checked
  std::string reason;         ///< one line for people
};

/// An implementation under a law.
struct Subject {
  std::string algorithm;  ///< whose budgets hold for it
  std::function<Observation(const engine::Case&, const std::vector<engine::OutputSpec>&)> observe;
};

/// A candidate as a subject; it has to outlive the subject.
Subject subject_of(Candidate& candidate);
/// A built-in in this very process, without isolation: one call with `run` as given, outputs filled
/// with NaN before, inputs compared after. For implementations that are trusted not to crash. The
/// entry has to outlive the subject.
Subject in_process(const BuiltinEntry& entry, int run = 0);

/// A law with its parameters chosen, for lists. `agreement` is used by the laws that offer a
/// choice.
struct Law {
  std::string name;
  std::function<LawFinding(const engine::Case&, const Subject&, std::uint64_t seed, Agreement)>
      check;
  /// It runs cases of other instances, too; a subject that does not serve them has none of it.
  bool other_instances = false;
};

/// coefficient * (element `element` of output `output` of run `run`).
struct Term {
  std::size_t run;
  std::string output;
  std::int64_t element;
  double coefficient = 1;
};

/// Runs cases and checks relations between their outputs. The first run that does not return
/// decides the finding; relations on outputs that the subject leaves out are passed over.
class LawTrial {
 public:
  LawTrial(std::string law, const Column& column, const Subject& subject, Agreement agreement);

  /// Runs a case; its number for `Term::run`.
  std::size_t run(const engine::Case& c);

  /// The element as observed; false when it was not, or the subject leaves the output out.
  bool observed(const Term& term, double& value) const;

  /// The truths satisfy: sum of the terms lies in `constant`. So the outputs are off by at most
  /// sum |coefficient| budget. Passed over when an element is not judged by a budget.
  void sums_to(const std::vector<Term>& terms, Ends constant = exactly(0));
  /// The truths satisfy: sum of the terms >= constant.
  void at_least(const std::vector<Term>& terms, double constant);
  /// x = factor * y, in the way of the trial. `factor`: a power of two. By bits, NaN agrees with
  /// NaN, and with a factor other than 1 numbers below 2^-100 are passed over, which may have lost
  /// bits.
  void agree(const Term& x, const Term& y, double factor = 1);
  /// The premises of the law do not hold for this case.
  void decline(const std::string& reason);
  /// The law does not hold, whatever else is compared.
  void violate(const std::string& reason);

  LawFinding finding() const;

 private:
  struct Run {
    Observation observation;
    Expectation expectation;
  };
  struct Sum;
  bool decided() const { return declined_ || finding_.verdict == LawVerdict::violated; }
  const double* value_of(const Term& term, double& value) const;
  bool add(Sum& sum, const Term& term);
  void check(const std::vector<Term>& terms, Ends constant);
  void record(const Term& at, double difference, double allowed);

  const Column& column_;
  const Subject& subject_;
  Agreement agreement_;
  bool declined_ = false;
  std::vector<Run> runs_;
  LawFinding finding_;
};

}  // namespace assay::contract
