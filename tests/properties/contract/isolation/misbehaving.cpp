// SPDX-License-Identifier: Apache-2.0
// Candidates that break one rule each.
#include "tests/properties/contract/isolation/misbehaving.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "properties/contract/builtin.hpp"
#include "tests/properties/contract/isolation/cases.hpp"

namespace assay::contract {
namespace {

using Run = void (*)(const BuiltinCase&);

// Out-of-bounds accesses on purpose: kept from the optimiser and from the sanitizers'
// instrumentation, which would report them before the guard pages can.
#define UNCHECKED __attribute__((noinline, no_sanitize("address", "undefined", "thread")))

UNCHECKED void poke(float* at, float value) { *static_cast<volatile float*>(at) = value; }
UNCHECKED float peek(const float* at) { return *static_cast<const volatile float*>(at); }
UNCHECKED float* offset(float* from, std::int64_t elements) {
  return reinterpret_cast<float*>(reinterpret_cast<std::uintptr_t>(from) +
                                  static_cast<std::uintptr_t>(elements * 4));
}

std::int64_t count_of(const BuiltinCase& c) { return element_count(c.input("x").shape); }
float* x_of(const BuiltinCase& c) { return c.input("x").as<float>(); }
float* y_of(const BuiltinCase& c) { return c.output("y")->as<float>(); }

void fill(const BuiltinCase& c, std::int64_t count) {
  const auto factor = static_cast<float>(c.scalar("factor"));
  for (std::int64_t i = 0; i < count; ++i) y_of(c)[i] = factor * x_of(c)[i];
}
void honest(const BuiltinCase& c) { fill(c, count_of(c)); }

__attribute__((noinline)) int recurse(int depth) {
  volatile char frame[4096];
  frame[depth % 4096] = 1;
  return depth < std::numeric_limits<int>::max() ? recurse(depth + 1) + frame[depth % 4096] : 0;
}

volatile bool for_ever = true;

const std::pair<const char*, Run> behaviours[] = {
    {"crash", [](const BuiltinCase&) { raise(SIGILL); }},
    {"kill", [](const BuiltinCase&) { raise(SIGKILL); }},
    {"abort",
     [](const BuiltinCase&) {
       std::fputs("about to abort\n", stderr);
       std::abort();
     }},
    {"exit", [](const BuiltinCase&) { std::_Exit(7); }},
    {"null", [](const BuiltinCase&) { poke(offset(nullptr, 2), 1); }},
    {"wild", [](const BuiltinCase& c) { poke(offset(y_of(c), -(std::int64_t{1} << 36)), 1); }},
    {"impossible", [](const BuiltinCase& c) { poke(offset(y_of(c), std::int64_t{1} << 60), 1); }},
    {"stack_overflow", [](const BuiltinCase&) { recurse(0); }},
    {"hang",
     [](const BuiltinCase&) {
       while (for_ever) pause();
     }},
    {"hang_at_99",
     [](const BuiltinCase& c) {
       while (count_of(c) == 99) pause();
       honest(c);
     }},
    {"spin",
     [](const BuiltinCase&) {
       while (for_ever) {
       }
     }},
    {"chatter_for_ever",
     [](const BuiltinCase&) {
       while (for_ever) std::fputs("still busy\n", stderr);
     }},
    {"write_past_end", [](const BuiltinCase& c) { poke(offset(y_of(c), count_of(c)), 1); }},
    {"write_far_past_end",
     [](const BuiltinCase& c) { poke(offset(y_of(c), count_of(c) + 100000), 1); }},
    {"write_before_start",
     [](const BuiltinCase& c) {
       honest(c);
       poke(offset(y_of(c), -1), 1);
     }},
    {"write_past_input",
     [](const BuiltinCase& c) {
       honest(c);
       poke(offset(x_of(c), count_of(c)), 1);
     }},
    {"read_past_end",
     [](const BuiltinCase& c) {
       honest(c);
       peek(offset(x_of(c), count_of(c)));
     }},
    {"read_before_start",
     [](const BuiltinCase& c) {
       honest(c);
       peek(offset(x_of(c), -1));
     }},
    {"read_past_output",
     [](const BuiltinCase& c) {
       honest(c);
       peek(offset(y_of(c), count_of(c)));
     }},
    {"write_input",
     [](const BuiltinCase& c) {
       honest(c);
       poke(offset(x_of(c), 3), 1);
     }},
    {"write_input_protection_lifted",
     [](const BuiltinCase& c) {
       honest(c);
       auto page = reinterpret_cast<std::uintptr_t>(x_of(c)) & ~std::uintptr_t{4095};
       mprotect(reinterpret_cast<void*>(page), 4096, PROT_READ | PROT_WRITE);
       poke(offset(x_of(c), 3), 77);
     }},
    {"unwritten", [](const BuiltinCase& c) { fill(c, count_of(c) - 2); }},
    {"writes_nothing", [](const BuiltinCase&) {}},
    {"nondeterministic",
     [](const BuiltinCase& c) {
       honest(c);
       y_of(c)[1] += static_cast<float>(c.run);
     }},
    {"reads_poison",
     [](const BuiltinCase& c) {
       for (std::int64_t i = 0; i < count_of(c); ++i) y_of(c)[i] += x_of(c)[i];
     }},
    {"branches_on_poison",
     [](const BuiltinCase& c) {
       const bool negative = std::signbit(y_of(c)[0]);
       honest(c);
       if (negative) y_of(c)[0] = -1;
     }},
    {"throws", [](const BuiltinCase&) { throw std::runtime_error("no luck today"); }},
    {"throws_int", [](const BuiltinCase&) { throw 5; }},
    {"unsupported", [](const BuiltinCase&) { throw Unsupported("only even sizes"); }},
    {"memory_hog",
     [](const BuiltinCase&) {
       while (for_ever) {
         void* block = ::operator new (std::size_t{1} << 28);
         std::memset(block, 1, 4096);
       }
     }},
    {"closes_everything",
     [](const BuiltinCase&) {
       for (int fd = 0; fd < 64; ++fd) close(fd);
     }},
    {"chatters",
     [](const BuiltinCase& c) {
       for (int i = 0; i < 20000; ++i) std::puts("spam spam spam");
       for (int i = 0; i < 20000; ++i) std::fputs("eggs eggs eggs\n", stderr);
       honest(c);
     }},
};

BuiltinEntry entry(const std::string& name, Run run) {
  BuiltinEntry e;
  e.info.name = name;
  e.info.version = std::string("1");
  e.info.contract = double_contract;
  e.info.algorithm = std::string("double");
  e.info.backend = std::string("test");
  e.description = "for the tests";
  e.run = run;
  return e;
}

/// y = x in any dtype and layout, element by element.
void copy(const BuiltinCase& c) {
  const PlacedTensor& x = c.input("x");
  const PlacedTensor& y = *c.output("y");
  const std::size_t size = size_of(x.dtype);
  for (std::int64_t i = 0; i < x.shape[0]; ++i)
    for (std::int64_t j = 0; j < x.shape[1]; ++j)
      std::memcpy(y.data + static_cast<std::size_t>(i * x.shape[1] + j) * size,
                  x.data + static_cast<std::size_t>(i * x.strides[0] + j * x.strides[1]) * size,
                  size);
}

}  // namespace

void register_misbehaving() {
  register_builtin(entry("honest", honest));
  register_builtin(entry("copy", copy));
  for (const auto& [name, run] : behaviours)
    register_builtin(entry(std::string("misbehave:") + name, run));
  BuiltinEntry loose = entry("misbehave:admits_nondeterminism", [](const BuiltinCase& c) {
    honest(c);
    y_of(c)[1] += static_cast<float>(c.run);
  });
  loose.info.deterministic = false;
  register_builtin(std::move(loose));
  BuiltinEntry missing = entry("misbehave:no_device", honest);
  missing.unavailable_reason = [] { return std::string("no such device in this machine"); };
  register_builtin(std::move(missing));
  BuiltinEntry stillborn = entry("misbehave:dies_at_start", honest);
  stillborn.unavailable_reason = []() -> std::string { std::_Exit(9); };
  register_builtin(std::move(stillborn));
}

}  // namespace assay::contract
