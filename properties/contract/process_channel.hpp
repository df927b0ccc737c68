// SPDX-License-Identifier: Apache-2.0
// Frames over the standard input and output of a foreign program, with deadlines in both
// directions.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "properties/contract/child_process.hpp"

namespace assay::contract {

/// How an exchange ended.
enum class Exchange : unsigned char {
  complete,     ///< a whole frame arrived
  timed_out,    ///< not within the deadline
  closed,       ///< the program closed its output or died
  malformed,    ///< what came is no frame
  interrupted,  ///< the checker is being shut down
};

/// A running program and its three pipes. A frame is a u64 little-endian byte count and that many
/// bytes.
class ProcessChannel {
 public:
  /// \return empty, or why the program could not be started
  std::string start(const std::vector<std::string>& command);
  bool running() const { return process_.running(); }
  bool stopped() const { return process_.stopped(); }
  pid_t pid() const { return process_.pid(); }

  /// Sends a request (nothing when it is empty) and waits for one frame of at most `largest` bytes.
  /// On `complete`, `reply()` holds its contents, otherwise `detail()` says what went wrong. Writes
  /// and reads at the same time, so that neither side can block the other for ever.
  Exchange exchange(std::span<const std::byte> request, std::size_t largest,
                    const Deadline& deadline);
  const std::vector<std::byte>& reply() const { return reply_; }
  const std::string& detail() const { return detail_; }
  /// "; stderr: ..." with the last of what the program said, or nothing.
  std::string stderr_detail();

  /// Kills the program's process group.
  void stop();

 private:
  /// Puts the length before the request and starts over with an empty reply.
  void prepare(std::span<const std::byte> request);
  bool anything_unasked();
  void write_some();
  /// False at the end of the stream.
  bool read_some();
  /// True when the reply is complete or known to be malformed (`detail_` is then set).
  bool judge_received(std::size_t largest);
  Exchange closed();

  ChildProcess process_;
  Descriptor to_, from_;
  StderrTail stderr_;
  std::vector<std::byte> outgoing_, received_, reply_;
  std::size_t sent_ = 0;
  std::string detail_;
};

/// The first bytes of something that is no frame, made printable: "48 bytes: \"Hello\\n...\"".
std::string show_bytes(std::span<const std::byte> bytes);

}  // namespace assay::contract
