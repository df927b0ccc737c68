// SPDX-License-Identifier: Apache-2.0
// Small InfoNCE cases from a descriptor, for the budget tests.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "properties/engine/case.hpp"

namespace assay::testing {

/// What a case is made from; every field is small, so that RapidCheck can draw and shrink it.
struct Recipe {
  std::string family = "random";
  std::int64_t n = 2, d = 1;
  double temperature = 1;
  std::uint64_t seed = 0;
  bool joint = true;
};
std::ostream& operator<<(std::ostream& out, const Recipe& recipe);

/// random, raw, aligned, opposed, ties, magnitudes, subnormal, edges, offset, shifted
const std::vector<std::string>& families();
engine::Case make_case(const Recipe& recipe);
/// The same, backward: upstream gradients of every row, or one broadcast (`stride` 0), and of the
/// mean.
engine::Case make_backward_case(const Recipe& recipe, std::int64_t stride = 1);
/// A case from its entries. a and b: n x d, contiguous.
engine::Case case_of(std::int64_t n, std::int64_t d, const std::vector<float>& a,
                     const std::vector<float>& b, double temperature, bool joint);

}  // namespace assay::testing
