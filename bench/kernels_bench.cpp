// SPDX-License-Identifier: Apache-2.0
// Cost of the emulator: one thread switch, and the InfoNCE kernels at several sizes.
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

/// Numbers that are neither random nor special, and what both operations read.
struct Inputs {
  explicit Inputs(const benchmark::State& state) : n(state.range(0)), d(state.range(1)) {
    a.resize(n * d);
    b.resize(n * d);
    for (std::int64_t i = 0; i < n * d; ++i) {
      a[i] = static_cast<float>(i * 7919 % 101 - 50) / 256;
      b[i] = static_cast<float>(i * 104729 % 97 - 48) / 256;
    }
    joint = state.range(2) != 0;
  }
  void fill(InfoNceInputs& q) const {
    q.a = a.data();
    q.b = b.data();
    q.n = n;
    q.d = q.a_stride = q.b_stride = d;
    q.temperature = 0.07;
    q.form = joint ? InfoNceForm::joint_block : InfoNceForm::one_direction;
  }
  /// Of one product of all pairs.
  benchmark::Counter flop(int products) const {
    const double rows = static_cast<double>(joint ? 2 * n : n);
    return {2 * products * rows * rows * static_cast<double>(d),
            benchmark::Counter::kIsIterationInvariantRate};
  }

  std::int64_t n, d;
  bool joint;
  std::vector<float> a, b;
};

/// Arguments: n, d, 1 for the joint block.
void info_nce_forward(benchmark::State& state) {
  const Inputs inputs(state);
  std::vector<float> loss(2 * inputs.n), lse(2 * inputs.n), mean(1);
  InfoNceArguments q;
  inputs.fill(q);
  q.row_loss = loss.data();
  q.row_lse = lse.data();
  q.loss = mean.data();
  for (auto _ : state) info_nce_forward_emulated(q, "greedy");
  state.counters["flop"] = inputs.flop(1);
}
BENCHMARK(info_nce_forward)
    ->Unit(benchmark::kMillisecond)
    ->Args({37, 19, 0})
    ->Args({37, 19, 1})
    ->Args({128, 64, 0})
    ->Args({512, 64, 0})
    ->Args({512, 64, 1});

void info_nce_backward(benchmark::State& state) {
  const Inputs inputs(state);
  std::vector<float> grad_a(inputs.n * inputs.d), grad_b(grad_a), temperature(1);
  InfoNceBackwardArguments q;
  inputs.fill(q);
  q.grad_loss = 1;
  q.grad_a = grad_a.data();
  q.grad_b = grad_b.data();
  q.grad_temperature = temperature.data();
  for (auto _ : state) info_nce_backward_emulated(q, "greedy");
  state.counters["flop"] = inputs.flop(inputs.joint ? 3 : 5);
}
BENCHMARK(info_nce_backward)
    ->Unit(benchmark::kMillisecond)
    ->Args({37, 19, 0})
    ->Args({37, 19, 1})
    ->Args({64, 32, 1})
    ->Args({128, 64, 0})
    ->Args({512, 64, 0})
    ->Args({512, 64, 1});

}  // namespace

BENCHMARK_MAIN();
