// SPDX-License-Identifier: Apache-2.0
// The domains of the claims on HN Theorem 3.
#include "proofs-numeric/hard_negatives/theorem_3_stage.hpp"

namespace assay::proofs {
namespace {

Hypothesis on_loss(const char* name, const char* key, bool reference::LossProperties::*property,
                   std::optional<Domain> dropped, std::string no_control) {
  return {name, key,
          [property](const Instance& i) {
            return loss_of(i).properties(negatives_of(i)).*property ? Truth::yes : Truth::no;
          },
          std::move(dropped), std::move(no_control)};
}

}  // namespace

ModelOptions theorem_3_model() {
  ModelOptions o;
  o.sizes = {{2, 1, 1, 2}, {2, 2, 1, 2}, {3, 1, 3, 2}, {3, 2, 2, 2}, {2, 2, 2, 3}};
  o.losses = convex_increasing();
  o.independent = true;
  return o;
}

Domain theorem_3_with(std::vector<std::string> losses) {
  ModelOptions o = theorem_3_model();
  o.losses = std::move(losses);
  return models(o);
}

CollapseOptions theorem_3_collapse() {
  CollapseOptions o;
  o.sizes = {{2, 1, 0, 2}, {2, 2, 0, 2}, {3, 2, 0, 2}, {4, 1, 0, 3}, {5, 1, 0, 2}};
  o.losses = convex_increasing();
  return o;
}

Domain at_collapse(const CollapseOptions& o) {
  const std::vector<std::string> none = {"none"};
  Domain d;
  for (const ModelSize& s : o.sizes)
    for (const std::string& psi : o.losses)
      for (const std::string& eta : o.hardenings.empty() ? none : o.hardenings)
        d.shapes.push_back({{{"C", s.C}, {"p", s.p}, {"k", s.k}}, {{"psi", psi}, {"eta", eta}}});
  d.blocks = [independent = o.independent](const Shape& shape) {
    const int classes = shape.integer("C"), p = shape.integer("p");
    Block law;
    law.name = independent ? "s" : "q";
    law.kind = independent ? BlockKind::simplex : BlockKind::exchangeable;
    law.dimensions = independent ? std::vector<int>{classes, p} : std::vector<int>{classes, p, p};
    return p > 1 ? std::vector<Block>{law} : std::vector<Block>{};
  };
  return d;
}

FiniteModel collapse_of(const Instance& i) {
  FiniteModel m = reference::simplex_model(i.integer("C"), i.integer("p")).in(i.arithmetic);
  if (m.points == 1) return m;
  const bool independent = i.has("s");
  const auto values = i.values(independent ? "s" : "q");
  const std::vector<Real> law(values.begin(), values.end());
  if (independent) m.negative_law = law;
  for (int y = 0; y < m.classes; ++y)
    for (int x = 0; x < m.points; ++x) {
      if (!independent) m.s(y, x) = 0;
      for (int plus = 0; plus < m.points; ++plus) {
        if (independent) {
          m.q(y, x, plus) = m.s(y, x) * m.s(y, plus);
          continue;
        }
        const int n = (y * m.points + x) * m.points + plus;
        m.q(y, x, plus) = law[static_cast<std::size_t>(n)];
        m.s(y, x) += m.q(y, x, plus);
      }
    }
  return m;
}

Real loss_at_collapse(const Instance& i, Law law) {
  const FiniteModel m = reference::simplex_model(i.integer("C"), 1).in(i.arithmetic);
  return expected_loss(m, law, loss_of(i), hardening_of(i), negatives_of(i));
}

Hypothesis strictly_convex(std::optional<Domain> dropped) {
  return on_loss("psi_k is strictly convex", "strictly-convex",
                 &reference::LossProperties::strictly_convex, std::move(dropped), {});
}

Hypothesis strictly_increasing() {
  return on_loss("psi_k is argument-wise strictly increasing", "strictly-increasing",
                 &reference::LossProperties::strictly_increasing, {},
                 "it adds nothing: a strictly convex function that is non-decreasing in an "
                 "argument is strictly increasing in it");
}

Claim theorem_3_claim(ClaimKind kind, const std::string& id, const char* place,
                      std::string statement, Relation relation, Domain domain, Evaluate evaluate) {
  Claim c;
  c.id = "hard-negatives/" + id;
  c.kind = kind;
  c.paper = "HN";
  c.place = place;
  c.statement = std::move(statement);
  c.relation = relation;
  c.domain = std::move(domain);
  c.evaluate = std::move(evaluate);
  return c;
}

}  // namespace assay::proofs
