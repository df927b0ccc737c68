// SPDX-License-Identifier: Apache-2.0
// A candidate: an implementation under test, wherever it runs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "properties/contract/observation.hpp"
#include "properties/engine/case.hpp"

namespace assay::contract {

/// What a candidate says about itself. `algorithm` selects the budget: the name of a stated
/// algorithm of the contract ("tiled-online-log1p"), or "any-order" for a stranger.
struct CandidateInfo {
  std::string name;      ///< "emulated", "cuda", "planted:tail_tile_skipped", "scipy logsumexp"
  std::string version;   ///< of the implementation, free text
  std::string contract;  ///< "loss/info_nce"
  std::string algorithm = "any-order";
  std::string backend;               ///< "emulator", "cuda", "process"
  std::vector<std::string> outputs;  ///< names it fills, of one operation or several; empty: all
  bool deterministic = true;         ///< promises bit-equal repeats
  /// Formats of the embeddings that it takes; says which instances it is run on, not recorded.
  std::vector<Dtype> inputs = {Dtype::f32};
  /// Samplers only (docs/sampler-certificates.md), not recorded: it takes explicit words, uses so
  /// many leading bits of them per uniform number (0: what the case says), and makes its own by
  /// this rule ("philox", or empty: unknown).
  bool takes_words = false;
  int uniform_bits = 0;
  std::string stream;
};

/// Runs one implementation on cases, isolated from the program. Not thread-safe: one per thread.
class Candidate {
 public:
  virtual ~Candidate() = default;
  virtual const CandidateInfo& info() const = 0;
  /// Why it cannot run at all, as far as that is known before the first case; empty when nothing is
  /// known against it. `observe` then says the same, as `unavailable`.
  virtual std::string unavailable_reason() const { return {}; }
  /// Runs the case (twice, under two placements and poisons, where the backend allows it). Never
  /// throws for anything the candidate does; its death is an observation.
  virtual Observation observe(const engine::Case& c,
                              const std::vector<engine::OutputSpec>& outputs) = 0;
};

/// Time and memory allowed to one call.
struct Limits {
  int milliseconds = 10000;
  std::size_t memory_bytes = std::size_t{4} << 30;
};

/// A built-in candidate ("emulated", "cuda", "planted:NAME"), run in a worker: this very program
/// started again as `assay worker`. `program` is the path of the assay executable.
/// \throws std::invalid_argument for an unknown name
std::unique_ptr<Candidate> make_builtin_candidate(const std::string& contract,
                                                  const std::string& name,
                                                  const std::string& program, Limits limits);

/// A program that speaks the pipe protocol (docs/pipe.md). It is started at once; its greeting
/// names contract, outputs and algorithm. Start-up trouble is reported by `observe` as
/// `unavailable`.
std::unique_ptr<Candidate> make_process_candidate(const std::vector<std::string>& command,
                                                  Limits limits);

}  // namespace assay::contract
