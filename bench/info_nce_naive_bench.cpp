// SPDX-License-Identifier: Apache-2.0
// The a-priori enclosure against what a user of Boost.Multiprecision would write: every operation
// an MPFI interval of about 54 bits, in plain loops. Also the ladder's own interval tier beside it.
//
//   info_nce_naive_bench                 Google Benchmark entries
//   info_nce_naive_bench --paired [K]    K alternating pairs (default 5), medians and ratios
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <algorithm>
#include <boost/multiprecision/mpfi.hpp>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "bench/paired.hpp"
#include "bench/problems.hpp"

namespace {

using namespace assay;
using reference::InfoNceForm;
using reference::InfoNceProblem;

constexpr unsigned digits = 16;
/// Precision known to the compiler: the faster of the two.
using FixedInterval =
    boost::multiprecision::number<boost::multiprecision::mpfi_float_backend<digits>>;
/// Precision set at run time: `mpfi_float` under the name it has in the manual.
using VariableInterval = boost::multiprecision::mpfi_float;

/// The definition, written down: logits in two loops over rows and keys and a third over
/// components, exp, log. The joint block meets each pair of rows once. Temporaries live outside the
/// loops, since Boost would otherwise allocate one for every product.
template <class Interval>
class Naive {
 public:
  explicit Naive(const InfoNceProblem& p)
      : p_(p), temperature_(p.temperature), sums_(size(p.rows())), positives_(size(p.rows())) {
    for (std::int64_t i = 0; i < p.n; ++i) append(a_, p.a + i * p.a_stride);
    for (std::int64_t i = 0; i < p.n; ++i) append(b_, p.b + i * p.b_stride);
  }

  Ends mean_loss() {
    if (p_.form == InfoNceForm::joint_block) {
      std::vector<Interval> z = a_;
      z.insert(z.end(), b_.begin(), b_.end());
      for (std::int64_t i = 0; i < p_.rows(); ++i)
        for (std::int64_t j = i + 1; j < p_.rows(); ++j) {
          compute_logit(z, i, z, j);
          if (j == i + p_.n) positives_[size(i)] = positives_[size(j)] = logit_;
          exponential_ = exp(logit_);
          sums_[size(i)] += exponential_;
          sums_[size(j)] += exponential_;
        }
    } else {
      for (std::int64_t i = 0; i < p_.n; ++i)
        for (std::int64_t j = 0; j < p_.n; ++j) {
          compute_logit(a_, i, b_, j);
          if (j == i) positives_[size(i)] = logit_;
          exponential_ = exp(logit_);
          sums_[size(i)] += exponential_;
        }
    }
    Interval loss = 0;
    for (std::size_t i = 0; i < sums_.size(); ++i) loss += log(sums_[i]) - positives_[i];
    loss /= p_.rows();
    const auto& ends = loss.backend();
    return {mpfr_get_d(ends.left_data(), MPFR_RNDD), mpfr_get_d(ends.right_data(), MPFR_RNDU)};
  }

 private:
  static std::size_t size(std::int64_t i) { return static_cast<std::size_t>(i); }

  void append(std::vector<Interval>& to, const double* row) {
    for (std::int64_t k = 0; k < p_.d; ++k) to.emplace_back(row[k]);
  }
  void compute_logit(const std::vector<Interval>& x, std::int64_t i, const std::vector<Interval>& y,
                     std::int64_t j) {
    logit_ = 0;
    for (std::int64_t k = 0; k < p_.d; ++k) {
      product_ = x[size(i * p_.d + k)] * y[size(j * p_.d + k)];
      logit_ += product_;
    }
    logit_ /= temperature_;
  }

