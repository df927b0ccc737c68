// SPDX-License-Identifier: Apache-2.0
// The sections of CLOP (CL, arXiv 2403.18699), one function and file each.
#pragma once

#include "properties/engine/claim/claim.hpp"

namespace assay::proofs {

void add_cl_losses(engine::ClaimRegistry& registry);             ///< (1), (3), (4)
void add_cl_section_3_arrangements(engine::ClaimRegistry& r);    ///< Section 3.2, Figure 1
void add_cl_theorem_1(engine::ClaimRegistry& registry);          ///< Theorem 1
void add_cl_theorem_1_moments(engine::ClaimRegistry& registry);  ///< Appendix D to B
void add_cl_theorem_1_bound(engine::ClaimRegistry& registry);    ///< Appendix D from B on
void add_cl_lemma_1(engine::ClaimRegistry& registry);            ///< Lemma 1
void add_cl_lemma_1_gradients(engine::ClaimRegistry& registry);  ///< Appendix C
void add_cl_lemma_2(engine::ClaimRegistry& registry);            ///< Lemma 2
void add_cl_lemma_2_steps(engine::ClaimRegistry& registry);      ///< Appendix E
void add_cl_tables(engine::ClaimRegistry& registry);             ///< Tables 1 to 5
void add_cl_prose(engine::ClaimRegistry& registry);              ///< what else the text says

/// The fields that every claim of this paper has; the others are set afterwards.
engine::Claim cl_claim(engine::ClaimKind kind, const char* id, const char* place,
                       const char* statement, engine::Relation relation, engine::Domain domain,
                       engine::Evaluate evaluate, const char* remark = "");
/// What would be true instead of the claim `parent`.
engine::Claim cl_correction(const char* id, const char* parent, const char* place,
                            const char* statement, engine::Relation relation, engine::Domain domain,
                            engine::Evaluate evaluate, const char* remark = "");
/// What cannot be tried here, with what it would need.
engine::Claim cl_unavailable(const char* id, const char* place, const char* statement,
                             const char* needs);

}  // namespace assay::proofs
