// SPDX-License-Identifier: Apache-2.0
// One small run of every sampling kernel under two schedules: what ThreadSanitizer looks at.
#include <gtest/gtest.h>

#include "kernels/sampling/augmentation.hpp"
#include "tests/kernels/sampling/sampling_case.hpp"

namespace assay::kernels::sampling::testing {
namespace {

TEST(SamplingRaces, NoKernelDependsOnItsSchedule) {
  for (int m = 0; m < method_count; ++m) {
    Case c = random_case(2, 530, Tilt::exponential, 3);  // three tiles, the last one short
    exclude_some(c);
    c.request.method = static_cast<Method>(m);
    c.request.k = 3;
    c.request.bits = 32;
    EXPECT_EQ(emulated(c.view(), "fair"), emulated(c.view(), "greedy-random:7"))
        << name_of(c.request.method);
  }
}

TEST(SamplingRaces, NorDoesTheAugmentation) {
  const std::vector<float> x(30, 1.0f);
  Augmentation q;
  q.rows = 2;
  q.dimension = 15;
  q.x = x.data();
  q.variance = 1;
  q.random_signs = true;
  std::vector<float> fair(60), random(60);
  augment_emulated(q, fair.data(), "fair");
  augment_emulated(q, random.data(), "greedy-random:7");
  EXPECT_EQ(fair, random);
}

}  // namespace
}  // namespace assay::kernels::sampling::testing
