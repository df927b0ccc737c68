// SPDX-License-Identifier: Apache-2.0
// Claims about single numbers and finite families.
#include "proofs-numeric/subject/facts.hpp"

#include <stdexcept>

namespace assay::proofs {
namespace {

Claim named(Sentence s) {
  Claim c;
  c.id = std::move(s.id);
  c.kind = ClaimKind::figure;
  c.paper = "HN";
  c.place = std::move(s.place);
  c.statement = std::move(s.statement);
  return c;
}

Block block(const char* name, std::vector<int> dimensions, BlockKind kind) {
  Block b;
  b.name = name;
  b.kind = kind;
  b.dimensions = std::move(dimensions);
  return b;
}

}  // namespace

Number number(long long n, long long d) {
  return [=](const Arithmetic& a) { return a(n, d); };
}

Claim fact(Sentence sentence, Relation relation, Number left, Number right) {
  Claim c = named(std::move(sentence));
  c.relation = relation;
  c.domain = single_point();
  c.exhaustive = true;
  c.evaluate = [left = std::move(left), right = std::move(right)](const Instance& i) {
    return Sides{left(i.arithmetic), right(i.arithmetic)};
  };
  return c;
}

Claim printed_value(Sentence sentence, Number value, const std::string& printed, Digits digits) {
  const std::size_t point = printed.find('.');
  if (point == std::string::npos) throw std::invalid_argument("no decimals: " + printed);
  const Real unit = pow(Real::ratio(1, 10), static_cast<int>(printed.size() - point - 1));
  const Real half = unit / 2;
  const Real centre = Real::parse(printed) + (digits == Digits::truncated ? half : Real(0));
  const auto off = [=](const Arithmetic& a) { return abs(value(a) - a(centre)); };
  Claim c = fact(std::move(sentence), Relation::less_or_equal, off,
                 [=](const Arithmetic& a) { return a(half); });
  c.strengthened = [=](const Instance& i) {
    return Sides{off(i.arithmetic) + i.arithmetic(unit), i.arithmetic(half)};
  };
  return c;
}

Claim unavailable(Sentence sentence, std::string needs) {
  Claim c = named(std::move(sentence));
  c.kind = ClaimKind::statement;
  c.unavailable = std::move(needs);
  return c;
}

Claim corrects(Claim claim, std::string parent) {
  claim.kind = ClaimKind::correction;
  claim.parent = std::move(parent);
  return claim;
}

Domain family(std::vector<Shape> shapes) {
  return over(std::move(shapes), [](const Shape&) { return std::vector<Block>(); });
}

Domain family(const char* name, const std::vector<int>& values) {
  std::vector<Shape> shapes;
  for (const int v : values) shapes.push_back({{{name, v}}, {}});
  return family(std::move(shapes));
}

Domain over(std::vector<Shape> shapes, std::function<std::vector<Block>(const Shape&)> blocks) {
  Domain d;
  d.shapes = std::move(shapes);
  d.blocks = std::move(blocks);
  return d;
}

Instance point_of(const Domain& domain, const Shape& shape,
                  const std::vector<std::vector<Real>>& values) {
  Instance i{shape, domain.blocks(shape), Arithmetic::plain()};
  if (values.size() != i.blocks.size()) throw std::invalid_argument("blocks do not fit");
  for (std::size_t n = 0; n < values.size(); ++n) i.blocks[n].values = values[n];
  return i;
}

Block numbers(const char* name, std::vector<int> dimensions, Real low, Real high) {
  Block b = block(name, std::move(dimensions), BlockKind::scalar);
  b.low = std::move(low), b.high = std::move(high);
  return b;
}

Block probabilities(const char* name, std::vector<int> dimensions, BlockKind kind) {
  return block(name, std::move(dimensions), kind);
}

Block vectors(const char* name, std::vector<int> dimensions, BlockKind kind) {
  return block(name, std::move(dimensions), kind);
}

}  // namespace assay::proofs
