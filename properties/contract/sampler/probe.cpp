// SPDX-License-Identifier: Apache-2.0
// Calls, and the rules of support, range and uniqueness.
#include "properties/contract/sampler/probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "properties/contract/sampler/law.hpp"

namespace assay::contract {
namespace {

bool declined(Conduct conduct) {
  return conduct == Conduct::unsupported || conduct == Conduct::unavailable;
}

std::string columns_text(std::span<const std::int64_t> columns) {
  std::string text;
  for (const std::int64_t c : columns) text += (text.empty() ? "" : ", ") + std::to_string(c);
  return "(" + text + ")";
}

std::string seed_text(std::uint64_t seed, std::uint64_t call) {
  return fmt::format("seed {}, call {}", seed, call);
}

// Low bits for the words of an enumeration: a mixing of the number, so that they vary with it.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
  return x ^ x >> 31;
}

}  // namespace

SamplerProbe::SamplerProbe(Candidate& candidate, engine::CaseDescriptor descriptor,
                           SamplerProblem problem)
    : candidate_(candidate), descriptor_(std::move(descriptor)), problem_(std::move(problem)) {
  switch (problem_.rule) {
    case SamplerRule::rejection:
    case SamplerRule::anchor_positive:
    case SamplerRule::disjoint_batches: {
      SamplerProblem alike = problem_;
      alike.tilt = "uniform";
      weights_ = item_weights(alike);
      break;
    }
    default: weights_ = item_weights(problem_);
  }
  const SamplerOutcome outcome = outcome_of(problem_.rule);
  distinct_ = outcome != SamplerOutcome::item && problem_.rule != SamplerRule::rejection;
}

std::vector<std::int64_t> SamplerProbe::seeded(std::int64_t trials, std::uint64_t seed,
                                               std::uint64_t call) {
  trials_ += trials;
  return ask(sampler_call(descriptor_, problem_, trials, seed, call, {}), seed_text(seed, call));
}

std::vector<std::int64_t> SamplerProbe::from_words(std::span<const std::uint32_t> words) {
  const auto trials = static_cast<std::int64_t>(words.size()) / problem_.words_per_trial();
  trials_ += trials;
  return ask(sampler_call(descriptor_, problem_, trials, 0, 0, words), "given words");
}

std::vector<std::int64_t> SamplerProbe::from_numbers(std::span<const std::uint64_t> numbers) {
  const int bits = problem_.bits;
  std::vector<std::uint32_t> words;
  words.reserve(numbers.size() * (bits <= 32 ? 1 : 2));
  for (const std::uint64_t k : numbers) {
    const std::uint64_t rest = mixed(k);
    if (bits <= 32) {
      const std::uint64_t low = bits == 32 ? 0 : rest >> (32 + bits);
      words.push_back(static_cast<std::uint32_t>(k << (32 - bits) | low));
    } else {
      const std::uint64_t both = bits == 64 ? k : k << (64 - bits) | rest >> bits;
      words.push_back(static_cast<std::uint32_t>(both >> 32));
      words.push_back(static_cast<std::uint32_t>(both));
    }
  }
  return from_words(words);
}

std::vector<std::int64_t> SamplerProbe::rows(std::int64_t rows, std::int64_t trials,
                                             std::uint64_t seed, std::uint64_t call) {
  trials_ += rows * trials;
  return ask(sampler_rows_call(descriptor_, problem_, rows, trials, seed, call),
             seed_text(seed, call));
}

std::vector<std::int64_t> SamplerProbe::ask(const engine::Case& call, const std::string& source) {
  const Observation o = candidate_.observe(call, {sampler_output(call)});
  if (declined(o.conduct)) throw SamplerBreach{"", o.conduct, o.detail};
  if (o.conduct != Conduct::returned)
    throw SamplerBreach{"conduct", o.conduct,
                        fmt::format("{}: {} ({})", name_of(o.conduct), o.detail, source)};
  const Tensor& indices = o.outputs.at(0);
  std::vector<std::int64_t> columns(indices.as<std::int64_t>(),
                                    indices.as<std::int64_t>() + indices.count());
  require_rules(columns, source);
  return columns;
}

std::vector<Tensor> SamplerProbe::table(const std::vector<engine::OutputSpec>& outputs) {
  const std::vector<std::string>& offered = candidate_.info().outputs;
  for (const engine::OutputSpec& spec : outputs)
    if (std::find(offered.begin(), offered.end(), spec.name) == offered.end()) return {};
  engine::Case call = sampler_call(descriptor_, problem_, 1, 0, 0, {});
  call.options["request"] = "table";
  const Observation o = candidate_.observe(call, outputs);
  if (declined(o.conduct)) throw SamplerBreach{"", o.conduct, o.detail};
  if (o.conduct != Conduct::returned)
    throw SamplerBreach{"conduct", o.conduct, fmt::format("{}: {}", name_of(o.conduct), o.detail)};
  return o.outputs;
}

std::string SamplerProbe::refuses(const SamplerProblem& bad) {
  const engine::Case call = sampler_call(descriptor_, bad, 8, 1, 0, {});
  const Observation o = candidate_.observe(call, {sampler_output(call)});
  if (o.conduct == Conduct::failed || declined(o.conduct)) return {};
  if (o.conduct != Conduct::returned) return fmt::format("{}: {}", name_of(o.conduct), o.detail);
  const Tensor& indices = o.outputs.at(0);
  const std::span<const std::int64_t> columns(indices.as<std::int64_t>(),
                                              static_cast<std::size_t>(indices.count()));
  return "returned " + columns_text(columns.first(std::min<std::size_t>(columns.size(), 8)));
}

void SamplerProbe::require_rules(std::span<const std::int64_t> columns,
                                 const std::string& source) const {
  const auto size = static_cast<std::size_t>(problem_.outcome_size());
  for (std::size_t at = 0; at < columns.size(); at += size) {
    const std::span<const std::int64_t> outcome = columns.subspan(at, size);
    const auto breach = [&](const char* rule, const std::string& what) {
      return SamplerBreach{
          rule, Conduct::returned,
          fmt::format("trial {} of {} returned {}: {}", at / size, source,
                      columns_text(outcome.first(std::min<std::size_t>(size, 16))), what)};
    };
    // A rejection that accepted nothing says so with -1 in every place: no draw.
    if (problem_.rule == SamplerRule::rejection &&
        std::all_of(outcome.begin(), outcome.end(), [](std::int64_t c) { return c == -1; }))
      continue;
    for (std::size_t i = 0; i < size; ++i) {
      const std::int64_t c = outcome[i];
      if (c < 0 || c >= problem_.columns())
        throw breach("range", fmt::format("there are columns 0 to {}", problem_.columns() - 1));
      if (weights_[static_cast<std::size_t>(c)].hi == 0)
        throw breach("support", fmt::format("column {} has probability 0", c));
      for (std::size_t j = 0; distinct_ && j < i; ++j)
        if (outcome[j] == c) throw breach("uniqueness", fmt::format("column {} twice", c));
    }
  }
}

}  // namespace assay::contract
