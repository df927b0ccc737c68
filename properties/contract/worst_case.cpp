// SPDX-License-Identifier: Apache-2.0
// Worst-case claims about candidates.
#include "properties/contract/worst_case.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "core/float_format.hpp"
#include "core/tensor.hpp"
#include "properties/contract/judge.hpp"
#include "properties/contract/law.hpp"
#include "properties/engine/claim/trial.hpp"

namespace assay::contract {
namespace {

using engine::Block;
using engine::Case;
using engine::Instance;
using engine::Real;
using engine::Shape;

bool is_floating(const Tensor& t) {
  return t.dtype == Dtype::f32 || t.dtype == Dtype::f64 || t.dtype == Dtype::f16 ||
         t.dtype == Dtype::bf16;
}

std::string name_of_case(const Case& c) {
  return c.descriptor.family + " #" + std::to_string(c.descriptor.index);
}

const Case& base_of(const Shape& shape, const std::vector<Case>& cases) {
  for (const Case& c : cases)
    if (name_of_case(c) == shape.choice("case")) return c;
  throw std::invalid_argument("no case is called \"" + shape.choice("case") + "\"");
}

/// Twice the largest magnitude of the tensor, at least 1, as a power of two.
Real reach_of(const Tensor& t) {
  double largest = 0.5;
  for (std::int64_t n = 0; n < t.count(); ++n)
    if (const double x = value_at(t, n); std::isfinite(x)) largest = std::max(largest, std::abs(x));
  return Real::exactly(std::ldexp(1.0, std::ilogb(largest) + 2));
}

std::vector<Block> blocks_of(const Case& c) {
  std::vector<Block> blocks;
  for (const Tensor& t : c.inputs) {
    if (!is_floating(t)) continue;
    Block b;
    b.name = t.name;
    for (const std::int64_t n : t.shape) b.dimensions.push_back(static_cast<int>(n));
    b.high = reach_of(t);
    b.low = -b.high;
    blocks.push_back(std::move(b));
  }
  return blocks;
}

/// The case itself as an instance; none where an element is not finite.
std::vector<Instance> as_it_is(const Case& c, const Shape& shape) {
  Instance i{shape, blocks_of(c), engine::Arithmetic::plain()};
  for (Block& b : i.blocks)
    for (std::int64_t n = 0; n < c.input(b.name).count(); ++n) {
      const double x = value_at(c.input(b.name), n);
      if (!std::isfinite(x)) return {};
      b.values.push_back(Real::exactly(x));
    }
  return {i};
}

engine::TrialReport judged(const Finding& f) {
  engine::TrialReport r;
  r.sign = f.verdict == Verdict::refuted     ? engine::Sign::violated
           : f.verdict == Verdict::certified ? engine::Sign::holds
           : f.verdict == Verdict::undecided ? engine::Sign::open
                                             : engine::Sign::failed;
  r.why = f.reason;
  if (f.share.lo <= f.share.hi && std::isfinite(f.share.hi)) {
    const reference::Interval share = reference::Interval::between(f.share.lo, f.share.hi);
    r.margin = reference::Interval::between(1 - f.share.hi, std::nextafter(1 - f.share.lo, 2.0));
    r.left_text = "share " + share.to_string(4);
    r.margin_text = r.margin.to_string(4);
  }
  r.right_text = "1";
  r.confirmation = f.confirmed_by.empty() ? f.tier : f.tier + "; again on " + f.confirmed_by;
  return r;
}

}  // namespace

bool is_contract(const std::string& name) {
  const auto& all = columns();
  return std::any_of(all.begin(), all.end(), [&](const Column* c) {
    return name == c->name() || name.starts_with(c->name() + ":");
  });
}

std::vector<Case> small_cases(const Column& column, const std::string& instance, std::uint64_t seed,
                              std::int64_t largest) {
  std::vector<Case> cases;
  std::set<std::string> families;
  for (const engine::CaseDescriptor& d : planned_cases(column, instance, seed)) {
    if (families.count(d.family) > 0) continue;
    Case c = column.make_case(d);
    std::int64_t elements = 0;
    for (const Tensor& t : c.inputs)
      if (is_floating(t)) elements += t.count();
    const bool dense = std::all_of(c.inputs.begin(), c.inputs.end(),
                                   [](const Tensor& t) { return t.is_contiguous(); });
    if (elements == 0 || elements > largest || !dense) continue;
    families.insert(d.family);
    cases.push_back(std::move(c));
  }
  return cases;
}

Case case_of(const Instance& instance, const std::vector<Case>& cases) {
  Case c = base_of(instance.shape, cases);
  c.descriptor.family = "searched";
  for (Tensor& t : c.inputs) {
    if (!is_floating(t)) continue;
    const auto values = instance.values(t.name);
    Tensor made = Tensor::contiguous(t.name, t.dtype, t.shape);
    for (std::int64_t n = 0; n < made.count(); ++n)
      set_element(made, n, values[static_cast<std::size_t>(n)].approximate());
    t = std::move(made);
  }
  return c;
}

engine::Claim worst_case_claim(const Column& column, const std::string& instance,
                               std::shared_ptr<Candidate> candidate, std::vector<Case> cases) {
  const auto finding = [&column, candidate, cases](const Instance& i, bool confirm) {
    return agrees_with_truth(column, *candidate, case_of(i, cases), Ladder{.confirm = confirm})
        .finding;
  };
  engine::Claim claim;
  claim.id = column.name() + ":" + instance + "/" + candidate->info().name;
  claim.paper = column.name();
  claim.place = instance;
  claim.statement = "the largest share of the budget is at most 1";
  claim.relation = engine::Relation::less_or_equal;
  for (const Case& c : cases) claim.domain.shapes.push_back({{}, {{"case", name_of_case(c)}}});
  claim.domain.blocks = [cases](const Shape& shape) { return blocks_of(base_of(shape, cases)); };
  claim.domain.specials = {
      {"as it is", [cases](const Shape& shape) { return as_it_is(base_of(shape, cases), shape); }}};
  claim.evaluate = [finding](const Instance& i) {
    const Finding f = finding(i, false);
    if (f.verdict == Verdict::unavailable) throw std::runtime_error(f.reason);
    return engine::Sides{Real::plain(f.share.hi), Real(1)};
  };
  claim.decide = [finding](const Instance& i) { return judged(finding(i, true)); };
  return claim;
}

}  // namespace assay::contract
