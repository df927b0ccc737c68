// SPDX-License-Identifier: Apache-2.0
// Every way in which a foreign program can break the rules of the pipe, told apart.
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "properties/contract/process_candidate.hpp"
#include "properties/contract/process_messages.hpp"
#include "properties/engine/files/safetensors.hpp"
#include "tests/properties/contract/isolation/cases.hpp"

namespace assay::contract {
namespace {

/// Long enough for a busy machine, except where running out of time is the point.
constexpr ProcessLimits patient{20000, 20000}, impatient{400, 20000};

ProcessCandidate make(const std::string& fault, ProcessLimits limits = patient) {
  return ProcessCandidate({this_program(), "foreign", fault}, limits);
}

Observation observe(ProcessCandidate& candidate, std::int64_t n = 37) {
  const engine::Case c = double_case(n);
  return candidate.observe(c, double_outputs(c));
}

void expect_conduct(const std::string& fault, Conduct conduct, const std::string& words,
                    ProcessLimits limits = patient) {
  ProcessCandidate candidate = make(fault, limits);
  const Observation o = observe(candidate);
  EXPECT_EQ(name_of(o.conduct), name_of(conduct)) << fault << ": " << o.detail;
  EXPECT_NE(o.detail.find(words), std::string::npos) << fault << ": " << o.detail;
}

TEST(Process, ReturnsTheOutputsOfAnHonestProgram) {
  ProcessCandidate candidate = make("honest");
  EXPECT_EQ(candidate.info().name, "foreign");
  EXPECT_EQ(candidate.info().version, "3");
  EXPECT_EQ(candidate.info().contract, double_contract);
  EXPECT_EQ(candidate.info().algorithm, "any-order");
  EXPECT_EQ(candidate.info().backend, "process");
  EXPECT_TRUE(candidate.info().deterministic);
  for (const std::int64_t n : {0, 1, 37, 1000000}) {  // the last is larger than any pipe buffer
    const engine::Case c = double_case(n);
    const Observation o = candidate.observe(c, double_outputs(c));
    ASSERT_EQ(o.conduct, Conduct::returned) << o.detail;
    EXPECT_EQ(floats_of(o.outputs.at(0)), doubled(c));
  }
}

TEST(Process, SendsParametersExactlyAndPacksStridedInputs) {
  ProcessCandidate candidate = make("honest");
  engine::Case c;
  c.descriptor.contract = double_contract;
  Tensor x{"x", Dtype::f32, {2, 2}, {3, 1}, {}};
  x.bytes.resize(5 * sizeof(float));
  for (int i = 0; i < 5; ++i) x.as<float>()[i] = static_cast<float>(10 * i);
  c.inputs.push_back(x);
  const Observation o = candidate.observe(c, {{"y", Dtype::f32, {2, 2}, true}});
  ASSERT_EQ(o.conduct, Conduct::returned) << o.detail;
  EXPECT_EQ(floats_of(o.outputs.at(0)), (std::vector<float>{0, 20, 60, 80}));
}

TEST(Process, NamesTheOutputThatIsWrong) {
  expect_conduct("f64", Conduct::bad_reply, "output 'y' is f64[37], the contract has f32[37]");
  expect_conduct("wrong_shape", Conduct::bad_reply,
                 "output 'y' is f32[37, 1], the contract has f32[37]");
  expect_conduct("missing", Conduct::bad_reply, "output 'y' is missing");
  expect_conduct("extra", Conduct::bad_reply, "output 'debug' was not asked for");
}

TEST(Process, ShowsTheFirstBytesOfWhatIsNoFrame) {
  expect_conduct("chatter", Conduct::bad_reply, "\"loss is 0.25 for this batch\\n");
  expect_conduct("huge_length", Conduct::bad_reply, "a length of 4611686018427387904");
  expect_conduct("garbage", Conduct::bad_reply, "{\\\"y\\\": this is no");
  expect_conduct("after_frame", Conduct::bad_reply, "done!");
  expect_conduct("wrong_id", Conduct::bad_reply, "answers request 7000 instead of 1");
  expect_conduct("no_status", Conduct::bad_reply, "unknown status ''");
}

TEST(Process, NoticesWordsAndAnswersThatNobodyAskedFor) {
  sigset_t done, before;
  sigemptyset(&done);
  sigaddset(&done, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &done, &before);
  for (const char* fault : {"speaks_when_poked", "answers_when_poked"}) {
    ProcessCandidate candidate = make(fault);
    EXPECT_EQ(observe(candidate).conduct, Conduct::returned);
    ASSERT_TRUE(signal_one(candidate.program_pid(), SIGUSR1));
    const timespec patience{20, 0};
    ASSERT_EQ(sigtimedwait(&done, nullptr, &patience), SIGUSR2);
    const Observation o = observe(candidate);
    EXPECT_EQ(name_of(o.conduct), name_of(Conduct::bad_reply)) << fault << ": " << o.detail;
    EXPECT_NE(o.detail.find("without being asked"), std::string::npos) << fault << ": " << o.detail;
    EXPECT_EQ(observe(candidate).conduct, Conduct::returned);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(Process, DoesNotNeedAnEchoedId) { expect_conduct("no_id", Conduct::returned, ""); }

TEST(Process, StopsWhatDoesNotAnswer) {
  expect_conduct("hang", Conduct::hung, "no answer within 400 ms", impatient);
  expect_conduct("short_chatter", Conduct::hung, "so far it wrote 3 bytes: \"hi\\n\"", impatient);
  expect_conduct("truncated_hang", Conduct::hung, "so far it wrote 10 bytes", impatient);
  ProcessCandidate candidate = make("never_reads", impatient);
  EXPECT_EQ(observe(candidate, 1000000).conduct, Conduct::hung);  // a request that fills the pipe
}

TEST(Process, NamesHowAProgramDied) {
  expect_conduct("exit", Conduct::crashed, "exited with status 5");
  expect_conduct("crash", Conduct::crashed, "killed by SIGILL");
  expect_conduct("truncated_exit", Conduct::crashed, "exited with status 0 after 10 bytes");
  expect_conduct("closes_output", Conduct::crashed, "closed its standard output");
}

TEST(Process, PassesOnWhatAProgramReports) {
  expect_conduct("error", Conduct::failed, "ValueError: no luck today");
  expect_conduct("unsupported", Conduct::unsupported, "only even sizes");
  expect_conduct("input_written", Conduct::input_written, "x was changed in place");
}

TEST(Process, KeepsBothRunsOfANondeterministicProgram) {
  ProcessCandidate candidate = make("nondeterministic");
  const Observation o = observe(candidate);
  EXPECT_EQ(o.conduct, Conduct::nondeterministic);
  EXPECT_EQ(o.detail, "1 element of two runs on the same bits differ, the first is y[1]");
  ASSERT_EQ(o.repeat.size(), 1u);
  EXPECT_NE(floats_of(o.outputs[0])[1], floats_of(o.repeat[0])[1]);
  expect_conduct("admits_nondeterminism", Conduct::returned, "");
  expect_conduct("nan_of_any_sign", Conduct::returned, "");  // IEEE 754 leaves the bits open
  expect_conduct("nan_sometimes", Conduct::nondeterministic, "1 element of two runs");
}

TEST(Process, IsAskedOnlyInFormatsThatItTakes) {
  expect_conduct("takes_bf16", Conduct::unsupported, "does not offer to take f32");
  expect_conduct("takes_both", Conduct::returned, "");
  EXPECT_EQ(make("honest").info().inputs, std::vector<Dtype>{Dtype::f32});  // nothing said
  EXPECT_EQ(make("takes_both").info().inputs, (std::vector<Dtype>{Dtype::bf16, Dtype::f32}));
}

TEST(Process, TheOperationIsNoOptionOfTheRequest) {
  engine::Case c = double_case(3);
  for (const char* operation : {"forward", "backward"}) {
    c.options = {{"directions", "joint-block"}, {"operation", operation}};
    const engine::SafetensorsFrame request =
        engine::parse_safetensors(pipe::write_request(c, double_outputs(c), "1"), "request");
    EXPECT_EQ(request.metadata.at("op"), operation);
    EXPECT_EQ(request.metadata.at("options"), R"({"directions":"joint-block"})");
  }
}

TEST(Process, JudgesTheOfferAgainstTheContract) {
  expect_conduct("offers_unknown", Conduct::bad_reply, "offers an output 'z'");
  ProcessCandidate candidate = make("offers_nothing_required");
  const engine::Case c = double_case(3);
  const Observation o =
      candidate.observe(c, {{"y", Dtype::f32, {3}, true}, {"extra", Dtype::f32, {3}, false}});
  EXPECT_EQ(o.conduct, Conduct::bad_reply);
  EXPECT_NE(o.detail.find("does not offer the required output 'y'"), std::string::npos) << o.detail;
}

TEST(Process, LeavesOutOptionalOutputsThatAreNotOffered) {
  ProcessCandidate candidate = make("honest");
  const engine::Case c = double_case(3);
  const Observation o =
      candidate.observe(c, {{"y", Dtype::f32, {3}, true}, {"extra", Dtype::f32, {3}, false}});
  EXPECT_EQ(o.conduct, Conduct::returned) << o.detail;
  EXPECT_EQ(o.outputs.size(), 1u);
}

TEST(Process, IsUnavailableWhenItCannotStart) {
  expect_conduct("silent_exit", Conduct::unavailable,
                 "exited with status 4; stderr: ImportError: no module named frobnicate");
  expect_conduct("chatty_greeting", Conduct::unavailable, "Hello from a program");
  expect_conduct("other_protocol", Conduct::unavailable, "it speaks pipe/9");
  expect_conduct("no_contract", Conduct::unavailable, "contract: missing");
  expect_conduct("other_contract", Conduct::unavailable, "speaks for test/treble");
  expect_conduct("bad_outputs", Conduct::unavailable, "not a JSON list of strings: y");
  expect_conduct("bad_inputs", Conduct::unavailable, "not a JSON list of strings: f32");
  expect_conduct("integer_inputs", Conduct::unavailable, "'i32' is no floating-point format");
  ProcessCandidate never = make("never_greets", {400, 300});
  const Observation slow = observe(never);
  EXPECT_EQ(slow.conduct, Conduct::unavailable);
  EXPECT_NE(slow.detail.find("no greeting within 300 ms"), std::string::npos) << slow.detail;
  EXPECT_EQ(slow.detail, never.unavailable_reason());
  ProcessCandidate nothing({"/nonexistent/program"}, {400, 300});
  EXPECT_NE(observe(nothing).detail.find("cannot start '/nonexistent/program'"), std::string::npos);
}

TEST(Process, KeepsTheEndOfStandardError) {
  ProcessCandidate candidate = make("loud");
  EXPECT_EQ(observe(candidate).conduct, Conduct::returned);
  const Observation o = observe(candidate, 99);
  EXPECT_EQ(o.conduct, Conduct::crashed) << o.detail;
  EXPECT_NE(o.detail.find("exited with status 6"), std::string::npos) << o.detail;
  EXPECT_NE(o.detail.find("progress 19999"), std::string::npos) << o.detail;
  EXPECT_EQ(o.detail.find("progress 100 "), std::string::npos);
  EXPECT_LT(o.detail.size(), 2 * StderrTail::keep + 200);
}

}  // namespace
}  // namespace assay::contract
