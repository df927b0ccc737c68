// SPDX-License-Identifier: Apache-2.0
// What a certificate of a sampler costs: seconds of one core per row, the median of 5 runs.
//
//     sampler_certificate_bench [--n 1000000] [--bits 24]
//
// The exact law of the inverse CDF of one core by enumeration of all words, and the coupled draws
// of a race, both without a process between certificate and kernel.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "kernels/sampling/sampling.hpp"
#include "properties/contract/sampler/coupling.hpp"
#include "properties/contract/sampler/exact_law.hpp"
#include "properties/contract/sampler/ideal.hpp"
#include "properties/contract/sampler/law.hpp"
#include "properties/engine/random.hpp"

namespace {

using namespace assay;
namespace sampling = kernels::sampling;

double seconds(const std::function<void()>& work) {
  std::vector<double> times;
  for (int run = 0; run < 5; ++run) {
    const std::clock_t start = std::clock();  // of the processor: other programs do not count
    work();
    times.push_back(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  std::sort(times.begin(), times.end());
  return times[2];
}

contract::SamplerProblem row(contract::SamplerRule rule, std::int64_t columns, int bits) {
  contract::SamplerProblem p;
  p.rule = rule;
  p.bits = bits;
  engine::Random random(1, "bench", 0);
  for (std::int64_t j = 0; j < columns; ++j)
    p.scores.push_back(std::nearbyint(random.normal() * 256) / 256);
  return p;
}

sampling::Request request_of(const contract::SamplerProblem& p, const std::vector<float>& scores) {
  sampling::Request r;
  r.method = sampling::method_named(std::string(name_of(p.rule)));
  r.population.rows = 1;
  r.population.columns = p.columns();
  r.population.scores = scores.data();
  r.population.score_stride = p.columns();
  r.population.tilt = sampling::Tilt::exponential;
  r.bits = p.bits;
  return r;
}

std::vector<std::int64_t> draw(sampling::Request r, std::span<const std::uint32_t> words,
                               std::int64_t trials) {
  r.k = trials;
  r.words.given = words.data();
  r.words.given_count = static_cast<std::int64_t>(words.size());
  std::vector<std::int64_t> columns(static_cast<std::size_t>(trials));
  sampling::sample_cpu(r, columns.data());
  return columns;
}

void exact_law(std::int64_t columns, int bits) {
  const contract::SamplerProblem p = row(contract::SamplerRule::inverse_cdf, columns, bits);
  const std::vector<float> scores(p.scores.begin(), p.scores.end());
  const sampling::Request request = request_of(p, scores);
  const contract::NumberMap map = [&](std::span<const std::uint64_t> numbers) {
    std::vector<std::uint32_t> words;
    words.reserve(numbers.size());
    for (const std::uint64_t k : numbers)
      words.push_back(static_cast<std::uint32_t>(k << (32 - bits)));
    return draw(request, words, static_cast<std::int64_t>(numbers.size()));
  };
  contract::LawComparison comparison;
  const double time = seconds([&] {
    const contract::ExactLaw law = contract::enumerate_law(map, columns, bits);
    comparison = contract::compare_laws(law, contract::item_law(p), bits);
  });
  fmt::print("inverse_cdf, {} columns, all 2^{} words: {:.3f} s, TV in [{:.4g}, {:.4g}]\n", columns,
             bits, time, comparison.tv.lo, comparison.tv.hi);
}

void coupled(contract::SamplerRule rule, std::int64_t columns) {
  const contract::SamplerProblem p = row(rule, columns, 32);
  const std::vector<float> scores(p.scores.begin(), p.scores.end());
  const sampling::Request request = request_of(p, scores);
  const contract::IdealMap ideal = *contract::ideal_map(p);
  contract::CoupledRun run;
  const double time = seconds([&] {
    run = contract::run_coupling(
        [&](std::span<const std::uint32_t> words) {
          return draw(request, words, static_cast<std::int64_t>(words.size()) / columns);
        },
        ideal, columns, 1, columns, {1.0 / 10000, 1.0 / 1000000, 400000, 1});
  });
  fmt::print("{}, {} columns, coupled at 1e-4: {:.3f} s, {} draws, {} mismatches, certified {}\n",
             name_of(rule), columns, time, run.draws, run.mismatches, run.certified);
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::int64_t> option = {{"--n", 1000000}, {"--bits", 24}};
  for (int i = 1; i + 1 < argc; ++i)
    if (const auto found = option.find(argv[i]); found != option.end())
      found->second = std::stoll(argv[i + 1]);
  for (const std::int64_t n : {std::int64_t{1000}, std::int64_t{32000}, option["--n"]})
    exact_law(n, static_cast<int>(option["--bits"]));
  for (const std::int64_t n : {64, 1024}) {
    coupled(contract::SamplerRule::gumbel_max, n);
    coupled(contract::SamplerRule::exponential_race, n);
  }
}
