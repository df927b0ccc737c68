// SPDX-License-Identifier: Apache-2.0
// Expectation of loss/info_nce: truth from reference/, budget from the error algebra, demands from
// the rule for non-finite inputs.
#include "properties/contract/loss/info_nce_expectation.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "properties/contract/loss/info_nce_budget.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::contract {

namespace {

using reference::Engine;
using reference::Interval;
constexpr int first_bits = 128;

enum Output : std::size_t { row_loss, row_lse, mean_loss };

/// The instance and what is known of its rows; shared with the closure that refines.
struct Known {
  InfoNceInstance instance;
  std::vector<RowBudget> rows;
  bool all_finite = true;  ///< every entry of every vector

  const RowBudget& row(std::int64_t i) const { return rows[static_cast<std::size_t>(i)]; }
};

/// Row i alone, without the negatives whose logit is -inf: a one-direction problem with as many
/// keys as are left, the positive first, in which only row 0 is asked for.
struct LoneRow {
  std::vector<double> a, b;
  std::int64_t d = 0, count = 0;
  double temperature = 1;

  LoneRow(const InfoNceInstance& instance, std::int64_t i) : d(instance.d) {
    temperature = instance.temperature;
    const auto append = [&](std::int64_t key) {
      const double* y = instance.vector(instance.key_vector(key));
      b.insert(b.end(), y, y + d);
      ++count;
    };
    append(instance.positive(i));
    for (std::int64_t j = 0; j < instance.keys(); ++j) {
      if (j == instance.positive(i) || instance.left_out(i, j)) continue;
      if (instance.finite[static_cast<std::size_t>(instance.key_vector(j))]) append(j);
    }
    a.assign(b.size(), 0.0);
    std::copy(instance.vector(i), instance.vector(i) + d, a.begin());
  }
  reference::InfoNceProblem problem() const {
    reference::InfoNceProblem p;
    p.a = a.data();
    p.b = b.data();
    p.n = count;
    p.d = d;
    p.a_stride = p.b_stride = d;
    p.temperature = temperature;
    p.form = reference::InfoNceForm::one_direction;
    p.entries_are_float32 = true;
    return p;
  }
};

reference::InfoNceRow enclose_row(const Known& known, std::int64_t i, Engine engine, int bits) {
  if (known.all_finite)
    return reference::enclose_info_nce_row(known.instance.problem(), i, engine, bits);
  const LoneRow lone(known.instance, i);
  return reference::enclose_info_nce_row(lone.problem(), 0, engine, bits);
}

Interval refine(const Known& known, std::size_t output, std::int64_t element, Engine engine,
                int bits) {
  if (output != mean_loss) {
    const reference::InfoNceRow row = enclose_row(known, element, engine, bits);
    return output == row_loss ? row.row_loss : row.row_lse;
  }
  // Every vector is some row's own or its positive, so a non-finite entry makes some row loss
  // non-finite: the mean of such a case is not judged by a budget.
  if (!known.all_finite) return Interval();
  const Ends mean = reference::enclose_info_nce(known.instance.problem(), engine, bits).loss;
  return Interval::between(mean.lo, mean.hi);
}

/// Truth of a case whose entries are all finite.
reference::InfoNceEnclosures enclose(const InfoNceInstance& instance) {
  const reference::InfoNceProblem problem = instance.problem();
  if (auto a_priori = reference::enclose_info_nce_a_priori(problem)) return *a_priori;
  return reference::enclose_info_nce(problem, reference::engines().front(), first_bits);
}

/// Truth of a case with non-finite entries: row by row, for the rows that are judged by a budget.
/// The mean never is.
reference::InfoNceEnclosures enclose_rows(const Known& known) {
  const Engine engine = reference::engines().front();
  reference::InfoNceEnclosures truth;
  truth.tier = std::string(name_of(engine)) + "-" + std::to_string(first_bits);
  for (std::int64_t i = 0; i < known.instance.rows(); ++i) {
    if (known.row(i).kind != RowKind::within_budget) {
      truth.row_loss.push_back({});
      truth.row_lse.push_back({});
      continue;
    }
    const reference::InfoNceRow row = enclose_row(known, i, engine, first_bits);
    truth.row_loss.push_back(row.row_loss.ends());
    truth.row_lse.push_back(row.row_lse.ends());
  }
  return truth;
}

Demand demand_of(RowKind kind, bool of_loss) {
  switch (kind) {
    case RowKind::within_budget: return Demand::within_budget;
    case RowKind::nan: return Demand::nan;
    case RowKind::not_finite: return Demand::not_finite;
    case RowKind::loss_not_finite: return of_loss ? Demand::not_finite : Demand::nothing;
    case RowKind::outside_domain: return Demand::nothing;
  }
  return Demand::nothing;
}

/// The mean is NaN when a row is; else not finite when a row is not; else judged when all rows are.
Demand demand_of_mean(const std::vector<RowBudget>& rows) {
  bool not_finite = false, outside = false;
  for (const RowBudget& row : rows) {
    if (row.kind == RowKind::nan) return Demand::nan;
    not_finite =
        not_finite || row.kind == RowKind::not_finite || row.kind == RowKind::loss_not_finite;
    outside = outside || row.kind == RowKind::outside_domain;
  }
  if (not_finite) return Demand::not_finite;
  return outside ? Demand::nothing : Demand::within_budget;
}

const InfoNceAlgorithm& algorithm_named(const std::string& name) {
  for (const InfoNceAlgorithm* algorithm :
       {&tiled_online_log1p(), &tiled_mma_log1p(), &any_order_online(), &any_order()})
    if (algorithm->name() == name) return *algorithm;
  std::string known;
  for (const std::string& n : info_nce_algorithms()) known += (known.empty() ? "" : ", ") + n;
  throw engine::InputError("algorithm '" + name + "'", "",
                           "loss/info_nce has no budget for it; known: " + known);
}

OutputExpectation rows_expectation(const std::string& name, const std::vector<Ends>& truth,
                                   const std::vector<RowBudget>& rows, double RowBudget::*budget,
                                   double RowBudget::*modelled) {
  OutputExpectation output{name, truth, {}, {}, {}};
  for (const RowBudget& row : rows) {
    const bool judged = row.kind == RowKind::within_budget;
    output.budget.push_back(judged ? row.*budget : 0);
    output.modelled.push_back(judged ? row.*modelled : 0);
    output.demand.push_back(demand_of(row.kind, budget == &RowBudget::loss));
  }
  return output;
}

}  // namespace

