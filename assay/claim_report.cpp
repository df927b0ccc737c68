// SPDX-License-Identifier: Apache-2.0
// Verdicts on claims: the table and the JSON.
#include "assay/claim_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "proofs-numeric/claims.hpp"
#include "properties/engine/claim/ascent.hpp"
#include "properties/engine/claim/witness.hpp"
#include "properties/engine/files/json_text.hpp"

namespace assay::cli {
namespace {

using engine::ClaimKind;
using engine::ClaimResult;
using Json = nlohmann::ordered_json;

bool planted(const ClaimResult& r) {
  return r.claim->kind == ClaimKind::control || r.claim->kind == ClaimKind::strengthening;
}

/// What decided, or how close the search came.
std::string evidence(const ClaimResult& r) {
  if (!r.front.empty()) return "margin " + engine::smallest(r.front).trial.margin_text;
  if (r.verdict == Verdict::unrefuted)
    return r.account.closest_at.empty() ? fmt::format("{} held", r.account.held)
                                        : fmt::format("closest {:.1e}", r.account.closest);
  return {};
}

void print_row(const ClaimResult& r) {
  fmt::print("  {:<11} {:<13} {:<58} {:<26} {:>8} {:>7.2f}\n", name_of(r.verdict),
             engine::name_of(r.claim->kind), r.claim->id, evidence(r),
             r.account.evaluations + r.account.trials, r.seconds);
  const bool shown = !r.front.empty() && !planted(r);
  if (shown) fmt::print("              at {}\n", engine::smallest(r.front).instance.text());
  if (r.account.filtered > 0)
    fmt::print("              after {} cases of its filter\n", r.account.filtered);
  if (!r.why.empty()) fmt::print("              {}\n", r.why);
}

void print_planted_summary(const std::vector<ClaimResult>& results, ClaimKind kind,
                           const char* what) {
  std::vector<double> seconds;
  std::size_t all = 0;
  for (const ClaimResult& r : results) {
    if (r.claim->kind != kind) continue;
    ++all;
    if (r.verdict == Verdict::refuted) seconds.push_back(r.seconds);
  }
  if (all == 0) return;
  std::sort(seconds.begin(), seconds.end());
  fmt::print("{}: {} of {} refuted", what, seconds.size(), all);
  if (!seconds.empty())
    fmt::print(", median {:.2f} s, worst {:.2f} s", seconds[seconds.size() / 2], seconds.back());
  fmt::print("\n");
}

Json find_json(const ClaimResult& r, const engine::Find& find) {
  return engine::witness_json(*r.claim, find);
}

Json account_json(const engine::SearchAccount& a) {
  return {{"evaluations", a.evaluations},
          {"filtered", a.filtered},
          {"points", a.points},
          {"ascents", a.ascents},
          {"trials", a.trials},
          {"held", a.held},
          {"open", a.open},
          {"failed", a.failed},
          {"shapes", a.shapes},
          {"closest", engine::json_of(a.closest)},
          {"closest_at", a.closest_at},
          {"first_failure", a.first_failure}};
}

}  // namespace

void print_claims(const std::vector<ClaimResult>& results, bool with_planted) {
  std::map<Verdict, int> counts;
  for (const proofs::Paper& paper : proofs::papers()) {
    bool headed = false;
    for (const ClaimResult& r : results) {
      if (r.claim->paper != paper.short_name) continue;
      if (!planted(r)) ++counts[r.verdict];
      if (planted(r) && !with_planted && engine::as_planted(r)) continue;
      if (!headed) fmt::print("\n{}  {}\n", paper.short_name, paper.title);
      headed = true;
      print_row(r);
    }
  }
  fmt::print("\n");
  for (const auto& [verdict, count] : counts) fmt::print("{} {}  ", count, name_of(verdict));
  fmt::print("\n");
  print_planted_summary(results, ClaimKind::strengthening, "planted false strengthenings");
  print_planted_summary(results, ClaimKind::control, "controls (one hypothesis dropped)");
  if (!engine::have_optimiser()) fmt::print("built without NLopt: the search had no ascent\n");
}

Json claims_json(const std::vector<ClaimResult>& results) {
  Json claims = Json::array();
  for (const ClaimResult& r : results) {
    Json c = {{"id", r.claim->id},
              {"kind", engine::name_of(r.claim->kind)},
              {"paper", r.claim->paper},
              {"place", r.claim->place},
              {"equations", r.claim->equations},
              {"statement", r.claim->statement},
              {"reading", r.claim->reading},
              {"parent", r.claim->parent},
              {"relation", engine::symbol_of(r.claim->relation)},
              {"quantifier", r.claim->quantifier == engine::Quantifier::every ? "every" : "some"},
              {"verdict", name_of(r.verdict)},
              {"why", r.why},
              {"margin", r.front.empty() ? "" : engine::smallest(r.front).trial.margin_text},
              {"witness", r.front.empty() ? Json() : find_json(r, engine::smallest(r.front))}};
    if (r.front.size() > 1) c["clearest_witness"] = find_json(r, engine::clearest(r.front));
    c["search"] = account_json(r.account);
    c["seconds"] = r.seconds;
    claims.push_back(std::move(c));
  }
  return {{"schema", "assay/claims/1"}, {"claims", claims}};
}

ExitStatus status_of_claims(const std::vector<ClaimResult>& results) {
  ExitStatus status = ExitStatus::success;
  for (const ClaimResult& r : results) {
    if (planted(r))
      status = combine(status, engine::as_planted(r) ? ExitStatus::success : ExitStatus::undecided);
    else
      status = combine(status, status_of(r.verdict, false));
  }
  return status;
}

}  // namespace assay::cli
