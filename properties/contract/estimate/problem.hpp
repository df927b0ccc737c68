// SPDX-License-Identifier: Apache-2.0
// What a pipeline of sampler and loss is asked: a batch of points, how negatives are hardened,
// which loss; and the case that carries it to a candidate (docs/hardened-losses.md, "What a
// candidate sees").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "properties/engine/case.hpp"

namespace assay::contract {

/// One model, free of any candidate. Every class has two points or more.
struct EstimateProblem {
  bool supervised = true;            ///< HSCL: negatives of other classes; else HUCL: of all
  std::vector<float> points;         ///< [count][dimension]
  std::vector<std::int32_t> labels;  ///< [count]
  std::int64_t dimension = 0;
  std::string psi = "info-nce";  ///< "info-nce", "hinge", "softplus", "linear"
  std::string over = "mean";     ///< "sum" or "mean" over the negatives
  float alpha = 1, margin = 1;   ///< of info-nce; of hinge
  /// "uniform" (no hardening), "exponential", "polynomial", "max_plus_one", "sum_plus_one"
  std::string tilt = "exponential";
  float beta = 1;     ///< of exponential
  int power = 1;      ///< of polynomial
  float inv_tau = 1;  ///< all inner products, in tilt and loss, are multiplied by it
  std::int64_t k = 1;
  std::int64_t proposals = 64;  ///< of a rejection

  std::int64_t count() const { return static_cast<std::int64_t>(labels.size()); }
  const float* point(std::int64_t i) const { return points.data() + i * dimension; }
  bool is_joint() const { return tilt == "max_plus_one" || tilt == "sum_plus_one"; }
};

/// A call: so many independent tuples and their losses.
engine::Case estimate_call(const engine::CaseDescriptor& descriptor, const EstimateProblem& problem,
                           std::int64_t draws, std::uint64_t seed, std::uint64_t call);
/// The output that the call asks for: `row_loss`, f32, [draws].
engine::OutputSpec estimate_output(std::int64_t draws);

}  // namespace assay::contract