  const InfoNceProblem& p_;
  Interval temperature_;
  std::vector<Interval> a_, b_, sums_, positives_;
  Interval logit_, product_, exponential_;
};

InfoNceForm form_of(std::int64_t joint) {
  return joint != 0 ? InfoNceForm::joint_block : InfoNceForm::one_direction;
}
/// 256 rows, in both forms, of dimension 128.
InfoNceProblem problem_of(std::int64_t joint) {
  return bench::problem_of(256, 128, form_of(joint), 0.1);
}

void a_priori(benchmark::State& state) {
  const InfoNceProblem p = problem_of(state.range(0));
  for (auto _ : state) {
    auto result = reference::enclose_info_nce_a_priori(p, false);
    benchmark::DoNotOptimize(result);
  }
}
template <class Interval>
void naive(benchmark::State& state) {
  const InfoNceProblem p = problem_of(state.range(0));
  for (auto _ : state) {
    auto result = Naive<Interval>(p).mean_loss();
    benchmark::DoNotOptimize(result);
  }
}
void interval_tier(benchmark::State& state) {
  const InfoNceProblem p = problem_of(state.range(0));
  for (auto _ : state) {
    auto result = reference::enclose_info_nce(p, reference::Engine::mpfi, 64);
    benchmark::DoNotOptimize(result);
  }
}

/// False, and a line, where the two enclosures of the same number do not overlap.
template <class Interval>
bool compare(const char* precision, std::int64_t joint, int pairs) {
  const InfoNceProblem p = problem_of(joint);
  constexpr int repeats = 50;  // one a-priori run is too short for the clock
  Ends ours, theirs;
  const bench::PairedTimes t = bench::run_paired(
      pairs, [&] { theirs = Naive<Interval>(p).mean_loss(); },
      [&] {
        for (int k = 0; k < repeats; ++k)
          ours = reference::enclose_info_nce_a_priori(p, false).value().loss;
      });
  fmt::print(
      "{:>14} {:>9} | {:>9.1f} {:>9.3f} | {:>7.0f} [{:>7.0f}, {:>7.0f}] | {:>8.1e} {:>8.1e}\n",
      joint != 0 ? "joint block" : "one direction", precision, 1e3 * t.first,
      1e3 * t.second / repeats, repeats * t.ratio, repeats * t.ratio_low, repeats * t.ratio_high,
      (theirs.hi - theirs.lo) / 2, (ours.hi - ours.lo) / 2);
  const bool overlap = ours.lo <= theirs.hi && theirs.lo <= ours.hi;
  if (!overlap)
    fmt::print("  no overlap: [{:a}, {:a}] and [{:a}, {:a}]\n", theirs.lo, theirs.hi, ours.lo,
               ours.hi);
  return overlap;
}

int paired(int pairs) {
  fmt::print(
      "naive intervals (Boost.Multiprecision mpfi, {} digits) against the a-priori enclosure, loss "
      "only, 256 rows, d = 128, one thread (its processor time), temperature 0.1, {} alternating "
      "pairs\n",
      digits, pairs);
  fmt::print("{:>14} {:>9} | {:>9} {:>9} | {:>7} [{:>7}, {:>7}] | {:>8} {:>8}\n", "form",
             "precision", "naive ms", "ours ms", "ratio", "low", "high", "radius", "ours");
  bool overlap = true;
  for (const std::int64_t joint : {0, 1}) {
    overlap &= compare<FixedInterval>("fixed", joint, pairs);
    overlap &= compare<VariableInterval>("variable", joint, pairs);
  }
  return overlap ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  VariableInterval::default_precision(digits);
  if (argc > 1 && std::strcmp(argv[1], "--paired") == 0)
    return paired(argc > 2 ? std::max(1, std::atoi(argv[2])) : 5);
  for (const std::int64_t joint : {0, 1}) {
    const auto add = [&](const char* name, void (*run)(benchmark::State&)) {
      benchmark::RegisterBenchmark(name, run)->Arg(joint)->Unit(benchmark::kMillisecond);
    };
    add("a_priori/joint", a_priori);
    add("naive_fixed/joint", naive<FixedInterval>);
    add("naive_variable/joint", naive<VariableInterval>);
    add("interval_tier_64_bits/joint", interval_tier);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
