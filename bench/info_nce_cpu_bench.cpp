// SPDX-License-Identifier: Apache-2.0
// The CPU implementation of InfoNCE against matrix products of the same size by OpenBLAS.
//
//   info_nce_cpu_bench [--n N] [--d D] [--joint] [--threads T] [--isa NAME] [--pairs K]
//       K alternating pairs of forward and backward in one call against the three products
//       S = A B', X = S B, Y = S' A by OpenBLAS on as many threads: medians and ratios.
//       Without options: one and two threads, both forms, 2048 rows, d = 128.
//   info_nce_cpu_bench --serve ...
//       One repetition, and one line with its seconds (processor time with one thread, else
//       wall-clock), for every line read: for rivals in other programs (info_nce_cpu_rivals.py).
#include <fmt/core.h>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "bench/paired.hpp"
#include "kernels/loss/info_nce.hpp"

#if defined(ASSAY_HAVE_OPENBLAS)
#include <cblas.h>
#endif

namespace {

using namespace assay;
using kernels::InfoNceForm;

struct Options {
  std::int64_t n = 2048, d = 128;
  bool joint = false, serve = false;
  int threads = 1, pairs = 15;
  std::string isa;
};

Options options_from(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto value = [&] { return i + 1 < argc ? argv[++i] : ""; };
    if (name == "--n")
      o.n = std::atoll(value());
    else if (name == "--d")
      o.d = std::atoll(value());
    else if (name == "--threads")
      o.threads = std::atoi(value());
    else if (name == "--pairs")
      o.pairs = std::atoi(value());
    else if (name == "--isa")
      o.isa = value();
    else if (name == "--joint")
      o.joint = true;
    else if (name == "--serve")
      o.serve = true;
    else if (name.rfind("--benchmark_", 0) != 0) {  // those are meant for other programs
      fmt::print(stderr, "unknown option {}\n", name);
      std::exit(2);
    }
  }
  return o;
}

std::vector<float> unit_rows(std::int64_t rows, std::int64_t d, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<float> x(static_cast<std::size_t>(rows * d));
  const double length = std::sqrt(static_cast<double>(d));
  for (float& v : x) v = static_cast<float>(normal(random) / length);
  return x;
}

/// Inputs and outputs of forward and backward.
class Work {
 public:
  explicit Work(const Options& o)
      : o_(o),
        rows_(o.joint ? 2 * o.n : o.n),
        a_(unit_rows(o.n, o.d, 1)),
        b_(unit_rows(o.n, o.d, 2)),
        row_loss_(static_cast<std::size_t>(rows_)),
        row_lse_(row_loss_),
        grad_a_(a_.size()),
        grad_b_(a_.size()) {
    forward_.row_loss = row_loss_.data();
    forward_.row_lse = row_lse_.data();
    forward_.loss = &loss_;
    backward_.grad_loss = 1;
    backward_.grad_a = grad_a_.data();
    backward_.grad_b = grad_b_.data();
    backward_.grad_temperature = &grad_temperature_;
    for (kernels::InfoNceInputs* in : {static_cast<kernels::InfoNceInputs*>(&forward_),
                                       static_cast<kernels::InfoNceInputs*>(&backward_)}) {
      in->a = a_.data();
      in->b = b_.data();
      in->n = o.n;
      in->d = in->a_stride = in->b_stride = o.d;
      in->temperature = 0.07;
      in->form = o.joint ? InfoNceForm::joint_block : InfoNceForm::one_direction;
    }
  }
  void both() { kernels::info_nce_cpu(&forward_, &backward_, o_.threads, o_.isa); }
  void forward() { kernels::info_nce_cpu(&forward_, nullptr, o_.threads, o_.isa); }
  std::int64_t rows() const { return rows_; }
  double gigaflop() const {
    constexpr double giga = 1e9;
    const auto rows = static_cast<double>(rows_);
    return 6 * rows * rows * static_cast<double>(o_.d) / giga;
  }

 private:
  Options o_;
  std::int64_t rows_;
  std::vector<float> a_, b_, row_loss_, row_lse_, grad_a_, grad_b_;
  float loss_ = 0, grad_temperature_ = 0;
  kernels::InfoNceArguments forward_;
  kernels::InfoNceBackwardArguments backward_;
};

void serve(const Options& o) {
  Work work(o);
  work.both();
  const bench::Clock clock = o.threads == 1 ? bench::thread_seconds : bench::wall_seconds;
  for (std::string line; std::getline(std::cin, line);) {
    fmt::print("{:.9f}\n", bench::seconds([&] { work.both(); }, clock));
    std::fflush(stdout);
  }
}

#if defined(ASSAY_HAVE_OPENBLAS)
int compare(const Options& o) {
  Work work(o);
  const int rows = static_cast<int>(work.rows()), d = static_cast<int>(o.d);
  const std::vector<float> a = unit_rows(rows, d, 3), b = unit_rows(rows, d, 4);
  std::vector<float> s(static_cast<std::size_t>(rows) * static_cast<std::size_t>(rows)), x(a), y(a);
  openblas_set_num_threads(o.threads);
  const auto products = [&] {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, rows, d, 1, a.data(), d, b.data(), d,
                0, s.data(), rows);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, d, rows, 1, s.data(), rows,
                b.data(), d, 0, x.data(), d);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, rows, d, rows, 1, s.data(), rows, a.data(),
                d, 0, y.data(), d);
  };
  const bench::Clock clock = o.threads == 1 ? bench::thread_seconds : bench::wall_seconds;
  const auto t = bench::run_paired(
      o.pairs, products, [&] { work.both(); }, clock);
  std::vector<double> forward;
  for (int i = 0; i < o.pairs; ++i)
    forward.push_back(bench::seconds([&] { work.forward(); }, clock));
  constexpr double milli = 1e3;
  fmt::print(
      "InfoNCE {}, {} rows, d {}, {} thread(s), {}, OpenBLAS core {}\n"
      "  three products by OpenBLAS  {:8.2f} ms  {:6.1f} GFLOP/s\n"
      "  forward and backward        {:8.2f} ms  {:6.1f} GFLOP/s (6 rows^2 d counted)\n"
      "  forward alone               {:8.2f} ms\n"
      "  rate of forward and backward / rate of the products: median {:.3f} [{:.3f}, {:.3f}], "
      "{} pairs\n",
      o.joint ? "joint block" : "one direction", rows, d, o.threads,
      o.isa.empty() ? "best instruction set" : o.isa, openblas_get_corename(), milli * t.first,
      work.gigaflop() / t.first, milli * t.second, work.gigaflop() / t.second,
      milli * bench::median(forward), t.ratio, t.ratio_low, t.ratio_high, t.pairs);
  return 0;
}
#else
int compare(const Options& o) {
  Work work(o);
  work.both();
  std::vector<double> times;
  for (int i = 0; i < o.pairs; ++i)
    times.push_back(bench::seconds([&] { work.both(); }, bench::wall_seconds));
  constexpr double milli = 1e3;
  fmt::print("built without OpenBLAS: no ratio; forward and backward {:.2f} ms, {:.1f} GFLOP/s\n",
             milli * bench::median(times), work.gigaflop() / bench::median(times));
  return 0;
}
#endif

}  // namespace

int main(int argc, char** argv) {
  Options o = options_from(argc, argv);
  if (o.serve) {
    serve(o);
    return 0;
  }
  if (argc > 1) return compare(o);
  for (const int threads : {1, 2})
    for (const bool joint : {false, true}) {
      o.threads = threads;
      o.joint = joint;
      o.n = joint ? 1024 : 2048;
      compare(o);
    }
  return 0;
}
