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

/// What a row's proposals have in common; `top` is the largest u of the row.
struct Proposals {
  JointTilt joint;
  std::int64_t k, count;
  double top;
};

/// The tuple of one row, or -1 in all places. The view has the tilt exp(u), beta = 1.
template <class Words, class Policy>
__host__ __device__ inline void draw_tuple(Policy policy, const View& v, const Allowed& allowed,
                                           const Words& words, Stream stream, std::int64_t row,
                                           const Proposals& q, std::int64_t* mine) {
  const auto n = static_cast<std::uint64_t>(allowed.rows[row].allowed);
  const bool sum_plus_one = q.joint == JointTilt::sum_plus_one;
  const double bound = (q.top + 1.0) * (sum_plus_one ? q.k : 1);
  for (std::int64_t p = 0; p < q.count; ++p) {
    const auto base = static_cast<std::uint64_t>(p * (q.k + 1));
    double largest = -math64_detail::infinity64, sum = 0;
    for (std::int64_t i = 0; i < q.k; ++i) {
      const std::uint64_t u = words.word64(stream, base + static_cast<std::uint64_t>(i));
      mine[i] = allowed.column(row, static_cast<std::int64_t>(scaled_to(u, 64, n)));
      const double t = score_of(v, row, mine[i]) * exponent_factor(policy, v);
      largest = t > largest ? t : largest;
      sum += t + 1.0;
    }
    const double eta = sum_plus_one ? sum : largest + 1.0;
    const std::uint64_t u = words.word64(stream, base + static_cast<std::uint64_t>(q.k)) >> 11;
    const bool accepted = static_cast<double>(u) < eta / bound * 0x1p53;
    if (accepted != policy.is(Fault::acceptance_inverted)) return;
    if (policy.is(Fault::first_proposal_accepted)) return;
  }
  for (std::int64_t i = 0; i < q.k; ++i) mine[i] = -1;
}

/// out[row][k].
template <class Words, class Policy>
static __global__ void __launch_bounds__(uniform_threads)
    draw_by_rejection(Policy policy, View v, Allowed allowed, Words words, JointTilt joint,
                      std::int64_t first_row, std::int64_t k, std::int64_t proposals,
                      const RowSummary* summaries, std::int64_t* out) {
  const std::int64_t row = thread_number();
  if (row >= v.rows || summaries[row].bad != 0 || summaries[row].support == 0) return;
  draw_tuple(policy, v, allowed, words, stream_of(policy, row, 0, first_row), row,
             {joint, k, proposals, summaries[row].top}, out + row * k);
}

}  // namespace assay::kernels::sampling
