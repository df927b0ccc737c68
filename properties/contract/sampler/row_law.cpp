// SPDX-License-Identifier: Apache-2.0
// The law of a sampler on one row: the grades in their order.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "properties/contract/sampler/check.hpp"
#include "properties/contract/sampler/coupling.hpp"
#include "properties/contract/sampler/exact_law.hpp"
#include "properties/contract/sampler/ideal.hpp"
#include "properties/contract/sampler/law.hpp"
#include "properties/contract/sampler/probe.hpp"
#include "properties/engine/random.hpp"
#include "properties/engine/statistics/binomial.hpp"
#include "properties/engine/statistics/mismatches.hpp"
#include "properties/engine/statistics/outward.hpp"
#include "properties/engine/statistics/plug_in.hpp"

namespace assay::contract {
namespace {

const char* const bits_assumption =
    "the words are independent and uniform, as the generator promises";

Verdict verdict_of(Ends tv, double epsilon) {
  if (tv.hi <= epsilon) return Verdict::certified;
  return tv.lo > epsilon ? Verdict::refuted : Verdict::undecided;
}

/// One row on trial. Every method states how it came to its bound.
class RowTrial {
 public:
  RowTrial(Candidate& candidate, const engine::CaseDescriptor& descriptor,
           const SamplerProblem& problem, const SamplerOptions& options, SamplerRow& row)
      : probe_(candidate, descriptor, problem), options_(options), row_(row) {}

  void run() {
    const SamplerProblem& p = probe_.problem();
    if (p.words_per_trial() == 0) return by_point();
    if (!probe_.candidate().info().takes_words) return by_draws();
    if (p.rule == SamplerRule::inverse_cdf || p.rule == SamplerRule::uniform)
      return p.bits <= options_.enumerate_bits ? by_enumeration() : by_bisection();
    if (p.rule == SamplerRule::alias) return by_table();
    by_coupling();
  }

 private:
  void grade(SamplerGrade grade, double delta) {
    row_.grade = grade;
    row_.delta = delta;
    row_.epsilon =
        options_.epsilon.value_or(default_epsilon(grade, row_.columns, probe_.problem().bits));
  }
  void conclude(Ends tv, const std::string& by) {
    row_.tv = tv;
    row_.by = by;
    row_.verdict = verdict_of(tv, row_.epsilon);
    row_.reason = fmt::format("TV <= {:.3g}{}, wrong with probability <= {:g}, by ({}) {}", tv.hi,
                              tv.lo > 0 ? fmt::format(" (and >= {:.3g})", tv.lo) : "", row_.delta,
                              letter_of(row_.grade), row_.by);
  }
  void take(const ExactLaw& law, const std::vector<Ends>& p, int bits, const std::string& by) {
    const LawComparison c = compare_laws(law, p, bits);
    row_.evaluations = law.evaluations;
    row_.unreachable = c.unreachable;
    row_.unreachable_mass = c.unreachable_mass;
    row_.floor_of_any_map = c.floor_of_any_map;
    row_.floor_of_thresholds = c.floor_of_thresholds;
    conclude(c.tv, by);
  }
  NumberMap numbers() {
    return [this](std::span<const std::uint64_t> k) { return probe_.from_numbers(k); };
  }

  void by_point();
  void by_enumeration();
  void by_bisection();
  void by_table();
  void by_coupling();
  void by_draws();
  bool rests_on_leading_bits();
  bool thresholds_follow_weights(const ExactLaw& law);
  double follows_thresholds(const ExactLaw& law);

