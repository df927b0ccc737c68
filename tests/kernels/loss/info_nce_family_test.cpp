// SPDX-License-Identifier: Apache-2.0
// The kernels for the whole family under the emulator: values in every setting, the bits of the
// kernels for two settings, schedules, strides, formats, empty sets, refusals.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "kernels/loss/info_nce.hpp"
#include "tests/kernels/loss/info_nce_family_case.hpp"
#include "tests/kernels/sanitizers.hpp"

namespace assay::kernels::testing {
namespace {

using S = FamilySetting;

class EverySetting : public ::testing::TestWithParam<NamedSetting> {};

struct Size {
  std::int64_t n, d;
};
/// One tile with one chunk, one with two, several tiles.
std::vector<Size> sizes() {
  if (thread_sanitized) return {{2, 3}, {17, 5}};
  return {{2, 3}, {16, 33}, {17, 32}, {40, 5}};
}

TEST_P(EverySetting, AgreesWithThePlainFormulas) {
  double worst = 0;
  for (const auto& [n, d] : sizes()) {
    const FamilyCase c = make_family_case(GetParam(), n, d, static_cast<std::uint64_t>(n + d));
    const PlainFamily plain = plain_family(c);
    const double forward = family_distance(plain, run_family(c));
    const double backward = family_distance(plain, run_family_gradient(c));
    EXPECT_LE(forward, family_tolerance) << n << " " << d;
    EXPECT_LE(backward, family_tolerance) << n << " " << d;
    worst = std::fmax(worst, std::fmax(forward, backward));
  }
  std::printf("[ distance ] %.2g of the tolerance\n", worst / family_tolerance);
  EXPECT_GT(worst, 0.0);
}

TEST_P(EverySetting, HasTheSameBitsUnderEverySchedule) {
  const FamilyCase c = make_family_case(GetParam(), 19, 35, 3);
  const FamilyOutput out = run_family(c, "fair");
  const FamilyGradient gradient = run_family_gradient(c, "fair");
  for (const char* schedule : {"greedy", "greedy-reverse", "greedy-random:9"}) {
    EXPECT_EQ(run_family(c, schedule), out) << schedule;
    EXPECT_EQ(run_family_gradient(c, schedule), gradient) << schedule;
  }
}

TEST_P(EverySetting, ReadsRowsThroughTheirStrides) {
  const FamilyCase dense = make_family_case(GetParam(), 18, 5, 4);
  const FamilyCase strided = make_family_case(GetParam(), 18, 5, 4, 3);
  EXPECT_EQ(run_family(dense), run_family(strided));
  EXPECT_EQ(run_family_gradient(dense), run_family_gradient(strided));
}

TEST_P(EverySetting, WidensNarrowInputsExactly) {
  for (const Dtype input : {Dtype::bf16, Dtype::f16}) {
    const FamilyCase narrow = narrowed(make_family_case(GetParam(), 18, 7, 4, 2), input);
    FamilyCase wide = narrow;
    wide.input = Dtype::f32;
    EXPECT_EQ(run_family(narrow), run_family(wide));
    EXPECT_EQ(run_family_gradient(narrow), run_family_gradient(wide));
    EXPECT_LE(family_distance(plain_family(narrow), run_family(narrow)), family_tolerance);
  }
}

TEST_P(EverySetting, TakesTheMeanUpstreamAlone) {
  FamilyCase c = make_family_case(GetParam(), 18, 7, 6);
  c.grad_row_loss.clear();
  EXPECT_LE(family_distance(plain_family(c), run_family_gradient(c)), family_tolerance);
}

INSTANTIATE_TEST_SUITE_P(Family, EverySetting, ::testing::ValuesIn(family_settings()),
                         [](const auto& p) {
                           std::string name = p.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(FamilyKernel, HasTheBitsOfTheKernelsForTwoSettings) {
  for (const char* name : {"joint-block", "one-direction"})
    for (const std::int64_t n : {1, 2, 17, 37}) {
      FamilyCase c =
          make_family_case(family_setting(name), n, 40, static_cast<std::uint64_t>(n), 2);
      c.named.parameter = 0.07;
      const FamilyInputs q = c.inputs();
      InfoNceArguments forward;
      forward.a = q.a;
      forward.b = q.b;
      forward.n = n;
      forward.d = q.d;
      forward.a_stride = forward.b_stride = q.a_stride;
      forward.temperature = q.parameter;
      forward.form = q.setting.joint() ? InfoNceForm::joint_block : InfoNceForm::one_direction;
      InfoNceBackwardArguments backward;
      static_cast<InfoNceInputs&>(backward) = forward;
      FamilyOutput out;
      FamilyGradient gradient;
      out.row_loss.resize(static_cast<std::size_t>(q.rows()));
      gradient.a.resize(static_cast<std::size_t>(n * q.d));
      gradient.b = gradient.a;
      std::vector<float> row_lse(out.row_loss.size());
      forward.row_loss = out.row_loss.data();
      forward.row_lse = row_lse.data();
      forward.loss = &out.loss;
      backward.grad_row_loss = c.grad_row_loss.data();
      backward.grad_loss = c.grad_loss;
      backward.grad_a = gradient.a.data();
      backward.grad_b = gradient.b.data();
      backward.grad_temperature = &gradient.parameter;
      info_nce_forward_emulated(forward, "greedy");
      info_nce_backward_emulated(backward, "greedy");
      EXPECT_EQ(run_family(c), out) << name << " " << n;
      EXPECT_EQ(run_family_gradient(c), gradient) << name << " " << n;
    }
}

/// One positive a row: what the forms have in common keeps its bits.
TEST(FamilyKernel, HasTheSameBitsWhereSettingsMeanTheSame) {
  NamedSetting labels = family_setting("supervised-pairs");
  const FamilyCase by_index = make_family_case(family_setting("joint-block"), 37, 20, 5);
  FamilyCase by_label = by_index;
  for (const auto within : {S::WithinAnchor::mean_outside, S::WithinAnchor::pairs})
    for (const auto denominator : {S::Denominator::all, S::Denominator::positive_and_negatives}) {
      labels.setting.within = within;
      labels.setting.denominator = denominator;
      by_label.named = labels;
      for (std::size_t i = 0; i < by_label.labels.size(); ++i)
        by_label.labels[i] = static_cast<std::int64_t>(i) << 32;
      EXPECT_EQ(run_family(by_label), run_family(by_index));
      if (denominator != S::Denominator::all) continue;
      EXPECT_EQ(run_family_gradient(by_label), run_family_gradient(by_index));
    }
}

TEST(FamilyKernel, TakesOneViewAlone) {
  for (const char* name : {"supervised-out", "supervised-in", "supervised-pairs", "masked-joint",
                           "labels-over-positive", "labels-decoupled-inside"}) {
    FamilyCase c = make_family_case(family_setting(name), 23, 9, 8);
    c.single_view = true;
    EXPECT_LE(family_distance(plain_family(c), run_family(c)), family_tolerance) << name;
    EXPECT_LE(family_distance(plain_family(c), run_family_gradient(c)), family_tolerance) << name;
  }
}

TEST(FamilyKernel, DeclaresRowsWithoutPositives) {
  NamedSetting named = family_setting("supervised-out");
  const auto with = [&](S::EmptySet rule) {
    named.setting.without_positives = rule;
    FamilyCase c = make_family_case(named, 9, 4, 2);
    c.single_view = true;  // row 4's label is its own
    return c;
  };
  const FamilyOutput zero = run_family(with(S::EmptySet::zero));
  const FamilyOutput skipped = run_family(with(S::EmptySet::skipped));
  const FamilyOutput nan = run_family(with(S::EmptySet::nan));
  EXPECT_EQ(zero.row_loss[4], 0.0f);
  EXPECT_EQ(zero.row_loss, skipped.row_loss);
  EXPECT_GT(skipped.loss, zero.loss);
  EXPECT_TRUE(std::isnan(nan.row_loss[4]) && std::isnan(nan.loss));
  EXPECT_TRUE(std::isnan(run_family_gradient(with(S::EmptySet::nan)).a[4 * 4]));
  EXPECT_THROW(run_family(with(S::EmptySet::error)), std::invalid_argument);
  EXPECT_THROW(run_family_gradient(with(S::EmptySet::error)), std::invalid_argument);
}

TEST(FamilyKernel, LeavesASilentRowSilentHoweverLargeItsLogits) {
  FamilyCase c = make_family_case(family_setting("supervised-in"), 9, 4, 2);
  c.single_view = true;
  c.named.parameter = 0x1p-10;
  for (std::size_t k = 0; k < 4; ++k) c.a[4 * 4 + k] = 40.0f;  // exp of its logits overflows
  EXPECT_EQ(run_family(c).row_loss[4], 0.0f);
  for (const float g : run_family_gradient(c).a) EXPECT_TRUE(std::isfinite(g));
}

TEST(FamilyKernel, HasNoLossWithoutNegatives) {
  for (const NamedSetting& named : family_settings()) {
    const S& s = named.setting;
    if (s.positives != S::Positives::other_view || s.denominator == S::Denominator::negatives)
      continue;
    const FamilyCase c = make_family_case(named, 1, 5, 1);
    EXPECT_EQ(run_family(c).loss, 0.0f) << named.name;
    const FamilyGradient g = run_family_gradient(c);
    for (const float x : g.a) EXPECT_EQ(x, 0.0f) << named.name;
    EXPECT_EQ(g.parameter, 0.0f) << named.name;
  }
  for (const char* name : {"supervised-out", "supervised-in", "supervised-pairs"}) {
    FamilyCase c = make_family_case(family_setting(name), 6, 5, 1);
    c.labels.assign(6, -1);  // one class
    EXPECT_LE(family_distance(plain_family(c), run_family(c)), family_tolerance) << name;
    EXPECT_LE(family_distance(plain_family(c), run_family_gradient(c)), family_tolerance) << name;
  }
}

TEST(FamilyKernel, IsNotFiniteWhereALogitIsNot) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const NamedSetting& named : family_settings())
    for (const float bad : {infinity, std::numeric_limits<float>::quiet_NaN()}) {
      FamilyCase c = make_family_case(named, 6, 1, 3);
      std::fill(c.a.begin(), c.a.end(), 1.0f);
      std::fill(c.b.begin(), c.b.end(), 1.0f);
      c.a[2] = bad;
      const FamilyOutput out = run_family(c);
      EXPECT_FALSE(std::isfinite(out.loss)) << named.name;
      EXPECT_FALSE(std::isfinite(run_family_gradient(c).parameter)) << named.name;
    }
}

TEST(FamilyKernel, KeepsTinyLossesRelativelyAccurate) {
  // Two positives at logit 40 and one negative at 0.
  for (const char* name : {"supervised-in", "supervised-pairs"}) {
    FamilyCase c = make_family_case(family_setting(name), 2, 1, 1);
    c.named.parameter = 1;
    c.named.setting.directions = S::Directions::one;
    c.named.setting.positives = S::Positives::mask;
    c.n = 3;
    c.d = c.stride = 1;
    c.a = {1, 1, 1};
    c.b = {40, 40, 0};
    c.mask.assign(18, 0);
    for (std::size_t i = 0; i < 3; ++i) c.mask[i * 6] = c.mask[i * 6 + 1] = 1;
    const bool inside = c.named.setting.within == S::WithinAnchor::sum_inside;
    const double exact = std::log1p(std::exp(-40.0) / (inside ? 2 : 1));
    EXPECT_LE(std::fabs(run_family(c).row_loss[0] - exact), 0x1p-21 * exact) << name;
  }
}

TEST(FamilyKernel, DividesByEpsWhatIsShorter) {
  FamilyCase c = make_family_case(family_setting("normalised"), 5, 3, 4);
  c.named.setting.normalisation_eps = 0.5;
  for (std::size_t k = 0; k < 3; ++k) c.a[3 + k] = 0.0f, c.b[6 + k] *= 0x1p-6f;
  EXPECT_LE(family_distance(plain_family(c), run_family(c)), family_tolerance);
  EXPECT_LE(family_distance(plain_family(c), run_family_gradient(c)), family_tolerance);
}

TEST(FamilyKernel, RefusesWhatMakesNoSense) {
  const FamilyCase c = make_family_case(family_setting("supervised-out"), 6, 3, 1);
  const auto refused = [&](const char* what, auto change) {
    FamilyOutput out;
    FamilyArguments q = forward_arguments(c, out);
    change(q);
    try {
      info_nce_family_forward_emulated(q, "greedy");
      ADD_FAILURE() << "accepted: " << what;
    } catch (const std::invalid_argument& e) {
      EXPECT_NE(std::string(e.what()).find(what), std::string::npos) << e.what();
    }
  };
  refused("weights of the positive", [](FamilyArguments& q) {
    q.setting.positive_weight = S::PositiveWeight::von_mises_fisher_detached;
  });
  refused("temperature / base",
          [](FamilyArguments& q) { q.setting.outer = S::OuterFactor::temperature_over_base; });
  refused("one denominator", [](FamilyArguments& q) {
    q.setting.within = S::WithinAnchor::sum_inside;
    q.setting.denominator = S::Denominator::positive_and_negatives;
  });
  refused("without positives",
          [](FamilyArguments& q) { q.setting.without_positives = S::EmptySet::as_formula; });
  refused("not positive", [](FamilyArguments& q) { q.parameter = 0; });
  refused("not finite", [](FamilyArguments& q) { q.parameter = NAN; });
  refused("no binary32 number", [](FamilyArguments& q) {
    q.setting.temperature_as = S::TemperatureAs::log_scale;
    q.parameter = 600;
  });
  refused("at least 1", [](FamilyArguments& q) { q.d = 0; });
  refused("2^24", [](FamilyArguments& q) { q.n = (std::int64_t{1} << 23) + 1; });
  refused("stride", [](FamilyArguments& q) { q.b_stride = 2; });
  refused("labels", [](FamilyArguments& q) { q.a_labels = nullptr; });
  refused("b is null", [](FamilyArguments& q) {
    q.b = nullptr;
    q.setting.directions = S::Directions::one;
  });
  refused("stride of the mask", [](FamilyArguments& q) {
    q.setting.positives = S::Positives::mask;
    q.mask_stride = 11;
  });
  refused("output", [](FamilyArguments& q) { q.loss = nullptr; });
  refused("row 0 has no negative", [](FamilyArguments& q) {
    q.setting.positives = S::Positives::other_view;
    q.setting.denominator = S::Denominator::negatives;
    q.n = 1;
  });
  FamilyCase lonely = c;
  lonely.named.setting.without_positives = S::EmptySet::skipped;
  lonely.single_view = true;
  for (std::size_t i = 0; i < 6; ++i) lonely.labels[i] = static_cast<std::int64_t>(i);
  EXPECT_THROW(run_family(lonely), std::invalid_argument) << "a mean over no row";
  lonely.named.setting.over = S::OverAnchors::sum;
  EXPECT_EQ(run_family(lonely).loss, 0.0f);
  EXPECT_THROW(run_family(c, "sideways"), std::invalid_argument);
}

TEST(FamilyCudaBackend, AgreesWithTheEmulatorBitForBit) {
  const std::string reason = cuda_unavailable_reason();
  for (const NamedSetting& named : family_settings()) {
    const FamilyCase c = make_family_case(named, 37, 35, 2, 3);
    FamilyOutput out;
    FamilyGradient gradient;
    if (!reason.empty()) {
      EXPECT_THROW(info_nce_family_forward_cuda(forward_arguments(c, out)), std::runtime_error);
      GTEST_SKIP() << reason;
    }
    info_nce_family_forward_cuda(forward_arguments(c, out));
    info_nce_family_backward_cuda(backward_arguments(c, gradient));
    EXPECT_EQ(out, run_family(c)) << named.name;
    EXPECT_EQ(gradient, run_family_gradient(c)) << named.name;
  }
}

}  // namespace
}  // namespace assay::kernels::testing
