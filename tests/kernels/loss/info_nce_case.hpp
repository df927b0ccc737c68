// SPDX-License-Identifier: Apache-2.0
// Inputs for the InfoNCE kernel, its outputs, and two other ways to compute them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels/loss/info_nce.hpp"

namespace assay::kernels::testing {

/// Small description of an input; everything else follows from it.
struct Descriptor {
  std::int64_t n = 1, d = 1;
  InfoNceForm form = InfoNceForm::joint_block;
  std::uint64_t seed = 1;
};
std::string to_string(const Descriptor& descriptor);

/// Rows of a and b with `padding` unused elements (a sentinel) after each.
struct Input {
  Descriptor descriptor;
  double temperature = 1;
  std::int64_t stride = 0;
  std::vector<float> a, b;

  std::int64_t rows() const {
    return descriptor.form == InfoNceForm::joint_block ? 2 * descriptor.n : descriptor.n;
  }
  const float* row(std::int64_t i) const;
  const float* key(std::int64_t j) const;
  std::int64_t positive(std::int64_t i) const;
  bool is_negative(std::int64_t i, std::int64_t j) const;
};

inline constexpr float sentinel = 1234.0f;

/// The seed chooses the regime: unrelated rows, aligned pairs at a low temperature (tiny losses),
/// or opposed pairs (the positive is far below the maximum).
Input make_input(const Descriptor& descriptor, std::int64_t padding = 0);

struct Output {
  std::vector<float> row_loss, row_lse;
  float loss = 0;
};
/// True if all outputs have the same bits.
bool same_bits(const Output& a, const Output& b);

/// `run(arguments)` with every output between sentinels, which must survive.
Output run_between_sentinels(const Input& input,
                             const std::function<void(const InfoNceArguments&)>& run);

/// Runs the emulated kernel; every output is surrounded by sentinels, which must survive.
Output run_emulated(Input& input, const std::string& schedule, Planted fault = Planted::none);
Output run_cuda(Input& input);

/// The stated algorithm "tiled-online-log1p", one row after the other, without tiles or threads.
Output follow_statement(const Input& input);

/// The largest error of row_loss and of loss against a binary64 computation, each divided by a
/// forward error bound; at most 1 for a correct kernel. NaN if an output is not finite.
double largest_share(const Input& input, const Output& output);

}  // namespace assay::kernels::testing
