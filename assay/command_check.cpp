// SPDX-License-Identifier: Apache-2.0
// assay check: a verdict on every claim.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "assay/claim_baseline.hpp"
#include "assay/claim_options.hpp"
#include "assay/claim_report.hpp"
#include "assay/terminal.hpp"
#include "proofs-numeric/claims.hpp"
#include "properties/engine/claim/witness.hpp"
#include "properties/engine/files/atomic_file.hpp"
#include "properties/engine/files/json_text.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::cli {
namespace {

std::vector<engine::ClaimResult> checked(const CheckCommandOptions& options) {
  const auto claims = proofs::all_claims().select(options.names);
  Progress progress("claims");
  engine::CheckOptions check_options;
  check_options.seed = options.seed;
  check_options.evaluations = options.evaluations;
  check_options.threads = threads_of(options.threads);
  check_options.cancelled = stop_requested;
  check_options.progress = [&](std::size_t done) {
    progress.update(static_cast<std::int64_t>(done), static_cast<std::int64_t>(claims.size()));
  };
  return engine::check_claims(claims, check_options);
}

void write_witnesses(const std::string& folder, const std::vector<engine::ClaimResult>& results) {
  std::filesystem::create_directories(folder);
  for (const engine::ClaimResult& r : results) {
    if (r.front.empty()) continue;
    std::string name = r.claim->id;
    for (char& c : name)
      if (c == '/') c = '.';
    engine::write_file_atomically(
        folder + "/" + name + ".json",
        engine::json_text(engine::witness_json(*r.claim, engine::smallest(r.front))));
  }
}

ExitStatus against_baseline(const CheckCommandOptions& options,
                            const std::vector<engine::ClaimResult>& results) {
  if (options.update) {
    engine::write_file_atomically(options.baseline, baseline_text(results));
    fmt::print(stderr, "baseline written to {}\n", options.baseline);
    return ExitStatus::success;
  }
  const auto lines = differences(engine::read_text_file(options.baseline), options.baseline,
                                 results, options.names.empty());
  for (const std::string& line : lines) fmt::print(stderr, "not as expected: {}\n", line);
  if (lines.empty()) fmt::print(stderr, "every verdict is the expected one\n");
  return lines.empty() ? ExitStatus::success : ExitStatus::refuted;
}

}  // namespace

ExitStatus check(const Common& common, const CheckCommandOptions& options) {
  if (options.update && !options.names.empty())
    throw engine::InputError("--update", "", "a baseline is written from all claims");
  for (const std::string& file : {options.output, options.findings_page})
    if (!file.empty()) engine::check_writable(file);
  const auto results = checked(options);
  const auto json = claims_json(results);
  if (common.json)
    fmt::print("{}", engine::json_text(json));
  else
    print_claims(results, options.planted);
  if (!options.output.empty())
    engine::write_file_atomically(options.output, engine::json_text(json));
  if (!options.witnesses.empty()) write_witnesses(options.witnesses, results);
  if (stop_requested())
    return ExitStatus::undecided;  // the pages and the baseline stay as they are
  if (!options.findings_page.empty())
    engine::write_file_atomically(options.findings_page, findings_page(results));
  if (!options.baseline.empty()) return against_baseline(options, results);
  return status_of_claims(results);
}

}  // namespace assay::cli
