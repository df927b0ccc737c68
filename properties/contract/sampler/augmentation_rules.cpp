// SPDX-License-Identifier: Apache-2.0
// Rules of the augmentation besides its law: edges, refusals, repeats, the stream, independence.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "properties/contract/sampler/augmentation.hpp"
#include "properties/contract/sampler/probe.hpp"
#include "properties/contract/sampler/stream_rule.hpp"
#include "properties/engine/statistics/alarm.hpp"

namespace assay::contract {
namespace {

constexpr std::int64_t dimension = 5;  // odd: the last pair is half used

class AugmentationRules {
 public:
  AugmentationRules(Candidate& candidate, const SamplerContract& contract,
                    const SamplerInstance& instance, const SamplerOptions& options)
      : candidate_(candidate), options_(options), problem_(instance.setting) {
    problem_.scores.assign(static_cast<std::size_t>(dimension), 0);
    descriptor_ = {contract.name, instance.name, "small", 0, options.seed};
  }

  std::vector<SamplerRuleResult> all() {
    for (const char* name : joint_names) ledger_.enter(name);
    ledger_.close();
    run("bad rows", [this](SamplerRuleResult& r) { bad_rows(r); });
    run("repeats", [this](SamplerRuleResult& r) { repeats(r); });
    if (candidate_.info().takes_words) run("edges", [this](SamplerRuleResult& r) { edges(r); });
    if (candidate_.info().takes_words && candidate_.info().stream == "philox")
      run("stream", [this](SamplerRuleResult& r) { follows_stream(r); });
    for (const char* which : joint_names)
      run(which, [this, which](SamplerRuleResult& r) { independent(which, r); });
    return std::move(results_);
  }

 private:
  static constexpr const char* joint_names[] = {"two views",         "two rows",
                                                "neighbouring rows", "neighbouring coordinates",
                                                "two calls",         "two seeds"};

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

  std::vector<float> seeded(std::int64_t rows, std::int64_t views, std::uint64_t seed,
                            std::uint64_t call) {
    return ask_for_views(candidate_,
                         sampler_rows_call(descriptor_, problem_, rows, views, seed, call),
                         fmt::format("seed {}, call {}", seed, call));
  }
  static void say(SamplerRuleResult& r, bool kept, const std::string& yes, const std::string& no) {
    r.verdict = kept ? Verdict::certified : Verdict::refuted;
    r.detail = kept ? yes : no;
  }

  void bad_rows(SamplerRuleResult& r) {
    seeded(2, 2, 1, 0);  // refusing everything is no answer
    SamplerProblem bad = problem_;
    bad.variance = -0.25;
    const engine::Case call = sampler_call(descriptor_, bad, 2, 1, 0, {});
    const Observation o = candidate_.observe(call, {sampler_output(call)});
    r.draws = 1;
    say(r, o.conduct != Conduct::returned, "a negative variance is refused",
        "a negative variance is not refused");
  }

  void repeats(SamplerRuleResult& r) {
    const auto first = seeded(8, 2, options_.seed, 3);
    seeded(8, 2, options_.seed + 1, 4);
    r.draws = 48;
    say(r, seeded(8, 2, options_.seed, 3) == first,
        "equal seed and call give equal views, whatever was drawn in between",
        "equal seed and call gave other views after other calls");
  }

  // Words at the ends of their range: finite, and on the map where the words say where it leads.
  void edges(SamplerRuleResult& r) {
    const std::int64_t per_trial = problem_.words_per_trial();
    std::vector<std::uint32_t> words;
    std::int64_t trials = 0;
    for (const std::uint32_t all : {0U, 1U, 0xfffU, 0x7fffffffU, 0x80000000U, 0xfffff000U, ~0U})
      for (std::int64_t place = -1; place < per_trial; ++place, ++trials)
        for (std::int64_t c = 0; c < per_trial; ++c) words.push_back(c == place ? ~all : all);
    const std::vector<float> views =
        ask_for_views(candidate_, sampler_call(descriptor_, problem_, trials, 0, 0, words),
                      "words at their ends");
    std::int64_t infinite = 0;
    for (const float y : views) infinite += std::isfinite(y) ? 0 : 1;
    r.draws = trials;
    say(r, infinite == 0, "words at the ends of their range, together and one by one, give numbers",
        fmt::format("words at the ends of their range give {} coordinates that are no numbers",
                    infinite));
  }

