// SPDX-License-Identifier: Apache-2.0
// The InfoNCE column: instances, outputs, and where cases, truth and moves come from.
#include "properties/contract/loss/info_nce.hpp"

#include "properties/contract/loss/info_nce_expectation.hpp"
#include "properties/contract/loss/info_nce_family_instance.hpp"
#include "properties/contract/loss/info_nce_instances.hpp"
#include "properties/contract/loss/info_nce_laws.hpp"
#include "properties/contract/loss/info_nce_logits.hpp"
#include "properties/contract/loss/info_nce_settings.hpp"

namespace assay::contract {
namespace {

/// Where an algorithm states every operation, its bound is sharp: on a case of a few roundings a
/// correct kernel reaches it. The judge allows twice the bound, so that the share of a correct
/// kernel is at most a half, and a larger one says that a derivation is wrong (docs/budgets.md).
constexpr int own_headroom = 2;

void widen(Expectation& e, int factor) {
  for (OutputExpectation& output : e.outputs)
    for (double& budget : output.budget) budget *= factor;
  e.hypotheses.push_back("the budget is " + std::to_string(factor) +
                         " times the bound that these give");
}

class InfoNceColumn final : public Column {
 public:
  std::string name() const override { return "loss/info_nce"; }
  std::string summary() const override {
    return "InfoNCE, one positive per anchor: loss, per-row loss, row log-sum-exp; gradients";
  }
  std::vector<Contract> instances() const override {
    std::vector<Contract> contracts;
    for (const InfoNceInstanceName& instance : info_nce_instance_names())
      contracts.push_back(info_nce_contract(instance));
    return contracts;
  }
  std::string instance_of(const Contract& contract) const override {
    return InfoNceInstanceName::of(contract).text();
  }
  std::vector<std::string> algorithms() const override { return info_nce_algorithms(); }
  std::vector<Family> families() const override { return info_nce_families(); }
  std::vector<Family> families_of(const std::string& instance) const override {
    return InfoNceInstanceName::parse(instance).setting.empty()
               ? info_nce_families()
               : info_nce_setting_families(instance);
  }
  bool runs_unasked(const Contract& instance) const override {
    return contract::runs_unasked(InfoNceInstanceName::of(instance));
  }
  bool asked_of_strangers(const Contract& instance) const override {
    return InfoNceInstanceName::of(instance).setting.empty();  // a setting changes the inputs
  }
  engine::Case make_case(const engine::CaseDescriptor& descriptor) const override {
    return descriptor.family == "laws" ? make_info_nce_law_case(descriptor)
                                       : make_info_nce_case(descriptor);
  }
  std::vector<engine::Case> cases_from(const engine::Embeddings& embeddings,
                                       const std::string& instance,
                                       std::uint64_t seed) const override {
    return info_nce_cases_from(embeddings, instance, seed);
  }
  std::vector<engine::OutputSpec> outputs(const engine::Case& c) const override {
    const std::vector<std::int64_t> shape = c.input("a").shape;
    if (InfoNceInstance::is_backward(c))
      return {{"grad_a", Dtype::f32, shape, true},
              {"grad_b", Dtype::f32, shape, true},
              {"grad_temperature", Dtype::f32, {1}, false}};
    if (FamilyInstance::holds(c)) {
      const auto& setting = info_nce_setting(c.options.at("setting"));
      return {{"row_loss", Dtype::f32, {FamilyInstance::rows_of(setting, shape[0])}, true},
              {"loss", Dtype::f32, {1}, false}};
    }
    const std::int64_t rows = c.options.at("directions") == "joint-block" ? 2 * shape[0] : shape[0];
    return {{"row_loss", Dtype::f32, {rows}, true},
            {"row_lse", Dtype::f32, {rows}, false},
            {"loss", Dtype::f32, {1}, false}};
  }
  Expectation expect(const engine::Case& c, const std::string& algorithm) const override {
    Expectation e = derived(c, algorithm);
    if (!is_any_order(e.algorithm)) widen(e, own_headroom);
    return e;
  }
  const std::vector<Law>& laws() const override { return info_nce_laws(); }
  std::vector<engine::CaseDescriptor> law_cases(const std::string& instance,
                                                std::uint64_t seed) const override {
    return info_nce_law_cases(instance, seed);
  }
  bool states_operations(const std::string& algorithm) const override {
    return algorithm.rfind("any-order", 0) != 0;  // in any order: other bits for equal cases
  }
  std::vector<engine::Case> simpler(const engine::Case& c) const override {
    return simpler_info_nce_cases(c);
  }
  engine::Complexity complexity(const engine::Case& c) const override {
    return info_nce_complexity(c);
  }

 private:
  static Expectation derived(const engine::Case& c, const std::string& algorithm) {
    if (FamilyInstance::holds(c)) return info_nce_family_expectation(c, algorithm);
    return InfoNceInstance::is_backward(c) ? info_nce_gradient_expectation(c, algorithm)
                                           : info_nce_expectation(c, algorithm);
  }
  static bool is_any_order(const std::string& algorithm) {
    return algorithm.rfind("any-order", 0) == 0;
  }
};

}  // namespace

const Column& info_nce_column() {
  static const InfoNceColumn column;
  return column;
}

}  // namespace assay::contract
