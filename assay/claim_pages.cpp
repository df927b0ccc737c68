// SPDX-License-Identifier: Apache-2.0
// The pages of docs/ that are written from the claims: docs/claims.md and docs/findings.md.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "assay/claim_report.hpp"
#include "proofs-numeric/claims.hpp"

namespace assay::cli {
namespace {

using engine::Claim;
using engine::ClaimKind;
using engine::ClaimResult;

bool planted(const Claim& c) {
  return c.kind == ClaimKind::control || c.kind == ClaimKind::strengthening;
}

/// Text for a cell of a Markdown table.
std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return text;
}

/// "(14)" before "(15)" before "(100)".
struct ByNumber {
  static int number(const std::string& e) { return std::atoi(e.c_str() + (e.front() == '(')); }
  bool operator()(const std::string& a, const std::string& b) const {
    return std::pair(number(a), a) < std::pair(number(b), b);
  }
};

std::string equations_of(const std::string& paper) {
  std::map<std::string, std::vector<std::string>, ByNumber> by_number;
  for (const Claim& c : proofs::all_claims().claims())
    if (c.paper == paper && !planted(c))
      for (const std::string& e : c.equations) by_number[e].push_back(c.id);
  if (by_number.empty()) return {};
  std::string text = "| equation | claims |\n|---|---|\n";
  for (const auto& [equation, ids] : by_number) {
    text += "| " + equation + " |";
    for (const std::string& id : ids) text += " `" + id + "`";
    text += " |\n";
  }
  return text + "\n";
}

std::size_t planted_for(const Claim& claim, ClaimKind kind) {
  const auto& all = proofs::all_claims().claims();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const Claim& c) {
    return c.parent == claim.id && c.kind == kind;
  }));
}

std::string claims_of(const proofs::Paper& paper) {
  std::string text = "| claim | kind | place | statement | planted |\n|---|---|---|---|---|\n";
  for (const Claim& c : proofs::all_claims().claims()) {
    if (c.paper != paper.short_name || planted(c)) continue;
    text += fmt::format(
        "| `{}` | {} | {} | {}{} | {} |\n", c.id, engine::name_of(c.kind), cell(c.place),
        cell(c.statement), c.reading.empty() ? "" : " *(" + cell(c.reading) + ")*",
        planted_for(c, ClaimKind::control) + planted_for(c, ClaimKind::strengthening));
  }
  return text + "\n";
}

std::string evidence_text(const ClaimResult& r) {
  if (r.front.empty())
    return fmt::format("Nothing of the kind exists: all {} possibilities were evaluated.\n\n",
                       r.account.shapes);
  const engine::Find& f = engine::smallest(r.front);
  const std::string at = f.instance.text();
  return fmt::format(
      "{}he left side is {} and the right side {}; the statement says left {} right.\n\n",
      at.empty() ? "T" : "Witness: " + at + ". There t", f.trial.left_text, f.trial.right_text,
      engine::symbol_of(r.claim->relation));
}

std::string finding_text(const ClaimResult& r, const std::vector<ClaimResult>& results) {
  std::string text = fmt::format("### `{}`\n\n{}, {}:\n\n> {}\n\n", r.claim->id, r.claim->paper,
                                 r.claim->place, r.claim->statement);
  if (!r.claim->reading.empty()) text += "Reading: " + r.claim->reading + ".\n\n";
  text += evidence_text(r);
  if (!r.claim->remark.empty()) text += r.claim->remark + "\n\n";
  for (const ClaimResult& c : results)
    if (c.claim->kind == ClaimKind::correction && c.claim->parent == r.claim->id)
      text += fmt::format("Correction (`{}`, {}): {}\n\n", c.claim->id, name_of(c.verdict),
                          c.claim->statement);
  return text;
}

/// Controls that the search could not refute.
std::string unpunished_text(const std::vector<ClaimResult>& results) {
  std::string text;
  for (const ClaimResult& r : results)
    if (r.claim->kind == ClaimKind::control && r.verdict != Verdict::refuted)
      text += fmt::format("- `{}` ({}): {}\n", r.claim->id, r.claim->place, r.claim->statement);
  if (text.empty()) return text;
  return "## Hypotheses whose removal the search could not punish\n\nThey may be superfluous where "
         "they stand, or the search too weak.\n\n" +
         text + "\n";
}

std::string surviving_text(const std::vector<ClaimResult>& results) {
  std::string text;
  for (const ClaimResult& r : results)
    if (r.claim->kind == ClaimKind::conjecture && r.verdict != Verdict::refuted)
      text += fmt::format("- `{}` ({}, {}): {}\n", r.claim->id, r.claim->place, name_of(r.verdict),
                          r.claim->statement);
  if (text.empty()) return text;
  return "## Open questions that survived, or were answered by an example\n\n" + text;
}

}  // namespace

std::string claims_page() {
  std::string text =
      "# Claims\n\nWritten by `assay list --claims --markdown`; a test compares. Every claim "
      "is the statement as printed; `planted` counts its controls (one hypothesis dropped) "
      "and false strengthenings. docs/findings.md has the verdicts that went against a paper.\n\n";
  for (const proofs::Paper& paper : proofs::papers()) {
    text += "## " + paper.short_name + ": " + paper.title + "\n\n";
    text += equations_of(paper.short_name) + claims_of(paper);
  }
  return text;
}

std::string findings_page(const std::vector<ClaimResult>& results) {
  std::string text =
      "# Findings\n\nWritten by `assay check --findings-page docs/findings.md`. Statements that "
      "are "
      "refuted as printed, each with its smallest witness: `assay check CLAIM --witnesses FOLDER` "
      "writes it as a file, `assay replay` proves it again from nothing. Of each paper first what "
      "it states and proves, then printed numbers, tables and references; "
      "docs/claims-on-trial.md has the chief ones in one table.\n\n";
  const auto found = [&](const proofs::Paper& paper, bool figures) {
    std::string all;
    for (const ClaimResult& r : results)
      if (r.claim->paper == paper.short_name && r.verdict == Verdict::refuted &&
          !planted(*r.claim) && (r.claim->kind == ClaimKind::figure) == figures)
        all += finding_text(r, results);
    return all;
  };
  for (const proofs::Paper& paper : proofs::papers()) {
    const std::string stated = found(paper, false), printed = found(paper, true);
    if (!stated.empty()) text += "## " + paper.title + "\n\n" + stated;
    if (!printed.empty())
      text += "## " + paper.short_name + ": numbers, tables and references\n\n" + printed;
  }
  return text + unpunished_text(results) + surviving_text(results);
}

}  // namespace assay::cli