const std::vector<std::string>& info_nce_algorithms() {
  static const std::vector<std::string> names = {tiled_online_log1p().name(),
                                                 tiled_mma_log1p().name(),
                                                 any_order_online().name(), any_order().name()};
  return names;
}

Expectation info_nce_expectation(const engine::Case& c, const std::string& algorithm_name) {
  const InfoNceAlgorithm& algorithm = algorithm_named(algorithm_name);
  const auto known = std::make_shared<Known>();
  known->instance = InfoNceInstance::from(c);
  for (char finite : known->instance.finite) known->all_finite = known->all_finite && finite;
  known->rows = algorithm.row_budgets(known->instance);

  const reference::InfoNceEnclosures truth =
      known->all_finite ? enclose(known->instance) : enclose_rows(*known);
  Expectation expectation;
  expectation.algorithm = algorithm.name();
  expectation.tier = truth.tier;
  expectation.hypotheses = algorithm.hypotheses();
  expectation.outputs.push_back(rows_expectation("row_loss", truth.row_loss, known->rows,
                                                 &RowBudget::loss, &RowBudget::loss_modelled));
  expectation.outputs.push_back(rows_expectation("row_lse", truth.row_lse, known->rows,
                                                 &RowBudget::lse, &RowBudget::lse_modelled));

  Demand demand = demand_of_mean(known->rows);
  ModelledBudget mean;
  if (demand == Demand::within_budget) {
    mean = algorithm.mean_budget(truth.row_loss, known->rows);
    if (!std::isfinite(mean.budget)) demand = Demand::nothing, mean = {};
  }
  expectation.outputs.push_back({"loss", {truth.loss}, {mean.budget}, {demand}, {mean.modelled}});
  expectation.modelled_hypothesis = info_nce_modelled_hypothesis;
  expectation.refine = [known](std::size_t output, std::int64_t element, Engine engine, int bits) {
    return refine(*known, output, element, engine, bits);
  };
  return expectation;
}

}  // namespace assay::contract
