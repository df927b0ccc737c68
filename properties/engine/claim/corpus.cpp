// SPDX-License-Identifier: Apache-2.0
// The corpus of a claim.
#include "properties/engine/claim/corpus.hpp"

#include <algorithm>
#include <filesystem>

#include "properties/engine/claim/witness.hpp"
#include "properties/engine/files/atomic_file.hpp"
#include "properties/engine/files/json_reader.hpp"
#include "properties/engine/files/json_text.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::engine {
namespace {

constexpr const char* corpus_schema = "assay/corpus/1";
constexpr std::int64_t most = std::int64_t{1} << 60;  // of each count, so that sums stay in range

std::string file_of(const std::string& folder, const Claim& claim) {
  std::string name = claim.id;
  std::replace(name.begin(), name.end(), '/', '.');
  return folder + "/" + name + ".json";
}

/// 0 where there is no file.
std::uint64_t rounds_on_disk(const std::string& path) {
  if (!std::filesystem::exists(path)) return 0;
  const nlohmann::json document = parse_json(read_text_file(path), path, "");
  return JsonReader(document, path).at("rounds").u64();
}

}  // namespace

void add_rounds(Corpus& corpus, const SearchResult& result, int rounds) {
  corpus.rounds += static_cast<std::uint64_t>(rounds);
  corpus.account.add(result.account);
  for (const Find& f : result.front) add_to_front(corpus.front, f);
  std::sort(corpus.front.begin(), corpus.front.end(), [](const Find& a, const Find& b) {
    return a.instance.complexity() < b.instance.complexity();
  });
}

nlohmann::ordered_json corpus_json(const Claim& claim, const Corpus& corpus) {
  nlohmann::ordered_json front = nlohmann::ordered_json::array();
  for (const Find& f : corpus.front) front.push_back(witness_json(claim, f));
  const SearchAccount& a = corpus.account;
  return {{"schema", corpus_schema},      {"claim", claim.id},      {"rounds", corpus.rounds},
          {"evaluations", a.evaluations}, {"filtered", a.filtered}, {"points", a.points},
          {"ascents", a.ascents},         {"trials", a.trials},     {"open", a.open},
          {"failed", a.failed},           {"outside", a.outside},   {"closest", json_of(a.closest)},
          {"closest_at", a.closest_at},   {"front", front}};
}

Corpus read_corpus(const std::string& folder, const Claim& claim) {
  const std::string path = file_of(folder, claim);
  Corpus corpus;
  if (!std::filesystem::exists(path)) return corpus;
  const nlohmann::json document = parse_json(read_text_file(path), path, "");
  const JsonReader r(document, path);
  r.object({"schema", "claim", "rounds", "front"},
           {"evaluations", "filtered", "points", "ascents", "trials", "open", "failed", "outside",
            "closest", "closest_at"});
  if (r.at("schema").string() != corpus_schema)
    r.at("schema").fail(std::string("not ") + corpus_schema);
  if (r.at("claim").string() != claim.id) r.at("claim").fail("not the claim " + claim.id);
  corpus.rounds = corpus.on_disk = r.at("rounds").u64();
  if (corpus.rounds > std::uint64_t{most}) r.at("rounds").fail("out of range");
  SearchAccount& a = corpus.account;
  const auto count = [&r](const char* key) -> std::int64_t {
    if (!r.has(key)) return 0;
    const std::int64_t n = r.at(key).count();
    if (n > most) r.at(key).fail("out of range");
    return n;
  };
  a.evaluations = count("evaluations"), a.filtered = count("filtered"), a.points = count("points");
  a.ascents = count("ascents"), a.trials = count("trials"), a.open = count("open");
  a.failed = count("failed"), a.outside = count("outside");
  a.closest = r.has("closest") ? r.at("closest").number() : 0;
  a.closest_at = r.has("closest_at") ? r.at("closest_at").string() : "";
  const Sign wanted = claim.quantifier == Quantifier::every ? Sign::violated : Sign::holds;
  for (const JsonReader& kept : r.at("front").items()) {
    const Witness w = parse_witness(kept.json().dump(), path);
    TrialReport report = try_instance(claim, w.instance);
    if (w.claim != claim.id || report.sign != wanted)
      kept.fail("a kept find does not decide the claim any more (" +
                std::string(name_of(report.sign)) + " " + report.why + ")");
    corpus.front.push_back({w.instance, std::move(report), "kept"});
  }
  return corpus;
}

void write_corpus(const std::string& folder, const Claim& claim, Corpus& corpus) {
  std::filesystem::create_directories(folder);
  const std::string path = file_of(folder, claim);
  if (rounds_on_disk(path) != corpus.on_disk)
    throw InputError(path, "",
                     "another search has written to this corpus; nothing was overwritten");
  write_file_atomically(path, json_text(corpus_json(claim, corpus)));
  corpus.on_disk = corpus.rounds;
}

}  // namespace assay::engine
