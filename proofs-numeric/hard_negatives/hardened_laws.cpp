// SPDX-License-Identifier: Apache-2.0
// HN Sections 3.1 and 3.2: what is said about the laws (2) to (7), with two negatives.
#include <array>

#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/subject/models.hpp"
#include "proofs-numeric/subject/tuple_domain.hpp"

namespace assay::proofs {
namespace {

const std::vector<std::string> separable = {"polynomial power=2", "exponential beta=5"};
const std::vector<std::string> not_separable = {"max-plus-one", "sum-plus-one power=2"};
const std::vector<std::string> any_hardening = {"polynomial power=1", "max-plus-one",
                                                "exponential beta=5"};

/// One of the four laws, as the ids and the text name it.
struct Named {
  Law law;
  const char* key;
  const char* text;
  const char* given;  ///< "given x and y"
};
constexpr Named scl = {Law::scl, "scl", "SCL", "the anchor's label"};
constexpr Named ucl = {Law::ucl, "ucl", "UCL", ""};
constexpr Named hscl = {Law::hscl, "hscl", "HSCL", "x and y"};
constexpr Named hucl = {Law::hucl, "hucl", "HUCL", "x"};

/// Y of SCL, nothing of UCL.
Key label_if_supervised(const TupleLaw& p, Law law) {
  return reference::is_supervised(law) ? anchor_label(p) : nothing();
}

using Measure = std::function<Real(const TupleLaw&)>;

Claim claim(const Named& n, const char* id, std::string statement, Relation relation, Domain domain,
            const Measure& left, Quantifier quantifier = Quantifier::every) {
  Claim c;
  c.id = std::string("hard-negatives/section-3/") + n.key + "/" + id;
  c.paper = "HN";
  c.place = reference::is_hardened(n.law) ? "Section 3.2" : "Section 3.1";
  c.statement = std::string("in ") + n.text + " " + std::move(statement);
  c.reading = "two negatives, finitely many points";
  c.quantifier = quantifier;
  c.relation = relation;
  c.domain = std::move(domain);
  if (reference::is_hardened(n.law))
    c.hypotheses = {
        {"gamma in (0, infinity)", "gamma", {}, {}, "the law is not defined without it"}};
  // Sums of probabilities that are 0 are compared as 1 + 0 with 1: in doubles rounding is then
  // small beside the sides, and no search runs after it.
  c.evaluate = [law = n.law, left](const Instance& i) {
    return Sides{i.number(1) + left(TupleLaw(i, law)), i.number(1)};
  };
  return c;
}

void add_reference_laws(ClaimRegistry& registry, const Named& n) {
  const Law law = n.law;
  TupleOptions options;
  options.typical = reference::is_supervised(law);
  const Domain domain = tuples(options);
  Claim total = claim(
      n, "law", "the probabilities of all tuples sum to 1", Relation::equal, domain,
      [](const TupleLaw& p) { return p.probability([](const Tuple&) { return true; }) - Real(1); });
  total.equations = {reference::is_supervised(law) ? "(2)" : "(4)"};
  registry.add(std::move(total));
  registry.add(claim(n, "negatives-independent-of-pair",
                     std::string("the negatives are independent of anchor and positive") +
                         (*n.given ? std::string(" given ") + n.given : std::string()),
                     Relation::equal, domain, [law](const TupleLaw& p) {
                       return dependence(p, negative_points(p),
                                         both(anchor_point(p), positive_point(p)),
                                         label_if_supervised(p, law));
                     }));
  registry.add(claim(n, "negatives-iid",
                     std::string("the negatives are IID") +
                         (*n.given ? std::string(" given ") + n.given : std::string()),
                     Relation::equal, domain, [law](const TupleLaw& p) {
                       const Key given = label_if_supervised(p, law);
                       const Key first = negative_point(p, 1), second = negative_point(p, 2);
                       return dependence(p, first, second, given) +
                              difference(p, first, second, given);
                     }));
  registry.add(claim(n, "reference-law",
                     "p(x^-|x,x+,y) is the sum over y^- of r(y^-) s(x^-|y^-), the reference law",
                     Relation::equal, domain, [](const TupleLaw& p) {
                       const Key given =
                           both(anchor_label(p), both(anchor_point(p), positive_point(p)));
                       const Key with = both(negative_point(p, 1), given);
                       const std::vector<Real> joint = p.law_of(with.size, with.of);
                       const std::vector<Real> alone = p.law_of(given.size, given.of);
                       Real off = 0;
                       const int m = p.points(), rest = given.size;
                       for (int x = 0; x < m; ++x)
                         for (int g = 0; g < rest; ++g) {
                           Real reference_law = 0;
                           for (int l = 0; l < p.classes(); ++l)
                             reference_law += p.r(l, g / (m * m)) * p.s(l, x);
                           off += abs(joint[static_cast<std::size_t>(x * rest + g)] -
                                      alone[static_cast<std::size_t>(g)] * reference_law);
                         }
                       return off;
                     }));
}

void add_marginals(ClaimRegistry& registry) {
  registry.add(claim(ucl, "same-marginals",
                     "anchor, positive and negatives have the marginal sum_i lambda_i s(.|i), with "
                     "r = lambda and a common s",
                     Relation::equal, tuples({}), [](const TupleLaw& p) {
                       Real off = 0;
                       for (const Key& k : {anchor_point(p), positive_point(p),
                                            negative_point(p, 1), negative_point(p, 2)}) {
                         const std::vector<Real> marginal = p.law_of(k.size, k.of);
                         for (int x = 0; x < p.points(); ++x) {
                           Real mixture = 0;
                           for (int l = 0; l < p.classes(); ++l) mixture += p.lambda(l) * p.s(l, x);
                           off += abs(marginal[static_cast<std::size_t>(x)] - mixture);
                         }
                       }
                       return off;
                     }));
}

Key given_anchor(const TupleLaw& p, Law law) {
  return both(anchor_point(p), label_if_supervised(p, law));
}

void add_dependence(ClaimRegistry& registry, const Named& n) {
  const Law law = n.law;
  const std::string given = n.given;
  registry.add(claim(n, "independent-of-positive",
                     "the negatives are conditionally independent of x+ given " + given,
                     Relation::equal, tuples({any_hardening}), [law](const TupleLaw& p) {
                       return dependence(p, negative_points(p), positive_point(p),
                                         given_anchor(p, law));
                     }));
  registry.add(claim(
      n, "depends-on-anchor",
      std::string("the negatives are not ") +
          (law == Law::hscl ? "conditionally independent of x given y" : "independent of x"),
      Relation::greater, tuples({any_hardening}),
      [law](const TupleLaw& p) {
        return dependence(p, negative_points(p), anchor_point(p), label_if_supervised(p, law));
      },
      Quantifier::some));
  Claim every = claim(
      n, "depends-on-anchor/always",
      std::string("the negatives are not ") +
          (law == Law::hscl ? "conditionally independent of x given y" : "independent of x"),
      Relation::greater, tuples({any_hardening}), [law](const TupleLaw& p) {
        return dependence(p, negative_points(p), anchor_point(p), label_if_supervised(p, law));
      });
  every.reading = "whatever f and the laws are; two negatives, finitely many points";
  every.remark = "f constant: so is eta, and the hardened law is the reference law";
  Claim sometimes = *registry.find(every.parent = every.id.substr(0, every.id.rfind('/')));
  sometimes.id = every.id + "/corrected";
  sometimes.statement = std::string("in ") + n.text + " the negatives may depend on x";
  sometimes.kind = ClaimKind::correction;
  sometimes.parent = every.id;
  every.parent.clear();
  registry.add(std::move(every));
  registry.add(std::move(sometimes));
  registry.add(claim(
      n, "not-iid", "the negatives may not be IID given " + given + " if eta is not separable",
      Relation::greater, tuples({not_separable}),
      [law](const TupleLaw& p) {
        return dependence(p, negative_point(p, 1), negative_point(p, 2), given_anchor(p, law));
      },
      Quantifier::some));
  Claim iid =
      claim(n, "separable-iid", "the negatives are IID given " + given + " if eta is separable",
            Relation::equal, tuples({separable}), [law](const TupleLaw& p) {
              const Key anchor = given_anchor(p, law);
              const Key first = negative_point(p, 1), second = negative_point(p, 2);
              return dependence(p, first, second, anchor) + difference(p, first, second, anchor);
            });
  iid.reading =
      "the converse that the sentence suggests, eta(t) = h(t_1) h(t_2); two negatives, "
      "finitely many points";
  iid.hypotheses.push_back({"eta is separable",
                            "separable",
                            [](const Instance& i) {
                              return hardening_of(i).properties().separable ? Truth::yes
                                                                            : Truth::no;
                            },
                            tuples({not_separable}),
                            {}});
  registry.add(std::move(iid));
}

/// The law of one negative before hardening, given the anchor's label.
std::vector<Real> one_negative(const TupleLaw& p, int y) {
  std::vector<Real> law;
  for (int x = 0; x < p.points(); ++x) {
    law.emplace_back(0);
    for (int l = 0; l < p.classes(); ++l) law.back() += p.r(l, y) * p.s(l, x);
  }
  return law;
}

void add_normalisation(ClaimRegistry& registry, const Named& n) {
  Claim c = claim(n, "definition", "the probabilities of eta-harder negatives sum to 1",
                  Relation::equal, tuples({any_hardening}), nullptr);
  c.place = n.law == Law::hscl ? "Definition 3, (5)" : "Definition 4, (6) and (7)";
  c.equations =
      n.law == Law::hscl ? std::vector<std::string>{"(5)"} : std::vector<std::string>{"(6)", "(7)"};
  c.reading =
      "eta over gamma summed against the reference law, gamma from the reference library; "
      "two negatives, finitely many points";
  c.evaluate = [law = n.law](const Instance& i) {
    const TupleLaw p(i, law == Law::hscl ? Law::scl : Law::ucl);
    const Hardening eta = hardening_of(i);
    Real off = 0;
    for (int y = 0; y < p.classes(); ++y) {
      const std::vector<Real> masses = one_negative(p, y);
      for (int x = 0; x < p.points(); ++x) {
        std::vector<Real> u;
        for (int other = 0; other < p.points(); ++other) u.push_back(p.inner(x, other));
        const Real gamma = reference::gamma_over_negatives(masses, u, eta, 2);
        Real total = 0;
        for (std::size_t a = 0; a < u.size(); ++a)
          for (std::size_t b = 0; b < u.size(); ++b)
            total += eta(std::array<Real, 2>{u[a], u[b]}) / gamma * masses[a] * masses[b];
        off += abs(total - Real(1));
      }
    }
    return Sides{i.number(1) + off, i.number(1)};
  };
  registry.add(std::move(c));
}

/// Of all pairs of points where one is at least as aligned with an anchor as the other: the
/// smallest p_H(a) p(b) - p_H(b) p(a), which says that a is not less favoured than b. With
/// `strictly` only pairs of different alignment and positive probabilities count.
Real least_preference(const TupleLaw& hard, const TupleLaw& plain, bool strictly) {
  const Key given = both(both(anchor_point(hard), anchor_label(hard)), negative_point(hard, 1));
  const std::vector<Real> p_h = hard.law_of(given.size, given.of);
  const std::vector<Real> p = plain.law_of(given.size, given.of);
  const int m = hard.points(), classes = hard.classes();
  Real least = 1;
  for (int x = 0; x < m; ++x)
    for (int y = 0; y < classes; ++y)
      for (int a = 0; a < m; ++a)
        for (int b = 0; b < m; ++b) {
          const Real &u_a = hard.inner(x, a), &u_b = hard.inner(x, b);
          const bool counts =
              strictly ? less(u_b, u_a) == Truth::yes : less_or_equal(u_b, u_a) == Truth::yes;
          if (!counts) continue;
          const auto at = [&](int n) {
            return static_cast<std::size_t>((x * classes + y) * m + n);
          };
          least = min(least, p_h[at(a)] * p[at(b)] - p_h[at(b)] * p[at(a)]);
        }
  return least;
}

void add_alignment(ClaimRegistry& registry, const Named& n) {
  const Law law = n.law, plain = law == Law::hscl ? Law::scl : Law::ucl;
  const char* text =
      "negatives that are more aligned with the anchor are sampled relatively more often than in "
      "the "
      "reference law, because eta is argument-wise non-decreasing";
  Claim c = claim(n, "more-aligned-more-often", text, Relation::greater_or_equal,
                  tuples({any_hardening}), nullptr);
  c.reading =
      "at least as often: the ratio of the law of one negative to the reference law does "
      "not fall with the alignment; two negatives, finitely many points";
  c.evaluate = [=](const Instance& i) {
    return Sides{i.number(1) + least_preference(TupleLaw(i, law), TupleLaw(i, plain), false),
                 i.number(1)};
  };
  c.hypotheses.push_back(hardening_function(tuples({{"decreasing"}})));
  registry.add(c);
  c.id += "/strictly";
  c.relation = Relation::greater;
  c.reading =
      "more often, not just at least as often, where the alignments differ; two negatives, "
      "finitely many points";
  c.domain = tuples({{"none", "polynomial power=1"}});
  c.evaluate = [=](const Instance& i) {
    return Sides{i.number(1) + least_preference(TupleLaw(i, law), TupleLaw(i, plain), true),
                 i.number(1)};
  };
  c.hypotheses.pop_back();
  c.hypotheses.push_back(hardening_function());
  c.remark = "eta = 1 is non-negative and non-decreasing, and changes nothing";
  registry.add(std::move(c));
  Claim mean =
      claim(n, "mean-alignment",
            "the mean alignment of negatives and anchor is not below that in the reference "
            "law",
            Relation::greater_or_equal, tuples({any_hardening}), nullptr);
  if (law == Law::hscl)
    mean.parent = "hard-negatives/section-3/hscl/more-aligned-more-often/strictly";
  else
    mean.parent = "hard-negatives/section-3/hucl/more-aligned-more-often/strictly";
  mean.kind = ClaimKind::correction;
  mean.evaluate = [=](const Instance& i) {
    const auto alignment = [&](const TupleLaw& p) {
      Real total = 0;
      const Key k = both(anchor_point(p), negative_point(p, 1));
      const std::vector<Real> joint = p.law_of(k.size, k.of);
      for (int g = 0; g < k.size; ++g)
        total += joint[static_cast<std::size_t>(g)] * p.inner(g / p.points(), g % p.points());
      return total;
    };
    return Sides{i.number(1) + alignment(TupleLaw(i, law)),
                 i.number(1) + alignment(TupleLaw(i, plain))};
  };
  registry.add(std::move(mean));
}

void add_dependence_on_f(ClaimRegistry& registry, const Named& n) {
  Claim c =
      claim(n, "depends-on-f", "unlike the reference law, the law of the negatives depends on f",
            Relation::greater, tuples({any_hardening}), nullptr, Quantifier::some);
  c.evaluate = [law = n.law](const Instance& i) {
    Instance at_zero = i;
    for (Block& b : at_zero.blocks)
      if (b.name == "f") b.values.assign(b.size(), i.number(0));
    const TupleLaw p(i, law), p_0(at_zero, law);
    const Key k = both(both(anchor_label(p), anchor_point(p)), negative_points(p));
    const std::vector<Real> a = p.law_of(k.size, k.of), b = p_0.law_of(k.size, k.of);
    Real off = 0;
    for (std::size_t g = 0; g < a.size(); ++g) off += abs(a[g] - b[g]);
    return Sides{i.number(1) + off, i.number(1)};
  };
  registry.add(std::move(c));
}

}  // namespace

void add_hn_hardened_laws(ClaimRegistry& registry) {
  for (const Named& n : {scl, ucl}) add_reference_laws(registry, n);
  add_marginals(registry);
  for (const Named& n : {hscl, hucl}) {
    add_normalisation(registry, n);
    add_alignment(registry, n);
    add_dependence(registry, n);
    add_dependence_on_f(registry, n);
  }
}

}  // namespace assay::proofs
