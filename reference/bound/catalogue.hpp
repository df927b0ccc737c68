// SPDX-License-Identifier: Apache-2.0
// The bounds by name, with the parameters each takes and its value to so many proven digits.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reference/arithmetic/engine.hpp"
#include "reference/bound/hard_negatives.hpp"

namespace assay::reference {

/// Parameters of all bounds together; each bound reads the ones it takes.
struct BoundParameters {
  std::optional<long long> classes;
  std::optional<int> negatives;
  LossFunction psi = algorithm_1_loss();
  Real beta = 0;
  Real epsilon = 0;
  std::optional<Real> eta;
  std::optional<Real> q;
  std::optional<long long> points;
  std::vector<long long> batch_sizes;
};

/// One number of a bound, or a sentence where there is none to give.
struct BoundRow {
  std::string label;
  std::optional<Real> value;
  std::string sentence;
};

struct Bound {
  std::string name;     ///< "hard-negatives/theorem-2"
  std::string summary;  ///< paper, equation, formula
  /// Parameters by the names of the command line; "psi" stands for the loss function.
  std::vector<std::string> required, optional;
  /// \throws std::invalid_argument naming a parameter that is missing or outside its range
  std::function<std::vector<BoundRow>(const Arithmetic&, const BoundParameters&)> rows;
  bool takes(const std::string& parameter) const;
};

/// All bounds, in the order in which they are listed.
const std::vector<Bound>& bounds();
/// nullptr if there is none of that name.
const Bound* find_bound(const std::string& name);

/// A row to the digits asked for.
struct BoundLine {
  std::string label;
  std::optional<Interval> value;
  std::string exact;  ///< the exact fraction, where the value is one of at most 256 bits
  std::string sentence;
};
struct BoundValue {
  std::vector<BoundLine> lines;
  std::vector<Engine> engines;  ///< every engine built in; their enclosures overlap in every line
  int bits = 0;
  bool digits_reached = false;
};

/// Evaluates the bound on every engine, raising the precision until each line has `digits` agreed
/// decimal digits on each engine, or is exact, or the precision is `highest` bits (0: 16 times
/// the first; an enclosure around a short decimal never has agreed digits). The line is the
/// enclosure of the first engine. \throws ContradictoryEnclosures when two engines contradict each
/// other, and what `Bound::rows` throws
BoundValue bound_value(const Bound& bound, const BoundParameters& parameters, int digits,
                       int highest = 0);

}  // namespace assay::reference
