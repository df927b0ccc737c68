// SPDX-License-Identifier: Apache-2.0
// HN: Definitions 5 and 6, Corollary 2, and the empirical SCL loss of Section 4.3.
#include <array>

#include "proofs-numeric/hard_negatives/theorem_2.hpp"

namespace assay::proofs::theorem_2 {
namespace {

Truth negated(Truth t) { return t == Truth::yes ? Truth::no : t == Truth::no ? Truth::yes : t; }

/// The domain with vectors z and w of so many free coordinates.
Domain with_vectors(Domain domain, const char* size) {
  domain.specials.clear();
  domain.blocks = [blocks = domain.blocks, size](const Shape& shape) {
    std::vector<Block> b = blocks(shape);
    for (const char* name : {"z", "w"}) {
      Block v;
      v.name = name, v.dimensions = {shape.integer(size)};
      b.push_back(v);
    }
    return b;
  };
  return domain;
}

/// sum_j (mu_j.v)^2 for a vector v in the coordinates of the representations.
Real energy(const FiniteModel& m, std::span<const Real> v) {
  Real total = 0;
  for (int y = 0; y < m.classes; ++y) total += pow(dot(m.mean(y), v), 2);
  return m.squared_scale * total;
}

void add_frame(ClaimRegistry& registry) {
  const char* says = "the conditions on class means define a (normalized) Equiangular Tight Frame";
  Claim printed = claim_of("definition-5/tight-in-z", ClaimKind::statement, "Definition 5", says);
  printed.reading =
      "a tight frame of the representation space: sum_j (mu_j.z)^2 = A |z|^2 for all z "
      "in R^d_Z with one A, tried as sum_j (mu_j.z)^2 |w|^2 = sum_j (mu_j.w)^2 |z|^2";
  printed.relation = Relation::equal;
  ModelOptions small = frame_options();
  small.sizes = {{2, 1, 1, 2}, {2, 1, 2, 2}, {3, 1, 3, 2}};
  printed.domain = with_vectors(simplex_maps(small), "d");
  printed.domain.specials = {{"axes", [domain = printed.domain](const Shape& shape) {
                                Instance i{shape, domain.blocks(shape), Arithmetic::plain()};
                                if (shape.integer("d") < 2) return std::vector<Instance>{};
                                for (Block& b : i.blocks) {
                                  b.values.assign(b.size(), Real(0));
                                  b.values[b.name == "w"] = 1;
                                }
                                return std::vector<Instance>{i};
                              }}};
  printed.hypotheses = {map_equal_products(), map_unit_ball()};
  printed.evaluate = [](const Instance& i) {
    const FiniteModel m = map_model(i);
    const auto z = i.values("z"), w = i.values("w");
    return Sides{energy(m, z) * dot(w, w), energy(m, w) * dot(z, z)};
  };
  printed.remark =
      "With d_Z > C - 1 the means do not span the space: C=2, means +-e_1 in R^2, z = "
      "e_1, w = e_2. They are a tight frame of their span.";
  const std::string printed_id = printed.id;
  registry.add(std::move(printed));

  Claim span = claim_of("definition-5/tight-in-span", ClaimKind::statement, "Definition 5", says);
  span.relation = Relation::equal;
  span.reading =
      "a tight frame of the span of the means: sum_j (mu_j.z)^2 = C/(C-1) |z|^2 for z = "
      "sum_j z_j mu_j";
  span.domain = with_vectors(simplex_maps(frame_options()), "C");
  span.hypotheses = {map_equal_products(with_vectors(models(ball_options()), "C")),
                     map_unit_ball()};
  span.hypotheses[1].no_control = "see (i) and (ii)";
  span.evaluate = [](const Instance& i) {
    const Matrix g = mean_products(map_model(i));
    const auto z = i.values("z");
    Real left = i.number(0), right = i.number(0);
    for (std::size_t j = 0; j < g.size(); ++j) {
      const Real product = dot(g[j], z);
      left += product * product;
      right += product * z[j];
    }
    const int c = i.integer("C");
    return Sides{left, right * c / (c - 1)};
  };
  registry.add(span);
  span.id = printed_id + "/corrected";
  span.kind = ClaimKind::correction;
  span.parent = printed_id;
  span.statement =
      "the class means are a tight frame of their span, which is R^d_Z exactly if d_Z = C - 1";
  for (Hypothesis& h : span.hypotheses)
    if (h.dropped) h.dropped = {}, h.no_control = "see definition-5/tight-in-span";
  registry.add(std::move(span));

  Claim angles = claim_of("definition-5/equiangular", ClaimKind::statement, "Definition 5",
                          "the class means are equiangular, of norm 1: |mu_j.mu_l| is the same for "
                          "all j != l");
  angles.relation = Relation::equal;
  angles.reading = "max - min of mu_j.mu_l over j != l is 0";
  angles.domain = simplex_maps(frame_options());
  angles.hypotheses = {map_equal_products(models(ball_options()))};
  angles.evaluate = [](const Instance& i) {
    const Matrix g = mean_products(map_model(i));
    Real low = g[0][1], high = g[0][1];
    for (std::size_t j = 0; j < g.size(); ++j)
      for (std::size_t l = 0; l < j; ++l) low = min(low, g[j][l]), high = max(high, g[j][l]);
    return Sides{high - low, i.number(0)};
  };
  registry.add(std::move(angles));
}

/// The map has no CL Neural-Collapse: (13) or zero within-class variance fails.
Hypothesis no_collapse() {
  return {"f does not exhibit CL Neural-Collapse",
          "no-collapse",
          [](const Instance& i) {
            const FiniteModel m = model_of(i);
            return negated(
                both(reference::means_form_simplex(m), equal(within_class_variance(m), Real(0))));
          },
          {},
          "where f exhibits it, the sides are equal"};
}

Sides bound_sides(const Instance& i) {
  return Sides{map_loss(i, Law::scl), psi_at(i, simplex_argument(i))};
}

void add_corollary(ClaimRegistry& registry) {
  const std::vector<std::string> few = {"info-nce alpha=1 weight=1/k temperature=1",
                                        "hinge margin=1 over=mean"};
  Claim attained =
      claim_of("corollary-2/attained", ClaimKind::statement, "Corollary 2",
               "equality in (11) is attained by any f that exhibits CL Neural-Collapse");
  attained.reading =
      "zero within-class variance as in the corrected (iv): as printed, (iv) is "
      "satisfied by no f with distinct class means";
  attained.relation = Relation::equal;
  attained.domain = simplex_maps(frame_options(few));
  attained.hypotheses = {map_equal_products(models(ball_options(few)))};
  attained.evaluate = bound_sides;
  attained.equality = {"simplex"};
  registry.add(std::move(attained));

  Claim only = claim_of("corollary-2/only-if", ClaimKind::statement, "Corollary 2",
                        "psi_k strictly convex and argument-wise strictly increasing: equality in "
                        "(11) is attained only by f that exhibits CL Neural-Collapse");
  only.reading = "as the strict inequality in (11) for every other f";
  only.relation = Relation::greater;
  only.domain = models(ball_options(strictly_convex_increasing()));
  ModelOptions hinge = ball_options({"hinge margin=1 over=mean"});
  only.hypotheses = {strict_loss(models(hinge)), no_collapse()};
  only.evaluate = bound_sides;
  registry.add(std::move(only));
}

/// Samples: C classes of n, f [C, n, d], the positive drawn in one of the usual ways. With "first",
/// class 1 has another number of samples.
Domain samples(bool in_ball, bool balanced) {
  Domain domain;
  for (const auto& [c, n, d] :
       std::vector<std::array<int, 3>>{{2, 2, 1}, {3, 2, 2}, {2, 3, 2}, {3, 3, 3}})
    for (const char* positive : {"any sample", "another sample", "the anchor"})
      for (const char* psi : {"linear over=mean", "info-nce alpha=1 weight=1/k temperature=1"}) {
        if (!balanced && c == 2) continue;
        domain.shapes.push_back(
            {{{"C", c}, {"n", n}, {"first", balanced ? n : n - 1}, {"d", d}, {"k", 2}},
             {{"positive", balanced ? positive : "any sample"}, {"psi", psi}, {"eta", "none"}}});
      }
  domain.blocks = [in_ball](const Shape& shape) {
    Block f;
    f.name = "f", f.kind = in_ball ? BlockKind::ball : BlockKind::scalar;
    f.dimensions = {shape.integer("C"), shape.integer("n"), shape.integer("d")};
    f.low = -2, f.high = 2, f.scaled = true;
    return std::vector<Block>{f};
  };
  domain.specials = {{"simplex", [domain](const Shape& shape) {
                        const int c = shape.integer("C"), n = shape.integer("n"),
                                  d = shape.integer("d");
                        if (c > 2 && d < c) return std::vector<Instance>{};
                        Instance i{shape, domain.blocks(shape), Arithmetic::plain()};
                        Block& f = i.blocks[0];
                        if (c > 2 && f.kind == BlockKind::ball)
                          f.squared_scale = Real::ratio(c, c - 1);
                        for (int y = 0; y < c * n; ++y)
                          for (int a = 0; a < d; ++a)
                            f.values.push_back(c == 2  ? Real(a > 0 ? 0 : 1 - 2 * (y / n))
                                               : a < c ? Real(a == y / n) - Real::ratio(1, c)
                                                       : Real(0));
                        return std::vector<Instance>{i};
                      }}};
  return domain;
}

int class_size(const Instance& i, int y) { return i.integer(y == 0 ? "first" : "n"); }

/// How many times (of all equally likely ones) the pair is drawn; `all` gets the number of draws.
int draws(const std::string& positive, int n, int x, int plus, int& all) {
  if (positive == "any sample") return all = n * n, 1;
  if (positive == "another sample") return all = n * (n - 1), x != plus;
  return all = n, x == plus;
}

FiniteModel sample_model(const Instance& i) {
  const int c = i.integer("C"), n = i.integer("n");
  FiniteModel m;
  m.classes = c, m.points = n, m.dimension = i.integer("d");
  m.squared_scale = i.number(1) * i.block("f").squared_scale;
  m.embeddings.assign(i.values("f").begin(), i.values("f").end());
  int total = 0;
  for (int y = 0; y < c; ++y) total += class_size(i, y);
  for (int y = 0; y < c; ++y) {
    const int size = class_size(i, y);
    m.class_probabilities.push_back(i.number(size, total));
    for (int x = 0; x < n; ++x) {
      m.negative_law.push_back(x < size ? i.number(1, size) : i.number(0));
      for (int plus = 0; plus < n; ++plus) {
        int all = 1;
        const int times =
            x < size && plus < size ? draws(i.choice("positive"), size, x, plus, all) : 0;
        m.joint.push_back(i.number(times, all));
      }
    }
  }
  m.negative_class_probabilities = m.class_probabilities;
  return m;
}

/// The empirical loss with plain averages: over the samples as anchors, over the positives of each,
/// over all pairs of samples of other classes.
Real average(const Instance& i) {
  const FiniteModel m = sample_model(i);
  const LossFunction psi = loss_of(i);
  std::vector<std::pair<int, int>> all;
  for (int y = 0; y < m.classes; ++y)
    for (int x = 0; x < class_size(i, y); ++x) all.emplace_back(y, x);
  Real total = i.number(0);
  for (const auto& [y, x] : all) {
    Real of_anchor = i.number(0);
    long long count = 0;
    for (int plus = 0; plus < class_size(i, y); ++plus) {
      int unused = 0;
      if (draws(i.choice("positive"), class_size(i, y), x, plus, unused) == 0) continue;
      const Real v = m.inner(y, x, y, plus);
      for (const auto& [l, n] : all)
        for (const auto& [l2, n2] : all) {
          if (l == y || l2 == y) continue;
          const Real u[] = {m.inner(y, x, l, n), m.inner(y, x, l2, n2)};
          of_anchor += psi_shifted(psi, u, v);
          ++count;
        }
    }
    total += of_anchor / count;
  }
  return total / static_cast<long long>(all.size());
}

void add_empirical(ClaimRegistry& registry) {
  constexpr const char* place = "Section 4.3, empirical SCL loss";
  Claim bound = claim_of("section-4-3/empirical/lower-bound", ClaimKind::statement, place,
                         "Theorem 2 also holds for the empirical SCL loss, simple averages being "
                         "expectations under uniform distributions over the samples");
  bound.reading =
      "balanced classes; the positive is any sample of the class, another one, or the "
      "anchor itself: three laws q with the same marginal s";
  bound.relation = Relation::greater_or_equal;
  bound.domain = samples(true, true);
  bound.hypotheses = {
      {"unit-ball representations",
       "unit-ball",
       [](const Instance& i) { return reference::in_unit_ball(sample_model(i)); },
       samples(false, true),
       {}},
      {"balanced classes",
       "balanced",
       [](const Instance& i) { return reference::is_equiprobable(sample_model(i)); },
       samples(true, false),
       {}}};
  bound.evaluate = [](const Instance& i) {
    return Sides{expected_loss(sample_model(i), Law::scl, loss_of(i), Hardening(), negatives_of(i)),
                 psi_at(i, simplex_argument(i))};
  };
  bound.second = [](const Instance& i) {
    return Sides{average(i), psi_at(i, simplex_argument(i))};
  };
  bound.equality = {"simplex"};
  Claim same = bound;
  registry.add(std::move(bound));

  same.id = "hard-negatives/section-4-3/empirical/averages-are-expectations";
  same.statement =
      "simple averages over samples can be expressed as expectations with suitable "
      "uniform distributions over the samples";
  same.relation = Relation::equal;
  same.second = nullptr;
  same.equality.clear();
  same.hypotheses.clear();
  same.evaluate = [](const Instance& i) {
    return Sides{average(i), expected_loss(sample_model(i), Law::scl, loss_of(i), Hardening(),
                                           negatives_of(i))};
  };
  std::erase_if(same.domain.shapes, [](const Shape& s) {
    return s.integer("n") > 2 || (s.integer("C") > 2 && s.choice("psi") != "linear over=mean");
  });
  registry.add(std::move(same));

  Claim capacity =
      claim_of("section-4-3/empirical/capacity", ClaimKind::statement, place,
               "with discrete s(.|y) on disjoint finite supports (13) can be satisfied "
               "for a suitable f in a family of high capacity");
  capacity.reading = "a family of all maps, d_Z >= C - 1, which the sentence does not repeat";
  capacity.quantifier = Quantifier::some;
  capacity.relation = Relation::equal;
  capacity.domain = samples(true, true);
  std::erase_if(capacity.domain.shapes, [](const Shape& s) { return s.integer("d") < 3; });
  capacity.evaluate = [](const Instance& i) {
    return Sides{distance_from_13(sample_model(i)), i.number(0)};
  };
  registry.add(std::move(capacity));
}

/// The bound attained without Neural-Collapse, one point per class, d = 1.
Claim attained_without(const char* id, const char* psi, int classes, std::vector<Real> f) {
  Claim c = claim_of(id, ClaimKind::statement, "Section 4.3, empirical SCL loss",
                     "if convexity or monotonicity of psi is not strict, e.g. psi(t) = max{t + "
                     "alpha, 0}, a map may attain the lower bound without CL Neural-Collapse");
  c.quantifier = Quantifier::some;
  c.relation = Relation::equal;
  ModelOptions o = ball_options({psi});
  o.sizes = {{classes, 1, 1, 2}};
  c.domain = models(o);
  c.domain.specials = {{"short", [domain = c.domain, f](const Shape& shape) {
                          Instance i{shape, domain.blocks(shape), Arithmetic::plain()};
                          i.blocks[0].values = f;
                          return std::vector<Instance>{i};
                        }}};
  c.hypotheses = {no_collapse()};
  c.evaluate = bound_sides;
  return c;
}

void add_not_strict(ClaimRegistry& registry) {
  Claim hinge =
      attained_without("section-4-3/empirical/without-collapse/hinge", "hinge margin=1 over=mean",
                       2, {Real::ratio(3, 4), Real::ratio(-3, 4)});
  hinge.remark = "C=2, alpha=1: f = 3/4 and -3/4 give t = -9/8 and loss 0, as +1 and -1 do.";
  registry.add(std::move(hinge));
  Claim linear = attained_without("section-4-3/empirical/without-collapse/linear",
                                  "linear over=mean", 4, {1, 1, -1, -1});
  linear.reading = "argument-wise strictly increasing, convex but not strictly";
  linear.remark =
      "C=4, f = 1, 1, -1, -1: mean product -1/3, so the linear loss is -4/3 = -C/(C-1).";
  registry.add(std::move(linear));
}

}  // namespace

void add_definitions(ClaimRegistry& registry) {
  add_frame(registry);
  add_corollary(registry);
  add_empirical(registry);
  add_not_strict(registry);
}

}  // namespace assay::proofs::theorem_2
