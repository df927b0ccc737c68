// SPDX-License-Identifier: Apache-2.0
// Runs the split tier's gradient step by step and measures each step against MPFI.
#include "tests/reference/loss/split_gradient_instrument.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "reference/loss/info_nce_formula.hpp"
#include "reference/loss/info_nce_split_gradient_terms.hpp"

namespace assay::testing {
namespace {

using namespace reference;
using Eigen::MatrixXd;
constexpr int reference_bits = 256;
constexpr double underflows = 0x1p-900;  ///< products of smaller numbers lose more than roundoff

/// Keeps what passes by: inner products, coefficients, blocks of products.
struct Recorder {
  static constexpr bool looks = true;
  struct Block {
    bool of_rows;
    std::int64_t first_component, first_vector, first_partner, partners;
    MatrixXd products;
  };
  MatrixXd high, low, coefficient, share;  ///< share: how often the pair counts, 0 if not met
  std::vector<Block> blocks;

  explicit Recorder(std::int64_t rows)
      : high(MatrixXd::Zero(rows, rows)), low(high), coefficient(high), share(high) {}

  void saw_gram(const double* s, const double* l, std::int64_t i0, std::int64_t ni,
                std::int64_t key) {
    for (std::int64_t i = 0; i < ni; ++i) {
      high(i0 + i, key) = s[i];
      low(i0 + i, key) = l[i];
    }
  }
  void saw_coefficients(const double* m, std::int64_t i0, std::int64_t ni, std::int64_t key,
                        bool twice) {
    for (std::int64_t i = 0; i < ni; ++i) {
      coefficient(i0 + i, key) = m[i];
      share(i0 + i, key) = twice ? 0.5 : 1.0;
    }
  }
  void saw_products(const split::ProductBlock& b) {
    blocks.push_back(
        {b.of_rows, b.first_component, b.first_vector, b.first_partner, b.partners, b.products});
  }
};

struct Run {
  Recorder recorder;
  split::Sums sums;
  split::GradientFactors factors;
  split::GradientTerms terms;
  double coefficient = 0, absolute = 0;  ///< those terms, deleted or not
  batch::Operands whole;
  split::Walk walk;
  split::GradientSide rows, keys;  ///< keys: empty in the joint block
  split::WeightedLogits logits;
  std::vector<Pair> upstream;
  MatrixXd of_rows, of_keys;  ///< derivatives
  Pair of_temperature;
};

double& term_of(split::GradientTerms& terms, GradientStep step) {
  switch (step) {
    case GradientStep::upstream: break;
    case GradientStep::coefficient: return terms.coefficient;
    case GradientStep::absolute: return terms.absolute;
    case GradientStep::product: return terms.product;
    case GradientStep::join: return terms.join;
    case GradientStep::inflation: return terms.inflation;
    case GradientStep::rounding: return terms.rounding;
    case GradientStep::weighted: return terms.weighted;
    case GradientStep::logit: return terms.logit;
    case GradientStep::pairs: return terms.pairs;
  }
  throw std::logic_error("no such step");
}

MatrixXd derivatives_of(const split::GradientSide& side, double temperature) {
  MatrixXd all(side.high.rows(), side.high.cols());
  for (Eigen::Index i = 0; i < all.cols(); ++i)
    for (Eigen::Index k = 0; k < all.rows(); ++k)
      all(k, i) = split::derivative_of(side, k, i, temperature);
  return all;
}

/// Not inlined: nothing of it may move across the change of the rounding mode.
[[gnu::noinline]] Run compute(const InfoNceProblem& p, const InfoNceUpstream& upstream,
                              std::optional<GradientStep> deleted) {
  const std::int64_t rows = p.rows();
  const bool joint = p.form == InfoNceForm::joint_block;
  split::Sums sums = split::sums_of(p).value();
  split::GradientFactors factors = split::gradient_factors(p, upstream, sums).value();
  Run run{Recorder(rows),
          std::move(sums),
          std::move(factors),
          {},
          0,
          0,
          batch::gather(p),
          {},
          split::GradientSide(p.d, rows),
          split::GradientSide(p.d, joint ? 0 : rows),
          {},
          {},
          {},
          {},
          {}};
  const bool shifted = !run.sums.shifts.empty();
  run.walk = {run.sums.scale, shifted ? &run.sums.shifts : nullptr,
              joint && !shifted && run.factors.one_sign};
  split::GradientPass(run.sums.operands, run.whole, run.walk, run.factors.rows, run.rows,
                      joint ? run.rows : run.keys, run.logits, run.recorder)
      .run();
  const double largest =
      std::max(run.whole.rows.cwiseAbs().maxCoeff(), run.whole.keys().cwiseAbs().maxCoeff());
  run.terms = split::gradient_terms(run.sums, run.factors, rows, largest);
  run.coefficient = run.terms.coefficient;
  run.absolute = run.terms.absolute;
  // Deleted: the term says that its step does not err.
  if (deleted == GradientStep::upstream)
    run.factors.upstream = 0;
  else if (deleted)
    term_of(run.terms, *deleted) = *deleted == GradientStep::inflation ? 1 : 0;
  const Pair mean = split::mean_share(upstream, rows);
  for (std::int64_t i = 0; i < rows; ++i)
    run.upstream.push_back(split::upstream_of(upstream, mean, i));
  run.of_rows = derivatives_of(run.rows, p.temperature);
  run.of_keys = derivatives_of(run.keys, p.temperature);
  run.of_temperature = split::temperature_derivative(run.logits, run.factors, p.temperature);
  return run;
}

/// Compares steps with the exact operation; all in round to nearest.
class Judge {
 public:
  Judge(const InfoNceProblem& p, const InfoNceUpstream& upstream, const Run& run)
      : p_(p),
        upstream_(upstream),
        run_(run),
        formula_(p, reference_bits),
        at_(formula_.context()),
        log_2_(log(at_.from_integer(2))),
        temperature_(at_.exactly(p.temperature)),
        weighted_(at_.from_integer(0)) {}

