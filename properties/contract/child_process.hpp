// SPDX-License-Identifier: Apache-2.0
// Child processes: started in a group of their own, always reaped, killed when the program is
// interrupted.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace assay::contract {

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { reset(); }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

/// A point in time that poll can wait for.
class Deadline {
 public:
  explicit Deadline(int milliseconds)
      : at_(std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds)) {}
  /// Whole milliseconds left, rounded up, never negative: what poll(2) takes.
  int remaining() const;

 private:
  std::chrono::steady_clock::time_point at_;
};

/// Reads what a child says on standard error and keeps the end of it.
class StderrTail {
 public:
  static constexpr std::size_t keep = 4096;
  void attach(Descriptor fd);
  int fd() const { return fd_.get(); }
  /// Takes what is there, without waiting.
  void drain();
  void clear() { text_.clear(); }
  /// "; stderr: ..." with the last bytes made printable, or nothing.
  std::string as_detail() const;

 private:
  Descriptor fd_;
  std::string text_;
};

/// What a child inherits: the descriptor in the parent and its number in the child. Everything else
/// is closed.
struct Inherited {
  int parent_fd;
  int child_fd;
};

/// One child. Killing and reaping happen in the destructor at the latest.
class ChildProcess {
 public:
  ChildProcess() = default;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() { kill_and_reap(); }

  /// Starts `command` (looked up in PATH) as the leader of a process group of its own, with these
  /// descriptors only, default signal dispositions and no core dumps.
  /// \return empty, or why it could not be started
  std::string start(const std::vector<std::string>& command,
                    const std::vector<Inherited>& descriptors);
  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }
  /// True when the child is stopped (SIGSTOP, or a debugger's shell): its silence is then somebody
  /// else's doing.
  bool stopped() const;
  /// Milliseconds that the child's first thread has spent ready to run without a processor, so far;
  /// 0 where the kernel does not tell. A time limit leaves them out: on a loaded machine a
  /// candidate that is only kept waiting is not hung.
  std::int64_t kept_waiting_milliseconds() const;
  /// Gives the child until the deadline to end by itself, then kills its group; reaps it. Returns
  /// how it ended: "exited with status 3", "killed by SIGSEGV", "still running".
  std::string reap(const Deadline& grace);
  /// Kills the group and reaps the child. Nothing when it is not running.
  void kill_and_reap();

 private:
  int end();  // kills, reaps, returns the wait status
  pid_t pid_ = -1;
  int slot_ = -1;
};

/// Kills every child of every candidate and marks the program as interrupted: observations under
/// way end as `unavailable`, never as a refutation. Safe to call from a signal handler.
void interrupt_children() noexcept;
/// True after `interrupt_children`.
bool children_interrupted() noexcept;
/// Allows children again.
void allow_children() noexcept;

/// A descriptor moved to a number of 10 or above, so that it cannot collide with the low numbers
/// that a child is given. Close-on-exec.
Descriptor out_of_the_way(Descriptor fd);

/// "SIGSEGV", or "signal 42".
std::string signal_name(int signal);

}  // namespace assay::contract
