// SPDX-License-Identifier: Apache-2.0
// Progress line and interrupt flag.
#include "assay/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <thread>

#include "properties/contract/child_process.hpp"
#include "properties/engine/files/atomic_file.hpp"

namespace assay::cli {
namespace {

volatile std::sig_atomic_t stop_flag = 0;

extern "C" void on_interrupt(int signal) {
  contract::interrupt_children();  // calls under way end at once, as unavailable
  if (stop_flag != 0) {            // the second one is final
    engine::remove_unfinished_files();
    _exit(128 + signal);
  }
  stop_flag = 1;
}

}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
}

bool stop_requested() { return stop_flag != 0; }

int threads_of(int option) {
  return option > 0 ? option : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

Progress::Progress(std::string label)
    : label_(std::move(label)), on_terminal_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (on_terminal_) fmt::print(stderr, "\r\033[K");
}

void Progress::update(std::int64_t done, std::int64_t total) {
  if (!on_terminal_) return;
  fmt::print(stderr, "\r\033[K{}  {}/{}", label_, done, total);
  std::fflush(stderr);
}

}  // namespace assay::cli
