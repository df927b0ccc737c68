// SPDX-License-Identifier: Apache-2.0
// HN Algorithm 1, line by line.
#include <string_view>

#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/subject/facts.hpp"
#include "proofs-numeric/subject/models.hpp"

namespace assay::proofs {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

Claim claim(const char* id, const char* place, const char* says, Relation relation, Domain domain,
            Evaluate evaluate) {
  Claim c;
  c.id = std::string("hard-negatives/algorithm-1/") + id;
  c.kind = ClaimKind::step;
  c.paper = "HN";
  c.place = std::string("Algorithm 1, ") + place;
  c.statement = says;
  c.relation = relation;
  c.domain = std::move(domain);
  c.evaluate = std::move(evaluate);
  return c;
}

void add_normalisations(ClaimRegistry& registry) {
  Domain free = over({Shape{{{"d", 1}}, {}}, Shape{{{"d", 3}}, {}}}, [](const Shape& s) {
    return std::vector<Block>{numbers("f", {s.integer("d")}, -2, 2)};
  });
  const auto squared = [](const Instance& i) { return dot(i.values("f"), i.values("f")); };
  Claim ball = claim("unit-ball", "lines 5-10", "z_i is in the unit ball", Relation::less_or_equal,
                     free, [squared](const Instance& i) {
                       const Real n = squared(i);
                       const bool inside = less_or_equal(n, Real(1)) == Truth::yes;
                       return Sides{inside ? n : n / n, i.number(1)};
                     });
  ball.reading = "|z_i|^2 as lines 6 to 9 make it from |f|^2";
  registry.add(std::move(ball));
  Claim single = claim("unit-ball-formula", "lines 5-10", "z_i = f(x_i) / max{1, |f(x_i)|}",
                       Relation::equal, free, [squared](const Instance& i) {
                         const Real n = squared(i);
                         const bool inside = less_or_equal(n, Real(1)) == Truth::yes;
                         const Real& f = i.values("f").front();
                         return Sides{inside ? f : f / sqrt(n), f / max(Real(1), sqrt(n))};
                       });
  single.reading = "the two branches as one formula, first coordinate";
  registry.add(std::move(single));
  Claim sphere = claim("unit-sphere", "lines 11-12", "z_i is on the unit sphere", Relation::equal,
                       free, [squared](const Instance& i) {
                         const Real n = squared(i);
                         Real total = 0;
                         for (const Real& x : i.values("f")) total += x * x / n;
                         return Sides{total, i.number(1)};
                       });
  sphere.reading = "|z_i|^2 as the sum of f_a^2 / |f|^2; f(x_i) = 0 is not covered by the lines";
  sphere.hypotheses = {{"f(x_i) is not 0",
                        "not-zero",
                        [squared](const Instance& i) { return less(Real(0), squared(i)); },
                        {},
                        "line 12 divides by 0 there"}};
  registry.add(std::move(sphere));
}

/// z, z_j and k negatives.
Domain a_tuple() {
  std::vector<Shape> shapes;
  for (const int k : {1, 2, 4}) shapes.push_back({{{"k", k}, {"d", 2}}, {}});
  Domain d = over(std::move(shapes), [](const Shape& s) {
    return std::vector<Block>{vectors("z", {2}, BlockKind::ball),
                              vectors("positive", {2}, BlockKind::ball),
                              vectors("negatives", {s.integer("k"), 2}, BlockKind::ball)};
  });
  const Domain bare = d;
  d.specials.push_back({"collapsed", [bare](const Shape& s) {
                          std::vector<Real> all;
                          for (int n = 0; n < s.integer("k"); ++n)
                            all.insert(all.end(), {Real(1), Real(0)});
                          return std::vector<Instance>{point_of(bare, s, {{1, 0}, {1, 0}, all})};
                        }});
  return d;
}

/// v of line 21.
std::vector<Real> line_21(const Instance& i) {
  const auto z = i.values("z"), n = i.values("negatives");
  std::vector<Real> v;
  for (std::size_t m = 0; m < n.size(); m += 2)
    v.push_back(dot(z, n.subspan(m, 2)) - dot(z, i.values("positive")));
  return v;
}

/// l_ij of line 22.
Real line_22(const Instance& i) {
  const std::vector<Real> v = line_21(i);
  Real total = 0;
  for (const Real& x : v) total += exp(x);
  return log(Real(1) + total / i.number(static_cast<long long>(v.size())));
}

void add_loss_of_a_pair(ClaimRegistry& registry) {
  Claim arguments = claim("arguments", "line 21", "v_m = z_i.z_m - z_i.z_j, the arguments in (1)",
                          Relation::equal, a_tuple(), [](const Instance& i) {
                            const auto z = i.values("z"), p = i.values("positive");
                            const auto n = i.values("negatives");
                            return Sides{i.number(1) + line_21(i).front(),
                                         i.number(1) + z[0] * (n[0] - p[0]) + z[1] * (n[1] - p[1])};
                          });
  arguments.reading = "first negative, both sides plus 1";
  registry.add(std::move(arguments));
  const char* says = "l_ij = log(1 + (1/k) sum_m exp(v_m)) is the InfoNCE loss of Definition 1";
  const auto against = [](const char* text, bool of_k) {
    return [=](const Instance& i) {
      const int k = i.integer("k");
      LossFunction::LogSum parameters;
      if (std::string_view(text) == "mean") parameters.per_negative = true;
      if (of_k) parameters.alpha = k;
      Real value = LossFunction::log_sum(parameters)(line_21(i));
      if (of_k) value -= log(i.number(k));
      return Sides{line_22(i), value};
    };
  };
  Claim mean =
      claim("info-nce/mean", "line 22", says, Relation::equal, a_tuple(), against("mean", false));
  mean.reading = "psi_k(t) = log(1 + (1/k) sum exp(t_i))";
  registry.add(std::move(mean));
  Claim sum =
      claim("info-nce/sum", "line 22", says, Relation::equal, a_tuple(), against("sum", false));
  sum.reading =
      "psi_k(t) = log(alpha + sum exp(t_i)) with alpha = 1, as printed below Definition 1";
  sum.remark = "k = 2, all v = 0: log 2 against log 3";
  registry.add(std::move(sum));
  Claim corrected = claim("info-nce/sum/corrected", "line 22",
                          "l_ij is the InfoNCE loss of Definition 1 with alpha = k, less log k",
                          Relation::equal, a_tuple(), against("sum", true));
  corrected.equality = {"collapsed"};
  registry.add(corrects(std::move(corrected), "hard-negatives/algorithm-1/info-nce/sum"));
  Claim positive = claim("pairs-counted", "line 27",
                         "|{l_ij != 0}| counts the j of the label of i: line 22 never gives 0",
                         Relation::greater, a_tuple(), [](const Instance& i) {
                           return Sides{line_22(i), i.number(0)};
                         });
  positive.strengthened = [](const Instance& i) { return Sides{line_22(i), i.number(1, 2)}; };
  registry.add(std::move(positive));
}

void add_no_normalisation(ClaimRegistry& registry) {
  std::vector<Shape> shapes;
  for (const int d : {1, 2, 4}) shapes.push_back({{{"d", d}}, {}});
  Claim c = claim("no-normalization", "lines 13-14",
                  "z_i = f(x_i)/sqrt(d) divides the arguments of line 21 by d: d is a temperature",
                  Relation::equal,
                  over(std::move(shapes),
                       [](const Shape& s) {
                         const int d = s.integer("d");
                         return std::vector<Block>{numbers("x", {d}, -2, 2),
                                                   numbers("positive", {d}, -2, 2),
                                                   numbers("negative", {d}, -2, 2)};
                       }),
                  [](const Instance& i) {
                    const Real root = sqrt(i.number(i.integer("d")));
                    const auto scaled = [&](const char* block) {
                      std::vector<Real> z;
                      for (const Real& f : i.values(block)) z.push_back(f / root);
                      return z;
                    };
                    const auto x = i.values("x");
                    const auto z = scaled("x");
                    const Real v = dot(z, scaled("negative")) - dot(z, scaled("positive"));
                    const Real f = dot(x, i.values("negative")) - dot(x, i.values("positive"));
                    return Sides{exp(v), exp(f / i.number(i.integer("d")))};
                  });
  c.reading = "exp(v) of line 21 against exp of the same with f, divided by d";
  registry.add(std::move(c));
}

/// Labels of a batch: the first n_1 samples have label 1, and so on.
struct Batch {
  std::vector<int> labels;

