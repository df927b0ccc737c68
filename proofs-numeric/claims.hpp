// SPDX-License-Identifier: Apache-2.0
// Every claim of every paper.
#pragma once

#include "properties/engine/claim/claim.hpp"

namespace assay::proofs {

struct Paper {
  std::string short_name;  ///< "HN", as claims carry it
  std::string folder;      ///< first part of the ids: "hard-negatives"
  std::string title;
};
const std::vector<Paper>& papers();

/// All claims with their controls and planted strengthenings, papers in order. Made once.
const engine::ClaimRegistry& all_claims();

// One function per paper, each in a file of its own that calls one per section.
void add_hard_negatives(engine::ClaimRegistry& registry);
void add_clop(engine::ClaimRegistry& registry);

}  // namespace assay::proofs
