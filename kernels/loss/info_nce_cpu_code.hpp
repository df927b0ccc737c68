// SPDX-License-Identifier: Apache-2.0
// What the CPU implementation of InfoNCE needs from one instruction set: a table of loops.
//
// The loops are written once (info_nce_cpu_code.inc.hpp) and compiled once per instruction set.
// Those objects may hold instructions that this machine lacks, so nothing in them may be shared
// with the rest of the program: no inline function, no template of the library. This header
// therefore declares data only.
#pragma once

#include <cstdint>

namespace assay::kernels {

struct InfoNceArguments;
struct InfoNceBackwardArguments;

namespace cpu {

inline constexpr int partial_sums = 16;     // of every row reduction, whatever the vector width
inline constexpr int rows_per_panel = 96;   // a multiple of every row_tile
inline constexpr int keys_per_block = 256;  // a multiple of every key_tile
/// Distance of two rows of a block of logits: rows that follow each other must not fall into the
/// same cache set.
inline constexpr int block_stride = keys_per_block + 16;

/// The online sums of one row over its negatives: sum of exp(s - maximum), and of
/// exp(s - maximum) (s - positive). The maximum is that of the positive and of the blocks so far.
struct OnlineRow {
  float positive;
  float maximum;
  float sum[partial_sums];
  float moment[partial_sums];
};

/// What take_in has to do beside the sums.
struct Wanted {
  bool moments;
  bool exponentials;
};

/// Blocks of logits have rows block_stride apart. "Packed by W": [group of W rows][coordinate][W].
/// "Strips of W": [group of W coordinates][row][W]. Both are padded with zeros.
struct VectorCode {
  const char* name;
  int row_tile;  // rows of a register tile
  int key_tile;  // its columns, a whole number of vectors

  /// y_i = exp(x_i) for x_i <= 0 or NaN, the bits of exp_f32; count a multiple of partial_sums.
  void (*exp_nonpositive)(const float* x, float* y, std::int64_t count);

  /// out_i = <x_i, y_i>, fma chains over k = 0..d-1 from +0.
  void (*dots)(const float* const* x, const float* const* y, std::int64_t count, std::int64_t d,
               float* out);

  /// block_ij = <row_i, key_j>, the same chains. rows packed by row_tile, keys by key_tile.
  void (*products)(std::int64_t row_tiles, std::int64_t key_tiles, std::int64_t d,
                   const float* rows, const float* keys, float* block);

  /// For one row of a block, x_j: s_j = x_j inv_tau, then the row's state takes in the s_j, and
  /// x_j becomes s_j, or exp(s_j - maximum) where the exponentials are wanted. count a multiple of
  /// partial_sums.
  void (*take_in)(float* x, std::int64_t count, float inv_tau, Wanted wanted, OnlineRow* row);

  /// x_j = x_j factor.
  void (*scale)(float* x, std::int64_t count, float factor);

  /// x_j = exp(x_j - maximum) factor + exp(x_j - maxima_j) factors_j, where x_j is not above either
  /// maximum; count a multiple of partial_sums.
  void (*pair_weights)(float* x, std::int64_t count, float maximum, float factor,
                       const float* maxima, const float* factors);

  /// gradient_ic += sum_j weight_ij key_jc: per element one fma chain over j from +0, then one
  /// addition. keys: first strip of key_tile coordinates at the first key of the block; strips
  /// `strip` floats apart.
  void (*row_gradients)(std::int64_t row_tiles, std::int64_t key_count, std::int64_t d,
                        const float* weights, const float* keys, std::int64_t strip,
                        float* gradient, std::int64_t gradient_stride);

  /// gradient_cj += sum_i weight_ij row_ic: likewise, over i. rows: strips of row_tile coordinates.
  /// The gradient is transposed, coordinates block_stride apart.
  void (*key_gradients)(std::int64_t row_count, std::int64_t key_tiles, std::int64_t d,
                        const float* weights, const float* rows, std::int64_t strip,
                        float* gradient);
};

extern const VectorCode generic_code;
#if defined(__x86_64__)
extern const VectorCode avx2_code;    // needs AVX2 and FMA
extern const VectorCode avx512_code;  // needs AVX-512F as well
#endif

/// info_nce_cpu on the given loops, which the machine must be able to run.
void info_nce_on(const VectorCode& code, const InfoNceArguments* forward,
                 const InfoNceBackwardArguments* backward, int threads);

}  // namespace cpu
}  // namespace assay::kernels
