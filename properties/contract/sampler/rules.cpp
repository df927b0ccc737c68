// SPDX-License-Identifier: Apache-2.0
// The rules besides the law: edges, bad rows, repeatability, the stream, joint laws.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "properties/contract/sampler/augmentation.hpp"
#include "properties/contract/sampler/law.hpp"
#include "properties/contract/sampler/probe.hpp"
#include "properties/contract/sampler/stream_rule.hpp"
#include "properties/engine/random.hpp"
#include "properties/engine/statistics/alarm.hpp"
#include "reference/sampler/outward.hpp"

namespace assay::contract {
namespace {

constexpr std::uint64_t all_ones = ~std::uint64_t{0};

bool one_row(const SamplerProblem& p) {
  const SamplerOutcome outcome = outcome_of(p.rule);
  return outcome == SamplerOutcome::item || outcome == SamplerOutcome::pair;
}

/// The rules of one candidate. Each returns its result; a breach of support, range, uniqueness or
/// conduct inside is that rule's refutation.
class Rules {
 public:
  Rules(Candidate& candidate, const SamplerContract& contract, const SamplerInstance& instance,
        const SamplerOptions& options)
      : candidate_(candidate), options_(options), instance_(instance) {
    small_ = small_sampler_problem(instance);
    if (candidate.info().uniform_bits > 0) small_.bits = candidate.info().uniform_bits;
    descriptor_ = {contract.name, instance.name, "small", 0, options.seed};
  }

  std::vector<SamplerRuleResult> all() {
    const bool draws = small_.words_per_trial() > 0;
    plan_alpha(draws);
    run("bad rows", [this](SamplerRuleResult& r) { bad_rows_are_refused(r); });
    run("repeats", [this](SamplerRuleResult& r) { repeats(r); });
    if (!draws) return std::move(results_);
    if (candidate_.info().takes_words) run("edges", [this](SamplerRuleResult& r) { edges(r); });
    if (candidate_.info().takes_words && candidate_.info().stream == "philox") {
      run("stream", [this](SamplerRuleResult& r) { follows_stream(r); });
      run("counters", [this](SamplerRuleResult& r) { counters_are_distinct(r); });
    }
    run("seeded law", [this](SamplerRuleResult& r) {
      alarm(r, 1, [this](std::uint64_t seed, std::int64_t n) { return draws_of(seed, n); });
    });
    for (const char* which : joint_names)
      run(which, [this, which](SamplerRuleResult& r) {
        alarm(r, 2, [this, which](std::uint64_t seed, std::int64_t n) {
          return pairs_of(which, seed, n);
        });
      });
    return std::move(results_);
  }

 private:
  static constexpr const char* joint_names[] = {"two trials",         "two rows",
                                                "neighbouring rows",  "two calls",
                                                "neighbouring calls", "two seeds"};
  using Sequence = std::vector<std::int64_t>;  // outcome numbers; -1: no draw

  void plan_alpha(bool draws) {
    if (!draws) return;
    ledger_.enter("seeded law");
    for (const char* name : joint_names) ledger_.enter(name);
    ledger_.close();
  }

  void run(const std::string& rule, const std::function<void(SamplerRuleResult&)>& body) {
    SamplerRuleResult result;
    result.rule = rule;
    try {
      body(result);
    } catch (const SamplerBreach& breach) {
      result.verdict = breach.rule.empty() ? Verdict::unavailable : Verdict::refuted;
      result.detail = (breach.rule.empty() ? "" : breach.rule + ": ") + breach.detail;
    }
    results_.push_back(std::move(result));
  }

  SamplerProbe probe() { return {candidate_, descriptor_, small_}; }

  void bad_rows_are_refused(SamplerRuleResult& r) {
    SamplerProbe probe = this->probe();
    probe.seeded(8, 1, 0);  // refusing everything is no answer
    const std::vector<BadRow> rows = bad_rows(instance_);
    for (const BadRow& bad : rows) {
      const std::string answer = probe.refuses(bad.problem);
      if (!answer.empty())
        r.detail += (r.detail.empty() ? "" : "; ") + ("where " + bad.what + ", it " + answer);
    }
    r.draws = static_cast<std::int64_t>(rows.size());
    r.verdict = r.detail.empty() ? Verdict::certified : Verdict::refuted;
    if (r.detail.empty()) r.detail = fmt::format("{} rows without a law are refused", rows.size());
  }

  void repeats(SamplerRuleResult& r) {
    SamplerProbe probe = this->probe();
    const auto first = probe.seeded(64, options_.seed, 3);
    probe.seeded(64, options_.seed + 1, 4);
    const bool same = probe.seeded(64, options_.seed, 3) == first;
    r.draws = 192;
    r.verdict = same ? Verdict::certified : Verdict::refuted;
    r.detail = same ? "equal seed and call give equal draws, whatever was drawn in between"
                    : "equal seed and call gave other draws after other calls";
  }

