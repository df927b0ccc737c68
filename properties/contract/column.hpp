// SPDX-License-Identifier: Apache-2.0
// A column: everything the judge needs to know about one contract, behind one interface.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/contract.hpp"
#include "properties/contract/budget.hpp"
#include "properties/contract/candidate.hpp"
#include "properties/engine/case.hpp"
#include "properties/engine/files/embeddings.hpp"
#include "properties/engine/shrink.hpp"

namespace assay::contract {

/// One family of cases of a contract.
struct Family {
  std::string name;         ///< "near-duplicate"
  std::string description;  ///< what is in it and which defect it is for
  std::int64_t cases = 1;   ///< indices 0 .. cases-1 are run by default
  bool large = false;       ///< costs far more than the others: planned after them
};

struct Law;  // law_trial.hpp

/// The cases of an instance in the order in which they are run: round by round over the families,
/// so that a budget cuts all of them evenly; then the large families likewise.
std::vector<engine::CaseDescriptor> planned_cases(const class Column& column,
                                                  const std::string& instance, std::uint64_t seed);

/// A contract with its instances, cases, truth and budget. To add a loss is to write one of these
/// (docs/adding-a-contract.md). Stateless: safe to use from several threads.
class Column {
 public:
  virtual ~Column() = default;

  /// The contract's name: "loss/info_nce".
  virtual std::string name() const = 0;
  /// One line for people.
  virtual std::string summary() const = 0;
  /// The contract instances that are certified, each with a distinct `instance_of`.
  virtual std::vector<Contract> instances() const = 0;
  /// The short name by which an instance is asked for: "joint-block".
  virtual std::string instance_of(const Contract& contract) const = 0;
  /// Names of the stated algorithms, and last the one for strangers.
  virtual std::vector<std::string> algorithms() const = 0;

  virtual std::vector<Family> families() const = 0;
  /// Those of one instance, where instances differ in them.
  virtual std::vector<Family> families_of(const std::string& instance) const {
    static_cast<void>(instance);
    return families();
  }
  /// Whether an instance is run where the user names none.
  virtual bool runs_unasked(const Contract& instance) const {
    static_cast<void>(instance);
    return true;
  }
  /// Whether a program that names the contract alone is run on the instance; others only by name.
  virtual bool asked_of_strangers(const Contract& instance) const { return runs_unasked(instance); }
  /// A pure function of the descriptor. \throws engine::InputError for an unknown family or
  /// instance
  virtual engine::Case make_case(const engine::CaseDescriptor& descriptor) const = 0;
  /// Cases made from a user's embeddings, family "file": the whole of it and pieces of it.
  virtual std::vector<engine::Case> cases_from(const engine::Embeddings& embeddings,
                                               const std::string& instance,
                                               std::uint64_t seed) const = 0;

  /// The outputs a candidate has to fill for this case.
  virtual std::vector<engine::OutputSpec> outputs(const engine::Case& c) const = 0;
  /// Truth, budget and demand of every output element for an algorithm.
  virtual Expectation expect(const engine::Case& c, const std::string& algorithm) const = 0;

  /// Metamorphic laws, asked of candidates that no case refutes (docs/laws.md). None by default.
  virtual const std::vector<Law>& laws() const;
  /// The cases of an instance on which they are asked; `make_case` makes them as well.
  virtual std::vector<engine::CaseDescriptor> law_cases(const std::string& instance,
                                                        std::uint64_t seed) const {
    static_cast<void>(instance), static_cast<void>(seed);
    return {};
  }
  /// Whether the algorithm states its operations, so that laws by bits hold for it by bits.
  virtual bool states_operations(const std::string& algorithm) const {
    static_cast<void>(algorithm);
    return false;
  }

  /// Simpler variants of a case, and how simple a case is: for shrinking.
  virtual std::vector<engine::Case> simpler(const engine::Case& c) const = 0;
  virtual engine::Complexity complexity(const engine::Case& c) const = 0;
};

/// Names of the outputs of an instance, from its field "outputs".
std::vector<std::string> output_names(const Contract& instance);
/// True when a candidate that says this of itself serves the instance: it offers one of its outputs
/// (one that names none offers those of forward instances) and takes its input format.
bool serves(const CandidateInfo& info, const Contract& instance);

/// All contracts of this program, in the order in which they are listed.
const std::vector<const Column*>& columns();
/// The column of that name. \throws engine::InputError that suggests the nearest name
const Column& column_named(const std::string& name);

}  // namespace assay::contract
