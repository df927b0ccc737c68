// SPDX-License-Identifier: Apache-2.0
// What the reference and the error algebra say about every output element of one case.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/ends.hpp"
#include "reference/arithmetic/engine.hpp"
#include "reference/arithmetic/interval.hpp"

namespace assay::contract {

/// What an output element has to be.
enum class Demand : unsigned char {
  within_budget,  ///< finite, and |output - truth| <= budget
  nan,            ///< NaN, by the contract's rule for non-finite inputs
  not_finite,     ///< NaN or infinite
  nothing,        ///< outside the domain (overflow of an intermediate is possible): only conduct is
                  ///< judged
};

/// Truth and budget of one output tensor, element by element (row-major).
struct OutputExpectation {
  std::string name;
  std::vector<Ends> truth;     ///< enclosure of the exact value on the exact inputs
  std::vector<double> budget;  ///< upper end of the allowed absolute error, evaluated upward; >= 0
  std::vector<Demand> demand;
  /// The modelled column: what the error would stay below if rounding errors were independent
  /// random numbers. No larger than `budget`; empty when the algorithm has no model.
  std::vector<double> modelled;
};

/// Everything the judge needs to know about a case. `refine` re-encloses one element on one engine
/// at so many bits: the next rung of the ladder for elements the first enclosure cannot decide.
struct Expectation {
  std::vector<OutputExpectation> outputs;
  std::string algorithm;  ///< the algorithm whose budget this is
  std::string tier;       ///< of `truth`
  std::vector<std::string> hypotheses;
  std::string modelled_hypothesis;  ///< what the modelled column assumes; empty without one
  std::function<reference::Interval(std::size_t output, std::int64_t element,
                                    reference::Engine engine, int bits)>
      refine;
};

}  // namespace assay::contract
