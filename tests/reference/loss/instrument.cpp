// SPDX-License-Identifier: Apache-2.0
// Runs the a-priori tier step by step and measures each step against MPFI.
#include "tests/reference/loss/instrument.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "reference/arithmetic/number.hpp"
#include "reference/loss/batch_log.hpp"
#include "reference/loss/info_nce_a_priori_terms.hpp"
#include "reference/loss/info_nce_batch.hpp"

namespace assay::testing {
namespace {

using namespace reference;
using Eigen::MatrixXd;
constexpr int reference_bits = 160;

/// Keeps what passes by: inner products, base-2 logits, exponentials. In the joint block an entry
/// below the diagonal tiles is the mirrored one, as in the row sums.
struct Recorder {
  static constexpr bool looks = true;
  MatrixXd gram, logit, exponential;

  Recorder(std::int64_t rows, std::int64_t keys)
      : gram(MatrixXd::Zero(rows, keys)), logit(gram), exponential(gram) {}

  void saw_gram(const double* tile, std::int64_t i0, std::int64_t ni, std::int64_t j0,
                std::int64_t nj, double scale) {
    const Eigen::Map<const MatrixXd> s(tile, ni, nj);
    gram.block(i0, j0, ni, nj) = s;
    logit.block(i0, j0, ni, nj) = s * scale;
    if (i0 != j0 && gram.rows() == gram.cols() && mirrored) {
      gram.block(j0, i0, nj, ni) = s.transpose();
      logit.block(j0, i0, nj, ni) = logit.block(i0, j0, ni, nj).transpose();
    }
  }
  void saw_exponentials(const double* strip, std::int64_t i0, std::int64_t ni, std::int64_t j0,
                        std::int64_t count, bool mirror) {
    const Eigen::Map<const MatrixXd> e(strip, ni, count);
    exponential.block(i0, j0, ni, count) = e;
    if (mirror) exponential.block(j0, i0, count, ni) = e.transpose();
  }
  bool mirrored = false;
};

/// Everything the tier computed, and the terms it computed for it.
struct Run {
  Recorder recorder;
  batch::RowSums sums;
  std::vector<AprioriTerms> terms;
  std::vector<double> ratios, totals;
  std::vector<Bounded> losses, lses;
  Bounded mean;
  explicit Run(const InfoNceProblem& p) : recorder(p.rows(), p.rows()), sums(p.rows()) {}
};

double& term_of(AprioriTerms& terms, Step step) {
  switch (step) {
    case Step::gram: return terms.gram;
    case Step::logit: return terms.logit;
    case Step::exponential: return terms.exponential;
    case Step::sum: return terms.sum;
    case Step::ratio: return terms.ratio;
    case Step::logarithm: return terms.logarithm;
    case Step::mean: return terms.mean;
  }
  throw std::logic_error("no such step");
}

/// Not inlined: nothing of it may move across the change of the rounding mode.
[[gnu::noinline]] void compute(const InfoNceProblem& p, std::optional<Step> deleted, Run& run) {
  const batch::Operands operands = batch::gather(p);
  run.recorder.mirrored = operands.joint();
  batch::TiledPass<batch::JoinExactly, Recorder>(operands, batch::logit_scale(p.temperature),
                                                 run.sums, run.recorder)
      .run();
  const ColumnFacts rows = facts_of(operands.rows), keys = facts_of(operands.keys());
  const double largest = *std::max_element(keys.norms_up.begin(), keys.norms_up.end());
  const AprioriScale scale = scale_of(p, rows.products_exact && keys.products_exact);
  for (std::size_t i = 0; i < rows.norms_up.size(); ++i) {
    AprioriTerms terms = a_priori_terms(scale, multiply_up(rows.norms_up[i], largest));
    if (deleted) term_of(terms, *deleted) = 0;
    run.terms.push_back(terms);
    run.ratios.push_back(run.sums.negatives(i) / run.sums.positive[i]);
    run.totals.push_back(run.sums.negatives(i) + run.sums.positive[i]);
    run.losses.push_back(row_loss_of(run.ratios[i], terms).value());
    run.lses.push_back(row_lse_of(run.totals[i], terms).value());
  }
  run.mean = mean_of(run.losses, run.terms.back());
}

/// Compares steps with the exact operation; all in round to nearest.
class Judge {
 public:
  Judge(const InfoNceProblem& p, const Run& run)
      : p_(p),
        run_(run),
        at_(reference_bits),
        operands_(batch::gather(p)),
        log_2_(log(at_.from_integer(2))),
        temperature_(at_.exactly(p.temperature)) {}