  // Words at the ends of their range, in all places and in single ones.
  void edges(SamplerRuleResult& r) {
    for (const char* family : {"", "masked", "excluded"}) {
      SamplerProblem p = small_;
      if (*family != 0) {
        const engine::CaseDescriptor d{descriptor_.contract, descriptor_.instance, family, 0,
                                       options_.seed};
        try {
          p = make_sampler_problem(d);
        } catch (const std::exception&) {
          continue;  // tuples have no such family
        }
        p.bits = small_.bits;
      }
      SamplerProbe probe(candidate_, descriptor_, p);
      const std::int64_t per_trial = p.words_per_trial();
      std::vector<std::uint32_t> words;
      const auto add = [&](std::uint32_t all, std::int64_t place, std::uint32_t there) {
        for (std::int64_t c = 0; c < per_trial; ++c) words.push_back(c == place ? there : all);
      };
      for (const std::uint32_t all : {0U, 1U, 0xffU, 0x7fffffffU, 0xffffff00U, 0xfffffffeU, ~0U})
        for (std::int64_t place = -1; place < std::min<std::int64_t>(per_trial, 64); ++place)
          for (const std::uint32_t there : {0U, ~0U}) add(all, place, there);
      probe.from_words(words);
      r.draws += probe.trials_asked();
    }
    r.verdict = Verdict::certified;
    r.detail = "words at the ends of their range, together and one by one, keep support and range";
  }

  // Seeded draws are those of the words that the stream rule gives, at ordinary and extreme places.
  void follows_stream(SamplerRuleResult& r) {
    SamplerProbe probe = this->probe();
    const auto purpose = static_cast<std::uint32_t>(small_.rule);
    const std::int64_t per_trial = small_.words_per_trial(), rows = 3,
                       trials = one_row(small_) ? 5 : 1;
    const std::uint64_t last_call = (std::uint64_t{1} << 28) - 1;
    const std::pair<std::uint64_t, std::uint64_t> places[] = {
        {options_.seed, 0}, {0, 1}, {all_ones, last_call}, {0x123456789abcdef0ULL, 77}};
    for (const auto& [seed, call] : places) {
      const auto seeded = probe.rows(rows, trials, seed, call);
      std::vector<std::uint32_t> words;
      for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t trial = 0; trial < trials; ++trial) {
          const auto more =
              words_of_place({static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(trial),
                              static_cast<std::uint32_t>(call), purpose},
                             seed, per_trial);
          words.insert(words.end(), more.begin(), more.end());
        }
      if (probe.from_words(words) != seeded) {
        r.verdict = Verdict::refuted;
        r.detail = fmt::format("seed {}, call {}: not the draws of the words of the stream rule",
                               seed, call);
        return;
      }
    }
    r.draws = probe.trials_asked();
    r.verdict = Verdict::certified;
    r.detail = "seeded draws are those of the words of the stream rule (Philox4x32-10)";
  }

  // No counter of the rule comes twice: all of a block of places, and the ends of every range.
  void counters_are_distinct(SamplerRuleResult& r) {
    std::vector<PhiloxCounter> counters;
    const std::uint32_t ends[] = {0, 1, 2, 3, 1000, 0xfffffffeU, 0xffffffffU};
    for (const std::uint32_t row : ends)
      for (const std::uint32_t trial : ends)
        for (const std::uint32_t call : ends)
          for (std::uint32_t purpose = 0; purpose < 16; ++purpose)
            for (const std::uint32_t block : ends)
              counters.push_back(counter_of({row, trial, call >> 4, purpose}, 4ULL * block));
    const std::size_t all = counters.size();
    std::sort(counters.begin(), counters.end());
    const auto repeats =
        static_cast<std::size_t>(counters.end() - std::unique(counters.begin(), counters.end()));
    // call >> 4 maps six of the seven ends to two numbers: those repetitions are the caller's.
    const std::size_t distinct = 7ULL * 7 * 7 * 16 * distinct_calls(ends);
    r.draws = static_cast<std::int64_t>(all);
    r.verdict = all - repeats == distinct ? Verdict::certified : Verdict::refuted;
    r.detail = fmt::format("{} places have {} counters", distinct, all - repeats);
  }
  static std::size_t distinct_calls(std::span<const std::uint32_t> ends) {
    std::vector<std::uint32_t> calls;
    for (const std::uint32_t call : ends) calls.push_back(call >> 4);
    std::sort(calls.begin(), calls.end());
    return static_cast<std::size_t>(std::unique(calls.begin(), calls.end()) - calls.begin());
  }

  Sequence numbers(std::span<const std::int64_t> columns) const {
    const auto size = static_cast<std::size_t>(small_.outcome_size());
    Sequence sequence;
    for (std::size_t at = 0; at < columns.size(); at += size)
      sequence.push_back(outcome_number(columns.subspan(at, size), small_.columns()));
    return sequence;
  }
  Sequence draws_of(std::uint64_t seed, std::int64_t n) {
    SamplerProbe probe = this->probe();
    return numbers(probe.seeded(n, seed, 0));
  }

