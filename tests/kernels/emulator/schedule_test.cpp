// SPDX-License-Identifier: Apache-2.0
// Launches and schedules: who runs when, what that exposes, and how a launch ends.
#include <set>
#include <stdexcept>
#include <thread>

#include "tests/kernels/emulator/fixture.hpp"

namespace assay::kernels::testing {
namespace {

using simt::ErrorKind;

TEST(Schedules, HaveNames) {
  for (const std::string& name : schedules)
    EXPECT_EQ(simt::to_string(simt::parse_schedule(name)), name);
  for (const char* bad : {"", "Fair", "greedy-random", "greedy-random:", "greedy-random:x",
                          "greedy-random:3 ", "greedy-random:-1", "random"})
    EXPECT_THROW(simt::parse_schedule(bad), std::invalid_argument) << bad;
}

__global__ void record_order(unsigned* next, unsigned* order) {
  order[atomicAdd(next, 1u)] = threadIdx.x;
}

std::vector<unsigned> order_under(const std::string& schedule) {
  const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
  unsigned next = 0;
  std::vector<unsigned> order(96);
  launch(record_order, 1, 96, 0, &next, order.data());
  return order;
}

TEST(Schedules, ChooseTheOrderOfThreads) {
  const auto greedy = order_under("greedy"), reverse = order_under("greedy-reverse");
  for (unsigned t = 0; t < 96; ++t) {
    EXPECT_EQ(greedy[t], t);
    EXPECT_EQ(reverse[t], 95 - t);
  }
  const auto random = order_under("greedy-random:3");
  EXPECT_EQ(random, order_under("greedy-random:3"));
  EXPECT_NE(random, order_under("greedy-random:4"));
  EXPECT_EQ(std::set<unsigned>(random.begin(), random.end()).size(), 96u);
  for (int warp = 0; warp < 3; ++warp)  // warps stay together
    for (int i = 1; i < 32; ++i) EXPECT_EQ(random[warp * 32 + i] / 32, random[warp * 32] / 32);
}

template <bool whole_block>
__global__ void record_order_after_meeting(unsigned* next, unsigned* order) {
  if constexpr (whole_block)
    __syncthreads();
  else
    __syncwarp();
  order[atomicAdd(next, 1u)] = threadIdx.x;
}

TEST(Schedules, GiveNoPrivilegeToTheThreadThatOpensABarrier) {
  void (*const kernels[])(unsigned*, unsigned*) = {record_order_after_meeting<true>,
                                                   record_order_after_meeting<false>};
  for (auto kernel : kernels)
    for (const char* schedule : {"fair", "greedy", "greedy-reverse"}) {
      const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
      unsigned next = 0;
      std::vector<unsigned> order(32);
      launch(kernel, 1, 32, 0, &next, order.data());
      for (unsigned t = 0; t < 32; ++t)
        EXPECT_EQ(order[t], std::string(schedule) == "greedy-reverse" ? 31 - t : t) << schedule;
    }
}

/// Each round every thread publishes a value and reads that of a thread in another warp. The second
/// barrier keeps a fast thread from publishing the next value too early.
template <bool second_barrier>
__global__ void pass_around(int rounds, int* wrong) {
  ASSAY_SHARED(box, int[64]);
  const int t = static_cast<int>(threadIdx.x);
  for (int round = 0; round < rounds; ++round) {
    box[t] = 1000 * round + t;
    __syncthreads();
    const int other = (t + 32) % 64;
    if (box[other] != 1000 * round + other) atomicAdd(wrong, 1);
    if constexpr (second_barrier)
      __syncthreads();
    else
      __syncwarp();
  }
}

int wrong_under(const std::string& schedule, void (*kernel)(int, int*)) {
  const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
  int wrong = 0;
  launch(kernel, 1, 64, 0, 6, &wrong);
  return wrong;
}

TEST(Schedules, AgreeOnACorrectKernel) {
  for (const std::string& name : schedules) EXPECT_EQ(wrong_under(name, pass_around<true>), 0);
}

#if !defined(__SANITIZE_THREAD__)  // a data race on purpose; the sanitizer tests look at its report
TEST(Schedules, FairnessHidesAMissingBarrierAndGreedShowsIt) {
  EXPECT_EQ(wrong_under("fair", pass_around<false>), 0);
  EXPECT_GT(wrong_under("greedy", pass_around<false>), 0);
  EXPECT_GT(wrong_under("greedy-reverse", pass_around<false>), 0);
  EXPECT_GT(wrong_under("greedy-random:1", pass_around<false>), 0);
}
#endif

__global__ void visit(int* visits) {
  const unsigned inner = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  const unsigned outer = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  atomicAdd(&visits[outer * blockDim.x * blockDim.y * blockDim.z + inner], 1);
}

TEST(Launches, VisitEveryThreadOfEveryBlockOnce) {
  const dim3 grids[] = {{1}, {5}, {2, 3}, {2, 3, 2}};
  const dim3 blocks[] = {{1}, {33}, {8, 8}, {3, 5, 7}, {1024}, {1, 1024}, {4, 4, 64}};
  for (dim3 grid : grids)
    for (dim3 block : blocks) {
      if (sanitized && grid.x * grid.y * grid.z > 1 && block.x * block.y * block.z > 120) continue;
      const unsigned threads = block.x * block.y * block.z, count = grid.x * grid.y * grid.z;
      std::vector<int> visits(threads * count);
      launch(visit, grid, block, 0, visits.data());
      for (int v : visits) ASSERT_EQ(v, 1);
      EXPECT_EQ(simt::last_launch().threads, threads * count);
      EXPECT_EQ(simt::last_launch().blocks, count);
    }
}

__global__ void nothing() {}

TEST(Launches, RefuseShapesThatNoDeviceTakes) {
  const std::pair<dim3, dim3> shapes[] = {{1, 0},
                                          {0, 1},
                                          {1, 1025},
                                          {1, dim3(32, 33)},
                                          {1, dim3(1, 1, 65)},
                                          {dim3(1, 65536), 1},
                                          {dim3(1, 1, 65536), 1},
                                          {dim3(0x80000000u), 1},
                                          {dim3(1, 0), 1}};
  for (const auto& [grid, block] : shapes) {
    const auto error = error_of([&] { launch(nothing, grid, block, 0); });
    ASSERT_TRUE(error.has_value()) << grid.x << " " << block.x;
    EXPECT_EQ(error->kind(), ErrorKind::bad_launch);
  }
}

__global__ void launches() { launch(nothing, 1, 1, 0); }

TEST(Launches, AreNotPossibleFromAKernel) {
  const auto error = error_of([] { launch(launches, 1, 1, 0); });
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind(), ErrorKind::bad_launch);
}

__global__ void throws_in_the_second_block(int* finished) {
  __syncthreads();
  if (blockIdx.x == 1 && threadIdx.x == 7) throw std::out_of_range("thread 7");
  atomicAdd(finished, 1);
}

TEST(Launches, RethrowWhatAKernelThrows) {
  for_each_schedule([] {
    int finished = 0;
    EXPECT_THROW(launch(throws_in_the_second_block, 3, 32, 0, &finished), std::out_of_range);
    EXPECT_GE(finished, 32);
    EXPECT_LT(finished, 64);
  });
}

__global__ void crossed() {
  if (threadIdx.x == 0)
    __syncthreads();
  else
    __syncwarp();
}

TEST(Launches, ReportADeadlock) {
  for_each_schedule([] {
    const auto error = error_of([] { launch(crossed, dim3(2), 32, 0); });
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->kind(), ErrorKind::deadlock);
    EXPECT_EQ(error->thread(), (simt::Index3{0, 0, 0}));
    const std::string message = error->what();
    EXPECT_NE(message.find("waits in a barrier at schedule_test.cpp:"), std::string::npos);
    EXPECT_NE(message.find("waits in a warp function at schedule_test.cpp:"), std::string::npos);
  });
}

