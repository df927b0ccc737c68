// SPDX-License-Identifier: Apache-2.0
// Cases of the InfoNCE kernels in bfloat16 and binary16.
#pragma once

#include <random>

#include "kernels/half.cuh"
#include "tests/kernels/loss/info_nce_gradient_case.hpp"

namespace assay::kernels::testing {

/// A matrix of narrow patterns and the same numbers widened, with unused elements between rows.
struct Narrow {
  Dtype dtype;
  std::vector<std::uint16_t> a, b;
  Input wide;

  void point(InfoNceInputs& q) const {
    q.a = a.data();
    q.b = b.data();
    q.input = dtype;
  }
};

inline float widened(std::uint16_t bits, Dtype dtype) {
  return dtype == Dtype::bf16 ? widen(Bf16{bits}) : widen(Half{bits});
}

/// Random sign and fraction, exponents from `lowest` up to those of numbers around 1/4.
inline Narrow make_narrow(const Descriptor& c, Dtype dtype, int lowest) {
  Narrow x{dtype, {}, {}, make_input(c, 3)};
  std::mt19937_64 bits(c.seed);
  const int fraction = dtype == Dtype::bf16 ? 7 : 10, top = dtype == Dtype::bf16 ? 125 : 13;
  const auto fill = [&](std::vector<float>& wide, std::vector<std::uint16_t>& narrow) {
    for (float& w : wide) {
      const auto exponent = lowest + static_cast<int>(bits() % (top - lowest + 1));
      const auto pattern = static_cast<std::uint16_t>((bits() & 0x8000u) | exponent << fraction |
                                                      (bits() & ((1u << fraction) - 1)));
      narrow.push_back(pattern);
      w = widened(pattern, dtype);
    }
  };
  fill(x.wide.a, x.a);
  fill(x.wide.b, x.b);
  return x;
}

}  // namespace assay::kernels::testing