  GradientStepReports reports(Look look) {
    if (look == Look::at_everything) entries_and_temperature();
    sums_of_coefficients();
    blocks();
    derivatives(run_.rows, run_.of_rows);
    derivatives(run_.keys, run_.of_keys);
    return reports_;
  }

 private:
  void entries_and_temperature() {
    for (std::int64_t i = 0; i < p_.rows(); ++i) {
      logits_.push_back(formula_.logits(i));
      weights_.push_back(formula_.weights(logits_.back(), i));
      upstreams_.push_back(exact_upstream(i));
      note(GradientStep::upstream, exactly(run_.upstream[at(i)]) - upstreams_.back(),
           run_.factors.upstream * std::fabs(run_.upstream[at(i)].high));
    }
    for (std::int64_t i = 0; i < p_.rows(); ++i)
      for (std::int64_t j = 0; j < p_.rows(); ++j)
        if (run_.recorder.share(i, j) != 0) entry(i, j);
    temperature();
  }
  static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }
  MpfiNumber exactly(Pair x) const { return at_.exactly(x.high) + at_.exactly(x.low); }
  bool joint() const { return p_.form == InfoNceForm::joint_block; }
  bool shifted() const { return !run_.sums.shifts.empty(); }
  double m(std::int64_t row, std::int64_t key) const { return run_.recorder.coefficient(row, key); }

  void note(GradientStep step, const MpfiNumber& error, double term) {
    const Ends ends = to_interval(error).ends();
    note(step, std::max(std::fabs(ends.lo), std::fabs(ends.hi)), term);
  }
  void note(GradientStep step, double size, double term) {
    StepReport& r = reports_[static_cast<std::size_t>(step)];
    ++r.checks;
    if (!(size <= term)) ++r.violations;
    r.largest_error = std::max(r.largest_error, size);
    if (size > 0)
      r.largest_share = std::max(r.largest_share,
                                 term > 0 ? size / term : std::numeric_limits<double>::infinity());
  }

  MpfiNumber exact_upstream(std::int64_t row) const {
    const double own = upstream_.row == nullptr ? 0.0 : upstream_.row[row * upstream_.stride];
    return at_.exactly(own) + at_.exactly(upstream_.mean) / at_.from_integer(p_.rows());
  }

  Pair logit_of(std::int64_t i, std::int64_t j) const {
    const double high = run_.recorder.high(i, j), low = run_.recorder.low(i, j);
    if (!shifted()) return split::logit_of(high, low, run_.sums.scale);
    return split::shifted_logit_of(high, low, run_.sums.shifts[at(i)], run_.sums.scale);
  }

