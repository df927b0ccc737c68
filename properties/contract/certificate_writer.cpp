// SPDX-License-Identifier: Apache-2.0
// Certificates as JSON, format assay-certificate/1: the writing half.
#include "properties/contract/certificate.hpp"
#include "properties/engine/files/json_text.hpp"
#include "properties/engine/files/tensor_json.hpp"

namespace assay::contract {
namespace {

using engine::json_of;
using nlohmann::ordered_json;

ordered_json json_of(const Ends& ends) {
  return {{"lo", json_of(ends.lo)}, {"hi", json_of(ends.hi)}};
}

ordered_json json_of(const ContractField& f);
ordered_json json_of(const RefutedCase& r);
ordered_json json_of(const Observation& o);
ordered_json json_of(const LawResult& l);
ordered_json json_of(const ViolatedLaw& v);
ordered_json json_of(const CaseRecord& r);
ordered_json json_of(const FamilyResult& f);
ordered_json json_of(const VacuityResult& v);
ordered_json json_of(const Check& c);
ordered_json json_of(const SamplerRow& r);
ordered_json json_of(const SamplerRuleResult& r);
ordered_json json_of(const SamplerCheck& c);
ordered_json json_of(const EstimateRow& r);
ordered_json json_of(const EstimateCheck& c);

// A list of objects by the `json_of` of their type.
template <class T>
ordered_json list(const std::vector<T>& values) {
  ordered_json items = ordered_json::array();
  for (const T& value : values) items.push_back(json_of(value));
  return items;
}

template <class Map>
ordered_json object(const Map& map) {
  ordered_json members = ordered_json::object();
  for (const auto& [key, value] : map) members[key] = value;
  return members;
}

ordered_json json_of(const ContractField& f) { return {{"key", f.key}, {"value", f.value}}; }

ordered_json json_of(const Contract& c) {
  return {{"name", c.name},
          {"version", c.version},
          {"operation", name_of(c.operation)},
          {"input", name_of(c.input)},
          {"accumulator", name_of(c.accumulator)},
          {"output", name_of(c.output)},
          {"fields", list(c.fields)}};
}

ordered_json json_of(const CandidateInfo& c) {
  return {{"name", c.name},
          {"version", c.version},
          {"contract", c.contract},
          {"algorithm", c.algorithm},
          {"backend", c.backend},
          {"outputs", c.outputs},
          {"deterministic", c.deterministic}};
}

ordered_json json_of(const engine::CaseDescriptor& d) {
  return {{"contract", d.contract},
          {"instance", d.instance},
          {"family", d.family},
          {"index", d.index},
          {"seed", d.seed}};
}

ordered_json json_of(const engine::Case& c) {
  ordered_json scalars = ordered_json::object();
  for (const auto& [key, value] : c.scalars) scalars[key] = json_of(value);
  return {{"descriptor", json_of(c.descriptor)},
          {"inputs", list(c.inputs)},
          {"scalars", std::move(scalars)},
          {"options", object(c.options)}};
}

ordered_json json_of(const Observation& o) {
  return {{"conduct", name_of(o.conduct)},
          {"detail", o.detail},
          {"outputs", list(o.outputs)},
          {"repeat", list(o.repeat)},
          {"milliseconds", json_of(o.milliseconds)}};
}

ordered_json json_of(const Finding& f) {
  return {{"verdict", name_of(f.verdict)},
          {"conduct", name_of(f.conduct)},
          {"share", json_of(f.share)},
          {"output", f.output},
          {"element", f.element},
          {"observed", json_of(f.observed)},
          {"truth", json_of(f.truth)},
          {"budget", json_of(f.budget)},
          {"tier", f.tier},
          {"confirmed_by", f.confirmed_by},
          {"elements_judged", f.elements_judged},
          {"elements_outside_domain", f.elements_outside_domain},
          {"vacuous_outputs", f.vacuous_outputs},
          {"reason", f.reason}};
}

ordered_json json_of(const RefutedCase& r) {
  return {{"role", r.role},
          {"case", json_of(r.input)},
          {"observation", json_of(r.observation)},
          {"finding", json_of(r.finding)}};
}

ordered_json json_of(const CaseRecord& r) {
  return {{"descriptor", json_of(r.descriptor)}, {"verdict", name_of(r.verdict)},
          {"share", json_of(r.share)},           {"input_sha256", r.input_sha256},
          {"output_sha256", r.output_sha256},    {"note", r.note}};
}

ordered_json json_of(const FamilyResult& f) {
  return {{"name", f.name},           {"cases", f.cases},
          {"certified", f.certified}, {"refuted", f.refuted},
          {"undecided", f.undecided}, {"unavailable", f.unavailable},
          {"vacuous", f.vacuous},     {"largest_share", json_of(f.largest_share)}};
}

ordered_json json_of(const VacuityResult& v) {
  return {{"output", v.output},
          {"trivial_answer", v.trivial_answer},
          {"tried", v.tried},
          {"refused", v.refused}};
}

ordered_json json_of(const ModelledResult& m) {
  return {{"hypothesis", m.hypothesis}, {"largest_share", json_of(m.largest_share)},
          {"where", m.where},           {"exceeded", m.exceeded},
          {"fresh", m.fresh},           {"confirmed", m.confirmed}};
}

ordered_json json_of(const LawResult& l) {
  return {{"law", l.law},
          {"cases", l.cases},
          {"held", l.held},
          {"violated", l.violated},
          {"unavailable", l.unavailable},
          {"compared", l.compared},
          {"largest_ratio", json_of(l.largest_ratio)},
          {"note", l.note}};
}

ordered_json json_of(const ViolatedLaw& v) {
  return {{"law", v.law},
          {"seed", v.seed},
          {"by_bits", v.by_bits},
          {"case", json_of(v.input)},
          {"observations", list(v.observations)},
          {"reason", v.reason}};
}

ordered_json json_of(const Check& c) {
  ordered_json check = {{"contract", json_of(c.contract)},
                        {"contract_sha256", c.contract_sha256},
                        {"candidate", json_of(c.candidate)},
                        {"verdict", name_of(c.verdict)},
                        {"reason", c.reason},
                        {"hypotheses", c.hypotheses},
                        {"cases_planned", c.cases_planned},
                        {"cases_run", c.cases_run},
                        {"largest_share", json_of(c.largest_share)},
                        {"largest_share_where", c.largest_share_where},
                        {"modelled", json_of(c.modelled)},
                        {"families", list(c.families)},
                        {"vacuity", list(c.vacuity)},
                        {"refuted", list(c.refuted)},
                        {"cases", list(c.cases)}};
  if (!c.laws.empty()) check["laws"] = list(c.laws);
  if (!c.violated_laws.empty()) check["violated_laws"] = list(c.violated_laws);
  return check;
}

ordered_json json_of(const SamplerRow& r) {
  return {{"descriptor", json_of(r.descriptor)},
          {"columns", r.columns},
          {"verdict", name_of(r.verdict)},
          {"grade", letter_of(r.grade)},
          {"by", r.by},
          {"epsilon", json_of(r.epsilon)},
          {"delta", json_of(r.delta)},
          {"total_variation", json_of(r.tv)},
          {"distance", r.distance},
          {"tolerance", json_of(r.tolerance)},
          {"evaluations", r.evaluations},
          {"mismatches", r.mismatches},
          {"undecided", r.undecided},
          {"unreachable", r.unreachable},
          {"unreachable_mass", json_of(r.unreachable_mass)},
          {"floor_of_any_map", json_of(r.floor_of_any_map)},
          {"floor_of_thresholds", json_of(r.floor_of_thresholds)},
          {"assumptions", r.assumptions},
          {"reason", r.reason}};
}

ordered_json json_of(const SamplerRuleResult& r) {
  return {{"rule", r.rule},
          {"verdict", name_of(r.verdict)},
          {"alpha", json_of(r.alpha)},
          {"draws", r.draws},
          {"detail", r.detail}};
}

ordered_json json_of(const SamplerCheck& c) {
  return {{"contract", json_of(c.contract)},
          {"contract_sha256", c.contract_sha256},
          {"instance", c.instance},
          {"law", c.law},
          {"candidate", json_of(c.candidate)},
          {"verdict", name_of(c.verdict)},
          {"reason", c.reason},
          {"epsilon_asked", json_of(c.epsilon_asked)},
          {"delta", json_of(c.delta)},
          {"alpha", json_of(c.alpha)},
          {"rows", list(c.rows)},
          {"rules", list(c.rules)}};
}

ordered_json json_of(const EstimateRow& r) {
  return {{"descriptor", json_of(r.descriptor)},
          {"points", r.points},
          {"negatives", r.negatives},
          {"verdict", name_of(r.verdict)},
          {"expectation", json_of(r.expectation)},
          {"unhardened", json_of(r.unhardened)},
          {"range", json_of(r.range)},
          {"mean", json_of(r.mean)},
          {"kernel", json_of(r.kernel)},
          {"sampler", json_of(r.sampler)},
          {"radius", json_of(r.radius)},
          {"resolution", json_of(r.resolution)},
          {"bias", json_of(r.bias)},
          {"delta", json_of(r.delta)},
          {"draws", r.draws},
          {"looks", r.looks},
          {"confirmed_by", r.confirmed_by},
          {"reason", r.reason}};
}

ordered_json json_of(const EstimateCheck& c) {
  return {{"contract", json_of(c.contract)},
          {"contract_sha256", c.contract_sha256},
          {"instance", c.instance},
          {"law", c.law},
          {"candidate", json_of(c.candidate)},
          {"verdict", name_of(c.verdict)},
          {"reason", c.reason},
          {"delta", json_of(c.delta)},
          {"hypotheses", c.hypotheses},
          {"rows", list(c.rows)}};
}

}  // namespace

std::string to_json(const Certificate& c) {
  ordered_json document = {{"format", "assay-certificate/1"},
                           {"verdict", name_of(c.verdict)},
                           {"interrupted", c.interrupted},
                           {"assay_version", c.assay_version},
                           {"engines", c.engines},
                           {"environment", object(c.environment)},
                           {"seed", c.seed},
                           {"budget", c.budget},
                           {"deterministic_checks", c.deterministic_checks},
                           {"false_alarm_alpha", json_of(c.false_alarm_alpha)},
                           {"checks", list(c.checks)}};
  if (!c.samplers.empty()) document["samplers"] = list(c.samplers);
  if (!c.estimates.empty()) document["estimates"] = list(c.estimates);
  return engine::json_text(document);
}

}  // namespace assay::contract
