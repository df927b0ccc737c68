// SPDX-License-Identifier: Apache-2.0
// Cases and process counts for the isolation tests.
#include "tests/properties/contract/isolation/cases.hpp"

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

namespace assay::contract {

engine::Case double_case(std::int64_t n) {
  engine::Case c;
  c.descriptor.contract = double_contract;
  c.descriptor.family = "counting";
  c.descriptor.index = static_cast<std::uint64_t>(n);
  Tensor x = Tensor::contiguous("x", Dtype::f32, {n});
  for (std::int64_t i = 0; i < n; ++i) x.as<float>()[i] = static_cast<float>(i);
  c.inputs.push_back(std::move(x));
  c.scalars["factor"] = 2;
  c.options["mode"] = "plain";
  return c;
}

std::vector<engine::OutputSpec> double_outputs(const engine::Case& c) {
  return {{"y", Dtype::f32, c.input("x").shape, true}};
}

std::vector<float> doubled(const engine::Case& c) {
  std::vector<float> values = floats_of(c.input("x"));
  for (float& v : values) v *= 2;
  return values;
}

std::vector<float> floats_of(const Tensor& t) { return {t.as<float>(), t.as<float>() + t.count()}; }

std::string this_program() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

int open_descriptors() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    (void)entry;
    ++count;
  }
  return count;
}

namespace {

/// State and parent of a process from /proc; an empty state when there is none.
struct ProcessStatus {
  std::string state;
  long parent = 0;
};
ProcessStatus status_of(const std::filesystem::path& process) {
  std::ifstream file(process / "stat");
  std::string line;
  std::getline(file, line);
  ProcessStatus status;
  const std::size_t after_name = line.rfind(')');
  if (after_name == std::string::npos) return status;
  std::istringstream fields(line.substr(after_name + 1));
  fields >> status.state >> status.parent;
  return status;
}

}  // namespace

int children_of_this_process() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") == std::string::npos)
      count += status_of(entry.path()).parent == getpid();
  }
  return count;
}

bool signal_one(pid_t pid, int signal) { return pid > 1 && kill(pid, signal) == 0; }

std::string state_of(pid_t pid) {
  return status_of(std::filesystem::path("/proc") / std::to_string(pid)).state;
}

}  // namespace assay::contract
