// SPDX-License-Identifier: Apache-2.0
// Certificates drawn from a small descriptor, and their equality field by field.
#include "random_certificate.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "properties/engine/hash.hpp"
#include "tests/properties/engine/files/file_testing.hpp"

namespace assay::contract::testing {
namespace {

using Random = std::mt19937_64;

std::string text(Random& r) {
  static const char* const pieces[] = {"a", "Z", "\"", "\\", "\n", "/", "~", "é", "→", " ", "7"};
  std::string s;
  for (std::uint64_t n = r() % 6; n-- > 0;) s += pieces[r() % std::size(pieces)];
  return s;
}

double number(Random& r) {
  switch (r() % 4) {
    case 0: return std::bit_cast<double>(r());
    case 1: return static_cast<double>(r() % 100) / 8;
    case 2: return std::bit_cast<double>(r() | 0x7ff0000000000001u);  // a NaN with a payload
    default: return std::numeric_limits<double>::infinity() * (r() % 2 ? 1 : -1);
  }
}

Ends ends(Random& r) {
  double x = number(r), y = number(r);
  if (std::isnan(x)) x = -std::numeric_limits<double>::infinity();
  if (std::isnan(y)) y = std::numeric_limits<double>::infinity();
  return x <= y ? Ends{x, y} : Ends{y, x};
}

template <class Enum>
Enum any(Random& r, int last) {
  return static_cast<Enum>(r() % static_cast<unsigned>(last + 1));
}

std::int64_t count(Random& r) { return static_cast<std::int64_t>(r() >> (1 + r() % 63)); }

template <class Make>
auto several(Random& r, Make make) {
  std::vector<decltype(make(r))> values;
  for (std::uint64_t n = r() % 3; n-- > 0;) values.push_back(make(r));
  return values;
}

Tensor tensor(Random& r) { return engine::testing::random_tensor(r, text(r), true); }
Verdict verdict(Random& r) { return any<Verdict>(r, static_cast<int>(Verdict::unrefuted)); }
Conduct conduct(Random& r) { return any<Conduct>(r, static_cast<int>(Conduct::bad_reply)); }
Dtype dtype(Random& r) { return any<Dtype>(r, static_cast<int>(Dtype::u64)); }
std::string digest(Random& r) { return r() % 4 ? engine::sha256_hex(text(r)) : std::string(); }

engine::CaseDescriptor descriptor(Random& r) { return {text(r), text(r), text(r), r(), r()}; }

engine::Case random_case(Random& r) {
  engine::Case c;
  c.descriptor = descriptor(r);
  c.inputs = several(r, tensor);
  for (std::uint64_t n = r() % 3; n-- > 0;) c.scalars[text(r)] = number(r);
  for (std::uint64_t n = r() % 3; n-- > 0;) c.options[text(r)] = text(r);
  return c;
}

Observation observation(Random& r) {
  return {conduct(r), text(r), several(r, tensor), several(r, tensor), number(r)};
}

Finding finding(Random& r) {
  Finding f;
  f.verdict = verdict(r);
  f.conduct = conduct(r);
  f.share = ends(r);
  f.output = text(r);
  f.element = count(r) - 1;
  f.observed = number(r);
  f.truth = ends(r);
  f.budget = number(r);
  f.tier = text(r);
  f.confirmed_by = text(r);
  f.elements_judged = count(r);
  f.elements_outside_domain = count(r);
  f.vacuous_outputs = several(r, text);
  f.reason = text(r);
  return f;
}

RefutedCase refuted(Random& r) {
  static const char* const roles[] = {"found", "smallest", "worst"};
  return {roles[r() % 3], random_case(r), observation(r), finding(r)};
}

FamilyResult family(Random& r) {
  return {text(r), count(r), count(r), count(r), count(r), count(r), count(r), ends(r)};
}

LawResult law(Random& r) {
  return {text(r),
          count(r),
          count(r),
          count(r),
          count(r),
          count(r),
          static_cast<double>(r() % 1000) / 999,
          text(r)};
}

ViolatedLaw violated_law(Random& r) {
  return {text(r), r(), r() % 2 == 0, random_case(r), several(r, observation), text(r)};
}

Check check(Random& r) {
  Check c;
  c.contract.name = text(r);
  c.contract.version = static_cast<int>(r() >> 33);
  c.contract.operation = any<Operation>(r, 1);
  c.contract.input = dtype(r);
  c.contract.accumulator = dtype(r);
  c.contract.output = dtype(r);
  c.contract.fields = several(r, [](Random& q) { return ContractField{text(q), text(q)}; });
  c.contract_sha256 = digest(r);
  c.candidate = {text(r),      text(r),      text(r), text(r), text(r), several(r, text),
                 r() % 2 == 0, {Dtype::f32}, false,   0,       {}};
  c.verdict = verdict(r);
  c.reason = text(r);
  c.hypotheses = several(r, text);
  c.cases_planned = count(r);
  c.cases_run = count(r);
  c.largest_share = ends(r);
  c.largest_share_where = text(r);
  c.families = several(r, family);
  c.vacuity = several(r, [](Random& q) {
    return VacuityResult{text(q), text(q), count(q), count(q)};
  });
  c.cases = several(r, [](Random& q) {
    return CaseRecord{descriptor(q), digest(q), digest(q), verdict(q), ends(q), text(q)};
  });
  c.refuted = several(r, refuted);
  c.laws = several(r, law);
  c.violated_laws = several(r, violated_law);
  return c;
}

}  // namespace

Certificate random_certificate(std::uint64_t seed) {
  Random r(seed);
  Certificate c;
  c.assay_version = text(r);
  c.engines = several(r, text);
  for (std::uint64_t n = r() % 3; n-- > 0;) c.environment[text(r)] = text(r);
  c.seed = r();
  c.budget = count(r);
  c.deterministic_checks = count(r);
  c.false_alarm_alpha = static_cast<double>(r() % 1000) / 999;
  c.checks = several(r, check);
  c.interrupted = r() % 2 == 0;
  c.verdict = verdict(r);
  return c;
}

Certificate example_certificate() {
  engine::Case input;
  input.descriptor = {"loss/info_nce", "joint-block", "clusters", 3, 42};
  input.inputs = {Tensor::of_floats("a", {1, 2}, {0.6f, 0.8f}),
                  Tensor::of_floats("b", {1, 2}, {0.8f, -0.6f})};
  input.scalars = {{"temperature", 0.5}};
  input.options = {{"directions", "joint-block"}};
  Observation seen;
  seen.conduct = Conduct::returned;
  seen.outputs = {Tensor::of_floats("loss", {}, {0.25f})};
  seen.milliseconds = 0.125;
  Finding finding;
  finding.verdict = Verdict::refuted;
  finding.conduct = Conduct::returned;
  finding.share = {4096, std::numeric_limits<double>::infinity()};
  finding.output = "loss";
  finding.element = 0;
  finding.observed = 0.25;
  finding.truth = {0, 0};
  finding.budget = 0x1p-14;
  finding.tier = "a-priori";
  finding.confirmed_by = "mpfi";
  finding.elements_judged = 1;
  finding.reason = "loss[0] is 0.25, the truth 0 and the budget 6.1e-05";

  Check check;
  check.contract = {"loss/info_nce",
                    1,
                    Operation::forward,
                    Dtype::f32,
                    Dtype::f32,
                    Dtype::f32,
                    {{"directions", "joint-block"}}};
  check.contract_sha256 = engine::sha256_hex(check.contract.canonical_text());
  check.candidate.name = "planted:diagonal_mask_dropped";
  check.candidate.contract = "loss/info_nce";
  check.candidate.backend = "emulator";
  check.verdict = Verdict::refuted;
  check.reason = finding.reason;
  check.hypotheses = {"IEEE 754 arithmetic"};
  check.cases_planned = check.cases_run = 2;
  check.largest_share = finding.share;
  check.largest_share_where = "clusters #3, loss[0]";
  check.families = {{"clusters", 2, 1, 1, 0, 0, 0, finding.share}};
  check.vacuity = {{"loss", "zeros", 2, 1}};
  check.cases = {{{"loss/info_nce", "joint-block", "clusters", 2, 42},
                  sha256_of_case(input),
                  sha256_of_outputs(seen.outputs),
                  Verdict::certified,
                  {0.25, 0.5},
                  ""}};
  check.refuted = {{"found", input, seen, finding}};
  check.laws = {{"permutation", 1, 0, 1, 0, 7, 0.5, "loss[0] is off by 0.25, allowed is 6.1e-05"}};
  check.violated_laws = {{"permutation", 43, true, input, {seen, seen}, check.laws[0].note}};

  Certificate c;
  c.assay_version = "0.1.0";
  c.engines = {"arb", "mpfi"};
  c.environment = {{"compiler", "gcc 12.2"}};
  c.seed = 42;
  c.deterministic_checks = 1;
  c.checks = {check};
  c.verdict = Verdict::refuted;
  return c;
}

namespace {

bool same(double x, double y) {
  return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
}
bool same(const Ends& x, const Ends& y) { return same(x.lo, y.lo) && same(x.hi, y.hi); }
bool same(const Tensor& x, const Tensor& y) {
  return x.name == y.name && x.dtype == y.dtype && x.shape == y.shape && x.strides == y.strides &&
         x.bytes == y.bytes;
}
bool same(const CaseRecord& x, const CaseRecord& y) {
  return x.descriptor == y.descriptor && x.input_sha256 == y.input_sha256 &&
         x.output_sha256 == y.output_sha256 && x.verdict == y.verdict && same(x.share, y.share) &&
         x.note == y.note;
}
bool same(const FamilyResult& x, const FamilyResult& y) {
  return x.name == y.name && x.cases == y.cases && x.certified == y.certified &&
         x.refuted == y.refuted && x.undecided == y.undecided && x.unavailable == y.unavailable &&
         x.vacuous == y.vacuous && same(x.largest_share, y.largest_share);
}
bool same(const VacuityResult& x, const VacuityResult& y) {
  return x.output == y.output && x.trivial_answer == y.trivial_answer && x.tried == y.tried &&
         x.refused == y.refused;
}
bool same(const Finding& x, const Finding& y) {
  return x.verdict == y.verdict && x.conduct == y.conduct && same(x.share, y.share) &&
         x.output == y.output && x.element == y.element && same(x.observed, y.observed) &&
         same(x.truth, y.truth) && same(x.budget, y.budget) && x.tier == y.tier &&
         x.confirmed_by == y.confirmed_by && x.elements_judged == y.elements_judged &&
         x.elements_outside_domain == y.elements_outside_domain &&
         x.vacuous_outputs == y.vacuous_outputs && x.reason == y.reason;
}
bool same(const LawResult& x, const LawResult& y) {
  return x.law == y.law && x.cases == y.cases && x.held == y.held && x.violated == y.violated &&
         x.unavailable == y.unavailable && x.compared == y.compared &&
         same(x.largest_ratio, y.largest_ratio) && x.note == y.note;
}
bool same(const Observation& x, const Observation& y);
bool same(const ViolatedLaw& x, const ViolatedLaw& y);
bool same(const RefutedCase& x, const RefutedCase& y);
bool same(const Check& x, const Check& y);

template <class T>
bool same(const std::vector<T>& x, const std::vector<T>& y) {
  if (x.size() != y.size()) return false;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!same(x[i], y[i])) return false;
  return true;
}

bool same(const engine::Case& x, const engine::Case& y) {
  if (x.scalars.size() != y.scalars.size()) return false;
  for (const auto& [key, value] : x.scalars)
    if (y.scalars.count(key) == 0 || !same(value, y.scalars.at(key))) return false;
  return x.descriptor == y.descriptor && same(x.inputs, y.inputs) && x.options == y.options;
}
bool same(const Observation& x, const Observation& y) {
  return x.conduct == y.conduct && x.detail == y.detail && same(x.outputs, y.outputs) &&
         same(x.repeat, y.repeat) && same(x.milliseconds, y.milliseconds);
}
bool same(const RefutedCase& x, const RefutedCase& y) {
  return x.role == y.role && same(x.input, y.input) && same(x.observation, y.observation) &&
         same(x.finding, y.finding);
}
bool same(const ViolatedLaw& x, const ViolatedLaw& y) {
  return x.law == y.law && x.seed == y.seed && x.by_bits == y.by_bits && same(x.input, y.input) &&
         same(x.observations, y.observations) && x.reason == y.reason;
}
bool same(const CandidateInfo& x, const CandidateInfo& y) {
  return x.name == y.name && x.version == y.version && x.contract == y.contract &&
         x.algorithm == y.algorithm && x.backend == y.backend && x.outputs == y.outputs &&
         x.deterministic == y.deterministic;
}
bool same(const Check& x, const Check& y) {
  return x.contract == y.contract && x.contract_sha256 == y.contract_sha256 &&
         same(x.candidate, y.candidate) && x.verdict == y.verdict && x.reason == y.reason &&
         x.hypotheses == y.hypotheses && x.cases_planned == y.cases_planned &&
         x.cases_run == y.cases_run && same(x.largest_share, y.largest_share) &&
         x.largest_share_where == y.largest_share_where && same(x.families, y.families) &&
         same(x.vacuity, y.vacuity) && same(x.cases, y.cases) && same(x.refuted, y.refuted) &&
         same(x.laws, y.laws) && same(x.violated_laws, y.violated_laws);
}

}  // namespace

bool same(const Certificate& x, const Certificate& y) {
  return x.assay_version == y.assay_version && x.engines == y.engines &&
         x.environment == y.environment && x.seed == y.seed && x.budget == y.budget &&
         x.deterministic_checks == y.deterministic_checks &&
         same(x.false_alarm_alpha, y.false_alarm_alpha) && same(x.checks, y.checks) &&
         x.interrupted == y.interrupted && x.verdict == y.verdict;
}

}  // namespace assay::contract::testing
