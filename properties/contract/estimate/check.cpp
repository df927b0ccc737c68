// SPDX-License-Identifier: Apache-2.0
// Rows: drawing, looking, deciding; and all rows added up.
#include "properties/contract/estimate/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "properties/contract/error_algebra.hpp"
#include "properties/contract/estimate/expectation.hpp"
#include "properties/engine/hash.hpp"
#include "properties/engine/statistics/bounded_mean.hpp"
#include "properties/engine/statistics/plug_in.hpp"
#include "reference/arithmetic/engine.hpp"

namespace assay::contract {
namespace {

// The quicker engine encloses, the other one confirms.
reference::Engine first_engine() { return reference::engines().front(); }
std::optional<reference::Engine> second_engine() {
  const std::vector<reference::Engine> all = reference::engines();
  if (all.size() < 2) return std::nullopt;
  return all.back();
}

// The distance of two enclosed numbers.
Ends distance(const Ends& a, const Ends& b) {
  const double lo = std::max({0.0, a.lo - b.hi, b.lo - a.hi});
  const double hi = std::max({0.0, a.hi - b.lo, b.hi - a.lo});
  return {lo * (1 - 0x1p-50), inflate_up(hi)};
}

// 1 % of what hardening changes, and not less than 1/500 of the range: docs.
double resolution_of(const EstimateTruth& t, bool dear) {
  const double middle = (t.expectation.lo + t.expectation.hi) / 2;
  const double asked =
      std::max(std::fabs(t.unhardened - middle) / 100, (t.range.hi - t.range.lo) / 500);
  return dear ? 32 * asked : asked;
}

// Draws that cost hundreds of times as much as others.
bool is_dear(const CandidateInfo& candidate) { return candidate.backend == "emulator"; }

class RowTrial {
 public:
  RowTrial(Candidate& candidate, const EstimateTruth& truth, double delta,
           const EstimateOptions& options)
      : candidate_(candidate),
        truth_(truth),
        options_(options),
        dear_(is_dear(candidate.info())),
        arithmetic_(estimate_arithmetic(candidate.info().algorithm)) {
    row_.descriptor = truth.descriptor;
    row_.points = truth.problem.count();
    row_.negatives = truth.problem.k;
    row_.expectation = truth.expectation;
    row_.unhardened = truth.unhardened;
    row_.delta = delta;
    row_.kernel = loss_error_bound(truth.problem, arithmetic_);
    row_.range = {truth.range.lo - row_.kernel, truth.range.hi + row_.kernel};
    row_.sampler = inflate_up((row_.range.hi - row_.range.lo) *
                              total_variation_bound(truth.problem, arithmetic_));
    row_.resolution = resolution_of(truth, dear_);
  }

  EstimateRow run() {
    engine::BoundedMean mean(row_.range.lo, row_.range.hi);
    const std::int64_t most =
        options_.most_draws > 0 ? options_.most_draws : std::int64_t{1} << (dear_ ? 13 : 21);
    const std::int64_t first = std::int64_t{1} << (dear_ ? 10 : 12);
    for (std::int64_t wanted = first; wanted <= std::max(most, first); wanted *= 2) {
      while (mean.draws() < wanted)
        if (!draw(std::min(wanted - mean.draws(), chunk()), mean)) return row_;
      if (look(mean)) return row_;
    }
    row_.verdict = Verdict::undecided;
    row_.reason = fmt::format("{} draws leave a radius of {:.3g}, asked: {:.3g}", row_.draws,
                              row_.radius, row_.resolution);
    return row_;
  }

 private:
  std::int64_t chunk() const { return std::int64_t{1} << (dear_ ? 10 : 14); }

  bool end(Verdict verdict, std::string reason) {
    row_.verdict = verdict;
    row_.reason = std::move(reason);
    return false;
  }

