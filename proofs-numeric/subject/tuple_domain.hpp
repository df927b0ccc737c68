// SPDX-License-Identifier: Apache-2.0
// The domain of tuple laws, and distances between laws.
#pragma once

#include <string>
#include <vector>

#include "proofs-numeric/subject/tuple_law.hpp"

namespace assay::proofs {

/// What to free in the joint laws of HN Section 3.
struct TupleOptions {
  std::vector<std::string> hardenings = {"none"};
  bool typical = true;                   ///< r = lambda, negatives with the marginal of q
  std::vector<std::string> losses = {};  ///< of the shapes' choice "psi", if there are any
};

/// Two or three points that two or three classes share, representations in the unit ball of R^1 or
/// R^2; see `TupleLaw` for the blocks. Special "overlapping": uniform labels, two points at e_1 and
/// -e_1/2, more likely in the first and in the second class.
Domain tuples(const TupleOptions& options);

/// A map of tuples to 0 .. size - 1.
struct Key {
  int size;
  std::function<int(const Tuple&)> of;
};
Key both(const Key& a, const Key& b);
Key anchor_label(const TupleLaw& law);
Key anchor_point(const TupleLaw& law);
Key positive_point(const TupleLaw& law);
Key negative_point(const TupleLaw& law, int which);  ///< 1 or 2
Key negative_points(const TupleLaw& law);            ///< of both
Key nothing();

/// Sum over all values of |p(a, b, g) p(g) - p(a, g) p(b, g)|: 0 where a and b are independent
/// given g.
Real dependence(const TupleLaw& law, const Key& a, const Key& b, const Key& given);
/// Sum of |p(a, g) - p(b, g)|: 0 where a and b have the same law given g.
Real difference(const TupleLaw& law, const Key& a, const Key& b, const Key& given);

}  // namespace assay::proofs
