// SPDX-License-Identifier: Apache-2.0
// The rows of the families, and rows that have no law.
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

// The score of an item that cannot be drawn; for equal weights there is none.
double impossible(const SamplerProblem& p) {
  if (p.tilt == "exponential") return -infinity;
  return p.tilt == "polynomial" ? -4 : 0;
}

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
  if (family == "masked" && p.tilt != "uniform")
    for (std::size_t j = 0; j < p.scores.size(); ++j)
      if (j % 3 == 0) p.scores[j] = impossible(p);  // 0 and 63 among them
  if (family == "excluded" || (family == "masked" && p.tilt == "uniform")) {
    p.self = 0;
    p.positive = 63;
    p.label = 1;
    for (std::int64_t j = 0; j < 64; ++j) p.column_labels.push_back(j % 5);
  }
  if (family == "tiny")
    for (std::size_t j = 0; j < p.scores.size(); ++j) {
      const double steps = static_cast<double>(j % 21);
      p.scores[j] = std::exp2(-4 * steps);
      if (p.tilt == "exponential") p.scores[j] = -steps;
      if (p.tilt == "polynomial") p.scores[j] = std::exp2(-steps) - 1;
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
    p.scores.front() = p.scores.back() = impossible(p);
  }
  if (family == "excluded") {
    fill(p, random, 6, 1);
    p.self = 0;
    p.positive = 3;
    p.label = 1;
    p.column_labels = {0, 0, 0, 0, 0, 1};
  }
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
  if (outcome_of(p.rule) == SamplerOutcome::item)
    make_item_row(p, d.family, random);
  else
    make_tuple_row(p, d.family, random);
  return p;
}

SamplerProblem small_sampler_problem(const SamplerInstance& instance) {
  SamplerProblem p = instance.setting;
  p.scores = {0.5, 0.25, 1, 0.5};
  if (p.k > 1) p.k = 2;
  if (p.rule == SamplerRule::anchor_positive) p.column_labels = {0, 1, 0, 1};
  if (p.rule == SamplerRule::disjoint_batches) p.scores.resize(3);
  return p;
}

std::vector<BadRow> bad_rows(const SamplerInstance& instance) {
  std::vector<BadRow> rows;
  SamplerProblem p = instance.setting;
  p.scores = {0.5, 0.25, 0.75, 0.5};
  const auto with = [&](const std::string& what, std::size_t j, double s) {
    SamplerProblem bad = p;
    bad.scores[j] = s;
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
    if (reads_scores(p) && p.rule != SamplerRule::rejection) {
      for (double& s : none.scores) s = impossible(p);
    } else {
      none.label = 1;
      none.column_labels = {1, 1, 1, 1};
    }
    rows.push_back({"no column can be drawn", none});
  }
  if (outcome_of(p.rule) == SamplerOutcome::tuple && p.rule != SamplerRule::rejection) {
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
