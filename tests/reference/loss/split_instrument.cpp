// SPDX-License-Identifier: Apache-2.0
// Runs the split tier step by step and measures each step against MPFI.
#include "tests/reference/loss/split_instrument.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "reference/arithmetic/number.hpp"
#include "reference/loss/info_nce_split_terms.hpp"

namespace assay::testing {
namespace {

using namespace reference;
using Eigen::MatrixXd;
constexpr int reference_bits = 400;

/// Keeps what passes by: both parts of inner products and exponentials. Without shifts an entry of
/// the joint block below the diagonal tiles is the mirrored one, as in the sums.
struct Recorder {
  static constexpr bool looks = true;
  MatrixXd high, low, v, w;
  bool symmetric = false;

  explicit Recorder(std::int64_t rows)
      : high(MatrixXd::Zero(rows, rows)), low(high), v(high), w(high) {}

  void saw_gram(const double* s, const double* l, std::int64_t i0, std::int64_t ni,
                std::int64_t key) {
    keep(high, low, s, l, i0, ni, key, symmetric && (key < i0 || key >= i0 + ni));
  }
  void saw_exponentials(const double* x, const double* y, std::int64_t i0, std::int64_t ni,
                        std::int64_t key, bool mirrored) {
    keep(v, w, x, y, i0, ni, key, mirrored);
  }
  static void keep(MatrixXd& first, MatrixXd& second, const double* x, const double* y,
                   std::int64_t i0, std::int64_t ni, std::int64_t key, bool mirrored) {
    for (std::int64_t i = 0; i < ni; ++i) {
      first(i0 + i, key) = x[i];
      second(i0 + i, key) = y[i];
      if (!mirrored) continue;
      first(key, i0 + i) = x[i];
      second(key, i0 + i) = y[i];
    }
  }
};

struct Run {
  Recorder recorder;
  split::RowSums sums;
  std::vector<double> shifts;
  split::Terms terms;
  Pair scale;
  std::vector<Pair> ratios, totals, row_logs, total_logs;
  std::vector<BoundedPair> losses, lses;
  BoundedPair mean;
  explicit Run(const InfoNceProblem& p) : recorder(p.rows()), sums(p.rows()) {}
};

double& term_of(split::Terms& terms, SplitStep step) {
  switch (step) {
    case SplitStep::gram: return terms.gram;
    case SplitStep::logit: return terms.logit;
    case SplitStep::exponential: return terms.exponential;
    case SplitStep::sum: return terms.sum;
    case SplitStep::ratio: return terms.ratio;
    case SplitStep::cut: return terms.cut;
    case SplitStep::logarithm: return terms.logarithm;
    case SplitStep::shift: return terms.shift;
    case SplitStep::mean: return terms.mean;
  }
  throw std::logic_error("no such step");
}

/// Not inlined: nothing of it may move across the change of the rounding mode.
[[gnu::noinline]] void compute(const InfoNceProblem& p, bool shifted,
                               std::optional<SplitStep> deleted, Run& run) {
  const split::Operands operands = split::cut(p).value();
  run.recorder.symmetric = operands.joint() && !shifted;
  run.scale = split::logit_scale(p.temperature);
  if (shifted) run.shifts = split::shifts_of(operands, run.scale);
  split::SumPass<Recorder>(operands, run.scale, shifted ? &run.shifts : nullptr, run.sums,
                           run.recorder)
      .run();
  run.terms = split::terms_of({operands.facts, p.temperature, p.rows(), p.rows(), shifted});
  if (deleted) term_of(run.terms, *deleted) = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(p.rows()); ++i) {
    const Pair &r = run.sums.negatives[i], &e = run.sums.positive[i];
    run.ratios.push_back(divide(r, e));
    run.totals.push_back(add(r, e));
    run.row_logs.push_back(log1p_split(run.ratios[i]));
    run.total_logs.push_back(log_split(run.totals[i]));
    const split::RowSum row{r, e, run.sums.positive_logit[i], shifted ? run.shifts[i] : 0.0};
    run.losses.push_back(split::row_loss_of(row, run.terms).value());
    run.lses.push_back(split::row_lse_of(row, run.terms).value());
  }
  run.mean = split::mean_of(run.losses, run.terms);
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

