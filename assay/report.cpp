// SPDX-License-Identifier: Apache-2.0
// Certificates as text for people.
#include "assay/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "properties/contract/builtin.hpp"
#include "properties/contract/column.hpp"
#include "properties/engine/input_error.hpp"
#include "properties/engine/nearest.hpp"

namespace assay::cli {
namespace {

using contract::Check;
using contract::RefutedCase;

std::string share_text(const Ends& share) {
  if (share.hi == 0) return "0";
  return share.hi < 1000 ? fmt::format("{:.4f}", share.hi) : fmt::format("{:.3g}", share.hi);
}

void print_tensor(const Tensor& tensor) {
  constexpr std::int64_t few = 24;
  std::string shape;
  for (const std::int64_t extent : tensor.shape)
    shape += fmt::format("{}{}", shape.empty() ? "" : "x", extent);
  fmt::print("      {} {} {}", tensor.name, name_of(tensor.dtype), shape);
  if (tensor.dtype == Dtype::f32 && tensor.is_contiguous() && tensor.count() <= few) {
    fmt::print(" =");
    for (std::int64_t i = 0; i < tensor.count(); ++i)
      fmt::print(" {:a}", static_cast<double>(tensor.as<float>()[i]));
  }
  fmt::print("\n");
}

void print_refuted(const RefutedCase& refuted) {
  const auto& d = refuted.input.descriptor;
  fmt::print("    {} case, from {} #{}:\n", refuted.role, d.family, d.index);
  for (const Tensor& tensor : refuted.input.inputs) print_tensor(tensor);
  for (const auto& [name, value] : refuted.input.scalars)
    fmt::print("      {} = {:a}\n", name, value);
  fmt::print("      observed:\n");
  for (const Tensor& tensor : refuted.observation.outputs) print_tensor(tensor);
  fmt::print("      {}\n", refuted.finding.reason);
}

void print_laws(const Check& check) {
  if (check.laws.empty()) return;
  std::int64_t hold = 0, relations = 0;
  std::string absent;
  double ratio = 0;
  for (const contract::LawResult& law : check.laws) {
    if (law.held + law.violated == 0) absent += (absent.empty() ? "" : ", ") + law.law;
    hold += law.held > 0 && law.violated == 0 ? 1 : 0;
    relations += law.compared;
    ratio = std::max(ratio, law.largest_ratio);
  }
  fmt::print(
      "    laws: {} of {} hold, {} relations, largest difference {:.4f} of what is allowed\n", hold,
      check.laws.size(), relations, ratio);
  if (!absent.empty()) fmt::print("      with nothing to say here: {}\n", absent);
  for (const contract::LawResult& law : check.laws)
    if (law.violated > 0)
      fmt::print("      violated on {} of {} cases: {}: {}\n", law.violated, law.cases, law.law,
                 law.note);
}

}  // namespace

void print_check(const Check& check) {
  fmt::print("{}  {} [{}]  {}\n    {}\n", name_of(check.verdict), check.contract.name,
             contract::column_named(check.contract.name).instance_of(check.contract),
             check.candidate.name, check.reason);
  if (check.families.empty() || check.verdict == Verdict::unavailable) return;
  fmt::print("    {:<16} {:>5} {:>9} {:>7} {:>9} {:>11} {:>7}  {}\n", "family", "cases",
             "certified", "refuted", "undecided", "unavailable", "trivial", "largest share");
  for (const contract::FamilyResult& f : check.families)
    fmt::print("    {:<16} {:>5} {:>9} {:>7} {:>9} {:>11} {:>7}  {}\n", f.name, f.cases,
               f.certified, f.refuted, f.undecided, f.unavailable, f.vacuous,
               share_text(f.largest_share));
  if (!check.largest_share_where.empty())
    fmt::print("    largest share {} at {}\n", share_text(check.largest_share),
               check.largest_share_where);
  const contract::ModelledResult& m = check.modelled;
  if (!m.hypothesis.empty()) {
    fmt::print("    modelled: largest share {} at {}; {} cases exceed it",
               share_text(m.largest_share), m.where, m.exceeded);
    if (m.exceeded > 0) fmt::print(", and {} of {} fresh ones", m.confirmed, m.fresh);
    fmt::print("\n      assuming that {}\n", m.hypothesis);
  }
  print_laws(check);
  for (const RefutedCase& refuted : check.refuted)
    if (refuted.role == "smallest" || refuted.role == "modelled") print_refuted(refuted);
  fmt::print("    budget of algorithm '{}' under:\n", check.candidate.algorithm);
  for (const std::string& hypothesis : check.hypotheses) fmt::print("      - {}\n", hypothesis);
}

void print_summary(const contract::Certificate& certificate, const std::string& output) {
  fmt::print("\n{}: {} checks, {} cases judged deterministically, false-alarm budget {}, seed {}\n",
             name_of(certificate.verdict),
             certificate.checks.size() + certificate.samplers.size() + certificate.estimates.size(),
             certificate.deterministic_checks, certificate.false_alarm_alpha, certificate.seed);
  std::string engines;
  for (const std::string& engine : certificate.engines)
    engines += (engines.empty() ? "" : ", ") + engine;
  fmt::print("interval engines: {}{}\n", engines,
             certificate.engines.size() == 1
                 ? " (one engine: refutations are not re-derived on a second)"
                 : "");
  if (!output.empty()) fmt::print("certificate: {}  (again: assay replay {})\n", output, output);
}

void require_candidate(const std::string& contract_name, const std::string& name) {
  const std::vector<std::string> known = contract::builtin_candidates(contract_name);
  for (const std::string& k : known)
    if (k == name) return;
  throw engine::InputError("candidate '" + name + "'", contract_name,
                           "unknown; the nearest is '" + engine::nearest(name, known) + "'");
}

}  // namespace assay::cli
