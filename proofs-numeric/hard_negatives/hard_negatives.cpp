// SPDX-License-Identifier: Apache-2.0
// The hard-negatives paper, in the order of its sections.
#include "proofs-numeric/hard_negatives/hard_negatives.hpp"

#include "proofs-numeric/claims.hpp"

namespace assay::proofs {

void add_hard_negatives(engine::ClaimRegistry& registry) {
  add_hn_abstract(registry);
  add_hn_framework(registry);
  add_hn_expected_losses(registry);
  add_hn_hardened_laws(registry);
  add_hn_harris(registry);
  add_hn_theorem_1(registry);
  add_hn_theorem_2(registry);
  add_hn_batched(registry);
  add_hn_theorem_3(registry);
  add_hn_theorem_3_text(registry);
  add_hn_open_questions(registry);
  add_hn_section_5(registry);
  add_hn_tables(registry);
  add_hn_collapse(registry);
  add_hn_algorithm_1(registry);
  add_hn_appendix(registry);
  add_hn_collision(registry);
  add_hn_cross_references(registry);
}

}  // namespace assay::proofs
