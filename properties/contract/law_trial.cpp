// SPDX-License-Identifier: Apache-2.0
// Metamorphic laws: running the cases and comparing what came out.
#include "properties/contract/law_trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "properties/contract/judge.hpp"

namespace assay::contract {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

PlacedTensor placed(const std::string& name, Dtype dtype, const std::vector<std::int64_t>& shape,
                    const std::vector<std::int64_t>& strides, std::byte* data, bool is_output) {
  return {name, dtype, shape, strides, data, is_output};
}

/// 0xff in every byte is NaN in every binary format.
std::vector<Tensor> poisoned(const std::vector<engine::OutputSpec>& asked) {
  std::vector<Tensor> outputs;
  for (const engine::OutputSpec& o : asked) {
    outputs.push_back(Tensor::contiguous(o.name, o.dtype, o.shape));
    std::fill(outputs.back().bytes.begin(), outputs.back().bytes.end(), std::byte{0xff});
  }
  return outputs;
}

Observation call(const BuiltinEntry& entry, int run, const engine::Case& c,
                 const std::vector<engine::OutputSpec>& asked) {
  Observation observation;
  observation.outputs = poisoned(asked);
  std::vector<Tensor> inputs = c.inputs;
  BuiltinCase call{{}, c.scalars, c.options, run};
  for (Tensor& t : inputs)
    call.tensors.push_back(placed(t.name, t.dtype, t.shape, t.strides, t.bytes.data(), false));
  for (Tensor& t : observation.outputs)
    call.tensors.push_back(placed(t.name, t.dtype, t.shape, t.strides, t.bytes.data(), true));
  observation.conduct = Conduct::returned;
  try {
    entry.run(call);
  } catch (const Unsupported& e) {
    observation.conduct = Conduct::unsupported, observation.detail = e.what();
  } catch (const std::exception& e) {
    observation.conduct = Conduct::failed, observation.detail = e.what();
  }
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].bytes != c.inputs[i].bytes)
      observation.conduct = Conduct::input_written, observation.detail = inputs[i].name;
  return observation;
}

}  // namespace

Subject subject_of(Candidate& candidate) {
  return {candidate.info().algorithm,
          [&candidate](const engine::Case& c, const std::vector<engine::OutputSpec>& asked) {
            return candidate.observe(c, asked);
          }};
}

Subject in_process(const BuiltinEntry& entry, int run) {
  return {entry.info.algorithm,
          [&entry, run](const engine::Case& c, const std::vector<engine::OutputSpec>& asked) {
            return call(entry, run, c, asked);
          }};
}

LawTrial::LawTrial(std::string law, const Column& column, const Subject& subject,
                   Agreement agreement)
    : column_(column), subject_(subject), agreement_(agreement) {
  finding_.law = std::move(law);
}

std::size_t LawTrial::run(const engine::Case& c) {
  Run run;
  if (!decided()) {
    run.observation = subject_.observe(c, column_.outputs(c));
    const Observation& got = run.observation;
    const std::string what = std::string(name_of(got.conduct)) + ": " + got.detail;
    if (is_violation(got.conduct))
      violate(what);
    else if (got.conduct != Conduct::returned)
      decline(what);
    else if (agreement_ == Agreement::budgets)
      run.expectation = column_.expect(c, subject_.algorithm);
  }
  runs_.push_back(std::move(run));
  return runs_.size() - 1;
}

void LawTrial::decline(const std::string& reason) {
  if (decided()) return;
  declined_ = true;
  finding_.reason = reason;
}

void LawTrial::violate(const std::string& reason) {
  if (decided()) return;
  finding_.verdict = LawVerdict::violated;
  finding_.reason = reason;
}

/// The output's element, or null when the subject left the output out.
const double* LawTrial::value_of(const Term& term, double& value) const {
  for (const Tensor& t : runs_[term.run].observation.outputs) {
    if (t.name != term.output || term.element >= t.count()) continue;
    value = value_at(t, term.element);
    return &value;
  }
  return nullptr;
}

