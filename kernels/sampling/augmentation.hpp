// SPDX-License-Identifier: Apache-2.0
// The augmentations of the papers: additive Gaussian noise, and random signs.
//
// HN Section 5 adds IID N(0, 0.01) to every coordinate, independently for anchor and positive; CLOP
// adds N(0, 0.05) and inverts the sign of a sample with probability 1/2.
#pragma once

#include "kernels/sampling/sampling.hpp"

namespace assay::kernels::sampling {

/// Views of every row: sign (x + sqrt(variance) z). Coordinates 2c and 2c + 1 of a view take the
/// normal numbers of Box and Muller from words 4c .. 4c + 3 of the stream (row, view):
/// u = (i + 1/2) 2^-52 from the leading 52 bits of words (4c, 4c + 1), v = j 2^-53 from the leading
/// 53 bits of (4c + 2, 4c + 3). The sign is minus if the top bit of the word after them is set.
///
/// On the same bits every finite output differs from the ideal value y by at most
/// 2^-24 |y| + 2^-45 sqrt(variance) + 2^-149: one rounding to binary32, and binary64 before it.
struct Augmentation {
  std::int64_t rows = 0, dimension = 0;
  const float* x = nullptr;  ///< [rows][dimension]
  std::int64_t views = 2;    ///< independent ones, anchor and positive
  float variance = 0;        ///< >= 0, finite
  bool random_signs = false;
  WordSource words;  ///< given: [rows][views][words_per_view]
};

std::int64_t words_per_view(const Augmentation& augmentation);
/// \throws std::invalid_argument naming the field
void check(const Augmentation& augmentation, const float* out);

/// out: [rows][views][dimension]. \throws as check; simt::Error
void augment_emulated(const Augmentation& augmentation, float* out,
                      const std::string& schedule = "greedy");
/// \throws also std::runtime_error
void augment_cuda(const Augmentation& augmentation, float* out);
/// With a planted fault. \throws as augment_emulated
void augment_planted(const Augmentation& augmentation, Fault fault, float* out,
                     const std::string& schedule = "greedy");

/// On one core, without an emulator: the same numbers. \throws as check
void augment_cpu(const Augmentation& augmentation, float* out);
/// \throws as check
void augment_planted_cpu(const Augmentation& augmentation, Fault fault, float* out);

}  // namespace assay::kernels::sampling
