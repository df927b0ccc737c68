// SPDX-License-Identifier: Apache-2.0
// assay replay of a witness, and assay list --claims.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "assay/claim_options.hpp"
#include "assay/claim_report.hpp"
#include "proofs-numeric/claims.hpp"
#include "properties/engine/claim/witness.hpp"
#include "properties/engine/files/json_text.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::cli {

ExitStatus replay_witness(const std::string& text, const std::string& source) {
  const engine::Witness w = engine::parse_witness(text, source);
  const engine::Claim* claim = proofs::all_claims().find(w.claim);
  if (claim == nullptr) {
    proofs::all_claims().select({w.claim});  // throws, with the nearest name
    throw engine::InputError(source, "/claim", "\"" + w.claim + "\" names several claims");
  }
  if (!claim->unavailable.empty())
    throw engine::InputError(source, "/claim", "cannot be tried: " + claim->unavailable);
  if (claim->statement != w.statement)
    fmt::print("the statement of this claim reads differently today: {}\n", claim->statement);
  const engine::TrialReport report = engine::try_instance(*claim, w.instance);
  if (report.sign == engine::Sign::outside)
    throw engine::InputError(source, "/instance", report.why);
  const bool every = claim->quantifier == engine::Quantifier::every;
  const bool decides = report.sign == (every ? engine::Sign::violated : engine::Sign::holds);
  fmt::print("{}  {} {}: {}\n  at {}\n", claim->id, claim->paper, claim->place, claim->statement,
             w.instance.text());
  if (!decides) {
    fmt::print("undecided: at this instance the statement {}{}\n", name_of(report.sign),
               report.why.empty() ? "" : ": " + report.why);
    return ExitStatus::undecided;
  }
  fmt::print("  left {} , right {}, stated: left {} right\n  {}: {}\n", report.left_text,
             report.right_text, engine::symbol_of(claim->relation),
             every ? "refuted again" : "shown again", report.confirmation);
  return every ? ExitStatus::refuted : ExitStatus::success;
}

ExitStatus list_claims(const Common& common, bool markdown) {
  if (markdown) {
    fmt::print("{}", claims_page());
    return ExitStatus::success;
  }
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const engine::Claim& c : proofs::all_claims().claims()) {
    if (common.json)
      all.push_back({{"id", c.id},
                     {"kind", engine::name_of(c.kind)},
                     {"paper", c.paper},
                     {"place", c.place},
                     {"equations", c.equations},
                     {"statement", c.statement},
                     {"reading", c.reading},
                     {"parent", c.parent},
                     {"unavailable", c.unavailable}});
    else
      fmt::print("{:<13} {:<64} {} {}\n", engine::name_of(c.kind), c.id, c.paper, c.place);
  }
  if (common.json) fmt::print("{}", engine::json_text({{"claims", all}}));
  return ExitStatus::success;
}

}  // namespace assay::cli
