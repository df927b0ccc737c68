// SPDX-License-Identifier: Apache-2.0
// InfoNCE problems for the tests, made from small descriptors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reference/loss/info_nce.hpp"

namespace assay::testing {

/// What the embeddings look like. All but the last three kinds are binary32 numbers.
enum class Kind : unsigned char {
  unit,             ///< random rows of norm 1
  relu,             ///< the same without their negative entries
  wide,             ///< entries over 40 binades
  subnormal,        ///< some entries are binary32 subnormals
  long_rows,        ///< norm 1.5
  near_duplicates,  ///< positives almost equal to their anchors
  clusters,         ///< all rows almost equal: sums of equal terms, cancelling differences
  doubles,          ///< random rows of norm 1 with 53-bit entries
  tiny_doubles,     ///< entries whose products underflow
  mixed_doubles     ///< rows of very different norms, 53-bit entries
};
inline constexpr int kinds = 10;
std::string name_of(Kind kind);

struct Descriptor {
  Kind kind = Kind::unit;
  std::int64_t n = 1;
  std::int64_t d = 1;
  double temperature = 1;
  reference::InfoNceForm form = reference::InfoNceForm::joint_block;
  std::uint64_t seed = 0;
};
std::string text_of(const Descriptor& descriptor);
/// One of many: kinds, sizes up to 13 and 67, temperatures and forms in cycles that do not meet
/// soon.
Descriptor descriptor_of(std::uint64_t seed, int kinds_used, const double (&temperatures)[6]);

/// Owns the entries of a problem; rows are padded with NaN, so that a wrong stride is seen.
struct Instance {
  std::vector<double> a, b;
  reference::InfoNceProblem problem;
  std::string text;
  Instance() = default;
  Instance(const Instance&) = delete;  // `problem` points into the vectors
  Instance(Instance&&) = default;
  Instance& operator=(Instance&&) = default;
};
Instance make(const Descriptor& descriptor);
/// From given rows, without padding.
Instance make(std::vector<std::vector<double>> a, std::vector<std::vector<double>> b,
              double temperature, reference::InfoNceForm form);

}  // namespace assay::testing