  // Pairs (x, y) as one number each; a pair with no draw is left out.
  Sequence paired(const Sequence& x, const Sequence& y, std::size_t shift = 0) const {
    Sequence pairs;
    const std::int64_t outcomes = outcome_count();
    for (std::size_t i = 0; i + shift < x.size() && i < y.size(); ++i)
      if (x[i + shift] >= 0 && y[i] >= 0) pairs.push_back(x[i + shift] * outcomes + y[i]);
    return pairs;
  }
  std::int64_t outcome_count() const {
    std::int64_t count = 1;
    for (std::int64_t i = 0; i < small_.outcome_size(); ++i) count *= small_.columns();
    return count;
  }

  Sequence pairs_of(const std::string& which, std::uint64_t seed, std::int64_t n) {
    SamplerProbe probe = this->probe();
    if (which == "two trials") {
      const Sequence all = numbers(probe.seeded(2 * n, seed, 0));
      Sequence x, y;
      for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
        x.push_back(all[i]);
        y.push_back(all[i + 1]);
      }
      return paired(x, y);
    }
    if (which == "two rows" || which == "neighbouring rows") {
      // n/8 pairs of rows with 8 trials each; neighbouring: trial t + 1 of one with t of the next.
      const std::int64_t trials = one_row(small_) ? 8 : 1, pairs = n / trials;
      const Sequence all = numbers(probe.rows(2 * pairs, trials, seed, 0));
      const auto per_row = static_cast<std::size_t>(trials);
      const std::size_t shift = which == "two rows" || trials == 1 ? 0 : 1;
      Sequence joined;
      for (std::size_t at = 0; at < all.size(); at += 2 * per_row) {
        const Sequence x(all.begin() + static_cast<std::ptrdiff_t>(at),
                         all.begin() + static_cast<std::ptrdiff_t>(at + per_row));
        const Sequence y(all.begin() + static_cast<std::ptrdiff_t>(at + per_row),
                         all.begin() + static_cast<std::ptrdiff_t>(at + 2 * per_row));
        const Sequence more = paired(x, y, shift);
        joined.insert(joined.end(), more.begin(), more.end());
      }
      return joined;
    }
    const bool seeds = which == "two seeds";
    const Sequence x = numbers(probe.seeded(n, seed, 0));
    const Sequence y = numbers(probe.seeded(n, seeds ? seed + 1 : seed, seeds ? 0 : 1));
    return paired(x, y, which == "neighbouring calls" ? 1 : 0);
  }

  // The law of one outcome, or of two independent ones.
  std::vector<Ends> law_of(int order) const {
    const std::vector<Ends> p = outcome_law(small_);
    if (order == 1) return p;
    std::vector<Ends> product;
    for (const Ends& x : p)
      for (const Ends& y : p)
        product.push_back({reference::next_down(x.lo * y.lo),
                           y.hi == 0 || x.hi == 0 ? 0 : reference::next_up(x.hi * y.hi)});
    return product;
  }

  void alarm(SamplerRuleResult& r, int order,
             const std::function<Sequence(std::uint64_t, std::int64_t)>& draw) {
    r.alpha = ledger_.share(r.rule);
    const std::vector<Ends> law = law_of(order);
    const bool dear = !one_row(small_) && candidate_.info().backend == "emulator";
    const std::int64_t draws = dear ? 256 : 1024;
    std::int64_t largest_draws = 0;
    const auto p_value = [&](std::uint64_t seed, std::int64_t n) {
      engine::KtAlarm evidence(law);
      for (const std::int64_t outcome : draw(seed, n))
        if (outcome >= 0) evidence.add(outcome);
      largest_draws += evidence.draws();
      // Ville: the evidence reaches 1/p with probability at most p.
      return std::min(1.0, std::exp2(-evidence.log2_evidence()) * (1 + 0x1p-20));
    };
    const engine::TwoStage result =
        engine::confirm_by_fresh_bits(r.alpha, options_.seed, draws, p_value);
    r.draws = largest_draws;
    r.verdict = result.alarmed ? Verdict::refuted : Verdict::certified;
    r.detail = fmt::format("{} p-value {:.3g}",
                           order == 1 ? "one draw:" : "product law:", result.first.p_value);
    if (result.second.draws > 0)
      r.detail += fmt::format(", on fresh bits (seed {}) {:.3g}", result.second.seed,
                              result.second.p_value);
    r.detail +=
        result.alarmed ? fmt::format("; both at most {:.2g}", std::sqrt(r.alpha)) : "; no alarm";
  }

  Candidate& candidate_;
  const SamplerOptions& options_;
  const SamplerInstance& instance_;
  SamplerProblem small_;
  engine::CaseDescriptor descriptor_;
  engine::AlphaLedger ledger_{options_.alpha};
  std::vector<SamplerRuleResult> results_;
};

}  // namespace

std::vector<SamplerRuleResult> judge_rules(Candidate& candidate, const SamplerContract& contract,
                                           const SamplerInstance& instance,
                                           const SamplerOptions& options) {
  if (contract.rule == SamplerRule::augmentation)
    return judge_augmentation_rules(candidate, contract, instance, options);
  return Rules(candidate, contract, instance, options).all();
}

}  // namespace assay::contract
