// SPDX-License-Identifier: Apache-2.0
// Fuzzes the embeddings loader: what is accepted is two equal-shaped, non-empty float matrices.
#include <cstdint>
#include <cstdlib>

#include "properties/engine/files/embeddings.hpp"
#include "properties/engine/files/layout.hpp"
#include "properties/engine/input_error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay::engine;
  try {
    const auto e = parse_embeddings({reinterpret_cast<const std::byte*>(data), size}, "fuzz");
    const bool good = e.a.shape.size() == 2 && e.a.shape == e.b.shape && e.a.count() > 0 &&
                      e.a.dtype == e.b.dtype &&
                      (e.a.dtype == assay::Dtype::f32 || e.a.dtype == assay::Dtype::f64) &&
                      layout_fault(e.a).empty() && layout_fault(e.b).empty();
    if (!good) std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
