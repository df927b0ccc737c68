// SPDX-License-Identifier: Apache-2.0
// Local descent of a function of free coordinates, by a well-kept optimiser (NLopt).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace assay::engine {

/// True where the program was built with NLopt. Without it searches have no ascent, and say so.
bool have_optimiser();

struct Descent {
  std::vector<double> at;
  double value = 0;
  std::int64_t evaluations = 0;
};

/// Subplex (NLopt's LN_SBPLX: derivative-free, no random numbers of its own) from `start` until
/// `value(theta) <= enough`, no progress or so many evaluations. NaN counts as +infinity. Without
/// an optimiser: `start` and its value. Ends early, with the best so far, once `cancelled`.
Descent descend(const std::function<double(const std::vector<double>&)>& value,
                const std::vector<double>& start, std::int64_t evaluations, double enough,
                const std::function<bool()>& cancelled);

}  // namespace assay::engine
