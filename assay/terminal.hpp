// SPDX-License-Identifier: Apache-2.0
// Progress on a terminal and the wish to stop.
#pragma once

#include <cstdint>
#include <string>

namespace assay::cli {

/// Installs the handler that turns the first SIGINT or SIGTERM into `stop_requested()`; a second
/// one ends the program at once.
void catch_interrupts();
bool stop_requested();

/// The number of threads for an option whose 0 stands for one per processor.
int threads_of(int option);

/// One line on stderr that is rewritten in place; silent when stderr is not a terminal.
class Progress {
 public:
  explicit Progress(std::string label);
  ~Progress();
  void update(std::int64_t done, std::int64_t total);

 private:
  std::string label_;
  bool on_terminal_;
};

}  // namespace assay::cli
