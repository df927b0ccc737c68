// SPDX-License-Identifier: Apache-2.0
// The rows of the families, and rows that have no law.
#include <algorithm>
#include <cmath>
#include <limits>

#include "properties/contract/sampler/contracts.hpp"
#include "properties/engine/input_error.hpp"
#include "properties/engine/random.hpp"

namespace assay::contract {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// A score on a grid of 2^-8, exact in binary32; positive where it is a weight itself.
double score(engine::Random& random, const SamplerProblem& p, double spread) {
  const double x = std::nearbyint(spread * random.normal() * 256) / 256;
  if (p.tilt == "weights") return std::fabs(x) + 1.0 / 64;
  return p.tilt == "polynomial" ? x / 4 : x;
}

void fill(SamplerProblem& p, engine::Random& random, std::int64_t columns, double spread) {
  p.scores.clear();
  for (std::int64_t j = 0; j < columns; ++j) p.scores.push_back(score(random, p, spread));
}

bool races(const SamplerProblem& p) {
  return p.rule == SamplerRule::gumbel_max || p.rule == SamplerRule::exponential_race;
}

// Rows of three columns, for instances whose words are all tried.
bool all_words_are_tried(const SamplerProblem& p) {
  return p.bits <= 8 && (races(p) || p.rule == SamplerRule::gumbel_top_k);
}

void make_row_of_three(SamplerProblem& p, const std::string& family, engine::Random& random) {
  fill(p, random, 3, 1);
  if (family == "flat") p.scores = {0.25, 0.25, 0.25};
  if (family == "peaked") p.scores = {0, 4, 0};
  if (family == "ties") p.scores = {0.5, 0, 0.5};
  if (family == "masked") {
    p.scores[0] = -infinity;
    p.label = 1;
    p.column_labels = {0, 0, 1};
  }
  if (family == "excluded") {
    p.self = 0;
    p.positive = 1;
  }
  if (family == "tiny") p.scores = {-20, 0, -20};  // these never win, not even at the last word
  if (family == "large-scores")
    for (double& s : p.scores) s += 20000;
}

// Embeddings whose inner products with the anchor are about the scores; the rest of each vector is
// noise, so that products and sums have to be rounded. What cannot be drawn is excluded by index.
void embed(SamplerProblem& p, engine::Random& random) {
  const auto d = static_cast<std::size_t>(p.dimension);
  double square = 0;
  for (std::size_t a = 0; a < d; ++a) {
    p.anchor.push_back(static_cast<float>(random.normal() / 4));
    square += static_cast<double>(p.anchor[a]) * static_cast<double>(p.anchor[a]);
  }
  const bool ties = p.scores.size() > 1 && p.scores[0] == p.scores[p.scores.size() - 1];
  for (std::size_t j = 0; j < p.scores.size(); ++j) {
    std::size_t alike = j;
    if (ties)
      alike = static_cast<std::size_t>(std::find(p.scores.begin(), p.scores.end(), p.scores[j]) -
                                       p.scores.begin());
    if (alike < j) {  // equal scores have equal embeddings
      for (std::size_t a = 0; a < d; ++a) p.candidates.push_back(p.candidates[alike * d + a]);
      continue;
    }
    double along = 0;
    std::vector<double> noise;
    for (std::size_t a = 0; a < d; ++a) {
      noise.push_back(random.normal() / 4);
      along += noise[a] * static_cast<double>(p.anchor[a]);
    }
    for (std::size_t a = 0; a < d; ++a)
      p.candidates.push_back(static_cast<float>(noise[a] + static_cast<double>(p.anchor[a]) *
                                                               (p.scores[j] - along) / square));
  }
}

void exclude_ends(SamplerProblem& p) {
  const std::int64_t columns = p.columns();
  p.self = 0;
  p.positive = columns - 1;
  p.scores.front() += 4;  // the heaviest, so that a leak shows on every seed
  p.scores.back() += 4;
  p.label = 1;
  for (std::int64_t j = 0; j < columns; ++j) p.column_labels.push_back(j % 5);
}

// The score of an item that cannot be drawn; for equal weights there is none.
double impossible(const SamplerProblem& p) {
  if (p.tilt == "exponential") return -infinity;
  return p.tilt == "polynomial" ? -4 : 0;
}

bool masks_by_score(const SamplerProblem& p) { return p.tilt != "uniform" && p.dimension == 0; }

void make_item_row(SamplerProblem& p, const std::string& family, engine::Random& random) {
  const std::int64_t many = races(p) ? 100 : 1000;
  fill(p, random, 64, 1);
  if (family == "flat") p.scores.assign(static_cast<std::size_t>(many), 0.25);
  if (family == "peaked") {
    fill(p, random, 48, 0);
    p.scores[17] = p.tilt == "exponential" ? 4 : 1000;
  }
  if (family == "ties")
    for (double& s : p.scores) s = p.tilt == "weights" ? 1.0 + (s > 1 ? 1 : 0) : (s > 0 ? 0.5 : 0);
  if (family == "masked" && masks_by_score(p))
    for (std::size_t j = 0; j < p.scores.size(); ++j)
      if (j % 3 == 0) p.scores[j] = impossible(p);  // 0 and 63 among them
  if (family == "excluded" || (family == "masked" && !masks_by_score(p))) exclude_ends(p);
  if (family == "tiny")
    for (std::size_t j = 0; j < p.scores.size(); ++j) {
      const double steps = static_cast<double>(j % 21);
      p.scores[j] = std::exp2(-4 * steps);
      if (p.tilt == "exponential") p.scores[j] = -steps;
      if (p.tilt == "polynomial") p.scores[j] = (std::exp2(-steps) - 1) / p.inv_tau;
    }
  if (family == "large-scores" && p.tilt == "exponential")
    for (double& s : p.scores) s += 20000;
  if (family == "wide") fill(p, random, races(p) ? 1024 : 32000, 1);
}

void make_tuple_row(SamplerProblem& p, const std::string& family, engine::Random& random) {
  fill(p, random, 5, 1);
  if (family == "ties")
    for (std::size_t j = 0; j < 5; ++j) p.scores[j] = j % 2 == 0 ? 0.5 : 0.25;
  if (p.rule == SamplerRule::anchor_positive) {
    p.column_labels = {0, 1, 0, 1, 0};
    if (family == "ties") p.column_labels = {3, 3, 3, 3, 3};
    if (family == "excluded") p.column_labels = {2, 0, 2, 1, 2};  // two have no positive
    return;
  }
  if (p.rule == SamplerRule::disjoint_batches) return;
  if (family == "masked") {
    fill(p, random, 6, 1);
    if (masks_by_score(p)) {
      p.scores.front() = p.scores.back() = impossible(p);
    } else {
      p.self = 0;
      p.positive = 5;
    }
  }
  if (family == "large-scores" && p.tilt == "exponential")
    for (double& s : p.scores) s += 20000;
  if (family == "tiny")
    for (std::size_t j = 0; j < 5; ++j)
      p.scores[j] = p.tilt == "exponential" ? -4.0 * static_cast<double>(j)
                                            : std::exp2(-8.0 * static_cast<double>(j));
  if (family == "excluded") {
    fill(p, random, 6, 1);
    p.self = 0;
    p.positive = 3;
    p.label = 1;
    p.column_labels = {0, 0, 0, 0, 0, 1};
    for (const std::size_t excluded : {0, 3, 5}) p.scores[excluded] += 4;  // the heaviest, if any
  }
}

// Coordinates on a grid of 2^-11, exact in binary32.
void make_view_row(SamplerProblem& p, const std::string& family, engine::Random& random) {
  const std::int64_t coordinates = family == "odd" ? 7 : family == "one" ? 1 : 8;
  for (std::int64_t a = 0; a < coordinates; ++a)
    p.scores.push_back(family == "origin" ? 0 : std::nearbyint(random.normal() * 2048) / 2048);
  if (family == "far") p.scores[1] = p.scores[6] = 4096;
  if (family == "loud") p.variance = 4;
  if (family == "silent") p.variance = 0;
}

bool reads_scores(const SamplerProblem& p) {
  return p.tilt != "uniform" && p.rule != SamplerRule::anchor_positive &&
         p.rule != SamplerRule::disjoint_batches;
}

}  // namespace

