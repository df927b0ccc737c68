// SPDX-License-Identifier: Apache-2.0
// Instances: lookups, text, and the constraints of their blocks.
#include "properties/engine/claim/instance.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace assay::engine {
namespace {

constexpr std::array<std::pair<BlockKind, std::string_view>, 6> kinds{{
    {BlockKind::scalar, "scalar"},
    {BlockKind::integer, "integer"},
    {BlockKind::simplex, "simplex"},
    {BlockKind::exchangeable, "exchangeable"},
    {BlockKind::ball, "ball"},
    {BlockKind::sphere, "sphere"},
}};

/// "((1, 0), (-1, 0))" for the dimensions from `axis` on.
std::string nested(const Block& b, std::size_t axis, std::size_t& next) {
  if (axis == b.dimensions.size()) return b.values.at(next++).text();
  std::string text = "(";
  for (int i = 0; i < b.dimensions[axis]; ++i) text += (i ? ", " : "") + nested(b, axis + 1, next);
  return text + ")";
}

Real squared_norm(std::span<const Real> v, const Real& squared_scale) {
  return squared_scale * dot(v, v);
}

std::string violated_group(const Block& b, std::span<const Real> g) {
  const auto not_yes = [](Truth t) { return t != Truth::yes; };
  switch (b.kind) {
    case BlockKind::scalar:
    case BlockKind::integer:
      if (not_yes(less_or_equal(b.low, g[0])) || not_yes(less_or_equal(g[0], b.high)))
        return g[0].text() + " is not in [" + b.low.text() + ", " + b.high.text() + "]";
      if (b.kind == BlockKind::integer && !g[0].is_integer()) return g[0].text() + " is no integer";
      return {};
    case BlockKind::exchangeable: {
      const int p = b.dimensions.back();
      for (int i = 0; i < p; ++i)
        for (int j = 0; j < i; ++j)
          if (equal(g[static_cast<std::size_t>(i * p + j)],
                    g[static_cast<std::size_t>(j * p + i)]) != Truth::yes)
            return "the joint law is not symmetric";
    }
      [[fallthrough]];
    case BlockKind::simplex: {
      for (const Real& x : g)
        if (b.positive ? less(Real(0), x) != Truth::yes : less_or_equal(Real(0), x) != Truth::yes)
          return x.text() + (b.positive ? " is not a positive probability" : " is no probability");
      if (const Real total = sum(g); equal(total, Real(1)) != Truth::yes)
        return "the probabilities sum to " + total.text() + ", not 1";
      return {};
    }
    case BlockKind::ball:
    case BlockKind::sphere: {
      const Real n = squared_norm(g, b.squared_scale);
      const Truth inside =
          b.kind == BlockKind::ball ? less_or_equal(n, Real(1)) : equal(n, Real(1));
      if (inside != Truth::yes)
        return "a vector of squared norm " + n.text() + " is not " +
               (b.kind == BlockKind::ball ? "in the unit ball" : "on the unit sphere");
      return {};
    }
  }
  return {};
}

/// A claim that does not read the scale would take the numbers for a longer vector than was
/// checked.
std::string violated_scale(const Block& b, bool scaled) {
  const Real& s = b.squared_scale;
  if (!s.is_exact() || less(Real(0), s) != Truth::yes)
    return "the squared scale " + s.text() + " is not a positive exact number";
  if (!scaled && equal(s, Real(1)) != Truth::yes)
    return "the claim has no squared scale here, and it is " + s.text();
  return {};
}

/// Files keep names in alphabetic order, claims in theirs.
bool same_shape(const Shape& a, const Shape& b) {
  if (a == b) return true;
  const auto same = [](auto x, auto y) {
    std::sort(x.begin(), x.end()), std::sort(y.begin(), y.end());
    return x == y;
  };
  return same(a.integers, b.integers) && same(a.choices, b.choices);
}

}  // namespace

std::string_view name_of(BlockKind kind) {
  for (const auto& [k, name] : kinds)
    if (k == kind) return name;
  return "?";
}

BlockKind block_kind_of(std::string_view name) {
  for (const auto& [k, n] : kinds)
    if (n == name) return k;
  throw std::invalid_argument("no kind of block is called \"" + std::string(name) + "\"");
}

std::size_t Block::size() const {
  std::size_t n = 1;
  for (const int d : dimensions) n *= static_cast<std::size_t>(d);
  return n;
}

std::size_t Block::group() const {
  if (kind == BlockKind::scalar || kind == BlockKind::integer) return 1;
  const auto last = static_cast<std::size_t>(dimensions.back());
  return kind == BlockKind::exchangeable ? last * last : last;
}

