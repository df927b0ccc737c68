// SPDX-License-Identifier: Apache-2.0
// The bounds by name.
#include "reference/bound/catalogue.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "reference/arithmetic/ladder.hpp"
#include "reference/bound/clop.hpp"
#include "reference/bound/clop_lemmas.hpp"

namespace assay::reference {
namespace {

using Rows = std::vector<BoundRow>;

template <class T>
const T& given(const std::optional<T>& value, const char* name) {
  if (!value) throw std::invalid_argument(std::string(name) + " is needed");
  return *value;
}

long long classes(const BoundParameters& p) { return given(p.classes, "classes"); }
int negatives(const BoundParameters& p) { return given(p.negatives, "negatives"); }

// HN's theorems need it; without it the number would bound nothing.
void require_convex_and_nondecreasing(const BoundParameters& p) {
  const LossProperties properties = p.psi.properties(std::max(negatives(p), 1));
  if (!properties.convex || !properties.nondecreasing)
    throw std::invalid_argument("the loss function '" + p.psi.text() +
                                "' is not known to be convex and non-decreasing");
}

BoundRow row(std::string label, Real value) { return {std::move(label), std::move(value), {}}; }

Rows theorem_1_rows(const Arithmetic& in, const BoundParameters& p) {
  require_convex_and_nondecreasing(p);
  const Real ratio = exponential_ratio(in, classes(p), p.beta);
  return {
      row("L_SCL = L_HSCL", theorem_2_bound(in, p.psi, classes(p), negatives(p))),
      row("L_UCL", theorem_3_bound(in, p.psi, classes(p), negatives(p))),
      row("L_HUCL", hucl_at_collapse(in, p.psi, classes(p), negatives(p), ratio)),
      row("collision probability, UCL", Real::ratio(1, classes(p))),
      row("collision probability, HUCL", tilted_collision_probability(classes(p), ratio)),
  };
}

Rows theorem_2_rows(const Arithmetic& in, const BoundParameters& p) {
  require_convex_and_nondecreasing(p);
  return {row("bound", theorem_2_bound(in, p.psi, classes(p), negatives(p)))};
}

Rows theorem_3_rows(const Arithmetic& in, const BoundParameters& p) {
  require_convex_and_nondecreasing(p);
  return {row("bound", theorem_3_bound(in, p.psi, classes(p), negatives(p)))};
}

Rows batched_rows(const Arithmetic& in, const BoundParameters& p) {
  require_convex_and_nondecreasing(p);
  if (p.batch_sizes.empty()) throw std::invalid_argument("batch-size is needed");
  return {
      row("bound (29) as printed", batched_bound_printed(in, p.psi, classes(p), negatives(p))),
      row("sum of the weights 1/n_b", batch_weight_sum(p.batch_sizes)),
      row("loss as printed at neural collapse",
          batched_value_at_collapse(in, p.psi, classes(p), negatives(p), p.batch_sizes)),
  };
}

Rows simclr_rows(const Arithmetic& in, const BoundParameters& p) {
  const Real& q = given(p.q, "q");
  return {row("negatives from other classes", simclr_bound_scl(in, classes(p), q)),
          row("negatives from all classes", simclr_bound_ucl(in, classes(p), q))};
}

BoundRow critical_row(const Arithmetic& in, ClopChain chain, const BoundParameters& p,
                      const char* label) {
  const ClopCritical critical = clop_critical_eta(in, chain, classes(p), p.epsilon);
  if (critical.eta) return row(label, *critical.eta);
  return {label, std::nullopt,
          critical.always == Truth::yes ? "the condition holds for every eta >= 0"
                                        : "not decided at this precision"};
}

// The displays of Appendix D at the learning rate eta.
void add_displays(const Arithmetic& in, const BoundParameters& p, Rows& rows) {
  const Real eta = in(*p.eta);
  const long long k = classes(p);
  const Sides printed = clop_2(ClopChain::printed, k, eta, p.epsilon);
  const Sides corrected = clop_2(ClopChain::corrected, k, eta, p.epsilon);
  rows.push_back(row("E||x||^2, first line after (7)", clop_square_norm_first_line(k, eta)));
  rows.push_back(row("E||x||^2, second line as printed", clop_square_norm_second_line(k, eta)));
  rows.push_back(row("B as printed", clop_b(ClopChain::printed, k, eta)));
  rows.push_back(row("B corrected", clop_b(ClopChain::corrected, k, eta)));
  rows.push_back(row("(2), left side", printed.left));
  rows.push_back(row("(2), right side as printed", printed.right));
  rows.push_back(row("(2), right side corrected", corrected.right));
  rows.push_back(
      row("epsilon = 0, left side as printed", clop_epsilon_0(ClopChain::printed, k, eta).left));
  rows.push_back(
      row("epsilon = 0, left side corrected", clop_epsilon_0(ClopChain::corrected, k, eta).left));
}

Rows clop_theorem_1_rows(const Arithmetic& in, const BoundParameters& p) {
  const long long k = classes(p);
  Rows rows = {
      row("closed form as printed (epsilon = 0)", clop_bound_closed_form(k)),
      row("quotient as printed (epsilon = 0)", clop_bound_quotient(ClopChain::printed, k)),
      critical_row(in, ClopChain::printed, p, "critical eta of (2) as printed"),
      row("closed form corrected (epsilon = 0)", clop_bound_quotient(ClopChain::corrected, k)),
      critical_row(in, ClopChain::corrected, p, "critical eta of (2) corrected"),
  };
  if (p.eta) add_displays(in, p, rows);
  return rows;
}

Rows clop_lemma_1_rows(const Arithmetic& in, const BoundParameters& p) {
  const long long points = given(p.points, "points");
  return {row("P* as printed", clop_equal_probability_printed(in, points)),
          row("P_i when all embeddings are equal", clop_equal_probability(points))};
}

Rows clop_lemma_2_rows(const Arithmetic&, const BoundParameters& p) {
  const long long k = classes(p);
  const Real etf = clop_total_at_etf(k), equal = clop_total_at_equal(k);
  Rows rows = {row("total cosine similarity, simplex ETF", etf)};
  if (k % 2 == 0)
    rows.push_back(
        row("total cosine similarity, inverted groups", clop_total_at_inverted_groups(k)));
  rows.push_back(row("total cosine similarity, orthogonal", 0));
  rows.push_back(row("total cosine similarity, all equal", equal));
  rows.push_back(row("L_class (3) as printed, simplex ETF", -etf));
  rows.push_back(row("L_class (3) as printed, all equal (its minimum)", -equal));
  return rows;
}

std::vector<Bound> make_bounds() {
  const std::vector<std::string> counts = {"classes", "negatives"}, classes_only = {"classes"};
  return {
      {"hard-negatives/theorem-1",
       "HN Theorem 1 at neural collapse: the four losses, exponential hardening e^(beta u)",
       counts,
       {"psi", "beta"},
       theorem_1_rows},
      {"hard-negatives/theorem-2",
       "HN (11), (vi): L_SCL >= psi_k(-C/(C-1), ..., -C/(C-1))",
       counts,
       {"psi"},
       theorem_2_rows},
      {"hard-negatives/theorem-3",
       "HN (30): L_UCL >= C^-(k+1) sum over labels of psi_k(-C 1(y_i != y)/(C-1))",
       counts,
       {"psi"},
       theorem_3_rows},
      {"hard-negatives/batched",
       "HN (29) and the weights 1/n_b of the batched loss",
       {"classes", "negatives", "batch-size"},
       {"psi"},
       batched_rows},
      {"hard-negatives/equation-42",
       "HN (42), log(1 + Q E[e^t]), at neural collapse: a lower bound",
       {"classes", "q"},
       {},
       simclr_rows},
      {"clop/theorem-1",
       "CL Theorem 1, Appendix D: largest learning rate eta",
       classes_only,
       {"epsilon", "eta"},
       clop_theorem_1_rows},
      {"clop/lemma-1",
       "CL Appendix C: P* when all |I| = points embeddings are equal",
       {"points"},
       {},
       clop_lemma_1_rows},
      {"clop/lemma-2",
       "CL Section 3.2: total cosine similarity and L_class (3)",
       classes_only,
       {},
       clop_lemma_2_rows},
  };
}

// Every value of `rows` at `bits`, with the digits that are known of the least known one.
struct Evaluation {
  Rows rows;
  std::vector<Interval> intervals;  // the whole line where a row has no value
  int digits = 0;
};

Evaluation evaluate(const Bound& bound, const BoundParameters& p, Engine engine, int bits) {
  Evaluation result{bound.rows(Arithmetic::enclosing(engine, bits), p), {}, 0};
  result.digits = std::numeric_limits<int>::max();
  for (const BoundRow& r : result.rows) {
    result.intervals.push_back(r.value ? r.value->interval(bits) : Interval());
    if (r.value && !r.value->is_exact())  // an exact number has every digit
      result.digits = std::min(result.digits, result.intervals.back().agreed_digits());
  }
  return result;
}

void require_overlap(const Bound& bound, const Evaluation& a, const Evaluation& b) {
  for (std::size_t i = 0; i < a.intervals.size(); ++i)
    if (!a.intervals[i].overlaps(b.intervals[i]))
      throw ContradictoryEnclosures(
          bound.name + ", " + a.rows[i].label + ": the engines contradict each other: " +
          a.intervals[i].to_exact() + " and " + b.intervals[i].to_exact());
}

BoundLine line_of(const BoundRow& row, const Interval& interval) {
  constexpr int readable = 256;  // bits of a fraction that is worth printing
  BoundLine line{row.label, std::nullopt, {}, row.sentence};
  if (!row.value) return line;
  line.value = interval;
  if (row.value->is_exact() && row.value->complexity() <= readable) line.exact = row.value->text();
  return line;
}

}  // namespace

bool Bound::takes(const std::string& parameter) const {
  return std::find(required.begin(), required.end(), parameter) != required.end() ||
         std::find(optional.begin(), optional.end(), parameter) != optional.end();
}

const std::vector<Bound>& bounds() {
  static const std::vector<Bound> all = make_bounds();
  return all;
}

const Bound* find_bound(const std::string& name) {
  for (const Bound& bound : bounds())
    if (bound.name == name) return &bound;
  return nullptr;
}

BoundValue bound_value(const Bound& bound, const BoundParameters& parameters, int digits,
                       int highest) {
  BoundValue result;
  result.engines = engines();
  // A decimal digit is log2(10) < 10/3 bits; 64 more for the roundings.
  const int first = digits * 10 / 3 + 64;
  if (highest == 0) highest = 16 * first;
  for (result.bits = std::min(highest, first);; result.bits = std::min(highest, 2 * result.bits)) {
    std::vector<Evaluation> all;
    for (const Engine engine : result.engines)
      all.push_back(evaluate(bound, parameters, engine, result.bits));
    result.digits_reached = true;
    for (const Evaluation& one : all) {
      require_overlap(bound, all.front(), one);
      result.digits_reached = result.digits_reached && one.digits >= digits;
    }
    if (!result.digits_reached && result.bits < highest) continue;
    for (std::size_t i = 0; i < all.front().rows.size(); ++i)
      result.lines.push_back(line_of(all.front().rows[i], all.front().intervals[i]));
    return result;
  }
}

}  // namespace assay::reference
