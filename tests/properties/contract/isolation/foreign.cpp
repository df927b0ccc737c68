// SPDX-License-Identifier: Apache-2.0
// A pipe program for the contract "test/double" with a fault by name.
#include "tests/properties/contract/isolation/foreign.hpp"

#include <signal.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "properties/engine/files/safetensors.hpp"
#include "tests/properties/contract/isolation/cases.hpp"

namespace assay::contract {
namespace {

using engine::SafetensorsFrame;

void put(const void* data, std::size_t bytes) {
  const char* at = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t sent = write(STDOUT_FILENO, at, bytes);
    if (sent <= 0) std::_Exit(0);
    at += sent;
    bytes -= static_cast<std::size_t>(sent);
  }
}
void put(const std::string& text) { put(text.data(), text.size()); }

bool get(void* data, std::size_t bytes) {
  char* at = static_cast<char*>(data);
  while (bytes > 0) {
    const ssize_t got = read(STDIN_FILENO, at, bytes);
    if (got <= 0) return false;
    at += got;
    bytes -= static_cast<std::size_t>(got);
  }
  return true;
}

void put_length(std::uint64_t length) { put(&length, sizeof length); }

void put_frame(const SafetensorsFrame& frame) {
  const std::vector<std::byte> bytes = engine::serialize_safetensors(frame);
  put_length(bytes.size());
  put(bytes.data(), bytes.size());
}

SafetensorsFrame greeting() {
  SafetensorsFrame frame;
  frame.metadata = {{"assay", "pipe/1"},      {"contract", double_contract},
                    {"name", "foreign"},      {"version", "3"},
                    {"outputs", "[\"y\"]"},   {"algorithm", "any-order"},
                    {"deterministic", "true"}};
  return frame;
}

SafetensorsFrame answer(const SafetensorsFrame& request) {
  const Tensor& x = *request.find("x");
  Tensor y = Tensor::contiguous("y", Dtype::f32, x.shape);
  for (std::int64_t i = 0; i < y.count(); ++i) y.as<float>()[i] = 2 * x.as<float>()[i];
  SafetensorsFrame reply;
  reply.metadata = {{"status", "ok"}, {"id", request.metadata.at("id")}};
  reply.tensors.push_back(y);
  return reply;
}

SafetensorsFrame status(const std::string& word, const std::string& why) {
  SafetensorsFrame reply;
  reply.metadata = {{"status", word}, {"why", why}};
  return reply;
}

/// On SIGUSR1 writes this, then tells the parent with SIGUSR2.
std::string unasked;
pid_t parent = 0;
void speak_when_poked(const std::string& text) {
  parent = getppid();
  unasked = text;
  signal(SIGUSR1, [](int) {
    (void)!write(STDOUT_FILENO, unasked.data(), unasked.size());
    if (getppid() == parent) signal_one(parent, SIGUSR2);
  });
}

/// A perfectly good reply that nobody asked for.
std::string framed_answer() {
  SafetensorsFrame reply;
  reply.metadata = {{"status", "ok"}};
  reply.tensors.push_back(Tensor::contiguous("y", Dtype::f32, {37}));
  const std::vector<std::byte> bytes = engine::serialize_safetensors(reply);
  const std::uint64_t length = bytes.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) +
         std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

[[noreturn]] void sleep_for_ever() {
  while (true) pause();
}

/// Faults at the start. True when the fault is one of these and the greeting is done with.
bool greet(const std::string& fault) {
  if (fault == "silent_exit") {
    std::fputs("ImportError: no module named frobnicate\n", stderr);
    std::exit(4);
  }
  if (fault == "never_greets") sleep_for_ever();
  if (fault == "chatty_greeting") put("Hello from a program that has never heard of frames\n");
  SafetensorsFrame frame = greeting();
  if (fault == "other_protocol") frame.metadata["assay"] = "pipe/9";
  if (fault == "no_contract") frame.metadata.erase("contract");
  if (fault == "other_contract") frame.metadata["contract"] = "test/treble";
  if (fault == "bad_outputs") frame.metadata["outputs"] = "y";
  if (fault == "offers_unknown") frame.metadata["outputs"] = "[\"y\", \"z\"]";
  if (fault == "offers_nothing_required") frame.metadata["outputs"] = "[\"extra\"]";
  if (fault == "bad_inputs") frame.metadata["inputs"] = "f32";
  if (fault == "integer_inputs") frame.metadata["inputs"] = "[\"f32\", \"i32\"]";
  if (fault == "takes_bf16") frame.metadata["inputs"] = "[\"bf16\"]";
  if (fault == "takes_both") frame.metadata["inputs"] = "[\"bf16\", \"f32\"]";
  if (fault == "admits_nondeterminism") frame.metadata["deterministic"] = "false";
  put_frame(frame);
  return true;
}

/// Faults that do not get as far as a frame. False when the fault is none of these.
bool misbehave(const std::string& fault, const SafetensorsFrame& request) {
  if (fault == "hang") sleep_for_ever();
  if (fault == "exit") std::_Exit(5);
  if (fault == "crash") raise(SIGILL);
  if (fault == "closes_output") {
    close(STDOUT_FILENO);
    sleep_for_ever();
  }
  if (fault == "chatter") put("loss is 0.25 for this batch\n");
  if (fault == "short_chatter") put("hi\n");
  if (fault == "huge_length") put_length(std::uint64_t{1} << 62);
  if (fault == "truncated_exit" || fault == "truncated_hang") {
    put_length(100000);
    put("{\"");
    if (fault == "truncated_exit") std::_Exit(0);
  }
  if (fault == "garbage") {
    const std::string text =
        std::string("\x10\0\0\0\0\0\0\0", 8) + "{\"y\": this is no JSON, it is prose";
    put_length(text.size());
    put(text);
  }
  if (fault == "after_frame") {
    put_frame(answer(request));
    put("done!\n");
    return true;
  }
  return fault == "short_chatter" || fault == "huge_length" || fault == "truncated_hang" ||
         fault == "garbage";
}

/// A well-formed reply with something wrong in it.
SafetensorsFrame faulty_answer(const std::string& fault, const SafetensorsFrame& request,
                               int calls) {
  SafetensorsFrame reply = answer(request);
  Tensor& y = reply.tensors[0];
  if (fault == "f64") y = Tensor::contiguous("y", Dtype::f64, y.shape);
  if (fault == "wrong_shape") y = Tensor::contiguous("y", Dtype::f32, {y.shape[0], 1});
  if (fault == "missing") reply.tensors.clear();
  if (fault == "extra") {
    reply.tensors.push_back(y);
    reply.tensors.back().name = "debug";
  }
  if (fault == "wrong_id") reply.metadata["id"] = "7000";
  if (fault == "no_id") reply.metadata.erase("id");
  if (fault == "no_status") reply.metadata.erase("status");
  if (fault == "nondeterministic" || fault == "admits_nondeterminism")
    y.as<float>()[1] += static_cast<float>(calls);
  if (fault == "nan_of_any_sign" || fault == "nan_sometimes") {
    y.as<float>()[1] =
        std::copysign(std::numeric_limits<float>::quiet_NaN(), calls % 2 ? 1.f : -1.f);
    if (fault == "nan_sometimes" && calls % 2) y.as<float>()[1] = 1;
  }
  if (fault == "error") reply = status("error", "ValueError: no luck today");
  if (fault == "unsupported") reply = status("unsupported", "only even sizes");
  if (fault == "input_written") reply = status("input_written", "x was changed in place");
  return reply;
}

}  // namespace

int foreign_main(const char* name) {
  const std::string fault = name;
  if (fault == "speaks_when_poked") speak_when_poked("ready\n");
  if (fault == "answers_when_poked") speak_when_poked(framed_answer());
  greet(fault);
  if (fault == "never_reads") sleep_for_ever();
  int calls = 0;
  std::uint64_t length = 0;
  while (get(&length, sizeof length)) {
    std::vector<std::byte> bytes(length);
    if (!get(bytes.data(), length)) return 0;
    const SafetensorsFrame request = engine::parse_safetensors(bytes, "request");
    if (request.find("x")->count() == 99) std::_Exit(6);  // dies of this size, whatever the fault
    if (fault == "loud")
      for (int i = 0; i < 20000; ++i) std::fprintf(stderr, "progress %d\n", i);
    if (!misbehave(fault, request)) put_frame(faulty_answer(fault, request, ++calls));
  }
  return 0;
}

}  // namespace assay::contract
