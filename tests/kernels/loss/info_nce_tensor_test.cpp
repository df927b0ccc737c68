// SPDX-License-Identifier: Apache-2.0
// InfoNCE with logits from tensor cores: within the bounds, the same under every schedule.
//
// The bounds of info_nce_bound.cpp and info_nce_gradient_bound.cpp allow a dot product d u relative
// to the sum of its magnitudes. The emulator's ceil(d/16) roundings need less. A device may need
// 20 * 2 u for each of them (kernels/mma.cuh): 2.5 times as much when d is a multiple of 16.
#include <gtest/gtest.h>

#include "kernels/mma.cuh"
#include "tests/kernels/loss/info_nce_narrow.hpp"
#include "tests/kernels/sanitizers.hpp"

namespace assay::kernels::testing {
namespace {

constexpr double device_share = mma_error_device / (16 * 0x1p-24) * 1.01;

Output run_forward(const Narrow& x, const std::function<void(const InfoNceArguments&)>& run) {
  return run_between_sentinels(x.wide, [&](InfoNceArguments q) {
    x.point(q);
    run(q);
  });
}
Gradient run_backward(const Narrow& x, const UpstreamGradient& upstream,
                      const std::function<void(const InfoNceBackwardArguments&)>& run) {
  return gradient_between_sentinels(x.wide, upstream, [&](InfoNceBackwardArguments q) {
    x.point(q);
    run(q);
  });
}
Output emulate(const Narrow& x, const std::string& schedule) {
  return run_forward(
      x, [&](const InfoNceArguments& q) { info_nce_forward_tensor_emulated(q, schedule); });
}
Gradient emulate(const Narrow& x, const UpstreamGradient& upstream, const std::string& schedule) {
  return run_backward(x, upstream, [&](const InfoNceBackwardArguments& q) {
    info_nce_backward_tensor_emulated(q, schedule);
  });
}

template <class Check>
void for_each_case(const std::vector<std::int64_t>& dimensions, Check check) {
  std::uint64_t seed = 0;
  for (InfoNceForm form : {InfoNceForm::one_direction, InfoNceForm::joint_block})
    for (std::int64_t n : thread_sanitized ? std::vector<std::int64_t>{1, 9}
                                           : std::vector<std::int64_t>{1, 2, 17, 33, 64})
      for (std::int64_t d : dimensions) {
        const Narrow x = make_narrow({n, d, form, seed}, Dtype::bf16, 118);
        check(x, make_upstream(x.wide, upstream_kinds[seed++ % std::size(upstream_kinds)]));
      }
}

TEST(InfoNceTensor, StaysWithinTheErrorBounds) {
  bool differs = false;
  for_each_case({1, 3, 33, 48}, [&](const Narrow& x, const UpstreamGradient& upstream) {
    const Output output = emulate(x, "greedy");
    EXPECT_LE(largest_share(x.wide, output), 1.0) << to_string(x.wide.descriptor);
    EXPECT_LE(largest_share(x.wide, upstream, emulate(x, upstream, "greedy")), 1.0)
        << to_string(x.wide.descriptor);
    differs = differs || !same_bits(output, run_forward(x, [](const InfoNceArguments& q) {
                                      info_nce_forward_emulated(q, "greedy");
                                    }));
  });
  EXPECT_TRUE(differs) << "the logits are those of another algorithm";
}

TEST(InfoNceTensor, HasTheSameBitsUnderEverySchedule) {
  for_each_case({3, 40}, [](const Narrow& x, const UpstreamGradient& upstream) {
    const Output output = emulate(x, "fair");
    const Gradient gradient = emulate(x, upstream, "fair");
    for (const char* schedule : {"greedy", "greedy-reverse", "greedy-random:9"}) {
      EXPECT_TRUE(same_bits(output, emulate(x, schedule))) << schedule;
      EXPECT_TRUE(same_bits(gradient, emulate(x, upstream, schedule))) << schedule;
    }
  });
}

TEST(InfoNceTensor, TakesOnlyBfloat16) {
  Input input = make_input({4, 3, InfoNceForm::joint_block, 1});
  run_between_sentinels(input, [](const InfoNceArguments& q) {
    EXPECT_THROW(info_nce_forward_tensor_emulated(q, "greedy"), std::invalid_argument);
    EXPECT_THROW(info_nce_forward_tensor_cuda(q), std::exception);
  });
  gradient_between_sentinels(input, {}, [](const InfoNceBackwardArguments& q) {
    EXPECT_THROW(info_nce_backward_tensor_emulated(q, "greedy"), std::invalid_argument);
    EXPECT_THROW(info_nce_backward_tensor_cuda(q), std::exception);
  });
}

TEST(CudaTensor, StaysWithinTheErrorBounds) {
  const std::string reason = cuda_unavailable_reason();
  if (!reason.empty()) {
    const Narrow x = make_narrow({2, 16, InfoNceForm::joint_block, 1}, Dtype::bf16, 118);
    EXPECT_THROW(run_forward(x, info_nce_forward_tensor_cuda), std::runtime_error);
    EXPECT_THROW(run_backward(x, {}, info_nce_backward_tensor_cuda), std::runtime_error);
    GTEST_SKIP() << reason;
  }
  for_each_case({16, 48}, [](const Narrow& x, const UpstreamGradient& upstream) {
    EXPECT_LE(largest_share(x.wide, run_forward(x, info_nce_forward_tensor_cuda)), device_share);
    EXPECT_LE(
        largest_share(x.wide, upstream, run_backward(x, upstream, info_nce_backward_tensor_cuda)),
        device_share);
  });
}

}  // namespace
}  // namespace assay::kernels::testing
