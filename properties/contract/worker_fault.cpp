// SPDX-License-Identifier: Apache-2.0
// Fault handler of the worker. Everything here that runs in the handler is async-signal-safe.
#include "properties/contract/worker_fault.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

#include "properties/contract/worker_wire.hpp"

namespace assay::contract::fault {
namespace {

const Region* regions = nullptr;
std::size_t region_count = 0;

enum class Access { read, write, unknown };

/// Whether the faulting instruction read or wrote.
Access access_of([[maybe_unused]] const ucontext_t* context) {
#if defined(__x86_64__)
  constexpr greg_t write_bit = 2;  // of the page-fault error code
  return (context->uc_mcontext.gregs[REG_ERR] & write_bit) != 0 ? Access::write : Access::read;
#elif defined(__aarch64__)
  // The kernel stores the exception syndrome in a tagged record after the registers.
  struct Record {
    std::uint32_t magic, size;
  };
  constexpr std::uint32_t esr_magic = 0x45535201;
  constexpr std::uint64_t write_not_read = std::uint64_t{1} << 6;
  const auto* at = reinterpret_cast<const char*>(context->uc_mcontext.__reserved);
  const auto* end = at + sizeof context->uc_mcontext.__reserved;
  while (at + sizeof(Record) <= end) {
    Record record;
    std::memcpy(&record, at, sizeof record);
    if (record.magic == 0 || record.size < sizeof record) break;
    if (record.magic == esr_magic) {
      std::uint64_t syndrome;
      std::memcpy(&syndrome, at + sizeof record, sizeof syndrome);
      return (syndrome & write_not_read) != 0 ? Access::write : Access::read;
    }
    at += record.size;
  }
  return Access::unknown;
#else
  return Access::unknown;
#endif
}

std::uintptr_t stack_pointer([[maybe_unused]] const ucontext_t* context) {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(context->uc_mcontext.gregs[REG_RSP]);
#elif defined(__aarch64__)
  return context->uc_mcontext.sp;
#else
  return 0;
#endif
}

/// Builds a line without allocating.
class Line {
 public:
  Line(char* to, std::size_t capacity) : to_(to), end_(to + capacity - 1) {}
  Line& add(const char* text) {
    while (*text != 0 && to_ < end_) *to_++ = *text++;
    *to_ = 0;
    return *this;
  }
  Line& add_number(std::uint64_t value, unsigned base = 10) {
    char digits[24];
    int count = 0;
    do {
      digits[count++] = "0123456789abcdef"[value % base];
      value /= base;
    } while (value != 0);
    while (count > 0 && to_ < end_) *to_++ = digits[--count];
    *to_ = 0;
    return *this;
  }

 private:
  char* to_;
  char* end_;
};

const char* name_of_signal(int signal) {
  switch (signal) {
    case SIGSEGV: return "SIGSEGV";
    case SIGBUS: return "SIGBUS";
    case SIGILL: return "SIGILL";
    case SIGFPE: return "SIGFPE";
    case SIGABRT: return "SIGABRT";
    case SIGSYS: return "SIGSYS";
    default: return "signal";
  }
}

/// The region whose data are nearest to `at`, if `at` lies in its pages or in the guards beside it.
const Region* region_near(const char* at) {
  const Region* best = nullptr;
  std::uint64_t best_distance = 0;
  for (std::size_t i = 0; i < region_count; ++i) {
    const Region& r = regions[i];
    if (at + wire::guard_bytes < r.pages || at >= r.pages_end + wire::guard_bytes) continue;
    const std::uint64_t distance = at >= r.data_end ? static_cast<std::uint64_t>(at - r.data_end)
                                   : at < r.data    ? static_cast<std::uint64_t>(r.data - at)
                                                    : 0;
    if (best == nullptr || distance < best_distance) {
      best = &r;
      best_distance = distance;
    }
  }
  return best;
}

const char* verb(Access access) {
  switch (access) {
    case Access::read: return "read of ";
    case Access::write: return "write to ";
    case Access::unknown: break;
  }
  return "access to ";
}

/// Conduct and text of an access to what the candidate may not touch: "write to byte 148 of output
/// 'loss' (148 bytes)".
Conduct describe_access(Line& line, const char* at, Access access, const Region& region) {
  line.add(verb(access)).add("byte ");
  if (at < region.data)
    line.add("-").add_number(static_cast<std::uint64_t>(region.data - at));
  else
    line.add_number(static_cast<std::uint64_t>(at - region.data));
  line.add(region.is_output ? " of output '" : " of input '").add(region.name).add("' (");
  line.add_number(static_cast<std::uint64_t>(region.data_end - region.data)).add(" bytes)");
  const bool inside = at >= region.data && at < region.data_end;
  if (inside && !region.is_output) return Conduct::input_written;  // mapped read-only
  return access == Access::write ? Conduct::stray_write : Conduct::stray_read;
}

/// An access far from every tensor.
void describe_wild_access(Line& line, std::uintptr_t address, Access access, std::uintptr_t stack) {
  constexpr std::uintptr_t near_stack = 65536, first_page = 4096;
  if (stack != 0 && address + near_stack > stack && address < stack + near_stack)
    line.add("stack overflow at 0x").add_number(address, 16);
  else if (address < first_page)
    line.add(verb(access)).add("a null pointer, offset ").add_number(address);
  else
    line.add(verb(access)).add("0x").add_number(address, 16).add(", far from every tensor");
}

Conduct describe(Line& line, int signal, const siginfo_t* info, const ucontext_t* context) {
  line.add(name_of_signal(signal));
  if (signal != SIGSEGV && signal != SIGBUS) return Conduct::crashed;
  if (info->si_code == SI_USER || info->si_code == SI_TKILL) {
    line.add(" sent by a process");
    return Conduct::crashed;
  }
  const auto* at = static_cast<const char*>(info->si_addr);
  const Access access = access_of(context);
  line.add(": ");
  if (info->si_code == SI_KERNEL) {  // x86 does not say which
    line.add("access to an address outside the address space");
    return Conduct::crashed;
  }
  if (const Region* region = region_near(at)) return describe_access(line, at, access, *region);
  describe_wild_access(line, reinterpret_cast<std::uintptr_t>(at), access, stack_pointer(context));
  return Conduct::crashed;
}

void handle(int signal, siginfo_t* info, void* context) {
  wire::Reply reply;
  Line line(reply.detail, sizeof reply.detail);
  reply.signal = signal;
  reply.conduct =
      static_cast<std::int32_t>(describe(line, signal, info, static_cast<ucontext_t*>(context)));
  (void)!send(wire::socket_fd, &reply, sizeof reply, MSG_NOSIGNAL);
  _exit(128 + signal);
}

}  // namespace

void install_handlers() {
  constexpr std::size_t stack_bytes = 65536;
  void* memory =
      mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory != MAP_FAILED) {
    stack_t alternate{};
    alternate.ss_sp = memory;
    alternate.ss_size = stack_bytes;
    sigaltstack(&alternate, nullptr);
  }
  struct sigaction action {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigfillset(&action.sa_mask);  // a second fault in the handler is then fatal at once
  for (const int s : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS})
    sigaction(s, &action, nullptr);
}

void set_regions(const Region* first, std::size_t count) {
  region_count = 0;
  regions = first;
  region_count = count;
}

}  // namespace assay::contract::fault
