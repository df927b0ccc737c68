// SPDX-License-Identifier: Apache-2.0
// The logit part of the InfoNCE budgets on its own: rounded logits, then the exact function.
#include "properties/contract/loss/info_nce_logits.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <random>

#include "info_nce_fixtures.hpp"
#include "properties/contract/loss/info_nce_budget.hpp"

namespace assay::testing {
namespace {

using namespace assay::contract;

/// Row 0 of two pairs in one direction, d = 1: the positive logit is 0, the negative one x*y/T.
struct TwoLogits {
  float x, y;
  double temperature;

  engine::Case make() const { return case_of(2, 1, {x, 1}, {0, y}, temperature, false); }
  /// Row loss and log-sum-exp for a negative logit of v, in long double.
  static long double loss(long double v) { return std::log1p(std::exp(v)); }
  long double exact() const {
    return static_cast<long double>(static_cast<double>(x) * y) / temperature;
  }
  /// |loss(held) - loss(exact)| as a share of the logit part of the budget.
  double share(const InfoNceAlgorithm& algorithm, float held) const {
    const RowBudget row = algorithm.row_budgets(InfoNceInstance::from(make()))[0];
    const long double off = std::fabs(loss(held) - loss(exact()));
    return static_cast<double>(
        std::max(off / row.loss_logits, off / row.lse_logits));  // the positive is 0
  }
};

// What the long double evaluation of a share may add: 2^-60 of logits below 2^7, against a budget
// above 2^-24 of them.
constexpr double noise = 0x1p-30;

TwoLogits draw(std::mt19937_64& random) {
  // Significands near 1, where an error of u is an error of nearly u relatively; logits near 16.
  const auto significand = [&] { return 1 + static_cast<float>(random() % (1u << 19)) * 0x1p-23f; };
  const double temperature = 0.125 * (1 + static_cast<double>(random() % (1u << 30)) * 0x1p-34);
  return {significand(), 2 * significand(), temperature};
}

TEST(InfoNceLogits, EveryRoundingOfTheChainIsCoveredAndNeeded) {
  std::mt19937_64 random(1);
  double largest = 0;
  for (int i = 0; i < 4000; ++i) {
    const TwoLogits q = draw(random);
    const auto inverse = static_cast<float>(1.0 / q.temperature);
    const float held = std::fma(q.x, q.y, 0.0f) * inverse;
    const double share = q.share(tiled_online_log1p(), held);
    ASSERT_LE(share, 1 + noise);
    largest = std::max(largest, share);
  }
  std::printf("logits of tiled-online-log1p: largest share %.3f\n", largest);
  // Three roundings of equal size: the product, the reciprocal, the scaling. Two thirds are not
  // enough without any one of them.
  EXPECT_GT(largest, 0.75);
}

TEST(InfoNceLogits, EveryRoundingOfAStrangerIsCoveredAndNeeded) {
  std::mt19937_64 random(2);
  double largest = 0;
  for (int i = 0; i < 4000; ++i) {
    const TwoLogits q = draw(random);
    const auto tau = static_cast<float>(q.temperature);
    for (const float held : {q.x * q.y / tau, q.x * q.y * (1 / tau), q.x / tau * q.y,
                             q.x * (1 / tau) * q.y, q.x * (q.y / tau)}) {
      const double share = q.share(any_order(), held);
      ASSERT_LE(share, 1 + noise);
      largest = std::max(largest, share);
    }
  }
  std::printf("logits of any-order: largest share %.3f\n", largest);
  EXPECT_GT(largest, 0.75);
}

TEST(InfoNceLogits, UnderflowIsCoveredWhereTheTemperatureMagnifiesIt) {
  // Products among the subnormal numbers, brought back by a tiny temperature.
  std::mt19937_64 random(3);
  double largest = 0, flushed = 0;
  for (int i = 0; i < 500; ++i) {
    TwoLogits q = draw(random);
    q.x *= 0x1p-70f;
    q.y *= 0x1p-78f;
    q.temperature = 0x1p-126;
    const float held = std::fma(q.x, q.y, 0.0f) * static_cast<float>(1.0 / q.temperature);
    const double share = q.share(tiled_online_log1p(), held);
    ASSERT_LE(share, 1 + noise);
    largest = std::max(largest, share);

    // A stranger's product may be flushed to zero.
    q.y *= 0x1.cp20f;
    q.temperature = 0x1p-120;
    ASSERT_LT(std::fabs(q.x * q.y), 0x1p-126f);
    const double flushed_share = q.share(any_order(), 0.0f);
    ASSERT_LE(flushed_share, 1 + noise);
    flushed = std::max(flushed, flushed_share);
  }
  std::printf("underflow: largest share %.3f gradual, %.3f flushed\n", largest, flushed);
  EXPECT_GT(largest, 0.25);
  EXPECT_GT(flushed, 0.125);  // two results counted for each of the two logits, one is flushed
}

TEST(InfoNceLogits, DotProductsAndTheirWeightsAreThoseOfTheDefinition) {
  const engine::Case c = make_case({"raw", 19, 7, 1, 5, true});
  const InfoNceInstance instance = InfoNceInstance::from(c);
  for (const DotWeight kind : {DotWeight::partial_sums, DotWeight::products}) {
    std::vector<double> centre, weight, squares;
    InfoNceDots(instance, kind).compute(3, 20, centre, weight, squares);
    for (std::int64_t r = 0; r < 20; ++r)
      for (std::int64_t j = 0; j < instance.keys(); ++j) {
        const double* x = instance.vector(3 + r);
        const double* y = instance.vector(instance.key_vector(j));
        double sum = 0, expected = 0, rounding = 0;
        float chain = 0;
        for (std::int64_t k = 0; k < instance.d; ++k) {
          sum += x[k] * y[k];
          expected += kind == DotWeight::products ? std::fabs(x[k] * y[k]) : power_below(sum);
          const float next = std::fma(static_cast<float>(x[k]), static_cast<float>(y[k]), chain);
          rounding += std::fabs(next - (chain + x[k] * y[k]));
          chain = next;
        }
        const auto at = static_cast<std::size_t>(r * instance.keys() + j);
        EXPECT_EQ(centre[at], sum);
        EXPECT_GE(weight[at], expected);
        // A guard may carry a partial sum over a power of two, where its weight doubles.
        EXPECT_LE(weight[at], 2 * expected + 0x1p-20);
        const double u = rounding_of(Dtype::f32).roundoff;
        const double each = kind == DotWeight::products ? Gamma(instance.d, u).up() : u;
        EXPECT_LE(rounding, weight[at] * each);
      }
  }
}

TEST(InfoNceLogits, APartialSumHeldAboveAPowerOfTwoIsCovered) {
  // The exact partial sums stay below 1, the held one stays at 1, where roundings may be twice as
  // large: -1.9, -1.9, +3.8 units of 2^-26 are all rounded away.
  std::vector<float> x = {1, -0x1p-26f};
  for (int cycle = 0; cycle < 10; ++cycle)
    for (const float units : {-1.9f, -1.9f, 3.8f}) x.push_back(units * 0x1p-26f);
  const auto d = static_cast<std::int64_t>(x.size());
  const engine::Case c = case_of(1, d, x, std::vector<float>(x.size(), 1), 1, false);
  const InfoNceInstance instance = InfoNceInstance::from(c);
  double roundings = 0, exact = 0, unguarded = 0;
  float held = 0;
  for (const float term : x) {
    const float next = held + term;
    roundings += std::fabs(next - (static_cast<double>(held) + term));
    held = next;
    exact += term;
    unguarded += power_below(exact);
  }
  std::vector<double> centre, weight, squares;
  InfoNceDots(instance, DotWeight::partial_sums).compute(0, 1, centre, weight, squares);
  const double u = rounding_of(Dtype::f32).roundoff;
  EXPECT_EQ(held, 1);
  EXPECT_LE(roundings, u * weight[0]);
  EXPECT_GT(roundings, u * unguarded);
}

}  // namespace
}  // namespace assay::testing
