// SPDX-License-Identifier: Apache-2.0
// Shared memory, poison, and atomics.
#include <cmath>
#include <limits>

#include "tests/kernels/emulator/fixture.hpp"

namespace assay::kernels::testing {
namespace {

__global__ void forgets_one_element(float* out) {
  ASSAY_SHARED(box, float[32]);
  if (threadIdx.x < 31) box[threadIdx.x] = 1.0f;
  __syncthreads();
  out[blockIdx.x * 32 + threadIdx.x] = box[threadIdx.x];
}

TEST(SharedMemory, IsPoisonedInEveryBlock) {
  for_each_schedule([] {
    std::vector<float> out(96);
    launch(forgets_one_element, 3, 32, 0, out.data());
    for (int i = 0; i < 96; ++i)
      if (i % 32 == 31)
        EXPECT_TRUE(std::isnan(out[i])) << i;
      else
        EXPECT_EQ(out[i], 1.0f) << i;
  });
}

__device__ int* the_same_array() {
  ASSAY_SHARED(box, int[4]);
  return box;
}

__global__ void several_arrays(int* out) {
  ASSAY_SHARED(first, int[4]);
  ASSAY_SHARED(second, int[4]);
  const int t = static_cast<int>(threadIdx.x);
  first[t] = t;
  second[t] = 10 + t;
  the_same_array()[t] = 20 + t;
  __syncthreads();
  const int other = 3 - t;
  out[t] = first[other] * 10000 + second[other] * 100 + the_same_array()[other];
}

TEST(SharedMemory, HasOneArrayPerDeclaration) {
  for_each_schedule([] {
    std::vector<int> out(4);
    launch(several_arrays, 1, 4, 0, out.data());
    EXPECT_EQ(out, (std::vector<int>{31323, 21222, 11121, 1020}));
  });
}

__global__ void reverse_dynamic(int count, int* out) {
  ASSAY_DYNAMIC_SHARED(box, int);
  const int t = static_cast<int>(threadIdx.x);
  box[t] = t * t;
  __syncthreads();
  out[t] = box[count - 1 - t];
}

TEST(SharedMemory, CanBeSizedByTheLaunch) {
  for_each_schedule([] {
    std::vector<int> out(70);
    launch(reverse_dynamic, 1, 70, 70 * sizeof(int), 70, out.data());
    for (int t = 0; t < 70; ++t) EXPECT_EQ(out[t], (69 - t) * (69 - t));
  });
}

__global__ void too_much_shared(float* out) {
  ASSAY_SHARED(box, float[40 * 1024]);
  box[threadIdx.x] = 1.0f;
  out[threadIdx.x] = box[threadIdx.x];
}

TEST(SharedMemory, IsLimited) {
  float out = 0;
  launch(too_much_shared, 1, 1, 60 * 1024, &out);
  auto error = error_of([&] { launch(too_much_shared, 1, 1, 70 * 1024, &out); });
  ASSERT_TRUE(error.has_value()) << "static and dynamic shared memory add up";
  EXPECT_EQ(error->kind(), simt::ErrorKind::bad_launch);
  error =
      error_of([&] { launch(reverse_dynamic, 1, 1, 228 * 1024, 1, static_cast<int*>(nullptr)); });
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind(), simt::ErrorKind::bad_launch);
}

struct Counters {
  int sum = 0, least = 1000, most = -1000, last = -1, firsts = 0, claimed = -1;
  unsigned wide = 0;
  unsigned long long huge = 0;
  float real = 0;
  double fine = 0;
};

__global__ void count(Counters* c) {
  const int id = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  atomicAdd(&c->sum, id);
  atomicAdd(&c->wide, 0x80000000u);
  atomicAdd(&c->huge, 1ull << 33);
  atomicAdd(&c->real, 0.5f);
  atomicAdd(&c->fine, 0.25);
  atomicMin(&c->least, id - 50);
  atomicMax(&c->most, id - 50);
  atomicExch(&c->last, id);
  if (atomicCAS(&c->claimed, -1, id) == -1) atomicAdd(&c->firsts, 1);
}

TEST(Atomics, CombineAllThreadsOfTheGrid) {
  for_each_schedule([] {
    Counters c;
    launch(count, 4, 40, 0, &c);
    EXPECT_EQ(c.sum, 160 * 159 / 2);
    EXPECT_EQ(c.wide, 0u) << "an even number of halves of the range wraps to nothing";
    EXPECT_EQ(c.huge, 160ull << 33);
    EXPECT_EQ(c.real, 80.0f);
    EXPECT_EQ(c.fine, 40.0);
    EXPECT_EQ(c.least, -50);
    EXPECT_EQ(c.most, 109);
    EXPECT_TRUE(c.last >= 120 && c.last < 160) << "the last block comes last";
    EXPECT_EQ(c.firsts, 1);
    EXPECT_TRUE(c.claimed >= 0 && c.claimed < 40);
  });
}

__global__ void overflow(int* x) { atomicAdd(x, 1); }

TEST(Atomics, WrapSignedIntegers) {
  int x = std::numeric_limits<int>::max();
  launch(overflow, 1, 1, 0, &x);
  EXPECT_EQ(x, std::numeric_limits<int>::min());
}

}  // namespace
}  // namespace assay::kernels::testing
