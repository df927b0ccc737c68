// SPDX-License-Identifier: Apache-2.0
// What proved bounds cost: the InfoNCE enclosures against the same double code without bounds.
//
//   info_nce_enclosure_bench                 Google Benchmark entries
//   info_nce_enclosure_bench --paired [K]    K alternating pairs (default 9), medians and ratios
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <random>
#include <utility>

#include "bench/info_nce_plain.hpp"
#include "bench/paired.hpp"
#include "reference/loss/info_nce.hpp"

namespace {

using namespace assay;
using reference::InfoNceForm;
using reference::InfoNceProblem;

/// Random unit vectors rounded to binary32, in one buffer: a then b.
std::vector<double> unit_rows(std::int64_t rows, std::int64_t d, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> x(static_cast<std::size_t>(rows * d));
  for (std::int64_t i = 0; i < rows; ++i) {
    double* row = x.data() + i * d;
    double square = 0;
    for (std::int64_t k = 0; k < d; ++k) {
      row[k] = normal(random);
      square += row[k] * row[k];
    }
    for (std::int64_t k = 0; k < d; ++k)
      row[k] = static_cast<double>(static_cast<float>(row[k] / std::sqrt(square)));
  }
  return x;
}

/// A problem with `rows` rows in all: N pairs in one direction, N/2 pairs in the joint block.
InfoNceProblem problem_of(std::int64_t rows, std::int64_t d, InfoNceForm form, double temperature) {
  static std::map<std::pair<std::int64_t, std::int64_t>, std::vector<double>> kept;
  std::vector<double>& data = kept[{rows, d}];
  if (data.empty()) data = unit_rows(2 * rows, d, static_cast<unsigned>(rows + d));
  InfoNceProblem p;
  p.n = form == InfoNceForm::joint_block ? rows / 2 : rows;
  p.a = data.data();
  p.b = data.data() + p.n * d;
  p.d = p.a_stride = p.b_stride = d;
  p.temperature = temperature;
  p.form = form;
  p.entries_are_float32 = true;
  return p;
}

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

/// Distance of neighbouring binary32 numbers at x.
double ulp32(double x) {
  const auto f = static_cast<float>(std::fabs(x));
  return static_cast<double>(std::nextafter(f, std::numeric_limits<float>::infinity())) -
         static_cast<double>(f);
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
