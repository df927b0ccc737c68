// SPDX-License-Identifier: Apache-2.0
// Refusals of Harris instances that make no sense, and of those outside the hypotheses.
#include <string>

#include "reference/harris/harris.hpp"

namespace assay::reference {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument("harris: " + what);
}

void check_length(const char* name, std::size_t found, std::int64_t needed) {
  if (found != static_cast<std::size_t>(needed))
    refuse(std::string(name) + " has " + std::to_string(found) + " entries, " +
           std::to_string(needed) + " are needed");
}

/// Weights [first, first + count) are those of one law.
void check_weights(const std::vector<std::int64_t>& w, std::size_t first, std::size_t count) {
  bool positive = false;
  for (std::size_t i = first; i < first + count; ++i) {
    if (w[i] < 0) refuse("weights[" + std::to_string(i) + "] is negative");
    positive = positive || w[i] > 0;
  }
  if (!positive)
    refuse("weights[" + std::to_string(first) + ".." + std::to_string(first + count - 1) +
           "] sum to zero");
}

void check_monotone(const char* name, const HarrisInstance& q,
                    const std::vector<std::int64_t>& table) {
  if (const auto descent = first_descent(q, table))
    refuse(std::string(name) + " decreases along axis " + std::to_string(descent->axis) +
           " at cell " + std::to_string(descent->cell));
}

}  // namespace

std::int64_t HarrisInstance::cells() const {
  std::int64_t count = 1;
  for (int a = 0; a < axes; ++a) count *= support;
  return count;
}

std::optional<HarrisDescent> first_descent(const HarrisInstance& q,
                                           const std::vector<std::int64_t>& table) {
  for (std::int64_t cell = 0; cell < q.cells(); ++cell) {
    std::int64_t stride = q.cells();
    for (int axis = 0; axis < q.axes; ++axis) {
      stride /= q.support;
      if (cell / stride % q.support > 0 &&
          table[static_cast<std::size_t>(cell)] < table[static_cast<std::size_t>(cell - stride)])
        return HarrisDescent{cell, axis};
    }
  }
  return std::nullopt;
}

void check_harris_shape(const HarrisInstance& q) {
  if (q.axes < 1 || q.axes > harris_max_axes)
    refuse("axes is " + std::to_string(q.axes) + ", 1 to 4 are possible");
  if (q.support < 1 || q.support > harris_max_support)
    refuse("support is " + std::to_string(q.support) + ", 1 to 8 are possible");
  const std::int64_t n = q.support;
  check_length("g", q.g.size(), q.cells());
  check_length("h", q.h.size(), q.cells());
  switch (q.law) {
    case HarrisLaw::iid: check_length("weights", q.weights.size(), n); break;
    case HarrisLaw::independent: check_length("weights", q.weights.size(), q.axes * n); break;
    case HarrisLaw::joint: check_length("weights", q.weights.size(), q.cells()); break;
    default: refuse("the law is none of iid, independent, joint");
  }
  const std::size_t row = q.law == HarrisLaw::joint ? q.weights.size() : std::size_t(n);
  for (std::size_t first = 0; first < q.weights.size(); first += row)
    check_weights(q.weights, first, row);
}

void check_lemma_1(const HarrisInstance& q) {
  check_harris_shape(q);
  if (q.law == HarrisLaw::joint) refuse("the law is joint: the arguments need not be independent");
  check_monotone("g", q, q.g);
  check_monotone("h", q, q.h);
}

void check_corollary_1(const HarrisInstance& q) {
  check_lemma_1(q);
  for (std::size_t cell = 0; cell < q.h.size(); ++cell)
    if (q.h[cell] < 0) refuse("eta is negative at cell " + std::to_string(cell));
  decide_corollary_1(q);  // refuses gamma = 0
}

}  // namespace assay::reference
