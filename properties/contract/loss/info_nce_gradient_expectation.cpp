// SPDX-License-Identifier: Apache-2.0
// Expectation of loss/info_nce, backward: truth from reference/, budget from the error algebra.
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "properties/contract/loss/info_nce_expectation.hpp"
#include "properties/contract/loss/info_nce_gradient_budget.hpp"
#include "properties/engine/input_error.hpp"
#include "reference/loss/info_nce_gradient.hpp"

namespace assay::contract {

namespace {

using reference::Engine;
using reference::InfoNceGradients;
using reference::Interval;
constexpr int first_bits = 128;

enum Output : std::size_t { grad_a, grad_b, grad_temperature };

/// The instance with every non-finite vector replaced by zeros: rows and elements that depend on
/// one are not judged, and the others do not see it.
InfoNceInstance without_non_finite(InfoNceInstance instance) {
  for (std::int64_t v = 0; v < 2 * instance.n; ++v) {
    if (instance.finite[static_cast<std::size_t>(v)]) continue;
    std::fill_n(instance.z.begin() + v * instance.d, instance.d, 0.0);
  }
  return instance;
}

/// The instance with the gradients that were enclosed already: all elements come at once, so the
/// ladder asks for each rung only once.
class Known {
 public:
  explicit Known(const engine::Case& c)
      : instance(InfoNceInstance::from(c)), finite(without_non_finite(instance)) {}

  const InfoNceGradients& gradients(Engine engine, int bits) {
    const std::lock_guard lock(mutex_);
    auto& found = enclosed_[{engine, bits}];
    if (found.a.empty())
      found = reference::enclose_info_nce_gradients(finite.problem(), finite.upstream_gradient(),
                                                    engine, bits);
    return found;
  }

  const InfoNceInstance instance;
  const InfoNceInstance finite;  ///< what judged elements see of it

 private:
  std::mutex mutex_;
  std::map<std::pair<Engine, int>, InfoNceGradients> enclosed_;
};

InfoNceGradients enclose(const InfoNceInstance& finite) {
  if (auto split =
          reference::enclose_info_nce_gradients_split(finite.problem(), finite.upstream_gradient()))
    return *split;
  return reference::enclose_info_nce_gradients(finite.problem(), finite.upstream_gradient(),
                                               reference::engines().front(), first_bits);
}

OutputExpectation expectation_of(const std::string& name, std::vector<Ends> truth,
                                 std::vector<double> budget, std::vector<double> modelled) {
  OutputExpectation output{name, std::move(truth), std::move(budget), {}, std::move(modelled)};
  for (std::size_t i = 0; i < output.budget.size(); ++i) {
    const bool judged = std::isfinite(output.budget[i]);
    output.demand.push_back(judged ? Demand::within_budget : Demand::nothing);
    if (!judged) output.budget[i] = output.modelled[i] = 0;
  }
  return output;
}

const InfoNceGradientAlgorithm& algorithm_named(const std::string& name) {
  for (const InfoNceGradientAlgorithm* algorithm :
       {&tiled_gradient(), &tiled_mma_gradient(), &any_order_online_gradient(),
        &any_order_gradient()})
    if (algorithm->name() == name) return *algorithm;
  throw engine::InputError("algorithm '" + name + "'", "",
                           "loss/info_nce has no backward budget for it");
}

Interval element_of(const InfoNceGradients& gradients, std::size_t output, std::int64_t element) {
  const Ends& ends = output == grad_a   ? gradients.a[static_cast<std::size_t>(element)]
                     : output == grad_b ? gradients.b[static_cast<std::size_t>(element)]
                                        : gradients.temperature;
  return Interval::between(ends.lo, ends.hi);
}

}  // namespace

Expectation info_nce_gradient_expectation(const engine::Case& c,
                                          const std::string& algorithm_name) {
  const InfoNceGradientAlgorithm& algorithm = algorithm_named(algorithm_name);
  const auto known = std::make_shared<Known>(c);
  const InfoNceInstance& instance = known->instance;
  GradientBudget budget = algorithm.budget(instance);
  InfoNceGradients truth = enclose(known->finite);
  Expectation expectation;
  expectation.algorithm = algorithm.name();
  expectation.tier = truth.tier;
  expectation.hypotheses = algorithm.hypotheses();
  expectation.outputs.push_back(expectation_of("grad_a", std::move(truth.a), std::move(budget.a),
                                               std::move(budget.a_modelled)));
  expectation.outputs.push_back(expectation_of("grad_b", std::move(truth.b), std::move(budget.b),
                                               std::move(budget.b_modelled)));
  expectation.outputs.push_back(expectation_of("grad_temperature", {truth.temperature},
                                               {budget.temperature},
                                               {budget.temperature_modelled}));
  expectation.modelled_hypothesis = info_nce_modelled_hypothesis;
  expectation.refine = [known](std::size_t output, std::int64_t element, Engine engine, int bits) {
    return element_of(known->gradients(engine, bits), output, element);
  };
  return expectation;
}

}  // namespace assay::contract
