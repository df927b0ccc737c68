// SPDX-License-Identifier: Apache-2.0
// The sections of the hard-negatives paper (HN, arXiv 2311.05139), one function and file each.
#pragma once

#include "properties/engine/claim/claim.hpp"

namespace assay::proofs {

void add_hn_theorem_2(engine::ClaimRegistry& registry);  ///< Section 4.2
void add_hn_batched(engine::ClaimRegistry& registry);    ///< Section 4.3, batches, (26)-(29)
void add_hn_batched_conclusions(engine::ClaimRegistry& registry);  ///< of add_hn_batched
void add_hn_theorem_3(engine::ClaimRegistry& registry);            ///< Section 4.4
void add_hn_theorem_3_proof(engine::ClaimRegistry& registry);      ///< of add_hn_theorem_3
void add_hn_theorem_3_attained(engine::ClaimRegistry& registry);   ///< of add_hn_theorem_3
void add_hn_theorem_3_text(engine::ClaimRegistry& registry);       ///< Section 4.4, below Theorem 3
void add_hn_ucl_batched(engine::ClaimRegistry& registry);          ///< of add_hn_theorem_3_text
void add_hn_open_questions(engine::ClaimRegistry& registry);       ///< Sections 4.4 and 6
void add_hn_framework(engine::ClaimRegistry& registry);            ///< Definitions 1 and 2
void add_hn_hardened_laws(engine::ClaimRegistry& registry);        ///< Section 3
void add_hn_theorem_1(engine::ClaimRegistry& registry);            ///< Section 4.1
void add_hn_section_5(engine::ClaimRegistry& registry);            ///< Sections 5 and 5.1
void add_hn_tables(engine::ClaimRegistry& registry);               ///< Tables 1 and 2
void add_hn_collapse(engine::ClaimRegistry& registry);         ///< metrics, Definition 7, Section 6
void add_hn_abstract(engine::ClaimRegistry& registry);         ///< HNa, Sections 1 and 2
void add_hn_algorithm_1(engine::ClaimRegistry& registry);      ///< Algorithm 1
void add_hn_appendix(engine::ClaimRegistry& registry);         ///< Appendices A and B
void add_hn_collision(engine::ClaimRegistry& registry);        ///< Section 5.4, Appendix B.1
void add_hn_expected_losses(engine::ClaimRegistry& registry);  ///< (3), displays of L_CL
void add_hn_cross_references(engine::ClaimRegistry& registry);  ///< numbers that point elsewhere
void add_hn_harris(engine::ClaimRegistry& registry);  ///< Section 4.1: Lemma 1, Corollary 1

}  // namespace assay::proofs
