// SPDX-License-Identifier: Apache-2.0
// Foreign programs over their lives: restarts, leaks, interruptions, cost.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "properties/contract/child_process.hpp"
#include "properties/contract/process_candidate.hpp"
#include "tests/properties/contract/isolation/cases.hpp"

namespace assay::contract {
namespace {

using std::chrono::steady_clock;

ProcessCandidate make(const std::string& fault, int time_limit = 10000) {
  return ProcessCandidate({this_program(), "foreign", fault}, {time_limit, 20000});
}

Observation observe(ProcessCandidate& candidate, std::int64_t n = 37) {
  const engine::Case c = double_case(n);
  return candidate.observe(c, double_outputs(c));
}

TEST(ProcessLife, StartsAgainAfterDeathHangAndGarbage) {
  ProcessCandidate candidate = make("honest");
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(observe(candidate, 99).conduct, Conduct::crashed);
    EXPECT_EQ(candidate.program_pid(), -1);
    EXPECT_EQ(observe(candidate).conduct, Conduct::returned);
  }
  ProcessCandidate garbage = make("garbage");
  EXPECT_EQ(observe(garbage).conduct, Conduct::bad_reply);
  EXPECT_EQ(observe(garbage).conduct, Conduct::bad_reply);
}

TEST(ProcessLife, AStoppedProgramIsNotARefutation) {
  ProcessCandidate candidate = make("honest", 500);
  ASSERT_TRUE(signal_one(candidate.program_pid(), SIGSTOP));
  const Observation o = observe(candidate);
  EXPECT_EQ(o.conduct, Conduct::unavailable) << o.detail;
  EXPECT_EQ(o.detail, "the program was stopped by a signal");
}

TEST(ProcessLife, TimeWithoutAProcessorIsKnown) {
  if (!std::ifstream("/proc/self/schedstat")) GTEST_SKIP() << "this kernel does not tell";
  const unsigned count = 2 * std::thread::hardware_concurrency() + 1;
  std::vector<ChildProcess> spinning(count);  // more than there are processors: somebody waits
  for (ChildProcess& child : spinning)
    ASSERT_EQ(child.start({"sh", "-c", "while :; do :; done"}, {}), "");
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  std::int64_t waited = 0;
  for (const ChildProcess& child : spinning) waited += child.kept_waiting_milliseconds();
  EXPECT_GT(waited, 200);
  ChildProcess idle;
  ASSERT_EQ(idle.start({"sleep", "10"}, {}), "");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_LT(idle.kept_waiting_milliseconds(), 50);
}

TEST(ProcessLife, NamesAKillFromOutside) {
  ProcessCandidate candidate = make("hang");
  ASSERT_GT(candidate.program_pid(), 1);
  std::thread killer([program = candidate.program_pid()] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    signal_one(program, SIGKILL);
  });
  const Observation o = observe(candidate);
  killer.join();
  EXPECT_EQ(o.conduct, Conduct::crashed);
  EXPECT_EQ(o.detail, "killed by SIGKILL");
}

TEST(ProcessLife, LeaksNeitherDescriptorsNorChildren) {
  const int descriptors = open_descriptors();
  const int children = children_of_this_process();
  {
    ProcessCandidate honest = make("honest"), exits = make("exit"), garbage = make("garbage"),
                     shape = make("wrong_shape");
    for (int round = 0; round < 40; ++round)
      for (ProcessCandidate* candidate : {&honest, &exits, &garbage, &shape}) observe(*candidate);
  }
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_EQ(children_of_this_process(), children);
}

TEST(ProcessLife, InterruptionIsNeverARefutation) {
  ProcessCandidate candidate = make("hang");
  std::thread interrupter([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    interrupt_children();
  });
  const Observation o = observe(candidate);
  interrupter.join();
  EXPECT_EQ(o.conduct, Conduct::unavailable) << o.detail;
  EXPECT_EQ(o.detail, "interrupted");
  allow_children();
  ProcessCandidate honest = make("honest");
  EXPECT_EQ(observe(honest).conduct, Conduct::returned);
}

/// Reported, not judged: a limit on time would fail on a busy machine.
TEST(ProcessLife, ReportsTheCostOfACall) {
  ProcessCandidate candidate = make("honest");
  const engine::Case c = double_case(8);
  const auto outputs = double_outputs(c);
  std::vector<double> micro;
  for (std::size_t i = 0; i < timed_calls; ++i) {
    const auto start = steady_clock::now();
    const Observation o = candidate.observe(c, outputs);
    micro.push_back(std::chrono::duration<double, std::micro>(steady_clock::now() - start).count());
    ASSERT_EQ(o.conduct, Conduct::returned) << o.detail;
  }
  std::sort(micro.begin(), micro.end());
  RecordProperty("median_microseconds", static_cast<int>(micro[timed_calls / 2]));
  std::printf("pipe call of a tiny case (both runs): median %.0f us, 90 %% %.0f us\n",
              micro[timed_calls / 2], micro[timed_calls * 9 / 10]);
}

}  // namespace
}  // namespace assay::contract