  void follows_stream(SamplerRuleResult& r) {
    const std::int64_t per_trial = problem_.words_per_trial(), rows = 3, views = 2;
    const auto purpose = static_cast<std::uint32_t>(problem_.rule);
    const std::pair<std::uint64_t, std::uint64_t> places[] = {
        {options_.seed, 0}, {0, 1}, {~std::uint64_t{0}, (std::uint64_t{1} << 28) - 1}};
    bool same = true;
    for (const auto& [seed, call] : places) {
      std::vector<std::uint32_t> words;
      for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t view = 0; view < views; ++view) {
          const auto more =
              words_of_place({static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(view),
                              static_cast<std::uint32_t>(call), purpose},
                             seed, per_trial);
          words.insert(words.end(), more.begin(), more.end());
        }
      const auto given =
          ask_for_views(candidate_, sampler_call(descriptor_, problem_, rows * views, 0, 0, words),
                        "given words");
      same = same && given == seeded(rows, views, seed, call);
      r.draws += rows * views;
    }
    say(r, same, "seeded views are those of the words of the stream rule (Philox4x32-10)",
        "seeded views are not those of the words of the stream rule");
  }

  // Differences of coordinates that owe each other nothing: normal, with twice the variance.
  std::vector<float> differences(const std::string& which, std::uint64_t seed, std::int64_t n) {
    const auto d = static_cast<std::size_t>(dimension);
    std::vector<float> result;
    const auto add = [&](const std::vector<float>& x, std::size_t a, const std::vector<float>& y,
                         std::size_t b) { result.push_back(x[a] - y[b]); };
    const auto rows = static_cast<std::size_t>(n);
    if (which == "two calls" || which == "two seeds") {
      const bool calls = which == "two calls";
      const auto x = seeded(n, 1, seed, 0);
      const auto y = seeded(n, 1, calls ? seed : seed + 1, calls ? 1 : 0);
      for (std::size_t row = 0; row < rows; ++row) add(x, row * d + row % d, y, row * d + row % d);
      return result;
    }
    const auto x = seeded(2 * n, 2, seed, 0);  // [2 n][2][d]
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t a = 4 * row * d + row % d;
      if (which == "two views") add(x, a, x, a + d);
      if (which == "two rows") add(x, a, x, a + 2 * d);
      if (which == "neighbouring rows") add(x, a + d, x, a + 2 * d);
      if (which == "neighbouring coordinates")
        add(x, 4 * row * d + row % (d - 1), x, 4 * row * d + row % (d - 1) + 1);
    }
    return result;
  }

  void independent(const std::string& which, SamplerRuleResult& r) {
    r.alpha = ledger_.share(which);
    SamplerProblem difference = problem_;
    difference.scores = {0};
    difference.variance = 2 * problem_.variance;
    difference.random_signs = false;
    const int projection[] = {1};
    const auto p_value = [&](std::uint64_t seed, std::int64_t n) {
      const std::vector<float> d = differences(which, seed, n);
      const double distance = projection_distance(difference, projection, d).lo;
      const auto count = static_cast<double>(d.size());
      r.draws += n;
      // Massart: P(sup |F_n - F| >= distance) <= 2 exp(-2 n distance^2).
      return std::min(1.0, 2 * std::exp(-2 * count * distance * distance) * (1 + 0x1p-40));
    };
    const engine::TwoStage result =
        engine::confirm_by_fresh_bits(r.alpha, options_.seed, 1024, p_value);
    r.verdict = result.alarmed ? Verdict::refuted : Verdict::certified;
    r.detail = fmt::format("differences: p-value {:.3g}", result.first.p_value);
    if (result.second.draws > 0)
      r.detail += fmt::format(", on fresh bits (seed {}) {:.3g}", result.second.seed,
                              result.second.p_value);
    r.detail +=
        result.alarmed ? fmt::format("; both at most {:.2g}", std::sqrt(r.alpha)) : "; no alarm";
  }

  Candidate& candidate_;
  const SamplerOptions& options_;
  SamplerProblem problem_;
  engine::CaseDescriptor descriptor_;
  engine::AlphaLedger ledger_{options_.alpha};
  std::vector<SamplerRuleResult> results_;
};

}  // namespace

std::vector<SamplerRuleResult> judge_augmentation_rules(Candidate& candidate,
                                                        const SamplerContract& contract,
                                                        const SamplerInstance& instance,
                                                        const SamplerOptions& options) {
  return AugmentationRules(candidate, contract, instance, options).all();
}

}  // namespace assay::contract
