// SPDX-License-Identifier: Apache-2.0
// The family's kernels against the reference, for every setting with instances and every library's
// preset that the kernels take: the two rooms mean the same by a setting.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels/loss/info_nce_family.hpp"
#include "properties/contract/builtin.hpp"
#include "properties/contract/loss/info_nce_family_builtin.hpp"
#include "properties/contract/loss/info_nce_settings.hpp"
#include "reference/loss/info_nce_presets.hpp"

namespace assay::contract {
namespace {

constexpr std::int64_t n = 6, d = 5;
constexpr int bits = 128;
constexpr double tolerance = 0x1p-18;  // the budgets' tests are elsewhere

struct Member {
  std::string name;
  reference::InfoNceSetting setting;
};

/// What the kernels can be asked for.
bool is_offered(const reference::InfoNceSetting& s) {
  return s.positive_weight == reference::PositiveWeight::one &&
         s.outer == reference::OuterFactor::constant &&
         s.similarity == reference::Similarity::dot && s.clamp == reference::Clamp::none &&
         s.normalisation != reference::Normalisation::product_maximum;
}

std::vector<Member> members() {
  std::vector<Member> all;
  for (const NamedInfoNceSetting& s : info_nce_settings()) all.push_back({s.name, s.setting});
  for (const reference::InfoNcePreset& p : reference::info_nce_presets())
    if (is_offered(p.setting)) all.push_back({p.name, p.setting});
  return all;
}

class EveryMember : public ::testing::TestWithParam<Member> {
 protected:
  EveryMember() {
    std::mt19937_64 random(7);
    const auto uniform = [&] {
      return static_cast<float>(static_cast<std::int64_t>(random() >> 40)) * 0x1p-23f - 1.0f;
    };
    for (std::int64_t i = 0; i < n * d; ++i) {
      a.push_back(uniform());
      b.push_back(uniform());
    }
    for (std::int64_t i = 0; i < 2 * n; ++i) per_row.push_back(uniform());
    const reference::InfoNceSetting& s = GetParam().setting;
    const bool joint = s.directions == reference::Directions::joint_block;
    const std::int64_t keys = joint ? 2 * n : n;
    labels = {std::int64_t{1} << 40, 3, 3, -8, 3, std::int64_t{1} << 32};
    for (std::int64_t i = 0; i < keys * keys; ++i)
      mask.push_back(i / keys != 2 && random() % 3 == 0 ? 1 : 0);
    switch (s.temperature_as) {
      case reference::TemperatureAs::temperature: parameter = 0.5; break;
      case reference::TemperatureAs::scale: parameter = 3; break;
      case reference::TemperatureAs::log_scale: parameter = 1.25; break;
    }
    fill_kernel(keys);
    fill_reference(keys);
  }

  void fill_kernel(std::int64_t keys) {
    inputs.setting = kernel_setting(GetParam().setting);
    inputs.a = a.data();
    inputs.b = b.data();
    inputs.n = n;
    inputs.d = inputs.a_stride = inputs.b_stride = d;
    inputs.parameter = parameter;
    inputs.a_labels = labels.data();
    inputs.mask = mask.data();
    inputs.mask_stride = keys;
  }
  void fill_reference(std::int64_t keys) {
    exact_a.assign(a.begin(), a.end());
    exact_b.assign(b.begin(), b.end());
    exact_rows.assign(per_row.begin(), per_row.end());
    problem.a = exact_a.data();
    problem.b = exact_b.data();
    problem.n = n;
    problem.d = problem.a_stride = problem.b_stride = d;
    problem.parameter = parameter;
    problem.a_labels = labels.data();
    problem.mask = mask.data();
    problem.mask_stride = keys;
  }

  static void expect_near(float got, const Ends& truth, double size) {
    EXPECT_LE(std::fabs(got - truth.lo), tolerance * std::fmax(size, 1.0)) << truth.lo;
  }

