// SPDX-License-Identifier: Apache-2.0
// The grades of evidence, one method each. Private to `judge_row`.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "properties/contract/sampler/check.hpp"
#include "properties/contract/sampler/exact_law.hpp"
#include "properties/contract/sampler/probe.hpp"

namespace assay::contract {

/// One row on trial. Every method states how it came to its bound.
class RowTrial {
 public:
  RowTrial(Candidate& candidate, const engine::CaseDescriptor& descriptor,
           const SamplerProblem& problem, const SamplerOptions& options, SamplerRow& row)
      : probe_(candidate, descriptor, problem), options_(options), row_(row) {}

  void run();

 private:
  // A draw costs a hundred times as much there; the statement says with how many it was made.
  bool emulated() { return probe_.candidate().info().backend == "emulator"; }
  int log2_of_checks() { return emulated() ? 14 : 18; }
  double usual_epsilon(SamplerGrade grade) {
    const SamplerProblem& p = probe_.problem();
    if (grade == SamplerGrade::coupled && options_.coupled_epsilon)
      return *options_.coupled_epsilon;
    const double usual = default_epsilon(grade, row_.columns, p.bits, emulated());
    // Tuples take a row each, and an emulated row costs several blocks.
    const bool tuples = p.outcome_size() > 1 && grade == SamplerGrade::coupled;
    return tuples && emulated() ? std::max(usual, 1.0 / 128) : usual;
  }
  void grade(SamplerGrade grade, double delta) {
    row_.grade = grade;
    row_.delta = delta;
    row_.epsilon = options_.epsilon.value_or(usual_epsilon(grade));
  }
  void conclude(Ends tv, const std::string& by);
  void take(const ExactLaw& law, const std::vector<Ends>& p, int bits, const std::string& by);
  NumberMap numbers() {
    return [this](std::span<const std::uint64_t> k) { return probe_.from_numbers(k); };
  }

  void by_point();
  void by_enumeration();
  void by_all_words();
  void by_bisection();
  void by_table();
  void by_coupling();
  void by_draws(double delta);  ///< what is left of delta for it
  bool all_words_can_be_tried() const;
  bool rests_on_leading_bits();
  std::vector<std::int64_t> order_of_columns();
  bool thresholds_follow_weights(const ExactLaw& law);
  bool thresholds_are_uniform(const ExactLaw& law) const;
  double follows_thresholds(const ExactLaw& law, const NumberMap& map);

  SamplerProbe probe_;
  const SamplerOptions& options_;
  SamplerRow& row_;
};

}  // namespace assay::contract
