// SPDX-License-Identifier: Apache-2.0
// The CPU implementation of InfoNCE: its statement bit for bit on every instruction set and number
// of threads, its accuracy, special values, refusals.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "kernels/math.cuh"
#include "tests/kernels/loss/info_nce_cpu_case.hpp"
#include "tests/kernels/sanitizers.hpp"

namespace assay::kernels::testing {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
const std::vector<InfoNceForm> forms = {InfoNceForm::one_direction, InfoNceForm::joint_block};

std::vector<std::int64_t> row_counts() {
  if (thread_sanitized) return {1, 17, 129};
  return {1, 2, 3, 15, 16, 17, 63, 65, 129};
}
std::vector<std::int64_t> dimensions() {
  if (thread_sanitized) return {3, 48};
  return {1, 3, 48, 96, 130};
}

/// Every size around the tiles, panels and blocks; then several panels, blocks and depth steps.
template <class Check>
void for_each_size(Check check) {
  std::uint64_t seed = 0;
  for (InfoNceForm form : forms) {
    for (std::int64_t n : row_counts())
      for (std::int64_t d : dimensions()) check(Descriptor{n, d, form, seed++});
    check(Descriptor{97, 257, form, seed++});
    check(Descriptor{300, 7, form, seed++});
  }
}

// ---- bits ----

TEST(InfoNceCpu, FollowsItsStatementBitForBitOnEveryInstructionSet) {
  const std::vector<std::string> isas = available_isas();
  for_each_size([&](const Descriptor& c) {
    const Input input = make_input(c);
    const Upstream upstream = make_upstream(input, c.seed / 5);
    const CpuOutput stated = follow_cpu_statement(input, upstream);
    for (const std::string& isa : isas)
      EXPECT_TRUE(same_bits(run_cpu(input, upstream, on_isa(isa, 1)), stated))
          << isa << ' ' << to_string(c);
    EXPECT_TRUE(same_bits(run_cpu(input, upstream, on_isa("", 0)), stated)) << to_string(c);
  });
}

TEST(InfoNceCpu, TheLayoutOfAvx512GivesTheSameBits) {
  for (InfoNceForm form : forms)
    for (std::int64_t n : {1, 16, 65, 129})
      for (std::int64_t d : {1, 13, 130}) {
        const Input input = make_input({n, d, form, static_cast<std::uint64_t>(n + d)});
        const Upstream upstream = make_upstream(input, 1);
        EXPECT_TRUE(same_bits(run_cpu(input, upstream, on_code(wide_layout_code(), 2)),
                              run_cpu(input, upstream, on_isa("", 1))))
            << to_string(input.descriptor);
      }
}

TEST(InfoNceCpu, Avx512RunsWhereTheMachineHasIt) {
  const std::vector<std::string> isas = available_isas();
  if (std::find(isas.begin(), isas.end(), "avx512") == isas.end())
    GTEST_SKIP() << "this machine has no AVX-512F: its code was compiled but not run";
  const Input input = make_input({129, 130, InfoNceForm::joint_block, 4});
  const Upstream upstream = make_upstream(input, 1);
  EXPECT_TRUE(same_bits(run_cpu(input, upstream, on_isa("avx512", 2)),
                        run_cpu(input, upstream, on_isa("generic", 1))));
}

TEST(InfoNceCpu, TheNumberOfThreadsDoesNotMatter) {
  for (InfoNceForm form : forms)
    for (std::int64_t n : {17, 97, 300, 520}) {
      const Input input = make_input({n, 19, form, static_cast<std::uint64_t>(n)});
      const Upstream upstream = make_upstream(input, 1);
      const CpuOutput one = run_cpu(input, upstream, on_isa("", 1));
      for (int threads : {2, 3, 7})
        EXPECT_TRUE(same_bits(run_cpu(input, upstream, on_isa("", threads)), one))
            << threads << ' ' << to_string(input.descriptor);
    }
}

TEST(InfoNceCpu, OnePassAloneGivesTheBitsOfBothTogether) {
  for (InfoNceForm form : forms)
    for (std::int64_t n : {5, 130, 300}) {
      const Input input = make_input({n, 33, form, static_cast<std::uint64_t>(n)});
      const Upstream upstream = make_upstream(input, 2);
      CpuOutput both = run_cpu(input, upstream, on_isa("", 2));
      CpuOutput alone = run_cpu(input, upstream, on_isa("", 2), Passes::backward);
      alone.forward = run_cpu(input, upstream, on_isa("", 1), Passes::forward).forward;
      EXPECT_TRUE(same_bits(both, alone)) << to_string(input.descriptor);
    }
}

TEST(InfoNceCpu, StridesDoNotMatter) {
  for (InfoNceForm form : forms) {
    const Descriptor c{37, 19, form, 5};
    const Input dense = make_input(c), strided = make_input(c, 5);
    ASSERT_NE(dense.stride, strided.stride);
    const Upstream upstream = make_upstream(dense, 1);
    EXPECT_TRUE(same_bits(run_cpu(dense, upstream, on_isa("", 1)),
                          run_cpu(strided, upstream, on_isa("", 2))));
  }
}

TEST(InfoNceCpu, TheVectorExponentialHasTheBitsOfTheScalarOne) {
  std::vector<float> x = {0.0f,
                          -0.0f,
                          -infinity,
                          nan,
                          -0x1p-149f,
                          -0x1p-126f,
                          -103.972f,
                          -104.0f,
                          -0x1.fffffep127f,
                          std::nextafter(-104.0f, -infinity),
                          std::nextafter(-104.0f, 0.0f),
                          -87.33655f,
                          -87.33654f,
                          -0x1.62e43p-1f};
  constexpr std::uint32_t step = 10007;  // of the bits, over all numbers from -0 to below -110
  for (std::uint32_t bits = 0x80000000u; bits < 0xc2dc0000u; bits += step)
    x.push_back(math_detail::float_of(bits));
  while (x.size() % cpu::partial_sums != 0) x.push_back(-1.0f);
  std::vector<const cpu::VectorCode*> codes = {&cpu::generic_code, &wide_layout_code()};
#if defined(__x86_64__)
  for (const std::string& isa : available_isas()) {
    if (isa == "avx2") codes.push_back(&cpu::avx2_code);
    if (isa == "avx512") codes.push_back(&cpu::avx512_code);
  }
#endif
  for (const cpu::VectorCode* code : codes) {
    std::vector<float> y(x.size());
    code->exp_nonpositive(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
    std::size_t different = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float want = exp_f32(x[i]);
      if (std::isnan(want) ? !std::isnan(y[i])
                           : math_detail::bits_of(want) != math_detail::bits_of(y[i]))
        ++different;
    }
    EXPECT_EQ(different, 0u) << code->name;
  }
}

// ---- accuracy ----

/// Everything in binary64, by the textbook formulas.
struct Exact {
  std::vector<double> row_loss, grad_a, grad_b;
  double grad_temperature = 0, temperature_scale = 0;
  std::vector<double> scale_a, scale_b;  // sums of absolute values of the terms
};

Exact in_binary64(const Input& input, const Upstream& upstream) {
  const std::int64_t rows = input.rows(), d = input.descriptor.d, n = input.descriptor.n;
  const bool joint = input.descriptor.form == InfoNceForm::joint_block;
  Exact out;
  const auto elements = static_cast<std::size_t>(n * d);
  for (auto* v : {&out.grad_a, &out.grad_b, &out.scale_a, &out.scale_b}) v->resize(elements);
  const auto add = [&](bool to_b, std::int64_t i, double w, const float* x) {
    for (std::int64_t c = 0; c < d; ++c) {
      const double term = w * static_cast<double>(x[c]) / input.temperature;
      (to_b ? out.grad_b : out.grad_a)[i * d + c] += term;
      (to_b ? out.scale_b : out.scale_a)[i * d + c] += std::fabs(term);
    }
  };
  for (std::int64_t i = 0; i < rows; ++i) {
    std::vector<double> s(static_cast<std::size_t>(rows));
    for (std::int64_t j = 0; j < rows; ++j) {
      for (std::int64_t k = 0; k < d; ++k)
        s[j] += static_cast<double>(input.row(i)[k]) * static_cast<double>(input.key(j)[k]);
      s[j] /= input.temperature;
    }
    const double p = s[input.positive(i)];
    double ratio = 0;
    for (std::int64_t j = 0; j < rows; ++j)
      if (input.is_negative(i, j)) ratio += std::exp(s[j] - p);
    out.row_loss.push_back(std::log1p(ratio));
    double g = static_cast<double>(upstream.mean) / static_cast<double>(rows);
    if (!upstream.rows.empty()) g += upstream.rows[upstream.rows.size() == 1 ? 0 : i];
    for (std::int64_t j = 0; j < rows; ++j) {
      const bool positive = j == input.positive(i);
      if (!positive && !input.is_negative(i, j)) continue;
      const double w = positive ? -g * ratio / (1 + ratio) : g * std::exp(s[j] - p) / (1 + ratio);
      add(joint && i >= n, joint && i >= n ? i - n : i, w, input.key(j));
      add(!joint || j >= n, joint && j >= n ? j - n : j, w, input.row(i));
      const double moment = positive ? 0 : w * (s[j] - p) / input.temperature;
      out.grad_temperature -= moment;
      out.temperature_scale += std::fabs(moment);
    }
  }
  return out;
}

/// Errors against sums of absolute values. A weight passes the errors of two logits (d + 2 each, of
/// magnitude at most 3/temperature here, as squared lengths stay below 3), two exponentials and
/// fewer than `rows` additions and `d` products; 8 u times all that is generous and still far below
/// what one wrong index would do.
TEST(InfoNceCpu, GradientsAndLossesAgreeWithBinary64) {
  for_each_size([&](const Descriptor& c) {
    const Input input = make_input(c);
    const Upstream upstream = make_upstream(input, c.seed / 5);
    const CpuOutput got = run_cpu(input, upstream, on_isa("", 1));
    const Exact want = in_binary64(input, upstream);
    const double steps = static_cast<double>(input.rows() + c.d + 8);
    const double eta = 8 * 0x1p-24 * steps * 3 / input.temperature;
    for (std::size_t i = 0; i < want.row_loss.size(); ++i)
      EXPECT_NEAR(got.forward.row_loss[i], want.row_loss[i], eta * want.row_loss[i])
          << to_string(c);
    double worst = 0;
    const auto compare = [&](const std::vector<float>& x, const std::vector<double>& y,
                             const std::vector<double>& scale) {
      for (std::size_t i = 0; i < x.size(); ++i)
        worst = std::max(worst,
                         std::fabs(static_cast<double>(x[i]) - y[i]) / (eta * scale[i] + 0x1p-140));
    };
    compare(got.grad_a, want.grad_a, want.scale_a);
    compare(got.grad_b, want.grad_b, want.scale_b);
    compare({got.grad_temperature}, {want.grad_temperature}, {want.temperature_scale});
    EXPECT_LE(worst, 1.0) << to_string(c);
  });
}

TEST(InfoNceCpu, TinyLossesAndTheirGradientsKeepTheirDigits) {
  // Two pairs on two axes: the only negative lies t below the positive.
  for (const InfoNceForm form : forms)
    for (const double distance : {5.0, 15.0, 27.6, 40.0}) {
      Input input = make_input({2, 2, form, 0});
      input.a = input.b = {1, 0, 0, 1};
      input.temperature = 1.0 / distance;
      const double negatives = form == InfoNceForm::joint_block ? 2 : 1;
      const double ratio = negatives * std::exp(-distance);
      Upstream upstream;
      upstream.rows = {1.0f};
      const CpuOutput got = run_cpu(input, upstream, on_isa("", 1));
      const double near = 0x1p-22 * distance;
      EXPECT_NEAR(got.forward.loss, std::log1p(ratio), near * ratio) << distance;
      // d(row loss 0)/d a_00 = -R/(1+R)/T, from the positive alone; twice in the joint block.
      const double times = form == InfoNceForm::joint_block ? 2 : 1;
      EXPECT_NEAR(got.grad_a[0], -times * ratio / (1 + ratio) * distance, near * ratio * distance);
      EXPECT_NE(got.grad_a[0], 0.0f);
    }
}

// ---- special values ----

TEST(InfoNceCpu, ARowWithANanIsNanAndTheOthersAreNot) {
  for (const std::string& isa : available_isas()) {
    Input input = make_input({130, 9, InfoNceForm::one_direction, 0});
    input.a[3 * input.stride + 4] = nan;
    const CpuOutput got = run_cpu(input, {{}, 1.0f}, on_isa(isa, 2));
    for (std::int64_t i = 0; i < 130; ++i) {
      EXPECT_EQ(std::isnan(got.forward.row_loss[i]), i == 3);
      EXPECT_EQ(std::isnan(got.forward.row_lse[i]), i == 3);
      EXPECT_EQ(std::isnan(got.grad_a[i * 9]), i == 3);
    }
    EXPECT_TRUE(std::isnan(got.forward.loss));
    EXPECT_TRUE(std::isnan(got.grad_temperature));
    EXPECT_TRUE(std::isnan(got.grad_b[0]));
  }
}

TEST(InfoNceCpu, NonFiniteInputsGiveTheSameBitsEverywhere) {
  for (const float special : {infinity, -infinity, nan, -nan})
    for (InfoNceForm form : forms) {
      Input input = make_input({40, 5, form, 0});
      input.a[2 * input.stride + 1] = special;
      input.b[7 * input.stride + 1] = -special;
      const CpuOutput first = run_cpu(input, {{}, 1.0f}, on_isa("generic", 1));
      for (const std::string& isa : available_isas())
        EXPECT_TRUE(same_bits(run_cpu(input, {{}, 1.0f}, on_isa(isa, 2)), first)) << isa;
      EXPECT_TRUE(same_bits(run_cpu(input, {{}, 1.0f}, on_code(wide_layout_code(), 1)), first));
    }
}

TEST(InfoNceCpu, ANegativeAtMinusInfinityDropsOut) {
  Input input = make_input({3, 1, InfoNceForm::one_direction, 0});
  input.temperature = 1;
  input.a = {1, 1, 1};
  input.b = {0.5f, -infinity, 0.25f};
  const CpuOutput got = run_cpu(input, {}, on_isa("", 1));
  EXPECT_NEAR(got.forward.row_loss[0], std::log1p(std::exp(-0.25)), 0x1p-22);
  EXPECT_FALSE(std::isfinite(got.forward.row_loss[1]));
  EXPECT_NEAR(got.forward.row_loss[2], std::log1p(std::exp(0.25)), 0x1p-22);
  input.b[1] = infinity;
  const CpuOutput infinite = run_cpu(input, {}, on_isa("", 1));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(std::isfinite(infinite.forward.row_loss[i]));
}

TEST(InfoNceCpu, WithoutNegativesThereIsNoLossAndNoGradient) {
  for (InfoNceForm form : forms) {
    const Input input = make_input({1, 3, form, 0});
    const CpuOutput got = run_cpu(input, {{}, 1.0f}, on_isa("", 3));
    EXPECT_EQ(got.forward.loss, 0.0f);
    for (int c = 0; c < 3; ++c) EXPECT_EQ(got.grad_a[c], 0.0f);
    EXPECT_EQ(got.grad_temperature, 0.0f);
  }
}

// ---- refusals ----

TEST(InfoNceCpu, RefusesWhatItCannotDo) {
  Input input = make_input({4, 3, InfoNceForm::one_direction, 0});
  const auto with = [&](auto change) {
    return [=](const InfoNceArguments* f, const InfoNceBackwardArguments* b) {
      InfoNceArguments forward = *f;
      InfoNceBackwardArguments backward = *b;
      change(forward, backward);
      info_nce_cpu(&forward, &backward);
    };
  };
  using F = InfoNceArguments;
  using B = InfoNceBackwardArguments;
  const std::vector<CpuRun> refused = {
      with([](F& f, B&) { f.input = Dtype::bf16; }),
      with([](F&, B& b) { b.input = Dtype::f16; }),
      with([](F& f, B&) { f.n = 0; }),
      with([](F& f, B&) { f.a = nullptr; }),
      with([](F& f, B&) { f.row_lse = nullptr; }),
      with([](F&, B& b) { b.grad_b = nullptr; }),
      with([](F&, B& b) { b.grad_temperature = nullptr; }),
      with([](F&, B& b) { b.a_stride = 2; }),
      with([](F&, B& b) { b.temperature = 0.5001; }),
      with([](F& f, B& b) { f.temperature = b.temperature = -1; }),
      with([](F& f, B& b) { f.temperature = b.temperature = nan; }),
      on_isa("", -1),
      on_isa("sse", 1),
      [](const F*, const B*) { info_nce_cpu(nullptr, nullptr); },
  };
  for (std::size_t i = 0; i < refused.size(); ++i)
    EXPECT_THROW(run_cpu(input, {}, refused[i]), std::invalid_argument) << i;
  EXPECT_NO_THROW(run_cpu(input, {}, with([](F&, B&) {})));
}

}  // namespace
}  // namespace assay::kernels::testing
