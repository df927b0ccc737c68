// SPDX-License-Identifier: Apache-2.0
// The InfoNCE backward kernels under the emulator: statement, schedules, values, special cases.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "tests/kernels/loss/info_nce_gradient_case.hpp"
#include "tests/kernels/sanitizers.hpp"

namespace assay::kernels::testing {
namespace {

const std::vector<InfoNceForm> forms = {InfoNceForm::one_direction, InfoNceForm::joint_block};
const std::vector<std::string> schedules = {"fair", "greedy", "greedy-reverse", "greedy-random:9"};

template <class Check>
void for_each_case(Check check) {
  const std::vector<std::int64_t> counts = thread_sanitized
                                               ? std::vector<std::int64_t>{1, 9}
                                               : std::vector<std::int64_t>{1, 2, 16, 17, 33, 65};
  std::uint64_t seed = 0;
  for (InfoNceForm form : forms)
    for (std::int64_t n : counts)
      for (std::int64_t d : {1, 3, 33}) {
        Input input = make_input({n, d, form, seed});
        const UpstreamKind kind = upstream_kinds[seed++ % std::size(upstream_kinds)];
        check(input, make_upstream(input, kind));
      }
}

TEST(InfoNceGradient, FollowsItsStatementBitForBit) {
  for_each_case([](Input& input, const UpstreamGradient& upstream) {
    EXPECT_TRUE(
        same_bits(run_emulated(input, upstream, "greedy"), follow_statement(input, upstream)))
        << to_string(input.descriptor);
  });
}

TEST(InfoNceGradient, HasTheSameBitsUnderEverySchedule) {
  for_each_case([](Input& input, const UpstreamGradient& upstream) {
    const Gradient first = run_emulated(input, upstream, schedules[0]);
    for (std::size_t i = 1; i < schedules.size(); ++i)
      EXPECT_TRUE(same_bits(first, run_emulated(input, upstream, schedules[i])))
          << to_string(input.descriptor) << " " << schedules[i];
  });
}

TEST(InfoNceGradient, StaysWithinAForwardErrorBound) {
  double worst = 0;
  for_each_case([&](Input& input, const UpstreamGradient& upstream) {
    const double share = largest_share(input, upstream, run_emulated(input, upstream, "greedy"));
    EXPECT_LE(share, 1.0) << to_string(input.descriptor);
    worst = std::max(worst, share);
  });
  std::printf("[   share  ] largest share of the bound: %.3f\n", worst);
  EXPECT_GT(worst, 0.0);
}

TEST(InfoNceGradient, HonoursEveryKindOfUpstreamGradient) {
  for (InfoNceForm form : forms)
    for (UpstreamKind kind : upstream_kinds) {
      Input input = make_input({19, 5, form, 3});
      const UpstreamGradient upstream = make_upstream(input, kind);
      const Gradient got = run_emulated(input, upstream, "greedy");
      EXPECT_TRUE(same_bits(got, follow_statement(input, upstream)));
      EXPECT_LE(largest_share(input, upstream, got), 1.0);
    }
}

TEST(InfoNceGradient, IsZeroWithoutNegatives) {
  for (InfoNceForm form : forms)
    for (UpstreamKind kind : upstream_kinds) {
      Input input = make_input({1, 5, form, 1});
      const Gradient got = run_emulated(input, make_upstream(input, kind), "greedy");
      for (float g : got.a) EXPECT_EQ(g, 0.0f);
      for (float g : got.b) EXPECT_EQ(g, 0.0f);
      EXPECT_EQ(got.temperature, 0.0f);
    }
}

TEST(InfoNceGradient, ReadsRowsThroughTheirStrides) {
  for (InfoNceForm form : forms) {
    Input dense = make_input({37, 19, form, 5}), strided = make_input({37, 19, form, 5}, 7);
    const UpstreamGradient upstream = make_upstream(dense, UpstreamKind::both);
    const std::vector<float> before = strided.a;
    EXPECT_TRUE(same_bits(run_emulated(dense, upstream, "greedy"),
                          run_emulated(strided, upstream, "greedy")));
    EXPECT_EQ(strided.a, before) << "inputs and the padding between rows are not touched";
  }
}

TEST(InfoNceGradient, SurvivesLogitsThatOverflowAnExponential) {
  for (InfoNceForm form : forms)
    for (std::uint64_t seed : {1u, 2u}) {  // positives far above, far below the negatives
      Input input = make_input({20, 7, form, seed});
      for (float& x : input.a) x *= 100;
      const UpstreamGradient upstream = make_upstream(input, UpstreamKind::per_row);
      EXPECT_LE(largest_share(input, upstream, run_emulated(input, upstream, "greedy")), 1.0);
    }
}

TEST(InfoNceGradient, IsNotFiniteWhereALogitIsNot) {
  // Row 2 has a logit that is not finite: as the positive, or as a negative.
  const float infinity = std::numeric_limits<float>::infinity();
  for (float bad : {infinity, std::numeric_limits<float>::quiet_NaN(), 0x1p100f})
    for (InfoNceForm form : forms) {
      Input input = make_input({9, 3, form, 0});
      for (std::int64_t k = 0; k < 3; ++k) input.a[2 * 3 + k] = bad;
      // An overflowing finite number: the logits with positive keys are +inf.
      for (float& x : input.b) x = std::fabs(x) * (bad == 0x1p100f ? 0x1p100f : 1.0f);
      const UpstreamGradient upstream = make_upstream(input, UpstreamKind::mean);
      const Gradient got = run_emulated(input, upstream, "greedy");
      for (std::int64_t k = 0; k < 3; ++k) EXPECT_FALSE(std::isfinite(got.a[2 * 3 + k])) << bad;
      EXPECT_FALSE(std::isfinite(got.temperature));
    }
}

TEST(InfoNceGradient, RefusesArgumentsThatMakeNoSense) {
  Input input = make_input({4, 3, InfoNceForm::joint_block, 1});
  const UpstreamGradient upstream = make_upstream(input, UpstreamKind::mean);
  const auto refused = [&](auto change) {
    gradient_between_sentinels(input, upstream, [&](InfoNceBackwardArguments q) {
      change(q);
      EXPECT_THROW(info_nce_backward_emulated(q, "greedy"), std::invalid_argument);
    });
  };
  refused([](InfoNceBackwardArguments& q) { q.n = 0; });
  refused([](InfoNceBackwardArguments& q) { q.b = nullptr; });
  refused([](InfoNceBackwardArguments& q) { q.input = Dtype::f64; });
  refused([](InfoNceBackwardArguments& q) { q.grad_a = nullptr; });
  refused([](InfoNceBackwardArguments& q) { q.grad_b = nullptr; });
  refused([](InfoNceBackwardArguments& q) { q.grad_temperature = nullptr; });
  refused([](InfoNceBackwardArguments& q) { q.a_stride = 2; });
}

RC_GTEST_PROP(InfoNceGradientProperty, SchedulesAgreeAndTheBoundHolds, ()) {
  Descriptor c;
  c.n = *rc::gen::inRange<std::int64_t>(1, thread_sanitized ? 12 : 40);
  c.d = *rc::gen::inRange<std::int64_t>(1, thread_sanitized ? 40 : 70);
  c.form = *rc::gen::elementOf(forms);
  c.seed = *rc::gen::inRange<std::uint64_t>(0, 1000000);
  const auto order = *rc::gen::inRange<std::uint64_t>(0, 1000000);
  const auto kind = *rc::gen::elementOf(
      std::vector<UpstreamKind>(std::begin(upstream_kinds), std::end(upstream_kinds)));
  Input input = make_input(c);
  const UpstreamGradient upstream = make_upstream(input, kind);
  const Gradient got = run_emulated(input, upstream, "greedy-random:" + std::to_string(order));
  RC_ASSERT(same_bits(got, run_emulated(input, upstream, "fair")));
  RC_ASSERT(largest_share(input, upstream, got) <= 1.0);
}

TEST(CudaBackward, AgreesWithTheEmulatorBitForBit) {
  const std::string reason = cuda_unavailable_reason();
  const auto run_cuda = [](Input& input, const UpstreamGradient& upstream) {
    return gradient_between_sentinels(input, upstream, info_nce_backward_cuda);
  };
  if (!reason.empty()) {
    Input input = make_input({2, 3, InfoNceForm::joint_block, 1});
    EXPECT_THROW(run_cuda(input, {}), std::runtime_error) << "unavailable is not success";
    GTEST_SKIP() << reason;
  }
  for_each_case([&](Input& input, const UpstreamGradient& upstream) {
    EXPECT_TRUE(same_bits(run_cuda(input, upstream), run_emulated(input, upstream, "greedy")))
        << to_string(input.descriptor);
  });
}

}  // namespace
}  // namespace assay::kernels::testing
