// SPDX-License-Identifier: Apache-2.0
// The law of a sampler on one row from a table, by coupling, and from draws alone.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "properties/contract/sampler/coupling.hpp"
#include "properties/contract/sampler/ideal.hpp"
#include "properties/contract/sampler/law.hpp"
#include "properties/contract/sampler/row_trial.hpp"
#include "properties/engine/statistics/mismatches.hpp"
#include "properties/engine/statistics/plug_in.hpp"

namespace assay::contract {
namespace {

const char* const bits_assumption =
    "the words are independent and uniform, as the generator promises";

}  // namespace

void RowTrial::by_table() {
  const std::vector<Tensor> table = probe_.table({{"accept", Dtype::u64, {1, row_.columns}, true},
                                                  {"other", Dtype::i64, {1, row_.columns}, true}});
  if (table.empty()) return by_draws(options_.delta);
  grade(SamplerGrade::table, options_.delta);
  const auto n = static_cast<std::size_t>(row_.columns);
  const AliasTableView view{{table[0].as<std::uint64_t>(), n}, {table[1].as<std::int64_t>(), n}};
  ExactLaw law;
  try {
    law = table_law(view);
  } catch (const std::invalid_argument& e) {
    row_.verdict = Verdict::refuted;
    row_.reason = e.what();
    return;
  }
  take(law, item_law(probe_.problem()), 64, "reconstruction of the table in integers");
  const double by_table_alone = row_.tv.hi;
  // That the kernel draws from this table is a coupling with an exact map.
  CouplingPlan plan{row_.epsilon, options_.delta, options_.most_draws, options_.seed};
  plan.epsilon = usual_epsilon(SamplerGrade::coupled);
  if (plan.most_draws == 0) plan.most_draws = engine::anytime_trials(plan.epsilon, plan.delta, 0);
  const IdealMap ideal = [&](std::span<const std::uint32_t> w, std::vector<std::int64_t>& out) {
    const std::uint64_t first = std::uint64_t{w[0]} << 32 | w[1];
    const std::uint64_t second = std::uint64_t{w[2]} << 32 | w[3];
    out.assign(1, column_of(view, first, second));
  };
  const CoupledRun run =
      run_coupling([&](std::span<const std::uint32_t> w) { return probe_.from_words(w); }, ideal, 4,
                   1, row_.columns, plan);
  row_.mismatches = run.mismatches;
  row_.evaluations += run.draws;
  row_.floor_of_any_map = row_.floor_of_thresholds = 0;
  if (run.mismatches == 0) {
    row_.delta = 0;
    conclude(row_.tv, "reconstruction of the table in integers");
    row_.assumptions.push_back(fmt::format(
        "the kernel draws from the table that it returned: {} draws on the same words agree; "
        "without that, TV <= {:.3g}, wrong with probability <= {:g}",
        run.draws, by_table_alone + run.bound, options_.delta));
    return;
  }
  row_.assumptions.push_back("the kernel does not draw from its table: " + run.first_mismatch);
  by_draws(options_.delta);
}

void RowTrial::by_coupling() {
  const SamplerProblem& p = probe_.problem();
  const std::optional<IdealMap> ideal = ideal_map(p);
  if (!ideal) return by_draws(options_.delta);
  grade(SamplerGrade::coupled, options_.delta);
  // Half of delta is kept for what is done when this does not certify.
  CouplingPlan plan{row_.epsilon, options_.delta / 2, options_.most_draws, options_.seed};
  if (plan.most_draws == 0)
    plan.most_draws = 2 * engine::anytime_trials(plan.epsilon, plan.delta, 0);
  const bool items = p.outcome_size() == 1;
  const CoupledRun run =
      run_coupling([&](std::span<const std::uint32_t> w) { return probe_.from_words(w); }, *ideal,
                   p.words_per_trial(), p.outcome_size(), items ? row_.columns : 0, plan);
  row_.evaluations = run.draws;
  row_.mismatches = run.mismatches;
  row_.undecided = run.undecided;
  row_.assumptions.push_back(bits_assumption);
  if (p.rule == SamplerRule::rejection)
    row_.assumptions.push_back("the law is that of the draws: a call without one says so by -1");
  conclude(
      {0, run.certified ? row_.epsilon : run.bound},
      fmt::format("coupling: {} of {} draws differ from the ideal map on the same words, {} of "
                  "them undecided",
                  run.mismatches, run.draws, run.undecided));
  if (run.certified) return;
  if (items) {
    const double at_least =
        event_lower_bound(run.first_half, run.second_half, item_law(p), options_.delta / 2);
    conclude({at_least, row_.tv.hi}, row_.by);
  }
  if (row_.verdict == Verdict::refuted) return;
  if (!run.first_mismatch.empty()) row_.reason += "; " + run.first_mismatch;
  const std::string coupled = row_.reason;
  by_draws(options_.delta / 2);  // the law may be right although the map is another one
  row_.assumptions.push_back("coupling did not certify: " + coupled);
}

// The plug-in certificate in epochs: each look spends its own share of delta.
void RowTrial::by_draws(double delta) {
  const SamplerProblem& p = probe_.problem();
  // What a better grade was asked for still refutes, where draws alone can certify only more.
  const double refused_above = row_.grade == SamplerGrade::none ? 1 : row_.epsilon;
  grade(SamplerGrade::black_box, options_.delta);
  std::vector<Ends> law = outcome_law(p);
  const std::int64_t support =
      std::count_if(law.begin(), law.end(), [](const Ends& x) { return x.hi > 0; });
  std::int64_t draws = engine::plug_in_draws(support, row_.epsilon, delta / 4, 0x1p-10);
  const bool tuples = outcome_of(p.rule) == SamplerOutcome::tuple ||
                      outcome_of(p.rule) == SamplerOutcome::arrangement;
  // What an emulated draw costs is no part of the statement, but it decides what can be waited for.
  const std::int64_t affordable = std::int64_t{1} << (!emulated() ? 26 : tuples ? 15 : 18);
  draws = std::min(draws, affordable);  // too few to certify may be enough to refute
  const std::int64_t most =
      options_.most_draws > 0 ? options_.most_draws : std::min(2 * draws, affordable);
  std::vector<std::int64_t> counts(law.size(), 0), half;
  const auto size = static_cast<std::size_t>(p.outcome_size());
  std::int64_t done = 0, asked = 0;
  std::uint64_t call = 0;
  row_.assumptions.push_back(bits_assumption);
  row_.assumptions.push_back("trials of one call, and calls of different number, are independent");
  for (int epoch = 1;; ++epoch, draws = std::min(2 * draws, most)) {
    draws = std::min(draws, most);
    while (asked < draws) {
      // Several calls, so that the first half of the draws can choose an event for the second.
      const std::int64_t most_at_once = std::int64_t{1} << (tuples ? 14 : 18);
      const std::int64_t trials =
          std::min({draws - asked, most_at_once, std::max<std::int64_t>(1, draws / 4)});
      const std::vector<std::int64_t> got = probe_.seeded(trials, options_.seed, call++);
      asked += trials;
      for (std::size_t at = 0; at < got.size(); at += size) {
        const std::int64_t number =
            outcome_number(std::span<const std::int64_t>(got).subspan(at, size), row_.columns);
        if (number < 0) continue;  // a rejection without a draw
        if (law[static_cast<std::size_t>(number)].hi == 0)
          throw SamplerBreach{
              "support", Conduct::returned,
              fmt::format("outcome {} of call {} has probability 0", at / size, call - 1)};
        ++counts[static_cast<std::size_t>(number)];
        ++done;
      }
      if (half.empty() && asked >= draws / 2) half = counts;
    }
    if (done == 0) {
      row_.reason = "no draw was made";
      row_.verdict = Verdict::undecided;
      return;
    }
    const double share = engine::epoch_delta(delta / 2, epoch);
    Ends tv = engine::plug_in_bounds(counts, done, law, share);
    if (epoch == 1) {  // one more lower bound, on the same draws, for the other half of delta
      std::vector<std::int64_t> second(counts.size());
      std::transform(counts.begin(), counts.end(), half.begin(), second.begin(), std::minus<>());
      tv.lo = std::max(tv.lo, event_lower_bound(half, second, law, delta / 2));
    }
    row_.evaluations = done;
    conclude(tv, fmt::format("{} draws alone, look {}", done, epoch));
    if (tv.lo > std::min(refused_above, row_.epsilon)) {
      row_.epsilon = std::min(refused_above, row_.epsilon);
      conclude(tv, row_.by);
    }
    if (row_.verdict != Verdict::undecided || draws >= most) return;
  }
}

}  // namespace assay::contract
