// SPDX-License-Identifier: Apache-2.0
// Exact and simple finds.
#include "properties/engine/claim/simplify.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace assay::engine {
namespace {

/// Denominators of the grids, coarse first; the last ones are for finds that need many digits.
constexpr std::array<long long, 18> grids{1,  2,  3,  4,  5,   6,    8,       10,      12,
                                          16, 20, 24, 32, 100, 1024, 1 << 16, 1 << 24, 1LL << 40};
/// Where equality alone decides, at one fraction, no other grid will do.
constexpr std::array<long long, 15> more_grids{7,  9,  11, 13, 14, 15, 18, 21,
                                               22, 26, 27, 28, 30, 36, 60};

std::vector<Instance> coarser(const Chart& chart, const Instance& exact, std::size_t block) {
  std::vector<Instance> variants;
  const Instance plain = exact.in(Arithmetic::plain());
  for (const long long d : grids) {
    if (d > 1024) break;
    if (const auto rounded = chart.exact(plain, d)) {
      Instance variant = exact;
      variant.blocks[block] = rounded->blocks[block];
      variants.push_back(std::move(variant));
    }
  }
  return variants;
}

/// Integers nearer to 0: no grid makes them simpler.
std::vector<Instance> smaller(const Instance& exact, std::size_t block) {
  std::vector<Instance> variants;
  const Block& b = exact.blocks[block];
  if (b.kind != BlockKind::integer || b.values.empty()) return variants;
  variants.push_back(exact);  // all shifted: the first is 0
  for (Real& x : variants.back().blocks[block].values) x -= b.values.front();
  for (std::size_t n = 0; n < b.values.size(); ++n) {
    const Real& x = b.values[n];
    if (equal(x, Real(0)) == Truth::yes) continue;
    const Real sign = less(x, Real(0)) == Truth::yes ? -1 : 1;
    const Real half = sign * (abs(x) / Real(2) - Real::ratio(1, 4)).rounded_to(1);  // towards 0
    for (const Real& y : {Real(0), sign, half, x - sign}) {
      if (equal(x, y) == Truth::yes) continue;
      variants.push_back(exact);
      variants.back().blocks[block].values[n] = y;
    }
  }
  return variants;
}

/// One coordinate set to 0, and of numbers in a range to other small ones: a number next to an end
/// of its range is that end on every coarser grid. Not for points of a sphere or probabilities,
/// which would leave their constraint.
std::vector<Instance> zeroed(const Instance& exact, std::size_t block) {
  std::vector<Instance> variants;
  const Block& b = exact.blocks[block];
  if (b.kind != BlockKind::ball && b.kind != BlockKind::scalar) return variants;
  for (std::size_t n = 0; n < b.values.size(); ++n) {
    if (equal(b.values[n], Real(0)) == Truth::yes) continue;
    variants.push_back(exact);
    variants.back().blocks[block].values[n] = 0;
    if (b.kind != BlockKind::scalar) continue;
    for (const Real& simple : {Real(1), Real(-1), Real::ratio(1, 2), Real::ratio(-1, 2), Real(2)}) {
      variants.push_back(exact);
      variants.back().blocks[block].values[n] = simple;
    }
  }
  return variants;
}

}  // namespace

double clarity(const TrialReport& trial) {
  const Ends e = trial.margin.ends();
  return std::max(0.0, std::max(e.lo, -e.hi));
}

std::optional<Find> made_exact(const Chart& chart, const Instance& plain, const Decides& decides) {
  std::optional<Find> find;
  const auto decides_on = [&](long long d) {
    auto exact = chart.exact(plain, d);
    if (!exact) return false;
    if (auto report = decides(*exact)) find = {std::move(*exact), std::move(*report), ""};
    return find.has_value();
  };
  if (std::none_of(grids.begin(), grids.end(), decides_on) &&
      std::none_of(more_grids.begin(), more_grids.end(), decides_on))
    return std::nullopt;
  return find;
}

Find simplified(const Chart& chart, const Find& find, double keep, const Decides& decides) {
  Find best = find;
  const double least = keep * clarity(find.trial);
  const auto accept = [&](const Instance& variant) {
    if (!(variant.complexity() < best.instance.complexity())) return false;
    const auto report = decides(variant);
    if (!report || clarity(*report) < least) return false;
    best.instance = variant, best.trial = *report;
    return true;
  };
  for (bool progress = true; progress;) {
    progress = false;
    for (std::size_t b = 0; b < best.instance.blocks.size(); ++b) {
      for (const Instance& variant : coarser(chart, best.instance, b))
        if (accept(variant)) {
          progress = true;
          break;
        }
      for (const Instance& variant : zeroed(best.instance, b))
        progress = accept(variant) || progress;
      for (const Instance& variant : smaller(best.instance, b))
        if (accept(variant)) {
          progress = true;
          break;
        }
    }
  }
  return best;
}

}  // namespace assay::engine
