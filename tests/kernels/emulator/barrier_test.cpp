// SPDX-License-Identifier: Apache-2.0
// Block barriers: what they order, what they compute, what they refuse.
#include "tests/kernels/emulator/fixture.hpp"

namespace assay::kernels::testing {
namespace {

using simt::ErrorKind;

__global__ void reverse_through_shared(const int* in, int* out) {
  ASSAY_SHARED(box, int[96]);
  box[threadIdx.x] = in[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = box[95 - threadIdx.x];
}

TEST(Barriers, MakeWritesVisibleToTheWholeBlock) {
  std::vector<int> in(96);
  for (int i = 0; i < 96; ++i) in[i] = 7 * i + 1;
  for_each_schedule([&] {
    std::vector<int> out(96, -1);
    launch(reverse_through_shared, 1, 96, 0, in.data(), out.data());
    for (int i = 0; i < 96; ++i) EXPECT_EQ(out[i], in[95 - i]) << i;
  });
}

__global__ void count_predicates(int* out) {
  const int t = static_cast<int>(threadIdx.x);
  for (int round = 0; round < 4; ++round) {
    const int count = __syncthreads_count(t < 10 * round);
    const int all = __syncthreads_and(t < 20 * round);
    const int any = __syncthreads_or(t == 30 * round);
    out[(round * 3 + 0) * 40 + t] = count;
    out[(round * 3 + 1) * 40 + t] = all;
    out[(round * 3 + 2) * 40 + t] = any;
  }
}

TEST(Barriers, ReduceThePredicatesOfAllThreads) {
  // 40 threads; round r: 10 r satisfy the first, all the second from r = 2, t = 30 r exists to r
  // = 1.
  const int count[] = {0, 10, 20, 30}, all[] = {0, 0, 1, 1}, any[] = {1, 1, 0, 0};
  for_each_schedule([&] {
    std::vector<int> out(4 * 3 * 40, -1);
    launch(count_predicates, 1, 40, 0, out.data());
    for (int round = 0; round < 4; ++round)
      for (int t = 0; t < 40; ++t) {
        EXPECT_EQ(out[(round * 3 + 0) * 40 + t], count[round]);
        EXPECT_EQ(out[(round * 3 + 1) * 40 + t] != 0, all[round] != 0);
        EXPECT_EQ(out[(round * 3 + 2) * 40 + t] != 0, any[round] != 0);
      }
  });
}

__global__ void barrier_for_some() {
  if (threadIdx.x < 16) __syncthreads();
}
constexpr unsigned barrier_for_some_line = __LINE__ - 2;

TEST(Barriers, RefuseThreadsThatNeverCome) {
  for_each_schedule([] {
    const auto error = error_of([] { launch(barrier_for_some, 1, 32, 0); });
    expect_error(error, ErrorKind::divergent_barrier, barrier_for_some_line);
  });
}

TEST(Barriers, ErrorsNameBlockThreadAndLine) {
  const simt::ScopedOptions scoped(simt::parse_schedule("greedy"));
  const auto error = error_of([] { launch(barrier_for_some, 1, dim3(32, 2), 0); });
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind(), ErrorKind::divergent_barrier);
  EXPECT_EQ(error->block(), (simt::Index3{0, 0, 0}));
  EXPECT_EQ(error->thread(), (simt::Index3{16, 0, 0}));
  const std::string message = error->what();
  EXPECT_EQ(message.find("divergent barrier: block (0,0,0) thread (16,0,0) at "), 0u) << message;
  EXPECT_NE(message.find("barrier_test.cpp:" + std::to_string(barrier_for_some_line)),
            std::string::npos)
      << message;
}

__global__ void two_barriers(int* reached) {
  if (threadIdx.x == 0)
    __syncthreads();
  else
    __syncthreads();
  reached[threadIdx.x] = 1;
}
constexpr unsigned first_barrier_line = __LINE__ - 5, second_barrier_line = __LINE__ - 3;

TEST(Barriers, RefuseTwoLinesInStrictMode) {
  std::vector<int> reached(8);
  simt::Options options;
  options.schedule = simt::parse_schedule("greedy");
  {
    const simt::ScopedOptions scoped(options);
    const auto error = error_of([&] { launch(two_barriers, 1, 8, 0, reached.data()); });
    expect_error(error, ErrorKind::divergent_barrier, second_barrier_line);
    EXPECT_EQ(error->thread(), (simt::Index3{1, 0, 0}));
  }
  options.schedule = simt::parse_schedule("greedy-reverse");
  {
    const simt::ScopedOptions scoped(options);
    const auto error = error_of([&] { launch(two_barriers, 1, 8, 0, reached.data()); });
    expect_error(error, ErrorKind::divergent_barrier, first_barrier_line);
    EXPECT_EQ(error->thread(), (simt::Index3{0, 0, 0}));
  }
  options.strict_barriers = false;
  const simt::ScopedOptions scoped(options);
  launch(two_barriers, 1, 8, 0, reached.data());
  for (int r : reached) EXPECT_EQ(r, 1);
}

__global__ void early_exit(int* out) {
  if (threadIdx.x >= 20) return;
  __syncthreads();
  out[threadIdx.x] = __syncthreads_count(1);
}

TEST(Barriers, CountOnlyLivingThreadsWhenNotStrict) {
  simt::Options options;
  options.strict_barriers = false;
  for (const std::string& name : schedules) {
    options.schedule = simt::parse_schedule(name);
    const simt::ScopedOptions scoped(options);
    std::vector<int> out(20);
    launch(early_exit, 1, 50, 0, out.data());
    for (int value : out) EXPECT_EQ(value, 20) << name;
  }
  for_each_schedule([] {
    std::vector<int> out(20);
    const auto error = error_of([&] { launch(early_exit, 1, 50, 0, out.data()); });
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->kind(), ErrorKind::divergent_barrier);
  });
}

__global__ void different_reductions(int* out) {
  // clang-format off: one line, so that only the operation differs
  out[threadIdx.x] = threadIdx.x == 0 ? __syncthreads_and(1) : __syncthreads_or(1);
  // clang-format on
}

TEST(Barriers, RefuseDifferentReductions) {
  for_each_schedule([] {
    std::vector<int> out(4);
    const auto error = error_of([&] { launch(different_reductions, 1, 4, 0, out.data()); });
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->kind(), ErrorKind::divergent_barrier);
  });
}

}  // namespace
}  // namespace assay::kernels::testing
