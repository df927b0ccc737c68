// SPDX-License-Identifier: Apache-2.0
// InfoNCE: enclosures of the gradient with respect to both views and the temperature.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ends.hpp"
#include "reference/arithmetic/engine.hpp"
#include "reference/loss/info_nce.hpp"

namespace assay::reference {

/// The upstream gradient: what is differentiated is sum_i row[i * stride] * row_loss[i] + mean *
/// loss, with loss the mean of the row losses. All are exact doubles. `row` null: only the mean
/// counts; `stride` 0: one number for every row (a broadcast gradient).
struct InfoNceUpstream {
  const double* row = nullptr;
  std::int64_t stride = 1;
  double mean = 0;
};

/// Enclosures of the derivatives with respect to a and b (row-major, N x d) and the temperature T.
/// With W_ij = exp(s_ij - row_lse_i) for a key j of row i other than its positive p, W_ip = -(1 -
/// exp(s_ip - row_lse_i)), and g_i the upstream gradient of row i:
///   d/dx_i += g_i/T sum_j W_ij y_j,   d/dy_j += 1/T sum_i g_i W_ij x_i,
///   d/dT    = -1/T sum_i g_i sum_{j != p} W_ij (s_ij - s_ip).
/// In the joint block x and y are the same vectors and both parts are added.
struct InfoNceGradients {
  std::vector<Ends> a;
  std::vector<Ends> b;
  Ends temperature;
  std::string tier;  ///< "split", "ball-128", "interval-256", ...
};

/// The ball/interval tier: `engine` at `bits` bits, any finite entries, any range.
/// \throws std::invalid_argument for a problem that makes no sense or a non-finite upstream
InfoNceGradients enclose_info_nce_gradients(const InfoNceProblem& problem,
                                            const InfoNceUpstream& upstream, Engine engine,
                                            int bits);

/// The split tier of the loss: exact-product Gram matrices, compensated sums
/// (docs/loss/info_nce-split.md). Empty outside its range; the caller climbs the ladder then.
std::optional<InfoNceEnclosures> enclose_info_nce_split(const InfoNceProblem& problem,
                                                        bool with_row_lse = true);
/// The split tier of the gradient.
std::optional<InfoNceGradients> enclose_info_nce_gradients_split(const InfoNceProblem& problem,
                                                                 const InfoNceUpstream& upstream);

}  // namespace assay::reference
