// SPDX-License-Identifier: Apache-2.0
// A built-in candidate run in a worker process.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "properties/contract/builtin.hpp"
#include "properties/contract/candidate.hpp"
#include "properties/contract/child_process.hpp"
#include "properties/contract/worker_arena.hpp"
#include "properties/contract/worker_wire.hpp"

namespace assay::contract {

/// Keeps one worker alive and starts another when it has died. Each case is run twice: data against
/// the upper guard with one poison, then against the lower guard with the other.
class WorkerCandidate : public Candidate {
 public:
  WorkerCandidate(const BuiltinEntry& entry, std::string program, Limits limits);
  const CandidateInfo& info() const override { return info_; }
  std::string unavailable_reason() const override { return unavailable_; }
  Observation observe(const engine::Case& c,
                      const std::vector<engine::OutputSpec>& outputs) override;

  /// Process id of the live worker; -1 when there is none. For tests and diagnostics.
  pid_t worker_pid() const { return worker_.running() ? worker_.pid() : -1; }

 private:
  struct Ending {
    Conduct conduct = Conduct::returned;
    std::string detail;
    double milliseconds = 0;
  };
  /// Starts the worker when none is alive. \return how that ended; `returned` when it is ready
  Ending ensure_worker();
  Ending start_worker();
  Ending greet();
  Ending run(const engine::Case& c, const std::vector<wire::TensorPlace>& places, int run);
  Ending call(const wire::Call& message);
  /// The next reply; empty when the worker died or the time is over (`timed_out` tells which).
  std::optional<wire::Reply> receive(const Deadline& deadline, bool& timed_out);
  bool send(const std::string& message);
  Ending died();
  void stop();

  CandidateInfo info_;
  bool limit_memory_ = true;
  std::string program_;
  Limits limits_;
  WorkerArena arena_;
  ChildProcess worker_;
  Descriptor socket_;
  StderrTail stderr_;
  std::string unavailable_;  ///< final reason; the worker is not started again
};

}  // namespace assay::contract