  /// True if a logit of this pair, or of the positive in its row's sum, lies beyond the cut.
  bool is_cut(std::int64_t i, Pair t) const {
    const double positive = run_.sums.rows.positive_logit[at(i)].high;
    return shifted() && (!(std::fabs(t.high) < -split::lowest_logit) ||
                         !(std::fabs(positive) < -split::lowest_logit));
  }

  void entry(std::int64_t i, std::int64_t j) {
    if (joint() && i == j) return;
    const Pair t = logit_of(i, j);
    const MpfiNumber shift = at_.exactly(shifted() ? run_.sums.shifts[at(i)] : 0.0);
    note(GradientStep::logit, exactly(t) + shift - logits_[at(i)][at(j)] / log_2_,
         run_.terms.logit);
    MpfiNumber truth = upstreams_[at(i)] * weights_[at(i)][at(j)];
    if (run_.walk.symmetric) truth += upstreams_[at(j)] * weights_[at(j)][at(i)];
    const double computed = m(i, j);
    const MpfiNumber error = at_.exactly(computed) - truth;
    if (is_cut(i, t) || std::fabs(computed) < underflows) {
      // What the coefficient's own term does not cover; the term is for N entries.
      const Ends ends = to_interval(error).ends();
      const double size = std::max(std::fabs(ends.lo), std::fabs(ends.hi));
      note(GradientStep::absolute, std::max(0.0, size - run_.coefficient * std::fabs(computed)),
           run_.terms.absolute / static_cast<double>(p_.rows()));
    } else {
      note(GradientStep::coefficient, error, run_.terms.coefficient * std::fabs(computed));
    }
    if (j == run_.sums.operands.partner_of(i)) return;
    const Pair used = shifted() ? split::cut_logit(t) : t;
    const double counted = run_.recorder.share(i, j) * computed;  // a half is exact
    weighted_ += at_.exactly(counted) * exactly(used);
    weighted_size_ += std::fabs(counted * used.high);
  }

  /// Sums of sizes in plain double, and how much larger the exact ones are.
  void sums_of_coefficients() {
    std::vector<MpfiNumber> of_rows(at(p_.rows()), at_.from_integer(0)), of_keys = of_rows;
    for (std::int64_t i = 0; i < p_.rows(); ++i)
      for (std::int64_t j = 0; j < p_.rows(); ++j) {
        if (run_.recorder.share(i, j) == 0 || j == run_.sums.operands.partner_of(i)) continue;
        const MpfiNumber size = at_.exactly(std::fabs(m(i, j)));
        of_rows[at(i)] += size;
        if (run_.recorder.share(i, j) == 1) (joint() ? of_rows : of_keys)[at(j)] += size;
      }
    const auto compare = [this](const MpfiNumber& exact, double sum) {
      const double missing = to_interval(exact - at_.exactly(sum)).ends().hi;
      note(GradientStep::inflation, std::max(0.0, missing), (run_.terms.inflation - 1) * sum);
    };
    for (std::int64_t i = 0; i < p_.rows(); ++i) {
      compare(of_rows[at(i)], run_.rows.weight[at(i)]);
      if (!joint()) compare(of_keys[at(i)], run_.keys.weight[at(i)]);
    }
  }

  void blocks() {
    const std::size_t size = at(p_.rows() * p_.d);
    Side of_rows{std::vector<MpfiNumber>(size, at_.from_integer(0)), std::vector<double>(size)};
    Side of_keys = of_rows;
    for (const Recorder::Block& b : run_.recorder.blocks)
      for (Eigen::Index c = 0; c < b.products.cols(); ++c)
        for (Eigen::Index k = 0; k < b.products.rows(); ++k)
          product(b, k, c, b.of_rows || joint() ? of_rows : of_keys);
    joined(run_.rows, of_rows);
    if (!joint()) joined(run_.keys, of_keys);
  }

  /// Sums of blocks, and sizes sum |m| |z|, by vector and component.
  struct Side {
    std::vector<MpfiNumber> sums;
    std::vector<double> sizes;
  };