  explicit Batch(const Shape& s) {
    for (const char* c : {"n1", "n2", "n3"})
      labels.insert(labels.end(), at(s.integer(c)), c[1] - '0');
  }
  int size() const { return static_cast<int>(labels.size()); }
  bool pair(int i, int j) const { return labels[at(i)] == labels[at(j)]; }
  int partners(int i) const {
    int n = 0;
    for (int j = 0; j < size(); ++j) n += pair(i, j);
    return n;
  }
  /// Line 29 of line 27.
  Real line_29(std::span<const Real> l) const {
    Real total = 0;
    for (int i = 0; i < size(); ++i)
      for (int j = 0; j < size(); ++j)
        if (pair(i, j)) total += l[at(i * size() + j)] / Real(partners(i));
    return total / Real(size());
  }
  /// (1/sum of weights) sum over pairs of weight(i) l_ij
  Real average(std::span<const Real> l, const std::function<Real(int)>& weight) const {
    Real total = 0, weights = 0;
    for (int i = 0; i < size(); ++i)
      for (int j = 0; j < size(); ++j)
        if (pair(i, j)) total += weight(i) * l[at(i * size() + j)], weights += weight(i);
    return total / weights;
  }
};

Domain batches(bool balanced) {
  std::vector<Shape> shapes;
  const auto add = [&](int a, int b, int c) {
    shapes.push_back({{{"n1", a}, {"n2", b}, {"n3", c}}, {}});
  };
  add(1, 1, 0), add(2, 2, 0), add(1, 1, 1), add(2, 2, 2);
  if (!balanced) shapes.clear(), add(1, 2, 0), add(2, 2, 0), add(1, 3, 0), add(1, 2, 3);
  return over(std::move(shapes), [](const Shape& s) {
    const int n = Batch(s).size();
    return std::vector<Block>{numbers("l", {n, n}, Real::ratio(1, 8), 2)};
  });
}

void add_averages(ClaimRegistry& registry) {
  Claim pairs = claim("average-over-pairs", "lines 27 and 29",
                      "the loss of a mini-batch is the average over all its positive pairs",
                      Relation::equal, batches(true), [](const Instance& i) {
                        const Batch b(i.shape);
                        return Sides{b.line_29(i.values("l")),
                                     b.average(i.values("l"), [](int) { return Real(1); })};
                      });
  pairs.reading = "l_ij as free positive numbers";
  pairs.hypotheses = {{"as many samples of each class in the batch",
                       "balanced",
                       [](const Instance& i) {
                         const Batch b(i.shape);
                         for (int n = 0; n < b.size(); ++n)
                           if (b.partners(n) != b.partners(0)) return Truth::no;
                         return Truth::yes;
                       },
                       batches(false),
                       {}}};
  registry.add(std::move(pairs));
  Claim expected =
      claim("empirical-loss", "lines 27 and 29",
            "the loss of a mini-batch is the empirical loss: label of the anchor as "
            "often as in the batch, anchor and positive independent and uniform over "
            "its class",
            Relation::equal, batches(false), [](const Instance& i) {
              const Batch b(i.shape);
              const auto lambda_q = [&](int n) {
                const int of_class = b.partners(n);
                return Real::ratio(of_class, b.size()) / pow(Real(of_class), 2);
              };
              return Sides{b.line_29(i.values("l")), b.average(i.values("l"), lambda_q)};
            });
  expected.reading = "l_ij as free positive numbers; balanced or not";
  registry.add(std::move(expected));
}

}  // namespace

void add_hn_algorithm_1(ClaimRegistry& registry) {
  add_normalisations(registry);
  add_no_normalisation(registry);
  add_loss_of_a_pair(registry);
  add_averages(registry);
}

}  // namespace assay::proofs
