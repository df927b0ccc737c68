// SPDX-License-Identifier: Apache-2.0
// The generalized loss: one result on every machine, close to the definition, refusals by name.
#include "kernels/loss/generalized.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/loss/info_nce.hpp"

namespace assay::kernels {
namespace {

using Psi = GeneralizedLoss::Psi;
using Over = GeneralizedLoss::Over;

struct Tuples {
  std::vector<float> points;
  std::vector<std::int64_t> pairs, negatives;
  std::int64_t count, dimension, tuples, k;

  TupleArguments arguments(const GeneralizedLoss& loss, std::vector<float>& out) const {
    out.assign(static_cast<std::size_t>(tuples), -1.0f);
    return {points.data(), count, dimension, pairs.data(), negatives.data(),
            tuples,        k,     loss,      out.data()};
  }
};

Tuples make_tuples(std::int64_t k, std::int64_t dimension = 5, std::int64_t tuples = 23) {
  Tuples t{{}, {}, {}, 11, dimension, tuples, k};
  std::uint32_t state = 12345;
  const auto next = [&] { return state = state * 1664525u + 1013904223u, state >> 8; };
  for (std::int64_t i = 0; i < t.count * dimension; ++i)
    t.points.push_back(static_cast<float>(next() % 2001) / 1000.0f - 1.0f);
  for (std::int64_t i = 0; i < 2 * tuples; ++i) t.pairs.push_back(next() % 11);
  for (std::int64_t i = 0; i < k * tuples; ++i) t.negatives.push_back(next() % 11);
  return t;
}

double product(const Tuples& t, std::int64_t x, std::int64_t y) {
  double s = 0;
  for (std::int64_t a = 0; a < t.dimension; ++a)
    s += static_cast<double>(t.points[static_cast<std::size_t>(x * t.dimension + a)]) *
         static_cast<double>(t.points[static_cast<std::size_t>(y * t.dimension + a)]);
  return s;
}

// The definition, in binary64.
double plain(const Tuples& t, const GeneralizedLoss& loss, std::int64_t tuple) {
  const auto at = [](const std::vector<std::int64_t>& v, std::int64_t i) {
    return v[static_cast<std::size_t>(i)];
  };
  const std::int64_t anchor = at(t.pairs, 2 * tuple), positive = at(t.pairs, 2 * tuple + 1);
  double sum = 0;
  for (std::int64_t i = 0; i < t.k; ++i) {
    const double x =
        static_cast<double>(loss.inv_tau) *
        (product(t, anchor, at(t.negatives, tuple * t.k + i)) - product(t, anchor, positive));
    if (loss.psi == Psi::info_nce) sum += std::exp(x);
    if (loss.psi == Psi::hinge) sum += std::max(x + static_cast<double>(loss.margin), 0.0);
    if (loss.psi == Psi::softplus) sum += std::log1p(std::exp(x));
    if (loss.psi == Psi::linear) sum += x;
  }
  if (loss.over == Over::mean) sum /= static_cast<double>(t.k);
  return loss.psi == Psi::info_nce ? std::log(static_cast<double>(loss.alpha) + sum) : sum;
}

std::vector<GeneralizedLoss> losses() {
  std::vector<GeneralizedLoss> all;
  for (const Psi psi : {Psi::info_nce, Psi::hinge, Psi::softplus, Psi::linear})
    for (const Over over : {Over::sum, Over::mean})
      for (const float inv_tau : {1.0f, 7.5f}) all.push_back({psi, over, 1, 0.25f, inv_tau});
  all.push_back({Psi::info_nce, Over::sum, 0, 0, 2});  // decoupled
  all.push_back({Psi::info_nce, Over::mean, 0.125f, 0, 30});
  return all;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST(GeneralizedLoss, HasTheSameBitsUnderEverySchedule) {
  for (const std::int64_t k : {1, 2, 31, 32, 33, 64, 100}) {
    const Tuples t = make_tuples(k);
    for (const GeneralizedLoss& loss : losses()) {
      std::vector<float> cpu, emulated;
      generalized_loss_cpu(t.arguments(loss, cpu));
      for (const char* schedule : {"greedy", "fair", "greedy-reverse", "greedy-random:7"}) {
        generalized_loss_emulated(t.arguments(loss, emulated), schedule);
        EXPECT_TRUE(same_bits(cpu, emulated)) << "k = " << k << ", " << schedule;
      }
    }
  }
}

TEST(GeneralizedLoss, HasTheSameBitsOnADevice) {
  if (const std::string why = cuda_unavailable_reason(); !why.empty()) GTEST_SKIP() << why;
  for (const std::int64_t k : {1, 33, 64}) {
    const Tuples t = make_tuples(k, 7, 1000);
    for (const GeneralizedLoss& loss : losses()) {
      std::vector<float> cpu, cuda;
      generalized_loss_cpu(t.arguments(loss, cpu));
      generalized_loss_cuda(t.arguments(loss, cuda));
      EXPECT_TRUE(same_bits(cpu, cuda)) << "k = " << k;
    }
  }
}

TEST(GeneralizedLoss, IsCloseToTheDefinition) {
  for (const std::int64_t k : {1, 5, 64}) {
    const Tuples t = make_tuples(k, 3, 200);
    for (const GeneralizedLoss& loss : losses()) {
      std::vector<float> out;
      generalized_loss_cpu(t.arguments(loss, out));
      for (std::int64_t i = 0; i < t.tuples; ++i) {
        const double truth = plain(t, loss, i);
        // Arguments up to inv_tau * 2 * 3 with a few roundings each; a sum adds k of them.
        const double terms =
            loss.over == Over::sum && loss.psi != Psi::info_nce ? static_cast<double>(k) : 1.0;
        const double scale = terms * 60.0 * static_cast<double>(loss.inv_tau) + std::fabs(truth);
        EXPECT_NEAR(static_cast<double>(out[static_cast<std::size_t>(i)]), truth, scale * 0x1p-23);
      }
    }
  }
}

TEST(GeneralizedLoss, AnOverflowOfTheExponentialIsNone) {
  Tuples t = make_tuples(4, 1, 1);
  t.points.assign(11, -1.0f);
  t.points[0] = 1;
  t.pairs = {0, 1};  // u^+ = -200
  t.negatives = {0, 0, 1, 0};
  std::vector<float> out;
  generalized_loss_cpu(t.arguments({Psi::info_nce, Over::sum, 1, 0, 200}, out));
  EXPECT_NEAR(out[0], 400 + std::log(3.0), 0x1p-14);
}

TEST(GeneralizedLoss, ANaNStaysANaN) {
  Tuples t = make_tuples(40);
  t.points[static_cast<std::size_t>(5 * t.dimension + 2)] = std::numeric_limits<float>::quiet_NaN();
  for (const GeneralizedLoss& loss : losses()) {
    std::vector<float> out, emulated;
    generalized_loss_cpu(t.arguments(loss, out));
    generalized_loss_emulated(t.arguments(loss, emulated), "greedy");
    for (std::int64_t i = 0; i < t.tuples; ++i) {
      const auto begin = t.negatives.begin() + i * t.k;
      const bool touched = std::find(begin, begin + t.k, 5) != begin + t.k ||
                           t.pairs[static_cast<std::size_t>(2 * i)] == 5 ||
                           t.pairs[static_cast<std::size_t>(2 * i + 1)] == 5;
      EXPECT_EQ(std::isnan(out[static_cast<std::size_t>(i)]), touched);
      EXPECT_EQ(std::isnan(emulated[static_cast<std::size_t>(i)]), touched);
    }
  }
}

TEST(GeneralizedLoss, RefusesWhatMakesNoSense) {
  const Tuples t = make_tuples(3);
  std::vector<float> out;
  const auto refused = [&](auto change) {
    TupleArguments a = t.arguments({}, out);
    change(a);
    EXPECT_THROW(generalized_loss_cpu(a), std::invalid_argument);
    EXPECT_THROW(generalized_loss_emulated(a, "greedy"), std::invalid_argument);
  };
  std::vector<std::int64_t> outside(t.negatives);
  outside[4] = 11;
  refused([&](TupleArguments& a) { a.negatives = outside.data(); });
  outside[4] = -1;  // a rejection without a draw
  refused([&](TupleArguments& a) { a.negatives = outside.data(); });
  refused([](TupleArguments& a) { a.loss.alpha = -1; });
  refused([](TupleArguments& a) { a.loss.inv_tau = 0; });
  refused([](TupleArguments& a) { a.loss.margin = std::numeric_limits<float>::infinity(); });
  refused([](TupleArguments& a) { a.k = 0; });
  refused([](TupleArguments& a) { a.points = nullptr; });
  EXPECT_THROW(generalized_loss_emulated(t.arguments({}, out), "sideways"), std::invalid_argument);
  TupleArguments none = t.arguments({}, out);
  none.tuples = 0;
  generalized_loss_cpu(none);
  generalized_loss_emulated(none, "greedy");
}

}  // namespace
}  // namespace assay::kernels
