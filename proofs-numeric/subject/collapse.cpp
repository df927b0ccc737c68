// SPDX-License-Identifier: Apache-2.0
// Collapsed maps: domains and models.
#include "proofs-numeric/subject/collapse.hpp"

namespace assay::proofs {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

Block block(const char* name, BlockKind kind, std::vector<int> dimensions) {
  Block b;
  b.name = name;
  b.kind = kind;
  b.dimensions = std::move(dimensions);
  return b;
}

/// Uniform laws, the mirror at e_1, idle points at 0.
std::vector<Instance> plain_frame(const Domain& domain, const Shape& shape) {
  Instance i{shape, domain.blocks(shape), Arithmetic::plain()};
  for (Block& b : i.blocks) {
    b.values.assign(b.size(), Real(0));
    if (b.name == "mirror")
      b.values[0] = 1;
    else if (b.kind == BlockKind::simplex || b.kind == BlockKind::exchangeable)
      b.values.assign(b.size(), Real::ratio(1, static_cast<long long>(b.group())));
    else if (b.name == "diagonal")
      b.values.assign(b.size(), Real(1));
  }
  return {i};
}

std::vector<Block> frame_blocks(const ModelOptions& o, const Shape& shape) {
  const int c = shape.integer("C"), p = shape.integer("p"), d = shape.integer("d");
  std::vector<Block> blocks;
  if (!o.equiprobable) {
    blocks.push_back(block("lambda", BlockKind::simplex, {c}));
    blocks.back().positive = true;
  }
  if (p > 1) blocks.push_back(block("q", BlockKind::exchangeable, {c, p, p}));
  if (p > 1 && !o.common_law) blocks.push_back(block("negatives", BlockKind::simplex, {c, p}));
  blocks.push_back(block("mirror", BlockKind::sphere, {d}));
  if (shape.integer("idle") > 0) blocks.push_back(block("idle", BlockKind::ball, {c, d}));
  return blocks;
}

std::vector<Real> numbers(const Instance& i, const char* name) {
  const auto v = i.values(name);
  return {v.begin(), v.end()};
}

/// Vertex y of the simplex frame of C vectors (times sqrt((C-1)/C), or +-e_1 for C = 2), mirrored.
std::vector<Real> vertex(const Instance& i, int classes, int d, int y) {
  std::vector<Real> v(at(d), i.number(0));
  for (int a = 0; a < d; ++a)
    if (classes == 2)
      v[at(a)] = i.number(a > 0 ? 0 : 1 - 2 * y);
    else if (a < classes)
      v[at(a)] = i.number(a == y) - i.number(1, classes);
  const auto mirror = i.values("mirror");
  const Real t = 2 * dot(mirror, v) / dot(mirror, mirror);
  for (int a = 0; a < d; ++a) v[at(a)] -= t * mirror[at(a)];
  return v;
}

FiniteModel frame_model(const Instance& i) {
  const int c = i.integer("C"), live = i.integer("p"), d = i.integer("d");
  const int p = live + i.integer("idle");
  FiniteModel m;
  m.classes = c, m.points = p, m.dimension = d;
  m.class_probabilities =
      i.has("lambda") ? numbers(i, "lambda") : std::vector<Real>(at(c), i.number(1, c));
  m.negative_class_probabilities = m.class_probabilities;
  m.squared_scale = c == 2 ? i.number(1) : i.number(c, c - 1);
  m.joint.assign(at(c * p * p), i.number(0));
  m.negative_law.assign(at(c * p), i.number(0));
  const std::vector<Real> q = live > 1 ? numbers(i, "q") : std::vector<Real>(at(c), i.number(1));
  for (int y = 0; y < c; ++y) {
    for (int x = 0; x < live; ++x)
      for (int plus = 0; plus < live; ++plus) {
        m.q(y, x, plus) = q[at((y * live + x) * live + plus)];
        m.s(y, x) += m.q(y, x, plus);
      }
    if (i.has("negatives"))
      for (int x = 0; x < live; ++x) m.s(y, x) = i.values("negatives")[at(y * live + x)];
    const std::vector<Real> v = vertex(i, c, d, y);
    for (int x = 0; x < live; ++x) m.embeddings.insert(m.embeddings.end(), v.begin(), v.end());
    if (p > live)  // halved, so that it is in the ball whatever the scale of the frame
      for (int a = 0; a < d; ++a) m.embeddings.push_back(i.values("idle")[at(y * d + a)] / 2);
  }
  return m;
}

/// mu_j . mu_l = -1/(C-1) determines coordinate l of mu_j for l < j, one after the other.
Matrix triangular_means(const Instance& i) {
  const int c = i.integer("C");
  const auto a = i.values("diagonal");
  Matrix mu(at(c), std::vector<Real>(at(c), i.number(0)));
  for (int j = 0; j < c; ++j) {
    for (int l = 0; l < j; ++l) {
      Real rest = i.number(-1, c - 1);
      for (int n = 0; n < l; ++n) rest -= mu[at(j)][at(n)] * mu[at(l)][at(n)];
      mu[at(j)][at(l)] = rest / a[at(l)];
    }
    mu[at(j)][at(j)] = a[at(j)];
  }
  return mu;
}

FiniteModel triangular_model(const Instance& i) {
  const int c = i.integer("C"), p = i.integer("p");
  FiniteModel m;
  m.classes = c, m.points = p, m.dimension = c;
  m.class_probabilities.assign(at(c), i.number(1, c));
  m.negative_class_probabilities = m.class_probabilities;
  m.squared_scale = i.number(1);
  m.joint.assign(at(c * p * p), i.number(1, p * p));
  m.negative_law.assign(at(c * p), i.number(1, p));
  const Matrix mu = triangular_means(i);
  for (int y = 0; y < c; ++y)
    for (int x = 0; x < p; ++x)
      for (int a = 0; a < c; ++a) {
        Real f = mu[at(y)][at(a)];
        if (p > 1) f += (1 - 2 * x) * i.values("offsets")[at(y * c + a)];
        m.embeddings.push_back(f);
      }
  return m;
}

Domain with_shapes(const ModelOptions& options, bool frames) {
  ModelOptions o = options;
  const Domain usual = models(o);
  Domain domain;
  for (const Shape& s : usual.shapes) {
    const int c = s.integer("C"), d = s.integer("d"), p = s.integer("p");
    if (frames ? c > 2 && d < c : p > 2 || d != c) continue;
    domain.shapes.push_back(s.with("idle", 0));
    if (frames && p > 1) domain.shapes.push_back(s.with("p", p - 1).with("idle", 1));
  }
  return domain;
}

}  // namespace

