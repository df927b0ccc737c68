// SPDX-License-Identifier: Apache-2.0
// Harris instances per second on one core: drawing, deciding, both; k = 3, support 5 unless named.
#include <benchmark/benchmark.h>

#include <vector>

#include "kernels/harris/harris.hpp"
#include "properties/engine/harris_cases.hpp"

namespace {

using namespace assay;
using engine::HarrisDraw;

/// Few enough instances to stay in the second cache, as in a search that draws and decides in
/// turns.
constexpr int batch_size = 128;

struct Buffers {
  explicit Buffers(const HarrisDraw& drawn)
      : draw(drawn),
        weights(static_cast<std::size_t>(draw.weight_count() * batch_size)),
        g(static_cast<std::size_t>(draw.cells() * batch_size)),
        h(g.size()),
        sums(batch_size) {}
  void fill(std::uint64_t first) {
    for (int i = 0; i < batch_size; ++i)
      engine::fill_harris_case(draw, 1, first + static_cast<std::uint64_t>(i),
                               weights.data() + i * draw.weight_count(),
                               g.data() + i * draw.cells(), h.data() + i * draw.cells());
  }
  void decide() {
    const kernels::HarrisBatch batch{
        draw.axes,  draw.support,   static_cast<kernels::HarrisLaw>(draw.law()),
        batch_size, weights.data(), g.data(),
        h.data()};
    kernels::harris_cpu(batch, sums.data());
    benchmark::DoNotOptimize(sums.data());
    benchmark::ClobberMemory();
  }
  HarrisDraw draw;
  std::vector<std::int64_t> weights, g, h;
  std::vector<kernels::HarrisSums> sums;
};

HarrisDraw drawn(const benchmark::State& state) {
  HarrisDraw draw;
  draw.axes = static_cast<int>(state.range(0));
  draw.support = static_cast<int>(state.range(1));
  draw.weight_bits = draw.value_bits = static_cast<int>(state.range(2));
  return draw;
}

void per_second(benchmark::State& state, int instances) {
  state.counters["instances"] = benchmark::Counter(static_cast<double>(instances),
                                                   benchmark::Counter::kIsIterationInvariantRate);
}

void decide(benchmark::State& state) {
  Buffers buffers(drawn(state));
  buffers.fill(0);
  for (auto _ : state) buffers.decide();
  per_second(state, batch_size);
}
void draw(benchmark::State& state) {
  Buffers buffers(drawn(state));
  std::uint64_t first = 0;
  for (auto _ : state) {
    buffers.fill(first += batch_size);
    benchmark::DoNotOptimize(buffers.g.data());
    benchmark::ClobberMemory();
  }
  per_second(state, batch_size);
}
void draw_and_decide(benchmark::State& state) {
  Buffers buffers(drawn(state));
  std::uint64_t first = 0;
  for (auto _ : state) {
    buffers.fill(first += batch_size);
    buffers.decide();
  }
  per_second(state, batch_size);
}
/// The reference, cell by cell with GMP results; and the emulated kernel.
void reference_decides(benchmark::State& state) {
  std::vector<reference::HarrisInstance> instances;
  for (int i = 0; i < batch_size; ++i)
    instances.push_back(engine::harris_case(drawn(state), 1, static_cast<std::uint64_t>(i)));
  for (auto _ : state)
    for (const auto& q : instances) benchmark::DoNotOptimize(reference::decide_lemma_1(q));
  per_second(state, batch_size);
}
void emulated(benchmark::State& state) {
  Buffers b(drawn(state));
  b.fill(0);
  const kernels::HarrisBatch batch{b.draw.axes, b.draw.support,   kernels::HarrisLaw::iid,
                                   batch_size,  b.weights.data(), b.g.data(),
                                   b.h.data()};
  for (auto _ : state) kernels::harris_emulated(batch, b.sums.data(), "fair");
  per_second(state, batch_size);
}

// k, n, bits of weights and values: 32-bit sums, 64-bit sums, 128-bit sums; GMP for the reference.
BENCHMARK(decide)
    ->Args({3, 5, 4})
    ->Args({3, 5, 9})
    ->Args({3, 5, 12})
    ->Args({2, 4, 4})
    ->Args({4, 8, 4});
BENCHMARK(draw)->Args({3, 5, 4})->Args({3, 5, 9});
BENCHMARK(draw_and_decide)->Args({3, 5, 4})->Args({3, 5, 9});
BENCHMARK(reference_decides)->Args({3, 5, 4})->Args({3, 5, 40});
BENCHMARK(emulated)->Args({3, 5, 4});

}  // namespace

BENCHMARK_MAIN();
