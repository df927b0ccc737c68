// SPDX-License-Identifier: Apache-2.0
// What the split tier costs: its enclosures against the same algorithm in plain double, without
// cutting, pairs and bounds.
//
//   info_nce_split_bench --paired [K]    K alternating pairs (default 5), medians and ratios
//   info_nce_split_bench --product [K]   losses of both tiers, 16384 rows, d = 512, against one
//                                        matrix product of that size; K turns (default 3)
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>

#ifdef ASSAY_HAVE_OPENBLAS
#include <cblas.h>
#endif

#include "bench/info_nce_gradient_plain.hpp"
#include "bench/info_nce_plain.hpp"
#include "bench/paired.hpp"
#include "bench/problems.hpp"
#include "reference/loss/info_nce_gradient.hpp"

namespace {

using namespace assay;
using reference::InfoNceForm;
using reference::InfoNceProblem;

constexpr int product_panel = 1024;

const char* name_of(InfoNceForm form) {
  return form == InfoNceForm::joint_block ? "joint block" : "one direction";
}

void paired_loss(int pairs) {
  fmt::print("{:>14} {:>6} {:>5} | {:>8} {:>8} | {:>6} [{:>6}, {:>6}] | {:>9} {:>9}\n", "loss",
             "rows", "d", "split ms", "plain ms", "ratio", "low", "high", "rad/ulp32", "rel. rad");
  for (const InfoNceForm form : {InfoNceForm::joint_block, InfoNceForm::one_direction})
    for (const std::int64_t rows : {1024, 4096})
      for (const std::int64_t d : {128, 512}) {
        const InfoNceProblem p = bench::problem_of(rows, d, form, 0.1);
        Ends loss;
        double sink = 0;
        const bench::PairedTimes t = bench::run_paired(
            pairs, [&] { loss = reference::enclose_info_nce_split(p, false).value().loss; },
            [&] { sink += bench::info_nce_plain(p, false).loss; });
        const double radius = (loss.hi - loss.lo) / 2;
        fmt::print(
            "{:>14} {:>6} {:>5} | {:>8.1f} {:>8.1f} | {:>6.3f} [{:>6.3f}, {:>6.3f}] | {:>9.2e} "
            "{:>9.1e}\n",
            name_of(form), rows, d, 1e3 * t.first, 1e3 * t.second, t.ratio, t.ratio_low,
            t.ratio_high, radius / bench::ulp32(loss.lo), radius / loss.lo);
        if (sink == 0) std::abort();
      }
}

/// Median over the entries of radius / binary32 ulp of the entry.
double median_radius(const std::vector<Ends>& entries) {
  std::vector<double> radii;
  for (const Ends& e : entries)
    radii.push_back((e.hi - e.lo) / 2 / bench::ulp32((e.hi + e.lo) / 2));
  return bench::median(std::move(radii));
}

void paired_gradient(int pairs, std::int64_t most_rows) {
  fmt::print("{:>14} {:>6} {:>5} | {:>8} {:>8} | {:>6} [{:>6}, {:>6}] | {:>11} {:>11}\n",
             "gradient", "rows", "d", "split ms", "plain ms", "ratio", "low", "high",
             "median/ulp32", "dT/ulp32");
  for (const InfoNceForm form : {InfoNceForm::joint_block, InfoNceForm::one_direction})
    for (std::int64_t rows = 1024; rows <= most_rows; rows *= 4)
      for (const std::int64_t d : {128, 512}) {
        const InfoNceProblem p = bench::problem_of(rows, d, form, 0.1);
        reference::InfoNceUpstream upstream;
        upstream.mean = 1;
        reference::InfoNceGradients found;
        double sink = 0;
        const bench::PairedTimes t = bench::run_paired(
            pairs,
            [&] { found = reference::enclose_info_nce_gradients_split(p, upstream).value(); },
            [&] { sink += bench::PlainGradient(p).sink(); });
        fmt::print(
            "{:>14} {:>6} {:>5} | {:>8.1f} {:>8.1f} | {:>6.3f} [{:>6.3f}, {:>6.3f}] | {:>11.2e} "
            "{:>11.2e}\n",
            name_of(form), rows, d, 1e3 * t.first, 1e3 * t.second, t.ratio, t.ratio_low,
            t.ratio_high, median_radius(found.a), median_radius({found.temperature}));
        if (sink == 0) std::abort();
      }
}

/// Seconds of all inner products rows x keys of vectors of length d, in panels of keys, so that the
/// matrix need not be stored: by Eigen, which the enclosures use as well.
double eigen_product(const InfoNceProblem& p) {
  const Eigen::Map<const Eigen::MatrixXd> x(p.a, p.d, p.rows());
  Eigen::MatrixXd panel(p.rows(), product_panel);
  return bench::seconds([&] {
    for (std::int64_t j = 0; j < p.rows(); j += product_panel)
      panel.noalias() = x.transpose() * x.middleCols(j, product_panel);
  });
}

#ifdef ASSAY_HAVE_OPENBLAS
/// The same by OpenBLAS.
double openblas_product(const InfoNceProblem& p) {
  openblas_set_num_threads(1);
  Eigen::MatrixXd panel(p.rows(), product_panel);
  const auto rows = static_cast<blasint>(p.rows()), d = static_cast<blasint>(p.d);
  return bench::seconds([&] {
    for (std::int64_t j = 0; j < p.rows(); j += product_panel)
      cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, rows, product_panel, d, 1.0, p.a, d,
                  p.a + j * p.d, d, 0.0, panel.data(), rows);
  });
}
#endif

