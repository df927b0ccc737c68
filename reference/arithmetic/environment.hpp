// SPDX-License-Identifier: Apache-2.0
// The floating-point environment without which no proof about double arithmetic holds, and its
// test.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#ifdef __FAST_MATH__
#error "Assay cannot be built with -ffast-math: its enclosures rest on IEEE arithmetic as written"
#endif

namespace assay::reference {

/// One thing that is wrong with the floating-point environment.
struct EnvironmentFault {
  std::string what;    ///< "MXCSR: flush-to-zero is set"
  std::string remedy;  ///< what to do about it, in one line
};

/// The environment cannot carry an enclosure. `what()` lists every fault with its remedy, one per
/// line.
class UnsoundEnvironment : public std::runtime_error {
 public:
  explicit UnsoundEnvironment(std::vector<EnvironmentFault> faults);
  const std::vector<EnvironmentFault>& faults() const { return faults_; }

 private:
  std::vector<EnvironmentFault> faults_;
};

/// Tests the calling thread's environment and the compiled code: rounding to nearest (C library and
/// MXCSR), no flush-to-zero and no denormals-are-zero, error-free TwoSum, correctly rounded fma, no
/// fusing of a*b-c, subnormal arithmetic, evaluation in double, and a processor that has the
/// instructions the program was built for. Empty when all is well. Leaves the environment alone.
std::vector<EnvironmentFault> check_environment();

/// \throws UnsoundEnvironment listing every fault
void require_sound_environment();

/// The guard at the door of every function that returns an enclosure: the full test the first time,
/// the calling thread's rounding mode and flush bits (a few nanoseconds) every time.
/// \throws UnsoundEnvironment
void ensure_sound_environment();

}  // namespace assay::reference
