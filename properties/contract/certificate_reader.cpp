// SPDX-License-Identifier: Apache-2.0
// Certificates as JSON, format assay-certificate/1: the reading half. Strict: what is read here is
// exactly what the schema in docs/schema/certificate-1.schema.json describes, and the bytes agree.
#include <algorithm>
#include <limits>

#include "properties/contract/certificate.hpp"
#include "properties/engine/files/json_reader.hpp"
#include "properties/engine/files/json_text.hpp"
#include "properties/engine/files/tensor_json.hpp"
#include "properties/engine/files/text.hpp"

namespace assay::contract {
namespace {

using engine::in_quotes;
using engine::JsonReader;

template <class T, class Read>
std::vector<T> list(const JsonReader& reader, Read read) {
  std::vector<T> values;
  for (const JsonReader& item : reader.items()) values.push_back(read(item));
  return values;
}

// A word looked up in a table of words, such as `verdict_named`.
template <class Lookup>
auto word(const JsonReader& reader, const char* what, Lookup lookup) {
  const std::string text = reader.string();
  const auto value = lookup(text);
  if (!value) reader.fail("unknown " + std::string(what) + " " + in_quotes(text));
  return *value;
}

Verdict verdict(const JsonReader& r) { return word(r, "verdict", verdict_named); }
Conduct conduct(const JsonReader& r) { return word(r, "conduct", conduct_named); }
Dtype dtype(const JsonReader& r) { return word(r, "dtype", dtype_named); }

std::optional<Operation> operation_named(std::string_view text) {
  for (Operation op : {Operation::forward, Operation::backward})
    if (name_of(op) == text) return op;
  return std::nullopt;
}

ContractField field(const JsonReader& r) {
  r.object({"key", "value"});
  return {r.at("key").string(), r.at("value").string()};
}

Contract contract(const JsonReader& r) {
  r.object({"name", "version", "operation", "input", "accumulator", "output", "fields"});
  Contract c;
  c.name = r.at("name").string();
  const std::int64_t version = r.at("version").count();
  if (version > std::numeric_limits<int>::max()) r.at("version").fail("is too large");
  c.version = static_cast<int>(version);
  c.operation = word(r.at("operation"), "operation", operation_named);
  c.input = dtype(r.at("input"));
  c.accumulator = dtype(r.at("accumulator"));
  c.output = dtype(r.at("output"));
  c.fields = list<ContractField>(r.at("fields"), field);
  return c;
}

CandidateInfo candidate(const JsonReader& r) {
  r.object({"name", "version", "contract", "algorithm", "backend", "outputs", "deterministic"});
  CandidateInfo info;
  info.name = r.at("name").string();
  info.version = r.at("version").string();
  info.contract = r.at("contract").string();
  info.algorithm = r.at("algorithm").string();
  info.backend = r.at("backend").string();
  info.outputs = r.at("outputs").strings();
  info.deterministic = r.at("deterministic").boolean();
  return info;
}

engine::CaseDescriptor descriptor(const JsonReader& r) {
  r.object({"contract", "instance", "family", "index", "seed"});
  return {r.at("contract").string(), r.at("instance").string(), r.at("family").string(),
          r.at("index").u64(), r.at("seed").u64()};
}

engine::Case exact_case(const JsonReader& r) {
  r.object({"descriptor", "inputs", "scalars", "options"});
  engine::Case c;
  c.descriptor = descriptor(r.at("descriptor"));
  c.inputs = list<Tensor>(r.at("inputs"), engine::tensor_from);
  for (const auto& [key, value] : r.at("scalars").members()) c.scalars[key] = value.number();
  for (const auto& [key, value] : r.at("options").members()) c.options[key] = value.string();
  return c;
}

Observation observation(const JsonReader& r) {
  r.object({"conduct", "detail", "outputs", "repeat", "milliseconds"});
  Observation o;
  o.conduct = conduct(r.at("conduct"));
  o.detail = r.at("detail").string();
  o.outputs = list<Tensor>(r.at("outputs"), engine::tensor_from);
  o.repeat = list<Tensor>(r.at("repeat"), engine::tensor_from);
  o.milliseconds = r.at("milliseconds").number();
  return o;
}

Finding finding(const JsonReader& r) {
  r.object({"verdict", "conduct", "share", "output", "element", "observed", "truth", "budget",
            "tier", "confirmed_by", "elements_judged", "elements_outside_domain", "vacuous_outputs",
            "reason"});
  Finding f;
  f.verdict = verdict(r.at("verdict"));
  f.conduct = conduct(r.at("conduct"));
  f.share = r.at("share").ends();
  f.output = r.at("output").string();
  f.element = r.at("element").i64();
  if (f.element < -1) r.at("element").fail("an element is counted from 0; -1 stands for none");
  f.observed = r.at("observed").number();
  f.truth = r.at("truth").ends();
  f.budget = r.at("budget").number();
  f.tier = r.at("tier").string();
  f.confirmed_by = r.at("confirmed_by").string();
  f.elements_judged = r.at("elements_judged").count();
  f.elements_outside_domain = r.at("elements_outside_domain").count();
  f.vacuous_outputs = r.at("vacuous_outputs").strings();
  f.reason = r.at("reason").string();
  return f;
}

RefutedCase refuted_case(const JsonReader& r) {
  r.object({"role", "case", "observation", "finding"});
  const std::string role = r.at("role").string();
  if (role != "found" && role != "smallest" && role != "worst" && role != "modelled")
    r.at("role").fail("unknown role " + in_quotes(role));
  return {role, exact_case(r.at("case")), observation(r.at("observation")),
          finding(r.at("finding"))};
}

CaseRecord case_record(const JsonReader& r) {
  r.object({"descriptor", "verdict", "share", "input_sha256", "output_sha256", "note"});
  CaseRecord record;
  record.descriptor = descriptor(r.at("descriptor"));
  record.verdict = verdict(r.at("verdict"));
  record.share = r.at("share").ends();
  record.input_sha256 = r.at("input_sha256").sha256_or_empty();
  record.output_sha256 = r.at("output_sha256").sha256_or_empty();
  record.note = r.at("note").string();
  return record;
}

FamilyResult family(const JsonReader& r) {
  r.object({"name", "cases", "certified", "refuted", "undecided", "unavailable", "vacuous",
            "largest_share"});
  FamilyResult f;
  f.name = r.at("name").string();
  f.cases = r.at("cases").count();
  f.certified = r.at("certified").count();
  f.refuted = r.at("refuted").count();
  f.undecided = r.at("undecided").count();
  f.unavailable = r.at("unavailable").count();
  f.vacuous = r.at("vacuous").count();
  f.largest_share = r.at("largest_share").ends();
  return f;
}

VacuityResult vacuity(const JsonReader& r) {
  r.object({"output", "trivial_answer", "tried", "refused"});
  return {r.at("output").string(), r.at("trivial_answer").string(), r.at("tried").count(),
          r.at("refused").count()};
}

ModelledResult modelled(const JsonReader& r) {
  r.object({"hypothesis", "largest_share", "where", "exceeded", "fresh", "confirmed"});
  return {r.at("hypothesis").string(), r.at("largest_share").ends(), r.at("where").string(),
          r.at("exceeded").count(),    r.at("fresh").count(),        r.at("confirmed").count()};
}

LawResult law_result(const JsonReader& r) {
  r.object(
      {"law", "cases", "held", "violated", "unavailable", "compared", "largest_ratio", "note"});
  return {r.at("law").string(),           r.at("cases").count(),       r.at("held").count(),
          r.at("violated").count(),       r.at("unavailable").count(), r.at("compared").count(),
          r.at("largest_ratio").finite(), r.at("note").string()};
}

ViolatedLaw violated_law(const JsonReader& r) {
  r.object({"law", "seed", "by_bits", "case", "observations", "reason"});
  return {r.at("law").string(),
          r.at("seed").u64(),
          r.at("by_bits").boolean(),
          exact_case(r.at("case")),
          list<Observation>(r.at("observations"), observation),
          r.at("reason").string()};
}

Check check(const JsonReader& r) {
  r.object({"contract", "contract_sha256", "candidate", "verdict", "reason", "hypotheses",
            "cases_planned", "cases_run", "largest_share", "largest_share_where", "families",
            "vacuity", "refuted", "cases"},
           {"modelled", "laws", "violated_laws"});
  Check c;
  c.contract = contract(r.at("contract"));
  c.contract_sha256 = r.at("contract_sha256").sha256_or_empty();
  c.candidate = candidate(r.at("candidate"));
  c.verdict = verdict(r.at("verdict"));
  c.reason = r.at("reason").string();
  c.hypotheses = r.at("hypotheses").strings();
  c.cases_planned = r.at("cases_planned").count();
  c.cases_run = r.at("cases_run").count();
  c.largest_share = r.at("largest_share").ends();
  c.largest_share_where = r.at("largest_share_where").string();
  if (r.has("modelled")) c.modelled = modelled(r.at("modelled"));  // younger than the schema
  c.families = list<FamilyResult>(r.at("families"), family);
  c.vacuity = list<VacuityResult>(r.at("vacuity"), vacuity);
  c.refuted = list<RefutedCase>(r.at("refuted"), refuted_case);
  c.cases = list<CaseRecord>(r.at("cases"), case_record);
  if (r.has("laws")) c.laws = list<LawResult>(r.at("laws"), law_result);
  if (r.has("violated_laws"))
    c.violated_laws = list<ViolatedLaw>(r.at("violated_laws"), violated_law);
  return c;
}

double probability(const JsonReader& r) {
  const double p = r.finite();
  if (p < 0 || p > 1) r.fail("expected a probability");
  return p;
}

SamplerRow sampler_row(const JsonReader& r) {
  r.object({"descriptor", "columns", "verdict", "grade", "by", "epsilon", "delta",
            "total_variation", "evaluations", "mismatches", "undecided", "unreachable",
            "unreachable_mass", "floor_of_any_map", "floor_of_thresholds", "assumptions", "reason"},
           {"distance", "tolerance"});
  SamplerRow row;
  row.descriptor = descriptor(r.at("descriptor"));
  row.columns = r.at("columns").count();
  row.verdict = verdict(r.at("verdict"));
  row.grade = word(r.at("grade"), "grade", sampler_grade_lettered);
  row.by = r.at("by").string();
  row.epsilon = probability(r.at("epsilon"));
  row.delta = probability(r.at("delta"));
  row.tv = r.at("total_variation").ends();
  if (r.has("distance")) row.distance = r.at("distance").string();
  if (r.has("tolerance")) row.tolerance = probability(r.at("tolerance"));
  row.evaluations = r.at("evaluations").count();
  row.mismatches = r.at("mismatches").count();
  row.undecided = r.at("undecided").count();
  row.unreachable = r.at("unreachable").count();
  row.unreachable_mass = r.at("unreachable_mass").ends();
  row.floor_of_any_map = probability(r.at("floor_of_any_map"));
  row.floor_of_thresholds = r.at("floor_of_thresholds").finite();
  row.assumptions = r.at("assumptions").strings();
  row.reason = r.at("reason").string();
  return row;
}

SamplerRuleResult sampler_rule(const JsonReader& r) {
  r.object({"rule", "verdict", "alpha", "draws", "detail"});
  return {r.at("rule").string(), verdict(r.at("verdict")), probability(r.at("alpha")),
          r.at("draws").count(), r.at("detail").string()};
}

SamplerCheck sampler_check(const JsonReader& r) {
  r.object({"contract", "contract_sha256", "instance", "law", "candidate", "verdict", "reason",
            "epsilon_asked", "delta", "alpha", "rows", "rules"});
  SamplerCheck c;
  c.contract = contract(r.at("contract"));
  c.contract_sha256 = r.at("contract_sha256").sha256_or_empty();
  c.instance = r.at("instance").string();
  c.law = r.at("law").string();
  c.candidate = candidate(r.at("candidate"));
  c.verdict = verdict(r.at("verdict"));
  c.reason = r.at("reason").string();
  c.epsilon_asked = probability(r.at("epsilon_asked"));
  c.delta = probability(r.at("delta"));
  c.alpha = probability(r.at("alpha"));
  c.rows = list<SamplerRow>(r.at("rows"), sampler_row);
  c.rules = list<SamplerRuleResult>(r.at("rules"), sampler_rule);
  return c;
}

EstimateRow estimate_row(const JsonReader& r) {
  r.object({"descriptor", "points", "negatives", "verdict", "expectation", "unhardened", "range",
            "mean", "kernel", "sampler", "radius", "resolution", "bias", "delta", "draws", "looks",
            "confirmed_by", "reason"});
  EstimateRow row;
  row.descriptor = descriptor(r.at("descriptor"));
  row.points = r.at("points").count();
  row.negatives = r.at("negatives").count();
  row.verdict = verdict(r.at("verdict"));
  row.expectation = r.at("expectation").ends();
  row.unhardened = r.at("unhardened").finite();
  row.range = r.at("range").ends();
  row.mean = r.at("mean").ends();
  row.kernel = r.at("kernel").finite();
  row.sampler = r.at("sampler").finite();
  row.radius = r.at("radius").finite();
  row.resolution = r.at("resolution").finite();
  row.bias = r.at("bias").finite();
  row.delta = probability(r.at("delta"));
  row.draws = r.at("draws").count();
  const std::int64_t looks = r.at("looks").count();
  if (looks > 64) r.at("looks").fail("is too large");
  row.looks = static_cast<int>(looks);
  row.confirmed_by = r.at("confirmed_by").string();
  row.reason = r.at("reason").string();
  return row;
}

EstimateCheck estimate_check(const JsonReader& r) {
  r.object({"contract", "contract_sha256", "instance", "law", "candidate", "verdict", "reason",
            "delta", "hypotheses", "rows"});
  EstimateCheck c;
  c.contract = contract(r.at("contract"));
  c.contract_sha256 = r.at("contract_sha256").sha256_or_empty();
  c.instance = r.at("instance").string();
  c.law = r.at("law").string();
  c.candidate = candidate(r.at("candidate"));
  c.verdict = verdict(r.at("verdict"));
  c.reason = r.at("reason").string();
  c.delta = probability(r.at("delta"));
  c.hypotheses = r.at("hypotheses").strings();
  c.rows = list<EstimateRow>(r.at("rows"), estimate_row);
  return c;
}

// Before the fields: a later version has other fields, and the version is what to complain about.
void check_format(const JsonReader& r) {
  const JsonReader format = r.at("format");
  const std::string text = format.string();
  if (text == "assay-certificate/1") return;
  if (text.rfind("assay-certificate/", 0) == 0)
    format.fail("schema " + in_quotes(text) + " is not known to this program; it reads version 1");
  format.fail("expected a certificate, found " + in_quotes(text));
}

}  // namespace

Certificate certificate_from_json(const std::string& text, const std::string& source) {
  constexpr std::size_t depth = 16;  // the format itself nests 8 deep
  const nlohmann::json document = engine::parse_json(text, source, "", depth);
  const JsonReader r(document, source);
  check_format(r);
  r.object({"format", "verdict", "interrupted", "assay_version", "engines", "environment", "seed",
            "budget", "deterministic_checks", "false_alarm_alpha", "checks"},
           {"samplers", "estimates"});
  Certificate c;
  c.verdict = verdict(r.at("verdict"));
  c.interrupted = r.at("interrupted").boolean();
  c.assay_version = r.at("assay_version").string();
  c.engines = r.at("engines").strings();
  for (const auto& [key, value] : r.at("environment").members())
    c.environment[key] = value.string();
  c.seed = r.at("seed").u64();
  c.budget = r.at("budget").count();
  c.deterministic_checks = r.at("deterministic_checks").count();
  c.false_alarm_alpha = r.at("false_alarm_alpha").finite();
  if (c.false_alarm_alpha < 0 || c.false_alarm_alpha > 1)
    r.at("false_alarm_alpha").fail("expected a probability");
  c.checks = list<Check>(r.at("checks"), check);
  if (r.has("samplers")) c.samplers = list<SamplerCheck>(r.at("samplers"), sampler_check);
  if (r.has("estimates")) c.estimates = list<EstimateCheck>(r.at("estimates"), estimate_check);
  return c;
}

}  // namespace assay::contract
