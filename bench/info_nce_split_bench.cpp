// SPDX-License-Identifier: Apache-2.0
// What the split tier costs: its enclosures against the same algorithm in plain double, without
// cutting, pairs and bounds.
//
//   info_nce_split_bench --paired [K]    K alternating pairs (default 5), medians and ratios
//   info_nce_split_bench --product       16384 rows, d = 512, against one matrix product
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "bench/info_nce_gradient_plain.hpp"
#include "bench/info_nce_plain.hpp"
#include "bench/paired.hpp"
#include "bench/problems.hpp"
#include "reference/loss/info_nce_gradient.hpp"

namespace {

using namespace assay;
using reference::InfoNceForm;
using reference::InfoNceProblem;

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

/// The a-priori loss against one double matrix product of the same size.
void against_product(std::int64_t rows, std::int64_t d) {
  const InfoNceProblem p = bench::problem_of(rows, d, InfoNceForm::joint_block, 0.1);
  const Eigen::Map<const Eigen::MatrixXd> z(p.a, d, rows);
  Eigen::MatrixXd panel(rows, 256);
  const double product = bench::seconds([&] {
    for (std::int64_t j = 0; j < rows; j += panel.cols())
      panel.noalias() = z.transpose() * z.middleCols(j, panel.cols());
  });
  const double loss =
      bench::seconds([&] { reference::enclose_info_nce_a_priori(p, false).value(); });
  const double split = bench::seconds([&] { reference::enclose_info_nce_split(p, false).value(); });
  fmt::print(
      "rows {} d {}: matrix product {:.2f} s; a-priori loss {:.2f} s, x{:.2f}; split x{:.2f}\n",
      rows, d, product, loss, loss / product, split / product);
}

}  // namespace

int main(int argc, char** argv) {
  const bool paired = argc > 1 && std::strcmp(argv[1], "--paired") == 0;
  const int pairs = paired && argc > 2 ? std::max(1, std::atoi(argv[2])) : 5;
  if (argc > 1 && std::strcmp(argv[1], "--product") == 0) {
    against_product(16384, 512);
    return 0;
  }
  if (argc > 1 && !paired) {
    fmt::print(stderr, "usage: info_nce_split_bench [--paired [K] | --product]\n");
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
