// SPDX-License-Identifier: Apache-2.0
// HN Section 3.1: Definition 1, its examples, footnote 1; Definition 2 and its example.
#include <array>

#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/subject/facts.hpp"
#include "proofs-numeric/subject/models.hpp"

namespace assay::proofs {
namespace {

constexpr const char* mean_nce = "info-nce alpha=1 weight=1/k temperature=1";
constexpr const char* sum_nce = "info-nce alpha=1/2 weight=1 temperature=1";

Claim claim(const char* id, const char* place, const char* says, Relation relation, Domain domain,
            Evaluate evaluate) {
  Claim c;
  c.id = std::string("hard-negatives/") + id;
  c.paper = "HN";
  c.place = place;
  c.statement = says;
  c.relation = relation;
  c.domain = std::move(domain);
  c.evaluate = std::move(evaluate);
  return c;
}

std::vector<Shape> of_losses(const std::vector<std::string>& losses) {
  std::vector<Shape> shapes;
  for (const std::string& psi : losses)
    for (const int k : {1, 2, 3}) {
      if (k > 1 && psi == "hinge margin=1 over=sum") continue;  // the triplet loss
      shapes.push_back({{{"k", k}}, {{"psi", psi}}});
    }
  return shapes;
}

std::vector<Real> values(const Instance& i, const char* block) {
  const auto v = i.values(block);
  return {v.begin(), v.end()};
}

/// (1-w) a + w b
std::vector<Real> between(const std::vector<Real>& a, const std::vector<Real>& b, const Real& w) {
  std::vector<Real> t;
  for (std::size_t n = 0; n < a.size(); ++n) t.push_back((Real(1) - w) * a[n] + w * b[n]);
  return t;
}

Domain two_arguments(const std::vector<std::string>& losses) {
  Domain d = over(of_losses(losses), [](const Shape& s) {
    const int k = s.integer("k");
    return std::vector<Block>{numbers("a", {k}, -3, 3), numbers("b", {k}, -3, 3),
                              numbers("w", {}, 0, 1)};
  });
  const Domain bare = d;
  d.specials.push_back(
      {"equal arguments", [bare](const Shape& s) {
         const std::vector<Real> ones(static_cast<std::size_t>(s.integer("k")), Real(1));
         return std::vector<Instance>{point_of(bare, s, {ones, ones, {Real::ratio(1, 2)}})};
       }});
  return d;
}

void add_examples_of_losses(ClaimRegistry& registry) {
  const std::vector<std::string> examples = {mean_nce, sum_nce, "hinge margin=1 over=sum"};
  Claim convex = claim("definition-1/examples-convex", "Definition 1 and below",
                       "psi_k of InfoNCE and of the triplet loss is convex",
                       Relation::less_or_equal, two_arguments(examples), [](const Instance& i) {
                         const auto a = values(i, "a"), b = values(i, "b");
                         const Real& w = i.scalar("w");
                         const LossFunction psi = loss_of(i);
                         return Sides{psi(between(a, b, w)), (Real(1) - w) * psi(a) + w * psi(b)};
                       });
  convex.hypotheses = {convex_loss(two_arguments({"concave"}))};
  convex.equality = {"equal arguments"};
  registry.add(std::move(convex));
  Claim rising = claim("definition-1/examples-nondecreasing", "Definition 1 and below",
                       "psi_k of InfoNCE and of the triplet loss is argument-wise non-decreasing",
                       Relation::greater_or_equal, two_arguments(examples), [](const Instance& i) {
                         const auto a = values(i, "a");
                         std::vector<Real> more = values(i, "b");
                         for (std::size_t n = 0; n < a.size(); ++n) more[n] = max(a[n], more[n]);
                         return Sides{loss_of(i)(more), loss_of(i)(a)};
                       });
  rising.hypotheses = {nondecreasing_loss(two_arguments({"decreasing"}))};
  rising.equality = {"equal arguments"};
  registry.add(std::move(rising));
}

/// The loss of one tuple, (1).
Real tuple_loss(const Instance& i, const char* positive) {
  const auto z = i.values("z"), plus = i.values(positive);
  const auto n = i.values("negatives");
  std::vector<Real> t;
  for (std::size_t at = 0; at < n.size(); at += z.size()) {
    t.emplace_back(0);
    for (std::size_t a = 0; a < z.size(); ++a) t.back() += z[a] * (n[at + a] - plus[a]);
  }
  return loss_of(i)(t);
}

void add_alignment(ClaimRegistry& registry) {
  const auto domain = [](const std::vector<std::string>& losses) {
    return over(of_losses(losses), [](const Shape& s) {
      return std::vector<Block>{vectors("z", {2}, BlockKind::ball),
                                vectors("one", {2}, BlockKind::ball),
                                vectors("other", {2}, BlockKind::ball),
                                vectors("negatives", {s.integer("k"), 2}, BlockKind::ball)};
    });
  };
  Claim c = claim("definition-1/penalises-misalignment", "Section 3.1 and (1)",
                  "the loss penalizes misalignment of anchor and positive",
                  Relation::greater_or_equal, domain({mean_nce, sum_nce}), [](const Instance& i) {
                    const Real one = dot(i.values("z"), i.values("one"));
                    const Real other = dot(i.values("z"), i.values("other"));
                    const bool first = less(one, other) == Truth::yes;
                    return Sides{tuple_loss(i, first ? "one" : "other"),
                                 tuple_loss(i, first ? "other" : "one")};
                  });
  c.equations = {"(1)"};
  c.reading = "of two positives the one less aligned with the anchor has the larger loss";
  c.hypotheses = {nondecreasing_loss(domain({"decreasing"}))};
  registry.add(std::move(c));
}

/// alpha, and x and y for arguments a = 2 log x, b = 2 log y: exp of psi is rational at a, b and
/// half-way between.
Domain exponentials(Real alpha_low, Real alpha_high) {
  std::vector<Shape> shapes;
  for (const int k : {2, 1, 3}) shapes.push_back({{{"k", k}}, {}});
  Domain d = over(std::move(shapes), [=](const Shape& s) {
    const int k = s.integer("k");
    return std::vector<Block>{numbers("alpha", {}, alpha_low, alpha_high),
                              numbers("x", {k}, Real::ratio(1, 2), 2),
                              numbers("y", {k}, Real::ratio(1, 2), 2)};
  });
  const Domain bare = d;
  const Real alpha = max(alpha_low, min(Real(0), alpha_high));
  d.specials.push_back(
      {"proportional", [bare, alpha](const Shape& s) {
         const auto k = static_cast<std::size_t>(s.integer("k"));
         return std::vector<Instance>{point_of(
             bare, s, {{alpha}, std::vector<Real>(k, Real(1)), std::vector<Real>(k, Real(2))})};
       }});
  return d;
}

/// exp(2 psi((a+b)/2)) and exp(psi(a) + psi(b)).
Sides half_way(const Instance& i) {
  const auto x = i.values("x"), y = i.values("y");
  const Real& alpha = i.scalar("alpha");
  return {pow(alpha + dot(x, y), 2), (alpha + dot(x, x)) * (alpha + dot(y, y))};
}

void add_footnote(ClaimRegistry& registry) {
  const char* reading =
      "convex half-way between a = 2 log x and b = 2 log y, both sides under exp; for continuous "
      "functions that is convexity";
  const auto bounded_alpha = [](const char* name, const char* key, bool strictly, Domain dropped) {
    return Hypothesis{name,
                      key,
                      [strictly](const Instance& i) {
                        return strictly ? less(Real(0), i.scalar("alpha"))
                                        : less_or_equal(Real(0), i.scalar("alpha"));
                      },
                      std::move(dropped),
                      {}};
  };
  Claim convex = claim("footnote-1/convex", "footnote 1",
                       "log(alpha + sum exp(t_i)) is convex over R^k for all alpha >= 0",
                       Relation::less_or_equal, exponentials(0, 4), half_way);
  convex.reading = reading;
  convex.hypotheses = {
      bounded_alpha("alpha >= 0", "alpha", false, exponentials(Real::ratio(-1, 8), 4))};
  convex.equality = {"proportional"};
  registry.add(std::move(convex));
  Claim strict = claim("footnote-1/strictly-convex", "footnote 1",
                       "log(alpha + sum exp(t_i)) is strictly convex over R^k if alpha > 0",
                       Relation::less, exponentials(Real::ratio(1, 64), 4), half_way);
  strict.reading = reading;
  strict.hypotheses = {{"a is not b",
                        "distinct",
                        [](const Instance& i) {
                          const auto x = i.values("x"), y = i.values("y");
                          for (std::size_t n = 0; n < x.size(); ++n)
                            if (equal(x[n], y[n]) == Truth::no) return Truth::yes;
                          return Truth::no;
                        },
                        exponentials(Real::ratio(1, 64), 4),
                        {}},
                       bounded_alpha("alpha > 0", "alpha", true, exponentials(0, 4))};
  registry.add(std::move(strict));
  Claim not_strict = claim("footnote-1/not-strictly-for-zero", "footnote 1",
                           "for alpha = 0 it is convex, but not strictly",
                           Relation::greater_or_equal, exponentials(0, 0), half_way);
  not_strict.quantifier = Quantifier::some;
  not_strict.reading = reading;
  not_strict.hypotheses = {{"a is not b",
                            "distinct",
                            [](const Instance& i) {
                              return equal(i.values("x")[0], i.values("y")[0]) == Truth::no
                                         ? Truth::yes
                                         : Truth::no;
                            },
                            {},
                            "an existence statement"}};
  registry.add(std::move(not_strict));
}

Real squared_distance(std::span<const Real> a, std::span<const Real> b) {
  Real total = 0;
  for (std::size_t n = 0; n < a.size(); ++n) total += pow(a[n] - b[n], 2);
  return total;
}

void add_triplet(ClaimRegistry& registry) {
  const auto domain = [](BlockKind kind) {
    Domain d = over({Shape{{{"d", 2}}, {}}, Shape{{{"d", 3}}, {}}}, [kind](const Shape& s) {
      const int n = s.integer("d");
      return std::vector<Block>{vectors("z", {n}, kind), vectors("plus", {n}, kind),
                                vectors("minus", {n}, kind), numbers("alpha", {}, 0, 2)};
    });
    const Domain bare = d;
    d.specials.push_back(
        {"opposite positive", [bare](const Shape& s) {
           if (s.integer("d") > 2) return std::vector<Instance>();
           return std::vector<Instance>{point_of(bare, s, {{1, 0}, {-1, 0}, {1, 0}, {1}})};
         }});
    return d;
  };
  // max{|z - z+|^2 - |z - z-|^2 + margin * alpha, 0} and `factor` max{z.(z- - z+) + alpha, 0}
  const auto sides = [](int margin, int factor) {
    return [=](const Instance& i) {
      const auto z = i.values("z"), plus = i.values("plus"), minus = i.values("minus");
      const Real& alpha = i.scalar("alpha");
      const Real triplet =
          squared_distance(z, plus) - squared_distance(z, minus) + Real(margin) * alpha;
      return Sides{max(triplet, Real(0)),
                   Real(factor) * max(dot(z, minus) - dot(z, plus) + alpha, Real(0))};
    };
  };
  const auto on_sphere = [](std::optional<Domain> dropped) {
    return Hypothesis{"sphere-normalized representations",
                      "sphere",
                      [](const Instance& i) {
                        Truth all = Truth::yes;
                        for (const char* b : {"z", "plus", "minus"})
                          all = reference::both(all, equal(dot(i.values(b), i.values(b)), Real(1)));
                        return all;
                      },
                      std::move(dropped),
                      {}};
  };
  const char* says =
      "psi_k(t) = max{t + alpha, 0} is the triplet loss with sphere-normalized representations";
  Claim scaled = claim("definition-1/triplet/up-to-scale", "Section 3.1", says, Relation::equal,
                       domain(BlockKind::sphere), sides(2, 2));
  scaled.reading = "max{|z-z+|^2 - |z-z-|^2 + 2 alpha, 0} is twice psi(z.(z- - z+))";
  scaled.hypotheses = {on_sphere(domain(BlockKind::ball))};
  registry.add(std::move(scaled));
  Claim same = claim("definition-1/triplet/same-margin", "Section 3.1", says, Relation::equal,
                     domain(BlockKind::sphere), sides(1, 1));
  same.reading = "max{|z-z+|^2 - |z-z-|^2 + alpha, 0} is psi(z.(z- - z+)), with the same alpha";
  same.hypotheses = {on_sphere({})};
  same.remark = "on the sphere |z-z+|^2 - |z-z-|^2 = 2 z.(z- - z+)";
  registry.add(std::move(same));
  Claim corrected = claim("definition-1/triplet/same-margin/corrected", "Section 3.1",
                          "the triplet loss with margin alpha is twice max{t + alpha/2, 0}",
                          Relation::equal, domain(BlockKind::sphere), [sides](const Instance& i) {
                            Instance half = i;
                            for (Block& b : half.blocks)
                              if (b.name == "alpha") b.values[0] = b.values[0] / Real(2);
                            return sides(2, 2)(half);
                          });
  registry.add(corrects(std::move(corrected), "hard-negatives/definition-1/triplet/same-margin"));
}

void add_spectral(ClaimRegistry& registry) {
  Domain d = over({Shape{{{"d", 1}}, {}}, Shape{{{"d", 2}}, {}}}, [](const Shape& s) {
    std::vector<Block> blocks;
    for (const char* name : {"z", "plus", "minus", "w", "w_plus", "w_minus"})
      blocks.push_back(vectors(name, {s.integer("d")}, BlockKind::ball));
    return blocks;
  });
  const Domain bare = d;
  d.specials.push_back(
      {"equal arguments", [bare](const Shape& s) {
         if (s.integer("d") > 1) return std::vector<Instance>();
         return std::vector<Instance>{point_of(bare, s, {{1}, {1}, {0}, {1}, {0}, {-1}})};
       }});
  const auto argument = [](const Instance& i, const char* z, const char* plus, const char* minus) {
    return dot(i.values(z), i.values(minus)) - dot(i.values(z), i.values(plus));
  };
  Claim c = claim("definition-1/spectral", "Section 3.1",
                  "the spectral contrastive loss is not of the form (1)", Relation::not_equal, d,
                  [](const Instance& i) {
                    return Sides{pow(dot(i.values("z"), i.values("minus")), 2) -
                                     Real(2) * dot(i.values("z"), i.values("plus")),
                                 pow(dot(i.values("w"), i.values("w_minus")), 2) -
                                     Real(2) * dot(i.values("w"), i.values("w_plus"))};
                  });
  c.quantifier = Quantifier::some;
  c.reading = "two tuples with the same argument z.(z- - z+) and different -2 z.z+ + (z.z-)^2";
  c.hypotheses = {{"the same argument",
                   "argument",
                   [argument](const Instance& i) {
                     return equal(argument(i, "z", "plus", "minus"),
                                  argument(i, "w", "w_plus", "w_minus"));
                   },
                   {},
                   "an existence statement"}};
  registry.add(std::move(c));
}

void add_exponential_hardening(ClaimRegistry& registry) {
  const auto domain = [](Real low) {
    std::vector<Shape> shapes;
    for (const int k : {1, 2, 3}) shapes.push_back({{{"k", k}}, {}});
    return over(std::move(shapes), [low](const Shape& s) {
      const int k = s.integer("k");
      return std::vector<Block>{numbers("beta", {}, low, 4), numbers("t", {k}, -1, 1),
                                numbers("u", {k}, -1, 1)};
    });
  };
  const auto eta = [](const Instance& i, std::span<const Real> t) {
    Real product = 1;
    for (const Real& x : t) product *= exp(i.scalar("beta") * x);
    return product;
  };
  Claim rising =
      claim("definition-2/exponential-nondecreasing", "Definition 2 and below",
            "prod exp(beta t_i), beta > 0, is argument-wise non-decreasing",
            Relation::greater_or_equal, domain(Real::ratio(1, 16)), [eta](const Instance& i) {
              std::vector<Real> more = values(i, "u");
              const auto t = values(i, "t");
              for (std::size_t n = 0; n < t.size(); ++n) more[n] = max(more[n], t[n]);
              return Sides{eta(i, more), eta(i, t)};
            });
  rising.hypotheses = {{"beta > 0",
                        "beta",
                        [](const Instance& i) { return less(Real(0), i.scalar("beta")); },
                        domain(-4),
                        {}}};
  registry.add(std::move(rising));
  Claim sign = claim("definition-2/exponential-nonnegative", "Definition 2 and below",
                     "prod exp(beta t_i), beta > 0, is non-negative", Relation::greater_or_equal,
                     domain(Real::ratio(1, 16)), [eta](const Instance& i) {
                       return Sides{eta(i, i.values("t")), i.number(0)};
                     });
  sign.strengthened = [eta](const Instance& i) {
    return Sides{eta(i, i.values("t")), i.number(1, 1000)};
  };
  registry.add(std::move(sign));
}

}  // namespace

void add_hn_framework(ClaimRegistry& registry) {
  add_examples_of_losses(registry);
  add_alignment(registry);
  add_footnote(registry);
  add_triplet(registry);
  add_spectral(registry);
  add_exponential_hardening(registry);
}

}  // namespace assay::proofs
