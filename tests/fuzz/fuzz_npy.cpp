// SPDX-License-Identifier: Apache-2.0
// Fuzzes the .npy reader: an array that is read is written and read again as the same array.
#include <cstdint>
#include <cstdlib>

#include "properties/engine/files/npy.hpp"
#include "properties/engine/input_error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay::engine;
  try {
    const auto array = parse_npy({reinterpret_cast<const std::byte*>(data), size}, "fuzz");
    const auto again = parse_npy(serialize_npy(array), "again");
    if (again.dtype != array.dtype || again.shape != array.shape || again.bytes != array.bytes)
      std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
