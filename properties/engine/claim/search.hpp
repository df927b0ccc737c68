// SPDX-License-Identifier: Apache-2.0
// The search: structured and random points, ascent on the margin, exact points, certified signs,
// and witnesses made small without losing the margin.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "properties/engine/claim/trial.hpp"

namespace assay::engine {

/// What decides a claim at one exact instance: a violation, or what was said to exist.
struct Find {
  Instance instance;
  TrialReport trial;
  std::string
      path;  ///< how it was found: "special equiangular tight frame", "ascent 2 of C=2, k=1"
};

struct SearchOptions {
  std::uint64_t seed = 1;
  std::uint64_t round = 0;          ///< each round of a longer search draws other points
  std::int64_t evaluations = 4000;  ///< of the margin in doubles, shared out over the shapes
  bool stop_at_first = true;        ///< with the first shape that has a find
  std::vector<Instance> start;      ///< tried first: the finds of earlier searches
  std::function<bool()> cancelled = [] { return false; };
};

/// What was searched: for a claim that survives, the account of how hard it was tried.
struct SearchAccount {
  std::int64_t evaluations = 0;  ///< of the margin, in doubles
  std::int64_t filtered = 0;     ///< cases that the claim's filter looked at, before the points
  std::int64_t points = 0;       ///< structured and random ones
  std::int64_t ascents = 0;
  std::int64_t trials = 0;   ///< of exact instances
  std::int64_t held = 0;     ///< trials that proved the relation
  std::int64_t open = 0;     ///< margin and 0 not told apart at the highest precision
  std::int64_t failed = 0;   ///< sides that could not be evaluated, or are no numbers
  std::int64_t outside = 0;  ///< trials of instances that break a constraint or a hypothesis
  int shapes = 0;
  double closest = 0;         ///< smallest margin seen in doubles, divided by the sides' size
  std::string closest_at;     ///< the point, in words
  std::string first_failure;  ///< why the first evaluation failed
  void add(const SearchAccount& other);
  /// Whether anything at all was: a search that could not evaluate says nothing about the claim.
  bool evaluated() const { return evaluations + trials > failed + outside; }
};

struct SearchResult {
  std::vector<Find> front;  ///< none is at the same time simpler and clearer than another
  SearchAccount account;
};

/// Searches all shapes of the claim's domain. A pure function of (claim, options): the same finds
/// on any machine with the same floating-point library, on any thread.
SearchResult search(const Claim& claim, const SearchOptions& options);

/// Adds a find unless one is at least as simple and at least as clear, and drops those it beats.
void add_to_front(std::vector<Find>& front, Find find);
/// The simplest, and the one with the largest margin. \pre front not empty
const Find& smallest(const std::vector<Find>& front);
const Find& clearest(const std::vector<Find>& front);

}  // namespace assay::engine
