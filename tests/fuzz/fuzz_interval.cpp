// SPDX-License-Identifier: Apache-2.0
// libFuzzer: the reader of intervals never crashes, and what it reads survives being printed.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "reference/arithmetic/interval.hpp"

namespace {

void require(bool holds, const char* law, const assay::reference::Interval& x) {
  if (holds) return;
  std::fprintf(stderr, "fuzz_interval: %s: %s\n", law, x.to_exact().c_str());
  std::abort();
}

}  // namespace

/// The input is the text; its length chooses the precision and the number of digits.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using assay::reference::Interval;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const int bits = 2 + static_cast<int>(size * 37 % 500);
  try {
    const Interval x = Interval::parse(text, bits);
    require(Interval::parse(x.to_exact(), 2).identical(x), "the exact text is not x", x);
    const int digits = 1 + static_cast<int>(size % 40);
    require(Interval::parse(x.to_string(digits), bits).contains(x), "the decimal text lost x", x);
    require(x.agreed_digits() >= 0 && x.overlaps(x) && x.contains(x), "x is not itself", x);
    const assay::Ends ends = x.ends();
    require(ends.lo <= ends.hi && Interval::between(ends.lo, ends.hi).contains(x),
            "the ends in double lost x", x);
  } catch (const std::invalid_argument& refused) {
    if (std::string_view(refused.what()).find('\n') != std::string_view::npos) std::abort();
  }
  return 0;
}
