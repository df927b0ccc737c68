// SPDX-License-Identifier: Apache-2.0
// CLOP, Lemma 1: are complete and co-linear collapse local minima of InfoNCE?
#include "proofs-numeric/clop/clop.hpp"
#include "proofs-numeric/subject/vectors.hpp"

namespace assay::proofs {
namespace {

constexpr const char* lemma_place = "Lemma 1; Section 3; Appendix C";

/// n points of the circle at distance at most 1/1000 of +-e_1: "t" [sets, n] in [-1, 1].
Domain nearby(const std::vector<int>& counts, int sets) {
  Domain d;
  for (const int n : counts) d.shapes.push_back(Shape{{{"I", n}}, {}});
  d.blocks = [sets](const Shape& s) {
    Block t = number_block("t", -1, 1);
    t.dimensions = {sets, s.integer("I")};
    return std::vector<Block>{t, temperature_block()};
  };
  // Equality where nothing moves; the points of each pair pulled apart.
  const auto special = [&](const char* name, int by) {
    d.specials.push_back({name, [blocks = d.blocks, by](const Shape& s) {
                            Instance i{s, blocks(s), Arithmetic::plain()};
                            for (std::size_t n = 0; n < i.blocks[0].size(); ++n)
                              i.blocks[0].values.push_back(n % 2 ? -by : by);
                            i.blocks[1].values.assign(1, 1);
                            return std::vector<Instance>{i};
                          }});
  };
  special("unmoved", 0);
  special("split pairs", 1);
  return d;
}

using SignOf = int (*)(int n);
int plus(int) { return 1; }
int two_antipodal_pairs(int n) { return n < 2 ? 1 : -1; }
int one_pair_opposite(int n) { return n < 2 ? -1 : 1; }

/// (1) of sign(n) times the points of one set; the points themselves where `moved` is false.
Real loss_near(const Instance& i, SignOf sign, int set, bool moved) {
  const int n = i.integer("I");
  const auto t = i.values("t").subspan(static_cast<std::size_t>(set * n));
  std::vector<Real> x, y, products;
  for (int a = 0; a < n; ++a) {
    const Real u = moved ? t[static_cast<std::size_t>(a)] / Real(2000) : i.number(0);
    const Real square = u * u;
    x.push_back(Real(sign(a)) * (1 - square) / (1 + square));
    y.push_back(Real(sign(a) * 2) * u / (1 + square));
  }
  for (std::size_t a = 0; a < x.size(); ++a)
    for (std::size_t b = 0; b < x.size(); ++b) products.push_back(x[a] * x[b] + y[a] * y[b]);
  return info_nce(Gram(n, products), i.scalar("tau"));
}

Evaluate not_below(SignOf sign) {
  return [sign](const Instance& i) {
    return Sides{loss_near(i, sign, 0, true), loss_near(i, sign, 0, false)};
  };
}

constexpr const char* near_reading =
    "no arrangement whose points lie within 1/1000 has a smaller loss; points of the circle";

void add_minima(ClaimRegistry& registry) {
  constexpr const char* id = "clop/lemma-1/all-equal";
  Claim c = cl_claim(
      ClaimKind::statement, id, lemma_place,
      "complete collapse is a local minimum of the InfoNCE loss: there are local minima where all "
      "embeddings are equal",
      Relation::greater_or_equal, nearby({4, 6}, 1), not_below(plus),
      "Two positive pairs, both at e: rotate one pair, whole, by a small angle t. Positive "
      "products "
      "stay 1, negative ones become cos t < 1, and each of the four terms falls below log 3.");
  c.reading = near_reading;
  c.equality = {"unmoved"};
  registry.add(c);
  c = cl_correction(
      "clop/lemma-1/all-equal/saddle", id, lemma_place,
      "complete collapse is a saddle point: other nearby arrangements have a larger loss",
      Relation::less, nearby({4, 6}, 1),
      [](const Instance& i) {
        return Sides{loss_near(i, plus, 0, false), loss_near(i, plus, 0, true)};
      },
      "Split each pair: positive products fall, half of the negative ones stay.");
  c.quantifier = Quantifier::some;
  registry.add(c);
  c = cl_claim(
      ClaimKind::statement, "clop/section-3-1/local-optimum", "Section 3.1, before Lemma 1",
      "the worst-case scenario, where all embeddings become identical, also constitutes a local "
      "optimum for the InfoNCE loss",
      Relation::greater_or_equal, nearby({4}, 2),
      [](const Instance& i) {
        const Real base = loss_near(i, plus, 0, false);
        return Sides{(loss_near(i, plus, 0, true) - base) * (loss_near(i, plus, 1, true) - base),
                     0};
      },
      "It is a saddle: rotating a pair lowers the loss, splitting the pairs raises it.");
  c.reading =
      "minimum or maximum: of two arrangements within 1/1000, none is above it and the other "
      "below";
  registry.add(c);
  c = cl_claim(
      ClaimKind::statement, "clop/lemma-1/co-linear/every", lemma_place,
      "there are infinitely many local minima where all embeddings are co-linear; co-linear "
      "embeddings constitute a local optimum",
      Relation::greater_or_equal, nearby({6}, 1), not_below(one_pair_opposite),
      "Three pairs at e, e and -e: rotate one of the two that coincide.");
  c.reading =
      std::string("for the co-linear arrangement of three pairs at e, e, -e: ") + near_reading;
  c.equality = {"unmoved"};
  registry.add(c);
  c = cl_claim(
      ClaimKind::statement, "clop/lemma-1/co-linear/two-pairs", lemma_place,
      "there are infinitely many local minima where all embeddings are co-linear",
      Relation::greater_or_equal, nearby({4}, 1), not_below(two_antipodal_pairs),
      "Two pairs at e and -e are the ETF of two classes, a global minimum; e is any unit vector.");
  c.reading = std::string("two pairs, at e and -e: ") + near_reading;
  c.equality = {"unmoved"};
  registry.add(c);
}

/// Second derivative at 0 of (1) when point a of the line, with sign s_a, turns by angle d_a theta:
/// (s_a s_b cos(theta (d_a - d_b)))'' = -s_a s_b (d_a - d_b)^2, and the first derivatives are 0.
Real second_derivative(const std::vector<int>& s, const std::vector<int>& d, const Real& tau) {
  Real total = 0;
  const int n = static_cast<int>(s.size());
  for (int i = 0; i < n; ++i) {
    const auto of = [&](const std::vector<int>& v, int a) {
      return v[static_cast<std::size_t>(a)];
    };
    Real all = 0, weighted = 0, own = 0;
    for (int a = 0; a < n; ++a) {
      if (a == i) continue;
      const int product = of(s, i) * of(s, a), turn = of(d, i) - of(d, a);
      const Real weight = exp(Real(product) / tau), second = -product * turn * turn;
      all += weight;
      weighted += weight * second;
      if (a == (i ^ 1)) own = second;
    }
    total -= (own - weighted / all) / tau;
  }
  return total;
}

/// Over turns of one pair or of one point: the least second derivative.
Real least_curvature(const std::vector<int>& s, const Real& tau) {
  Real least = 0;
  bool first = true;
  const auto consider = [&](std::size_t from, std::size_t count) {
    std::vector<int> d(s.size(), 0);
    for (std::size_t a = from; a < from + count; ++a) d[a] = 1;
    const Real value = second_derivative(s, d, tau);
    least = first ? value : min(least, value);
    first = false;
  };
  for (std::size_t a = 0; a < s.size(); ++a) {
    consider(a, 1);
    if (a % 2 == 0) consider(a, 2);
  }
  return least;
}

/// Signs of |I| points as the bits of the integer "signs"; the first is +.
Domain sign_patterns(int points) {
  Domain d;
  d.shapes = {Shape{{{"I", points}}, {}}};
  d.blocks = [](const Shape& s) {
    Block flip = number_block("flip", 0, 1);
    flip.kind = BlockKind::integer;
    flip.dimensions = {s.integer("I") - 1};
    return std::vector<Block>{flip, temperature_block()};
  };
  return d;
}

void add_curvatures(ClaimRegistry& registry) {
  const auto signs_of = [](const Instance& i) {
    std::vector<int> s = {1};
    for (const Real& flip : i.values("flip")) s.push_back(flip.approximate() > 0 ? -1 : 1);
    return s;
  };
  Claim c =
      cl_correction("clop/lemma-1/co-linear/never", "clop/lemma-1/co-linear/every", lemma_place,
                    "with three pairs no arrangement on a line is a local minimum: turning some "
                    "pair or point has "
                    "a negative second derivative",
                    Relation::less, sign_patterns(6), [=](const Instance& i) {
                      return Sides{least_curvature(signs_of(i), i.scalar("tau")), 0};
                    });
  // No equality is near: the least second derivative is about -3 at temperature 2.
  c.strengthened = [=](const Instance& i) {
    return Sides{least_curvature(signs_of(i), i.scalar("tau")), -8};
  };
  registry.add(c);
  Claim equal = cl_claim(
      ClaimKind::statement, "clop/lemma-1/all-equal/curvature", lemma_place,
      "complete collapse is a local minimum of the InfoNCE loss", Relation::greater_or_equal,
      [] {
        Domain d;
        for (const int n : {4, 6, 8}) d.shapes.push_back(Shape{{{"I", n}}, {}});
        d.blocks = [](const Shape&) { return std::vector<Block>{temperature_block()}; };
        return d;
      }(),
      [](const Instance& i) {
        const std::vector<int> s(static_cast<std::size_t>(i.integer("I")), 1);
        std::vector<int> d(s.size(), 0);
        d[0] = d[1] = 1;
        return Sides{second_derivative(s, d, i.scalar("tau")), 0};
      },
      "|I| = 4: each of the four products with a negative has second derivative -1 and weight 1/3 "
      "in two terms: -8/(3 tau) in all.");
  equal.reading = "second order: turning one pair, whole, has no negative second derivative";
  registry.add(equal);
  registry.add(cl_claim(
      ClaimKind::statement, "clop/section-3/any-cosine-loss", "Section 3",
      "the result can be applied to the majority of losses that rely solely on cosine similarity: "
      "at co-linear embeddings all inner products are stationary",
      Relation::equal,
      unit_vectors({{1, 2}, {1, 3}},
                   [](const Shape& s) {
                     Block d = number_block("d", -1, 1);
                     d.dimensions = {2, s.integer("m")};
                     return std::vector<Block>{d};
                   }),
      [](const Instance& i) {
        // z_a = e, z_b = -e, moved along the parts of d_a, d_b that are tangent at e.
        const auto e = i.values("X"), d = i.values("d");
        const Real scale = i.block("X").squared_scale;
        const auto m = static_cast<std::size_t>(i.integer("m"));
        Real first = 0;
        for (int which = 0; which < 2; ++which) {
          const auto v = d.subspan(static_cast<std::size_t>(which) * m, m);
          const Real along = scale * dot(v, e);
          for (std::size_t at = 0; at < m; ++at)
            first += (which == 0 ? Real(-1) : Real(1)) * (v[at] - along * e[at]) * e[at];
        }
        return Sides{first, 0};
      }));
}

/// -dL/dz of the ETF of merged pairs, along a tangent direction.
void add_best(ClaimRegistry& registry) {
  Domain d = integers("k", {2, 3, 4});
  d.blocks = [](const Shape& s) {
    Block v = number_block("v", -1, 1);
    v.dimensions = {s.integer("k")};
    return std::vector<Block>{v, temperature_block()};
  };
  registry.add(cl_claim(
      ClaimKind::statement, "clop/section-3-1/best-stationary", "Section 3.1, before Lemma 1",
      "both the best and worst solutions can lead to stationary points: the ETF is one",
      Relation::equal, d, [](const Instance& i) {
        // Coefficients of the k class directions in -dL/dz_0 with pairs merged into the ETF: the
        // softmax gives weight P to its pair and Q to each of the 2(k-1) others.
        const int k = i.integer("k");
        const Real& tau = i.scalar("tau");
        const Real own = exp(i.number(1) / tau), other = exp(i.number(-1, k - 1) / tau);
        const Real all = own + Real(2 * (k - 1)) * other;
        const Real p = own / all, q = other / all;
        const auto v = i.values("v");
        // g = 2((1-p) x_0 - 2q sum_(c>0) x_c)/tau with x_c = e_c - 1/k (up to a common factor)
        std::vector<Real> g, x0;
        for (int a = 0; a < k; ++a) {
          Real total = 0;
          for (int c = 0; c < k; ++c) {
            const Real x = Real(a == c) - i.number(1, k);
            total += (c == 0 ? 1 - p : Real(-2) * q) * x;
          }
          g.push_back(Real(2) * total / tau);
          x0.push_back(Real(a == 0) - i.number(1, k));
        }
        // Tangent: without the part along x_0.
        const Real along = dot(g, x0) / dot(x0, x0);
        return Sides{dot(g, v), along * dot(x0, v)};
      }));
}

}  // namespace

void add_cl_lemma_1(ClaimRegistry& registry) {
  add_minima(registry);
  add_curvatures(registry);
  add_best(registry);
}

}  // namespace assay::proofs