  SplitStepReports reports() {
    const std::int64_t rows = p_.rows();
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < rows; ++j) entry(i, j);
      row(i);
    }
    MpfiNumber sum = at_.from_integer(0);
    for (const BoundedPair& loss : run_.losses) sum += exactly(loss.value);
    note(SplitStep::mean, exactly(run_.mean.value) - sum / at_.from_integer(rows),
         run_.terms.mean * run_.mean.value.high);
    return reports_;
  }

 private:
  MpfiNumber exactly(double high, double low) const { return at_.exactly(high) + at_.exactly(low); }
  MpfiNumber exactly(Pair x) const { return exactly(x.high, x.low); }

  void note(SplitStep step, const MpfiNumber& error, double term) {
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
    const Recorder& rec = run_.recorder;
    const double high = rec.high(i, j), low = rec.low(i, j);
    const MpfiNumber s_hat = exactly(high, low);
    const MpfiNumber s =
        at_.dot(operands_.rows.col(i).data(), operands_.keys().col(j).data(), p_.d);
    note(SplitStep::gram, (s_hat - s) / temperature_, run_.terms.gram);
    const bool shifted = !run_.shifts.empty();
    const double shift = shifted ? run_.shifts[static_cast<std::size_t>(i)] : 0.0;
    const Pair t = shifted ? split::shifted_logit_of(high, low, shift, run_.scale)
                           : split::logit_of(high, low, run_.scale);
    const MpfiNumber exponent = exactly(t);
    note(SplitStep::logit, (exponent + at_.exactly(shift)) * log_2_ - s_hat / temperature_,
         run_.terms.logit);
    const MpfiNumber e = exactly(rec.v(i, j), rec.w(i, j));
    if (shifted && !(t.high > split::lowest_logit)) {
      // A whole sum of at least 1/2 may be off by this for each key.
      if (is_negative(i, j))
        note(SplitStep::cut, (e - exp(exponent * log_2_)) * at_.from_integer(2),
             run_.terms.cut / static_cast<double>(p_.rows()));
      return;
    }
    if (t.high < -split::lowest_logit)
      note(SplitStep::exponential, log(e) - exponent * log_2_, run_.terms.exponential);
  }

  bool is_negative(std::int64_t i, std::int64_t j) const {
    return j != operands_.partner_of(i) && !(operands_.joint() && j == i);
  }

  void row(std::int64_t i) {
    const auto k = static_cast<std::size_t>(i);
    MpfiNumber sum = at_.from_integer(0);
    for (std::int64_t j = 0; j < p_.rows(); ++j)
      if (is_negative(i, j)) sum += exactly(run_.recorder.v(i, j), run_.recorder.w(i, j));
    const MpfiNumber r = exactly(run_.sums.negatives[k]), e = exactly(run_.sums.positive[k]);
    const MpfiNumber x = exactly(run_.ratios[k]), total = exactly(run_.totals[k]);
    // The tier does not use the exponential of a positive as far away as this.
    constexpr double farthest = 900;
    if (std::fabs(run_.sums.positive_logit[k].high) > farthest) return;
    note(SplitStep::ratio, log(total / (r + e)), run_.terms.ratio);
    const Pair log_total = run_.total_logs[k], log_ratio = run_.row_logs[k];
    note(SplitStep::logarithm, exactly(log_total) - log(total),
         run_.terms.logarithm * split_log_error_weight_up(log_total.high));
    if (!run_.shifts.empty())
      note(SplitStep::shift,
           exactly(run_.lses[k].value) - exactly(log_total) - at_.exactly(run_.shifts[k]) * log_2_,
           run_.terms.shift);
    if (p_.n == 1) return;
    note(SplitStep::sum, log(r / sum), run_.terms.sum);
    note(SplitStep::ratio, log(x * e / r), run_.terms.ratio);
    note(SplitStep::logarithm, exactly(log_ratio) - log1p(x),
         run_.terms.logarithm * split_log_error_weight_up(log_ratio.high));
  }

  const InfoNceProblem& p_;
  const Run& run_;
  Context<MpfiNumber> at_;
  batch::Operands operands_;
  MpfiNumber log_2_, temperature_;
  SplitStepReports reports_{};
};

}  // namespace

std::string name_of(SplitStep step) {
  static const char* const names[split_steps] = {"gram", "logit",     "exponential", "sum", "ratio",
                                                 "cut",  "logarithm", "shift",       "mean"};
  return names[static_cast<int>(step)];
}

SplitStepReports measure_split_steps(const InfoNceProblem& problem, bool shifted, int rounding_mode,
                                     std::optional<SplitStep> deleted) {
  Run run(problem);
  std::fesetround(rounding_mode);
  compute(problem, shifted, deleted, run);
  std::fesetround(FE_TONEAREST);
  return Judge(problem, run).reports();
}

}  // namespace assay::testing
