// SPDX-License-Identifier: Apache-2.0
// The papers on trial.
#include "proofs-numeric/claims.hpp"

namespace assay::proofs {

const std::vector<Paper>& papers() {
  static const std::vector<Paper> all = {
      {"HN", "hard-negatives",
       "Hard-Negative Sampling for Contrastive Learning: Optimal Representation Geometry and "
       "Neural- vs Dimensional-Collapse"},
      {"HNa", "hard-negatives/abstract", "the abstract page of version 2 of HN"},
      {"CL", "clop",
       "Preventing Collapse in Contrastive Learning with Orthonormal Prototypes (CLOP)"},
  };
  return all;
}

const engine::ClaimRegistry& all_claims() {
  static const engine::ClaimRegistry registry = [] {
    engine::ClaimRegistry r;
    add_hard_negatives(r);
    add_clop(r);
    return r;
  }();
  return registry;
}

}  // namespace assay::proofs
