// SPDX-License-Identifier: Apache-2.0
// Draws of hardened negatives on one core: seconds for all rows, once per line of the input.
//
//     sampling_bench [--n 16384] [--k 256] [--d 0] [--rows 64] [--beta 5] [--bits 53]
//
// --d 0: the scores are given; else they are inner products. Serves bench/sampling_rivals.py.
#include <fmt/format.h>

#include <chrono>
#include <iostream>
#include <map>
#include <random>

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
                                          {"--rows", 64}, {"--beta", 5}, {"--bits", 53}};
  for (int i = 1; i + 1 < argc; i += 2) option.at(argv[i]) = std::stod(argv[i + 1]);
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
  for (std::string line; std::getline(std::cin, line); ++request.words.call) {
    const auto start = std::chrono::steady_clock::now();
    sample_cpu(request, out.data());
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    std::cout << fmt::format("{}\n", elapsed.count()) << std::flush;
  }
}