bool LawTrial::observed(const Term& term, double& value) const {
  return value_of(term, value) != nullptr;
}

/// A sum of outputs with what the law grants it and what adding it up in double may be off by.
struct LawTrial::Sum {
  double value = 0, magnitude = 0, allowed = 0;
  int terms = 0;
  /// Upper bound of the error of `value` and of the shortfall of `allowed`, relative to the sums of
  /// magnitudes: each term is a rounded product and at most `terms` rounded additions.
  double relative() const { return (terms + 4) * 0x1p-52; }
};

bool LawTrial::add(Sum& sum, const Term& term) {
  double value = 0;
  if (value_of(term, value) == nullptr) return false;
  for (const OutputExpectation& expected : runs_[term.run].expectation.outputs) {
    if (expected.name != term.output) continue;
    const auto e = static_cast<std::size_t>(term.element);
    if (expected.demand[e] != Demand::within_budget) return false;
    sum.value += term.coefficient * value;
    sum.magnitude += std::abs(term.coefficient * value);
    sum.allowed += std::abs(term.coefficient) * expected.budget[e];
    ++sum.terms;
    return true;
  }
  return false;
}

void LawTrial::check(const std::vector<Term>& terms, Ends constant) {
  if (decided()) return;
  Sum sum;
  for (const Term& term : terms)
    if (!add(sum, term)) return;
  if (!std::isfinite(sum.magnitude)) return record(terms.front(), infinity, sum.allowed);
  double off = std::max(constant.lo - sum.value, sum.value - constant.hi);
  // Also the subtraction just made is rounded; twice the smallest number covers what underflows.
  double slack = sum.relative() * sum.magnitude + (sum.terms + 1) * 0x1p-1074;
  for (double end : {constant.lo, constant.hi})
    if (std::isfinite(end)) slack += 0x1p-51 * std::abs(end);
  off = std::max(0.0, off - slack * (1 + 0x1p-40));
  record(terms.front(), off, sum.allowed * (1 + sum.relative()) + (sum.terms + 1) * 0x1p-1074);
}

void LawTrial::sums_to(const std::vector<Term>& terms, Ends constant) { check(terms, constant); }

void LawTrial::at_least(const std::vector<Term>& terms, double constant) {
  check(terms, {constant, infinity});
}

void LawTrial::agree(const Term& x, const Term& y, double factor) {
  if (agreement_ == Agreement::budgets) {
    Term subtracted = y;
    subtracted.coefficient = -factor;
    return sums_to({x, subtracted});
  }
  if (decided()) return;
  double left = 0, right = 0;
  if (value_of(x, left) == nullptr || value_of(y, right) == nullptr) return;
  right *= factor;
  if (std::isnan(left) && std::isnan(right)) return record(x, 0, 0);
  if (factor != 1 && std::abs(left) < 0x1p-100 && std::abs(right) < 0x1p-100) return;
  const bool same = left == right && std::signbit(left) == std::signbit(right);
  const double apart = std::abs(left - right);
  record(x, same ? 0 : std::isfinite(apart) ? std::max(apart, 0x1p-1074) : infinity, 0);
}

void LawTrial::record(const Term& at, double difference, double allowed) {
  ++finding_.compared;
  const bool larger =
      finding_.element < 0 || difference * finding_.allowed > finding_.difference * allowed;
  const bool violated = !(difference <= allowed);
  if (!larger && !violated) return;
  finding_.output = at.output;
  finding_.element = at.element;
  finding_.difference = difference;
  finding_.allowed = allowed;
  if (!violated) return;
  finding_.verdict = LawVerdict::violated;
  finding_.reason = fmt::format("{}[{}] is off by {:.4g}, allowed is {:.4g}", at.output, at.element,
                                difference, allowed);
}

LawFinding LawTrial::finding() const {
  LawFinding result = finding_;
  if (decided()) return result;
  if (result.compared == 0) {
    result.reason = "no element could be compared";
    return result;
  }
  result.verdict = LawVerdict::holds;
  result.reason = fmt::format("{} relations hold", result.compared);
  return result;
}

}  // namespace assay::contract