/// Both tiers' loss against one double matrix product rows x rows x d, by turns; the best of each.
void against_product(std::int64_t rows, std::int64_t d, int turns) {
  const InfoNceProblem joint = bench::problem_of(rows, d, InfoNceForm::joint_block, 0.1);
  const InfoNceProblem direction = bench::problem_of(rows, d, InfoNceForm::one_direction, 0.1);
  const auto a_priori = [](const InfoNceProblem& p) {
    return bench::seconds([&] { reference::enclose_info_nce_a_priori(p, false).value(); });
  };
  const auto split = [](const InfoNceProblem& p) {
    return bench::seconds([&] { reference::enclose_info_nce_split(p, false).value(); });
  };
  struct Contest {
    const char* name;
    std::function<double()> run;
    double best = std::numeric_limits<double>::infinity();
  };
  std::vector<Contest> all{
      {"product, Eigen", [&] { return eigen_product(joint); }},
      {"a-priori, joint block", [&] { return a_priori(joint); }},
      {"a-priori, one direction", [&] { return a_priori(direction); }},
      {"split, joint block", [&] { return split(joint); }},
      {"split, one direction", [&] { return split(direction); }},
#ifdef ASSAY_HAVE_OPENBLAS
      {"product, OpenBLAS", [&] { return openblas_product(joint); }},
#endif
  };
  for (int turn = 0; turn < turns; ++turn)
    for (Contest& c : all) c.best = std::min(c.best, c.run());
  fmt::print("{} rows, d = {}, one thread (its processor time), best of {} turns\n", rows, d,
             turns);
  const double flops = 2.0 * static_cast<double>(rows) * static_cast<double>(rows * d);
  const auto line = [&](const Contest& c) {
    fmt::print("{:>24} {:>7.2f} s, x{:.2f} of Eigen's product", c.name, c.best,
               c.best / all.front().best);
#ifdef ASSAY_HAVE_OPENBLAS
    fmt::print(", x{:.2f} of OpenBLAS's", c.best / all.back().best);
#endif
    fmt::print("\n");
  };
  for (const Contest& c : all) line(c);
  constexpr double giga = 1e9;
  fmt::print("Eigen's product: {:.1f} Gflop/s\n", flops / all.front().best / giga);
}

}  // namespace

int main(int argc, char** argv) {
  const bool paired = argc > 1 && std::strcmp(argv[1], "--paired") == 0;
  const int pairs = paired && argc > 2 ? std::max(1, std::atoi(argv[2])) : 5;
  if (argc > 1 && std::strcmp(argv[1], "--product") == 0) {
    against_product(16384, 512, argc > 2 ? std::max(1, std::atoi(argv[2])) : 3);
    return 0;
  }
  if (argc > 1 && !paired) {
    fmt::print(stderr, "usage: info_nce_split_bench [--paired [K] | --product [K]]\n");
    return 2;
  }
  fmt::print(
      "split tier against the same algorithm in plain double, one thread (its processor "
      "time), temperature 0.1, {} alternating pairs\n",
      pairs);
  paired_loss(pairs);
  paired_gradient(pairs, 4096);
  return 0;
}
