// SPDX-License-Identifier: Apache-2.0
// Narrow inputs: the kernels on bfloat16 and binary16 give, bit for bit, what they give on the
// widened numbers.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/kernels/loss/info_nce_narrow.hpp"

namespace assay::kernels::testing {
namespace {

Output run_narrow(const Narrow& x) {
  return run_between_sentinels(x.wide, [&](const InfoNceArguments& given) {
    InfoNceArguments q = given;
    x.point(q);
    info_nce_forward_emulated(q, "greedy");
  });
}

Gradient run_narrow(const Narrow& x, const UpstreamGradient& upstream) {
  return gradient_between_sentinels(x.wide, upstream, [&](InfoNceBackwardArguments q) {
    x.point(q);
    info_nce_backward_emulated(q, "greedy");
  });
}

TEST(NarrowInputs, GiveWhatTheWidenedOnesGive) {
  for (Dtype dtype : {Dtype::bf16, Dtype::f16})
    for (InfoNceForm form : {InfoNceForm::one_direction, InfoNceForm::joint_block})
      for (int lowest : {0, 10})  // with and without subnormals
        for (std::int64_t d : {3, 40}) {
          Narrow x = make_narrow({18, d, form, 4}, dtype, lowest);
          EXPECT_TRUE(same_bits(run_narrow(x), run_emulated(x.wide, "greedy")));
          const UpstreamGradient upstream = make_upstream(x.wide, UpstreamKind::both);
          EXPECT_TRUE(same_bits(run_narrow(x, upstream), run_emulated(x.wide, upstream, "greedy")));
        }
}

TEST(NarrowInputs, KeepInfinitiesAndNaN) {
  for (Dtype dtype : {Dtype::bf16, Dtype::f16})
    for (unsigned special : {0u, 1u}) {
      Narrow x = make_narrow({5, 3, InfoNceForm::joint_block, 7}, dtype, 10);
      const unsigned infinity = dtype == Dtype::bf16 ? 0x7f80u : 0x7c00u;
      x.a[6] = static_cast<std::uint16_t>(infinity | special);
      x.wide.a[6] = widened(x.a[6], dtype);
      const Output narrow = run_narrow(x), wide = run_emulated(x.wide, "greedy");
      for (std::size_t i = 0; i < wide.row_loss.size(); ++i)  // of a NaN, the bits may differ
        EXPECT_TRUE(narrow.row_loss[i] == wide.row_loss[i] ||
                    (std::isnan(narrow.row_loss[i]) && std::isnan(wide.row_loss[i])));
      EXPECT_FALSE(std::isfinite(narrow.loss));
    }
}

}  // namespace
}  // namespace assay::kernels::testing
