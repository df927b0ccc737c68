// SPDX-License-Identifier: Apache-2.0
// Cases of the InfoNCE backward kernels, their outputs, and two other ways to compute them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/loss/info_nce.hpp"
#include "tests/kernels/loss/info_nce_case.hpp"

namespace assay::kernels::testing {

/// Upstream gradients: of every row through a stride (or none), and of the mean.
struct UpstreamGradient {
  std::vector<float> per_row;  ///< empty: none
  std::int64_t stride = 1;
  float mean = 0;

  float of_row(std::int64_t i) const { return per_row.empty() ? 0.0f : per_row[i * stride]; }
};

enum class UpstreamKind : unsigned char { mean, per_row, broadcast, strided, both };
inline constexpr UpstreamKind upstream_kinds[] = {UpstreamKind::mean, UpstreamKind::per_row,
                                                  UpstreamKind::broadcast, UpstreamKind::strided,
                                                  UpstreamKind::both};
/// Numbers in [-1, 1), drawn from the input's seed.
UpstreamGradient make_upstream(const Input& input, UpstreamKind kind);

struct Gradient {
  std::vector<float> a, b;  ///< n x d
  float temperature = 0;
};
bool same_bits(const Gradient& x, const Gradient& y);

/// `run(arguments)` with every output between sentinels, which must survive. What the outputs hold
/// before is the sentinel, too.
Gradient gradient_between_sentinels(
    const Input& input, const UpstreamGradient& upstream,
    const std::function<void(const InfoNceBackwardArguments&)>& run);
Gradient run_emulated(Input& input, const UpstreamGradient& upstream, const std::string& schedule,
                      Planted fault = Planted::none);

/// The stated algorithm, steps B1 to B5, vector by vector, without tiles or threads.
Gradient follow_statement(const Input& input, const UpstreamGradient& upstream);

/// The largest error of a gradient against a binary64 computation, divided by a forward error
/// bound; at most 1 for a correct kernel. NaN if a gradient is not finite.
double largest_share(const Input& input, const UpstreamGradient& upstream, const Gradient& got);

}  // namespace assay::kernels::testing
