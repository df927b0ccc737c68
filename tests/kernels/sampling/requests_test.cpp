// SPDX-License-Identifier: Apache-2.0
// What is refused, and the device against the emulator.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/loss/info_nce.hpp"
#include "tests/kernels/sampling/sampling_case.hpp"

namespace assay::kernels::sampling::testing {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

TEST(Sampling, WhatARowForbidsIsSaid) {
  const auto refused = [](Case c, Method method, std::int64_t k, const char* reason) {
    c.request.method = method;
    c.request.k = k;
    c.request.bits = method == Method::inverse_cdf ? 64 : 32;
    const Request& q = c.view();
    std::vector<std::function<void()>> entries = {[&] { emulated(q); }};
    entries.emplace_back([&] { on_cpu(q); });
    for (const auto& entry : entries) try {
        entry();
        ADD_FAILURE() << "accepted: " << reason;
      } catch (const RowError& e) {
        EXPECT_EQ(e.row(), 1);
        EXPECT_NE(std::string(e.what()).find(reason), std::string::npos) << e.what();
      }
  };
  const auto with = [](Tilt tilt, float score) {
    Case c = random_case(2, 9, tilt, 3);
    c.scores[9 + 4] = score;
    return c;
  };
  for (const Method method : {Method::inverse_cdf, Method::alias, Method::gumbel_max,
                              Method::exponential_race, Method::gumbel_top_k})
    for (const Tilt tilt : {Tilt::weights, Tilt::exponential, Tilt::polynomial}) {
      if (method == Method::alias) continue;  // the same rows, below
      for (const float score : {std::nanf(""), infinity})
        refused(with(tilt, score), method, 1, "NaN");
      if (tilt == Tilt::weights) refused(with(tilt, -0x1p-149f), method, 1, "negative");
      Case nothing = random_case(2, 9, tilt, 3);
      for (int j = 9; j < 18; ++j)
        nothing.scores[static_cast<std::size_t>(j)] = tilt == Tilt::weights      ? 0
                                                      : tilt == Tilt::polynomial ? -1.5f
                                                                                 : -infinity;
      refused(nothing, method, 1, "no column");
    }
  Case few = random_case(2, 9, Tilt::weights, 3);
  for (int j = 9; j < 15; ++j) few.scores[static_cast<std::size_t>(j)] = 0;
  for (int j = 15; j < 18; ++j) few.scores[static_cast<std::size_t>(j)] = 1;
  refused(few, Method::gumbel_top_k, 4, "fewer than k");
}

TEST(Sampling, RequestsThatMakeNoSenseAreRefused) {
  std::int64_t out[64];
  const auto refused = [&](auto change) {
    Case c = random_case(2, 9, Tilt::exponential, 3);
    c.view();
    change(c.request);
    EXPECT_THROW(sample_emulated(c.request, out), std::invalid_argument);
  };
  refused([](Request& q) { q.k = 0; });
  refused([](Request& q) { q.bits = 0; });
  refused([](Request& q) { q.bits = 65; });
  refused([](Request& q) { q.method = Method::gumbel_max, q.bits = 33; });
  refused([](Request& q) { q.population.columns = 0; });
  refused([](Request& q) { q.population.scores = nullptr; });
  refused([](Request& q) { q.population.score_stride = 8; });
  refused([](Request& q) { q.population.beta = 0; });
  refused([](Request& q) { q.population.inv_tau = infinity; });
  refused([](Request& q) { q.words.call = 1 << 28; });
  refused([](Request& q) { q.words.first_row = (std::int64_t{1} << 32) - 1; });
  refused([](Request& q) { q.method = Method::anchor_positive; });
  refused([](Request& q) { q.method = Method::uniform_distinct, q.k = 10; });
  static const std::uint32_t word = 0;
  refused([](Request& q) { q.words.given = &word, q.words.given_count = 1; });
  static const std::int64_t column[2] = {0, 9};
  refused([](Request& q) { q.population.self = column; });
  EXPECT_THROW(method_named("inverse-cdf"), std::invalid_argument);
  for (int i = 0; i < method_count; ++i)
    EXPECT_EQ(method_named(name_of(static_cast<Method>(i))), static_cast<Method>(i));
}

TEST(SamplingDevice, EqualsTheEmulator) {
  const std::string reason = cuda_unavailable_reason();
  Case c = random_case(3, 700, Tilt::exponential, 8);
  exclude_some(c);
  c.request.k = 33;
  c.request.bits = 32;
  for (std::int64_t j = 0; j < 700; ++j) c.column_labels[static_cast<std::size_t>(j)] %= 3;
  for (int m = 0; m < method_count; ++m) {
    c.request.method = static_cast<Method>(m);
    c.request.k = c.request.method == Method::rejection ? 4 : 33;
    const Request& q = c.view();
    std::vector<std::int64_t> out(static_cast<std::size_t>(3 * outputs_per_row(q)));
    if (!reason.empty()) {
      EXPECT_THROW(sample_cuda(q, out.data()), std::runtime_error);
      continue;
    }
    sample_cuda(q, out.data());
    EXPECT_EQ(out, emulated(q)) << name_of(c.request.method);
  }
  Case fused = fused_case(5, 600, 37, Tilt::exponential);
  exclude_some(fused);
  fused.request.k = 50;
  if (reason.empty()) {
    std::vector<std::int64_t> out(250);
    sample_cuda(fused.view(), out.data());
    EXPECT_EQ(out, emulated(fused.view()));
  }
  if (!reason.empty()) GTEST_SKIP() << reason;
}

}  // namespace
}  // namespace assay::kernels::sampling::testing
