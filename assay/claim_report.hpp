// SPDX-License-Identifier: Apache-2.0
// Verdicts on claims as text for people: the table, JSON, and the pages of docs/.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "properties/engine/claim/check.hpp"

namespace assay::cli {

/// The table by paper with one line per claim and, for refuted statements, the smallest witness;
/// planted claims are counted, and listed only where the search missed them or `planted` asks.
void print_claims(const std::vector<engine::ClaimResult>& results, bool planted);
nlohmann::ordered_json claims_json(const std::vector<engine::ClaimResult>& results);

/// docs/claims.md: every claim with its place, and every numbered equation with its claims.
std::string claims_page();
/// docs/findings.md: each refuted statement with its smallest witness; the hypotheses whose removal
/// was not punished; the conjectures that survived.
std::string findings_page(const std::vector<engine::ClaimResult>& results);

/// The exit status that the verdicts add up to, without a baseline.
ExitStatus status_of_claims(const std::vector<engine::ClaimResult>& results);

}  // namespace assay::cli
