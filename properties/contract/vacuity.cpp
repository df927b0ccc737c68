// SPDX-License-Identifier: Apache-2.0
// The vacuity guard: trivial answers against an expectation.
#include "properties/contract/vacuity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "properties/contract/judge.hpp"

namespace assay::contract {

namespace {

using Values = std::vector<double>;

double middle(const Ends& truth) {
  if (!(std::isfinite(truth.lo) && std::isfinite(truth.hi)))
    return std::numeric_limits<double>::quiet_NaN();
  return truth.lo + (truth.hi - truth.lo) / 2;
}

/// An element refuses a value when the judge could refute it at once.
bool refuses(const OutputExpectation& output, std::size_t i, double value) {
  switch (output.demand[i]) {
    case Demand::nothing: return false;
    case Demand::nan: return !std::isnan(value);
    case Demand::not_finite: return std::isfinite(value);
    case Demand::within_budget: break;
  }
  return !std::isfinite(value) || error_of(value, output.truth[i]).lo > output.budget[i];
}

template <class ValueAt>
bool accepts(const OutputExpectation& output, ValueAt value_at_index) {
  for (std::size_t i = 0; i < output.demand.size(); ++i)
    if (refuses(output, i, value_at_index(i))) return false;
  return true;
}

/// Values of a contiguous or row-strided floating-point tensor, row-major, at most `count`.
Values leading_values(const Tensor& tensor, std::size_t count) {
  Values values;
  if (!is_float(tensor.dtype) || tensor.count() == 0) return values;
  const std::int64_t columns = tensor.shape.empty() ? 1 : tensor.shape.back();
  const std::int64_t rows = tensor.count() / columns;
  const std::int64_t stride = tensor.shape.size() == 2 ? tensor.strides[0] : columns;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t k = 0; k < columns && values.size() < count; ++k)
      values.push_back(value_at(tensor, r * stride + k));
  return values;
}

double mean_truth(const OutputExpectation& output) {
  double sum = 0, n = 0;
  for (std::size_t i = 0; i < output.truth.size(); ++i)
    if (output.demand[i] == Demand::within_budget) sum += middle(output.truth[i]), n += 1;
  return static_cast<float>(n > 0 ? sum / n : 0);
}

double first_truth(const OutputExpectation& output) {
  for (std::size_t i = 0; i < output.truth.size(); ++i)
    if (output.demand[i] == Demand::within_budget)
      return static_cast<float>(middle(output.truth[i]));
  return 0;
}

// What buffers are filled with before a candidate runs, seen as binary32: NaNs.
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

std::vector<Tensor> rounded_truth(const Expectation& expectation) {
  std::vector<Tensor> outputs;
  for (const OutputExpectation& output : expectation.outputs) {
    std::vector<float> values;
    for (std::size_t i = 0; i < output.truth.size(); ++i)
      values.push_back(output.demand[i] == Demand::within_budget
                           ? static_cast<float>(middle(output.truth[i]))
                           : std::numeric_limits<float>::quiet_NaN());
    outputs.push_back(
        Tensor::of_floats(output.name, {static_cast<std::int64_t>(values.size())}, values));
  }
  return outputs;
}

std::vector<TrivialTrial> trivial_trials(const engine::Case& c, const Expectation& expectation,
                                         const std::vector<Tensor>* previous) {
  std::vector<TrivialTrial> trials;
  for (const OutputExpectation& output : expectation.outputs) {
    const auto attempt = [&](const std::string& answer, auto value) {
      trials.push_back({output.name, answer, accepts(output, value)});
    };
    const auto repeated = [&](const std::string& answer, const Values& values) {
      if (values.empty()) return;
      attempt(answer, [&](std::size_t i) { return values[i % values.size()]; });
    };
    const auto truth_at = [&](std::size_t i) { return middle(output.truth[i]); };
    const std::size_t count = output.demand.size();

    attempt("zeros", [](std::size_t) { return 0.0; });
    if (count > 1) {
      const double mean = mean_truth(output), first = first_truth(output);
      attempt("constant", [&](std::size_t) { return mean; });
      attempt("first value", [&](std::size_t) { return first; });
      for (const Tensor& input : c.inputs)
        repeated("copy of " + input.name, leading_values(input, count));
    }
    if (previous != nullptr)
      for (const Tensor& t : *previous)
        if (t.name == output.name) repeated("previous output", leading_values(t, count));
    attempt("poison", [](std::size_t) { return not_a_number; });
    // Rounded to binary32 like every output: what a candidate with this defect would return.
    attempt("scaled by 1.03", [&](std::size_t i) {
      return static_cast<double>(static_cast<float>(1.03 * truth_at(i)));
    });
    attempt("negated",
            [&](std::size_t i) { return static_cast<double>(static_cast<float>(-truth_at(i))); });
  }
  return trials;
}

std::vector<std::string> vacuous_outputs(const std::vector<TrivialTrial>& trials) {
  std::vector<std::string> names;
  for (const TrivialTrial& trial : trials)
    if (trial.accepted && std::find(names.begin(), names.end(), trial.output) == names.end())
      names.push_back(trial.output);
  return names;
}

void accumulate(std::vector<VacuityResult>& account, const std::vector<TrivialTrial>& trials) {
  for (const TrivialTrial& trial : trials) {
    auto entry = std::find_if(account.begin(), account.end(), [&](const VacuityResult& r) {
      return r.output == trial.output && r.trivial_answer == trial.answer;
    });
    if (entry == account.end())
      entry = account.insert(account.end(), {trial.output, trial.answer, 0, 0});
    ++entry->tried;
    if (!trial.accepted) ++entry->refused;
  }
}

}  // namespace assay::contract
