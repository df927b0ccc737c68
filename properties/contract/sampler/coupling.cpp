// SPDX-License-Identifier: Apache-2.0
// The ideal race in directed arithmetic, and the runner.
#include "properties/contract/sampler/coupling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "properties/contract/sampler/law.hpp"
#include "properties/engine/random.hpp"
#include "properties/engine/statistics/binomial.hpp"
#include "properties/engine/statistics/mismatches.hpp"
#include "reference/sampler/gaussian_cells.hpp"
#include "reference/sampler/outward.hpp"

namespace assay::contract {
namespace {

using reference::next_down;
using reference::next_up;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t words_per_call = std::int64_t{1} << 22;

// The cell of U: [k, k + 1] * width.
struct Cell {
  double low, width;
};

Cell cell_of(std::span<const std::uint32_t> words, std::size_t column, bool wide) {
  if (!wide) return {static_cast<double>(words[column]) * 0x1p-32, 0x1p-32};
  const std::uint64_t both = std::uint64_t{words[2 * column]} << 32 | words[2 * column + 1];
  return {static_cast<double>(both >> 11) * 0x1p-53, 0x1p-53};
}

std::string outcome_text(std::span<const std::int64_t> outcome) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(outcome.size(), 8); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(outcome[i]);
  return outcome.empty() ? "undecided" : "(" + text + ")";
}

}  // namespace

IdealRace::IdealRace(const SamplerProblem& problem)
    : wanted_(problem.outcome_size()), wide_(problem.bits > 32) {
  const std::vector<Ends> w = item_weights(problem);
  for (std::size_t j = 0; j < w.size(); ++j) {
    if (w[j].hi == 0) continue;
    columns_.push_back(static_cast<std::int64_t>(j));
    const double slowest = w[j].lo > 0 ? next_up(1 / w[j].lo) : infinity;
    reciprocal_.push_back({next_down(1 / w[j].hi), slowest});
  }
  finishes_.resize(columns_.size());
}

IdealRace::Finish IdealRace::finish(std::size_t j, std::span<const std::uint32_t> words) const {
  const std::int64_t column = columns_[j];
  const Cell cell = cell_of(words, static_cast<std::size_t>(column), wide_);
  const Ends e = reference::minus_log_of_cell(cell.low, cell.width);
  return {next_down(e.lo * reciprocal_[j].lo), next_up(e.hi * reciprocal_[j].hi), column};
}

bool IdealRace::first_only(std::span<const std::uint32_t> words,
                           std::vector<std::int64_t>& out) const {
  double latest = infinity, earliest = infinity, second_earliest = infinity;
  std::int64_t winner = -1, first = -1;
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    const Finish f = finish(j, words);
    if (f.latest < latest) {
      latest = f.latest;
      winner = f.column;
    }
    if (f.earliest < earliest) {
      second_earliest = earliest;
      earliest = f.earliest;
      first = f.column;
    } else if (f.earliest < second_earliest) {
      second_earliest = f.earliest;
    }
  }
  const double rival = winner == first ? second_earliest : earliest;
  const bool decided = winner >= 0 && (columns_.size() == 1 || latest < rival);
  if (decided) out.assign(1, winner);
  return decided;
}

void IdealRace::winners(std::span<const std::uint32_t> words, std::vector<std::int64_t>& out) {
  out.clear();
  if (wanted_ == 1) {
    first_only(words, out);
    return;
  }
  for (std::size_t j = 0; j < columns_.size(); ++j) finishes_[j] = finish(j, words);
  std::sort(finishes_.begin(), finishes_.end(),
            [](const Finish& a, const Finish& b) { return a.earliest < b.earliest; });
  const auto wanted = static_cast<std::size_t>(wanted_);
  for (std::size_t i = 0; i < wanted; ++i) {
    // Everybody behind starts no earlier than the next one.
    if (i + 1 < finishes_.size() && !(finishes_[i].latest < finishes_[i + 1].earliest)) {
      out.clear();
      return;
    }
    out.push_back(finishes_[i].column);
  }
}

CoupledRun run_coupling(const WordMap& kernel, const IdealMap& ideal, std::int64_t words_per_trial,
                        std::int64_t outcome_size, std::int64_t counted, const CouplingPlan& plan) {
  CoupledRun run;
  run.first_half.assign(static_cast<std::size_t>(counted), 0);
  run.second_half = run.first_half;
  engine::MismatchProcess process(plan.epsilon, plan.delta);
  const std::int64_t planned = engine::anytime_trials(plan.epsilon, plan.delta, 0);
  engine::Random random(plan.seed, "coupling", 0);
  std::vector<std::uint32_t> words;
  std::vector<std::int64_t> expected;
  while (run.draws < plan.most_draws && !run.certified) {
    std::int64_t trials = std::max<std::int64_t>(1, words_per_call / words_per_trial);
    // Never much more than what a flawless kernel needs, or than what is still missing to it.
    const std::int64_t step = run.draws < planned ? planned - run.draws : planned / 8 + 1;
    trials = std::min({trials, step, plan.most_draws - run.draws});
    words.resize(static_cast<std::size_t>(trials * words_per_trial));
    for (std::uint32_t& w : words) w = static_cast<std::uint32_t>(random.bits() >> 32);
    const std::vector<std::int64_t> outcomes = kernel(words);
    std::int64_t mismatches = 0;
    for (std::int64_t t = 0; t < trials; ++t) {
      const std::span<const std::int64_t> got(outcomes.data() + t * outcome_size,
                                              static_cast<std::size_t>(outcome_size));
      ideal(std::span<const std::uint32_t>(words).subspan(
                static_cast<std::size_t>(t * words_per_trial),
                static_cast<std::size_t>(words_per_trial)),
            expected);
      if (counted > 0)
        ++(run.draws + t < plan.most_draws / 2 ? run.first_half
                                               : run.second_half)[static_cast<std::size_t>(got[0])];
      if (std::equal(got.begin(), got.end(), expected.begin(), expected.end())) continue;
      ++mismatches;
      run.undecided += expected.empty() ? 1 : 0;
      if (run.first_mismatch.empty() && !expected.empty())
        run.first_mismatch = fmt::format("draw {}: {} where the ideal map gives {}", run.draws + t,
                                         outcome_text(got), outcome_text(expected));
    }
    run.draws += trials;
    run.mismatches += mismatches;
    process.add(trials, mismatches);
    run.certified = process.certified();
  }
  run.bound = engine::anytime_upper(run.draws, run.mismatches, plan.delta);
  return run;
}

double event_lower_bound(std::span<const std::int64_t> first_half,
                         std::span<const std::int64_t> second_half, std::span<const Ends> p,
                         double delta) {
  const auto first =
      static_cast<double>(std::accumulate(first_half.begin(), first_half.end(), std::int64_t{0}));
  const std::int64_t second =
      std::accumulate(second_half.begin(), second_half.end(), std::int64_t{0});
  if (first == 0 || second == 0) return 0;
  std::int64_t inside = 0;
  reference::BoundedSum chance(reference::Direction::up);
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!(static_cast<double>(first_half[i]) > first * p[i].hi)) continue;
    inside += second_half[i];
    chance.add(p[i].hi);
  }
  const double at_least = engine::clopper_pearson_lower(inside, second, delta);
  return std::max(0.0, next_down(at_least - chance.value()));
}

}  // namespace assay::contract
