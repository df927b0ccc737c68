// SPDX-License-Identifier: Apache-2.0
// A candidate that is a foreign program on the other end of a pipe (docs/pipe.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "properties/contract/candidate.hpp"
#include "properties/contract/process_channel.hpp"

namespace assay::contract {

/// Time allowed to a program. Importing a framework takes far longer than a call.
struct ProcessLimits {
  int call_milliseconds = 10000;
  int greeting_milliseconds = 120000;
};

/// Starts the program in its constructor and waits for the greeting, which `info` then shows. Asks
/// each case twice when the program promises bit-equal repeats. A program that died, hung or sent
/// garbage is killed and started again for the next case.
class ProcessCandidate : public Candidate {
 public:
  ProcessCandidate(std::vector<std::string> command, ProcessLimits limits);
  const CandidateInfo& info() const override { return info_; }
  std::string unavailable_reason() const override { return unavailable_; }
  Observation observe(const engine::Case& c,
                      const std::vector<engine::OutputSpec>& outputs) override;

  /// Process id of the live program; -1 when there is none. For tests and diagnostics.
  pid_t program_pid() const { return channel_.running() ? channel_.pid() : -1; }

 private:
  /// \return empty when the program runs and has greeted, else why not
  std::string ensure_started();
  std::string greet();
  Observation ask(const engine::Case& c, const std::vector<engine::OutputSpec>& outputs);
  Observation violation(Conduct conduct, const std::string& detail);

  std::vector<std::string> command_;
  ProcessLimits limits_;
  CandidateInfo info_;
  ProcessChannel channel_;
  bool greeted_before_ = false;
  std::string unavailable_;  ///< why the very first start failed; it is not tried again
  std::uint64_t requests_ = 0;
};

}  // namespace assay::contract
