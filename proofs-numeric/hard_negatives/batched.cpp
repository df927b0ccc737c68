// SPDX-License-Identifier: Apache-2.0
// HN Section 4.3, batched empirical SCL loss: the displays (26)-(29), as printed and in the
// readings that could save them. (What the section concludes from them: batched_conclusions.cpp.)
#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/subject/batches.hpp"

namespace assay::proofs {
namespace {

const char* const printed_weights = "weights 1/n_b, as printed";
const char* const share_weights = "weights n_b/N, which sum to 1, in place of the printed 1/n_b";

BatchOptions over(std::vector<std::string> partitions) {
  BatchOptions o;
  o.partitions = std::move(partitions);
  o.losses = {"linear over=mean", "hinge margin=1 over=mean",
              "info-nce alpha=1 weight=1/k temperature=1"};
  return o;
}

Domain with_losses(std::vector<std::string> losses) {
  BatchOptions o = over(any_partitions());
  o.losses = std::move(losses);
  return batched(o);
}

Domain outside_ball() {
  BatchOptions o = over({"12", "12|12"});
  o.losses = {"linear over=mean"};
  o.in_ball = false;
  return batched(o);
}

/// The right side of (26).
Real right_of_26(const Instance& i, Weights w) {
  const Batches data = batches_of(i);
  Real total = 0;
  for (const std::vector<int>& b : data.members)
    total += weight(data, b, w) * batch_loss_at_one(i, data, b);
  return total;
}

/// psi_k of: weighted sums of E_{x,x^-|b}, with E_{x,x^-} of all data in the last argument where
/// `last_overall`, each minus 1: the right side of (27).
Real right_of_27(const Instance& i, Weights w, bool last_overall) {
  const Batches data = batches_of(i);
  const Real overall = mean_inner_product(data, data.everyone);
  Real within = 0, last = 0;
  for (const std::vector<int>& b : data.members) {
    const Real one = mean_inner_product(data, b);
    within += weight(data, b, w) * one;
    last += weight(data, b, w) * (last_overall ? overall : one);
  }
  std::vector<Real> t(static_cast<std::size_t>(negatives_of(i)), within - i.number(1));
  t.back() = last - i.number(1);
  return loss_of(i)(t);
}

/// The right side of (28), which is that of (15).
Real right_of_28(const Instance& i) {
  const Batches data = batches_of(i);
  return psi_at(i, mean_inner_product(data, data.everyone) - i.number(1));
}

Claim step(std::string id, const char* place, std::string statement, Relation relation,
           Evaluate evaluate) {
  Claim c;
  c.id = "hard-negatives/section-4-3/" + std::move(id);
  c.kind = ClaimKind::step;
  c.paper = "HN";
  c.place = place;
  c.statement = std::move(statement);
  c.relation = relation;
  c.domain = batched(over(any_partitions()));
  c.hypotheses = {samples_in_unit_ball()};
  c.evaluate = std::move(evaluate);
  return c;
}

void add_26(ClaimRegistry& registry) {
  Claim c = step("26", "Section 4.3, (26)",
                 "the batched loss >= sum_b 1/n_b E_b[psi_k(f(x).f(x_i^-) - 1)]",
                 Relation::greater_or_equal, [](const Instance& i) {
                   return Sides{batched_loss(i, batches_of(i), Weights::printed),
                                right_of_26(i, Weights::printed)};
                 });
  c.equations = {"(26)"};
  c.hypotheses = {samples_in_unit_ball(outside_ball()),
                  nondecreasing_loss(with_losses({"decreasing"}))};
  c.equality = {"simplex"};
  registry.add(c);
}

Claim jensen(const char* id, const char* reading, Weights w, bool last_overall) {
  Claim c = step(id, "Section 4.3, (27)",
                 "the right side of (26) >= psi_k(sum_b 1/n_b E_b[f(x).f(x_1^-)] - 1, ..., "
                 "sum_b 1/n_b E[f(x).f(x_k^-)] - 1)",
                 Relation::greater_or_equal, [=](const Instance& i) {
                   return Sides{right_of_26(i, w), right_of_27(i, w, last_overall)};
                 });
  c.equations = {"(27)"};
  c.reading = reading;
  c.hypotheses = {samples_in_unit_ball(), convex_loss()};
  return c;
}

void add_27(ClaimRegistry& registry) {
  Claim printed =
      jensen("27/as-printed", "as printed: weights 1/n_b, the last argument not given b",
             Weights::printed, true);
  printed.remark =
      "One batch, n = N = 2, both samples at the same unit vector, InfoNCE: the left "
      "side is log(2)/2, the right side is log(1 + e^(-1/2)), which is larger.";
  registry.add(printed);
  Claim every = jensen("27/every-argument-given-b",
                       "weights 1/n_b as printed, every argument given b", Weights::printed, false);
  every.remark = "Jensen's inequality needs weights of sum 1; sum_b 1/n_b is 1/N for one batch.";
  registry.add(every);
  Claim share =
      jensen("27/last-argument-overall", "weights n_b/N, the last argument not given b, as printed",
             Weights::share, true);
  share.remark =
      "Two batches of one sample per class, C = 2, f = (1, -1) in the first and (-1, 1) "
      "in the second, linear psi, k = 2: the left side is -2, the right side is (-2 - 1)/2.";
  registry.add(share);
  for (const char* parent :
       {"27/as-printed", "27/every-argument-given-b", "27/last-argument-overall"}) {
    const std::string id = std::string(parent) + "/corrected";
    Claim c = jensen(id.c_str(), "weights n_b/N and every argument given b", Weights::share, false);
    c.kind = ClaimKind::correction;
    c.equations.clear();
    c.parent = "hard-negatives/section-4-3/" + std::string(parent);
    c.statement =
        "the right side of (26) >= psi_k(sum_b n_b/N E_b[f(x).f(x_i^-)] - 1)_i, both "
        "sides with weights n_b/N";
    c.hypotheses.back() = convex_loss(with_losses({"concave-linear bend=-1"}));
    c.equality = {"simplex"};
    registry.add(c);
  }
}

void add_28(ClaimRegistry& registry) {
  struct Reading {
    const char *id, *text, *remark;
    Weights weights;
    bool last_overall;
  };
  const Reading readings[] = {
      {"28/as-printed", "as printed: weights 1/n_b, the last argument not given b",
       "One batch, n = N = 2, f = 1 and -1: the left argument is -1/2 - 1, the right one -1 - 1.",
       Weights::printed, true},
      {"28/every-argument-given-b", "weights 1/n_b as printed, every argument given b",
       "One batch, n = N = 2, f = 1 and -1: the left argument is -1/2 - 1, the right one -1 - 1.",
       Weights::printed, false},
      {"28/weights-sum-to-1", "weights n_b/N, every argument given b",
       "Two batches of one sample per class, C = 2, f = (1, -1) in the first and (-1, 1) in the "
       "second: E_b[f(x).f(x^-)] = -1 in both, over all data it is 0. Anchor and negative of one "
       "batch are not distributed like anchor and negative of the whole data set.",
       Weights::share, false}};
  for (const Reading& r : readings) {
    Claim c = step(r.id, "Section 4.3, (28)",
                   "the right side of (27) = psi_k(E[f(x).f(x_1^-)] - 1, ..., E[f(x).f(x_k^-)] - "
                   "1), by the law of iterated expectation",
                   Relation::equal, [=](const Instance& i) {
                     return Sides{right_of_27(i, r.weights, r.last_overall), right_of_28(i)};
                   });
    c.equations = {"(28)"};
    c.reading = r.text;
    c.remark = r.remark;
    registry.add(c);
  }
  const char* const parents[] = {"28/as-printed", "28/every-argument-given-b",
                                 "28/weights-sum-to-1"};
  for (const char* parent : parents) {
    Claim c =
        step(std::string(parent) + "/corrected", "Section 4.3, (28)",
             "for batches with every class equally often and weights n_b/N, the right side "
             "of (27) >= psi_k(-C/(C-1), ..., -C/(C-1)) without the detour over (28)",
             Relation::greater_or_equal, [](const Instance& i) {
               return Sides{right_of_27(i, Weights::share, false), psi_at(i, simplex_argument(i))};
             });
    c.kind = ClaimKind::correction;
    c.parent = "hard-negatives/section-4-3/" + std::string(parent);
    c.reading = share_weights;
    c.domain = batched(over(balanced_partitions()));
    c.hypotheses.push_back(nondecreasing_loss());
    c.equality = {"simplex"};
    registry.add(c);
  }
}

void add_29(ClaimRegistry& registry) {
  Claim c = step("29", "Section 4.3, (29)",
                 "psi_k(E[f(x).f(x_1^-)] - 1, ...) >= psi_k(-C/(C-1), ..., -C/(C-1))",
                 Relation::greater_or_equal, [](const Instance& i) {
                   return Sides{right_of_28(i), psi_at(i, simplex_argument(i))};
                 });
  c.equations = {"(29)"};
  c.reading = "the step alone: from the right side of (28), over all data, to the bound";
  c.hypotheses = {samples_in_unit_ball(outside_ball()),
                  nondecreasing_loss(with_losses({"decreasing"}))};
  c.equality = {"simplex"};
  registry.add(c);
}

void add_right_side_of_15(ClaimRegistry& registry) {
  Claim c = step("right-side-of-27-is-that-of-15", "Section 4.3, below (29)",
                 "the right side of (27) is precisely the right side of (15)", Relation::equal,
                 [](const Instance& i) {
                   return Sides{right_of_27(i, Weights::printed, true), right_of_28(i)};
                 });
  c.reading = printed_weights;
  c.remark = "One batch, n = N = 2, f = 1 and -1: psi_k(-1/2 - 1, ...) against psi_k(-1 - 1, ...).";
  registry.add(c);
  Claim fixed = step(
      "right-side-of-27-is-that-of-15/corrected", "Section 4.3, below (29)",
      "the right side of (28) is that of (15)", Relation::equal, [](const Instance& i) {
        // (15) with pairs in the order of HN (17): classes first, then samples.
        const Batches data = batches_of(i);
        Real total = 0;
        int pairs = 0;
        for (int x = 0; x < data.samples(); ++x)
          for (int n = 0; n < x; ++n)
            if (data.label[static_cast<std::size_t>(x)] != data.label[static_cast<std::size_t>(n)])
              total += data.inner(x, n), ++pairs;
        return Sides{right_of_28(i), psi_at(i, total / pairs - i.number(1))};
      });
  fixed.kind = ClaimKind::correction;
  fixed.parent = c.id;
  registry.add(fixed);
}

}  // namespace

void add_hn_batched(ClaimRegistry& registry) {
  add_26(registry);
  add_27(registry);
  add_28(registry);
  add_29(registry);
  add_right_side_of_15(registry);
  add_hn_batched_conclusions(registry);
}

}  // namespace assay::proofs