Domain simplex_maps(const ModelOptions& options) {
  Domain domain = with_shapes(options, true);
  domain.blocks = [options](const Shape& shape) { return frame_blocks(options, shape); };
  domain.specials.push_back(
      {"simplex", [domain](const Shape& shape) { return plain_frame(domain, shape); }});
  return domain;
}

Domain equal_product_means(const ModelOptions& options) {
  Domain domain = with_shapes(options, false);
  domain.blocks = [](const Shape& shape) {
    Block a = block("diagonal", BlockKind::scalar, {shape.integer("C")});
    a.low = Real::ratio(1, 4), a.high = 2;
    std::vector<Block> blocks = {a};
    if (shape.integer("p") > 1)
      blocks.push_back(
          block("offsets", BlockKind::scalar, {shape.integer("C"), shape.integer("d")}));
    return blocks;
  };
  domain.specials.push_back(
      {"unit diagonal", [domain](const Shape& shape) { return plain_frame(domain, shape); }});
  return domain;
}

FiniteModel map_model(const Instance& i) {
  if (i.has("mirror")) return frame_model(i);
  if (i.has("diagonal")) return triangular_model(i);
  return model_of(i);
}

Real map_loss(const Instance& i, Law law) {
  return expected_loss(map_model(i), law, loss_of(i), hardening_of(i), negatives_of(i),
                       reference::Way::automatic);
}

Real map_loss_second_way(const Instance& i, Law law) {
  return expected_loss(map_model(i), law, loss_of(i), hardening_of(i), negatives_of(i),
                       reference::Way::enumeration);
}

Hypothesis on_map(Hypothesis h, Truth (*holds)(const FiniteModel&)) {
  h.holds = [holds](const Instance& i) { return holds(map_model(i)); };
  return h;
}

Hypothesis map_equiprobable(std::optional<Domain> dropped) {
  return on_map(equiprobable_classes(std::move(dropped)), reference::is_equiprobable);
}

Hypothesis map_unit_ball(std::optional<Domain> dropped) {
  return on_map(unit_ball(std::move(dropped)), reference::in_unit_ball);
}

Hypothesis map_common_law(std::optional<Domain> dropped) {
  return on_map(common_conditional_law(std::move(dropped)), reference::has_common_law);
}

Hypothesis map_equal_products(std::optional<Domain> dropped) {
  return on_map(equal_inner_products(std::move(dropped)), reference::means_form_simplex);
}

}  // namespace assay::proofs
