// SPDX-License-Identifier: Apache-2.0
// assay search CONTRACT: the worst case of a kernel, by the search that tries claims.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "assay/claim_options.hpp"
#include "assay/report.hpp"
#include "assay/terminal.hpp"
#include "properties/contract/worst_case.hpp"
#include "properties/engine/claim/witness.hpp"
#include "properties/engine/files/atomic_file.hpp"
#include "properties/engine/files/json_text.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::cli {
namespace {

using engine::SearchResult;
using Clock = std::chrono::steady_clock;

/// The instance that the name asks for; the first one of the contract where it names none.
std::string instance_asked(const contract::Column& column, const std::string& name) {
  std::vector<std::string> known;
  for (const Contract& c : column.instances()) known.push_back(column.instance_of(c));
  const std::size_t colon = name.find(':');
  if (colon == std::string::npos) return known.front();
  const std::string instance = name.substr(colon + 1);
  if (std::find(known.begin(), known.end(), instance) == known.end())
    throw engine::InputError("instance \"" + instance + "\"", "",
                             "unknown; `assay list` names those of " + column.name());
  return instance;
}

std::shared_ptr<contract::Candidate> candidate_asked(const Common& common,
                                                     const SearchCommandOptions& options,
                                                     const contract::Column& column) {
  if (!options.command.empty()) return contract::make_process_candidate(options.command, {});
  const std::string name = options.candidate.empty() ? "emulated" : options.candidate;
  require_candidate(column.name(), name);
  return contract::make_builtin_candidate(column.name(), name, common.program, {});
}

/// closest = (1 - share) / max(1, share)
double largest_share(const engine::SearchAccount& a) {
  return a.closest >= 0 ? 1 - a.closest : 1 / (1 + a.closest);
}

}  // namespace

ExitStatus search_kernel(const Common& common, const SearchCommandOptions& options) {
  if (!options.corpus.empty())
    throw engine::InputError("--corpus", "", "the worst case of a kernel is searched afresh");
  if (!options.output.empty()) engine::check_writable(options.output);
  const contract::Column& column =
      contract::column_named(options.claim.substr(0, options.claim.find(':')));
  const std::string instance = instance_asked(column, options.claim);
  const auto candidate = candidate_asked(common, options, column);
  if (const std::string why = candidate->unavailable_reason(); !why.empty()) {
    fmt::print("unavailable: {}: {}\n", candidate->info().name, why);
    return ExitStatus::undecided;
  }
  const engine::Claim claim = contract::worst_case_claim(
      column, instance, candidate, contract::small_cases(column, instance, options.seed));
  const auto end = Clock::now() + std::chrono::duration<double>(60 * options.minutes);
  Progress progress("rounds");
  SearchResult all;
  std::int64_t round = 0;
  for (; !stop_requested() &&
         (options.rounds > 0 ? round < options.rounds : round == 0 || Clock::now() < end);
       ++round) {
    engine::SearchOptions o;
    o.seed = options.seed;
    o.round = static_cast<std::uint64_t>(round);
    o.evaluations = options.evaluations;
    o.cancelled = [&] { return stop_requested() || (options.rounds == 0 && Clock::now() >= end); };
    const SearchResult r = engine::search(claim, o);
    all.account.add(r.account);
    for (const engine::Find& f : r.front) engine::add_to_front(all.front, f);
    if (!all.front.empty()) break;
    progress.update(round + 1, options.rounds);
  }
  const auto& a = all.account;
  if (common.json) {
    nlohmann::ordered_json front = nlohmann::ordered_json::array();
    for (const engine::Find& f : all.front) front.push_back(engine::witness_json(claim, f));
    fmt::print("{}", engine::json_text({{"claim", claim.id},
                                        {"rounds", round},
                                        {"evaluations", a.evaluations},
                                        {"largest_share", largest_share(a)},
                                        {"at", a.closest_at},
                                        {"failed", a.failed},
                                        {"front", front}}));
  } else {
    fmt::print("{}: {} evaluations, {} ascents; largest share {:.4g} at {}\n", claim.id,
               a.evaluations, a.ascents, largest_share(a), a.closest_at);
    for (const engine::Find& f : all.front)
      fmt::print("refuted: {}\n  {}\n  {}\n", f.trial.left_text, f.trial.why, f.instance.text());
  }
  if (!options.output.empty() && !all.front.empty())
    engine::write_file_atomically(options.output, engine::json_text(engine::witness_json(
                                                      claim, engine::smallest(all.front))));
  if (all.front.empty() && a.evaluations <= a.failed) {
    fmt::print(stderr, "nothing could be evaluated: {}\n", a.first_failure);
    return ExitStatus::undecided;
  }
  return all.front.empty() ? ExitStatus::success : ExitStatus::refuted;
}

}  // namespace assay::cli
