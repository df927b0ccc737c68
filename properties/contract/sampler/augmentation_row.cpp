// SPDX-License-Identifier: Apache-2.0
// One row of the augmentation: grade (e), on the same words or by projections.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "properties/contract/sampler/augmentation.hpp"
#include "properties/contract/sampler/probe.hpp"
#include "properties/engine/random.hpp"
#include "properties/engine/statistics/binomial.hpp"
#include "properties/engine/statistics/mismatches.hpp"
#include "properties/engine/statistics/plug_in.hpp"

namespace assay::contract {
namespace {

class AugmentationRow {
 public:
  AugmentationRow(Candidate& candidate, const SamplerProblem& problem,
                  const SamplerOptions& options, SamplerRow& row)
      : candidate_(candidate), problem_(problem), options_(options), row_(row) {}

  void run() {
    row_.grade = SamplerGrade::metric;
    row_.delta = options_.delta;
    row_.assumptions.emplace_back(
        "the words are independent and uniform, as the generator promises");
    if (candidate_.info().takes_words)
      on_the_same_words();
    else
      by_projections();
  }

 private:
  // The chance of a view outside the tolerance. Who takes words owes the map that the contract
  // names.
  void on_the_same_words() {
    const double delta = options_.delta / 2;  // of either bound
    row_.epsilon = options_.epsilon.value_or(1.0 / 1000);
    row_.tolerance = augmentation_tolerance;
    row_.distance = "total variation, up to moves within the tolerance";
    const std::int64_t planned = engine::anytime_trials(row_.epsilon, delta, 0);
    const std::int64_t most = options_.most_draws > 0 ? options_.most_draws : 2 * planned;
    engine::MismatchProcess process(row_.epsilon, delta);
    engine::Random random(options_.seed, "augmentation", 0);
    const std::int64_t per_trial = problem_.words_per_trial();
    const auto d = static_cast<std::size_t>(problem_.columns());
    double largest = 0;
    while (process.draws() < most && !process.certified()) {
      const std::int64_t done = process.draws();
      const std::int64_t step = done < planned ? planned - done : planned / 8 + 1;
      const std::int64_t trials = std::min({std::int64_t{1} << 14, step, most - done});
      std::vector<std::uint32_t> words(static_cast<std::size_t>(trials * per_trial));
      for (std::uint32_t& w : words) w = static_cast<std::uint32_t>(random.bits() >> 32);
      const std::vector<float> views = ask_for_views(
          candidate_, sampler_call(row_.descriptor, problem_, trials, 0, 0, words), "given words");
      std::int64_t outside = 0;
      for (std::size_t t = 0; t < static_cast<std::size_t>(trials); ++t) {
        const double distance = view_distance(
            problem_,
            std::span<const std::uint32_t>(words).subspan(t * static_cast<std::size_t>(per_trial),
                                                          static_cast<std::size_t>(per_trial)),
            std::span<const float>(views).subspan(t * d, d));
        if (distance <= augmentation_tolerance)
          largest = std::max(largest, distance);
        else
          ++outside;
      }
      process.add(trials, outside);
    }
    row_.evaluations = process.draws();
    row_.mismatches = process.mismatches();
    const std::int64_t draws = process.draws(), outside = process.mismatches();
    const double bound =
        process.certified() ? row_.epsilon : engine::anytime_upper(draws, outside, delta);
    // Not certified: their number was fixed beforehand, so that the exact bound holds.
    const double at_least =
        process.certified() ? 0 : engine::clopper_pearson_lower(outside, draws, delta);
    conclude({at_least, bound},
             fmt::format("the map on the same words: {} of {} views leave the tolerance of {:.2g} "
                         "(|y| + deviation), the others come within {:.2g}",
                         outside, draws, augmentation_tolerance, largest));
  }

  // Any map will do: its projections say how far they are from the normal ones.
  void by_projections() {
    if (problem_.variance == 0) return without_noise();
    row_.epsilon = options_.epsilon.value_or(1.0 / 50);
    row_.tolerance = 0;
    constexpr std::int64_t draws = std::int64_t{1} << 17, most_at_once = std::int64_t{1} << 14;
    std::vector<float> views;
    for (std::uint64_t call = 0;
         static_cast<std::int64_t>(views.size()) < draws * problem_.columns(); ++call) {
      const std::vector<float> more = ask_for_views(
          candidate_,
          sampler_call(row_.descriptor, problem_, most_at_once, options_.seed, call, {}),
          fmt::format("seed {}, call {}", options_.seed, call));
      views.insert(views.end(), more.begin(), more.end());
    }
    const auto projections = projections_of(problem_.columns());
    const double width =
        engine::dkw_width(draws, options_.delta / static_cast<double>(projections.size()));
    Ends worst{0, 0};
    for (const auto& projection : projections) {
      const Ends d = projection_distance(problem_, projection, views);
      worst = {std::max(worst.lo, d.lo), std::max(worst.hi, d.hi)};
    }
    row_.evaluations += draws;
    row_.distance = fmt::format("Kolmogorov, the largest of {} projections", projections.size());
    row_.assumptions.emplace_back(
        "rows of one call, and calls of different number, are independent");
    conclude({std::max(0.0, worst.lo - width), std::min(1.0, worst.hi + width)},
             fmt::format("{} projections of {} draws alone", projections.size(), draws));
  }

  // A law that is one point, or two of opposite sign: any draw elsewhere refutes it.
  void without_noise() {
    row_.epsilon = options_.epsilon.value_or(1.0 / 1000);
    row_.distance = "a point";
    const std::vector<float> views = ask_for_views(
        candidate_, sampler_call(row_.descriptor, problem_, 64, options_.seed, 0, {}), "seeded");
    const auto d = static_cast<std::size_t>(problem_.columns());
    bool same = true;
    for (std::size_t i = 0; i < views.size(); ++i) {
      const auto y = static_cast<double>(views[i]), x = problem_.scores[i % d];
      same = same && (y == x || (problem_.random_signs && y == -x));
    }
    row_.evaluations += 64;
    conclude(exactly(same ? 0 : 1), "64 draws of a law without noise");
  }

  void conclude(Ends distance, const std::string& by) {
    row_.tv = distance;
    row_.by = by;
    row_.verdict = distance.hi <= row_.epsilon  ? Verdict::certified
                   : distance.lo > row_.epsilon ? Verdict::refuted
                                                : Verdict::undecided;
    row_.reason = fmt::format(
        "distance ({}) <= {:.3g}{}, wrong with probability <= {:g}, by (e) {}", row_.distance,
        distance.hi, distance.lo > 0 ? fmt::format(" (and >= {:.3g})", distance.lo) : "",
        row_.delta, by);
  }

  Candidate& candidate_;
  const SamplerProblem& problem_;
  const SamplerOptions& options_;
  SamplerRow& row_;
};

}  // namespace

void judge_augmentation_row(Candidate& candidate, const SamplerProblem& problem,
                            const SamplerOptions& options, SamplerRow& row) {
  AugmentationRow(candidate, problem, options, row).run();
}

}  // namespace assay::contract
