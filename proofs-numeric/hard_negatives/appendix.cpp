// SPDX-License-Identifier: Apache-2.0
// HN Appendices A and B: augmentation model, polynomial hardening, (42).
#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/subject/facts.hpp"
#include "proofs-numeric/subject/models.hpp"

namespace assay::proofs {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

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

/// One label: R reference samples, m samples that augmentation makes of them.
struct Augmentation {
  int references, samples;
  std::span<const Real> p_ref, p_aug;

  explicit Augmentation(const Instance& i)
      : references(i.integer("R")),
        samples(i.integer("m")),
        p_ref(i.values("p_ref")),
        p_aug(i.values("p_aug")) {}
  const Real& aug(int r, int x) const { return p_aug[at(r * samples + x)]; }
  Real joint(int x, int plus) const {
    Real total = 0;
    for (int r = 0; r < references; ++r) total += p_ref[at(r)] * (aug(r, x) * aug(r, plus));
    return total;
  }
  Real anchor(int x) const {
    Real total = 0;
    for (int plus = 0; plus < samples; ++plus) total += joint(x, plus);
    return total;
  }
  Real positive(int plus) const {
    Real total = 0;
    for (int x = 0; x < samples; ++x) total += joint(x, plus);
    return total;
  }
  Real over_samples(const std::function<Real(int)>& g) const {
    Real total = 0;
    for (int x = 0; x < samples; ++x) total += g(x);
    return total;
  }
};

Domain augmentations() {
  std::vector<Shape> shapes;
  for (const auto& [r, m] : {std::pair{2, 2}, {2, 3}, {3, 4}})
    shapes.push_back({{{"R", r}, {"m", m}}, {}});
  Domain d = over(std::move(shapes), [](const Shape& s) {
    return std::vector<Block>{probabilities("p_ref", {s.integer("R")}),
                              probabilities("p_aug", {s.integer("R"), s.integer("m")})};
  });
  return d;
}

void add_appendix_a(ClaimRegistry& registry) {
  const char* place = "Appendix A";
  registry.add(claim(
      "appendix-a/same-law", place, "x|y and x+|y have the same conditional distribution",
      Relation::equal, augmentations(), [](const Instance& i) {
        const Augmentation m(i);
        return Sides{
            i.number(1) + m.over_samples([&](int x) { return abs(m.anchor(x) - m.positive(x)); }),
            i.number(1)};
      }));
  registry.add(claim("appendix-a/mixture", place,
                     "it is p(.|y) = integral of p_aug(.|x_ref, y) p_ref(x_ref|y)", Relation::equal,
                     augmentations(), [](const Instance& i) {
                       const Augmentation m(i);
                       return Sides{i.number(1) + m.over_samples([&](int x) {
                                      Real mixture = 0;
                                      for (int r = 0; r < m.references; ++r)
                                        mixture += m.aug(r, x) * m.p_ref[at(r)];
                                      return abs(m.anchor(x) - mixture);
                                    }),
                                    i.number(1)};
                     }));
  registry.add(claim("appendix-a/representations", place,
                     "z|y and z+|y have identical conditional distributions", Relation::equal,
                     augmentations(), [](const Instance& i) {
                       const Augmentation m(i);  // f takes two values: on even and on odd samples
                       Real z = 0, plus = 0;
                       for (int x = 0; x < m.samples; x += 2)
                         z += m.anchor(x), plus += m.positive(x);
                       return Sides{z, plus};
                     }));
  Claim dependent = claim(
      "appendix-a/dependent", place, "x, x+ need not be conditionally IID given just y",
      Relation::greater, augmentations(), [](const Instance& i) {
        const Augmentation m(i);
        return Sides{
            m.over_samples([&](int x) { return abs(m.joint(x, x) - m.anchor(x) * m.positive(x)); }),
            i.number(0)};
      });
  dependent.quantifier = Quantifier::some;
  registry.add(std::move(dependent));
}

/// max{t + 1, 0}^epsilon
Real polynomial(const Real& t, const Real& epsilon) {
  const Real base = max(t + Real(1), Real(0));
  return equal(base, Real(0)) == Truth::yes ? Real(0) : exp(epsilon * log(base));
}

void add_polynomial(ClaimRegistry& registry) {
  const char* place = "Appendix B.4";
  const auto domain = [](Real low) {
    return over({Shape{{{"k", 1}}, {}}, Shape{{{"k", 2}}, {}}, Shape{{{"k", 3}}, {}}},
                [low](const Shape& s) {
                  const int k = s.integer("k");
                  return std::vector<Block>{numbers("epsilon", {}, low, 20),
                                            numbers("t", {k}, -2, 2), numbers("u", {k}, -2, 2)};
                });
  };
  const auto eta = [](const Instance& i, std::span<const Real> t) {
    Real product = 1;
    for (const Real& x : t) product *= polynomial(x, i.scalar("epsilon"));
    return product;
  };
  Claim rising =
      claim("appendix-b-4/polynomial-nondecreasing", place,
            "prod max{t_i + 1, 0}^epsilon, epsilon > 0, is a hardening function: "
            "argument-wise non-decreasing",
            Relation::greater_or_equal, domain(Real::ratio(1, 8)), [eta](const Instance& i) {
              const auto t = i.values("t"), u = i.values("u");
              std::vector<Real> more;
              for (std::size_t n = 0; n < t.size(); ++n) more.push_back(max(t[n], u[n]));
              return Sides{eta(i, more), eta(i, t)};
            });
  rising.hypotheses = {{"epsilon > 0",
                        "epsilon",
                        [](const Instance& i) { return less(Real(0), i.scalar("epsilon")); },
                        domain(-20),
                        {}}};
  registry.add(std::move(rising));
  registry.add(claim("appendix-b-4/polynomial-nonnegative", place,
                     "prod max{t_i + 1, 0}^epsilon, epsilon > 0, is non-negative",
                     Relation::greater_or_equal, domain(Real::ratio(1, 8)),
                     [eta](const Instance& i) {
                       return Sides{eta(i, i.values("t")), i.number(0)};
                     }));
}

/// How the two families of hardening functions fall as the alignment t does.
void add_decay(ClaimRegistry& registry) {
  const char* place = "Appendix B.4";
  const char* says =
      "the polynomial hardening functions decay at a slower rate than the exponential one";
  std::vector<Shape> printed;
  for (const int epsilon : {3, 5, 10, 20})
    for (const int beta : {2, 5, 10, 30})
      printed.push_back({{{"epsilon", epsilon}, {"beta", beta}}, {}});
  const auto free_t = [](std::vector<Shape> shapes, Real low, Real high) {
    return over(std::move(shapes),
                [=](const Shape&) { return std::vector<Block>{numbers("t", {}, low, high)}; });
  };
  const auto rates = [](const Instance& i) {
    return Sides{i.number(i.integer("epsilon")) / (Real(1) + i.scalar("t")),
                 i.number(i.integer("beta"))};
  };
  const Real near_minus_1 = Real::ratio(-15, 16);
  Claim rate = claim("appendix-b-4/decay/rate", place, says, Relation::less_or_equal,
                     free_t(printed, near_minus_1, 1), rates);
  rate.reading =
      "the logarithmic derivatives epsilon/(1+t) and beta at every alignment t in "
      "(-1, 1], every pair of printed parameters";
  rate.remark = "epsilon/(1+t) grows without bound as t falls to -1";
  registry.add(std::move(rate));
  Claim ratio = claim("appendix-b-4/decay/range", place, says, Relation::greater_or_equal,
                      family(printed), [](const Instance& i) {
                        const Hardening p = Hardening::polynomial(i.integer("epsilon"));
                        const Hardening e = Hardening::exponential(i.integer("beta"));
                        const auto fall = [&](const Hardening& eta) {
                          return eta.factor(i.number(-1)) / eta.factor(i.number(1));
                        };
                        return Sides{fall(p), fall(e)};
                      });
  ratio.reading = "from the most to the least aligned: eta(-1)/eta(1) is not smaller";
  ratio.remark = "(1 + (-1))^epsilon = 0, exp(-2 beta) is not";
  registry.add(std::move(ratio));
  Claim at_one =
      claim("appendix-b-4/decay/at-alignment", place, says, Relation::less_or_equal,
            family(printed), [](const Instance& i) {
              return Sides{i.number(i.integer("epsilon"), 2), i.number(i.integer("beta"))};
            });
  at_one.reading =
      "the logarithmic derivatives epsilon/2 and beta at t = 1, every pair of printed "
      "parameters";
  at_one.remark = "epsilon = 5, beta = 2: 5/2 against 2";
  registry.add(std::move(at_one));
  std::vector<Shape> same;
  for (const int n : {3, 5, 10, 20}) same.push_back({{{"epsilon", n}, {"beta", n}}, {}});
  Claim corrected = claim("appendix-b-4/decay/corrected", place,
                          "with epsilon = beta the polynomial decays at a slower rate than the "
                          "exponential where t >= 0, at half of it for t = 1",
                          Relation::less_or_equal, free_t(same, 0, 1), rates);
  registry.add(corrects(corrected, "hard-negatives/appendix-b-4/decay/rate"));
  Claim at_most_half = corrected;
  at_most_half.id = "hard-negatives/appendix-b-4/decay/at-alignment/corrected";
  at_most_half.statement =
      "at t = 1 the polynomial decays at half the rate of the exponential with "
      "beta = epsilon";
  at_most_half.relation = Relation::equal;
  at_most_half.domain = family(same);
  at_most_half.evaluate = [](const Instance& i) {
    return Sides{i.number(i.integer("epsilon")) / (Real(1) + i.number(1)),
                 i.number(i.integer("beta"), 2)};
  };
  registry.add(corrects(std::move(at_most_half), "hard-negatives/appendix-b-4/decay/at-alignment"));
  Claim zero = claim("appendix-b-4/decay/range/corrected", place,
                     "the polynomial hardening function falls to 0 at t = -1, the exponential does "
                     "not",
                     Relation::less, family(printed), [](const Instance& i) {
                       const Hardening p = Hardening::polynomial(i.integer("epsilon"));
                       const Hardening e = Hardening::exponential(i.integer("beta"));
                       return Sides{p.factor(i.number(-1)), e.factor(i.number(-1))};
                     });
  registry.add(corrects(std::move(zero), "hard-negatives/appendix-b-4/decay/range"));
}

/// Negatives of m kinds with probabilities p and alignments u, a positive with alignment v; (42)
/// for one anchor and positive.
Domain one_anchor() {
  std::vector<Shape> shapes;
  for (const int weight : {1, 30})
    for (const int m : {2, 3})
      for (const int k : {1, 2, 4})
        if (m == 2 || k < 4) shapes.push_back({{{"m", m}, {"k", k}, {"Q", weight}}, {}});
  Domain d = over(std::move(shapes), [](const Shape& s) {
    const int m = s.integer("m");
    return std::vector<Block>{probabilities("p", {m}), numbers("u", {m}, -1, 1),
                              numbers("v", {}, -1, 1)};
  });
  const Domain bare = d;
  d.specials.push_back({"equal negatives", [bare](const Shape& s) {
                          const std::vector<Real> p(at(s.integer("m")),
                                                    Real::ratio(1, s.integer("m")));
                          return std::vector<Instance>{
                              point_of(bare, s, {p, std::vector<Real>(p.size()), {Real(0)}})};
                        }});
  return d;
}

Real info_nce(const Instance& i, int k) {
  LossFunction::LogSum parameters;
  parameters.weight = i.integer("Q");
  parameters.per_negative = true;
  return reference::expected_over_negatives(i.values("p"), i.values("u"), i.scalar("v"),
                                            LossFunction::log_sum(parameters), Hardening(), k,
                                            reference::Way::multinomial);
}

/// E[exp(n (u - v))]
Real moment(const Instance& i, int n) {
  Real total = 0;
  for (std::size_t j = 0; j < i.values("p").size(); ++j)
    total += i.values("p")[j] * exp(Real(n) * (i.values("u")[j] - i.scalar("v")));
  return total;
}

Real equation_42(const Instance& i) { return log1p(Real(i.integer("Q")) * moment(i, 1)); }

void add_equation_42(ClaimRegistry& registry) {
  const char* place = "Appendix B.5, (42)";
  const char* says = "(42) is the large-k asymptotic form of the InfoNCE loss";
  const char* weights = "InfoNCE as log(1 + (Q/k) sum exp(t_i)), one anchor and positive: ";
  const auto add = [&](const char* id, const char* reading, Relation relation, Evaluate evaluate) {
    Claim c = claim(id, place, says, relation, one_anchor(), std::move(evaluate));
    c.equations = {"(42)"};
    c.reading = std::string(weights) + reading;
    c.equality = {"equal negatives"};
    registry.add(std::move(c));
  };
  add("appendix-b-5/42/upper-bound", "it is not above (42) for any k", Relation::less_or_equal,
      [](const Instance& i) {
        return Sides{info_nce(i, i.integer("k")), equation_42(i)};
      });
  add("appendix-b-5/42/monotone", "it does not fall from k to k + 1", Relation::greater_or_equal,
      [](const Instance& i) {
        return Sides{info_nce(i, i.integer("k") + 1), info_nce(i, i.integer("k"))};
      });
  add("appendix-b-5/42/limit",
      "it misses (42) by at most Q^2 var(exp t) / (2k), so (42) is its limit",
      Relation::less_or_equal, [](const Instance& i) {
        const int k = i.integer("k");
        const Real q = i.number(i.integer("Q"));
        return Sides{
            equation_42(i),
            info_nce(i, k) + q * q * (moment(i, 2) - pow(moment(i, 1), 2)) / i.number(2 * k)};
      });
}

void add_data_sets(ClaimRegistry& registry) {
  Claim larger = fact({"hard-negatives/appendix-b/tiny-imagenet-larger", "Appendix B",
                       "Tiny-ImageNet (120000 images) is much larger than CIFAR10 and CIFAR100 "
                       "(50000 images each)"},
                      Relation::greater_or_equal, number(120000), number(2 * 50000));
  larger.reading = "at least twice as large";
  registry.add(std::move(larger));
  registry.add(unavailable({"hard-negatives/appendix-b/data-sets", "Appendix B",
                            "Tiny-ImageNet has 120000 images, CIFAR10 and CIFAR100 50000 each"},
                           "the data sets"));
  for (const char* section : {"1", "2", "3", "4", "5"})
    registry.add(unavailable({std::string("hard-negatives/appendix-b-") + section + "/experiments",
                              std::string("Appendix B.") + section,
                              "Neural- and dimensional collapse as observed in Figs. 5 to 13"},
                             "trained networks"));
}

}  // namespace

void add_hn_appendix(ClaimRegistry& registry) {
  add_appendix_a(registry);
  add_data_sets(registry);
  add_polynomial(registry);
  add_decay(registry);
  add_equation_42(registry);
}

}  // namespace assay::proofs