int Shape::integer(std::string_view name) const {
  for (const auto& [n, v] : integers)
    if (n == name) return v;
  throw std::invalid_argument("the instance has no integer \"" + std::string(name) + "\"");
}

const std::string& Shape::choice(std::string_view name) const {
  for (const auto& [n, v] : choices)
    if (n == name) return v;
  throw std::invalid_argument("the instance has no choice \"" + std::string(name) + "\"");
}

Shape Shape::with(std::string_view name, int value) const {
  Shape s = *this;
  for (auto& [n, v] : s.integers)
    if (n == name) return v = value, s;
  s.integers.emplace_back(name, value);
  return s;
}

Shape Shape::with(std::string_view name, std::string_view value) const {
  Shape s = *this;
  for (auto& [n, v] : s.choices)
    if (n == name) return v = value, s;
  s.choices.emplace_back(name, value);
  return s;
}

std::string Shape::text() const {
  std::string text;
  const auto add = [&](const std::string& name, const std::string& value) {
    text += (text.empty() ? "" : ", ") + name + "=" + value;
  };
  for (const auto& [n, v] : integers) add(n, std::to_string(v));
  for (const auto& [n, v] : choices) add(n, v);
  return text;
}

bool Instance::has(std::string_view name) const {
  return std::any_of(blocks.begin(), blocks.end(), [&](const Block& b) { return b.name == name; });
}

const Block& Instance::block(std::string_view name) const {
  for (const Block& b : blocks)
    if (b.name == name) return b;
  throw std::invalid_argument("the instance has no block \"" + std::string(name) + "\"");
}

std::span<const Real> Instance::values(std::string_view name) const { return block(name).values; }

const Real& Instance::scalar(std::string_view name) const {
  const Block& b = block(name);
  if (b.values.size() != 1) throw std::invalid_argument("\"" + b.name + "\" is not one number");
  return b.values.front();
}

Instance Instance::in(const Arithmetic& a) const {
  Instance i = *this;
  i.arithmetic = a;
  for (Block& b : i.blocks) {
    b.squared_scale = a(b.squared_scale);
    for (Real& x : b.values) x = a(x);
  }
  return i;
}

std::vector<long long> Instance::complexity() const {
  long long numbers = 0, bits = 0, sizes = 0;
  for (const auto& [name, value] : shape.integers) sizes += value;
  for (const Block& b : blocks)
    for (const Real& x : b.values) ++numbers, bits += x.complexity();
  return {numbers + sizes, bits};
}

std::string Instance::text() const {
  std::string text = shape.text();
  for (const Block& b : blocks) {
    std::size_t next = 0;
    text += (text.empty() ? "" : "; ") + b.name + " = " + nested(b, 0, next);
    if (equal(b.squared_scale, Real(1)) != Truth::yes)
      text += " sqrt(" + b.squared_scale.text() + ")";
  }
  return text;
}

Domain single_point() {
  Domain d;
  d.shapes = {Shape{}};
  d.blocks = [](const Shape&) { return std::vector<Block>{}; };
  return d;
}

std::string violated_constraint(const Instance& exact, const Domain& domain) {
  const auto same = [&](const Shape& s) { return same_shape(s, exact.shape); };
  if (std::none_of(domain.shapes.begin(), domain.shapes.end(), same))
    return "the shape \"" + exact.shape.text() + "\" is none of those of the claim";
  const std::vector<Block> layout = domain.blocks(exact.shape);
  if (layout.size() != exact.blocks.size())
    return std::to_string(exact.blocks.size()) + " blocks instead of " +
           std::to_string(layout.size());
  for (std::size_t n = 0; n < layout.size(); ++n) {
    Block b = exact.blocks[n];
    const Block& expected = layout[n];
    if (b.name != expected.name || b.kind != expected.kind || b.dimensions != expected.dimensions)
      return "block " + std::to_string(n) + ": \"" + b.name + "\" is not the " +
             std::string(name_of(expected.kind)) + " \"" + expected.name + "\" of the claim";
    if (b.values.size() != b.size()) return b.name + ": not as many numbers as its dimensions say";
    if (const std::string why = violated_scale(b, expected.scaled); !why.empty())
      return b.name + ": " + why;
    b.low = expected.low, b.high = expected.high, b.positive = expected.positive;
    for (const Real& x : b.values)
      if (!x.is_exact()) return b.name + ": " + x.text() + " is not exact";
    for (std::size_t at = 0; at < b.values.size(); at += b.group())
      if (const std::string why = violated_group(b, std::span(b.values).subspan(at, b.group()));
          !why.empty())
        return b.name + ": " + why;
  }
  return {};
}

}  // namespace assay::engine
