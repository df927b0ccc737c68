// SPDX-License-Identifier: Apache-2.0
// The table of sampler contracts.
#include "properties/contract/sampler/contracts.hpp"

#include <algorithm>

#include "properties/engine/input_error.hpp"
#include "properties/engine/nearest.hpp"

namespace assay::contract {
namespace {

const char* const weights_text =
    "w_j = exp(beta s_j / tau), max(s_j / tau + 1, 0)^power, s_j or 1; 0 for self, positive and "
    "the row's own class";

/// Components of a row whose scores are inner products.
constexpr std::int64_t embedding_dimension = 16;

SamplerInstance instance(const SamplerContract& of, const std::string& tilt, int bits,
                         const std::string& suffix, std::int64_t k = 1) {
  SamplerInstance made;
  made.name = tilt + suffix;
  made.setting.rule = of.rule;
  made.setting.tilt = tilt;
  made.setting.bits = bits;
  made.setting.k = k;
  made.setting.beta = tilt == "exponential" ? 2 : 1;
  made.setting.inv_tau = tilt == "exponential" ? 1.5 : tilt == "polynomial" ? 0.5 : 1;
  made.setting.power = tilt == "polynomial" ? 3 : 1;
  made.contract.name = of.name;
  made.contract.output = Dtype::i64;
  made.contract.fields = {{"law", of.law},
                          {"weights", tilt},
                          {"bits", std::to_string(bits)},
                          {"columns_per_draw", std::to_string(k)},
                          {"scores", "f32"},
                          {"output", "i64"},
                          {"outputs", "indices"}};
  return made;
}

/// The scores are inner products of what the candidate sees.
SamplerInstance embedded(SamplerInstance from) {
  from.name += "/embeddings";
  from.setting.dimension = embedding_dimension;
  for (ContractField& f : from.contract.fields)
    if (f.key == "scores") f.value = "<x, y> of f32";
  return from;
}

std::vector<Family> item_families() {
  return {{"random", "64 scores, normally spread", 2},
          {"flat", "1000 equal scores: no power of two", 1},
          {"peaked", "one item has nearly all the mass, the others share the rest", 1},
          {"ties", "few different scores, many ties", 1},
          {"masked", "first, last and a third of the items have probability 0", 1},
          {"excluded", "self, positive and the row's own class are no negatives", 1},
          {"tiny", "weights down to exp(-60) of the largest", 1},
          {"large-scores", "scores whose exponential overflows binary32", 1},
          {"wide", "32000 items: cumulative sums over many tiles", 1, true}};
}

std::vector<Family> tuple_families() {
  return {{"random", "few items: every tuple can be listed", 2},
          {"ties", "few different scores", 1},
          {"excluded", "self, positive and the row's own class are no negatives", 1},
          {"large-scores", "scores whose exponential overflows binary32", 1}};
}

SamplerContract contract_of(SamplerRule rule, const std::string& summary, const std::string& law) {
  SamplerContract made;
  made.rule = rule;
  made.name = "sampler/" + std::string(name_of(rule));
  made.summary = summary;
  made.law = law;
  made.families = outcome_of(rule) == SamplerOutcome::item ? item_families() : tuple_families();
  const bool by_score = rule == SamplerRule::gumbel_top_k || rule == SamplerRule::top_k;
  if (!by_score && outcome_of(rule) != SamplerOutcome::item) made.families.pop_back();
  if (by_score) {
    made.families.push_back({"masked", "the first and the last column have probability 0", 1});
    made.families.push_back({"tiny", "weights down to exp(-48) of the largest", 1});
  }
  return made;
}

// Numbers of six bits: so few that a race of three columns can be run on all of them.
void add_all_words(SamplerContract& c) {
  c.instances.push_back(instance(c, "exponential", 6, "/6-bit"));
}

void add_tilts(SamplerContract& c, int bits, std::int64_t k = 1) {
  for (const char* tilt : {"exponential", "polynomial", "weights"})
    c.instances.push_back(instance(c, tilt, bits, "", k));
}

std::vector<SamplerContract> make_items() {
  const std::string law = std::string("P(j) = w_j / sum w, ") + weights_text;
  std::vector<SamplerContract> all;
  all.push_back(contract_of(SamplerRule::inverse_cdf,
                            "draws with replacement by inversion of the cumulative weights", law));
  add_tilts(all.back(), 64);
  all.back().instances.push_back(instance(all.back(), "exponential", 16, "/16-bit"));
  all.back().instances.push_back(instance(all.back(), "exponential", 24, "/24-bit"));
  all.back().instances.push_back(embedded(instance(all.back(), "exponential", 64, "")));
  all.push_back(contract_of(SamplerRule::alias, "draws with replacement from an alias table", law));
  add_tilts(all.back(), 64);
  all.back().instances.push_back(embedded(instance(all.back(), "exponential", 64, "")));
  all.push_back(contract_of(SamplerRule::uniform,
                            "draws with replacement, every allowed column alike",
                            "P(j) = 1/n over the n columns allowed"));
  all.back().instances = {instance(all.back(), "uniform", 64, ""),
                          instance(all.back(), "uniform", 16, "/16-bit")};
  all.push_back(contract_of(SamplerRule::gumbel_max, "draws with replacement by Gumbel keys", law));
  add_tilts(all.back(), 32);
  all.back().instances.push_back(embedded(instance(all.back(), "exponential", 32, "")));
  add_all_words(all.back());
  all.push_back(contract_of(SamplerRule::exponential_race,
                            "draws with replacement by racing exponentials", law));
  add_tilts(all.back(), 32);
  all.back().instances.push_back(embedded(instance(all.back(), "exponential", 32, "")));
  add_all_words(all.back());
  return all;
}

std::vector<SamplerContract> make_tuples() {
  std::vector<SamplerContract> all;
  all.push_back(contract_of(
      SamplerRule::gumbel_top_k, "k distinct columns in Plackett-Luce order",
      std::string("P(a, b, ...) = w_a/W * w_b/(W - w_a) * ..., W = sum w, ") + weights_text));
  add_tilts(all.back(), 32, 3);
  all.back().instances.push_back(embedded(instance(all.back(), "exponential", 32, "", 3)));
  add_all_words(all.back());
  all.push_back(contract_of(SamplerRule::top_k, "hard mining: the k heaviest",
                            "one point: the k largest scores in order, ties to the smaller index"));
  // Scores are ranked, not weights: only where these rise strictly are the two the same.
  all.back().instances = {instance(all.back(), "exponential", 64, "", 3)};
  all.push_back(contract_of(SamplerRule::uniform_distinct, "k distinct columns, all orders alike",
                            "P(a, b, ...) = 1/(n (n-1) ...) over the n columns allowed"));
  all.back().instances = {instance(all.back(), "uniform", 64, "", 3)};
  all.push_back(contract_of(
      SamplerRule::rejection, "k-tuples under a hardening that does not factor",
      "P(j_1..j_k) = eta(u)/sum eta over tuples of allowed columns with repetition, u_i = "
      "s_(j_i)/tau, eta = max(max u + 1, 0) or max(sum (u + 1), 0)"));
  for (const char* joint : {"max_plus_one", "sum_plus_one"}) {
    SamplerInstance made = instance(all.back(), "exponential", 64, "", 2);
    made.name = joint;
    made.setting.joint = joint;
    made.setting.proposals = 16;
    made.setting.beta = 1;
    made.setting.inv_tau = 0.5;
    made.contract.fields[1].value = joint;
    all.back().instances.push_back(made);
  }
  all.push_back(contract_of(SamplerRule::anchor_positive, "an anchor and a positive of its class",
                            "P(a, b) = 1/anchors * 1/(size of a's class - 1), a != b alike"));
  all.back().instances = {instance(all.back(), "uniform", 64, "", 1)};
  all.push_back(contract_of(SamplerRule::disjoint_batches,
                            "a random arrangement of all columns, cut into batches",
                            "every arrangement has probability 1/n!"));
  all.back().instances = {instance(all.back(), "uniform", 64, "", 1)};
  return all;
}

SamplerContract make_augmentation() {
  SamplerContract made;
  made.rule = SamplerRule::augmentation;
  made.name = "sampler/augmentation";
  made.summary = "normal noise on every coordinate, and a random sign";
  made.law =
      "s (x + N(0, variance I)), s = 1, or -1 with probability 1/2; views, rows and calls "
      "independent";
  made.families = {{"random", "8 coordinates, normally spread", 2},
                   {"odd", "7 coordinates: half of the last pair is used", 1},
                   {"one", "a single coordinate", 1},
                   {"origin", "all coordinates 0: nothing but noise", 1},
                   {"far", "two coordinates thousands of deviations away", 1},
                   {"loud", "variance 4", 1},
                   {"silent", "variance 0: the input, or its negative", 1}};
  // HN Section 5: N(0, 0.01). CLOP: N(0, 0.05), and a sign.
  for (const bool signs : {false, true}) {
    SamplerInstance i;
    i.name = signs ? "clop" : "hard-negatives";
    i.setting.rule = made.rule;
    i.setting.tilt = "uniform";
    i.setting.variance = static_cast<double>(signs ? 0.05F : 0.01F);
    i.setting.random_signs = signs;
    i.contract.name = made.name;
    i.contract.output = Dtype::f32;
    i.contract.fields = {{"law", made.law},
                         {"variance", signs ? "0.05 in binary32" : "0.01 in binary32"},
                         {"signs", signs ? "random" : "kept"},
                         {"output", "f32"},
                         {"outputs", "views"}};
    made.instances.push_back(std::move(i));
  }
  return made;
}

std::vector<SamplerContract> make_table() {
  std::vector<SamplerContract> all = make_items();
  for (SamplerContract& c : make_tuples()) all.push_back(std::move(c));
  all.push_back(make_augmentation());
  return all;
}

}  // namespace

const std::vector<SamplerContract>& sampler_contracts() {
  static const std::vector<SamplerContract> table = make_table();
  return table;
}

bool is_sampler_name(const std::string& name) { return name.starts_with("sampler/"); }

const SamplerContract& sampler_contract_named(const std::string& name) {
  std::vector<std::string> known;
  for (const SamplerContract& c : sampler_contracts()) {
    if (c.name == name) return c;
    known.push_back(c.name);
  }
  throw engine::InputError("contract '" + name + "'", "",
                           "unknown; did you mean '" + engine::nearest(name, known) + "'?");
}

const SamplerInstance& sampler_instance_named(const SamplerContract& contract,
                                              const std::string& name) {
  std::string known;
  for (const SamplerInstance& i : contract.instances) {
    if (i.name == name) return i;
    known += (known.empty() ? "" : ", ") + i.name;
  }
  throw engine::InputError("contract '" + contract.name + "'", "instance '" + name + "'",
                           "unknown; there are " + known);
}

}  // namespace assay::contract
