// SPDX-License-Identifier: Apache-2.0
// assay value NAME for a bound: a number of a paper, to so many proven digits.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "assay/command.hpp"
#include "properties/engine/input_error.hpp"
#include "reference/bound/catalogue.hpp"

namespace assay::cli {
namespace {

using Json = nlohmann::ordered_json;
using reference::Bound;
using reference::BoundLine;
using reference::BoundParameters;
using reference::BoundValue;
using reference::LossFunction;
using reference::Real;

constexpr long long most_negatives = 1'000'000;    // k + 1 terms
constexpr long long most_classes = 1'000'000'000;  // products of two stay in 64 bits

using Text = std::optional<std::string>;

Text text_of(const ValueOptions& options, const std::string& name) {
  if (name == "temperature") return options.temperature;
  const auto found = options.bound.find(name);
  return found == options.bound.end() ? Text() : found->second;
}

std::optional<long long> integer_of(const ValueOptions& options, const std::string& name,
                                    long long most) {
  const Text text = text_of(options, name);
  if (!text) return std::nullopt;
  long long value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || stop != end)
    throw engine::InputError("--" + name, "'" + *text + "'", "is not an integer");
  if (value > most)
    throw engine::InputError("--" + name, *text, fmt::format("must be at most {}", most));
  return value;
}

std::optional<Real> real_of(const ValueOptions& options, const std::string& name) {
  const Text text = text_of(options, name);
  if (!text) return std::nullopt;
  try {
    return Real::parse(*text);
  } catch (const std::invalid_argument& e) {
    throw engine::InputError("--" + name, "'" + *text + "'", e.what());
  }
}

bool takes_mean(const ValueOptions& options) {
  const std::string text = text_of(options, "normalise").value_or("mean");
  if (text != "mean" && text != "sum")
    throw engine::InputError("--normalise", "'" + text + "'", "expected mean or sum");
  return text == "mean";
}

LossFunction psi_of(const ValueOptions& options) {
  const Text text = text_of(options, "psi");
  for (const char* name : {"normalise", "alpha", "temperature"})
    if (text && text_of(options, name))
      throw engine::InputError(std::string("--") + name, "", "is part of --psi when that is given");
  const LossFunction::LogSum settings = {
      .alpha = real_of(options, "alpha").value_or(1),
      .weight = 1,
      .per_negative = takes_mean(options),
      .temperature = real_of(options, "temperature").value_or(1)};
  try {
    return text ? LossFunction::parse(*text) : LossFunction::log_sum(settings);
  } catch (const std::invalid_argument& e) {
    throw engine::InputError(text ? "--psi" : "--alpha, --temperature", "", e.what());
  }
}

std::vector<std::string> options_of(const Bound& bound) {
  std::vector<std::string> names;
  for (const auto* list : {&bound.required, &bound.optional})
    for (const std::string& name : *list) {
      if (name == "psi") names.insert(names.end(), {"--normalise", "--alpha", "--temperature"});
      names.push_back("--" + name);
    }
  return names;
}

void refuse_what_is_not_taken(const Bound& bound, const ValueOptions& options) {
  std::vector<std::string> given = options.given_for_contract;
  given.insert(given.end(), options.given_for_bound.begin(), options.given_for_bound.end());
  if (options.temperature) given.push_back("--temperature");
  const std::vector<std::string> taken = options_of(bound);
  for (const std::string& option : given)
    if (std::find(taken.begin(), taken.end(), option) == taken.end())
      throw engine::InputError(option, "",
                               fmt::format("{} takes {}", bound.name, fmt::join(taken, ", ")));
}

BoundParameters parameters_of(const ValueOptions& options) {
  BoundParameters p;
  p.classes = integer_of(options, "classes", most_classes);
  if (const auto k = integer_of(options, "negatives", most_negatives))
    p.negatives = static_cast<int>(std::max<long long>(*k, 0));  // 0 is refused by every bound
  p.psi = psi_of(options);
  p.beta = real_of(options, "beta").value_or(0);
  p.epsilon = real_of(options, "epsilon").value_or(0);
  p.eta = real_of(options, "eta");
  p.q = real_of(options, "q");
  p.points = integer_of(options, "points", most_classes);
  p.batch_sizes = options.batch_sizes;
  return p;
}

// The parameters with the values that were used, also where they are defaults.
std::vector<std::pair<std::string, std::string>> used_of(const Bound& bound,
                                                         const BoundParameters& p) {
  std::vector<std::pair<std::string, std::string>> used;
  const auto add = [&](const char* name, const std::string& text) {
    if (bound.takes(name)) used.emplace_back(name, text);
  };
  if (p.classes) add("classes", std::to_string(*p.classes));
  if (p.negatives) add("negatives", std::to_string(*p.negatives));
  if (p.points) add("points", std::to_string(*p.points));
  add("batch-size", fmt::format("{}", fmt::join(p.batch_sizes, ",")));
  add("beta", p.beta.text());
  add("epsilon", p.epsilon.text());
  if (p.eta) add("eta", p.eta->text());
  if (p.q) add("q", p.q->text());
  return used;
}

std::string convention_of(const BoundParameters& p) {
  const std::string text = p.psi.text();
  return text == reference::algorithm_1_loss().text() ? text + " (HN Algorithm 1)" : text;
}

std::string engines_of(const BoundValue& value) {
  std::vector<std::string> names;
  for (const reference::Engine engine : value.engines)
    names.push_back(fmt::format("{}-{}", reference::name_of(engine), value.bits));
  return fmt::format("{}", fmt::join(names, ", "));
}

void print_json(const Bound& bound, const BoundParameters& p, const BoundValue& value, int digits) {
  Json parameters = Json::object(), lines = Json::array();
  for (const auto& [name, text] : used_of(bound, p)) parameters[name] = text;
  for (const BoundLine& line : value.lines) {
    Json one = {{"label", line.label}};
    if (line.value) {
      one["value"] = line.value->to_string(digits + 2);
      one["exact_ends"] = line.value->to_exact();
      if (!line.exact.empty()) one["exact"] = line.exact;
    } else {
      one["sentence"] = line.sentence;
    }
    lines.push_back(one);
  }
  Json out = {{"bound", bound.name}, {"summary", bound.summary}, {"parameters", parameters}};
  if (bound.takes("psi")) out["convention"] = p.psi.text();
  out["values"] = lines;
  out["digits"] = digits;
  out["digits_reached"] = value.digits_reached;
  Json names = Json::array();
  for (const reference::Engine engine : value.engines) names.push_back(reference::name_of(engine));
  out["engines"] = names;
  out["engines_agree"] = value.engines.size() > 1;  // a contradiction ends the program
  out["bits"] = value.bits;
  fmt::print("{}\n", out.dump(2));
}

void print_text(const Bound& bound, const BoundParameters& p, const BoundValue& value, int digits) {
  fmt::print("{}  {}\n", bound.name, bound.summary);
  if (bound.takes("psi")) fmt::print("convention  {}\n", convention_of(p));
  for (const auto& [name, text] : used_of(bound, p)) fmt::print("{} = {}\n", name, text);
  for (const BoundLine& line : value.lines)
    if (!line.value)
      fmt::print("{}: {}\n", line.label, line.sentence);
    else if (line.exact.empty())
      fmt::print("{} in {}\n", line.label, line.value->to_string(digits + 2));
    else if (line.exact.find('/') == std::string::npos)
      fmt::print("{} = {}\n", line.label, line.exact);
    else
      fmt::print("{} = {} in {}\n", line.label, line.exact, line.value->to_string(digits + 2));
  fmt::print("engines {}{}\n", engines_of(value), value.engines.size() > 1 ? ": they agree" : "");
  if (!value.digits_reached) fmt::print("fewer than {} digits are known\n", digits);
}

}  // namespace

ExitStatus value_bound(const Common& common, const ValueOptions& options) {
  const Bound& bound = *reference::find_bound(options.contract);
  refuse_what_is_not_taken(bound, options);
  const BoundParameters parameters = parameters_of(options);
  BoundValue value;
  try {
    value = bound_value(bound, parameters, options.digits);
  } catch (const std::invalid_argument& e) {
    throw engine::InputError(bound.name, "", e.what());
  }
  if (common.json)
    print_json(bound, parameters, value, options.digits);
  else
    print_text(bound, parameters, value, options.digits);
  return value.digits_reached ? ExitStatus::success : ExitStatus::undecided;
}

}  // namespace assay::cli