SamplerProblem make_sampler_problem(const engine::CaseDescriptor& d) {
  const SamplerContract& contract = sampler_contract_named(d.contract);
  SamplerProblem p = sampler_instance_named(contract, d.instance).setting;
  bool known = false;
  for (const Family& f : contract.families) known = known || f.name == d.family;
  if (!known)
    throw engine::InputError("contract '" + d.contract + "'", "family '" + d.family + "'",
                             "unknown");
  engine::Random random(d.seed, d.contract + "/" + d.instance + "/" + d.family, d.index);
  if (p.rule == SamplerRule::augmentation)
    make_view_row(p, d.family, random);
  else if (all_words_are_tried(p))
    make_row_of_three(p, d.family, random);
  else if (outcome_of(p.rule) == SamplerOutcome::item)
    make_item_row(p, d.family, random);
  else
    make_tuple_row(p, d.family, random);
  if (p.dimension > 0) embed(p, random);
  return p;
}

SamplerProblem small_sampler_problem(const SamplerInstance& instance) {
  SamplerProblem p = instance.setting;
  p.scores = {0.5, 0.25, 1, 0.5};
  if (p.k > 1) p.k = 2;
  if (all_words_are_tried(p)) p.bits = 32;  // streams and joint laws have nothing to do with it
  if (p.rule == SamplerRule::anchor_positive) p.column_labels = {0, 1, 0, 1};
  if (p.rule == SamplerRule::disjoint_batches) p.scores.resize(3);
  if (p.dimension > 0) {
    engine::Random random(1, instance.contract.name + "/" + instance.name + "/small", 0);
    embed(p, random);
  }
  return p;
}

