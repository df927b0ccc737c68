// SPDX-License-Identifier: Apache-2.0
// Local descent on NLopt's Subplex.
#include "properties/engine/claim/ascent.hpp"

#include <algorithm>
#include <climits>
#include <cmath>
#include <limits>
#include <memory>

#if ASSAY_HAVE_NLOPT
#include <nlopt.h>
#endif

namespace assay::engine {
namespace {

using Value = std::function<double(const std::vector<double>&)>;

#if ASSAY_HAVE_NLOPT
struct Objective {
  const Value& value;
  const std::function<bool()>& cancelled;
  nlopt_opt optimiser;
  std::vector<double> theta;
  Descent best;
};

double evaluate(unsigned n, const double* x, double*, void* data) {
  auto& o = *static_cast<Objective*>(data);
  o.theta.assign(x, x + n);
  if (o.cancelled()) nlopt_force_stop(o.optimiser);
  double v = o.value(o.theta);
  if (std::isnan(v)) v = std::numeric_limits<double>::infinity();
  ++o.best.evaluations;
  if (v < o.best.value) o.best.value = v, o.best.at = o.theta;
  return std::isinf(v) && v > 0 ? std::numeric_limits<double>::max() : v;
}
#endif

}  // namespace

bool have_optimiser() { return ASSAY_HAVE_NLOPT != 0; }

Descent descend(const Value& value, const std::vector<double>& start, std::int64_t evaluations,
                double enough, const std::function<bool()>& cancelled) {
#if ASSAY_HAVE_NLOPT
  Objective objective{
      value, cancelled, nullptr, {}, {start, std::numeric_limits<double>::infinity(), 0}};
  if (start.empty() || evaluations < 1) return {start, value(start), 1};
  const std::unique_ptr<nlopt_opt_s, void (*)(nlopt_opt)> optimiser(
      nlopt_create(NLOPT_LN_SBPLX, static_cast<unsigned>(start.size())), nlopt_destroy);
  objective.optimiser = optimiser.get();
  nlopt_set_min_objective(optimiser.get(), evaluate, &objective);
  nlopt_set_maxeval(optimiser.get(),
                    static_cast<int>(std::min<std::int64_t>(evaluations, INT_MAX)));
  nlopt_set_initial_step1(optimiser.get(), 0.25);
  nlopt_set_stopval(optimiser.get(), enough);
  nlopt_set_xtol_rel(optimiser.get(), 0x1p-40);
  std::vector<double> x = start;
  double reached = 0;
  nlopt_optimize(optimiser.get(), x.data(), &reached);  // `best` holds the answer, whatever it says
  return objective.best;
#else
  (void)evaluations;
  (void)enough;
  (void)cancelled;
  return {start, value(start), 1};
#endif
}

}  // namespace assay::engine
