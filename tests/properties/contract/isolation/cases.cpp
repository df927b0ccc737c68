// SPDX-License-Identifier: Apache-2.0
// Cases and process counts for the isolation tests.
#include "tests/properties/contract/isolation/cases.hpp"

#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace assay::contract {

engine::Case double_case(std::int64_t n) {
  engine::Case c;
  c.descriptor.contract = double_contract;
  c.descriptor.family = "counting";
  c.descriptor.index = static_cast<std::uint64_t>(n);
  std::vector<float> values;
  for (std::int64_t i = 0; i < n; ++i) values.push_back(static_cast<float>(i));
  c.inputs.push_back(Tensor::of_floats("x", {n}, values));
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

std::vector<float> floats_of(const Tensor& t) {
  std::vector<float> values(static_cast<std::size_t>(t.count()));
  std::memcpy(values.data(), t.bytes.data(), t.bytes.size());
  return values;
}

std::string this_program() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

int open_descriptors() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    (void)entry;
    ++count;
  }
  return count;
}

int children_of_this_process() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    if (entry.path().filename().string().find_first_not_of("0123456789") != std::string::npos)
      continue;
    std::ifstream stat(entry.path() / "stat");
    std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
    const std::size_t after_name = text.rfind(')');
    if (after_name == std::string::npos) continue;
    long parent = 0;
    char state = 0;
    if (std::sscanf(text.c_str() + after_name + 1, " %c %ld", &state, &parent) == 2 &&
        parent == getpid())
      ++count;
  }
  return count;
}

}  // namespace assay::contract
