// SPDX-License-Identifier: Apache-2.0
// From a find in doubles to an exact one, and from an exact one to a simple one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "properties/engine/claim/chart.hpp"
#include "properties/engine/claim/search.hpp"

namespace assay::engine {

/// Tries an exact instance: the report if it decides the claim, else nothing.
using Decides = std::function<std::optional<TrialReport>(const Instance&)>;

/// The instance on the coarsest grid of simple fractions that still decides the claim.
std::optional<Find> made_exact(const Chart& chart, const Instance& plain, const Decides& decides);

/// A simpler instance that decides the claim: blocks on coarser grids, coordinates set to 0, one at
/// a time. With `keep` > 0 the margin stays at least that fraction of the margin of the start.
Find simplified(const Chart& chart, const Find& find, double keep, const Decides& decides);

/// |margin| as a double, rounded towards 0: how clearly an instance decides.
double clarity(const TrialReport& trial);

}  // namespace assay::engine