std::vector<BadRow> bad_rows(const SamplerInstance& instance) {
  std::vector<BadRow> rows;
  SamplerProblem p = instance.setting;
  p.scores = {0.5, 0.25, 0.75, 0.5};
  if (p.dimension > 0) {
    engine::Random random(1, instance.contract.name + "/" + instance.name + "/bad", 0);
    embed(p, random);
  }
  const auto with = [&](const std::string& what, std::size_t j, double s) {
    SamplerProblem bad = p;
    bad.scores[j] = s;
    if (bad.dimension > 0)  // the sign makes the inner product what it is meant to be
      bad.candidates[j * static_cast<std::size_t>(bad.dimension)] =
          std::copysign(static_cast<float>(s), bad.anchor[0]);
    rows.push_back({what, bad});
  };
  if (reads_scores(p)) {
    with("a score is NaN", 1, std::numeric_limits<double>::quiet_NaN());
    with("a score is +inf", 1, infinity);
    if (p.tilt == "weights") with("a weight is negative", 1, -0.5);
  }
  const bool excludes =
      p.rule != SamplerRule::anchor_positive && p.rule != SamplerRule::disjoint_batches;
  if (excludes) {
    SamplerProblem none = p;
    if (reads_scores(p) && masks_by_score(p) && p.rule != SamplerRule::rejection) {
      for (double& s : none.scores) s = impossible(p);
    } else {
      none.label = 1;
      none.column_labels = {1, 1, 1, 1};
    }
    rows.push_back({"no column can be drawn", none});
  }
  if (outcome_of(p.rule) == SamplerOutcome::tuple && p.rule != SamplerRule::rejection && p.k > 2) {
    SamplerProblem few = p;
    few.self = 0;
    few.positive = 1;  // two columns are left for three places
    rows.push_back({"fewer columns than are to be drawn without replacement", few});
  }
  if (p.rule == SamplerRule::anchor_positive) {
    SamplerProblem lonely = p;
    lonely.column_labels = {0, 1, 2, 3};
    rows.push_back({"no column has a positive", lonely});
  }
  return rows;
}

}  // namespace assay::contract
