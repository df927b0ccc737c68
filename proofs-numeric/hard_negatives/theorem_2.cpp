// SPDX-License-Identifier: Apache-2.0
// HN Section 4.2, Theorem 2: the lower bound (11), and when it is attained.
#include "proofs-numeric/hard_negatives/theorem_2.hpp"

#include "proofs-numeric/hard_negatives/hard_negatives.hpp"

namespace assay::proofs {
namespace theorem_2 {

Claim claim_of(const char* id, ClaimKind kind, const char* place, const char* statement) {
  Claim c;
  c.id = std::string("hard-negatives/") + id;
  c.kind = kind;
  c.paper = "HN";
  c.place = place;
  c.statement = statement;
  return c;
}

ModelOptions ball_options(std::vector<std::string> losses) {
  ModelOptions o;
  o.losses = std::move(losses);
  return o;
}

ModelOptions free_options(std::vector<std::string> losses) {
  ModelOptions o = ball_options(std::move(losses));
  o.representations = Representations::unconstrained;
  return o;
}

ModelOptions frame_options(std::vector<std::string> losses, std::vector<std::string> hardenings) {
  ModelOptions o = ball_options(std::move(losses));
  o.sizes = {{2, 1, 1, 2}, {2, 2, 2, 2}, {3, 1, 3, 2}, {3, 2, 3, 2}, {4, 1, 4, 2}};
  o.hardenings = std::move(hardenings);
  return o;
}

Real Stage::psi_at(const Real& t) const {
  return psi(std::vector<Real>(static_cast<std::size_t>(k), t));
}

Real Stage::right_of_14() const {
  return over_anchors(m, [&](int y, int x) {
    return over_negatives(m, Law::scl, y, x, k,
                          [&](std::span<const Real> u) { return psi_shifted(psi, u, one); });
  });
}

Real Stage::mean_product() const {
  return over_one_negative(m, [&](int y, int x, int l, int n) { return m.inner(y, x, l, n); });
}

Real Stage::argument_of_18() const {
  const Real c = m.classes;
  return (norm_of_sum(m) - trace(mean_products(m))) / (c * (c - 1)) - one;
}

Real Stage::variance() const {
  const Real mean = mean_product();
  return over_one_negative(
      m, [&](int y, int x, int l, int n) { return pow(m.inner(y, x, l, n) - mean, 2); });
}

Real distance_from_13(const FiniteModel& m) {
  const Matrix g = mean_products(m);
  Real largest = 0;
  for (std::size_t j = 0; j < g.size(); ++j)
    for (std::size_t l = 0; l < j; ++l)
      largest = max(largest, abs(g[j][l] + Real::ratio(1, m.classes - 1)));
  return largest;
}

Real excess_over_13(const FiniteModel& m) { return off_diagonal_sum(mean_products(m)) + m.classes; }

Real within_class_variance(const FiniteModel& m) {
  return over_anchors(m, [&](int y, int x) { return distance_to_mean(m, y, x, y); });
}

Hypothesis strictly_convex(std::optional<Domain> dropped) {
  return {"psi_k is strictly convex",
          "strictly-convex",
          [](const Instance& i) {
            return loss_of(i).properties(negatives_of(i)).strictly_convex ? Truth::yes : Truth::no;
          },
          std::move(dropped),
          {}};
}

Hypothesis strictly_increasing(std::optional<Domain> dropped) {
  Hypothesis h = {"psi_k is argument-wise strictly increasing",
                  "strictly-increasing",
                  [](const Instance& i) {
                    return loss_of(i).properties(negatives_of(i)).strictly_increasing ? Truth::yes
                                                                                      : Truth::no;
                  },
                  std::move(dropped),
                  {}};
  if (!h.dropped)
    h.no_control =
        "a strictly convex function that is argument-wise non-decreasing (Definition 1) is "
        "argument-wise strictly increasing: constant on a segment, it would not be strictly convex";
  return h;
}

namespace {

constexpr const char* place = "Theorem 2";
const std::vector<std::string> concave = {"concave-linear bend=-3/2"};

Hypothesis fails_13() {
  return {"condition (13) does not hold",
          "not-13",
          [](const Instance& i) {
            const Truth t = reference::means_form_simplex(map_model(i));
            return t == Truth::no ? Truth::yes : t == Truth::yes ? Truth::no : t;
          },
          {},
          "where (13) holds, the sides are equal"};
}

/// Anchors and positives of every class at e_1, negatives at -e_1.
std::vector<Instance> negatives_elsewhere(const Domain& domain, const Shape& shape) {
  Instance i{shape, domain.blocks(shape), Arithmetic::plain()};
  for (Block& b : i.blocks) {
    const auto d = static_cast<std::size_t>(shape.integer("d"));
    b.values.assign(b.size(), Real(0));
    for (std::size_t n = 0; n < b.size(); ++n) {
      if (b.name == "f" && n % d == 0) b.values[n] = n / d % 2 ? -1 : 1;
      if (b.name == "q" && n % b.group() == 0) b.values[n] = 1;
      if (b.name == "negatives" && n % b.group() == 1) b.values[n] = 1;
    }
  }
  return {i};
}

/// The two halves of (c), apart.
Hypothesis negatives_like_anchors_in_class(Domain dropped) {
  return {"(c): negatives have the anchors' law within each class",
          "negatives-law",
          [](const Instance& i) {
            const FiniteModel m = model_of(i);
            Truth same = Truth::yes;
            for (int y = 0; y < m.classes; ++y) {
              const std::vector<Real> law = m.anchor_law(y);
              for (int x = 0; x < m.points; ++x)
                same = both(same, equal(law[static_cast<std::size_t>(x)], m.s(y, x)));
            }
            return same;
          },
          std::move(dropped),
          {}};
}

Hypothesis positives_like_anchors(Domain dropped) {
  return {"(c): positives have the anchors' law within each class",
          "positives-law",
          [](const Instance& i) { return reference::has_equal_marginals(model_of(i)); },
          std::move(dropped),
          {}};
}

/// Joint laws q whose marginals differ; negatives have the anchors' law.
Domain models_of_any_joint_law() {
  ModelOptions o = ball_options();
  o.sizes = {{2, 2, 1, 2}, {3, 2, 1, 2}, {2, 2, 2, 2}, {3, 2, 2, 2}};
  Domain domain = models(o);
  domain.specials.clear();
  domain.blocks = [blocks = domain.blocks](const Shape& shape) {
    std::vector<Block> b = blocks(shape);
    const int p = shape.integer("p");
    for (Block& q : b)
      if (q.name == "q") q.kind = BlockKind::simplex, q.dimensions = {shape.integer("C"), p * p};
    return b;
  };
  return domain;
}

void add_lower_bound(ClaimRegistry& registry) {
  ModelOptions unequal = ball_options(), other_negatives = ball_options(), bent = ball_options();
  unequal.sizes = {{3, 1, 1, 2}, {4, 1, 2, 2}};
  unequal.equiprobable = false;
  other_negatives.sizes = {{3, 2, 1, 2}, {3, 2, 2, 2}};
  other_negatives.common_law = false;
  bent.losses = concave;
  bent.sizes = {{3, 1, 1, 2}, {3, 2, 2, 2}};
  Domain apart = models(other_negatives);
  apart.specials.push_back({"negatives elsewhere", [apart](const Shape& shape) {
                              return negatives_elsewhere(apart, shape);
                            }});
  Claim c = claim_of("theorem-2/lower-bound", ClaimKind::statement, place,
                     "L_SCL(f) >= psi_k(-C/(C-1), ..., -C/(C-1)) for all f");
  c.equations = {"(11)"};
  c.relation = Relation::greater_or_equal;
  c.domain = models(ball_options(convex_increasing()));
  c.hypotheses = {equiprobable_classes(models(unequal)),
                  unit_ball(models(free_options())),
                  negatives_like_anchors_in_class(apart),
                  positives_like_anchors(models_of_any_joint_law()),
                  convex_loss(models(bent)),
                  nondecreasing_loss(models(ball_options({"decreasing", "non-monotone"})))};
  c.evaluate = [](const Instance& i) {
    return Sides{loss(i, Law::scl), psi_at(i, simplex_argument(i))};
  };
  c.second = [](const Instance& i) {
    return Sides{loss_second_way(i, Law::scl), psi_at(i, simplex_argument(i))};
  };
  c.equality = {"simplex"};
  c.remark =
      "That positives have the anchors' law is not needed for the bound: of f(x^+) the proof "
      "uses |f(x^+)| <= 1 only.";
  registry.add(std::move(c));
}

void add_means(ClaimRegistry& registry) {
  ModelOptions other = ball_options();
  other.sizes = {{2, 2, 1, 2}, {3, 2, 2, 2}};
  ModelOptions same = other;
  other.common_law = false;
  Claim c = claim_of("theorem-2/class-means", ClaimKind::statement, place,
                     "mu_y := E_{x ~ s(x|y)}[f(x)] is the mean of anchors, positives and negatives "
                     "of class y alike");
  c.equations = {"(12)"};
  c.reading =
      "a definition; what is tried is that (c) makes it one mean and not three: sum over y "
      "of the squared distances of the three means is 0";
  c.relation = Relation::equal;
  c.domain = models(same);
  c.hypotheses = {common_conditional_law(models(other))};
  c.evaluate = [](const Instance& i) {
    using reference::PointLaw;
    const FiniteModel m = model_of(i);
    Real total = 0;
    for (int y = 0; y < m.classes; ++y) {
      const auto a = m.mean(y, PointLaw::anchor), b = m.mean(y, PointLaw::positive),
                 n = m.mean(y, PointLaw::negative);
      for (std::size_t e = 0; e < a.size(); ++e)
        total += pow(a[e] - n[e], 2) + pow(b[e] - n[e], 2) + pow(a[e] - b[e], 2);
    }
    return Sides{total, i.number(0)};
  };
  registry.add(std::move(c));
}

void add_sufficiency(ClaimRegistry& registry) {
  const std::vector<std::string> few = {"info-nce alpha=1 weight=1/k temperature=1",
                                        "hinge margin=1 over=mean", "max"};
  ModelOptions unequal = frame_options(few), other_negatives = frame_options(few);
  unequal.equiprobable = false;
  other_negatives.common_law = false;
  Claim c = claim_of("theorem-2/sufficient", ClaimKind::statement, place,
                     "under (13) equality holds in (11): L_SCL(f) = psi_k(-C/(C-1), ...)");
  c.equations = {"(13)"};
  c.reading =
      "on all maps that satisfy (13) in the unit ball: frames turned by a mirror, any joint "
      "law q, points of probability 0 anywhere";
  c.relation = Relation::equal;
  c.domain = simplex_maps(frame_options(few));
  c.hypotheses = {map_equal_products(models(ball_options(few))),
                  map_unit_ball(equal_product_means(frame_options(few))),
                  map_equiprobable(simplex_maps(unequal)),
                  convex_loss(simplex_maps(frame_options({"concave-linear bend=-2", "concave"}))),
                  nondecreasing_loss(simplex_maps(frame_options({"decreasing", "non-monotone"}))),
                  map_common_law()};
  c.hypotheses.back().no_control =
      "with negatives of another law (13) speaks of one law and the anchors live on the other";
  c.evaluate = [](const Instance& i) {
    return Sides{map_loss(i, Law::scl), psi_at(i, simplex_argument(i))};
  };
  c.second = [](const Instance& i) {
    return Sides{map_loss_second_way(i, Law::scl), psi_at(i, simplex_argument(i))};
  };
  c.equality = {"simplex"};
  c.remark =
      "Sufficiency needs neither equiprobable classes nor a convex or monotone psi_k: with "
      "probability one every argument of psi_k is -1/(C-1) - 1.";
  registry.add(std::move(c));
}

void add_necessary(ClaimRegistry& registry) {
  Claim c = claim_of("theorem-2/necessary", ClaimKind::statement, place,
                     "psi_k strictly convex and argument-wise strictly increasing: equality in "
                     "(11) only under (13)");
  c.equations = {"(13)"};
  c.reading = "as the strict inequality L_SCL(f) > psi_k(-C/(C-1), ...) wherever (13) fails";
  c.relation = Relation::greater;
  c.domain = models(ball_options(strictly_convex_increasing()));
  // Increasing and convex, not strictly: four classes at +1, +1, -1, -1 have zero sum, unit norms.
  ModelOptions linear = ball_options({"linear over=mean"});
  linear.sizes = {{4, 1, 1, 2}, {4, 1, 2, 2}};
  c.hypotheses = {strictly_convex(models(linear)), strictly_increasing(), fails_13()};
  c.evaluate = [](const Instance& i) {
    return Sides{loss(i, Law::scl), psi_at(i, simplex_argument(i))};
  };
  c.second = [](const Instance& i) {
    return Sides{loss_second_way(i, Law::scl), psi_at(i, simplex_argument(i))};
  };
  c.remark = "The hypothesis \"argument-wise strictly increasing\" follows from the others.";
  registry.add(std::move(c));
}

}  // namespace

void add_bound(ClaimRegistry& registry) {
  add_lower_bound(registry);
  add_means(registry);
  add_sufficiency(registry);
  add_necessary(registry);
}

}  // namespace theorem_2

void add_hn_theorem_2(ClaimRegistry& registry) {
  theorem_2::add_bound(registry);
  theorem_2::add_properties(registry);
  theorem_2::add_chain(registry);
  theorem_2::add_geometry(registry);
  theorem_2::add_collapse(registry);
  theorem_2::add_supports(registry);
  theorem_2::add_necessity(registry);
  theorem_2::add_remarks(registry);
  theorem_2::add_definitions(registry);
}

}  // namespace assay::proofs
