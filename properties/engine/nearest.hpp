// SPDX-License-Identifier: Apache-2.0
// The name a user probably meant.
#pragma once

#include <string>
#include <vector>

namespace assay::engine {

/// The candidate with the smallest edit distance to `word` (the first of several). \pre not empty
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace assay::engine
