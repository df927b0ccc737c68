// SPDX-License-Identifier: Apache-2.0
// A k-tuple of negatives whose joint density is a hardening that does not factor, by rejection.
//
// A proposal is a k-tuple of independent uniform allowed columns (HN's product law on a batch).
// With u_i = s_i inv_tau, top the largest u of the row and M = top + 1 (max_plus_one) or k (top +
// 1) (sum_plus_one) it is accepted if i < ceil(2^53 eta(u_1..u_k) / M), where i is the top 53 bits
// of a word. Given that one of the proposals is accepted, the tuple has the density eta / gamma
// with respect to the product law (up to rounding and 2^-53 per acceptance); with probability (1 -
// gamma / M)^proposals none is, and the row says so by -1.
#pragma once

#include "kernels/sampling/uniform.cuh"

namespace assay::kernels::sampling {

/// out[row][k]. The view has the tilt exp(u), beta = 1: the top of a summary is the largest u.
template <class Words, class Policy>
struct RejectionTrial {
  Policy policy;
  View v;
  Allowed allowed;
  Words words;
  JointTilt joint;
  std::int64_t first_row, k, proposals;
  const RowSummary* summaries;
  std::int64_t* out;

  __host__ __device__ void operator()(std::int64_t row) const {
    if (summaries[row].bad != 0 || summaries[row].support == 0) return;
    const Stream stream = stream_of(policy, row, 0, first_row);
    const auto n = static_cast<std::uint64_t>(allowed.rows[row].allowed);
    const double bound =
        (summaries[row].top + 1.0) * static_cast<double>(joint == JointTilt::sum_plus_one ? k : 1);
    std::int64_t* const mine = out + row * k;
    for (std::int64_t p = 0; p < proposals; ++p) {
      const auto base = static_cast<std::uint64_t>(p * (k + 1));
      double largest = -math64_detail::infinity64, sum = 0;
      for (std::int64_t i = 0; i < k; ++i) {
        const std::uint64_t u = words.word64(stream, base + static_cast<std::uint64_t>(i));
        mine[i] = allowed.column(row, static_cast<std::int64_t>(scaled_to(u, 64, n)));
        const double t = score_of(v, row, mine[i]) * exponent_factor(policy, v);
        largest = t > largest ? t : largest;
        sum += t + 1.0;
      }
      const double eta = joint == JointTilt::sum_plus_one ? sum : largest + 1.0;
      const std::uint64_t u = words.word64(stream, base + static_cast<std::uint64_t>(k)) >> 11;
      const bool accepted = static_cast<double>(u) < eta / bound * 0x1p53;
      if (accepted != policy.is(Fault::acceptance_inverted)) return;
      if (policy.is(Fault::first_proposal_accepted)) return;
    }
    for (std::int64_t i = 0; i < k; ++i) mine[i] = -1;
  }
};

}  // namespace assay::kernels::sampling
