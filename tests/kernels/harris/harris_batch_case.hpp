// SPDX-License-Identifier: Apache-2.0
// Batches of Harris cases, and the reference's sums of each of them.
#pragma once

#include <string>
#include <vector>

#include "kernels/harris/harris.hpp"
#include "properties/engine/harris_cases.hpp"

namespace assay::kernels::testing {

/// Arrays of a batch, one instance after the other.
struct Cases {
  HarrisBatch batch;
  std::vector<std::int64_t> weights, g, h;
  std::vector<reference::HarrisInstance> instances;

  explicit Cases(const engine::HarrisDraw& draw) {
    batch.axes = draw.axes;
    batch.support = draw.support;
    batch.law = static_cast<HarrisLaw>(draw.law());
  }
  void add(const reference::HarrisInstance& q) {
    weights.insert(weights.end(), q.weights.begin(), q.weights.end());
    g.insert(g.end(), q.g.begin(), q.g.end());
    h.insert(h.end(), q.h.begin(), q.h.end());
    instances.push_back(q);
  }
  const HarrisBatch& view() {
    batch.count = static_cast<std::int64_t>(instances.size());
    batch.weights = weights.data();
    batch.g = g.data();
    batch.h = h.data();
    return batch;
  }
};

inline Cases make_cases(const engine::HarrisDraw& draw, int count, std::uint64_t seed = 1) {
  Cases cases(draw);
  for (int i = 0; i < count; ++i)
    cases.add(engine::harris_case(draw, seed, static_cast<std::uint64_t>(i)));
  return cases;
}

inline std::string decimal(Int128 x) {
  std::string digits;
  const bool negative = x < 0;
  Unsigned128 rest = negative ? -static_cast<Unsigned128>(x) : static_cast<Unsigned128>(x);
  do digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  while ((rest /= 10) != 0);
  return negative ? "-" + digits : digits;
}

/// All five numbers and the order, in words.
inline std::string words(const HarrisSums& s) {
  return decimal(s.gh) + ' ' + decimal(s.g) + ' ' + decimal(s.h) + ' ' + decimal(s.total) + ' ' +
         decimal(s.numerator) + ' ' + std::to_string(static_cast<int>(s.order));
}

/// The same from the reference; what it cannot decide in 128 bits is too large here.
inline std::string expected_words(const reference::HarrisInstance& q) {
  if (reference::harris_arithmetic(q) == reference::HarrisArithmetic::gmp) return "0 0 0 0 0 2";
  const reference::HarrisSums s = reference::harris_sums_in_gmp(q);
  const reference::HarrisDecision d = reference::decide_lemma_1(q);
  return s.gh.str() + ' ' + s.g.str() + ' ' + s.h.str() + ' ' + s.total.str() + ' ' +
         d.numerator.str() + ' ' + std::to_string((d.order > 0) - (d.order < 0));
}

}  // namespace assay::kernels::testing