  std::vector<float> a, b, per_row;
  std::vector<double> exact_a, exact_b, exact_rows;
  std::vector<std::int64_t> labels;
  std::vector<std::uint8_t> mask;
  double parameter = 1;
  kernels::FamilyInputs inputs;
  reference::InfoNceFamilyProblem problem;
};

TEST_P(EveryMember, MeansTheSameToKernelAndReference) {
  const auto truth = reference::enclose_info_nce_family(GetParam().setting, problem,
                                                        reference::engines().front(), bits);
  std::vector<float> row_loss(static_cast<std::size_t>(inputs.rows()));
  float loss = 0;
  kernels::FamilyArguments q;
  static_cast<kernels::FamilyInputs&>(q) = inputs;
  q.row_loss = row_loss.data();
  q.loss = &loss;
  kernels::info_nce_family_forward_emulated(q, "greedy");
  ASSERT_EQ(truth.row_loss.size(), row_loss.size());
  for (std::size_t i = 0; i < row_loss.size(); ++i)
    expect_near(row_loss[i], truth.row_loss[i], truth.row_loss[i].hi);
  expect_near(loss, truth.loss, truth.loss.hi);
}

TEST_P(EveryMember, HasTheSameGradientInKernelAndReference) {
  constexpr double upstream_of_mean = 0.625;
  const auto truth = reference::enclose_info_nce_family_gradients(
      GetParam().setting, problem, {exact_rows.data(), 1, upstream_of_mean},
      reference::engines().front(), bits);
  std::vector<float> grad_a(static_cast<std::size_t>(n * d)), grad_b = grad_a;
  float grad_parameter = 0;
  kernels::FamilyBackwardArguments q;
  static_cast<kernels::FamilyInputs&>(q) = inputs;
  q.grad_row_loss = per_row.data();
  q.grad_loss = upstream_of_mean;
  q.grad_a = grad_a.data();
  q.grad_b = grad_b.data();
  q.grad_parameter = &grad_parameter;
  kernels::info_nce_family_backward_emulated(q, "greedy");
  double size = 0;
  for (const Ends& e : truth.a) size = std::fmax(size, std::fabs(e.hi));
  for (const Ends& e : truth.b) size = std::fmax(size, std::fabs(e.hi));
  for (std::size_t i = 0; i < grad_a.size(); ++i) {
    expect_near(grad_a[i], truth.a[i], size);
    expect_near(grad_b[i], truth.b[i], size);
  }
  expect_near(grad_parameter, truth.temperature, std::fabs(truth.temperature.hi));
}

TEST(KernelSettings, WhatTheKernelsDoNotKnowIsRefused) {
  reference::InfoNceSetting distance, clamped, product, weighted;
  distance.similarity = reference::Similarity::negative_euclidean;
  clamped.clamp = reference::Clamp::scale;
  product.normalisation = reference::Normalisation::product_maximum;
  weighted.positive_weight = reference::PositiveWeight::von_mises_fisher;
  for (const reference::InfoNceSetting& s : {distance, clamped, product, weighted})
    EXPECT_THROW(kernel_setting(s), Unsupported);
}

INSTANTIATE_TEST_SUITE_P(Family, EveryMember, ::testing::ValuesIn(members()), [](const auto& p) {
  std::string name;
  for (const char c : p.param.name) name += c == '-' ? '_' : c;
  return name;
});

TEST(FamilyFaults, AreAskedOfTheKernelsCatalogue) {
  Contract instance;
  instance.fields = {{"setting", "supervised-in"}};
  EXPECT_TRUE(is_of_family(instance));
  EXPECT_TRUE(family_fault_exists_on(kernels::Planted::outside_for_inside, instance));
  EXPECT_FALSE(family_fault_exists_on(kernels::Planted::mean_for_sum, instance));
  EXPECT_FALSE(family_fault_exists_on(kernels::Planted::half_gradient, instance));
  instance.operation = Operation::backward;
  EXPECT_TRUE(family_fault_exists_on(kernels::Planted::half_gradient, instance));
  instance.fields.clear();
  EXPECT_FALSE(is_of_family(instance));
}

}  // namespace
}  // namespace assay::contract