  // More draws; false when the row is decided by what the candidate did.
  bool draw(std::int64_t draws, engine::BoundedMean& mean) {
    if (options_.interrupted()) throw Interrupted("interrupted");
    const std::uint64_t call = call_++;
    const Observation o = candidate_.observe(
        estimate_call(truth_.descriptor, truth_.problem, draws, truth_.descriptor.seed, call),
        {estimate_output(draws)});
    if (is_violation(o.conduct))
      return end(Verdict::refuted, fmt::format("{}: {}", name_of(o.conduct), o.detail));
    if (o.conduct != Conduct::returned)
      return end(Verdict::unavailable, fmt::format("{}: {}", name_of(o.conduct), o.detail));
    const float* loss = o.outputs.at(0).as<float>();
    for (std::int64_t i = 0; i < draws; ++i) {
      const auto x = static_cast<double>(loss[i]);
      if (!(x >= row_.range.lo && x <= row_.range.hi))
        return end(Verdict::refuted,
                   fmt::format("loss {} of seed {}, call {} is {:.9g}; no tuple of the model has "
                               "one outside [{:.9g}, {:.9g}]",
                               i, truth_.descriptor.seed, call, x, row_.range.lo, row_.range.hi));
      mean.add(x);
    }
    row_.draws = mean.draws();
    return true;
  }

  // True when the row is decided.
  bool look(const engine::BoundedMean& mean) {
    row_.mean = mean.mean();
    row_.radius = mean.radius(engine::epoch_delta(row_.delta, ++row_.looks));
    const double allowed = inflate_up(row_.kernel + row_.sampler + row_.radius);
    const Ends off = distance(row_.mean, row_.expectation);
    row_.bias = inflate_up(off.hi + row_.radius);
    if (off.lo > allowed) return refute(off, allowed);
    if (row_.radius > row_.resolution) return false;
    if (off.hi > allowed) {
      row_.verdict = Verdict::undecided;
      row_.reason = "the expectation is not enclosed tightly enough";
      return true;
    }
    row_.verdict = Verdict::certified;
    row_.reason = fmt::format(
        "|mean - expectation| <= {:.3g}, allowed {:.3g} = kernel {:.2g} + sampler {:.2g} + radius "
        "{:.3g} at n = {}; bias <= {:.3g}, wrong with probability <= {:.3g}",
        off.hi, allowed, row_.kernel, row_.sampler, row_.radius, row_.draws, row_.bias, row_.delta);
    return true;
  }

  bool refute(const Ends& off, double allowed) {
    if (const std::optional<reference::Engine> second = second_engine()) {
      if (!truth_.from_second_engine)
        truth_.from_second_engine = enclose_expectation(truth_.problem, *second);
      row_.confirmed_by = name_of(*second);
      if (distance(row_.mean, *truth_.from_second_engine).lo <= allowed) {
        row_.verdict = Verdict::undecided;
        row_.reason = "the engines disagree about the expectation";
        return true;
      }
    }
    row_.verdict = Verdict::refuted;
    row_.reason = fmt::format(
        "the mean of {} losses is {:.9g}, the expectation {:.9g}: off by {:.3g}, allowed {:.3g} = "
        "kernel {:.2g} + sampler {:.2g} + radius {:.3g}; a correct pipeline does that with "
        "probability <= {:.3g}",
        row_.draws, row_.mean.lo, row_.expectation.lo, off.lo, allowed, row_.kernel, row_.sampler,
        row_.radius, row_.delta);
    return true;
  }

