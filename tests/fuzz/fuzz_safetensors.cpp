// SPDX-License-Identifier: Apache-2.0
// Fuzzes the safetensors reader: a frame that is read is written, and writing is a fixed point.
#include <cstdint>
#include <cstdlib>

#include "properties/engine/files/safetensors.hpp"
#include "properties/engine/input_error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay::engine;
  SafetensorsFrame frame;
  try {
    frame = parse_safetensors({reinterpret_cast<const std::byte*>(data), size}, "fuzz");
  } catch (const InputError&) {
    return 0;
  }
  const auto bytes = serialize_safetensors(frame);  // must not complain about what was accepted
  const SafetensorsFrame again = parse_safetensors(bytes, "again");
  if (again.metadata != frame.metadata || serialize_safetensors(again) != bytes) std::abort();
  return 0;
}
