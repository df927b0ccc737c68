// SPDX-License-Identifier: Apache-2.0
// Expectation of the InfoNCE settings: truth from reference/, budget from the error algebra.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "properties/contract/loss/info_nce_expectation.hpp"
#include "properties/contract/loss/info_nce_family_budget.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::contract {

namespace {

using reference::Engine;
using reference::InfoNceFamilyEnclosures;
using reference::InfoNceGradients;
using reference::Interval;
using reference::RowFate;
using Index = std::int64_t;
constexpr int first_bits = 96;

/// The instance with every vector that is not finite replaced by zeros: what depends on one is not
/// judged by a budget, and nothing else sees it.
FamilyInstance without_non_finite(FamilyInstance instance) {
  for (Index v = 0; v < 2 * instance.n; ++v)
    if (!instance.finite[static_cast<std::size_t>(v)])
      std::fill_n(instance.z.begin() + v * instance.d, instance.d, 0.0);
  return instance;
}

/// The instance with what was enclosed already: all elements come at once, so that the ladder asks
/// for each rung only once.
class Known {
 public:
  explicit Known(const engine::Case& c)
      : given(FamilyInstance::from(c)), finite(without_non_finite(given)) {}

  const InfoNceFamilyEnclosures& values(Engine engine, int bits) {
    const std::lock_guard lock(mutex_);
    auto& found = values_[{engine, bits}];
    if (found.row_loss.empty())
      found = enclose_info_nce_family(finite.setting, finite.problem(), engine, bits);
    return found;
  }
  const InfoNceGradients& gradients(Engine engine, int bits) {
    const std::lock_guard lock(mutex_);
    auto& found = gradients_[{engine, bits}];
    if (found.a.empty())
      found = enclose_info_nce_family_gradients(finite.setting, finite.problem(),
                                                finite.upstream_gradient(), engine, bits);
    return found;
  }

  const FamilyInstance given;
  const FamilyInstance finite;  ///< what judged elements see of it

 private:
  std::mutex mutex_;
  std::map<std::pair<Engine, int>, InfoNceFamilyEnclosures> values_;
  std::map<std::pair<Engine, int>, InfoNceGradients> gradients_;
};

/// A row that counts and has a negative is NaN if its vector or one of its keys holds a NaN; with
/// an infinity nothing is asked.
Demand demand_of(const FamilyInstance& given, const FamilyRow& row) {
  if (row.fate == RowFate::nan) return Demand::nan;
  if (row.fate != RowFate::counts) return Demand::within_budget;
  bool finite = true, nan = false;
  const auto look = [&](Index v) {
    finite = finite && given.finite[static_cast<std::size_t>(v)];
    nan = nan || given.holds_nan[static_cast<std::size_t>(v)];
  };
  look(row.vector);
  for (const auto* keys : {&row.keys.positives, &row.keys.negatives})
    for (const Index key : *keys) look(key);
  if (finite) return Demand::within_budget;
  return nan && !row.keys.negatives.empty() ? Demand::nan : Demand::nothing;
}

/// NaN when a row that counts is; else judged when all rows that count are.
Demand demand_of_loss(const FamilyInstance& given, const std::vector<Demand>& rows) {
  Demand demand = Demand::within_budget;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (given.rows[i].count == 0) continue;
    if (rows[i] == Demand::nan) return Demand::nan;
    if (rows[i] != Demand::within_budget) demand = Demand::nothing;
  }
  return demand;
}

/// Elements without a finite budget are not judged.
OutputExpectation output_of(const std::string& name, std::vector<Ends> truth,
                            std::vector<double> budget, std::vector<double> modelled,
                            std::vector<Demand> demand) {
  OutputExpectation output{name, std::move(truth), std::move(budget), std::move(demand),
                           std::move(modelled)};
  for (std::size_t i = 0; i < output.budget.size(); ++i) {
    if (output.demand[i] == Demand::within_budget && !std::isfinite(output.budget[i]))
      output.demand[i] = Demand::nothing;
    if (output.demand[i] != Demand::within_budget) output.budget[i] = output.modelled[i] = 0;
  }
  return output;
}

