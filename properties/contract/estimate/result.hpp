// SPDX-License-Identifier: Apache-2.0
// What a certificate says about a pipeline of sampler and loss: plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/contract.hpp"
#include "core/ends.hpp"
#include "core/verdict.hpp"
#include "properties/contract/candidate.hpp"
#include "properties/engine/case.hpp"

namespace assay::contract {

/// One model: the mean of the drawn losses against the expectation.
struct EstimateRow {
  engine::CaseDescriptor descriptor;
  std::int64_t points = 0, negatives = 0;
  Verdict verdict = Verdict::unavailable;
  Ends expectation;       ///< of the contract's law
  double unhardened = 0;  ///< expectation without hardening; in doubles, a guide and no bound
  Ends range{0, 0};       ///< of one loss, rounding errors included
  Ends mean{0, 0};        ///< of the losses drawn
  double kernel = 0;      ///< rounding error allowed to one loss
  double sampler = 0;     ///< length of the range times the total variation allowed
  double radius = 0;      ///< statistical, at the look that decided
  double resolution = 0;  ///< radius asked for
  double bias = 0;        ///< |E of the pipeline - expectation| <= it, unless wrong by delta
  double delta = 0;       ///< of the row
  std::int64_t draws = 0;
  int looks = 0;
  std::string confirmed_by;  ///< of a refutation: the engine that enclosed the expectation anew
  std::string reason;        ///< one line
};

/// One candidate against one instance.
struct EstimateCheck {
  Contract contract;
  std::string contract_sha256;
  std::string instance;
  std::string law;
  CandidateInfo candidate;
  Verdict verdict = Verdict::unavailable;
  std::string reason;
  double delta = 0;  ///< of all rows together: also the chance to refute a correct pipeline
  std::vector<std::string> hypotheses;
  std::vector<EstimateRow> rows;
};

}  // namespace assay::contract