  SamplerProbe probe_;
  const SamplerOptions& options_;
  SamplerRow& row_;
};

// No words: the law is one point, and so is what the sampler does, if it repeats itself.
void RowTrial::by_point() {
  grade(SamplerGrade::exact, 0);
  const std::vector<Ends> p = outcome_law(probe_.problem());
  const std::vector<std::int64_t> got = probe_.seeded(1, options_.seed, 0);
  const std::int64_t number = outcome_number(got, row_.columns);
  const bool same = p[static_cast<std::size_t>(number)].lo == 1;
  row_.evaluations = 1;
  conclude(exactly(same ? 0 : 1), "comparison with the one outcome: no words are read");
}

// Declared widths are believed only after a look: other low bits must not change the outcome.
bool RowTrial::rests_on_leading_bits() {
  const SamplerProblem& p = probe_.problem();
  if (p.bits == 32 || p.bits == 64) return true;
  engine::Random random(options_.seed, "low bits", 0);
  std::vector<std::uint32_t> words, others;
  const std::int64_t per_trial = p.words_per_trial(), trials = 4096;
  const int low = static_cast<int>(32 * per_trial) - p.bits;  // bits of the last word not in use
  for (std::int64_t i = 0; i < trials * per_trial; ++i) {
    words.push_back(static_cast<std::uint32_t>(random.bits() >> 32));
    const bool last = i % per_trial == per_trial - 1;
    const auto mask = static_cast<std::uint32_t>(last ? (std::uint64_t{1} << low) - 1 : 0);
    others.push_back(words.back() ^ (static_cast<std::uint32_t>(random.bits() >> 32) & mask));
  }
  const bool same = probe_.from_words(words) == probe_.from_words(others);
  row_.assumptions.push_back(
      same ? fmt::format("only the leading {} bits of a trial's words are read: declared, and {} "
                         "trials with other low bits gave the same columns",
                         p.bits, trials)
           : fmt::format(
                 "more than the {} leading bits that were declared are read: no word-by-word "
                 "statement is made",
                 p.bits));
  return same;
}

void RowTrial::by_enumeration() {
  const SamplerProblem& p = probe_.problem();
  grade(SamplerGrade::exact, 0);
  if (!rests_on_leading_bits()) return by_draws();
  const ExactLaw law = enumerate_law(numbers(), row_.columns, p.bits);
  take(law, item_law(p), p.bits, fmt::format("enumeration of 2^{} words", p.bits));
  row_.assumptions.push_back(law.monotone
                                 ? "none of monotonicity: it was seen on every word"
                                 : "none of monotonicity; larger words give smaller columns here");
}

// The bisected thresholds equal those that the sampler's own integer weights have, all of them.
bool RowTrial::thresholds_follow_weights(const ExactLaw& law) {
  const SamplerProblem& p = probe_.problem();
  const std::vector<Tensor> table =
      probe_.table({{"weights", Dtype::u64, {1, row_.columns}, true}});
  if (table.empty()) return false;
  using Wide = unsigned __int128;
  const std::uint64_t* w = table[0].as<std::uint64_t>();
  Wide total = 0, sum = 0;
  for (std::int64_t j = 0; j < row_.columns; ++j) {
    if (w[j] >> 52 != 0) return false;
    total += w[j];
  }
  if (total == 0 || total >> 96 != 0) return false;
  for (std::int64_t j = 0; j < row_.columns; ++j) {
    sum += w[j];
    // #{k < 2^b : floor(k T / 2^b) < C} = ceil(C 2^b / T), in two steps to stay within 128 bits.
    Wide quotient = sum, rest = 0;
    quotient = sum / total;
    rest = sum % total;
    for (int b = 0; b < p.bits; ++b) {
      rest *= 2;
      quotient = 2 * quotient + rest / total;
      rest %= total;
    }
    if (law.prefix[static_cast<std::size_t>(j)] != quotient + (rest != 0 ? 1 : 0)) return false;
  }
  return true;
}

// An upper bound of P(s(k) is not what the thresholds say), from random k.
double RowTrial::follows_thresholds(const ExactLaw& law) {
  constexpr std::int64_t trials = std::int64_t{1} << 18;
  engine::Random random(options_.seed, "thresholds", 0);
  std::vector<std::uint64_t> k(static_cast<std::size_t>(trials));
  for (std::uint64_t& x : k) x = random.bits() >> (64 - probe_.problem().bits);
  const std::vector<std::int64_t> got = probe_.from_numbers(k);
  std::int64_t mismatches = 0;
  for (std::size_t i = 0; i < k.size(); ++i) mismatches += got[i] == column_of(law, k[i]) ? 0 : 1;
  row_.mismatches = mismatches;
  return engine::clopper_pearson_upper(mismatches, trials, options_.delta);
}

void RowTrial::by_bisection() {
  const SamplerProblem& p = probe_.problem();
  grade(SamplerGrade::exact, 0);
  if (!rests_on_leading_bits()) return by_draws();
  const ExactLaw law = bisect_law(numbers(), row_.columns, p.bits);
  const double departs = follows_thresholds(law);
  const std::vector<Ends> target = item_law(p);
  const std::string by = fmt::format("bisection of {} thresholds of {} bits", row_.columns, p.bits);
  take(law, target, p.bits, by);
  if (thresholds_follow_weights(law)) {
    row_.assumptions.push_back(
        "monotone in the word: every threshold found is the one of the cumulative sum of the "
        "integer weights that the sampler returned, which cannot fall");
    row_.assumptions.push_back(
        fmt::format("without that: TV <= {:.3g}, wrong with probability <= {:g}",
                    row_.tv.hi + departs, options_.delta));
    return;
  }
  // Not assumed: the thresholds are one more map on the same bits, and coupling pays for it.
  row_.delta = options_.delta;
  if (!options_.epsilon)
    row_.epsilon = default_epsilon(SamplerGrade::coupled, row_.columns, p.bits);
  conclude({std::max(0.0, row_.tv.lo - departs), std::min(1.0, row_.tv.hi + departs)},
           by + fmt::format(", and 2^18 random words that disagree with them {} times",
                            row_.mismatches));
  row_.grade = SamplerGrade::coupled;
}

void RowTrial::by_table() {
  const std::vector<Tensor> table = probe_.table({{"accept", Dtype::u64, {1, row_.columns}, true},
                                                  {"other", Dtype::i64, {1, row_.columns}, true}});
  if (table.empty()) return by_draws();
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
  plan.epsilon = default_epsilon(SamplerGrade::coupled, row_.columns, 64);
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
  by_draws();
}

void RowTrial::by_coupling() {
  const SamplerProblem& p = probe_.problem();
  const std::optional<IdealMap> ideal = ideal_map(p);
  if (!ideal) return by_draws();
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
  by_draws();  // the law may be right although the map is another one
  row_.assumptions.push_back("coupling did not certify: " + coupled);
}

// The plug-in certificate in epochs: each look spends its own share of delta.
void RowTrial::by_draws() {
  const SamplerProblem& p = probe_.problem();
  grade(SamplerGrade::black_box, options_.delta);
  std::vector<Ends> law = outcome_law(p);
  const std::int64_t support =
      std::count_if(law.begin(), law.end(), [](const Ends& x) { return x.hi > 0; });
  std::int64_t draws = engine::plug_in_draws(support, row_.epsilon, options_.delta / 4, 0x1p-10);
  const std::int64_t most =
      options_.most_draws > 0 ? options_.most_draws : std::min(2 * draws, std::int64_t{1} << 27);
  std::vector<std::int64_t> counts(law.size(), 0), half;
  const auto size = static_cast<std::size_t>(p.outcome_size());
  const bool tuples = outcome_of(p.rule) == SamplerOutcome::tuple ||
                      outcome_of(p.rule) == SamplerOutcome::arrangement;
  std::int64_t done = 0, asked = 0;
  std::uint64_t call = 0;
  row_.assumptions.push_back(bits_assumption);
  row_.assumptions.push_back("trials of one call, and calls of different number, are independent");
  for (int epoch = 1;; ++epoch, draws = std::min(2 * draws, most)) {
    draws = std::min(draws, most);
    while (asked < draws) {
      const std::int64_t trials = std::min(draws - asked, std::int64_t{tuples ? 1 << 14 : 1 << 18});
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
    const double share = engine::epoch_delta(options_.delta / 2, epoch);
    Ends tv = engine::plug_in_bounds(counts, done, law, share);
    if (epoch == 1) {  // one more lower bound, on the same draws, for the other half of delta
      std::vector<std::int64_t> second(counts.size());
      std::transform(counts.begin(), counts.end(), half.begin(), second.begin(), std::minus<>());
      tv.lo = std::max(tv.lo, event_lower_bound(half, second, law, options_.delta / 2));
    }
    row_.evaluations = done;
    conclude(tv, fmt::format("{} draws alone, look {}", done, epoch));
    if (row_.verdict != Verdict::undecided || draws >= most) return;
  }
}

}  // namespace

std::string_view letter_of(SamplerGrade grade) {
  switch (grade) {
    case SamplerGrade::exact: return "a";
    case SamplerGrade::table: return "b";
    case SamplerGrade::coupled: return "c";
    case SamplerGrade::black_box: return "d";
    default: return "-";
  }
}

std::optional<SamplerGrade> sampler_grade_lettered(std::string_view letter) {
  for (const SamplerGrade g : {SamplerGrade::none, SamplerGrade::exact, SamplerGrade::table,
                               SamplerGrade::coupled, SamplerGrade::black_box})
    if (letter_of(g) == letter) return g;
  return std::nullopt;
}

double default_epsilon(SamplerGrade grade, std::int64_t columns, int bits) {
  double wanted = 0x1.0c6f7a0b5ed8dp-20;                                // 1e-6
  if (grade == SamplerGrade::coupled) wanted = 0x1.a36e2eb1c432dp-14;   // 1e-4
  if (grade == SamplerGrade::black_box) wanted = 0x1.47ae147ae147bp-6;  // 0.02
  return std::min(1.0, std::max(wanted, std::ldexp(static_cast<double>(columns), -bits)));
}

SamplerRow judge_row(Candidate& candidate, const engine::CaseDescriptor& descriptor,
                     const SamplerProblem& problem, const SamplerOptions& options) {
  SamplerRow row;
  row.descriptor = descriptor;
  row.columns = problem.columns();
  SamplerProblem asked = problem;
  const int own_bits = candidate.info().uniform_bits;
  if (own_bits > 0) asked.bits = own_bits;
  try {
    RowTrial(candidate, descriptor, asked, options, row).run();
  } catch (const SamplerBreach& breach) {
    row.reason = (breach.rule.empty() ? std::string(name_of(breach.conduct)) : breach.rule) + ": " +
                 breach.detail;
    row.verdict = breach.rule.empty() ? Verdict::unavailable : Verdict::refuted;
  }
  return row;
}

}  // namespace assay::contract
