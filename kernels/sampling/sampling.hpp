// SPDX-License-Identifier: Apache-2.0
// Negative samplers on the CPU emulator and on CUDA devices: what can be asked for.
//
// A request names a method, a population (who can be drawn with which weight), how many indices are
// wanted, and where the random words come from. Every method is an exact, stated function of the
// words: docs/sampling.md gives the law of each. Equal requests give equal indices on the emulator,
// on the CPU and on a device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/sampling/planted.hpp"

namespace assay::kernels::sampling {

/// How indices are drawn. The number is also the purpose in Philox's counter (words.cuh).
enum class Method : unsigned char {
  inverse_cdf,       ///< k draws with replacement, one uniform each, exact integer weights
  alias,             ///< k draws with replacement from an alias table per row
  gumbel_max,        ///< k draws with replacement, the largest of log w_j + Gumbel_j
  exponential_race,  ///< k draws with replacement, the first of Exponential_j / w_j
  gumbel_top_k,      ///< k distinct columns in Plackett-Luce order, the k largest Gumbel keys
  top_k,             ///< the k heaviest, ties to the smaller index; no words
  uniform,           ///< k draws with replacement, every allowed column alike
  uniform_distinct,  ///< k distinct allowed columns in random order, partial Fisher-Yates
  rejection,         ///< a k-tuple with density proportional to a joint hardening
  anchor_positive,   ///< k pairs: an anchor that has a positive, and another one of its class
  disjoint_batches,  ///< a random permutation of all columns: consecutive slices are the batches
};
inline constexpr int method_count = 11;
/// The augmentation's purpose in Philox's counter (augmentation.hpp).
inline constexpr std::uint32_t augmentation_purpose = 11;

std::string_view name_of(Method method);
/// \throws std::invalid_argument for a name that is none
Method method_named(std::string_view name);

/// The weight w_j of a column as a function of its score s_j; u_j = s_j * inv_tau.
enum class Tilt : unsigned char {
  uniform,      ///< 1; scores are not read
  weights,      ///< s_j itself, s_j >= 0 and finite
  exponential,  ///< exp(beta u_j); a score of -inf has weight 0 (HN Definition 2)
  polynomial,   ///< max(u_j + 1, 0)^power (HN Appendix B.4)
};

/// Hardening functions of a whole k-tuple, which no product of weights expresses.
enum class JointTilt : unsigned char {
  max_plus_one,  ///< max(max_i u_i + 1, 0)
  sum_plus_one,  ///< max(sum_i (u_i + 1), 0)
};

/// Who can be drawn, and how heavy. All pointers are host memory. Scores come from a matrix, or are
/// inner products of binary32 rows, formed in binary64 where they are needed and never stored as a
/// matrix. A column is excluded from a row if it is `self[row]`, `positive[row]`, or has the row's
/// label; where a pointer is null nobody is excluded by it, nor by an index of -1.
struct Population {
  std::int64_t rows = 0, columns = 0;  ///< at most 2^31 each
  const float* scores = nullptr;       ///< [rows][columns], rows `score_stride` apart
  std::int64_t score_stride = 0;
  std::int64_t dimension = 0;
  const float* x = nullptr;  ///< [rows][dimension]; with y in place of scores
  const float* y = nullptr;  ///< [columns][dimension]
  Tilt tilt = Tilt::uniform;
  float beta = 1, inv_tau = 1;  ///< > 0, finite
  int power = 1;                ///< 1 to 64
  const std::int64_t* self = nullptr;
  const std::int64_t* positive = nullptr;
  const std::int32_t* row_labels = nullptr;  ///< [rows] and [columns]: both or none
  const std::int32_t* column_labels = nullptr;
};

/// Philox with (seed, call), or the words themselves: `given` [rows][trials][words_per_trial],
/// whose number must be right. `first_row` is the number of the population's first row, for a
/// matrix that is sampled in parts.
struct WordSource {
  std::uint64_t seed = 0;
  std::uint64_t call = 0;  ///< below 2^28; the "offset" of a call
  std::int64_t first_row = 0;
  const std::uint32_t* given = nullptr;
  std::int64_t given_count = 0;
};

struct Request {
  Method method = Method::inverse_cdf;
  Population population;
  std::int64_t k = 1;  ///< indices (anchor_positive: pairs) per row; disjoint_batches: ignored
  /// Bits of one uniform number: inverse_cdf and uniform 1 to 64; Gumbel keys and races 1 to 32 or
  /// 52; the others take 64 whatever stands here.
  int bits = 64;
  JointTilt joint = JointTilt::max_plus_one;
  std::int64_t proposals = 64;  ///< of a rejection, 1 to 2^20
  WordSource words;
};

/// Independent trials per row: k with replacement, else 1.
std::int64_t trials_per_row(const Request& request);
/// 32-bit words that a trial may use; 0 for top_k.
std::int64_t words_per_trial(const Request& request);
/// Indices that are written per row: k; 2 k for anchor_positive; all columns for batches.
std::int64_t outputs_per_row(const Request& request);
/// Everything that is known before scores are read. \throws std::invalid_argument naming the field
void check(const Request& request, const std::int64_t* out);

/// What a row's data forbid. The entries throw it for the first such row; nothing is promised about
/// the output then. The reason is one of `no column has a positive weight`, `a score is NaN,
/// infinite or (a weight) negative`, `fewer than k columns have a positive weight`.
class RowError : public std::invalid_argument {
 public:
  RowError(std::int64_t row, const std::string& reason)
      : std::invalid_argument("sampling: row " + std::to_string(row) + ": " + reason), row_(row) {}
  std::int64_t row() const { return row_; }

 private:
  std::int64_t row_;
};

/// out: [rows][outputs_per_row] column indices. A rejection without an accepted proposal writes -1
/// to all k places of the row: no draw, never a biased one. \throws std::invalid_argument (RowError
/// for what a row's data forbid); simt::Error; std::invalid_argument for an unknown schedule
void sample_emulated(const Request& request, std::int64_t* out,
                     const std::string& schedule = "greedy");
/// The same source on the current CUDA device. \throws also std::runtime_error
void sample_cuda(const Request& request, std::int64_t* out);
/// On one core without an emulator: the same indices, inverse_cdf with loops that vectorise.
/// \throws as sample_emulated
void sample_cpu(const Request& request, std::int64_t* out);
/// The emulated kernel with a planted fault.
void sample_planted(const Request& request, Fault fault, std::int64_t* out,
                    const std::string& schedule = "greedy");

/// The same on one core: the same indices, a hundred times as fast.
void sample_planted_cpu(const Request& request, Fault fault, std::int64_t* out);

/// The integer weights W_j of a row, [columns], from which inverse_cdf and alias draw exactly.
/// Below 2^52; a column of weight 0 has W_j = 0. \throws RowError
std::vector<std::uint64_t> integer_weights(const Population& population, std::int64_t row);

/// An alias table: column i is drawn uniformly, a word v below 2^64 follows, and the result is i if
/// v < accept[i], else other[i] (i itself where it never gives way). How the column is drawn is the
/// method's (a multiplied 64-bit word).
struct AliasTable {
  std::vector<std::uint64_t> accept;
  std::vector<std::int64_t> other;
};
/// Vose's construction in integers of 128 bits; every accept is exact up to 2^-64.
/// \throws std::invalid_argument for no weights, a sum of 0 or a weight of 2^52 or more
AliasTable alias_table(const std::vector<std::uint64_t>& weights);

}  // namespace assay::kernels::sampling
