// SPDX-License-Identifier: Apache-2.0
// What proved bounds cost: the InfoNCE enclosures against the same double code without bounds.
//
//   info_nce_enclosure_bench                 Google Benchmark entries
//   info_nce_enclosure_bench --paired [K]    K alternating pairs (default 9), medians and ratios
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <cstdlib>
#include <cstring>

#include "bench/info_nce_plain.hpp"
#include "bench/paired.hpp"
#include "bench/problems.hpp"
#include "reference/loss/info_nce.hpp"

namespace {

using namespace assay;
using bench::problem_of;
using bench::ulp32;
using reference::InfoNceForm;
using reference::InfoNceProblem;

InfoNceForm form_of(std::int64_t joint) {
  return joint != 0 ? InfoNceForm::joint_block : InfoNceForm::one_direction;
}

void a_priori(benchmark::State& state) {
  const InfoNceProblem p = problem_of(state.range(0), state.range(1), form_of(state.range(2)), 0.1);
  for (auto _ : state) {
    auto result = reference::enclose_info_nce_a_priori(p, false);
    benchmark::DoNotOptimize(result);
  }
}
void plain(benchmark::State& state) {
  const InfoNceProblem p = problem_of(state.range(0), state.range(1), form_of(state.range(2)), 0.1);
  for (auto _ : state) {
    auto result = bench::info_nce_plain(p, false);
    benchmark::DoNotOptimize(result);
  }
}
void on_engine(benchmark::State& state, reference::Engine engine) {
  const InfoNceProblem p = problem_of(state.range(0), state.range(1), form_of(state.range(2)), 0.1);
  for (auto _ : state) {
    auto result = reference::enclose_info_nce(p, engine, static_cast<int>(state.range(3)));
    benchmark::DoNotOptimize(result);
  }
}

int paired(int pairs) {
  fmt::print(
      "a-priori enclosure against the same algorithm in plain double, one thread (its processor "
      "time), "
      "temperature 0.1, {} alternating pairs\n",
      pairs);
  fmt::print("{:>14} {:>6} {:>5} {:>5} | {:>12} {:>9} | {:>6} [{:>6}, {:>6}] | {:>11} {:>9}\n",
             "form", "rows", "d", "lse", "enclosed ms", "plain ms", "ratio", "low", "high",
             "rad/ulp32", "rel. rad");
  for (const InfoNceForm form : {InfoNceForm::joint_block, InfoNceForm::one_direction})
    for (const std::int64_t d : {128, 512})
      for (const bool lse : {false, true}) {
        const InfoNceProblem p = problem_of(4096, d, form, 0.1);
        Ends loss;
        double sink = 0;
        const bench::PairedTimes t = bench::run_paired(
            pairs, [&] { loss = reference::enclose_info_nce_a_priori(p, lse).value().loss; },
            [&] { sink += bench::info_nce_plain(p, lse).loss; });
        benchmark::DoNotOptimize(sink);
        const double radius = (loss.hi - loss.lo) / 2;
        fmt::print(
            "{:>14} {:>6} {:>5} {:>5} | {:>12.1f} {:>9.1f} | {:>6.3f} [{:>6.3f}, {:>6.3f}] | "
            "{:>11.2e} {:>9.1e}\n",
            form == InfoNceForm::joint_block ? "joint block" : "one direction", p.rows(), d,
            lse ? "yes" : "no", 1e3 * t.first, 1e3 * t.second, t.ratio, t.ratio_low, t.ratio_high,
            radius / ulp32(loss.lo), radius / loss.lo);
      }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--paired") == 0)
    return paired(argc > 2 ? std::max(1, std::atoi(argv[2])) : 9);
  for (const std::int64_t d : {128, 512})
    for (const std::int64_t joint : {1, 0}) {
      benchmark::RegisterBenchmark("a_priori/rows/d/joint", a_priori)
          ->Args({4096, d, joint})
          ->Unit(benchmark::kMillisecond);
      benchmark::RegisterBenchmark("plain/rows/d/joint", plain)
          ->Args({4096, d, joint})
          ->Unit(benchmark::kMillisecond);
    }
  for (const reference::Engine engine : reference::engines())
    for (const int bits : {128, 256})
      benchmark::RegisterBenchmark((std::string(name_of(engine)) + "/rows/d/joint/bits").c_str(),
                                   [engine](benchmark::State& s) { on_engine(s, engine); })
          ->Args({256, 128, 1, bits})
          ->Unit(benchmark::kMillisecond);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
