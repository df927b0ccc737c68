// SPDX-License-Identifier: Apache-2.0
// The worker's fault handler: turns a fatal signal into a reply that names tensor and byte.
#pragma once

#include <cstddef>

namespace assay::contract::fault {

/// Where one tensor of the call under way lies, in a form that a signal handler may read.
struct Region {
  const char* pages = nullptr;  ///< first mapped byte
  const char* pages_end = nullptr;
  const char* data = nullptr;
  const char* data_end = nullptr;
  bool is_output = false;
  char name[64] = {};
};

/// Installs the handler for SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT and SIGSYS on an alternate
/// stack. It sends a wire::Reply on the worker's socket and ends the process.
void install_handlers();

/// The regions of the call under way; zero between calls. The array must stay alive.
void set_regions(const Region* regions, std::size_t count);

}  // namespace assay::contract::fault
