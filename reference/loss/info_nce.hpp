// SPDX-License-Identifier: Apache-2.0
// InfoNCE: enclosures of the loss, the per-row loss and the row log-sum-exp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ends.hpp"
#include "reference/arithmetic/engine.hpp"
#include "reference/arithmetic/interval.hpp"

namespace assay::reference {

/// Which logits a row sees.
///   one_direction: rows are the N vectors a_i, the keys are b_1..b_N, the positive of a_i is b_i.
///   joint_block:   rows are the 2N vectors z = [a; b], the keys are all of z except the row itself
///                  (left out by index), the positive of z_i is z_{i+N mod 2N} (NT-Xent, SimCLR).
enum class InfoNceForm : unsigned char { one_direction, joint_block };

/// One exact instance. The embeddings are real numbers given as doubles; every double is taken at
/// its exact value. Shapes: a and b are N x d, row-major with the given row strides (in elements).
struct InfoNceProblem {
  const double* a = nullptr;
  const double* b = nullptr;
  std::int64_t n = 0;
  std::int64_t d = 0;
  std::int64_t a_stride = 0;
  std::int64_t b_stride = 0;
  double temperature = 1.0;  ///< exact; > 0
  InfoNceForm form = InfoNceForm::joint_block;
  bool entries_are_float32 = false;  ///< every entry is a binary32 number (products are then exact)

  std::int64_t rows() const { return form == InfoNceForm::joint_block ? 2 * n : n; }
};

/// Enclosures of everything the contract names. For row i with logits s_ij = <x_i,
/// y_j>/temperature:
///   row_lse[i]  = log sum_j exp s_ij            (positive included, self-pair left out)
///   row_loss[i] = row_lse[i] - s_ip = log1p(sum_{j != p} exp(s_ij - s_ip))
///   loss        = mean_i row_loss[i]
struct InfoNceEnclosures {
  std::vector<Ends> row_loss;
  std::vector<Ends> row_lse;
  Ends loss;
  std::string tier;  ///< "a-priori", "ball-128", "interval-256", ...
};

/// The a-priori tier: one batched double GEMM with a proved bound
/// (docs/loss/info_nce-enclosure.md). Empty when the instance lies outside the tier's range (2
/// max|x||y|/temperature >= 700, overflow, non-finite entries); the caller climbs the ladder then.
std::optional<InfoNceEnclosures> enclose_info_nce_a_priori(const InfoNceProblem& problem,
                                                           bool with_row_lse = true);

/// The ball/interval tier: `engine` at `bits` bits. Finite entries only, any range.
InfoNceEnclosures enclose_info_nce(const InfoNceProblem& problem, Engine engine, int bits);

/// One row (row_loss and row_lse) on one engine, with ends of full precision: the ladder's question
/// for a single element. Cost O(N d).
struct InfoNceRow {
  Interval row_loss;
  Interval row_lse;
};
InfoNceRow enclose_info_nce_row(const InfoNceProblem& problem, std::int64_t row, Engine engine,
                                int bits);
/// The same row by an algebraically different way: log-sum-exp over all keys minus the positive,
/// instead of log1p over the negatives.
InfoNceRow enclose_info_nce_row_second_way(const InfoNceProblem& problem, std::int64_t row,
                                           Engine engine, int bits);

/// The mean loss with ends of full precision; climbs from `bits` upward until `digits` decimal
/// digits are certain or `max_bits` is reached.
struct InfoNceValue {
  Interval loss;
  int bits = 0;
  Engine engine = Engine::mpfi;
};
InfoNceValue info_nce_value(const InfoNceProblem& problem, int digits, int max_bits = 4096);

}  // namespace assay::reference
