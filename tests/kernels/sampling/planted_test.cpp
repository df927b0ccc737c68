// SPDX-License-Identifier: Apache-2.0
// Every planted fault changes what its methods draw, `none` changes nothing.
#include <gtest/gtest.h>

#include "tests/kernels/sampling/sampling_case.hpp"

namespace assay::kernels::sampling::testing {
namespace {

/// A request on which every fault of the method shows.
Case telling_case(Method method) {
  const std::int64_t rows = method == Method::rejection ? 60 : 6;
  Case c = random_case(rows, 40, Tilt::exponential, 2, 6);
  for (std::int64_t row = 0; row < rows; ++row) {
    c.self.push_back(row % 6);
    c.positive.push_back(row % 6 + 6);
    c.row_labels.push_back(static_cast<std::int32_t>(row % 2));
    const auto first = static_cast<std::size_t>(row * 40);
    c.scores[first + static_cast<std::size_t>(row % 6)] = 1;
    c.scores[first + static_cast<std::size_t>(row % 6) + 6] = 1;
    c.scores[first + 20] = -HUGE_VALF;
  }
  for (std::int64_t j = 0; j < 40; ++j) {
    c.column_labels.push_back(static_cast<std::int32_t>(j < 12 ? 7 : j < 26 ? j % 2 : 2 + j / 16));
    if (method == Method::anchor_positive && j == 5) c.column_labels.back() = 99;
  }
  c.request.method = method;
  c.request.joint = JointTilt::sum_plus_one;
  c.request.population.beta = 2;
  c.request.population.inv_tau = 1.5f;
  c.request.k = method == Method::rejection ? 2 : method == Method::uniform_distinct ? 20 : 12;
  if (method == Method::inverse_cdf || method == Method::uniform) c.request.k = 60;
  if (method == Method::alias) c.request.k = 60;
  if (method == Method::gumbel_max || method == Method::exponential_race) c.request.k = 30;
  c.request.bits = 32;
  c.request.words = {99, 3, 0, nullptr, 0};
  return c;
}

TEST(PlantedSampling, EveryFaultChangesEveryMethodItBreaks) {
  int pairs = 0;
  for (int m = 0; m < method_count; ++m) {
    const auto method = static_cast<Method>(m);
    Case c = telling_case(method);
    const std::vector<std::int64_t> sound = emulated(c.view());
    EXPECT_EQ(planted(c.view(), Fault::none), sound) << name_of(method);
    EXPECT_EQ(on_cpu(c.view()), sound) << name_of(method);
    EXPECT_EQ(planted_on_cpu(c.view(), Fault::none), sound) << name_of(method);
    int next = m;
    for (const FaultEntry& e : fault_catalogue) {
      // That a fault of another method changes nothing is tried on every fourth.
      if (!e.breaks(name_of(method)) && ++next % 4 != 0) continue;
      Case changed = telling_case(method);
      if (e.fault == Fault::gumbel_of_zero) changed.request.bits = 4;
      const bool at_ends =
          e.fault == Fault::search_not_strict || e.fault == Fault::open_closed_swapped;
      if (at_ends && method == Method::inverse_cdf)
        for (int i = 0; i < 6 * 60; ++i) changed.words.push_back(i % 2 == 0 ? 0 : ~0u);
      if (e.fault == Fault::float_cumulative_sum) {  // a sum of 1 no longer grows by 2^-26
        for (std::size_t i = 0; i < changed.scores.size(); ++i)
          changed.scores[i] = i % 40 == 0 ? 0.0f : -6.0f;
        changed.self.assign(6, -1), changed.positive.assign(6, -1),
            changed.row_labels.assign(6, 1000);
        changed.words.assign(6 * 60, 0xfffffc00u);
        if (method != Method::inverse_cdf) continue;
      }
      if (e.fault == Fault::exponent_saturates)
        for (float& x : changed.scores) x += 100;
      const bool same = changed.words.empty() && e.fault != Fault::exponent_saturates &&
                        changed.request.bits == c.request.bits;
      const std::vector<std::int64_t> right = same ? sound : emulated(changed.view());
      const std::vector<std::int64_t> wrong = planted(changed.view(), e.fault);
      EXPECT_EQ(planted_on_cpu(changed.view(), e.fault), wrong) << e.name << name_of(method);
      EXPECT_EQ(wrong != right, e.breaks(name_of(method))) << e.name << " in " << name_of(method);
      pairs += e.breaks(name_of(method)) ? 1 : 0;
    }
  }
  EXPECT_GT(pairs, 60);
}

TEST(PlantedSampling, EveryNameIsFoundAndEveryFaultBreaksAMethod) {
  EXPECT_FALSE(fault_named("none"));
  for (const FaultEntry& e : fault_catalogue) {
    EXPECT_EQ(fault_named(e.name), e.fault);
    bool breaks = e.breaks("augmentation");
    for (int m = 0; m < method_count; ++m)
      breaks = breaks || e.breaks(name_of(static_cast<Method>(m)));
    EXPECT_TRUE(breaks) << e.name;
  }
}

}  // namespace
}  // namespace assay::kernels::sampling::testing
