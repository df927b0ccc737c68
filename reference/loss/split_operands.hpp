// SPDX-License-Identifier: Apache-2.0
// Binary32 embeddings cut so that one matrix product is exact and a second one carries the rest.
//
// Every row x is taken twice: as coarse + rest, coarse on a grid of `coarse_bits` bits below the
// row's norm, and as fine + left_out, fine on a grid of 52 - coarse_bits bits. Then
//   <x_i, y_j> = <coarse_i, fine_j> + <rest_i, fine_j> + <x_i, left_out_j>,
// the first product is exact in double in any order of summation, the second is about
// 2^-coarse_bits, and left_out_j has few entries other than 0. Derivation:
// docs/loss/info_nce-split.md, section "gram".
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "reference/loss/info_nce_batch.hpp"
#include "reference/loss/split_product.hpp"

namespace assay::reference::split {

/// The parts of the keys that the fine grid leaves out, per key, by ascending index.
struct LeftOut {
  std::vector<std::int64_t> start;  ///< keys + 1 positions
  std::vector<std::int64_t> index;  ///< which component
  std::vector<double> value;
  Eigen::MatrixXd dense;  ///< d x keys instead, when there are many; else empty
};

/// Bounds over all rows and all keys, rounded upward.
struct OperandFacts {
  double row_norm = 0, key_norm = 0;  ///< of x_i, y_j
  double rest_norm = 0;               ///< of rest_i
  double left_out_norm = 0;           ///< of left_out_j
  std::int64_t low_terms = 0;         ///< most products summed into one low part
  double product_up() const;          ///< row_norm * key_norm
  double fine_norm_up() const;        ///< of fine_j
};

struct Operands {
  InfoNceProblem problem;         ///< whose entries must outlive this
  std::vector<double> row_magic;  ///< adding and subtracting it leaves the coarse part of the row
  Packed fine;                    ///< of all keys
  LeftOut left_out;
  OperandFacts facts;

  bool joint() const { return problem.form == InfoNceForm::joint_block; }
  std::int64_t d() const { return fine.d(); }
  std::int64_t rows() const { return fine.count(); }  ///< as many as keys
  const double* row(std::int64_t i) const {
    return i < problem.n ? problem.a + i * problem.a_stride
                         : problem.b + (i - problem.n) * problem.b_stride;
  }
  const double* key(std::int64_t j) const {
    return joint() ? row(j) : problem.b + j * problem.b_stride;
  }
  /// The coarse part of row i and what is left of it.
  void cut_row(std::int64_t i, double* coarse, double* rest) const;
  /// The row whose positive is `key`.
  std::int64_t partner_of(std::int64_t key) const {
    if (!joint()) return key;
    return key < problem.n ? key + problem.n : key - problem.n;
  }
};

inline constexpr std::int64_t largest_dimension = std::int64_t{1} << 20;

/// Empty unless every entry is a binary32 number and d <= largest_dimension. The sizes of the
/// logits steer how fine the coarse grid is.
std::optional<Operands> cut(const InfoNceProblem& problem);

}  // namespace assay::reference::split
