// SPDX-License-Identifier: Apache-2.0
// A small part of the InfoNCE column, for tests of campaigns and of the self-test.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "properties/contract/loss/info_nce.hpp"

namespace assay::contract {

/// loss/info_nce with some families only, at most six cases each, and budgets (not the modelled
/// column) multiplied by a factor.
class SmallColumn : public Column {
 public:
  std::string name() const override { return whole_.name(); }
  std::string summary() const override { return whole_.summary(); }
  std::vector<Contract> instances() const override { return whole_.instances(); }
  std::string instance_of(const Contract& c) const override { return whole_.instance_of(c); }
  std::vector<std::string> algorithms() const override { return whole_.algorithms(); }
  std::vector<Family> families() const override { return some_of(whole_.families()); }
  std::vector<Family> families_of(const std::string& instance) const override {
    return some_of(whole_.families_of(instance));
  }
  std::vector<Family> some_of(const std::vector<Family>& all) const {
    std::vector<Family> some;
    for (Family family : all)
      if (wanted_.count(family.name) > 0) {
        family.cases = std::min<std::int64_t>(family.cases, 6);
        some.push_back(family);
      }
    return some;
  }
  engine::Case make_case(const engine::CaseDescriptor& d) const override {
    return whole_.make_case(d);
  }
  std::vector<engine::Case> cases_from(const engine::Embeddings& e, const std::string& instance,
                                       std::uint64_t seed) const override {
    return whole_.cases_from(e, instance, seed);
  }
  std::vector<engine::OutputSpec> outputs(const engine::Case& c) const override {
    return whole_.outputs(c);
  }
  Expectation expect(const engine::Case& c, const std::string& algorithm) const override {
    Expectation e = whole_.expect(c, algorithm);
    for (OutputExpectation& o : e.outputs) {
      for (double& b : o.budget) b *= widen_;
      if (!modelled_) o.modelled.clear();
    }
    return e;
  }
  std::vector<engine::Case> simpler(const engine::Case& c) const override {
    return whole_.simpler(c);
  }
  engine::Complexity complexity(const engine::Case& c) const override {
    return whole_.complexity(c);
  }

  explicit SmallColumn(std::set<std::string> wanted, double widen = 1, bool modelled = true)
      : wanted_(std::move(wanted)), widen_(widen), modelled_(modelled) {}

 private:
  const Column& whole_ = info_nce_column();
  std::set<std::string> wanted_;
  double widen_;
  bool modelled_;
};

}  // namespace assay::contract
