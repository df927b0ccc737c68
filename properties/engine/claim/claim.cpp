// SPDX-License-Identifier: Apache-2.0
// The registry of claims, and the planted claims that every statement brings along.
#include "properties/engine/claim/claim.hpp"

#include <algorithm>
#include <stdexcept>

#include "properties/engine/input_error.hpp"
#include "properties/engine/nearest.hpp"

namespace assay::engine {
namespace {

/// The right side moved against the relation by 1 % of itself and 1/1000: false wherever equality
/// is attained or approached.
Sides moved(Relation relation, const Sides& sides) {
  const Real by = abs(sides.right) / Real(100) + Real::ratio(1, 1000);
  const bool raise = relation == Relation::greater_or_equal || relation == Relation::greater ||
                     relation == Relation::equal;
  return {sides.left, raise ? sides.right + by : sides.right - by};
}

Claim strengthening_of(const Claim& claim) {
  Claim planted = claim;
  planted.id = claim.id + "/strengthened";
  planted.kind = ClaimKind::strengthening;
  planted.parent = claim.id;
  planted.statement = "planted, false: " + claim.statement +
                      (claim.strengthened ? "" : ", by a margin of 1 % and 1/1000");
  planted.evaluate = claim.strengthened;
  if (!planted.evaluate)
    planted.evaluate = [evaluate = claim.evaluate, relation = claim.relation](const Instance& i) {
      return moved(relation, evaluate(i));
    };
  planted.second = nullptr;
  planted.decide = nullptr;
  planted.filter = nullptr;
  planted.strengthened = nullptr;
  planted.remark.clear();
  return planted;
}

bool without_blocks(const Domain& domain) {
  return std::all_of(domain.shapes.begin(), domain.shapes.end(),
                     [&](const Shape& s) { return domain.blocks(s).empty(); });
}

Claim control_of(const Claim& claim, std::size_t dropped) {
  Claim control = claim;
  const Hypothesis& hypothesis = claim.hypotheses[dropped];
  control.id = claim.id + "/without/" + hypothesis.key;
  control.kind = ClaimKind::control;
  control.parent = claim.id;
  control.statement = "without \"" + hypothesis.name + "\": " + claim.statement;
  control.domain = *hypothesis.dropped;
  control.filter = hypothesis.filter;
  control.hypotheses.erase(control.hypotheses.begin() + static_cast<std::ptrdiff_t>(dropped));
  control.exhaustive = claim.exhaustive && without_blocks(control.domain);
  control.equality.clear();
  control.remark.clear();
  return control;
}

void require(bool condition, const Claim& claim, const char* what) {
  if (!condition) throw std::logic_error("claim " + claim.id + ": " + what);
}

}  // namespace

std::string_view name_of(ClaimKind kind) {
  switch (kind) {
    case ClaimKind::statement: return "statement";
    case ClaimKind::step: return "step";
    case ClaimKind::figure: return "figure";
    case ClaimKind::conjecture: return "conjecture";
    case ClaimKind::control: return "control";
    case ClaimKind::strengthening: return "strengthening";
    case ClaimKind::correction: return "correction";
  }
  return "?";
}

std::string_view symbol_of(Relation relation) {
  switch (relation) {
    case Relation::greater_or_equal: return ">=";
    case Relation::less_or_equal: return "<=";
    case Relation::greater: return ">";
    case Relation::less: return "<";
    case Relation::equal: return "=";
    case Relation::not_equal: return "!=";
  }
  return "?";
}

Real margin_of(Relation relation, const Sides& s) {
  switch (relation) {
    case Relation::greater_or_equal:
    case Relation::greater: return s.left - s.right;
    case Relation::less_or_equal:
    case Relation::less: return s.right - s.left;
    case Relation::equal: return -abs(s.left - s.right);
    case Relation::not_equal: return abs(s.left - s.right);
  }
  return 0;
}

void ClaimRegistry::insert(Claim claim) {
  require(find(claim.id) == nullptr, claim, "there is a claim of this id already");
  claims_.push_back(std::move(claim));
}

void ClaimRegistry::add(Claim claim) {
  require(
      !claim.id.empty() && !claim.paper.empty() && !claim.place.empty() && !claim.statement.empty(),
      claim, "id, paper, place and statement are needed");
  if (!claim.unavailable.empty()) return insert(std::move(claim));
  require(static_cast<bool>(claim.evaluate), claim, "there is nothing to evaluate");
  require(claim.domain.blocks && !claim.domain.shapes.empty(), claim, "the domain is empty");
  require(!claim.exhaustive || without_blocks(claim.domain), claim,
          "shapes with blocks cannot be exhausted");
  std::vector<Claim> planted;
  if (claim.quantifier == Quantifier::every && claim.kind != ClaimKind::conjecture &&
      claim.relation != Relation::not_equal && (!claim.exhaustive || claim.strengthened))
    planted.push_back(strengthening_of(claim));
  for (std::size_t n = 0; n < claim.hypotheses.size(); ++n)
    if (claim.hypotheses[n].dropped) planted.push_back(control_of(claim, n));
  insert(std::move(claim));
  for (Claim& c : planted) insert(std::move(c));
}

const Claim* ClaimRegistry::find(std::string_view id) const {
  for (const Claim& c : claims_)
    if (c.id == id) return &c;
  return nullptr;
}

std::vector<const Claim*> ClaimRegistry::select(const std::vector<std::string>& names) const {
  std::vector<const Claim*> selected;
  for (const std::string& name : names) {
    const auto matches = [&](const Claim& c) {
      return c.id == name || c.id.starts_with(name + "/") || c.paper == name;
    };
    if (std::none_of(claims_.begin(), claims_.end(), matches)) {
      std::vector<std::string> known;
      for (const Claim& c : claims_) known.push_back(c.id);
      const std::string close = nearest(name, known);
      throw InputError("claim \"" + name + "\"", "",
                       "no claim or paper has this name" +
                           (close.empty() ? std::string("; `assay list --claims` names them")
                                          : "; did you mean \"" + close + "\"?"));
    }
  }
  for (const Claim& c : claims_)
    if (names.empty() || std::any_of(names.begin(), names.end(), [&](const std::string& name) {
          return c.id == name || c.id.starts_with(name + "/") || c.paper == name;
        }))
      selected.push_back(&c);
  return selected;
}

}  // namespace assay::engine
