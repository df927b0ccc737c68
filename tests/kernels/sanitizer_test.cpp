// SPDX-License-Identifier: Apache-2.0
// Built with a sanitizer only: faulty kernels are reported at their line, sound ones are not.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

#include "tests/kernels/sanitizers.hpp"

namespace assay::kernels::testing {
namespace {

/// What the program prints and reports, for one kernel under one schedule; the first report ends
/// it.
std::string report_of(const std::string& kernel, const std::string& schedule) {
  const std::string command =
      "ASAN_OPTIONS=halt_on_error=1:detect_leaks=0 TSAN_OPTIONS=halt_on_error=1 "
      "UBSAN_OPTIONS=print_stacktrace=0 '" SANITIZER_PROGRAM "' " +
      kernel + " " + schedule + " 2>&1";
  std::FILE* pipe = popen(command.c_str(), "r");
  std::string text;
  std::array<char, 4096> buffer;
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
    text.append(buffer.data(), got);
  pclose(pipe);
  return text;
}

const std::vector<std::string> schedules = {"fair", "greedy", "greedy-random:3"};

void expect_silence(const std::string& kernel) {
  for (const std::string& schedule : schedules)
    EXPECT_EQ(report_of(kernel, schedule), "finished\n") << kernel << " " << schedule;
}

void expect_report(const std::string& kernel, const std::string& what, const std::string& where) {
  for (const std::string& schedule : schedules) {
    const std::string text = report_of(kernel, schedule);
    EXPECT_NE(text.find(what), std::string::npos) << kernel << " " << schedule << "\n" << text;
    EXPECT_NE(text.find(where), std::string::npos) << kernel << " " << schedule << "\n" << text;
  }
}

TEST(Sanitizers, AreSilentOnSoundKernels) {
  for (const char* kernel :
       {"info_nce", "both_barriers", "grid_atomic", "shared_in_every_block", "failed_launches"})
    expect_silence(kernel);
}

#if defined(__SANITIZE_ADDRESS__)
TEST(AddressSanitizer, FindsAWritePastTheLastRow) {
  expect_report("tail_overflow", "heap-buffer-overflow", "tail_overflow");
}
TEST(AddressSanitizer, FindsAWritePastASharedArray) {
  // A constant extent is also checked by UndefinedBehaviorSanitizer, which comes first.
  expect_report("shared_overflow", "index 32 out of bounds", "sanitizer_program.cpp:");
  expect_report("dynamic_overflow", "heap-buffer-overflow", "dynamic_overflow");
}
TEST(UndefinedBehaviorSanitizer, FindsAShiftPastTheWidth) {
  expect_report("shift_too_far", "shift exponent 32 is too large", "sanitizer_program.cpp:");
}
#endif

#if defined(__SANITIZE_THREAD__)
TEST(ThreadSanitizer, FindsMissingBarriersUnderEverySchedule) {
  expect_report("missing_barrier", "data race", "two_barriers");
  expect_report("run_ahead", "data race", "run_ahead");
  expect_report("missing_syncwarp", "data race", "missing_syncwarp");
  expect_report("info_nce_barrier_removed", "data race", "info_nce.cuh");
}
TEST(ThreadSanitizer, FindsBlocksThatWriteOneWord) {
  expect_report("grid_race", "data race", "grid_race");
}
#endif

}  // namespace
}  // namespace assay::kernels::testing
