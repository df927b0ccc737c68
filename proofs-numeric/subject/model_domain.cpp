// SPDX-License-Identifier: Apache-2.0
// The domain of finite data models: shapes, blocks and points to try first.
#include "proofs-numeric/subject/models.hpp"

namespace assay::proofs {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

Block law(const char* name, std::vector<int> dimensions, BlockKind kind = BlockKind::simplex) {
  Block b;
  b.name = name;
  b.kind = kind;
  b.dimensions = std::move(dimensions);
  return b;
}

std::vector<Block> blocks_of(const ModelOptions& o, const Shape& shape) {
  const int classes = shape.integer("C"), p = shape.integer("p"), d = shape.integer("d");
  std::vector<Block> blocks;
  if (!o.equiprobable) {
    blocks.push_back(law("lambda", {classes}));
    blocks.back().positive = true;
  }
  if (!o.r_is_lambda) blocks.push_back(law("r", {classes}));
  if (p > 1 && o.independent) blocks.push_back(law("s", {classes, p}));
  if (p > 1 && !o.independent) blocks.push_back(law("q", {classes, p, p}, BlockKind::exchangeable));
  if (p > 1 && !o.common_law) blocks.push_back(law("negatives", {classes, p}));
  Block f = law("f", {classes, p, d});
  f.kind = o.representations == Representations::unit_ball     ? BlockKind::ball
           : o.representations == Representations::unit_sphere ? BlockKind::sphere
                                                               : BlockKind::scalar;
  f.low = -2, f.high = 2, f.scaled = true;
  blocks.push_back(std::move(f));
  return blocks;
}

/// Uniform laws, independent anchor and positive, representations as given, [C][p][d].
Instance uniform(const ModelOptions& o, const Shape& shape, std::vector<Real> f,
                 const Real& squared_scale) {
  Instance i{shape, blocks_of(o, shape), Arithmetic::plain()};
  for (Block& b : i.blocks) {
    if (b.name == "f")
      b.values = f, b.squared_scale = squared_scale;
    else
      b.values.assign(b.size(), Real::ratio(1, static_cast<long long>(b.group())));
  }
  return i;
}

using Coordinate = Real (*)(int classes, int y, int a);

/// Every point of class y at the vector with these coordinates.
std::vector<Real> by_class(const Shape& shape, Coordinate coordinate) {
  const int classes = shape.integer("C"), p = shape.integer("p"), d = shape.integer("d");
  std::vector<Real> f;
  f.reserve(at(classes * p * d));
  for (int y = 0; y < classes; ++y)
    for (int x = 0; x < p; ++x)
      for (int a = 0; a < d; ++a) f.push_back(coordinate(classes, y, a));
  return f;
}

std::vector<Instance> simplex(const ModelOptions& o, const Shape& shape) {
  const int classes = shape.integer("C"), d = shape.integer("d");
  if (classes == 2)
    return {uniform(o, shape,
                    by_class(shape, [](int, int y, int a) { return Real(a > 0 ? 0 : 1 - 2 * y); }),
                    1)};
  if (d < classes || o.representations == Representations::unconstrained) return {};
  return {uniform(
      o, shape,
      by_class(shape, [](int c, int y,
                         int a) { return a >= c ? Real(0) : Real(a == y) - Real::ratio(1, c); }),
      Real::ratio(classes, classes - 1))};
}

std::vector<Instance> collapsed(const ModelOptions& o, const Shape& shape) {
  return {uniform(o, shape, by_class(shape, [](int, int, int a) { return Real(a == 0); }), 1)};
}

std::vector<Instance> orthonormal(const ModelOptions& o, const Shape& shape) {
  if (shape.integer("d") < shape.integer("C")) return {};
  return {uniform(o, shape, by_class(shape, [](int, int y, int a) { return Real(a == y); }), 1)};
}

/// The points of every class at e_1 and -e_1 in turn: zero means, x.x^+ as large as the law allows.
std::vector<Instance> spread(const ModelOptions& o, const Shape& shape) {
  const int classes = shape.integer("C"), p = shape.integer("p"), d = shape.integer("d");
  if (p < 2) return {};
  std::vector<Real> f;
  for (int n = 0; n < classes * p; ++n)
    for (int a = 0; a < d; ++a) f.push_back(a > 0 ? 0 : n % p % 2 ? -1 : 1);
  Instance i = uniform(o, shape, std::move(f), 1);
  for (Block& b : i.blocks)
    if (b.name == "q")  // x^+ = x
      for (int n = 0; n < classes * p * p; ++n)
        b.values[at(n)] = n / p % p == n % p ? Real::ratio(1, p) : Real(0);
  return {i};
}

}  // namespace

std::vector<ModelSize> small_sizes() {
  return {{2, 1, 1, 2}, {2, 2, 1, 2}, {3, 1, 3, 2}, {2, 2, 2, 2}, {3, 2, 3, 2}, {4, 1, 4, 3}};
}

std::vector<std::string> convex_increasing() {
  return {"hinge margin=1 over=mean", "linear over=mean", "max",
          "info-nce alpha=1 weight=1/k temperature=1"};
}

std::vector<std::string> strictly_convex_increasing() {
  return {"info-nce alpha=1 weight=1/k temperature=1", "info-nce alpha=1 weight=1 temperature=1"};
}

std::vector<std::string> hardening_functions() {
  return {"polynomial power=1", "exponential beta=5", "max-plus-one", "sum-plus-one power=2"};
}

Domain models(const ModelOptions& options) {
  const std::vector<std::string> none = {"none"};
  const auto& hardenings = options.hardenings.empty() ? none : options.hardenings;
  Domain domain;
  for (const ModelSize& s : options.sizes.empty() ? small_sizes() : options.sizes)
    for (const std::string& psi : options.losses.empty() ? convex_increasing() : options.losses)
      for (const std::string& eta : hardenings)
        domain.shapes.push_back(
            {{{"C", s.C}, {"p", s.p}, {"d", s.d}, {"k", s.k}}, {{"psi", psi}, {"eta", eta}}});
  domain.blocks = [options](const Shape& shape) { return blocks_of(options, shape); };
  const auto special = [&](const char* name, auto make) {
    domain.specials.push_back(
        {name, [options, make](const Shape& shape) { return make(options, shape); }});
  };
  special("simplex", simplex);
  special("collapsed", collapsed);
  special("orthonormal", orthonormal);
  special("spread", spread);
  return domain;
}

}  // namespace assay::proofs
