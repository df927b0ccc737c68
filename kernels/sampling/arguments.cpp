// SPDX-License-Identifier: Apache-2.0
// Requests of samplers: names, shapes and refusals.
#include <cmath>

#include "kernels/sampling/sampling.hpp"
#include "kernels/sampling/words.cuh"

namespace assay::kernels::sampling {
namespace {

constexpr std::string_view method_names[method_count] = {
    "inverse_cdf",  "alias",           "gumbel_max",      "exponential_race",
    "gumbel_top_k", "top_k",           "uniform",         "uniform_distinct",
    "rejection",    "anchor_positive", "disjoint_batches"};

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument("sampling: " + what);
}

void require(bool holds, const char* field, const std::string& value, const char* wanted) {
  if (!holds) refuse(std::string(field) + " is " + value + ", not " + wanted);
}

template <class T>
void within(const char* field, T value, T least, T most, const char* wanted) {
  require(value >= least && value <= most, field, std::to_string(value), wanted);
}

constexpr std::int64_t most_row_number = std::int64_t{1} << 32;
constexpr std::int64_t most_rows = std::int64_t{1} << 31;
constexpr std::int64_t most_columns = std::int64_t{1} << 31;

bool reads_scores(const Request& r) {
  switch (r.method) {
    case Method::uniform:
    case Method::uniform_distinct:
    case Method::anchor_positive:
    case Method::disjoint_batches: return false;
    case Method::rejection:
    case Method::top_k: return true;
    default: return r.population.tilt != Tilt::uniform;
  }
}

void check_scores(const Population& p) {
  const bool matrix = p.scores != nullptr, inner = p.x != nullptr && p.y != nullptr;
  if (matrix == inner || (p.x == nullptr) != (p.y == nullptr))
    refuse("scores come either from `scores` or from both x and y");
  if (matrix)
    require(p.score_stride >= p.columns, "score_stride", std::to_string(p.score_stride),
            "at least the number of columns");
  else
    within<std::int64_t>("dimension", p.dimension, 1, std::int64_t{1} << 20, "1 to 2^20");
}

void check_tilt(const Population& p) {
  if (p.tilt > Tilt::polynomial) refuse("the tilt is none of the four");
  const auto positive = [](float x) { return x > 0 && std::isfinite(x); };
  require(positive(p.beta), "beta", std::to_string(p.beta), "a positive number");
  require(positive(p.inv_tau), "inv_tau", std::to_string(p.inv_tau), "a positive number");
  within("power", p.power, 1, 64, "1 to 64");
}

void check_exclusions(const Population& p) {
  if ((p.row_labels == nullptr) != (p.column_labels == nullptr))
    refuse("row_labels and column_labels are given together or not at all");
  for (const std::int64_t* excluded : {p.self, p.positive})
    for (std::int64_t row = 0; excluded != nullptr && row < p.rows; ++row)
      if (excluded[row] < -1 || excluded[row] >= p.columns)
        refuse("row " + std::to_string(row) + " excludes column " + std::to_string(excluded[row]) +
               ", which does not exist");
}

void check_bits(const Request& r) {
  switch (r.method) {
    case Method::inverse_cdf:
    case Method::uniform: return within("bits", r.bits, 1, 64, "1 to 64");
    case Method::gumbel_max:
    case Method::exponential_race:
    case Method::gumbel_top_k:
      return require((r.bits >= 1 && r.bits <= 32) || r.bits == 52, "bits", std::to_string(r.bits),
                     "1 to 32 or 52");
    default: return;
  }
}

void check_words(const Request& r) {
  const WordSource& w = r.words;
  within<std::int64_t>("first_row", w.first_row, 0, most_row_number - r.population.rows,
                       "such that rows stay below 2^32");
  require(w.call >> 28 == 0, "call", std::to_string(w.call), "below 2^28");
  if (w.given == nullptr) return;
  const __int128 wanted =
      static_cast<__int128>(r.population.rows * trials_per_row(r)) * words_per_trial(r);
  if (w.given_count != wanted)
    refuse("given_count is " + std::to_string(w.given_count) +
           ", not rows * trials * words_per_trial");
}

}  // namespace

std::string_view name_of(Method method) { return method_names[static_cast<int>(method)]; }

Method method_named(std::string_view name) {
  for (int i = 0; i < method_count; ++i)
    if (method_names[i] == name) return static_cast<Method>(i);
  refuse("no method is called " + std::string(name));
}

std::int64_t trials_per_row(const Request& r) {
  switch (r.method) {
    case Method::inverse_cdf:
    case Method::alias:
    case Method::gumbel_max:
    case Method::exponential_race:
    case Method::uniform:
    case Method::anchor_positive: return r.k;
    default: return 1;
  }
}

std::int64_t words_per_trial(const Request& r) {
  switch (r.method) {
    case Method::inverse_cdf:
    case Method::uniform: return words_of(r.bits);
    case Method::alias:
    case Method::anchor_positive: return 4;
    case Method::gumbel_max:
    case Method::exponential_race:
    case Method::gumbel_top_k: return r.population.columns * words_of(r.bits);
    case Method::top_k: return 0;
    case Method::uniform_distinct: return 2 * r.k;
    case Method::rejection: return r.proposals * (2 * r.k + 2);
    case Method::disjoint_batches: return 2 * r.population.columns;
  }
  return 0;
}

std::int64_t outputs_per_row(const Request& r) {
  if (r.method == Method::anchor_positive) return 2 * r.k;
  return r.method == Method::disjoint_batches ? r.population.columns : r.k;
}

void check(const Request& r, const std::int64_t* out) {
  if (static_cast<int>(r.method) >= method_count) refuse("the method is none");
  const Population& p = r.population;
  within<std::int64_t>("rows", p.rows, 0, most_rows, "0 to 2^31");
  within<std::int64_t>("columns", p.columns, 1, most_columns, "1 to 2^31");
  within<std::int64_t>("k", r.k, 1, most_columns, "1 to 2^31");
  if (r.method == Method::rejection) {
    within<std::int64_t>("k", r.k, 1, 64, "1 to 64");
    within<std::int64_t>("proposals", r.proposals, 1, std::int64_t{1} << 20, "1 to 2^20");
    if (r.joint > JointTilt::sum_plus_one) refuse("the joint tilt is none of the two");
  }
  if (r.method == Method::uniform_distinct)
    within<std::int64_t>("k", r.k, 1, 4096, "1 to 4096");  // quadratic; batches permute all
  if (r.method == Method::anchor_positive && p.column_labels == nullptr)
    refuse("anchor_positive needs column_labels");
  if (reads_scores(r) && p.rows > 0) check_scores(p);
  check_tilt(p);
  constexpr std::int64_t most_trials = std::int64_t{1} << 31;  // blocks of a grid
  if (p.rows * trials_per_row(r) > most_trials) refuse("more than 2^31 trials in one call");
  if (r.method != Method::anchor_positive && r.method != Method::disjoint_batches)
    check_exclusions(p);
  check_bits(r);
  check_words(r);
  if (p.rows > 0 && out == nullptr) refuse("the output is null");
}

}  // namespace assay::kernels::sampling
