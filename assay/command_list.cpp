// SPDX-License-Identifier: Apache-2.0
// assay list and assay version.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "assay/command.hpp"
#include "assay/estimate_certify.hpp"
#include "assay/sampler_certify.hpp"
#include "kernels/loss/info_nce.hpp"
#include "properties/contract/builtin.hpp"
#include "properties/contract/column.hpp"
#include "reference/arithmetic/engine.hpp"
#include "reference/arithmetic/environment.hpp"
#include "reference/bound/catalogue.hpp"
#include "reference/loss/info_nce_presets.hpp"

namespace assay::cli {
namespace {

using Json = nlohmann::ordered_json;

Json presets_json() {
  Json presets = Json::array();
  for (const reference::InfoNcePreset& p : reference::info_nce_presets())
    presets.push_back({{"name", p.name},
                       {"entry", p.entry},
                       {"setting", text_of(p.setting)},
                       {"parameter", p.parameter},
                       {"observed", p.observed}});
  return presets;
}

void print_presets() {
  fmt::print("presets of `assay value loss/info_nce --like NAME`\n");
  for (const reference::InfoNcePreset& p : reference::info_nce_presets())
    fmt::print("  {:<28} {}\n      {}\n", p.name, p.entry, p.observed);
}

Json column_json(const contract::Column& column) {
  Json instances = Json::array(), families = Json::array(), candidates = Json::array();
  for (const Contract& c : column.instances())
    instances.push_back({{"name", column.instance_of(c)}, {"contract", c.canonical_text()}});
  for (const contract::Family& f : column.families())
    families.push_back({{"name", f.name}, {"cases", f.cases}, {"description", f.description}});
  for (const contract::BuiltinListing& b : contract::list_builtin_candidates(column.name()))
    candidates.push_back({{"name", b.name}, {"description", b.description}});
  return {{"name", column.name()},    {"summary", column.summary()},
          {"instances", instances},   {"algorithms", column.algorithms()},
          {"candidates", candidates}, {"families", families}};
}

void print_column(const contract::Column& column) {
  fmt::print("{}\n  {}\n", column.name(), column.summary());
  fmt::print("  instances\n");
  for (const Contract& c : column.instances())
    fmt::print("    {}:{}\n      {}\n", column.name(), column.instance_of(c), c.canonical_text());
  fmt::print("  algorithms with a budget\n");
  for (const std::string& a : column.algorithms()) fmt::print("    {}\n", a);
  fmt::print("  built-in candidates\n");
  for (const contract::BuiltinListing& b : contract::list_builtin_candidates(column.name()))
    fmt::print("    {:<34} {}\n", b.name, b.description);
  fmt::print("  case families\n");
  for (const contract::Family& f : column.families())
    fmt::print("    {:<16} {:>3} cases  {}\n", f.name, f.cases, f.description);
}

Json bounds_json() {
  Json all = Json::array();
  for (const reference::Bound& b : reference::bounds())
    all.push_back({{"name", b.name},
                   {"summary", b.summary},
                   {"required", b.required},
                   {"optional", b.optional}});
  return all;
}

void print_bounds() {
  fmt::print("bounds of `assay value NAME`\n");
  for (const reference::Bound& b : reference::bounds()) {
    std::string parameters;
    for (const std::string& name : b.required) parameters += fmt::format(" --{} X", name);
    for (const std::string& name : b.optional) parameters += fmt::format(" [--{} X]", name);
    fmt::print("  {:<28} {}\n     {}\n", b.name, b.summary, parameters);
  }
}

}  // namespace

ExitStatus list(const Common& common) {
  Json all = Json::array();
  for (const contract::Column* column : contract::columns())
    if (common.json)
      all.push_back(column_json(*column));
    else
      print_column(*column);
  if (common.json)
    fmt::print("{}\n", Json{{"contracts", all},
                            {"samplers", sampler_contracts_json()},
                            {"estimates", estimate_contracts_json()},
                            {"info_nce_presets", presets_json()},
                            {"bounds", bounds_json()}}
                           .dump(2));
  else {
    print_sampler_contracts();
    print_estimate_contracts();
    print_presets();
    print_bounds();
  }
  return ExitStatus::success;
}

std::vector<std::pair<std::string, std::string>> environment_facts() {
  std::string engines;
  for (const reference::Engine engine : reference::engines())
    engines += (engines.empty() ? "" : ", ") + std::string(name_of(engine));
  const std::string cuda = kernels::cuda_unavailable_reason();
  return {
    {"compiler", "g++ " __VERSION__},
#if defined(__AVX2__) && defined(__FMA__)
        {"instructions", "AVX2 and FMA"},
#else
        {"instructions", "compiler default"},
#endif
        {"engines", engines},
        {"floating-point self-test", "passed"},  // main refuses to come this far otherwise
    {
      "cuda", cuda.empty() ? "available" : "unavailable: " + cuda
    }
  };
}

ExitStatus version(const Common& common) {
  if (common.json) {
    Json facts = {{"version", ASSAY_VERSION}};
    for (const auto& [key, value] : environment_facts()) facts[key] = value;
    fmt::print("{}\n", facts.dump(2));
    return ExitStatus::success;
  }
  fmt::print("assay {}\n", ASSAY_VERSION);
  for (const auto& [key, value] : environment_facts()) fmt::print("  {:<26} {}\n", key, value);
  return ExitStatus::success;
}

}  // namespace assay::cli
