// SPDX-License-Identifier: Apache-2.0
// assay search: minutes on one claim, continued from a corpus on disk.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "assay/claim_options.hpp"
#include "assay/terminal.hpp"
#include "proofs-numeric/claims.hpp"
#include "properties/contract/worst_case.hpp"
#include "properties/engine/claim/corpus.hpp"
#include "properties/engine/claim/witness.hpp"
#include "properties/engine/files/atomic_file.hpp"
#include "properties/engine/files/json_text.hpp"
#include "properties/engine/input_error.hpp"
#include "reference/arithmetic/number.hpp"

namespace assay::cli {
namespace {

using engine::SearchResult;
using Clock = std::chrono::steady_clock;

/// Rounds `first` .. `first + count`, one per thread, merged in the order of the rounds.
SearchResult batch(const engine::Claim& claim, const SearchCommandOptions& options,
                   std::uint64_t first, int count) {
  std::vector<SearchResult> results(static_cast<std::size_t>(count));
  const auto one = [&](int n) {
    engine::SearchOptions o;
    o.seed = options.seed;
    o.round = first + static_cast<std::uint64_t>(n);
    o.evaluations = options.evaluations;
    o.stop_at_first = false;
    o.cancelled = stop_requested;
    results[static_cast<std::size_t>(n)] = engine::search(claim, o);
    if (n > 0) reference::release_thread_caches();
  };
  std::vector<std::thread> threads;
  for (int n = 1; n < count; ++n) threads.emplace_back(one, n);
  one(0);
  for (std::thread& t : threads) t.join();
  SearchResult merged;
  for (SearchResult& r : results) {
    merged.account.add(r.account);
    for (engine::Find& f : r.front) engine::add_to_front(merged.front, std::move(f));
  }
  return merged;
}

void print_result(const engine::Claim& claim, const engine::Corpus& corpus) {
  const auto& a = corpus.account;
  fmt::print("{}\n  {} {}: {}\n", claim.id, claim.paper, claim.place, claim.statement);
  fmt::print("  {} rounds, {} evaluations, {} ascents, {} exact trials ({} open, {} failed)\n",
             corpus.rounds, a.evaluations, a.ascents, a.trials, a.open, a.failed);
  if (a.filtered > 0) fmt::print("  {} cases of its filter before them\n", a.filtered);
  if (corpus.front.empty())
    fmt::print("  nothing found; closest margin {:.3e} of the sides, at {}\n", a.closest,
               a.closest_at);
  for (const engine::Find& f : corpus.front)
    fmt::print("  {}  margin {}\n    {}\n    ({})\n",
               claim.quantifier == engine::Quantifier::every ? "violated" : "holds",
               f.trial.margin_text, f.instance.text(), f.trial.confirmation);
}

ExitStatus status_of_search(const engine::Claim& claim, const engine::Corpus& corpus) {
  if (corpus.front.empty())
    return claim.quantifier == engine::Quantifier::every && corpus.rounds > 0 &&
                   corpus.account.evaluated()
               ? ExitStatus::success
               : ExitStatus::undecided;
  return claim.quantifier == engine::Quantifier::every ? ExitStatus::refuted : ExitStatus::success;
}

}  // namespace

ExitStatus search(const Common& common, const SearchCommandOptions& options) {
  if (contract::is_contract(options.claim)) return search_kernel(common, options);
  if (!options.candidate.empty() || !options.command.empty())
    throw engine::InputError("--candidate", "", "is for contracts; " + options.claim + " is none");
  const engine::Claim* claim = proofs::all_claims().find(options.claim);
  if (claim == nullptr) {
    const auto near = proofs::all_claims().select({options.claim});  // throws for unknown names
    throw engine::InputError("claim \"" + options.claim + "\"", "",
                             "names " + std::to_string(near.size()) + " claims, for example " +
                                 near.front()->id + "; a search is for one");
  }
  if (!claim->unavailable.empty())
    throw engine::InputError("claim " + claim->id, "", "cannot be tried: " + claim->unavailable);
  if (!options.output.empty()) engine::check_writable(options.output);
  engine::Corpus corpus =
      options.corpus.empty() ? engine::Corpus{} : engine::read_corpus(options.corpus, *claim);
  const auto end = Clock::now() + std::chrono::duration<double>(60 * options.minutes);
  const int threads = threads_of(options.threads);
  Progress progress("rounds");
  std::int64_t done = 0;
  while (!stop_requested() &&
         (options.rounds > 0 ? done < options.rounds : done == 0 || Clock::now() < end)) {
    const int count = options.rounds > 0
                          ? static_cast<int>(std::min<std::int64_t>(threads, options.rounds - done))
                          : threads;
    SearchResult result = batch(*claim, options, corpus.rounds, count);
    if (stop_requested() && result.front.empty()) break;  // a cut round is no round
    engine::add_rounds(corpus, result, stop_requested() ? 0 : count);
    if (!options.corpus.empty()) engine::write_corpus(options.corpus, *claim, corpus);
    progress.update(done += count, options.rounds);
  }
  if (common.json)
    fmt::print("{}", engine::json_text(engine::corpus_json(*claim, corpus)));
  else
    print_result(*claim, corpus);
  if (!options.output.empty() && !corpus.front.empty())
    engine::write_file_atomically(options.output, engine::json_text(engine::witness_json(
                                                      *claim, engine::smallest(corpus.front))));
  return status_of_search(*claim, corpus);
}

}  // namespace assay::cli
