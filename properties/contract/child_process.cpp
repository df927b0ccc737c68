// SPDX-License-Identifier: Apache-2.0
// Starting, watching and ending child processes.
#include "properties/contract/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>

extern char** environ;

namespace assay::contract {
namespace {

// Groups of live children, in a form that a signal handler may read.
constexpr int max_children = 512;
std::atomic<pid_t> live_children[max_children];
std::atomic<bool> interrupted{false};

/// Kills a process group by its leader. To kill(2), -1 is everybody and 0 the caller's own group:
/// nothing that is not a leader's number may get there.
void kill_group(pid_t leader) noexcept {
  if (leader > 1) kill(-leader, SIGKILL);
}

int enter_child(pid_t pid) {
  for (int slot = 0; slot < max_children; ++slot) {
    pid_t empty = 0;
    if (live_children[slot].compare_exchange_strong(empty, pid)) return slot;
  }
  return -1;  // still killed by its owner, only not by a signal handler
}

/// Releases the attributes of posix_spawn on every way out.
struct SpawnSetup {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnSetup() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

void configure(SpawnSetup& setup, const std::vector<Inherited>& descriptors) {
  int highest = 2;
  for (const Inherited& d : descriptors) {
    posix_spawn_file_actions_adddup2(&setup.actions, d.parent_fd, d.child_fd);
    highest = std::max(highest, d.child_fd);
  }
#if defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 34)
  posix_spawn_file_actions_addclosefrom_np(&setup.actions, highest + 1);
#endif
#endif
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&setup.attributes, &none);
  posix_spawnattr_setsigdefault(&setup.attributes, &all);
  posix_spawnattr_setpgroup(&setup.attributes, 0);
  posix_spawnattr_setflags(&setup.attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

std::string describe_status(int status) {
  if (WIFSIGNALED(status)) return "killed by " + signal_name(WTERMSIG(status));
  return "exited with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Descriptor::reset() {
  if (fd_ >= 0) close(fd_);  // never repeated on EINTR: on Linux the descriptor is gone either way
  fd_ = -1;
}

int Deadline::remaining() const {
  using std::chrono::milliseconds;
  const auto left = at_ - std::chrono::steady_clock::now();
  if (left <= left.zero()) return 0;
  return static_cast<int>(std::chrono::ceil<milliseconds>(left).count());
}

void StderrTail::attach(Descriptor fd) {
  fd_ = std::move(fd);
  text_.clear();
  fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
}

void StderrTail::drain() {
  char chunk[keep];
  // A bounded number of chunks: a child that never stops talking must not hold the parent here.
  for (int i = 0; i < 64 && fd_; ++i) {
    const ssize_t got = read(fd_.get(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;
    if (got == 0) return fd_.reset();
    text_.append(chunk, static_cast<std::size_t>(got));
    if (text_.size() > keep) text_.erase(0, text_.size() - keep);
  }
}

std::string StderrTail::as_detail() const {
  std::string shown;
  for (const char c : text_) {
    if (c == '\n')
      shown += " | ";
    else
      shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  while (!shown.empty() && (shown.back() == ' ' || shown.back() == '|')) shown.pop_back();
  return shown.empty() ? "" : "; stderr: " + shown;
}

std::string ChildProcess::start(const std::vector<std::string>& command,
                                const std::vector<Inherited>& descriptors) {
  kill_and_reap();
  if (command.empty()) return "no command";
  if (interrupted.load()) return "interrupted";
  SpawnSetup setup;
  configure(setup, descriptors);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, arguments[0], &setup.actions, &setup.attributes,
                                 arguments.data(), environ);
  if (error != 0) return "cannot start '" + command[0] + "': " + std::strerror(error);
  pid_ = pid;
  slot_ = enter_child(pid);
  const rlimit no_core{0, 0};
  prlimit(pid, RLIMIT_CORE, &no_core, nullptr);
  if (interrupted.load()) {  // the signal came between the check above and the entry in the table
    kill_and_reap();
    return "interrupted";
  }
  return {};
}

int ChildProcess::end() {
  kill_group(pid_);
  // Out of the table before the number can be given to somebody else.
  if (slot_ >= 0) live_children[slot_].store(0);
  slot_ = -1;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

std::string ChildProcess::reap(const Deadline& grace) {
  if (pid_ <= 0) return "not running";
  bool ended = false;
  do {
    siginfo_t info{};
    // WNOWAIT leaves the zombie, so that its group can still be killed safely below.
    if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0)
      ended = info.si_pid == pid_;
    if (!ended) {
      const timespec nap{0, 1000000};
      nanosleep(&nap, nullptr);
    }
  } while (!ended && grace.remaining() > 0);
  const int status = end();
  return ended ? describe_status(status) : "still running";
}

bool ChildProcess::stopped() const {
  siginfo_t info{};
  return pid_ > 0 &&
         waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid_;
}

std::int64_t ChildProcess::kept_waiting_milliseconds() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/schedstat");
  std::int64_t on_processor = 0, waiting = 0;  // nanoseconds
  return file >> on_processor >> waiting ? waiting / 1'000'000 : 0;
}

void ChildProcess::kill_and_reap() {
  if (pid_ > 0) end();
}

void interrupt_children() noexcept {
  interrupted.store(true);
  for (std::atomic<pid_t>& child : live_children) kill_group(child.load());
}

bool children_interrupted() noexcept { return interrupted.load(); }

void allow_children() noexcept { interrupted.store(false); }

Descriptor out_of_the_way(Descriptor fd) {
  if (!fd || fd.get() >= 10) return fd;
  return Descriptor(fcntl(fd.get(), F_DUPFD_CLOEXEC, 10));
}

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(signal);
}

}  // namespace assay::contract
