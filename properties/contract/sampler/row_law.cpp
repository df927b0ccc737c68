// SPDX-License-Identifier: Apache-2.0
// The law of a sampler on one row: which grade, and the ones that count words.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "properties/contract/sampler/augmentation.hpp"
#include "properties/contract/sampler/law.hpp"
#include "properties/contract/sampler/row_trial.hpp"
#include "properties/engine/random.hpp"

namespace assay::contract {
namespace {

/// A trial of a race has a number per column; 2^18 trials are a second's work.
constexpr int most_bits_of_all_words = 18;

Verdict verdict_of(Ends tv, double epsilon) {
  if (tv.hi <= epsilon) return Verdict::certified;
  return tv.lo > epsilon ? Verdict::refuted : Verdict::undecided;
}

}  // namespace

void RowTrial::run() {
  const SamplerProblem& p = probe_.problem();
  if (p.words_per_trial() == 0) return by_point();
  if (!probe_.candidate().info().takes_words) return by_draws(options_.delta);
  if (p.rule == SamplerRule::inverse_cdf || p.rule == SamplerRule::uniform)
    return p.bits <= options_.enumerate_bits ? by_enumeration() : by_bisection();
  if (p.rule == SamplerRule::alias) return by_table();
  if (all_words_can_be_tried()) return by_all_words();
  by_coupling();
}

void RowTrial::conclude(Ends tv, const std::string& by) {
  row_.tv = tv;
  row_.by = by;
  row_.verdict = verdict_of(tv, row_.epsilon);
  row_.reason = fmt::format("TV <= {:.3g}{}, wrong with probability <= {:g}, by ({}) {}", tv.hi,
                            tv.lo > 0 ? fmt::format(" (and >= {:.3g})", tv.lo) : "", row_.delta,
                            letter_of(row_.grade), row_.by);
}

void RowTrial::take(const ExactLaw& law, const std::vector<Ends>& p, int bits,
                    const std::string& by) {
  const LawComparison c = compare_laws(law, p, bits);
  row_.evaluations = law.evaluations;
  row_.unreachable = c.unreachable;
  row_.unreachable_mass = c.unreachable_mass;
  row_.floor_of_any_map = c.floor_of_any_map;
  row_.floor_of_thresholds = c.floor_of_thresholds;
  conclude(c.tv, by);
}

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

namespace {

// Rules that read one number per column.
bool is_race(SamplerRule rule) {
  return rule == SamplerRule::gumbel_max || rule == SamplerRule::exponential_race ||
         rule == SamplerRule::gumbel_top_k;
}

// Which bits of word c of a trial belong to no number of so many bits.
std::uint32_t idle_bits(int bits, std::int64_t c) {
  const int per_number = bits <= 32 ? 1 : 2, idle = 32 * per_number - bits;
  return c % per_number == per_number - 1 && idle > 0
             ? static_cast<std::uint32_t>((std::uint64_t{1} << idle) - 1)
             : 0;
}

}  // namespace

// Declared widths are believed only after a look: other low bits must not change the outcome.
bool RowTrial::rests_on_leading_bits() {
  const SamplerProblem& p = probe_.problem();
  if (p.bits == 32 || p.bits == 64) return true;
  engine::Random random(options_.seed, "low bits", 0);
  std::vector<std::uint32_t> words, others;
  const std::int64_t per_trial = p.words_per_trial(), trials = 4096;
  for (std::int64_t i = 0; i < trials * per_trial; ++i) {
    words.push_back(static_cast<std::uint32_t>(random.bits() >> 32));
    const std::uint32_t mask = idle_bits(p.bits, i);
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
  if (!rests_on_leading_bits()) return by_draws(options_.delta);
  const ExactLaw law = enumerate_law(numbers(), row_.columns, p.bits);
  take(law, item_law(p), p.bits, fmt::format("enumeration of 2^{} words", p.bits));
  row_.assumptions.push_back(law.monotone
                                 ? "none of monotonicity: it was seen on every word"
                                 : "none of monotonicity; larger words give smaller columns here");
}

bool RowTrial::all_words_can_be_tried() const {
  const SamplerProblem& p = probe_.problem();
  return is_race(p.rule) && p.bits <= 32 &&
         p.columns() * p.bits <= std::min(options_.enumerate_bits, most_bits_of_all_words);
}

// Every assignment of numbers to the columns: what it says is exact, and needs no ideal map.
void RowTrial::by_all_words() {
  const SamplerProblem& p = probe_.problem();
  grade(SamplerGrade::exact, 0);
  // The ideal map on midpoints of the grid is within this of its law (docs/sampling.md, 4).
  const double grid = std::ldexp(static_cast<double>(p.columns() * p.outcome_size()), -p.bits - 1);
  if (!options_.epsilon)
    row_.epsilon = std::max(default_epsilon(SamplerGrade::exact, 0, p.bits, emulated()), grid);
  if (!rests_on_leading_bits()) return by_draws(options_.delta);
  const int total = static_cast<int>(p.columns()) * p.bits;
  const std::vector<Ends> target = outcome_law(p);
  const auto size = static_cast<std::size_t>(p.outcome_size());
  const NumberMap map = [&](std::span<const std::uint64_t> k) {
    std::vector<std::uint32_t> words;
    for (const std::uint64_t number : k)
      for (std::int64_t j = 0; j < p.columns(); ++j)
        words.push_back(static_cast<std::uint32_t>(number >> (j * p.bits)) << (32 - p.bits));
    const std::vector<std::int64_t> columns = probe_.from_words(words);
    std::vector<std::int64_t> outcomes;
    for (std::size_t at = 0; at < columns.size(); at += size)
      outcomes.push_back(outcome_number(std::span(columns).subspan(at, size), row_.columns));
    return outcomes;
  };
  const ExactLaw law = enumerate_law(map, static_cast<std::int64_t>(target.size()), total);
  take(law, target, total, fmt::format("enumeration of all 2^{} words of a trial", total));
  row_.floor_of_thresholds = grid;
}

std::string_view letter_of(SamplerGrade grade) {
  switch (grade) {
    case SamplerGrade::exact: return "a";
    case SamplerGrade::table: return "b";
    case SamplerGrade::coupled: return "c";
    case SamplerGrade::black_box: return "d";
    case SamplerGrade::metric: return "e";
    default: return "-";
  }
}

std::optional<SamplerGrade> sampler_grade_lettered(std::string_view letter) {
  for (const SamplerGrade g :
       {SamplerGrade::none, SamplerGrade::exact, SamplerGrade::table, SamplerGrade::coupled,
        SamplerGrade::black_box, SamplerGrade::metric})
    if (letter_of(g) == letter) return g;
  return std::nullopt;
}

double default_epsilon(SamplerGrade grade, std::int64_t columns, int bits, bool emulated) {
  double wanted = 0x1.0c6f7a0b5ed8dp-20;                                          // 1e-6
  if (grade == SamplerGrade::coupled) wanted = 0x1.a36e2eb1c432dp-14;             // 1e-4
  if (grade == SamplerGrade::coupled && emulated) wanted = 0x1.47ae147ae147bp-9;  // 0.0025
  if (grade == SamplerGrade::black_box) wanted = 0x1.47ae147ae147bp-6;            // 0.02
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
    if (problem.rule == SamplerRule::augmentation) {
      judge_augmentation_row(candidate, problem, options, row);
      return row;
    }
    RowTrial(candidate, descriptor, asked, options, row).run();
  } catch (const SamplerBreach& breach) {
    row.reason = (breach.rule.empty() ? std::string(name_of(breach.conduct)) : breach.rule) + ": " +
                 breach.detail;
    row.verdict = breach.rule.empty() ? Verdict::unavailable : Verdict::refuted;
  }
  return row;
}

}  // namespace assay::contract
