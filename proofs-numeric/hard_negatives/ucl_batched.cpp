// SPDX-License-Identifier: Apache-2.0
// HN Section 4.4: "results for empirical SCL loss and batched empirical SCL loss can be stated and
// derived for UCL".
#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/hard_negatives/theorem_3_stage.hpp"
#include "proofs-numeric/subject/batches.hpp"

namespace assay::proofs {
namespace {

const char* const below = "Section 4.4, below Theorem 3";
const char* const info_nce = "info-nce alpha=1 weight=1/k temperature=1";

Domain over(std::vector<std::string> partitions, std::vector<std::string> losses,
            std::vector<int> negatives = {2}) {
  BatchOptions o;
  o.partitions = std::move(partitions);
  o.losses = std::move(losses);
  o.negatives = std::move(negatives);
  return batched(o);
}

std::vector<std::string> three_losses() {
  return {"hinge margin=1 over=mean", "linear over=mean", info_nce};
}

Real bound(const Instance& i) { return over_scaled_collisions(i, simplex_argument(i)); }

Claim ucl(const std::string& id, std::string statement, Relation relation, Domain domain,
          Evaluate evaluate) {
  Claim c = theorem_3_claim(ClaimKind::statement, "section-4-4/" + id, below, std::move(statement),
                            relation, std::move(domain), std::move(evaluate));
  c.hypotheses = {samples_in_unit_ball(), convex_loss(), nondecreasing_loss()};
  return c;
}

/// The empirical loss with the positive drawn from the other samples of the anchor's label.
Real loss_with_another_positive(const Instance& i, const Batches& data) {
  const LossFunction psi = loss_of(i);
  const Hardening none;
  const std::vector<Real> masses(data.label.size(), i.number(1, data.samples()));
  Real total = 0;
  for (const int x : data.everyone) {
    std::vector<Real> u;
    for (const int n : data.everyone) u.push_back(data.inner(x, n));
    Real sum = 0;
    int positives = 0;
    for (const int plus : data.everyone) {
      if (plus == x ||
          data.label[static_cast<std::size_t>(plus)] != data.label[static_cast<std::size_t>(x)])
        continue;
      sum += reference::expected_over_negatives(masses, u, data.inner(x, plus), psi, none,
                                                negatives_of(i));
      ++positives;
    }
    total += sum / positives;
  }
  return total / data.samples();
}

void add_empirical(ClaimRegistry& registry) {
  Claim with = ucl("empirical-ucl/positive-may-be-anchor",
                   "Theorem 3 for the empirical UCL loss of balanced data: L >= the right side of "
                   "(30)",
                   Relation::greater_or_equal,
                   over({"12", "1122", "123", "112233"}, three_losses()), [](const Instance& i) {
                     const Batches data = batches_of(i);
                     return Sides{batch_loss(i, data, data.everyone, Law::ucl), bound(i)};
                   });
  with.reading =
      "positive uniform over the samples of the anchor's class, the anchor included; "
      "negatives uniform over all data";
  with.equality = {"simplex"};
  registry.add(with);
  Claim without = with;
  without.id = "hard-negatives/section-4-4/empirical-ucl/positive-is-not-anchor";
  without.reading =
      "positive uniform over the other samples of the anchor's class, so that (e) "
      "fails; negatives uniform over all data";
  without.domain = over({"1122", "112233"}, three_losses());
  without.evaluate = [](const Instance& i) {
    return Sides{loss_with_another_positive(i, batches_of(i)), bound(i)};
  };
  registry.add(without);
}

void add_bound(ClaimRegistry& registry) {
  const char* const statement =
      "the batched empirical UCL loss of balanced data >= the right side "
      "of (30)";
  const auto evaluate = [](Weights w) {
    return [w](const Instance& i) {
      return Sides{batched_loss(i, batches_of(i), w, Law::ucl), bound(i)};
    };
  };
  Claim printed = ucl("batched-ucl/as-printed", statement, Relation::greater_or_equal,
                      over(any_partitions(), three_losses()), evaluate(Weights::printed));
  printed.reading = "weights 1/n_b, as printed for SCL";
  printed.remark =
      "One batch, n = N = 2, f = 1 and -1: half the bound, which InfoNCE makes "
      "positive.";
  registry.add(printed);
  Claim share = ucl("batched-ucl/weights-sum-to-1", statement, Relation::greater_or_equal,
                    over({"12|12", "11112|12222"}, {"max"}, {4}), evaluate(Weights::share));
  share.reading = "weights n_b/N, batches of unequal class frequencies";
  share.remark =
      "C = 2, k = 4, psi = max, batches 11112 and 12222, f = 1 and -1 by class: no "
      "negative collides with probability (1/5)(4/5)^4 + (4/5)(1/5)^4 = 52/625 > 1/16, "
      "and the loss is -2 times that.";
  registry.add(share);
  for (const char* parent : {"as-printed", "weights-sum-to-1"}) {
    Claim c = ucl(std::string("batched-ucl/") + parent + "/corrected",
                  "if every batch has every class equally often and the weights are n_b/N, the "
                  "batched empirical UCL loss >= the right side of (30)",
                  Relation::greater_or_equal, over({"12|12", "12|1122", "123|123"}, three_losses()),
                  evaluate(Weights::share));
    c.kind = ClaimKind::correction;
    c.parent = std::string("hard-negatives/section-4-4/batched-ucl/") + parent;
    c.equality = {"simplex"};
    registry.add(c);
  }
}

/// psi_k's arguments and their probability.
struct Term {
  std::vector<Real> t;
  Real mass;
};

/// Adds the mass to the term with these very arguments, so that equal terms cancel exactly.
void add_term(std::vector<Term>& terms, const std::vector<Real>& t, const Real& mass) {
  for (Term& known : terms) {
    bool same = true;
    for (std::size_t n = 0; n < t.size(); ++n)
      same = same && t[n].is_exact() && equal(known.t[n], t[n]) == Truth::yes;
    if (same) {
      known.mass += mass;
      return;
    }
  }
  terms.push_back({t, mass});
}

/// The batched loss with weights n_b/N minus the bound, by terms; k = 2.
Sides excess(const Instance& i) {
  const Batches data = batches_of(i);
  if (i.arithmetic.is_plain())
    return {batched_loss(i, data, Weights::share, Law::ucl) - bound(i), i.number(0)};
  std::vector<Term> terms;
  for (const std::vector<int>& b : data.members)
    for (const int x : b) {
      std::vector<int> positives;
      for (const int n : b)
        if (data.label[static_cast<std::size_t>(n)] == data.label[static_cast<std::size_t>(x)])
          positives.push_back(n);
      const auto size = static_cast<long long>(b.size());
      const Real mass =
          Real::ratio(1, data.samples() * size * size * static_cast<long long>(positives.size()));
      for (const int plus : positives)
        for (const int n : b)
          for (const int m : b)
            add_term(
                terms,
                {data.inner(x, n) - data.inner(x, plus), data.inner(x, m) - data.inner(x, plus)},
                mass);
    }
  const Real t0 = simplex_argument(i);
  for (int n = 0; n < 2; ++n)
    for (int m = 0; m < 2; ++m)
      add_term(terms, {n * t0, m * t0},
               -Real::ratio((n ? data.classes - 1 : 1) * (m ? data.classes - 1 : 1),
                            data.classes * data.classes));
  const LossFunction psi = loss_of(i);
  Real total = 0;
  for (const Term& term : terms)
    if (equal(term.mass, Real(0)) != Truth::yes) total += term.mass * psi(term.t);
  return {total, i.number(0)};
}

void add_only_if(ClaimRegistry& registry) {
  Claim c = ucl("batched-ucl/only-if",
                "if psi_k is strictly convex and strictly increasing, only f that exhibit neural "
                "collapse attain the bound: every other f has a larger batched UCL loss",
                Relation::greater, over({"12|12", "123|123"}, {info_nce}), excess);
  c.reading =
      "every batch has every class equally often, weights n_b/N; for two batches of two "
      "samples they are the printed 1/n_b";
  c.hypotheses = {samples_in_unit_ball(),
                  strict_loss(),
                  {"f does not exhibit neural collapse",
                   "no-collapse",
                   [](const Instance& i) {
                     const Truth t = exhibits_collapse(batches_of(i));
                     return t == Truth::yes ? Truth::no : Truth::yes;
                   },
                   {},
                   "where it fails the two sides are equal"}};
  c.remark =
      "C = 2, batches {1,2} and {1,2}, f = (1, -1) in the first and (-1, 1) in the second: "
      "neural collapse in both batches, class means 0 overall.";
  registry.add(c);
  Claim fixed = c;
  fixed.id += "/corrected";
  fixed.kind = ClaimKind::correction;
  fixed.parent = c.id;
  fixed.statement =
      "if psi_k is strictly convex and strictly increasing and every batch has every "
      "class equally often, the bound is attained only by f that exhibit neural "
      "collapse in every batch, with an ETF that may differ from batch to batch";
  fixed.hypotheses.back() = {"f does not exhibit neural collapse in every batch",
                             "no-collapse-in-batches",
                             [](const Instance& i) {
                               const Truth t = exhibits_collapse_in_batches(batches_of(i));
                               return t == Truth::yes ? Truth::no : Truth::yes;
                             },
                             {},
                             "where it fails the two sides are equal"};
  fixed.remark.clear();
  registry.add(fixed);
}

}  // namespace

void add_hn_ucl_batched(ClaimRegistry& registry) {
  add_empirical(registry);
  add_bound(registry);
  add_only_if(registry);
}

}  // namespace assay::proofs
