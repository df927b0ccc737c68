// SPDX-License-Identifier: Apache-2.0
// The tensor-core product under the emulator: layout of the fragments, and its error.
#include "kernels/mma.cuh"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/half.cuh"

namespace assay::kernels {
namespace {

/// D = C + A B for one warp; A 16 x 16 and B 16 x 8 of bfloat16, C 16 x 8, all row by row.
__global__ void one_product(const std::uint16_t* a, const std::uint16_t* b, float* c) {
  const int lane = static_cast<int>(threadIdx.x), g = lane / 4, t = lane % 4;
  const auto a_pair = [&](int row, int column) {
    return static_cast<unsigned>(a[row * 16 + column]) |
           static_cast<unsigned>(a[row * 16 + column + 1]) << 16;
  };
  const auto b_pair = [&](int row) {
    return static_cast<unsigned>(b[row * 8 + g]) | static_cast<unsigned>(b[(row + 1) * 8 + g])
                                                       << 16;
  };
  const unsigned fragment_a[4] = {a_pair(g, 2 * t), a_pair(g + 8, 2 * t), a_pair(g, 2 * t + 8),
                                  a_pair(g + 8, 2 * t + 8)};
  const unsigned fragment_b[2] = {b_pair(2 * t), b_pair(2 * t + 8)};
  float sum[4];
  for (int i = 0; i < 4; ++i) sum[i] = c[(g + i / 2 * 8) * 8 + 2 * t + i % 2];
  mma_m16n8k16_bf16(sum, fragment_a, fragment_b);
  for (int i = 0; i < 4; ++i) c[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = sum[i];
}

struct Product {
  std::vector<std::uint16_t> a = std::vector<std::uint16_t>(256);
  std::vector<std::uint16_t> b = std::vector<std::uint16_t>(128);
  std::vector<float> c = std::vector<float>(128);
  double a_at(int row, int k) const { return widen(Bf16{a[row * 16 + k]}); }
  double b_at(int k, int column) const { return widen(Bf16{b[k * 8 + column]}); }
};

std::uint16_t bf16_of(float x) {
  return static_cast<std::uint16_t>(math_detail::bits_of(round_to_bf16(x)) >> 16);
}

TEST(TensorProduct, PutsEveryElementInItsPlace) {
  // Integers, so that every sum is exact.
  std::mt19937 random(1);
  Product p;
  for (auto& x : p.a) x = bf16_of(static_cast<float>(static_cast<int>(random() % 17) - 8));
  for (auto& x : p.b) x = bf16_of(static_cast<float>(static_cast<int>(random() % 17) - 8));
  for (auto& x : p.c) x = static_cast<float>(static_cast<int>(random() % 1001) - 500);
  const std::vector<float> before = p.c;
  launch(one_product, 1, 32, 0, p.a.data(), p.b.data(), p.c.data());
  for (int row = 0; row < 16; ++row)
    for (int column = 0; column < 8; ++column) {
      double sum = before[row * 8 + column];
      for (int k = 0; k < 16; ++k) sum += p.a_at(row, k) * p.b_at(k, column);
      EXPECT_EQ(p.c[row * 8 + column], sum) << row << " " << column;
    }
}

TEST(TensorProduct, IsWithinItsErrorBound) {
  std::mt19937 random(2);
  const auto number = [&] {
    return std::ldexp(static_cast<float>(random() % 2001) - 1000.0f,
                      static_cast<int>(random() % 20));
  };
  double worst = 0;
  for (int round = 0; round < 50; ++round) {
    Product p;
    for (auto& x : p.a) x = bf16_of(number());
    for (auto& x : p.b) x = bf16_of(number());
    for (auto& x : p.c) x = number() * 1000;
    const std::vector<float> before = p.c;
    launch(one_product, 1, 32, 0, p.a.data(), p.b.data(), p.c.data());
    for (int i = 0; i < 128; ++i) {
      long double sum = before[i], magnitude = std::fabs(before[i]);
      for (int k = 0; k < 16; ++k) {
        const long double product = static_cast<long double>(p.a_at(i / 8, k)) * p.b_at(k, i % 8);
        sum += product;
        magnitude += std::fabs(product);
      }
      const double share =
          static_cast<double>(std::fabs(p.c[i] - sum) / (mma_error_emulated * magnitude));
      ASSERT_LE(share, 1.0);
      worst = std::max(worst, share);
    }
  }
  EXPECT_GT(worst, 0.1) << "the sums are rounded";
}

TEST(TensorProduct, IsAMeetingOfTheWholeWarp) {
  const auto half_a_warp = [](float* out) {
    float c[4] = {};
    const unsigned a[4] = {}, b[2] = {};
    if (threadIdx.x < 16) mma_m16n8k16_bf16(c, a, b);
    out[threadIdx.x] = c[0];
  };
  std::vector<float> out(32);
  void (*kernel)(float*) = half_a_warp;
  EXPECT_THROW(launch(kernel, 1, 32, 0, out.data()), simt::Error);
}

}  // namespace
}  // namespace assay::kernels
