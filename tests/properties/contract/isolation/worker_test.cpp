// SPDX-License-Identifier: Apache-2.0
// Every way in which a candidate in a worker can break the rules, told apart.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <string>

#include "properties/contract/worker_candidate.hpp"
#include "tests/properties/contract/isolation/cases.hpp"

namespace assay::contract {
namespace {

/// Long enough for a busy machine, except where running out of time is the point.
Limits limits_of(int milliseconds = 20000) {
  Limits limits;
  limits.milliseconds = milliseconds;
  limits.memory_bytes = std::size_t{2} << 30;
  return limits;
}

Observation observe(const std::string& name, std::int64_t n = 37, Limits limits = limits_of()) {
  const auto candidate = make_builtin_candidate(double_contract, name, this_program(), limits);
  const engine::Case c = double_case(n);
  return candidate->observe(c, double_outputs(c));
}

void expect_conduct(const std::string& behaviour, Conduct conduct, const std::string& words,
                    Limits limits = limits_of()) {
  const Observation o = observe("misbehave:" + behaviour, 37, limits);
  EXPECT_EQ(name_of(o.conduct), name_of(conduct)) << behaviour << ": " << o.detail;
  EXPECT_NE(o.detail.find(words), std::string::npos) << behaviour << ": " << o.detail;
}

TEST(Worker, ReturnsTheOutputsOfAnHonestCandidate) {
  for (const std::int64_t n : {1, 37, 1023, 1024, 1025, 70000}) {
    const engine::Case c = double_case(n);
    const auto candidate =
        make_builtin_candidate(double_contract, "honest", this_program(), limits_of());
    const Observation o = candidate->observe(c, double_outputs(c));
    ASSERT_EQ(o.conduct, Conduct::returned) << o.detail;
    ASSERT_EQ(o.outputs.size(), 1u);
    EXPECT_EQ(o.outputs[0].name, "y");
    EXPECT_EQ(floats_of(o.outputs[0]), doubled(c));
    EXPECT_TRUE(o.repeat.empty());
  }
}

TEST(Worker, NamesTheSignalOfACrash) {
  expect_conduct("crash", Conduct::crashed, "SIGILL");
  expect_conduct("kill", Conduct::crashed, "killed by SIGKILL in the middle of the call");
  expect_conduct("abort", Conduct::crashed, "SIGABRT; stderr: about to abort");
}

TEST(Worker, NamesTheStatusOfAnExit) {
  expect_conduct("exit", Conduct::crashed, "exited with status 7");
}

TEST(Worker, TellsWildAccessesFromStrayOnes) {
  expect_conduct("null", Conduct::crashed, "write to a null pointer, offset 8");
  expect_conduct("wild", Conduct::crashed, "far from every tensor");
  expect_conduct("impossible", Conduct::crashed, "SIGSEGV");
  expect_conduct("stack_overflow", Conduct::crashed, "stack overflow");
}

TEST(Worker, StopsWhatDoesNotAnswer) {
  expect_conduct("hang", Conduct::hung, "no answer within 300 ms", limits_of(300));
  expect_conduct("spin", Conduct::hung, "no answer within 300 ms", limits_of(300));
  expect_conduct("chatter_for_ever", Conduct::hung, "no answer within 300 ms", limits_of(300));
}

TEST(Worker, NamesTensorAndByteOfAStrayWrite) {
  expect_conduct("write_past_end", Conduct::stray_write,
                 "write to byte 148 of output 'y' (148 bytes)");
  expect_conduct("write_far_past_end", Conduct::stray_write,
                 "write to byte 400148 of output 'y' (148 bytes)");
  expect_conduct("write_before_start", Conduct::stray_write, "byte -4 of output 'y' (148 bytes)");
  expect_conduct("write_past_input", Conduct::stray_write,
                 "write to byte 148 of input 'x' (148 bytes)");
}

TEST(Worker, NamesTensorAndByteOfAStrayRead) {
  expect_conduct("read_past_end", Conduct::stray_read, "read of byte 148 of input 'x' (148 bytes)");
  expect_conduct("read_before_start", Conduct::stray_read,
                 "read of byte -4 of input 'x' (148 bytes) (second run)");
  expect_conduct("read_past_output", Conduct::stray_read,
                 "read of byte 148 of output 'y' (148 bytes)");
}

TEST(Worker, CatchesAWriteToAnInput) {
  expect_conduct("write_input", Conduct::input_written, "write to byte 12 of input 'x'");
  // The bytes are compared as well, for writes that do not pass the page protection.
  expect_conduct("write_input_protection_lifted", Conduct::input_written, "");
}

TEST(Worker, CatchesAStrayWriteOnWholePages) {
  // 1024 floats fill a page: no slack, both guards adjoin the data.
  const Observation past = observe("misbehave:write_past_end", 1024);
  EXPECT_EQ(past.conduct, Conduct::stray_write) << past.detail;
  const Observation before = observe("misbehave:write_before_start", 1024);
  EXPECT_EQ(before.conduct, Conduct::stray_write) << before.detail;
  EXPECT_EQ(before.detail.find("second run"), std::string::npos) << before.detail;
}

TEST(Worker, CountsElementsThatWereNeverWritten) {
  const Observation o = observe("misbehave:unwritten");
  EXPECT_EQ(o.conduct, Conduct::unwritten);
  EXPECT_EQ(o.detail, "2 elements never written, the first is y[35]");
  EXPECT_EQ(observe("misbehave:writes_nothing").detail,
            "37 elements never written, the first is y[0]");
}

TEST(Worker, KeepsBothRunsOfANondeterministicCandidate) {
  const Observation o = observe("misbehave:nondeterministic");
  EXPECT_EQ(o.conduct, Conduct::nondeterministic);
  EXPECT_EQ(o.detail, "1 element of two runs on the same bits differ, the first is y[1]");
  ASSERT_EQ(o.repeat.size(), 1u);
  EXPECT_EQ(floats_of(o.outputs[0])[1], 2);
  EXPECT_EQ(floats_of(o.repeat[0])[1], 3);
  const Observation admitted = observe("misbehave:admits_nondeterminism");
  EXPECT_EQ(admitted.conduct, Conduct::returned) << admitted.detail;
  EXPECT_EQ(admitted.repeat.size(), 1u);
}

TEST(Worker, ShowsThatAnOutputWasReadBeforeItWasWritten) {
  // Sums started from what was there: the payload of the poison survives the additions.
  EXPECT_EQ(observe("misbehave:reads_poison").conduct, Conduct::unwritten);
  // Decisions taken from what was there: the poisons differ in sign.
  EXPECT_EQ(observe("misbehave:branches_on_poison").conduct, Conduct::nondeterministic);
}

TEST(Worker, PassesOnWhatACandidateReports) {
  expect_conduct("throws", Conduct::failed, "no luck today");
  expect_conduct("throws_int", Conduct::failed, "threw something");
  expect_conduct("unsupported", Conduct::unsupported, "only even sizes");
}

TEST(Worker, LimitsMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's shadow does not allow a limit on address space";
#else
  expect_conduct("memory_hog", Conduct::failed, "out of memory");
#endif
}

TEST(Worker, SurvivesChatterAndClosedDescriptors) {
  const Observation o = observe("misbehave:chatters");
  EXPECT_EQ(o.conduct, Conduct::returned) << o.detail;
  expect_conduct("closes_everything", Conduct::crashed, "in the middle of the call");
}

TEST(Worker, IsUnavailableWithAReason) {
  expect_conduct("no_device", Conduct::unavailable, "no such device in this machine");
  expect_conduct("dies_at_start", Conduct::unavailable, "exited with status 9 at its start");
  const auto candidate =
      make_builtin_candidate(double_contract, "honest", "/nonexistent/assay", limits_of());
  const engine::Case c = double_case(3);
  const Observation o = candidate->observe(c, double_outputs(c));
  EXPECT_EQ(o.conduct, Conduct::unavailable);
  EXPECT_NE(o.detail.find("cannot start '/nonexistent/assay'"), std::string::npos) << o.detail;
}

/// Any dtype, shape and padding arrives in the worker and comes back bit for bit.
RC_GTEST_PROP(Worker, CarriesEveryLayoutBitForBit, ()) {
  static const auto candidate =
      make_builtin_candidate(double_contract, "copy", this_program(), Limits{});
  const auto dtype = static_cast<Dtype>(*rc::gen::inRange(0, 9));
  const auto rows = *rc::gen::inRange<std::int64_t>(1, 40);
  const auto columns = *rc::gen::inRange<std::int64_t>(1, 60);
  const auto stride = columns + *rc::gen::inRange<std::int64_t>(0, 5);
  auto seed = *rc::gen::arbitrary<std::uint32_t>();
  Tensor x{"x", dtype, {rows, columns}, {stride, 1}, {}};
  x.bytes.resize(static_cast<std::size_t>((rows - 1) * stride + columns) * size_of(dtype));
  for (std::byte& b : x.bytes)
    b = static_cast<std::byte>((seed = seed * 1664525 + 1013904223) >> 24);
  engine::Case c;
  c.inputs.push_back(x);
  const Observation o = candidate->observe(c, {{"y", dtype, {rows, columns}, true}});
  RC_ASSERT(o.conduct == Conduct::returned);
  const std::size_t row_bytes = static_cast<std::size_t>(columns) * size_of(dtype);
  for (std::int64_t i = 0; i < rows; ++i)
    RC_ASSERT(std::memcmp(o.outputs[0].bytes.data() + static_cast<std::size_t>(i) * row_bytes,
                          x.bytes.data() + static_cast<std::size_t>(i * stride) * size_of(dtype),
                          row_bytes) == 0);
}

}  // namespace
}  // namespace assay::contract
