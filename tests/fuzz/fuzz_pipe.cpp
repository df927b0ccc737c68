// SPDX-License-Identifier: Apache-2.0
// Fuzzes what a stranger's program may send over the pipe: its greeting and its replies.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "properties/contract/process_messages.hpp"
#include "properties/engine/input_error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  try {
    contract::pipe::read_greeting(bytes, "fuzz");
  } catch (const engine::InputError&) {
  }
  const std::vector<engine::OutputSpec> outputs = {{"row_loss", Dtype::f32, {2}, true},
                                                   {"loss", Dtype::f32, {1}, false}};
  const contract::Observation reply = contract::pipe::read_reply(bytes, outputs, "1");
  if (reply.conduct != contract::Conduct::returned) return 0;
  for (const Tensor& tensor :
       reply.outputs)  // what is taken for an answer has the shapes asked for
    if (tensor.name == "row_loss" ? tensor.count() != 2 : tensor.count() != 1) std::abort();
  return 0;
}
