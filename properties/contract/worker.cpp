// SPDX-License-Identifier: Apache-2.0
// The worker's side: maps each case between guards, runs the candidate, answers.
#include "properties/contract/worker.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <new>
#include <vector>

#include "properties/contract/builtin.hpp"
#include "properties/contract/worker_fault.hpp"
#include "properties/contract/worker_sanitizer.hpp"
#include "properties/contract/worker_wire.hpp"

namespace assay::contract {
namespace {

std::int64_t checker_pid = 0;

/// The kernel sends this when the thread that started the worker ends, which need not be the end of
/// the checker.
void on_parent_change(int) {
  if (getppid() != checker_pid) {
    if (getpid() > 1) kill(-getpid(), SIGKILL);  // the group that this process leads, no other
    _exit(0);
  }
}

/// Puts a text into a reply, cut to its size.
wire::Reply reply_of(Conduct conduct, const std::string& detail) {
  wire::Reply reply;
  reply.conduct = static_cast<std::int32_t>(conduct);
  std::memcpy(reply.detail, detail.data(), std::min(detail.size(), sizeof reply.detail - 1));
  return reply;
}

bool send_reply(const wire::Reply& reply) {
  ssize_t sent;
  do sent = send(wire::socket_fd, &reply, sizeof reply, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(sizeof reply);
}

/// The next message; false when the checker has gone.
bool receive(std::vector<char>& buffer) {
  buffer.resize(wire::largest_message);
  ssize_t got;
  do got = recv(wire::socket_fd, buffer.data(), buffer.size(), 0);
  while (got < 0 && errno == EINTR);
  if (got <= 0) return false;
  buffer.resize(static_cast<std::size_t>(got));
  return true;
}

/// Ties the life of this process to the checker's, and takes away core dumps and, where asked,
/// memory.
void restrict_process(const wire::Hello& hello) {
  checker_pid = hello.checker_pid;
  struct sigaction action {};
  action.sa_handler = on_parent_change;
  action.sa_flags = SA_RESTART;
  sigaction(SIGHUP, &action, nullptr);
  prctl(PR_SET_PDEATHSIG, SIGHUP);
  on_parent_change(SIGHUP);  // the checker may have died before the line above
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  if (hello.memory_bytes != 0 && !sanitizer_reserves_memory()) {
    const rlimit memory{hello.memory_bytes, hello.memory_bytes};
    setrlimit(RLIMIT_AS, &memory);
  }
}

/// Address space in which the tensors of one call lie, each between guards.
class Mapping {
 public:
  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    fault::set_regions(nullptr, 0);
    if (base_ != nullptr) munmap(base_, size_);
  }

  /// Maps the tensors and tells the fault handler where they are. \throws std::bad_alloc
  void map(const wire::Call& call, BuiltinCase& c) {
    size_ = wire::guard_bytes;
    for (const wire::TensorPlace& place : call.tensors)
      size_ += place.file_bytes + wire::guard_bytes;
    void* reserved =
        mmap(nullptr, size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved == MAP_FAILED) throw std::bad_alloc();
    base_ = static_cast<std::byte*>(reserved);
    std::byte* at = base_ + wire::guard_bytes;
    for (const wire::TensorPlace& place : call.tensors) {
      map_tensor(at, place);
      c.tensors.push_back({place.name, place.dtype, place.shape, place.strides,
                           at + place.data_offset, place.is_output});
      at += place.file_bytes + wire::guard_bytes;
    }
    fault::set_regions(regions_.data(), regions_.size());
  }

 private:
  void map_tensor(std::byte* at, const wire::TensorPlace& place) {
    const int access = place.is_output ? PROT_READ | PROT_WRITE : PROT_READ;
    if (mmap(at, place.file_bytes, access, MAP_SHARED | MAP_FIXED, wire::memory_fd,
             static_cast<off_t>(place.file_offset)) == MAP_FAILED)
      throw std::bad_alloc();
    fault::Region region;
    region.pages = reinterpret_cast<const char*>(at);
    region.pages_end = region.pages + place.file_bytes;
    region.data = region.pages + place.data_offset;
    region.data_end = region.data + place.data_bytes;
    region.is_output = place.is_output;
    place.name.copy(region.name, sizeof region.name - 1);
    regions_.push_back(region);
  }

  std::byte* base_ = nullptr;
  std::size_t size_ = 0;
  std::vector<fault::Region> regions_;
};

/// Runs the candidate once and says how it ended.
wire::Reply run_once(const BuiltinEntry& entry, const BuiltinCase& c) {
  try {
    reset_sanitizer_report();
    entry.run(c);
    const std::string report = sanitizer_report();
    return report.empty() ? reply_of(Conduct::returned, {}) : reply_of(Conduct::failed, report);
  } catch (const Unsupported& e) {
    return reply_of(Conduct::unsupported, e.what());
  } catch (const std::bad_alloc&) {
    return reply_of(Conduct::failed, "out of memory");
  } catch (const std::exception& e) {
    return reply_of(Conduct::failed, e.what());
  } catch (...) {
    return reply_of(Conduct::failed, "threw something that is not a std::exception");
  }
}

wire::Reply answer(const BuiltinEntry& entry, const std::vector<char>& message) {
  using std::chrono::steady_clock;
  BuiltinCase c;
  Mapping mapping;
  try {
    const wire::Call call = wire::decode_call(message);
    c.scalars = call.scalars;
    c.options = call.options;
    c.run = call.run;
    mapping.map(call, c);
  } catch (const std::exception& e) {
    return reply_of(Conduct::unavailable,
                    std::string("the worker cannot map the case: ") + e.what());
  }
  const auto start = steady_clock::now();
  wire::Reply reply = run_once(entry, c);
  reply.milliseconds =
      std::chrono::duration<double, std::milli>(steady_clock::now() - start).count();
  return reply;
}

/// Answers the first message. Null when the candidate cannot run here.
const BuiltinEntry* greet(const std::vector<char>& message) {
  const wire::Hello hello = wire::decode_hello(message);
  restrict_process(hello);
  const BuiltinEntry* entry = find_builtin(hello.contract, hello.name);
  std::string why;
  if (entry == nullptr)
    why = "the worker does not know '" + hello.name + "'";
  else if (entry->unavailable_reason)
    why = entry->unavailable_reason();
  const bool available = why.empty();
  return send_reply(reply_of(available ? Conduct::returned : Conduct::unavailable, why)) &&
                 available
             ? entry
             : nullptr;
}

}  // namespace

int worker_main() {
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(wire::socket_fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
      type != SOCK_SEQPACKET) {
    std::fputs("assay: 'worker' is started by assay itself and not meant to be called by hand\n",
               stderr);
    return 2;
  }
  fault::install_handlers();
  watch_sanitizer();
  std::vector<char> message;
  if (!receive(message)) return 0;
  const BuiltinEntry* entry = greet(message);
  while (entry != nullptr && receive(message))
    if (!send_reply(answer(*entry, message))) break;
  return 0;
}

}  // namespace assay::contract
