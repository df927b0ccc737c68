// SPDX-License-Identifier: Apache-2.0
// What the judge says about one observation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/ends.hpp"
#include "core/verdict.hpp"
#include "properties/contract/observation.hpp"

namespace assay::contract {

/// The verdict on one case with its evidence. `share` encloses the largest error/budget over all
/// judged elements; (`output`, `element`) says where it was. For a refutation by conduct the share
/// is [-inf, inf] and `reason` tells what happened.
struct Finding {
  Verdict verdict = Verdict::unavailable;
  Conduct conduct = Conduct::unavailable;
  Ends share{0, 0};
  std::string output;         ///< name of the output that holds the decisive element
  std::int64_t element = -1;  ///< flat row-major index; -1 when none was judged
  double observed = 0;        ///< value the candidate returned there
  Ends truth{0, 0};           ///< enclosure of the exact value there
  double budget = 0;          ///< allowed absolute error there
  std::string tier;           ///< tier that decided: "a-priori", "arb-128", ...
  std::string
      confirmed_by;  ///< for a refutation: the other engine that re-derived it; may be empty
  std::int64_t elements_judged = 0;
  std::int64_t elements_outside_domain = 0;
  /// Largest error/modelled over the judged elements, where the algorithm has a modelled column,
  /// and where; says nothing against a candidate until fresh cases confirm it.
  Ends modelled_share{0, 0};
  std::string modelled_output;
  std::int64_t modelled_element = -1;
  std::vector<std::string>
      vacuous_outputs;  ///< outputs on which a trivial answer would have passed
  std::string reason;   ///< one line for people
};

}  // namespace assay::contract