  StepReports reports() {
    const std::int64_t rows = p_.rows();
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < rows; ++j) entry(i, j);
      row(i);
    }
    MpfiNumber sum = at_.from_integer(0);
    for (const Bounded& loss : run_.losses) sum += at_.exactly(loss.value);
    const double mean = run_.mean.value;
    note(Step::mean, at_.exactly(mean) - sum / at_.from_integer(rows),
         run_.terms.back().mean * mean);
    return reports_;
  }

 private:
  void note(Step step, const MpfiNumber& error, double term) {
    const Ends ends = to_interval(error).ends();
    const double size = std::max(std::fabs(ends.lo), std::fabs(ends.hi));
    StepReport& r = reports_[static_cast<std::size_t>(step)];
    ++r.checks;
    if (!(size <= term)) ++r.violations;
    r.largest_error = std::max(r.largest_error, size);
    if (size > 0)
      r.largest_share = std::max(r.largest_share,
                                 term > 0 ? size / term : std::numeric_limits<double>::infinity());
  }

  void entry(std::int64_t i, std::int64_t j) {
    const AprioriTerms& terms = run_.terms[static_cast<std::size_t>(i)];
    const MpfiNumber s_hat = at_.exactly(run_.recorder.gram(i, j));
    const MpfiNumber s =
        at_.dot(operands_.rows.col(i).data(), operands_.keys().col(j).data(), p_.d);
    note(Step::gram, (s_hat - s) / temperature_, terms.gram);
    const MpfiNumber natural = at_.exactly(run_.recorder.logit(i, j)) * log_2_;
    note(Step::logit, natural - s_hat / temperature_, terms.logit);
    note(Step::exponential, log(at_.exactly(run_.recorder.exponential(i, j))) - natural,
         terms.exponential);
  }

  void row(std::int64_t i) {
    const auto k = static_cast<std::size_t>(i);
    const AprioriTerms& terms = run_.terms[k];
    MpfiNumber sum = at_.from_integer(0);
    std::int64_t negatives = 0;
    for (std::int64_t j = 0; j < p_.rows(); ++j) {
      if (j == operands_.partner_of(i) || (operands_.joint() && j == i)) continue;
      sum += at_.exactly(run_.recorder.exponential(i, j));
      ++negatives;
    }
    const MpfiNumber r = at_.exactly(run_.sums.negatives(k));
    const MpfiNumber e_p = at_.exactly(run_.sums.positive[k]);
    const MpfiNumber x = at_.exactly(run_.ratios[k]);
    const MpfiNumber total = at_.exactly(run_.totals[k]);
    note(Step::ratio, log(total / (r + e_p)), terms.ratio);
    const Bounded &loss = run_.losses[k], &lse = run_.lses[k];
    note(Step::logarithm, at_.exactly(lse.value) - log(total),
         terms.logarithm * log_error_weight_up(lse.value));
    if (negatives == 0) return;
    note(Step::sum, log(r / sum), terms.sum);
    note(Step::ratio, log(x * e_p / r), terms.ratio);
    note(Step::logarithm, at_.exactly(loss.value) - log1p(x),
         terms.logarithm * log_error_weight_up(loss.value));
  }

  const InfoNceProblem& p_;
  const Run& run_;
  Context<MpfiNumber> at_;
  batch::Operands operands_;
  MpfiNumber log_2_, temperature_;
  StepReports reports_{};
};

}  // namespace

std::string name_of(Step step) {
  static const char* const names[steps] = {"gram",  "logit",     "exponential", "sum",
                                           "ratio", "logarithm", "mean"};
  return names[static_cast<int>(step)];
}

StepReports measure_steps(const InfoNceProblem& problem, int rounding_mode,
                          std::optional<Step> deleted) {
  Run run(problem);
  std::fesetround(rounding_mode);
  compute(problem, deleted, run);
  std::fesetround(FE_TONEAREST);
  return Judge(problem, run).reports();
}

}  // namespace assay::testing
