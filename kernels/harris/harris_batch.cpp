// SPDX-License-Identifier: Apache-2.0
// Shapes of batches of Harris instances, and their refusals.
#include <stdexcept>

#include "kernels/harris/harris.hpp"

namespace assay::kernels {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument("harris batch: " + what);
}

}  // namespace

std::int64_t HarrisBatch::cells() const {
  std::int64_t count_of_cells = 1;
  for (int a = 0; a < axes; ++a) count_of_cells *= support;
  return count_of_cells;
}

std::int64_t HarrisBatch::weight_count() const {
  switch (law) {
    case HarrisLaw::iid: return support;
    case HarrisLaw::independent: return std::int64_t{axes} * support;
    default: return cells();
  }
}

void check_harris_batch(const HarrisBatch& q, const void* sums) {
  if (q.axes < 1 || q.axes > 4) refuse("axes is " + std::to_string(q.axes) + ", not 1 to 4");
  if (q.support < 1 || q.support > 8)
    refuse("support is " + std::to_string(q.support) + ", not 1 to 8");
  if (q.law != HarrisLaw::iid && q.law != HarrisLaw::independent && q.law != HarrisLaw::joint)
    refuse("the law is none of iid, independent, joint");
  constexpr std::int64_t most = std::int64_t{1} << 31;  // blocks of a grid, with room
  if (q.count < 0 || q.count > most) refuse("count is " + std::to_string(q.count));
  if (q.count > 0 && (q.weights == nullptr || q.g == nullptr || q.h == nullptr || sums == nullptr))
    refuse("a pointer is null");
}

}  // namespace assay::kernels
