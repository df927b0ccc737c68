// SPDX-License-Identifier: Apache-2.0
// An e-process for the chance of a mismatch: valid however often and whenever one looks.
#pragma once

#include <cstdint>

#include "core/ends.hpp"

namespace assay::engine {

/// Evidence against "the chance of a mismatch is at least epsilon" after independent draws.
///
/// For c in {0.05, 0.15, ..., 0.95}, the product over the draws of 1 + c epsilon/(1 - epsilon) (no
/// mismatch) or 1 - c (mismatch) is a nonnegative supermartingale under that hypothesis; so is the
/// mean over c. By Ville's inequality it ever reaches 1/delta with probability at most delta.
/// Looking at it repeatedly and stopping when it pleases costs nothing.
class MismatchProcess {
 public:
  /// \throws std::invalid_argument unless epsilon and delta lie in (0, 1)
  MismatchProcess(double epsilon, double delta);

  /// \throws std::invalid_argument unless 0 <= mismatches <= draws
  void add(std::int64_t draws, std::int64_t mismatches);
  std::int64_t draws() const { return draws_; }
  std::int64_t mismatches() const { return mismatches_; }
  /// The mean over c, in intervals.
  Ends e_value() const;
  /// The lower end has reached 1/delta: the chance of a mismatch is below epsilon.
  bool certified() const;

 private:
  double epsilon_, delta_;
  std::int64_t draws_ = 0, mismatches_ = 0;
};

/// The fewest draws after which the process certifies in spite of so many mismatches: for planning.
std::int64_t anytime_trials(double epsilon, double delta, std::int64_t mismatches);

/// The smallest epsilon (to 2^-20, relatively) that the process would certify after these draws; 1
/// when there is none. An upper confidence bound of the chance of a mismatch that may be taken at
/// any time chosen by looking: it is ever below the truth with probability at most delta.
double anytime_upper(std::int64_t draws, std::int64_t mismatches, double delta);

}  // namespace assay::engine
