// SPDX-License-Identifier: Apache-2.0
// Problems as calls.
#include "properties/contract/sampler/problem.hpp"

#include <cstring>
#include <stdexcept>

#include "core/float_format.hpp"
#include "reference/sampler/enclosed_laws.hpp"

namespace assay::contract {
namespace {

struct RuleName {
  SamplerRule rule;
  std::string_view name;
  SamplerOutcome outcome;
};
constexpr RuleName rule_names[] = {
    {SamplerRule::inverse_cdf, "inverse_cdf", SamplerOutcome::item},
    {SamplerRule::alias, "alias", SamplerOutcome::item},
    {SamplerRule::gumbel_max, "gumbel_max", SamplerOutcome::item},
    {SamplerRule::exponential_race, "exponential_race", SamplerOutcome::item},
    {SamplerRule::gumbel_top_k, "gumbel_top_k", SamplerOutcome::tuple},
    {SamplerRule::top_k, "top_k", SamplerOutcome::tuple},
    {SamplerRule::uniform, "uniform", SamplerOutcome::item},
    {SamplerRule::uniform_distinct, "uniform_distinct", SamplerOutcome::tuple},
    {SamplerRule::rejection, "rejection", SamplerOutcome::tuple},
    {SamplerRule::anchor_positive, "anchor_positive", SamplerOutcome::pair},
    {SamplerRule::disjoint_batches, "disjoint_batches", SamplerOutcome::arrangement},
    {SamplerRule::augmentation, "augmentation", SamplerOutcome::view}};

template <class T>
Tensor tensor_of(const std::string& name, Dtype dtype, std::vector<std::int64_t> shape,
                 std::span<const T> values) {
  Tensor t = Tensor::contiguous(name, dtype, std::move(shape));
  if (!values.empty()) std::memcpy(t.bytes.data(), values.data(), t.bytes.size());
  return t;
}

Tensor repeated(const std::string& name, Dtype dtype, std::int64_t rows, std::int64_t value) {
  Tensor t = Tensor::contiguous(name, dtype, {rows});
  for (std::int64_t i = 0; i < rows; ++i) {
    if (dtype == Dtype::i64)
      t.as<std::int64_t>()[i] = value;
    else
      t.as<std::int32_t>()[i] = static_cast<std::int32_t>(value);
  }
  return t;
}

Tensor scores_of(const SamplerProblem& problem, std::int64_t rows) {
  const std::int64_t columns = problem.columns();
  Tensor t = Tensor::contiguous("scores", problem.scores_dtype, {rows, columns});
  for (std::int64_t j = 0; j < columns; ++j) {
    const double s = problem.scores[static_cast<std::size_t>(j)];
    set_element(t, j, s);
    if (element_of(t, j) != s && s == s)
      throw std::logic_error("sampler problem: a score does not fit its format");
  }
  const std::size_t row = t.bytes.size() / static_cast<std::size_t>(rows);
  for (std::int64_t i = 1; i < rows; ++i)
    std::memcpy(t.bytes.data() + static_cast<std::size_t>(i) * row, t.bytes.data(), row);
  return t;
}

// The row's embedding once per row, and those of the columns once.
void add_embeddings(engine::Case& c, const SamplerProblem& problem, std::int64_t rows) {
  std::vector<float> x;
  for (std::int64_t i = 0; i < rows; ++i)
    x.insert(x.end(), problem.anchor.begin(), problem.anchor.end());
  c.inputs.push_back(tensor_of<float>("x", Dtype::f32, {rows, problem.dimension}, x));
  c.inputs.push_back(tensor_of<float>("y", Dtype::f32, {problem.columns(), problem.dimension},
                                      problem.candidates));
}

void add_exclusions(engine::Case& c, const SamplerProblem& problem, std::int64_t rows) {
  if (problem.self >= 0) c.inputs.push_back(repeated("self", Dtype::i64, rows, problem.self));
  if (problem.positive >= 0)
    c.inputs.push_back(repeated("positive", Dtype::i64, rows, problem.positive));
  if (problem.column_labels.empty()) return;
  Tensor labels = Tensor::contiguous("column_labels", Dtype::i32, {problem.columns()});
  for (std::int64_t j = 0; j < problem.columns(); ++j)
    labels.as<std::int32_t>()[j] =
        static_cast<std::int32_t>(problem.column_labels[static_cast<std::size_t>(j)]);
  c.inputs.push_back(std::move(labels));
  if (problem.label >= 0)
    c.inputs.push_back(repeated("row_labels", Dtype::i32, rows, problem.label));
}

Tensor stream_tensor(std::uint64_t seed, std::uint64_t number) {
  const std::uint64_t stream[2] = {seed, number};
  return tensor_of<std::uint64_t>("stream", Dtype::u64, {2}, stream);
}

engine::Case augmentation_call(engine::Case c, const SamplerProblem& problem, std::int64_t rows,
                               std::int64_t trials, std::uint64_t seed, std::uint64_t number) {
  c.inputs.push_back(scores_of(problem, rows));
  c.inputs.back().name = "x";
  c.inputs.push_back(stream_tensor(seed, number));
  c.scalars = {{"views", static_cast<double>(trials)}, {"variance", problem.variance}};
  c.options = {{"method", std::string(name_of(problem.rule))},
               {"signs", problem.random_signs ? "random" : "kept"}};
  return c;
}

engine::Case call_of(const engine::CaseDescriptor& descriptor, const SamplerProblem& problem,
                     std::int64_t rows, std::int64_t trials, std::uint64_t seed,
                     std::uint64_t number) {
  engine::Case c;
  c.descriptor = descriptor;
  if (problem.rule == SamplerRule::augmentation)
    return augmentation_call(std::move(c), problem, rows, trials, seed, number);
  if (problem.dimension > 0)
    add_embeddings(c, problem, rows);
  else
    c.inputs.push_back(scores_of(problem, rows));
  add_exclusions(c, problem, rows);
  c.inputs.push_back(stream_tensor(seed, number));
  const SamplerOutcome outcome = outcome_of(problem.rule);
  const bool one_row = outcome == SamplerOutcome::item || outcome == SamplerOutcome::pair;
  c.scalars = {{"k", static_cast<double>(one_row ? trials : problem.k)},
               {"bits", problem.bits},
               {"beta", problem.beta},
               {"inv_tau", problem.inv_tau},
               {"power", problem.power},
               {"proposals", static_cast<double>(problem.proposals)}};
  c.options = {{"method", std::string(name_of(problem.rule))},
               {"tilt", problem.tilt},
               {"joint", problem.joint},
               {"replacement", one_row ? "with" : "without"}};
  return c;
}

}  // namespace

std::string_view name_of(SamplerRule rule) {
  for (const RuleName& entry : rule_names)
    if (entry.rule == rule) return entry.name;
  return "?";
}

std::optional<SamplerRule> sampler_rule_named(std::string_view name) {
  for (const RuleName& entry : rule_names)
    if (entry.name == name) return entry.rule;
  return std::nullopt;
}

SamplerOutcome outcome_of(SamplerRule rule) {
  for (const RuleName& entry : rule_names)
    if (entry.rule == rule) return entry.outcome;
  throw std::invalid_argument("sampler: unknown rule");
}

std::vector<Ends> SamplerProblem::score_ends() const {
  std::vector<Ends> ends;
  ends.reserve(scores.size());
  const auto d = static_cast<std::size_t>(dimension);
  for (std::size_t j = 0; j < scores.size(); ++j)
    ends.push_back(dimension == 0
                       ? exactly(scores[j])
                       : reference::enclosed_dot(anchor, std::span(candidates).subspan(j * d, d)));
  return ends;
}

std::int64_t SamplerProblem::outcome_size() const {
  switch (outcome_of(rule)) {
    case SamplerOutcome::item: return 1;
    case SamplerOutcome::pair: return 2;
    case SamplerOutcome::tuple: return k;
    case SamplerOutcome::arrangement:
    case SamplerOutcome::view: return columns();
  }
  return 1;
}

std::int64_t SamplerProblem::words_per_trial() const {
  const std::int64_t words = bits <= 32 ? 1 : 2;
  switch (rule) {
    case SamplerRule::inverse_cdf:
    case SamplerRule::uniform: return words;
    case SamplerRule::alias:
    case SamplerRule::anchor_positive: return 4;
    case SamplerRule::gumbel_max:
    case SamplerRule::exponential_race:
    case SamplerRule::gumbel_top_k: return columns() * words;
    case SamplerRule::top_k: return 0;
    case SamplerRule::uniform_distinct: return 2 * k;
    case SamplerRule::rejection: return proposals * (2 * k + 2);
    case SamplerRule::disjoint_batches: return 2 * columns();
    case SamplerRule::augmentation: return 4 * ((columns() + 1) / 2) + (random_signs ? 1 : 0);
  }
  return 0;
}

bool SamplerProblem::allowed(std::int64_t column) const {
  if (column == self || column == positive) return false;
  return column_labels.empty() || label < 0 ||
         column_labels[static_cast<std::size_t>(column)] != label;
}

engine::Case sampler_call(const engine::CaseDescriptor& descriptor, const SamplerProblem& problem,
                          std::int64_t trials, std::uint64_t seed, std::uint64_t call,
                          std::span<const std::uint32_t> words) {
  const SamplerOutcome outcome = outcome_of(problem.rule);
  const bool one_row = outcome == SamplerOutcome::item || outcome == SamplerOutcome::pair;
  engine::Case c =
      call_of(descriptor, problem, one_row ? 1 : trials, one_row ? trials : 1, seed, call);
  if (words.empty()) return c;
  const std::int64_t per_trial = problem.words_per_trial();
  if (static_cast<std::int64_t>(words.size()) != trials * per_trial)
    throw std::invalid_argument("sampler call: the number of words is wrong");
  c.inputs.push_back(tensor_of<std::uint32_t>(
      "words", Dtype::u32, {one_row ? 1 : trials, one_row ? trials : 1, per_trial}, words));
  return c;
}

engine::Case sampler_rows_call(const engine::CaseDescriptor& descriptor,
                               const SamplerProblem& problem, std::int64_t rows,
                               std::int64_t trials, std::uint64_t seed, std::uint64_t call) {
  return call_of(descriptor, problem, rows, trials, seed, call);
}

engine::OutputSpec sampler_output(const engine::Case& call) {
  if (call.options.at("method") == "augmentation") {
    const std::vector<std::int64_t>& x = call.input("x").shape;
    const auto views = static_cast<std::int64_t>(call.scalars.at("views"));
    return {"views", Dtype::f32, {x[0], views, x[1]}, true};
  }
  const bool embedded = call.find_input("x") != nullptr;
  const std::int64_t rows = call.input(embedded ? "x" : "scores").shape[0];
  const std::int64_t columns = embedded ? call.input("y").shape[0] : call.input("scores").shape[1];
  const SamplerRule rule = *sampler_rule_named(call.options.at("method"));
  const auto k = static_cast<std::int64_t>(call.scalars.at("k"));
  std::int64_t per_row = k;
  if (outcome_of(rule) == SamplerOutcome::pair) per_row = 2 * k;
  if (outcome_of(rule) == SamplerOutcome::arrangement) per_row = columns;
  return {"indices", Dtype::i64, {rows, per_row}, true};
}

}  // namespace assay::contract
