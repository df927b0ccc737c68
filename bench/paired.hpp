// SPDX-License-Identifier: Apache-2.0
// Paired timing: two ways of the same work, run by turns in one process, compared by medians.
#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace assay::bench {

struct PairedTimes {
  double first = 0;                      ///< median seconds
  double second = 0;                     ///< median seconds
  double ratio = 0;                      ///< median over the pairs of first / second
  double ratio_low = 0, ratio_high = 0;  ///< smallest and largest of these ratios
  int pairs = 0;
};

inline double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  const std::size_t m = v.size() / 2;
  return v.size() % 2 == 1 ? v[m] : (v[m - 1] + v[m]) / 2;
}

/// Processor time of the calling thread: on a shared machine, waiting for the processor is not
/// work.
inline double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  constexpr double nanoseconds = 1e9;
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / nanoseconds;
}

/// Time that passes, for work of several threads.
inline double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

using Clock = double (*)();

template <class Work>
double seconds(const Work& work, Clock clock = thread_seconds) {
  const double start = clock();
  work();
  return clock() - start;
}

/// Runs each once unmeasured, then `pairs` pairs; which of the two goes first alternates, so that a
/// machine that slows down or speeds up meanwhile favours neither.
template <class First, class Second>
PairedTimes run_paired(int pairs, const First& first, const Second& second,
                       Clock clock = thread_seconds) {
  first();
  second();
  std::vector<double> a, b, ratios;
  for (int i = 0; i < pairs; ++i) {
    double x = 0, y = 0;
    if (i % 2 == 0) {
      x = seconds(first, clock);
      y = seconds(second, clock);
    } else {
      y = seconds(second, clock);
      x = seconds(first, clock);
    }
    a.push_back(x);
    b.push_back(y);
    ratios.push_back(x / y);
  }
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  return {median(a), median(b), median(ratios), *low, *high, pairs};
}

}  // namespace assay::bench
