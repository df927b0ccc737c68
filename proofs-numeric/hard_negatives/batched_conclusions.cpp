// SPDX-License-Identifier: Apache-2.0
// HN Section 4.3, batched empirical SCL loss: what the section concludes from (26)-(29), and what
// is true instead.
#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/subject/batches.hpp"

namespace assay::proofs {
namespace {

const char* const printed_weights = "weights 1/n_b, as printed";
const char* const share_weights = "weights n_b/N, which sum to 1, in place of the printed 1/n_b";
const std::string section = "hard-negatives/section-4-3/";

BatchOptions over(std::vector<std::string> partitions) {
  BatchOptions o;
  o.partitions = std::move(partitions);
  o.losses = {"linear over=mean", "hinge margin=1 over=mean",
              "info-nce alpha=1 weight=1/k temperature=1"};
  return o;
}

/// Partitions into batches whose classes, not always all, are equally frequent within the batch.
std::vector<std::string> equally_frequent_where_present() {
  return {"12|12", "12|13|23", "123|123", "1122|1133|2233"};
}

Real sum_of_weights(const Batches& data, Weights w) {
  Real total = 0;
  for (const std::vector<int>& b : data.members) total += weight(data, b, w);
  return total;
}

/// Sum of weights times psi_k(-C_b/(C_b - 1)), C_b the number of classes in batch b.
Real bound_by_batch(const Instance& i, Weights w) {
  const Batches data = batches_of(i);
  Real total = 0;
  for (const std::vector<int>& b : data.members) {
    const int c = data.classes_in(b);
    total += weight(data, b, w) * psi_at(i, i.number(-c, c - 1));
  }
  return total;
}

Claim conclusion(const std::string& id, std::string statement, Relation relation,
                 std::vector<std::string> partitions, Evaluate evaluate) {
  Claim c;
  c.id = section + id;
  c.paper = "HN";
  c.place = "Section 4.3, below (29)";
  c.statement = std::move(statement);
  c.relation = relation;
  c.domain = batched(over(std::move(partitions)));
  c.hypotheses = {samples_in_unit_ball(), convex_loss(), nondecreasing_loss()};
  c.evaluate = std::move(evaluate);
  return c;
}

Evaluate against_bound(Weights w) {
  return [w](const Instance& i) {
    return Sides{batched_loss(i, batches_of(i), w), psi_at(i, simplex_argument(i))};
  };
}

Evaluate against_collapse(Weights w) {
  return [w](const Instance& i) {
    const Batches data = batches_of(i);
    return Sides{batched_loss(i, data, w),
                 sum_of_weights(data, w) * psi_at(i, simplex_argument(i))};
  };
}

Claim correction(Claim c, const char* parent) {
  c.kind = ClaimKind::correction;
  c.parent = section + parent;
  c.equality = {"simplex"};
  return c;
}

void add_bound(ClaimRegistry& registry) {
  const char* const statement = "the batched loss >= psi_k(-C/(C-1), ..., -C/(C-1)) for all f";
  Claim printed = conclusion("bound/as-printed", statement, Relation::greater_or_equal,
                             any_partitions(), against_bound(Weights::printed));
  printed.equations = {"(26)", "(27)", "(28)", "(29)"};
  printed.reading =
      "weights 1/n_b, as printed; batches of a single class, which have no negatives, are "
      "left out";
  printed.remark =
      "One batch, n = N = 2, f = 1 and -1: the loss is psi_k(-2, ...)/2, for InfoNCE "
      "half the bound.";
  registry.add(printed);
  Claim share = conclusion("bound/weights-sum-to-1", statement, Relation::greater_or_equal,
                           any_partitions(), against_bound(Weights::share));
  share.reading = share_weights;
  share.remark =
      "C = 3, batches of the classes {1,2}, {1,3}, {2,3}, one sample each, f = 1 and -1 "
      "in every batch: the loss is psi_k(-2, ...), the bound is psi_k(-3/2, ...).";
  registry.add(share);
  const char* const balanced =
      "if every batch has every class equally often and the weights are "
      "n_b/N, the batched loss >= psi_k(-C/(C-1), ..., -C/(C-1))";
  for (const char* parent : {"bound/as-printed", "bound/weights-sum-to-1"})
    registry.add(correction(
        conclusion(std::string(parent) + "/corrected", balanced, Relation::greater_or_equal,
                   balanced_partitions(), against_bound(Weights::share)),
        parent));
  Claim by_batch = conclusion(
      "bound/as-printed/corrected-by-batch",
      "if the classes of a batch are equally frequent in it, with any weights w_b > 0 (here the "
      "printed 1/n_b): the batched loss >= sum_b w_b psi_k(-C_b/(C_b-1), ...), C_b the number of "
      "classes in batch b",
      Relation::greater_or_equal, equally_frequent_where_present(), [](const Instance& i) {
        return Sides{batched_loss(i, batches_of(i), Weights::printed),
                     bound_by_batch(i, Weights::printed)};
      });
  registry.add(correction(by_batch, "bound/as-printed"));
}

void add_minimised_by_collapse(ClaimRegistry& registry) {
  const char* const statement =
      "representations that exhibit neural collapse minimise the batched "
      "loss: for all f it is >= its value at neural collapse";
  Claim printed =
      conclusion("minimised-by-collapse/as-printed", statement, Relation::greater_or_equal,
                 any_partitions(), against_collapse(Weights::printed));
  printed.place = "Section 4.3, batched empirical SCL loss";
  printed.reading = printed_weights;
  printed.remark =
      "C = 3, batches of the classes {1,2}, {1,3}, {2,3}, one sample each, f = 1 and "
      "-1 in every batch: psi_k(-2, ...) in every batch, psi_k(-3/2, ...) at collapse.";
  registry.add(printed);
  Claim all_classes = conclusion("minimised-by-collapse/all-classes-in-every-batch", statement,
                                 Relation::greater_or_equal, {"1123|2213|3312"},
                                 against_collapse(Weights::printed));
  all_classes.place = printed.place;
  all_classes.reading = "weights 1/n_b, every batch has all classes, not equally often";
  all_classes.remark =
      "Batches 1123, 2213, 3312, linear psi, the class that a batch has twice at 1 "
      "and the others at -1: E_b[f(x).f(x^-)] = -2/3, at collapse it is -1/2.";
  registry.add(all_classes);
  for (const char* parent :
       {"minimised-by-collapse/as-printed", "minimised-by-collapse/all-classes-in-every-batch"}) {
    Claim c = conclusion(std::string(parent) + "/corrected",
                         "if every batch has every class equally often, the batched loss (weights "
                         "1/n_b) >= its value at neural collapse",
                         Relation::greater_or_equal, balanced_partitions(),
                         against_collapse(Weights::printed));
    registry.add(correction(c, parent));
  }
}

/// psi_k(t) - psi_k(t0, ..., t0), exactly 0 where t is (t0, ..., t0) exactly.
Real above(const LossFunction& psi, std::span<const Real> t, const Real& t0) {
  bool same = true;
  for (const Real& x : t) same = same && x.is_exact() && equal(x, t0) == Truth::yes;
  if (same) return 0;
  const std::vector<Real> all(t.size(), t0);
  return psi(t) - psi(all);
}

/// E_b[psi_k(t) - psi_k(-C/(C-1), ...)] over anchor, positive and all pairs of negatives; k = 2.
Real excess_of_batch(const Instance& i, const Batches& data, const std::vector<int>& batch) {
  const LossFunction psi = loss_of(i);
  const Real t0 = simplex_argument(i);
  const auto label = [&](int n) { return data.label[static_cast<std::size_t>(n)]; };
  Real total = 0;
  for (const int x : batch) {
    Real sum = 0;
    int terms = 0;
    for (const int plus : batch)
      for (const int n : batch)
        for (const int m : batch) {
          if (label(plus) != label(x) || label(n) == label(x) || label(m) == label(x)) continue;
          const Real v = data.inner(x, plus), t[] = {data.inner(x, n) - v, data.inner(x, m) - v};
          sum += above(psi, t, t0), ++terms;
        }
    total += sum / terms;
  }
  return total / static_cast<int>(batch.size());
}

/// The batched loss minus the bound, weights n_b/N.
Sides excess(const Instance& i) {
  const Batches data = batches_of(i);
  Real total = 0;
  for (const std::vector<int>& b : data.members)
    total += weight(data, b, Weights::share) * excess_of_batch(i, data, b);
  return {total, i.number(0)};
}

Hypothesis unless(const char* name, const char* key, Truth (*holds)(const Batches&)) {
  return {name,
          key,
          [holds](const Instance& i) {
            const Truth t = holds(batches_of(i));
            return t == Truth::yes ? Truth::no : t == Truth::no ? Truth::yes : Truth::unknown;
          },
          {},
          "where it fails the two sides are equal: that is the claim \"if\""};
}

/// The batched loss at neural collapse: a finite family of numbers, no f to search for.
Claim at_collapse(const std::string& id, std::string statement, Weights w) {
  Claim c = conclusion(
      id, std::move(statement), Relation::equal, any_partitions(), [w](const Instance& i) {
        return Sides{batched_loss(i, batches_at_collapse(i), w), psi_at(i, simplex_argument(i))};
      });
  c.domain.blocks = [](const Shape&) { return std::vector<Block>{}; };
  c.domain.specials.clear();
  c.hypotheses = {convex_loss(), nondecreasing_loss()};
  return c;
}

void add_corollary_2(ClaimRegistry& registry) {
  Claim printed = at_collapse("corollary-2/if/as-printed",
                              "equality with psi_k(-C/(C-1), ..., -C/(C-1)) is attained by any f "
                              "that exhibits neural collapse",
                              Weights::printed);
  printed.reading = printed_weights;
  printed.remark =
      "At neural collapse the loss is sum_b 1/n_b times psi_k(-C/(C-1), ...); for one "
      "batch of n = N = 2 that is half of it.";
  registry.add(printed);
  Claim share = at_collapse("corollary-2/if/as-printed/corrected",
                            "with weights n_b/N the loss at neural collapse is psi_k(-C/(C-1), "
                            "..., -C/(C-1)), whatever the batches",
                            Weights::share);
  share.kind = ClaimKind::correction;
  share.parent = printed.id;
  registry.add(share);
}

void add_only_if(ClaimRegistry& registry) {
  const char* const loss = "info-nce alpha=1 weight=1/k temperature=1";
  Claim printed = conclusion(
      "corollary-2/only-if",
      "if psi_k is strictly convex and strictly increasing, only f that exhibit neural collapse "
      "attain equality: every other f has a larger batched loss",
      Relation::greater, balanced_partitions(), excess);
  printed.reading =
      "every batch has every class equally often, weights n_b/N; for two batches of "
      "two samples they are the printed 1/n_b";
  printed.hypotheses = {
      samples_in_unit_ball(), strict_loss(),
      unless("f does not exhibit neural collapse", "no-collapse", exhibits_collapse)};
  BatchOptions o = over({"12|12", "12|1122", "123|123"});
  o.losses = {loss};
  printed.domain = batched(o);
  printed.remark =
      "C = 2, batches {1,2} and {1,2}, f = (1, -1) in the first and (-1, 1) in the "
      "second: psi_k(-2, ...) in both batches, the bound, with class means 0.";
  registry.add(printed);
  Claim fixed = printed;
  fixed.id += "/corrected";
  fixed.kind = ClaimKind::correction;
  fixed.parent = printed.id;
  fixed.statement =
      "if psi_k is strictly convex and strictly increasing and every batch has every "
      "class equally often, equality is attained only by f that exhibit neural "
      "collapse in every batch, with an ETF that may differ from batch to batch";
  fixed.hypotheses.back() = unless("f does not exhibit neural collapse in every batch",
                                   "no-collapse-in-batches", exhibits_collapse_in_batches);
  fixed.remark.clear();
  BatchOptions linear = o;
  linear.losses = {"hinge margin=1 over=mean", "linear over=mean"};
  fixed.hypotheses[1] = strict_loss(batched(linear));
  registry.add(fixed);
}

}  // namespace

void add_hn_batched_conclusions(ClaimRegistry& registry) {
  add_bound(registry);
  add_minimised_by_collapse(registry);
  add_corollary_2(registry);
  add_only_if(registry);
}

}  // namespace assay::proofs
