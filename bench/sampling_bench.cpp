// SPDX-License-Identifier: Apache-2.0
// Draws of hardened negatives on one core: microseconds per row, the median of 21 runs.
//
//     sampling_bench [--n 16384] [--k 256] [--d 0] [--rows 64] [--beta 5] [--bits 53] [--serve 1]
//
// --d 0: the scores are given; else they are inner products. With --serve it runs once per line of
// its input and prints the seconds for all rows, for bench/sampling_rivals.py.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "kernels/sampling/sampling.hpp"

namespace {

using namespace assay::kernels::sampling;

std::vector<float> uniform_numbers(std::int64_t count, unsigned seed, float size) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> law(-size, size);
  std::vector<float> x(static_cast<std::size_t>(count));
  for (float& one : x) one = law(generator);
  return x;
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, double> option = {{"--n", 16384}, {"--k", 256},  {"--d", 0},
                                          {"--rows", 64}, {"--beta", 5}, {"--bits", 53},
                                          {"--serve", 0}};
  for (int i = 1; i + 1 < argc; ++i)
    if (const auto found = option.find(argv[i]); found != option.end())
      found->second = std::stod(argv[++i]);
  const auto whole = [&](const char* name) { return static_cast<std::int64_t>(option.at(name)); };
  const std::int64_t rows = whole("--rows"), n = whole("--n"), d = whole("--d");
  const float size = d > 0 ? 1.7320508f / std::sqrt(static_cast<float>(d)) : 1.0f;
  const std::vector<float> scores = uniform_numbers(d > 0 ? 0 : rows * n, 1, size),
                           x = uniform_numbers(rows * d, 2, size),
                           y = uniform_numbers(n * d, 3, size);
  Request request;
  Population& p = request.population;
  p.rows = rows;
  p.columns = p.score_stride = n;
  p.dimension = d;
  if (d > 0) {
    p.x = x.data();
    p.y = y.data();
  } else {
    p.scores = scores.data();
  }
  p.tilt = Tilt::exponential;
  p.beta = static_cast<float>(option.at("--beta"));
  request.k = whole("--k");
  request.bits = static_cast<int>(whole("--bits"));
  std::vector<std::int64_t> out(static_cast<std::size_t>(rows * request.k));
  const auto seconds = [&] {
    ++request.words.call;
    const auto start = std::chrono::steady_clock::now();
    sample_cpu(request, out.data());
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  if (option.at("--serve") != 0) {
    for (std::string line; std::getline(std::cin, line);)
      std::cout << fmt::format("{}\n", seconds()) << std::flush;
    return 0;
  }
  std::vector<double> runs;
  for (int i = 0; i < 21; ++i) runs.push_back(seconds());
  std::sort(runs.begin(), runs.end());
  std::cout << fmt::format(
      "inverse_cdf, N {}, k {}, d {}, {} rows: {:.1f} us a row (fastest {:.1f})\n", n, request.k, d,
      rows, runs[10] / static_cast<double>(rows) * 1'000'000,
      runs[0] / static_cast<double>(rows) * 1'000'000);
}
