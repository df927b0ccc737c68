// SPDX-License-Identifier: Apache-2.0
// The domain of tuple laws, and distances between laws.
#include "proofs-numeric/subject/tuple_domain.hpp"

#include "proofs-numeric/subject/facts.hpp"

namespace assay::proofs {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

std::vector<Instance> overlapping(const Domain& domain, const Shape& s) {
  if (s.integer("C") != 2 || s.integer("m") != 2) return {};
  const auto r = [](int n, int d) { return Real::ratio(n, d); };
  std::vector<Real> f = {1};
  f.resize(at(2 * s.integer("d")), Real(0));
  f[at(s.integer("d"))] = r(-1, 2);
  std::vector<std::vector<Real>> values = {
      {r(1, 2), r(1, 2)},
      {r(1, 2), r(1, 8), r(1, 8), r(1, 4), r(1, 4), r(1, 8), r(1, 8), r(1, 2)},
      f};
  if (domain.blocks(s).size() > 3) {
    values.push_back({r(1, 3), r(2, 3)});
    values.push_back({r(1, 2), r(1, 2), r(1, 4), r(3, 4)});
  }
  return {point_of(domain, s, values)};
}

}  // namespace

Domain tuples(const TupleOptions& options) {
  std::vector<Shape> shapes;
  struct Size {
    int C, m, d;
  };
  for (const std::string& eta : options.hardenings)
    for (const Size& s : {Size{2, 2, 1}, Size{2, 3, 2}, Size{3, 2, 2}}) {
      if (s.m * s.C > 4 && eta != options.hardenings.front()) continue;  // the larger ones are slow
      shapes.push_back({{{"C", s.C}, {"m", s.m}, {"d", s.d}}, {{"eta", eta}}});
    }
  Domain domain = over(std::move(shapes), [typical = options.typical](const Shape& s) {
    const int classes = s.integer("C"), m = s.integer("m");
    std::vector<Block> blocks = {
        probabilities("lambda", {classes}),
        probabilities("q", {classes, m, m}, BlockKind::exchangeable),
        vectors("f", {m, s.integer("d")}, BlockKind::ball),
    };
    blocks[0].positive = true;
    if (!typical) {
      blocks.push_back(probabilities("r", {classes}));
      blocks.push_back(probabilities("negatives", {classes, m}));
    }
    return blocks;
  });
  if (!options.losses.empty()) {
    std::vector<Shape> with_losses;
    for (const Shape& s : domain.shapes)
      for (const std::string& psi : options.losses) {
        with_losses.push_back(s);
        with_losses.back().choices.emplace_back("psi", psi);
      }
    domain.shapes = std::move(with_losses);
  }
  const Domain bare = domain;
  domain.specials.push_back(
      {"overlapping", [bare](const Shape& s) { return overlapping(bare, s); }});
  return domain;
}

Key both(const Key& a, const Key& b) {
  return {a.size * b.size, [=](const Tuple& t) { return a.of(t) * b.size + b.of(t); }};
}

Key anchor_label(const TupleLaw& law) {
  return {law.classes(), [](const Tuple& t) { return t.y; }};
}

Key anchor_point(const TupleLaw& law) {
  return {law.points(), [](const Tuple& t) { return t.x; }};
}

Key positive_point(const TupleLaw& law) {
  return {law.points(), [](const Tuple& t) { return t.plus; }};
}

Key negative_point(const TupleLaw& law, int which) {
  return {law.points(), [which](const Tuple& t) { return which == 1 ? t.n1 : t.n2; }};
}

Key negative_points(const TupleLaw& law) {
  return both(negative_point(law, 1), negative_point(law, 2));
}

Key nothing() {
  return {1, [](const Tuple&) { return 0; }};
}

Real dependence(const TupleLaw& law, const Key& a, const Key& b, const Key& given) {
  const int n_a = a.size, n_b = b.size, n_g = given.size;
  const std::vector<Real> joint = law.law_of(n_a * n_b * n_g, [&](const Tuple& t) {
    return (a.of(t) * n_b + b.of(t)) * n_g + given.of(t);
  });
  std::vector<Real> of_a(at(n_a * n_g)), of_b(at(n_b * n_g)), of_g(at(n_g));
  for (int n = 0; n < n_a * n_b * n_g; ++n) {
    const Real& p = joint[at(n)];
    const int g = n % n_g, y = n / n_g % n_b, x = n / n_g / n_b;
    of_a[at(x * n_g + g)] += p, of_b[at(y * n_g + g)] += p, of_g[at(g)] += p;
  }
  Real total = 0;
  for (int n = 0; n < n_a * n_b * n_g; ++n) {
    const int g = n % n_g, y = n / n_g % n_b, x = n / n_g / n_b;
    total += abs(joint[at(n)] * of_g[at(g)] - of_a[at(x * n_g + g)] * of_b[at(y * n_g + g)]);
  }
  return total;
}

Real difference(const TupleLaw& law, const Key& a, const Key& b, const Key& given) {
  const Key first = both(a, given), second = both(b, given);
  const std::vector<Real> p = law.law_of(first.size, first.of);
  const std::vector<Real> q = law.law_of(second.size, second.of);
  Real total = 0;
  for (std::size_t n = 0; n < p.size(); ++n) total += abs(p[n] - q[n]);
  return total;
}

}  // namespace assay::proofs
