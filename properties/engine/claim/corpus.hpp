// SPDX-License-Identifier: Apache-2.0
// The corpus: what searches of a claim have found so far, kept on disk so that time adds up.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "properties/engine/claim/search.hpp"

namespace assay::engine {

struct Corpus {
  std::uint64_t rounds = 0;   ///< rounds done; the next search begins with this one
  std::uint64_t on_disk = 0;  ///< rounds of the file when it was read or written last
  std::vector<Find> front;    ///< simplest to clearest
  SearchAccount account;
};

/// Adds what further rounds found.
void add_rounds(Corpus& corpus, const SearchResult& result, int rounds);

nlohmann::ordered_json corpus_json(const Claim& claim, const Corpus& corpus);

/// The corpus of the claim in that folder; an empty one where there is none yet. Every kept find is
/// tried again from nothing. \throws InputError for a damaged file, or one whose finds no longer
/// decide the claim
Corpus read_corpus(const std::string& folder, const Claim& claim);
/// Writes it whole or not at all. \throws InputError where the file is no longer the one that was
/// read: another search has written to it, and its rounds are not overwritten
void write_corpus(const std::string& folder, const Claim& claim, Corpus& corpus);

}  // namespace assay::engine