  void product(const Recorder::Block& b, Eigen::Index k, Eigen::Index c, Side& side) {
    const std::int64_t vector = b.first_vector + c, component = b.first_component + k;
    MpfiNumber exact = at_.from_integer(0);
    double size = 0;
    for (std::int64_t q = b.first_partner; q < b.first_partner + b.partners; ++q) {
      const double weight = b.of_rows ? m(vector, q) : m(q, vector);
      const double z = b.of_rows ? run_.whole.keys()(component, q) : run_.whole.rows(component, q);
      exact += at_.exactly(weight) * at_.exactly(z);
      size += std::fabs(weight * z);
    }
    note(GradientStep::product, at_.exactly(b.products(k, c)) - exact, run_.terms.product * size);
    const std::size_t index = at(vector * p_.d + component);
    side.sums[index] += at_.exactly(b.products(k, c));
    side.sizes[index] += size;
  }

  void joined(const split::GradientSide& found, const Side& exact) {
    for (std::int64_t i = 0; i < p_.rows(); ++i)
      for (std::int64_t k = 0; k < p_.d; ++k) {
        const std::size_t index = at(i * p_.d + k);
        note(GradientStep::join,
             at_.exactly(found.high(k, i)) + at_.exactly(found.low(k, i)) - exact.sums[index],
             run_.terms.join * exact.sizes[index]);
      }
  }

  void derivatives(const split::GradientSide& side, const MatrixXd& computed) {
    for (Eigen::Index i = 0; i < computed.cols(); ++i)
      for (Eigen::Index k = 0; k < computed.rows(); ++k) {
        const MpfiNumber sum = at_.exactly(side.high(k, i)) + at_.exactly(side.low(k, i));
        note(GradientStep::rounding, at_.exactly(computed(k, i)) - sum / temperature_,
             run_.terms.rounding * std::fabs(computed(k, i)));
      }
  }

  void temperature() {
    const MpfiNumber negatives = exactly(run_.logits.sum);
    note(GradientStep::weighted, negatives - weighted_, run_.terms.weighted * weighted_size_);
    MpfiNumber positives = at_.from_integer(0);
    for (std::size_t i = 0; i < run_.sums.rows.negatives.size(); ++i) {
      const RowTotals row{run_.sums.rows.negatives[i], run_.sums.rows.positive[i]};
      positives += exactly(run_.upstream[i]) * exactly(row.negatives) /
                   (exactly(row.negatives) + exactly(row.positive)) *
                   exactly(run_.sums.rows.positive_logit[i]);
    }
    note(GradientStep::weighted, exactly(run_.factors.positive_logits) - positives,
         run_.terms.weighted * run_.factors.positive_logit_sizes);
    const MpfiNumber exact =
        (exactly(run_.factors.positive_logits) - negatives) * log_2_ / temperature_;
    const double sizes = run_.logits.sizes + run_.factors.positive_logit_sizes;
    note(GradientStep::pairs, exactly(run_.of_temperature) - exact,
         (run_.terms.pairs * sizes + run_.absolute * 0x1p20) / p_.temperature);
  }
  struct RowTotals {
    Pair negatives, positive;
  };

  const InfoNceProblem& p_;
  const InfoNceUpstream& upstream_;
  const Run& run_;
  InfoNceFormula<MpfiNumber> formula_;
  const Context<MpfiNumber>& at_;
  MpfiNumber log_2_, temperature_, weighted_;
  double weighted_size_ = 0;
  std::vector<std::vector<MpfiNumber>> logits_, weights_;
  std::vector<MpfiNumber> upstreams_;
  GradientStepReports reports_{};
};

}  // namespace

std::string name_of(GradientStep step) {
  static const char* const names[gradient_steps] = {
      "upstream",  "coefficient", "absolute", "product", "join",
      "inflation", "rounding",    "weighted", "logit",   "pairs"};
  return names[static_cast<int>(step)];
}

GradientStepReports measure_gradient_steps(const InfoNceProblem& problem,
                                           const InfoNceUpstream& upstream, int rounding_mode,
                                           std::optional<GradientStep> deleted, Look look) {
  std::fesetround(rounding_mode);
  const Run run = compute(problem, upstream, deleted);
  std::fesetround(FE_TONEAREST);
  return Judge(problem, upstream, run).reports(look);
}

}  // namespace assay::testing