  Candidate& candidate_;
  const EstimateTruth& truth_;
  const EstimateOptions& options_;
  bool dear_;
  EstimateArithmetic arithmetic_;
  std::uint64_t call_ = 0;
  EstimateRow row_;
};

int rank_of(Verdict v) {
  switch (v) {
    case Verdict::refuted: return 4;
    case Verdict::undecided: return 3;
    case Verdict::unavailable: return 2;
    default: return 1;
  }
}

void sum_up(EstimateCheck& check) {
  int worst = 0;
  double of_gap = 0;
  std::int64_t draws = 0;
  for (const EstimateRow& row : check.rows) {
    draws += row.draws;
    const double gap = std::fabs(row.unhardened - row.expectation.lo);
    // Where hardening changes more than a tenth of the range, the radius is a share of that.
    if (gap >= (row.range.hi - row.range.lo) / 10) of_gap = std::max(of_gap, row.radius / gap);
    if (rank_of(row.verdict) <= worst) continue;
    worst = rank_of(row.verdict);
    check.verdict = row.verdict;
    check.reason = row.descriptor.family + ": " + row.reason;
  }
  if (check.verdict == Verdict::certified)
    check.reason = fmt::format(
        "{} models, {} tuples: every mean is where the expectation says, within kernel, sampler "
        "and statistics; radius <= {:.2g} % of what hardening changes where that is a tenth of "
        "the range or more; wrong with probability <= {:g}",
        check.rows.size(), draws, 100 * of_gap, check.delta);
}

}  // namespace

EstimateTruth make_estimate_truth(const engine::CaseDescriptor& descriptor) {
  EstimateTruth t;
  t.descriptor = descriptor;
  t.problem = make_estimate_problem(descriptor);
  t.expectation = enclose_expectation(t.problem, first_engine());
  t.unhardened = unhardened_expectation(t.problem);
  t.range = range_of_losses(t.problem);
  return t;
}

const EstimateTruth& EstimateTruths::of(const engine::CaseDescriptor& d) {
  const std::string key =
      fmt::format("{}:{}:{}:{}:{}", d.contract, d.instance, d.family, d.index, d.seed);
  const auto found = made_.find(key);
  return found != made_.end() ? found->second
                              : made_.emplace(key, make_estimate_truth(d)).first->second;
}

std::vector<engine::CaseDescriptor> planned_estimate_rows(const EstimateContract& contract,
                                                          const EstimateInstance& instance,
                                                          const EstimateOptions& options) {
  std::vector<engine::CaseDescriptor> rows;
  for (const Family& f : contract.families) {
    const bool chosen = options.families.empty() ||
                        std::find(options.families.begin(), options.families.end(), f.name) !=
                            options.families.end();
    if (chosen && is_meant_for(f.name, instance))
      rows.push_back({contract.name, instance.name, f.name, 0, options.seed});
  }
  if (options.budget > 0 && static_cast<std::int64_t>(rows.size()) > options.budget)
    rows.resize(static_cast<std::size_t>(options.budget));
  return rows;
}

EstimateRow judge_estimate_row(Candidate& candidate, const EstimateTruth& truth, double delta,
                               const EstimateOptions& options) {
  return RowTrial(candidate, truth, delta, options).run();
}

EstimateCheck certify_estimate(const EstimateContract& contract, const EstimateInstance& instance,
                               const CandidateFactory& factory, const EstimateOptions& options,
                               EstimateTruths& truths) {
  const std::unique_ptr<Candidate> candidate = factory();
  EstimateCheck check;
  check.contract = instance.contract;
  check.contract_sha256 = engine::sha256_hex(instance.contract.canonical_text());
  check.instance = instance.name;
  check.law = contract.law;
  check.candidate = candidate->info();
  check.delta = options.delta;
  if (const std::string why = candidate->unavailable_reason(); !why.empty()) {
    check.reason = "unavailable: " + why;
    return check;
  }
  check.hypotheses = estimate_arithmetic(check.candidate.algorithm).hypotheses;
  const auto rows = planned_estimate_rows(contract, instance, options);
  // Rounded down, so that the shares do not exceed the whole.
  const double share = options.delta / static_cast<double>(rows.size()) * (1 - 0x1p-40);
  for (const engine::CaseDescriptor& d : rows) {
    options.progress(static_cast<std::int64_t>(check.rows.size()),
                     static_cast<std::int64_t>(rows.size()));
    const EstimateTruth& truth = truths.of(d);
    // Tens of seconds for what the same kernels show on a core or a device.
    constexpr std::int64_t most_negatives = 32;
    if (is_dear(check.candidate) && truth.problem.k > most_negatives) continue;
    check.rows.push_back(judge_estimate_row(*candidate, truth, share, options));
    if (check.rows.back().verdict == Verdict::unavailable) break;
  }
  check.candidate = candidate->info();
  sum_up(check);
  return check;
}

}  // namespace assay::contract
