// SPDX-License-Identifier: Apache-2.0
// Cost of the emulator: one thread switch, and the InfoNCE forward kernel at several sizes.
#include <benchmark/benchmark.h>

#include <vector>

#include "kernels/loss/info_nce.hpp"
#include "kernels/portable.cuh"

namespace {

using namespace assay::kernels;

__global__ void only_barriers(int rounds) {
  for (int i = 0; i < rounds; ++i) __syncthreads();
}

void thread_switch(benchmark::State& state) {
  constexpr int rounds = 1000;
  std::uint64_t switches = 0;
  for (auto _ : state) {
    launch(only_barriers, 1, 256, 0, rounds);
    switches += simt::last_launch().switches;
  }
  state.counters["switches"] =
      benchmark::Counter(static_cast<double>(switches), benchmark::Counter::kIsRate);
}
BENCHMARK(thread_switch)->Unit(benchmark::kMillisecond);

/// Arguments: n, d, 1 for the joint block.
void info_nce_forward(benchmark::State& state) {
  const std::int64_t n = state.range(0), d = state.range(1);
  const bool joint = state.range(2) != 0;
  std::vector<float> a(n * d), b(n * d), loss(2 * n), lse(2 * n), mean(1);
  for (std::int64_t i = 0; i < n * d; ++i) {
    a[i] = static_cast<float>(i * 7919 % 101 - 50) / 256;
    b[i] = static_cast<float>(i * 104729 % 97 - 48) / 256;
  }
  const InfoNceArguments arguments{
      a.data(),    b.data(),
      n,           d,
      d,           d,
      0.07,        joint ? InfoNceForm::joint_block : InfoNceForm::one_direction,
      loss.data(), lse.data(),
      mean.data()};
  for (auto _ : state) info_nce_forward_emulated(arguments, "greedy");
  const double rows = static_cast<double>(joint ? 2 * n : n);
  state.counters["flop"] = benchmark::Counter(2 * rows * rows * static_cast<double>(d),
                                              benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(info_nce_forward)
    ->Unit(benchmark::kMillisecond)
    ->Args({37, 19, 0})
    ->Args({37, 19, 1})
    ->Args({128, 64, 0})
    ->Args({512, 64, 0})
    ->Args({512, 64, 1});

}  // namespace

BENCHMARK_MAIN();
