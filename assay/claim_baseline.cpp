// SPDX-License-Identifier: Apache-2.0
// Expected verdicts.
#include "assay/claim_baseline.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "properties/engine/files/json_reader.hpp"
#include "properties/engine/files/json_text.hpp"

namespace assay::cli {
namespace {

constexpr const char* schema = "assay/expected-verdicts/1";

bool planted(const engine::Claim& c) {
  return c.kind == engine::ClaimKind::control || c.kind == engine::ClaimKind::strengthening;
}

}  // namespace

std::string baseline_text(const std::vector<engine::ClaimResult>& results) {
  nlohmann::ordered_json verdicts = nlohmann::ordered_json::object();
  for (const engine::ClaimResult& r : results)
    if (!planted(*r.claim) || !engine::as_planted(r)) verdicts[r.claim->id] = name_of(r.verdict);
  return engine::json_text({{"schema", schema}, {"verdicts", verdicts}});
}

std::vector<std::string> differences(const std::string& text, const std::string& source,
                                     const std::vector<engine::ClaimResult>& results,
                                     bool complete) {
  const nlohmann::json document = engine::parse_json(text, source, "");
  const engine::JsonReader r(document, source);
  r.object({"schema", "verdicts"});
  if (r.at("schema").string() != schema) r.at("schema").fail(std::string("not ") + schema);
  std::map<std::string, Verdict> expected;
  for (const auto& [id, value] : r.at("verdicts").members()) {
    const auto verdict = verdict_named(value.string());
    if (!verdict) value.fail("no verdict is called so");
    expected.emplace(id, *verdict);
  }
  std::vector<std::string> lines;
  for (const engine::ClaimResult& result : results) {
    const auto known = expected.find(result.claim->id);
    Verdict wanted = Verdict::refuted;
    if (known != expected.end()) {
      wanted = known->second;
      expected.erase(known);
    } else if (!planted(*result.claim)) {
      lines.push_back(fmt::format("{}: {}, and the baseline does not know this claim",
                                  result.claim->id, name_of(result.verdict)));
      continue;
    }
    if (result.verdict != wanted)
      lines.push_back(fmt::format("{}: {}, expected {}", result.claim->id, name_of(result.verdict),
                                  name_of(wanted)));
  }
  if (complete)
    for (const auto& [id, verdict] : expected)
      lines.push_back(
          fmt::format("{}: expected {}, and there is no such claim", id, name_of(verdict)));
  return lines;
}

}  // namespace assay::cli
