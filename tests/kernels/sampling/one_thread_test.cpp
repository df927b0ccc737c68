// SPDX-License-Identifier: Apache-2.0
// Methods of one thread per trial: one core draws what the emulated kernels draw.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/sampling/sampling.hpp"

namespace assay::kernels::sampling {
namespace {

// The same draws from Philox and from given words.
void expect_same(Request r, std::int64_t count) {
  std::vector<std::int64_t> cpu(static_cast<std::size_t>(count)), emulated(cpu);
  r.words.seed = 99;
  r.words.call = 5;
  r.words.first_row = 3;
  sample_cpu(r, cpu.data());
  sample_emulated(r, emulated.data());
  EXPECT_EQ(cpu, emulated);
  std::vector<std::uint32_t> words(
      static_cast<std::size_t>(r.population.rows * trials_per_row(r) * words_per_trial(r)));
  for (std::size_t i = 0; i < words.size(); ++i)
    words[i] = static_cast<std::uint32_t>(i) * 2654435761u;
  r.words.given = words.data();
  r.words.given_count = static_cast<std::int64_t>(words.size());
  sample_cpu(r, cpu.data());
  sample_emulated(r, emulated.data());
  EXPECT_EQ(cpu, emulated);
}

TEST(OneThread, AnchorsWithPositivesAreTheEmulatedOnes) {
  const std::vector<std::int32_t> labels = {3, 1, 3, 2, 1, 3, 7, 2};
  Request r;
  r.method = Method::anchor_positive;
  r.population.rows = 3;
  r.population.columns = 8;
  r.population.column_labels = labels.data();
  r.k = 200;
  expect_same(r, 1200);
}

TEST(OneThread, RejectionsAreTheEmulatedOnes) {
  std::vector<float> points;
  for (int i = 0; i < 3 * 9; ++i) points.push_back(static_cast<float>(i * 37 % 23 - 11) / 16);
  const std::vector<std::int32_t> labels = {0, 1, 0, 2, 1, 2, 0, 1, 2};
  const std::vector<std::int64_t> self = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  for (const JointTilt joint : {JointTilt::max_plus_one, JointTilt::sum_plus_one})
    for (const bool labelled : {false, true}) {
      Request r;
      r.method = Method::rejection;
      r.joint = joint;
      r.k = 3;
      r.proposals = 4;
      Population& p = r.population;
      p.rows = p.columns = 9;
      p.dimension = 3;
      p.x = p.y = points.data();
      p.inv_tau = 1.5F;
      p.self = self.data();
      p.row_labels = p.column_labels = labelled ? labels.data() : nullptr;
      expect_same(r, 27);
    }
}

TEST(OneThread, RowsWithoutALawAreRefused) {
  std::vector<float> scores = {0.5F, -2, std::numeric_limits<float>::quiet_NaN(), 1, -3, -2,
                               -4,   -9};
  Request r;
  r.method = Method::rejection;
  r.population.rows = 1;
  r.population.columns = 4;
  r.population.scores = scores.data();
  r.population.score_stride = 4;
  std::int64_t out = 0;
  EXPECT_THROW(sample_cpu(r, &out), RowError);  // NaN
  r.population.scores = scores.data() + 4;
  EXPECT_THROW(sample_cpu(r, &out), RowError);  // eta is 0 everywhere
}

}  // namespace
}  // namespace assay::kernels::sampling