TEST(Launches, WorkAfterAFailedOne) {
  for (int repeat = 0; repeat < 3; ++repeat) {
    EXPECT_THROW(launch(crossed, 1, 64, 0), simt::Error);
    EXPECT_EQ(wrong_under("greedy", pass_around<true>), 0);
  }
}

TEST(Launches, RunOnSeveralHostThreadsAtOnce) {
  std::vector<int> wrong(4, -1);
  std::vector<std::thread> hosts;
  for (std::size_t i = 0; i < wrong.size(); ++i)
    hosts.emplace_back([&, i] { wrong[i] = wrong_under(schedules[i], pass_around<true>); });
  for (std::thread& host : hosts) host.join();
  for (int w : wrong) EXPECT_EQ(w, 0);
}

__global__ void deep(int depth, float* out) {
  volatile char frame[1024];
  frame[0] = static_cast<char>(depth);
  if (depth > 0) deep(depth - 1, out);
  out[threadIdx.x] = static_cast<float>(frame[0] + depth);
}

TEST(Launches, GiveThreadsTheStackTheyAskFor) {
  simt::Options options;
  options.stack_bytes = 1 << 20;
  const simt::ScopedOptions scoped(options);
  std::vector<float> out(4);
  launch(deep, 1, 4, 0, 120, out.data());
  for (float value : out) EXPECT_EQ(value, 240.0f);
}

}  // namespace
}  // namespace assay::kernels::testing