/// Whether the gradient of vector o sees only finite vectors: in one direction a row sees itself
/// and all keys, and a key all rows and, through them, all keys.
bool sees_finite_only(const FamilyInstance& given, Index o) {
  if (given.all_finite()) return true;
  if (given.setting.directions != reference::Directions::one || o >= given.n) return false;
  return given.finite[static_cast<std::size_t>(o)] &&
         std::all_of(given.finite.begin() + given.n, given.finite.end(),
                     [](char f) { return f != 0; });
}

const FamilyAlgorithm& algorithm_named(const std::string& name) {
  if (name == tiled_family().name() || name == "tiled-online-log1p") return tiled_family();
  for (const FamilyAlgorithm* algorithm : {&any_order_family(), &any_order_online_family()})
    if (algorithm->name() == name) return *algorithm;
  throw engine::InputError("algorithm '" + name + "'", "",
                           "loss/info_nce has no budget for it on this instance");
}

Expectation start(const FamilyAlgorithm& algorithm, Operation operation, std::string tier) {
  Expectation e;
  e.algorithm = algorithm.name();
  e.hypotheses = algorithm.hypotheses(operation);
  e.tier = std::move(tier);
  e.modelled_hypothesis = info_nce_family_modelled_hypothesis;
  return e;
}

Interval interval_of(const Ends& ends) { return Interval::between(ends.lo, ends.hi); }

Expectation forward(const std::shared_ptr<Known>& known, const FamilyAlgorithm& algorithm) {
  const InfoNceFamilyEnclosures& truth = known->values(reference::engines().front(), first_bits);
  FamilyRowBudgets rows = algorithm.row_budgets(known->finite);
  std::vector<Demand> demand;
  for (const FamilyRow& row : known->given.rows) demand.push_back(demand_of(known->given, row));
  const Demand of_loss = demand_of_loss(known->given, demand);
  const ModelledBudget loss = algorithm.loss_budget(known->finite, truth.row_loss, rows);

  Expectation e = start(algorithm, Operation::forward, truth.tier);
  e.outputs.push_back(output_of("row_loss", truth.row_loss, std::move(rows.budget),
                                std::move(rows.modelled), demand));
  e.outputs.push_back(output_of("loss", {truth.loss}, {loss.budget}, {loss.modelled}, {of_loss}));
  e.refine = [known](std::size_t output, Index element, Engine engine, int bits) {
    const InfoNceFamilyEnclosures& found = known->values(engine, bits);
    return interval_of(output == 0 ? found.row_loss[static_cast<std::size_t>(element)]
                                   : found.loss);
  };
  return e;
}

Expectation backward(const std::shared_ptr<Known>& known, const FamilyAlgorithm& algorithm) {
  const InfoNceGradients& truth = known->gradients(reference::engines().front(), first_bits);
  FamilyGradientBudget budget = algorithm.gradient_budget(known->finite);
  const FamilyInstance& given = known->given;
  const auto demands = [&](Index first) {
    std::vector<Demand> all;
    for (Index o = first; o < first + given.n; ++o)
      all.insert(all.end(), static_cast<std::size_t>(given.d),
                 sees_finite_only(given, o) ? Demand::within_budget : Demand::nothing);
    return all;
  };
  const Demand of_parameter = given.all_finite() ? Demand::within_budget : Demand::nothing;

  Expectation e = start(algorithm, Operation::backward, truth.tier);
  e.outputs.push_back(
      output_of("grad_a", truth.a, std::move(budget.a), std::move(budget.a_modelled), demands(0)));
  e.outputs.push_back(output_of("grad_b", truth.b, std::move(budget.b),
                                std::move(budget.b_modelled), demands(given.n)));
  e.outputs.push_back(output_of("grad_temperature", {truth.temperature}, {budget.parameter},
                                {budget.parameter_modelled}, {of_parameter}));
  e.refine = [known](std::size_t output, Index element, Engine engine, int bits) {
    const InfoNceGradients& found = known->gradients(engine, bits);
    const auto at = static_cast<std::size_t>(element);
    return interval_of(output == 0 ? found.a[at] : output == 1 ? found.b[at] : found.temperature);
  };
  return e;
}

}  // namespace

Expectation info_nce_family_expectation(const engine::Case& c, const std::string& algorithm) {
  const FamilyAlgorithm& named = algorithm_named(algorithm);
  const auto known = std::make_shared<Known>(c);
  const auto operation = c.options.find("operation");
  return operation != c.options.end() && operation->second == "backward" ? backward(known, named)
                                                                         : forward(known, named);
}

}  // namespace assay::contract
