// SPDX-License-Identifier: Apache-2.0
// The correct variants: other bits than the stated algorithm, results as accurate.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/math_base2.cuh"
#include "kernels/variant.hpp"
#include "tests/kernels/loss/info_nce_gradient_case.hpp"
#include "tests/kernels/sanitizers.hpp"

namespace assay::kernels::testing {
namespace {

const std::vector<InfoNceForm> forms = {InfoNceForm::one_direction, InfoNceForm::joint_block};

Output run_variant(Input& input, const std::string& schedule, Variant variant) {
  return run_between_sentinels(input, [&](const InfoNceArguments& q) {
    info_nce_forward_emulated_variant(q, schedule, variant);
  });
}
Gradient run_variant(Input& input, const UpstreamGradient& upstream, const std::string& schedule,
                     Variant variant) {
  return gradient_between_sentinels(input, upstream, [&](const InfoNceBackwardArguments& q) {
    info_nce_backward_emulated_variant(q, schedule, variant);
  });
}

class Variants : public ::testing::TestWithParam<Variant> {};

TEST_P(Variants, AreAsAccurateAndOtherAlgorithms) {
  bool differs_forward = false, differs_backward = false;
  std::uint64_t seed = 0;
  for (InfoNceForm form : forms)
    for (std::int64_t n : {1, 2, 17, 33, 65})
      for (std::int64_t d : {1, 33}) {
        if (n * d > (thread_sanitized ? 100 : 1200)) continue;
        Input input = make_input({n, d, form, seed});
        const UpstreamGradient upstream =
            make_upstream(input, upstream_kinds[seed++ % std::size(upstream_kinds)]);
        const Output output = run_variant(input, "greedy", GetParam());
        const Gradient gradient = run_variant(input, upstream, "greedy", GetParam());
        EXPECT_LE(largest_share(input, output), 1.0) << to_string(input.descriptor);
        EXPECT_LE(largest_share(input, upstream, gradient), 1.0) << to_string(input.descriptor);
        EXPECT_TRUE(same_bits(output, run_variant(input, "greedy-reverse", GetParam())));
        EXPECT_TRUE(same_bits(gradient, run_variant(input, upstream, "fair", GetParam())));
        differs_forward = differs_forward || !same_bits(output, run_emulated(input, "greedy"));
        differs_backward =
            differs_backward || !same_bits(gradient, run_emulated(input, upstream, "greedy"));
      }
  if (thread_sanitized) return;
  EXPECT_TRUE(differs_forward) << "the same algorithm under another name";
  EXPECT_TRUE(differs_backward);
}

INSTANTIATE_TEST_SUITE_P(Correct, Variants, ::testing::ValuesIn(correct_variants),
                         [](const auto& p) { return std::string(name_of(p.param)); });

TEST(Variants, StatedIsTheKernelItself) {
  for (InfoNceForm form : forms) {
    Input input = make_input({37, 40, form, 2});
    const UpstreamGradient upstream = make_upstream(input, UpstreamKind::both);
    EXPECT_TRUE(
        same_bits(run_variant(input, "greedy", Variant::stated), run_emulated(input, "greedy")));
    EXPECT_TRUE(same_bits(run_variant(input, upstream, "greedy", Variant::stated),
                          run_emulated(input, upstream, "greedy")));
  }
}

TEST(Variants, HaveAnAccurateExponential) {
  // About a million arguments over the whole range; the error in units of 2^-24.
  double worst = 0;
  for (int i = 0; i < 1 << 20; ++i) {
    const float x = -104.0f + static_cast<float>(i) * (192.5f * 0x1p-20f);
    const double want = std::exp(static_cast<double>(x));
    const double lost = std::fabs(exp_base2_f32(x) - want) - 0x1p-150;
    worst = std::max(worst, lost / want * 0x1p24);
  }
  std::printf("[   error  ] exp_base2_f32: %.3f u\n", worst);
  EXPECT_LT(worst, 1.6);
}

}  // namespace
}  // namespace assay::kernels::testing
