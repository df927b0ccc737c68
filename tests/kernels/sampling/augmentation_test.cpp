// SPDX-License-Identifier: Apache-2.0
// The Gaussian augmentation against the ideal map on the same bits, within its stated bound.
#include "kernels/sampling/augmentation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "kernels/loss/info_nce.hpp"
#include "reference/sampler/gaussian.hpp"

namespace assay::kernels::sampling {
namespace {

struct Noise {
  Augmentation q;
  std::vector<float> x;
  std::vector<std::uint32_t> words;

  Noise(std::int64_t rows, std::int64_t dimension, float variance, bool signs, unsigned seed) {
    std::mt19937 generator(seed);
    q.rows = rows;
    q.dimension = dimension;
    q.variance = variance;
    q.random_signs = signs;
    for (std::int64_t i = 0; i < rows * dimension; ++i)
      x.push_back(
          std::ldexp(static_cast<float>(generator() % 4096) - 2048, i % 7 == 0 ? -40 : -11));
    for (std::int64_t i = 0; i < rows * q.views * words_per_view(q); ++i)
      words.push_back(static_cast<std::uint32_t>(generator()));
    // Numbers at their ends: u next to 0 and to 1, v = 0 and next to 1.
    for (std::size_t i = 0; i < 4; ++i) words[i] = 0, words[words.size() - 1 - i] = ~0u;
  }
  const Augmentation& view() {
    q.x = x.data();
    q.words.given = words.data();
    q.words.given_count = static_cast<std::int64_t>(words.size());
    return q;
  }
};

std::vector<float> augmented_by(const Augmentation& q, Fault fault = Fault::none) {
  std::vector<float> out(static_cast<std::size_t>(q.rows * q.views * q.dimension), 77);
  fault == Fault::none ? augment_emulated(q, out.data()) : augment_planted(q, fault, out.data());
  return out;
}

/// Outputs outside the stated bound.
int violations(Noise& n, Fault fault = Fault::none) {
  const Augmentation& q = n.view();
  const std::vector<float> out = augmented_by(q, fault);
  const std::int64_t per = words_per_view(q);
  int count = 0;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(out.size()); ++i) {
    const std::int64_t a = i % q.dimension, view = i / q.dimension;
    const std::uint32_t* const w = n.words.data() + view * per;
    const auto number = [&](std::int64_t first) {
      return std::uint64_t{w[first]} << 32 | w[first + 1];
    };
    const std::int64_t pair = a / 2;
    const reference::GaussianCoordinate ideal{
        n.x[static_cast<std::size_t>(view / q.views * q.dimension + a)],
        q.variance,
        number(4 * pair) >> 12,
        number(4 * pair + 2) >> 11,
        a % 2 != 0,
        q.random_signs && w[per - 1] >> 31 != 0};
    const Ends y = reference::augmented(ideal).ends();
    const double most = std::max(std::abs(y.lo), std::abs(y.hi)) * 0x1p-24 +
                        std::sqrt(static_cast<double>(q.variance)) * 0x1p-45 + 0x1p-149;
    const double value = out[static_cast<std::size_t>(i)];
    count += value < y.lo - most || value > y.hi + most;
  }
  return count;
}

TEST(Augmentation, StaysWithinItsBoundOnTheSameBits) {
  unsigned seed = 1;
  for (const float variance : {0.01f, 0.05f, 4.0f, 0.0f})
    for (const bool signs : {false, true})
      for (const std::int64_t dimension : {1, 2, 7, 64}) {
        Noise n(3, dimension, variance, signs, seed++);
        EXPECT_EQ(violations(n), 0) << variance << ' ' << dimension;
      }
}

TEST(Augmentation, PlantedFaultsLeaveTheBound) {
  Noise n(2, 7, 0.01f, true, 9);
  for (const FaultEntry& e : fault_catalogue)
    EXPECT_EQ(violations(n, e.fault) > 0,
              e.breaks("augmentation") && e.fault != Fault::counter_repeats_per_call)
        << e.name;
  n.view();
  for (const FaultEntry& e : fault_catalogue) {
    std::vector<float> on_core(static_cast<std::size_t>(n.q.rows * n.q.views * n.q.dimension));
    augment_planted_cpu(n.q, e.fault, on_core.data());
    const std::vector<float> emulated = augmented_by(n.q, e.fault);
    EXPECT_EQ(std::memcmp(on_core.data(), emulated.data(), on_core.size() * 4), 0) << e.name;
  }
  n.q.words.given = nullptr;
  n.q.words.call = 3;
  EXPECT_NE(augmented_by(n.q), augmented_by(n.q, Fault::counter_repeats_per_call));
}

TEST(Augmentation, OneCoreGivesTheSameNumbers) {
  for (const bool given : {true, false}) {
    Noise n(5, 33, 0.05f, true, 2);
    n.view();
    if (!given) n.q.words.given = nullptr;
    std::vector<float> on_core(static_cast<std::size_t>(5 * 2 * 33));
    augment_cpu(n.q, on_core.data());
    EXPECT_EQ(on_core, augmented_by(n.q));
  }
}

TEST(Augmentation, ViewsRowsAndCallsAreDifferent) {
  Noise n(2, 8, 1.0f, false, 4);
  n.x.assign(n.x.size(), 0.0f);
  n.view();
  n.q.words.given = nullptr;
  n.q.words.seed = 5;
  std::vector<float> all = augmented_by(n.q);
  n.q.words.call = 1;
  const std::vector<float> next = augmented_by(n.q);
  all.insert(all.end(), next.begin(), next.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::unique(all.begin(), all.end()) - all.begin(), 64);
}

TEST(Augmentation, MomentsAreThoseOfTheNormalLaw) {
  // Deterministic by the seed; bounds of six deviations.
  Noise n(512, 64, 1.0f, false, 2);
  n.x.assign(n.x.size(), 0.0f);
  n.view();
  n.q.words.given = nullptr;
  const std::vector<float> z = augmented_by(n.q);
  const auto count = static_cast<double>(z.size());
  double moment[5] = {};
  for (const double x : z)
    for (int m = 1; m <= 4; ++m) moment[m] += std::pow(x, m) / count;
  EXPECT_NEAR(moment[1], 0, 6 * std::sqrt(1 / count));
  EXPECT_NEAR(moment[2], 1, 6 * std::sqrt(2 / count));
  EXPECT_NEAR(moment[3], 0, 6 * std::sqrt(15 / count));
  EXPECT_NEAR(moment[4], 3, 6 * std::sqrt(96 / count));
}

TEST(Augmentation, RefusesWhatMakesNoSense) {
  const auto refused = [](auto change) {
    Noise n(2, 4, 0.01f, false, 1);
    n.view();
    change(n.q);
    float out[64];
    EXPECT_THROW(augment_emulated(n.q, out), std::invalid_argument);
  };
  refused([](Augmentation& q) { q.variance = -1; });
  refused([](Augmentation& q) { q.variance = HUGE_VALF; });
  refused([](Augmentation& q) { q.dimension = 0; });
  refused([](Augmentation& q) { q.views = 0; });
  refused([](Augmentation& q) { q.x = nullptr; });
  refused([](Augmentation& q) { q.words.given_count = 1; });
  refused([](Augmentation& q) { q.words.call = 1 << 28; });
}

TEST(AugmentationDevice, EqualsTheEmulator) {
  Noise n(40, 33, 0.05f, true, 3);
  std::vector<float> out(40 * 2 * 33);
  const std::string reason = cuda_unavailable_reason();
  if (!reason.empty()) {
    EXPECT_THROW(augment_cuda(n.view(), out.data()), std::runtime_error);
    GTEST_SKIP() << reason;
  }
  augment_cuda(n.view(), out.data());
  EXPECT_EQ(out, augmented_by(n.view()));
}

}  // namespace
}  // namespace assay::kernels::sampling
