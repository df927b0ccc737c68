// SPDX-License-Identifier: Apache-2.0
// HN Section 4.1: Lemma 1 (Harris), Corollary 1 and the lines of its proof, on finite laws.
#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/subject/product_spaces.hpp"

namespace assay::proofs {
namespace {

constexpr const char* finite_reading =
    "laws on n points; of the functions only their values there enter, and values that do not "
    "decrease extend to argument-wise non-decreasing step functions on R^k";

SpaceOptions lemma(HarrisLaw law = HarrisLaw::iid) {
  SpaceOptions o;
  o.law = law;
  return o;
}

SpaceOptions corollary(HarrisLaw law = HarrisLaw::iid) {
  SpaceOptions o = lemma(law);
  o.hardening = true;
  return o;
}

SpaceOptions g_free(SpaceOptions o) {
  o.g_rises = false;
  return o;
}

SpaceOptions h_free(SpaceOptions o) {
  o.h_rises = false;
  return o;
}

/// \param filtered whether the claim's violations are those of E[g h] >= E[g] E[h]
Hypothesis hypothesis(const char* name, const char* key, Truth (*holds)(const Instance&),
                      const SpaceOptions& dropped, bool filtered = true) {
  return {.name = name,
          .key = key,
          .holds = holds,
          .dropped = product_spaces(dropped),
          .filter = filtered ? harris_filter(dropped) : Filter{}};
}

Hypothesis required(const char* name, const char* key, Truth (*holds)(const Instance&),
                    const char* why) {
  return {.name = name, .key = key, .holds = holds, .no_control = why};
}

Hypothesis a_law() {
  return required("p is a probability law", "law", is_law, "weights that sum to 0 are no law");
}

Hypothesis finite_expectations(const char* name) {
  return required(name, "finite-expectations", nullptr, "on finitely many points they always are");
}

Hypothesis positive_gamma() {
  return required("gamma in (0, infinity)", "gamma", gamma_is_positive,
                  "for eta >= 0 it is 0 otherwise, and p_H is not defined");
}

/// iid holds by construction: such a domain has the weights of one argument only.
Hypothesis identical_and_independent(const SpaceOptions& joint) {
  return hypothesis("u_1..u_k iid p", "iid", nullptr, joint);
}

Sides lemma_1(const Instance& i) {
  const ProductSpace s(i);
  return {s.mean(s.product()), s.mean(s.g) * s.mean(s.h)};
}

Real real_of(const reference::Rational& x) { return Real::parse(x.str()); }

/// left - right in the integers of the reference.
Sides lemma_1_in_integers(const Instance& i) {
  return {real_of(reference::decide_lemma_1(harris_instance(i)).gap()), Real(0)};
}

/// E_{p_H}[g], the law first.
Real under_hard_law(const ProductSpace& s) { return dot(s.hard_law(), s.g); }

/// E_p[g eta/gamma]
Real weighted_mean(const ProductSpace& s) {
  const Real gamma = s.gamma();
  std::vector<Real> table = s.product();
  for (Real& x : table) x /= gamma;
  return s.mean(table);
}

Sides corollary_1(const Instance& i) {
  const ProductSpace s(i);
  return {under_hard_law(s), s.mean(s.g)};
}

Sides corollary_1_in_integers(const Instance& i) {
  return {real_of(reference::decide_corollary_1(harris_instance(i)).gap()), Real(0)};
}

Claim harris_claim(const char* id, ClaimKind kind, const char* place, const char* statement,
                   const SpaceOptions& options) {
  return {.id = id,
          .kind = kind,
          .paper = "HN",
          .place = place,
          .statement = statement,
          .reading = finite_reading,
          .relation = Relation::greater_or_equal,
          .domain = product_spaces(options)};
}

const std::vector<std::string> inequality_is_equality_at = {"disjoint", "constant g", "constant h",
                                                            "one point"};

void add_lemma(ClaimRegistry& registry) {
  Claim c =
      harris_claim("hard-negatives/lemma-1", ClaimKind::statement, "Lemma 1",
                   "E[g(u) h(u)] >= E[g(u)] E[h(u)] for argument-wise non-decreasing g, h and "
                   "u_1..u_k iid",
                   lemma());
  c.hypotheses = {
      hypothesis("g is argument-wise non-decreasing", "g-rises", g_rises, g_free(lemma())),
      hypothesis("h is argument-wise non-decreasing", "h-rises", h_rises, h_free(lemma())),
      identical_and_independent(lemma(HarrisLaw::joint)),
      finite_expectations("the expectations exist and are finite"), a_law()};
  c.evaluate = lemma_1;
  c.second = lemma_1_in_integers;
  c.filter = harris_filter(lemma());
  c.equality = inequality_is_equality_at;
  registry.add(c);

  const SpaceOptions unequal = lemma(HarrisLaw::independent);
  c.id = "hard-negatives/lemma-1/unequal-laws";
  c.kind = ClaimKind::conjecture;
  c.statement = "Lemma 1 for independent u_1..u_k, each with a law of its own";
  c.domain = product_spaces(unequal);
  c.hypotheses = {
      required("g is argument-wise non-decreasing", "g-rises", g_rises, "see Lemma 1"),
      required("h is argument-wise non-decreasing", "h-rises", h_rises, "see Lemma 1"),
      hypothesis("u_1..u_k are independent", "independent", nullptr, lemma(HarrisLaw::joint)),
      a_law()};
  c.filter = harris_filter(unequal);
  registry.add(c);
}

std::vector<Hypothesis> hypotheses_of_corollary() {
  SpaceOptions negative = corollary();
  negative.eta_may_be_negative = true;
  return {
      hypothesis("eta >= 0", "eta-nonnegative", eta_is_nonnegative, negative),
      hypothesis("eta is argument-wise non-decreasing", "eta-rises", h_rises, h_free(corollary())),
      positive_gamma(),
      hypothesis("g is argument-wise non-decreasing", "g-rises", g_rises, g_free(corollary())),
      identical_and_independent(corollary(HarrisLaw::joint)),
      finite_expectations("E[g] exists and is finite"),
      a_law()};
}

void add_corollary(ClaimRegistry& registry) {
  Claim c = harris_claim("hard-negatives/corollary-1", ClaimKind::statement, "Corollary 1",
                         "E_{p_H}[g(u)] >= E_p[g(u)] for eta >= 0 and g argument-wise "
                         "non-decreasing, gamma = E[eta] in (0, infinity), p_H = eta/gamma p",
                         corollary());
  c.hypotheses = hypotheses_of_corollary();
  c.evaluate = corollary_1;
  c.second = corollary_1_in_integers;
  c.filter = harris_filter(corollary());
  c.equality = inequality_is_equality_at;
  registry.add(c);

  const SpaceOptions unequal = corollary(HarrisLaw::independent);
  c.id = "hard-negatives/corollary-1/unequal-laws";
  c.kind = ClaimKind::conjecture;
  c.statement = "Corollary 1 for independent u_1..u_k, each with a law of its own";
  c.domain = product_spaces(unequal);
  c.hypotheses = {
      required("eta >= 0", "eta-nonnegative", eta_is_nonnegative, "see Corollary 1"),
      required("eta is argument-wise non-decreasing", "eta-rises", h_rises, "see Corollary 1"),
      required("g is argument-wise non-decreasing", "g-rises", g_rises, "see Corollary 1"),
      positive_gamma(),
      hypothesis("u_1..u_k are independent", "independent", nullptr, corollary(HarrisLaw::joint)),
      a_law()};
  c.filter = harris_filter(unequal);
  registry.add(c);
}

/// "p_H" stands for a law: its values sum to 1 and none is negative.
void add_definition(ClaimRegistry& registry) {
  Claim c =
      harris_claim("hard-negatives/corollary-1/p-h-sums-to-1", ClaimKind::statement, "Corollary 1",
                   "p_H = eta/gamma p(u_1)...p(u_k) sums to 1", h_free(corollary(HarrisLaw::iid)));
  c.relation = Relation::equal;
  c.hypotheses = {positive_gamma(), a_law()};
  c.evaluate = [](const Instance& i) {
    return Sides{sum(ProductSpace(i).hard_law()), i.number(1)};
  };
  c.second = [](const Instance& i) {
    const ProductSpace s(i);
    return Sides{mean_by_arguments(i, s.h), s.gamma()};
  };
  registry.add(c);

  c.id = "hard-negatives/corollary-1/p-h-nonnegative";
  c.statement = "p_H = eta/gamma p(u_1)...p(u_k) is nowhere negative";
  c.relation = Relation::greater_or_equal;
  SpaceOptions negative = h_free(corollary());
  negative.eta_may_be_negative = true;
  c.hypotheses = {hypothesis("eta >= 0", "eta-nonnegative", eta_is_nonnegative, negative, false),
                  positive_gamma(), a_law()};
  c.evaluate = [](const Instance& i) {
    const std::vector<Real> law = ProductSpace(i).hard_law();
    Real least = law.front();
    for (const Real& p : law) least = min(least, p);
    return Sides{least, i.number(0)};
  };
  c.second = nullptr;
  c.equality = {"disjoint", "constant g", "one point"};
  registry.add(c);
}

void add_proof(ClaimRegistry& registry) {
  Claim c = harris_claim("hard-negatives/corollary-1/proof/line-1", ClaimKind::step,
                         "proof of Corollary 1, first line", "E_{p_H}[g] = E_p[g eta/gamma]",
                         corollary());
  c.relation = Relation::equal;
  c.hypotheses = {positive_gamma(), a_law()};
  c.evaluate = [](const Instance& i) {
    const ProductSpace s(i);
    return Sides{under_hard_law(s), weighted_mean(s)};
  };
  c.second = [](const Instance& i) {
    const ProductSpace s(i);
    return Sides{under_hard_law(s), mean_by_arguments(i, s.product()) / s.gamma()};
  };
  registry.add(c);

  c.id = "hard-negatives/corollary-1/proof/line-2";
  c.place = "proof of Corollary 1, second line";
  c.statement = "E_p[g eta/gamma] >= E_p[g] E_p[eta]/gamma, by Lemma 1";
  c.reading = std::string(finite_reading) +
              "; Lemma 1 asks for a finite E[g eta], which Corollary 1 does not: where it is "
              "infinite the line is trivial, not an instance of Lemma 1";
  c.relation = Relation::greater_or_equal;
  c.hypotheses = {
      hypothesis("eta is argument-wise non-decreasing", "eta-rises", h_rises, h_free(corollary())),
      hypothesis("g is argument-wise non-decreasing", "g-rises", g_rises, g_free(corollary())),
      identical_and_independent(corollary(HarrisLaw::joint)), positive_gamma(), a_law()};
  c.evaluate = [](const Instance& i) {
    const ProductSpace s(i);
    return Sides{weighted_mean(s), s.mean(s.g) * s.mean(s.h) / s.gamma()};
  };
  c.second = [](const Instance& i) {
    return Sides{lemma_1_in_integers(i).left / ProductSpace(i).gamma(), Real(0)};
  };
  c.filter = harris_filter(corollary());
  c.equality = inequality_is_equality_at;
  registry.add(c);

  c.id = "hard-negatives/corollary-1/proof/line-3";
  c.place = "proof of Corollary 1, third line";
  c.statement = "E_p[g] E_p[eta]/gamma = E_p[g]";
  c.reading = finite_reading;
  c.relation = Relation::equal;
  c.hypotheses = {positive_gamma(), a_law()};
  c.evaluate = [](const Instance& i) {
    const ProductSpace s(i);
    return Sides{s.mean(s.g) * s.mean(s.h) / s.gamma(), s.mean(s.g)};
  };
  c.second = [](const Instance& i) {
    const ProductSpace s(i);
    return Sides{mean_by_arguments(i, s.g) * mean_by_arguments(i, s.h) / s.gamma(),
                 mean_by_arguments(i, s.g)};
  };
  c.filter = nullptr;
  c.equality.clear();
  registry.add(c);
}

}  // namespace

void add_hn_harris(ClaimRegistry& registry) {
  add_lemma(registry);
  add_corollary(registry);
  add_definition(registry);
  add_proof(registry);
}

}  // namespace assay::proofs
