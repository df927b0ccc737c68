// SPDX-License-Identifier: Apache-2.0
// The InfoNCE column: instances, outputs, and where cases, truth and moves come from.
#include "properties/contract/loss/info_nce.hpp"

#include "properties/contract/loss/info_nce_expectation.hpp"

namespace assay::contract {
namespace {

Contract instance(const std::string& directions) {
  Contract contract;
  contract.name = "loss/info_nce";
  const bool joint = directions == "joint-block";
  contract.fields = {{"directions", directions},
                     {"similarity", "dot"},
                     {"normalisation", "callers-duty"},
                     {"temperature", "T"},
                     {"self-pair", joint ? "left-out-by-index" : "none"},
                     {"positive-set", "other-view"},
                     {"denominator", "ALL"},
                     {"anchor-reduction", "mean"},
                     {"empty-negatives", "loss-0"},
                     {"non-finite", "extended-reals"},
                     {"outputs", "row_loss,row_lse,loss"},
                     {"determinism", "bit-repeatable"}};
  return contract;
}

class InfoNceColumn final : public Column {
 public:
  std::string name() const override { return "loss/info_nce"; }
  std::string summary() const override {
    return "InfoNCE, one positive per anchor: loss, per-row loss, row log-sum-exp";
  }
  std::vector<Contract> instances() const override {
    return {instance("joint-block"), instance("one-direction")};
  }
  std::string instance_of(const Contract& contract) const override {
    return contract.field("directions");
  }
  std::vector<std::string> algorithms() const override {
    return {"tiled-online-log1p", "any-order"};
  }
  std::vector<Family> families() const override { return info_nce_families(); }
  engine::Case make_case(const engine::CaseDescriptor& descriptor) const override {
    return make_info_nce_case(descriptor);
  }
  std::vector<engine::Case> cases_from(const engine::Embeddings& embeddings,
                                       const std::string& instance,
                                       std::uint64_t seed) const override {
    return info_nce_cases_from(embeddings, instance, seed);
  }
  std::vector<engine::OutputSpec> outputs(const engine::Case& c) const override {
    const std::int64_t pairs = c.input("a").shape[0];
    const std::int64_t rows = c.options.at("directions") == "joint-block" ? 2 * pairs : pairs;
    return {{"row_loss", Dtype::f32, {rows}, true},
            {"row_lse", Dtype::f32, {rows}, false},
            {"loss", Dtype::f32, {1}, false}};
  }
  Expectation expect(const engine::Case& c, const std::string& algorithm) const override {
    return info_nce_expectation(c, algorithm);
  }
  std::vector<engine::Case> simpler(const engine::Case& c) const override {
    return simpler_info_nce_cases(c);
  }
  engine::Complexity complexity(const engine::Case& c) const override {
    return info_nce_complexity(c);
  }
};

}  // namespace

const Column& info_nce_column() {
  static const InfoNceColumn column;
  return column;
}

}  // namespace assay::contract
