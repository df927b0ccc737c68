// SPDX-License-Identifier: Apache-2.0
// The self-test of a column: planted faults must be refuted, correct variants certified.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/ends.hpp"
#include "core/verdict.hpp"
#include "properties/contract/candidate.hpp"
#include "properties/contract/column.hpp"

namespace assay::contract {

/// What became of one planted fault on one instance.
enum class Fate : unsigned char {
  killed,       ///< refuted by some case
  survived,     ///< changed some output, and no case refutes it
  not_applied,  ///< no case changed a bit of any output: says nothing, and is counted
  unavailable,  ///< could not be run
};
std::string_view name_of(Fate fate);

struct PlantedResult {
  std::string fault;  ///< "planted:tail_tile_skipped"
  std::string operator_class;
  std::string instance;
  Fate fate = Fate::not_applied;
  std::string family;  ///< of the case that killed it, or else of the first that it changed
  std::uint64_t index = 0;
  std::string how;  ///< why it was refused, or with which largest share it passed
};

/// A correct implementation on one instance: the kernel itself or a variant.
struct CorrectResult {
  std::string candidate;
  std::string algorithm;
  std::string instance;
  std::int64_t cases = 0, refuted = 0, undecided = 0, unavailable = 0;
  Ends largest_share{0, 0};
  std::string worst;  ///< reason of the first refutation, else the place of the largest share
};

struct SelfTest {
  std::string contract;
  std::uint64_t seed = 0;
  std::int64_t cases = 0;
  std::vector<PlantedResult> planted;
  std::vector<CorrectResult> correct;

  std::int64_t count(Fate fate) const;
  std::int64_t false_alarms() const;  ///< correct implementations refuted or undecided somewhere
  /// refuted: a fault survived or a correct implementation was refused; unavailable: nothing ran.
  Verdict verdict() const;
};

struct SelfTestOptions {
  std::uint64_t seed = 1;
  std::vector<std::string> instances;  ///< empty: all
  int threads = 1;                     ///< the result does not depend on it
  std::string program;                 ///< path of the assay executable
  Limits limits;
  std::function<void(const std::string& instance, std::int64_t done, std::int64_t total)> progress =
      [](const std::string&, std::int64_t, std::int64_t) {};
  std::function<bool()> interrupted = [] { return false; };
};

/// Runs every planted fault and every correct implementation of the column on the cases of each
/// instance; a fault is dropped at the first case that refutes it. `reference` names the shipped
/// candidate whose bits a fault has to change in order to apply.
/// \throws Interrupted; engine::InputError for an unknown instance
SelfTest run_self_test(const Column& column, const std::string& reference,
                       const SelfTestOptions& options);

/// JSON text ("format": "assay-self-test/1").
std::string to_json(const SelfTest& result);

}  // namespace assay::contract
