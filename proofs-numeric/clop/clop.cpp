// SPDX-License-Identifier: Apache-2.0
// CLOP, in the order of its sections.
#include "proofs-numeric/clop/clop.hpp"

#include "proofs-numeric/claims.hpp"

namespace assay::proofs {

using namespace engine;

Claim cl_claim(ClaimKind kind, const char* id, const char* place, const char* statement,
               Relation relation, Domain domain, Evaluate evaluate, const char* remark) {
  Claim c;
  c.id = id;
  c.kind = kind;
  c.paper = "CL";
  c.place = place;
  c.statement = statement;
  c.relation = relation;
  c.domain = std::move(domain);
  c.evaluate = std::move(evaluate);
  c.remark = remark;
  return c;
}

Claim cl_correction(const char* id, const char* parent, const char* place, const char* statement,
                    Relation relation, Domain domain, Evaluate evaluate, const char* remark) {
  Claim c = cl_claim(ClaimKind::correction, id, place, statement, relation, std::move(domain),
                     std::move(evaluate), remark);
  c.parent = parent;
  return c;
}

Claim cl_unavailable(const char* id, const char* place, const char* statement, const char* needs) {
  Claim c;
  c.id = id;
  c.paper = "CL";
  c.place = place;
  c.statement = statement;
  c.unavailable = needs;
  return c;
}

void add_clop(ClaimRegistry& registry) {
  add_cl_losses(registry);
  add_cl_section_3_arrangements(registry);
  add_cl_theorem_1(registry);
  add_cl_theorem_1_moments(registry);
  add_cl_theorem_1_bound(registry);
  add_cl_lemma_1(registry);
  add_cl_lemma_1_gradients(registry);
  add_cl_lemma_2(registry);
  add_cl_lemma_2_steps(registry);
  add_cl_tables(registry);
  add_cl_prose(registry);
}

}  // namespace assay::proofs
