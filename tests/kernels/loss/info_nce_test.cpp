// SPDX-License-Identifier: Apache-2.0
// The InfoNCE forward kernel under the emulator: values, schedules, strides, special values.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/emulator/error.hpp"
#include "tests/kernels/loss/info_nce_case.hpp"
#include "tests/kernels/sanitizers.hpp"

namespace assay::kernels::testing {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
const std::vector<InfoNceForm> forms = {InfoNceForm::one_direction, InfoNceForm::joint_block};
const std::vector<std::string> schedules = {"fair", "greedy", "greedy-reverse", "greedy-random:9"};

/// Sizes around the tile: just below, at and just above one and two tiles and chunks.
std::vector<std::int64_t> row_counts() {
  if (thread_sanitized) return {1, 2, 33};
  return {1, 2, 31, 32, 33, 37, 64, 65};
}
std::vector<std::int64_t> dimensions() {
  if (thread_sanitized) return {3, 33};
  return {1, 3, 32, 33, 48, 96};
}

template <class Check>
void for_each_size(Check check) {
  std::uint64_t seed = 0;
  for (InfoNceForm form : forms)
    for (std::int64_t n : row_counts())
      for (std::int64_t d : dimensions()) check(Descriptor{n, d, form, seed++});
}

TEST(InfoNceKernel, StaysWithinAForwardErrorBound) {
  double worst = 0;
  for_each_size([&](const Descriptor& c) {
    Input input = make_input(c);
    const double share = largest_share(input, run_emulated(input, "greedy"));
    EXPECT_LE(share, 1.0) << to_string(c);
    worst = std::max(worst, share);
  });
  std::printf("[   share  ] largest share of the bound: %.3f\n", worst);
  EXPECT_GT(worst, 0.0);
}

TEST(InfoNceKernel, FollowsItsStatementBitForBit) {
  for_each_size([](const Descriptor& c) {
    Input input = make_input(c);
    EXPECT_TRUE(same_bits(run_emulated(input, "greedy"), follow_statement(input))) << to_string(c);
  });
}

TEST(InfoNceKernel, HasTheSameBitsUnderEverySchedule) {
  for_each_size([](const Descriptor& c) {
    Input input = make_input(c);
    const Output first = run_emulated(input, schedules[0]);
    for (std::size_t i = 1; i < schedules.size(); ++i)
      EXPECT_TRUE(same_bits(first, run_emulated(input, schedules[i])))
          << to_string(c) << " " << schedules[i];
  });
}

TEST(InfoNceKernel, ReadsRowsThroughTheirStrides) {
  for (InfoNceForm form : forms) {
    Input dense = make_input({37, 19, form, 5}), strided = make_input({37, 19, form, 5}, 7);
    const std::vector<float> before = strided.a;
    EXPECT_TRUE(same_bits(run_emulated(dense, "greedy"), run_emulated(strided, "greedy")));
    EXPECT_EQ(strided.a, before) << "inputs and the padding between rows are not touched";
  }
}

TEST(InfoNceKernel, HasNoLossWithoutNegatives) {
  for (InfoNceForm form : forms) {
    Input input = make_input({1, 5, form, 1});
    const Output output = run_emulated(input, "greedy");
    for (std::size_t i = 0; i < output.row_loss.size(); ++i) {
      EXPECT_EQ(output.row_loss[i], 0.0f);
      EXPECT_NE(output.row_lse[i], 0.0f) << "the positive logit itself";
    }
    EXPECT_EQ(output.loss, 0.0f);
  }
}

/// One direction with d = 1 and temperature 1: a = 1, so that the logits are the keys.
Input input_with_logits(const std::vector<float>& keys) {
  Input input;
  input.descriptor = {static_cast<std::int64_t>(keys.size()), 1, InfoNceForm::one_direction, 0};
  input.stride = 1;
  input.a.assign(keys.size(), 1.0f);
  input.b = keys;
  return input;
}

TEST(InfoNceKernel, PropagatesNaN) {
  for (std::size_t n : {1u, 5u, 40u})
    for (std::size_t place : {std::size_t{0}, n / 2, n - 1}) {
      std::vector<float> logits(n, 0.25f);
      logits[place] = nan;
      Input input = input_with_logits(logits);
      const Output output = run_emulated(input, "greedy");
      for (std::size_t i = 0; i < n; ++i) {
        EXPECT_TRUE(std::isnan(output.row_loss[i])) << n << " " << place << " " << i;
        EXPECT_TRUE(std::isnan(output.row_lse[i])) << n << " " << place << " " << i;
      }
      EXPECT_TRUE(std::isnan(output.loss));
    }
}

TEST(InfoNceKernel, IsNotFiniteWhenALogitIsInfinite) {
  for (std::size_t n : {1u, 5u, 40u})
    for (std::size_t place : {std::size_t{0}, n / 2, n - 1}) {
      std::vector<float> logits(n, 0.25f);
      logits[place] = infinity;
      Input input = input_with_logits(logits);
      const Output output = run_emulated(input, "greedy");
      for (std::size_t i = 0; i < n; ++i) {
        EXPECT_FALSE(std::isfinite(output.row_loss[i])) << n << " " << place << " " << i;
        EXPECT_FALSE(std::isfinite(output.row_lse[i])) << n << " " << place << " " << i;
      }
    }
}

TEST(InfoNceKernel, GivesMinusInfinityNoWeight) {
  for (std::size_t n : {2u, 5u, 70u}) {
    std::vector<float> logits(n, -infinity);
    logits[0] = 0.75f;
    Input input = input_with_logits(logits);
    const Output output = run_emulated(input, "greedy");
    EXPECT_EQ(output.row_loss[0], 0.0f);
    EXPECT_EQ(output.row_lse[0], 0.75f);
    for (std::size_t i = 1; i < n; ++i) {
      EXPECT_FALSE(std::isfinite(output.row_loss[i])) << "its own positive has no weight";
      EXPECT_EQ(output.row_lse[i], 0.75f);
    }
  }
}

TEST(InfoNceKernel, KeepsTinyLossesRelativelyAccurate) {
  // Positive 40, one negative 0: the loss is ln(1 + e^-40), 2^-58.
  Input input = input_with_logits({40.0f, 0.0f});
  const Output output = run_emulated(input, "greedy");
  const double exact = std::log1p(std::exp(-40.0));
  const double u = 0x1p-24;  // one exponential, one product with 1, one log1p
  EXPECT_LE(std::fabs(output.row_loss[0] - exact), (1.30 + 1 + 1.42) * u * exact);
}

TEST(InfoNceKernel, SurvivesLogitsThatOverflowAnExponential) {
  Input input = input_with_logits({30000.0f, 20000.0f, -30000.0f});
  const Output output = run_emulated(input, "greedy");
  EXPECT_EQ(output.row_loss[0], 0.0f);
  EXPECT_EQ(output.row_loss[1], 10000.0f);
  EXPECT_EQ(output.row_loss[2], 60000.0f);
}

TEST(InfoNceKernel, RefusesArgumentsThatMakeNoSense) {
  Input input = make_input({4, 3, InfoNceForm::joint_block, 1});
  std::vector<float> out(8);
  InfoNceArguments good;
  good.a = input.a.data();
  good.b = input.b.data();
  good.n = 4;
  good.d = good.a_stride = good.b_stride = 3;
  good.row_loss = good.row_lse = good.loss = out.data();
  const auto refused = [&](auto change) {
    InfoNceArguments q = good;
    change(q);
    EXPECT_THROW(info_nce_forward_emulated(q, "greedy"), std::invalid_argument);
  };
  refused([](InfoNceArguments& q) { q.n = 0; });
  refused([](InfoNceArguments& q) { q.d = -1; });
  refused([](InfoNceArguments& q) { q.a = nullptr; });
  refused([](InfoNceArguments& q) { q.b = nullptr; });
  refused([](InfoNceArguments& q) { q.row_lse = nullptr; });
  refused([](InfoNceArguments& q) { q.loss = nullptr; });
  refused([](InfoNceArguments& q) { q.b_stride = 2; });
  refused([](InfoNceArguments& q) { q.n = (std::int64_t{1} << 23) + 1; });
  EXPECT_THROW(info_nce_forward_emulated(good, "sideways"), std::invalid_argument);
}

RC_GTEST_PROP(InfoNceKernelProperty, SchedulesAgreeAndTheBoundHolds, ()) {
  Descriptor c;
  c.n = *rc::gen::inRange<std::int64_t>(1, thread_sanitized ? 12 : 70);
  c.d = *rc::gen::inRange<std::int64_t>(1, thread_sanitized ? 40 : 100);
  c.form = *rc::gen::elementOf(forms);
  c.seed = *rc::gen::inRange<std::uint64_t>(0, 1000000);
  const auto order = *rc::gen::inRange<std::uint64_t>(0, 1000000);
  Input input = make_input(c);
  const Output output = run_emulated(input, "greedy-random:" + std::to_string(order));
  RC_ASSERT(same_bits(output, run_emulated(input, "fair")));
  RC_ASSERT(largest_share(input, output) <= 1.0);
}

TEST(CudaBackend, AgreesWithTheEmulatorBitForBit) {
  const std::string reason = cuda_unavailable_reason();
  if (!reason.empty()) {
    Input input = make_input({2, 3, InfoNceForm::joint_block, 1});
    EXPECT_THROW(run_cuda(input), std::runtime_error) << "unavailable must not look like success";
    GTEST_SKIP() << reason;
  }
  for_each_size([](const Descriptor& c) {
    Input input = make_input(c, 3);
    EXPECT_TRUE(same_bits(run_cuda(input), run_emulated(input, "greedy"))) << to_string(c);
  });
}

}  // namespace
}  // namespace assay::kernels::testing
