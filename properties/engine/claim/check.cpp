// SPDX-License-Identifier: Apache-2.0
// Verdicts on claims.
#include "properties/engine/claim/check.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>

#include "reference/arithmetic/number.hpp"

namespace assay::engine {
namespace {

bool planted(const Claim& claim) {
  return claim.kind == ClaimKind::control || claim.kind == ClaimKind::strengthening;
}

/// All shapes are all there is: the signs decide.
void decide_exhaustively(ClaimResult& r) {
  const bool every = r.claim->quantifier == Quantifier::every;
  std::int64_t open = 0;
  for (const Shape& shape : r.claim->domain.shapes) {
    const Instance instance{shape, {}, Arithmetic::plain()};
    TrialReport report = try_instance(*r.claim, instance);
    ++r.account.trials;
    ++r.account.shapes;
    if (report.sign == (every ? Sign::violated : Sign::holds)) {
      r.front = {{instance, std::move(report), "the only point"}};
      r.verdict = every ? Verdict::refuted : Verdict::certified;
      return;
    }
    if (report.sign == (every ? Sign::holds : Sign::violated)) {
      ++r.account.held;
    } else if (report.sign != Sign::outside) {
      ++open;
      r.why = report.why.empty() ? "margin " + report.margin_text : report.why;
    }
  }
  if (r.account.held == 0 && open == 0)
    r.why = "none of the shapes satisfies the hypotheses";
  else if (open == 0)
    r.verdict = every ? Verdict::certified : Verdict::refuted;
}

void decide_by_search(ClaimResult& r, const CheckOptions& options) {
  const Claim& claim = *r.claim;
  SearchOptions search_options;
  search_options.seed = options.seed;
  search_options.cancelled = options.cancelled;
  const int rounds = planted(claim) || claim.quantifier == Quantifier::some ? 4 : 1;
  for (int round = 0; round < rounds && r.front.empty() && !options.cancelled(); ++round) {
    search_options.round = static_cast<std::uint64_t>(round);
    search_options.evaluations = options.evaluations;
    SearchResult found = search(claim, search_options);
    r.account.add(found.account);
    r.front = std::move(found.front);
  }
  const bool every = claim.quantifier == Quantifier::every;
  if (!r.front.empty()) {
    r.verdict = every ? Verdict::refuted : Verdict::certified;
  } else if (options.cancelled()) {
    r.why = "interrupted";
  } else if (!r.account.evaluated()) {
    r.why = "nothing could be evaluated" +
            (r.account.first_failure.empty() ? "" : ": " + r.account.first_failure);
  } else if (every) {
    r.verdict = Verdict::unrefuted;
  } else {
    r.why = "no instance found in the stated search";
  }
}

}  // namespace

ClaimResult check_claim(const Claim& claim, const CheckOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  ClaimResult r;
  r.claim = &claim;
  if (!claim.unavailable.empty()) {
    r.verdict = Verdict::unavailable;
    r.why = claim.unavailable;
  } else {
    try {
      if (claim.exhaustive)
        decide_exhaustively(r);
      else
        decide_by_search(r, options);
    } catch (const std::exception& error) {  // of a domain or a filter: it would end the program
      r.verdict = Verdict::undecided;
      r.why = error.what();
    }
  }
  r.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return r;
}

std::vector<ClaimResult> check_claims(const std::vector<const Claim*>& claims,
                                      const CheckOptions& options) {
  std::vector<ClaimResult> results(claims.size());
  std::atomic<std::size_t> next = 0;
  std::size_t done = 0;
  std::mutex mutex;
  const auto work = [&] {
    for (std::size_t n = next++; n < claims.size(); n = next++) {
      results[n] = check_claim(*claims[n], options);
      const std::lock_guard lock(mutex);
      ++done;
      if (options.progress) options.progress(done);
    }
    reference::release_thread_caches();
  };
  std::vector<std::thread> threads;
  for (int t = 1; t < options.threads; ++t) threads.emplace_back(work);
  work();
  for (std::thread& t : threads) t.join();
  return results;
}

bool as_planted(const ClaimResult& r) {
  return !planted(*r.claim) || r.verdict == Verdict::refuted;
}

}  // namespace assay::engine
