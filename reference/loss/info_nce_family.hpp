// SPDX-License-Identifier: Apache-2.0
// The contract family around InfoNCE: one value type for its conventions, enclosures of all of it.
//
// The mathematics, the meaning of every field and the behaviour at empty sets and zero vectors:
// docs/loss/info_nce-family.md.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/ends.hpp"
#include "reference/arithmetic/engine.hpp"
#include "reference/arithmetic/interval.hpp"
#include "reference/loss/info_nce_gradient.hpp"

namespace assay::reference {

/// Which keys are positives of a row.
///   other_view: the vector of the same pair in the other view, exactly one
///   same_label: the keys with the row's label
///   mask:       the keys with a nonzero entry in the row's line of a mask
enum class Positives : unsigned char { other_view, same_label, mask };

/// D(i, p) in the pair loss D(i, p) - w_i s_ip, with P the positives and N the negatives of row i.
///   all:                    LSE over P and N
///   positive_and_negatives: LSE over p and N (the other positives are left out)
///   negatives:              LSE over N (decoupled)
enum class Denominator : unsigned char { all, positive_and_negatives, negatives };

/// What a row with several positives does.
///   mean_outside: the mean over P of the pair losses (L_out)
///   sum_inside:   LSE over the denominator minus w_i LSE over P (L_in, no 1/|P| in the logarithm)
///   pairs:        like mean_outside, but a row counts |P| times in the mean over rows
enum class WithinAnchor : unsigned char { mean_outside, sum_inside, pairs };

/// Over the rows that count: their mean, the mean of those with a positive loss, their sum.
enum class OverAnchors : unsigned char { mean, mean_of_positive_losses, sum };

/// Which rows and keys there are.
///   one:         rows a, keys b
///   half_sum:    half the sum of (rows a, keys b) and (rows b, keys a)
///   sum:         the sum of the two
///   joint_block: rows and keys are all vectors of a and b; of a alone when there is no b
enum class Directions : unsigned char { one, half_sum, sum, joint_block };

/// What the parameter t says about the scale of the logits: 1/t, t, exp(t).
enum class TemperatureAs : unsigned char { temperature, scale, log_scale };

/// The norm nu(x) that a vector is divided by: 1, max(|x|, eps), |x| + eps, sqrt(|x|^2 + eps). The
/// last one divides no vector but the dot product of two, by max(|x||y|, eps).
enum class Normalisation : unsigned char { none, maximum, added, inside_root, product_maximum };

/// The declared answer for a row that has no positive (or no negative).
///   error:      the problem is refused
///   zero:       the row's loss is 0 and the row counts
///   skipped:    the row does not count
///   nan:        the row's loss is NaN, and so is the loss
///   as_formula: whatever the formula says; only for rows without negatives whose denominator is
///               not empty
enum class EmptySet : unsigned char { error, zero, skipped, nan, as_formula };

/// The weight w_i of the positive: 1, or DCLW's 2 - B softmax_i(sim(a_i, b_i) / sigma) over the B
/// pairs (of normalised vectors where the setting normalises). Detached: a constant to the
/// derivative; without that word the derivative goes through the weights too.
enum class PositiveWeight : unsigned char { one, von_mises_fisher_detached, von_mises_fisher };

/// The factor before the mean loss: a number, or T / base with T the temperature.
enum class OuterFactor : unsigned char { constant, temperature_over_base };

/// sim(x, y) of two vectors, normalised where the setting says so: <x, y>, -|x - y|^2, -|x - y|.
enum class Similarity : unsigned char { dot, negative_squared_euclidean, negative_euclidean };

/// The quantity that is clamped to [clamp_low, clamp_high] before it scales the logits; for the
/// last three in whichever form the parameter is given.
enum class Clamp : unsigned char { none, temperature, scale, log_scale };

/// What the derivative does with the clamp, at a quantity beyond its bounds.
///   stops:  the derivative of the clamp is 0 there (torch.clamp in the forward pass)
///   passes: it counts as 1 everywhere (the parameter is clamped in place, `data.clamp_`)
enum class ClampGradient : unsigned char { stops, passes };

/// One member of the family. The default is InfoNCE's joint block.
struct InfoNceSetting {
  Positives positives = Positives::other_view;
  Denominator denominator = Denominator::all;
  WithinAnchor within = WithinAnchor::mean_outside;
  OverAnchors over = OverAnchors::mean;
  Directions directions = Directions::joint_block;
  bool self_pair_kept = false;  ///< a row is a key of itself, positive if its label or mask says so
  TemperatureAs temperature_as = TemperatureAs::temperature;
  Normalisation normalisation = Normalisation::none;
  double normalisation_eps = 0;
  EmptySet without_positives = EmptySet::error;
  EmptySet without_negatives = EmptySet::as_formula;
  PositiveWeight positive_weight = PositiveWeight::one;
  double weight_sigma = 0.5;
  OuterFactor outer = OuterFactor::constant;
  double outer_value = 1;  ///< the constant, or the base
  Similarity similarity = Similarity::dot;
  Clamp clamp = Clamp::none;
  ClampGradient clamp_gradient = ClampGradient::stops;
  double clamp_low = -HUGE_VAL;  ///< may be infinite, like the other bound
  double clamp_high = HUGE_VAL;
};

/// One exact instance. Every double is taken at its exact value; finite entries only. Shapes: a and
/// b are n x d, row-major with the given row strides (in elements); b may be null in the joint
/// block. Rows are numbered a first, then b (in `one`, a only).
struct InfoNceFamilyProblem {
  const double* a = nullptr;
  const double* b = nullptr;
  std::int64_t n = 0;
  std::int64_t d = 0;
  std::int64_t a_stride = 0;
  std::int64_t b_stride = 0;
  double parameter = 1;                    ///< T, scale or log-scale
  const std::int64_t* a_labels = nullptr;  ///< n labels, for Positives::same_label
  const std::int64_t* b_labels = nullptr;  ///< null: those of a
  /// Positives::mask: nonzero where key j is a positive of row i; 2n x 2n in the joint block of two
  /// views, else n x n with rows a and keys b (used transposed for the second direction).
  const std::uint8_t* mask = nullptr;
  std::int64_t mask_stride = 0;
};

/// What became of a row.
enum class RowFate : unsigned char { counts, zero, skipped, nan };

/// Enclosures of the loss (with outer factor) and of every row's loss (without): the mean over P of
/// the pair losses, or L_in. The row loss of a skipped row is [0, 0]; of a row whose loss is
/// declared to be NaN, and of a loss that is NaN, the whole line.
struct InfoNceFamilyEnclosures {
  std::vector<Ends> row_loss;
  std::vector<RowFate> fate;
  Ends loss;
  bool loss_is_nan = false;
  std::string tier;
};

/// Number of rows: n, or 2n.
std::int64_t family_rows(const InfoNceSetting& setting, const InfoNceFamilyProblem& problem);

/// Loss and row losses on `engine` at `bits` bits (plus as many as huge logits need).
/// \throws std::invalid_argument for a setting or problem that makes no sense, and for an empty set
/// where the setting declares an error
InfoNceFamilyEnclosures enclose_info_nce_family(const InfoNceSetting& setting,
                                                const InfoNceFamilyProblem& problem, Engine engine,
                                                int bits);

/// Derivatives of sum_i row[i stride] row_loss[i] + mean * loss with respect to the raw embeddings
/// (through the normalisation) and the temperature parameter as it is given. `b` is empty without a
/// second view; `temperature` of the result is the parameter's derivative. Whole lines where the
/// derivative does not exist; at the kinks of the clamp, of max(|x||y|, eps) and of the distance
/// |x - y| an enclosure of the hull of what its sides give. Rows of fate zero or skipped contribute
/// nothing.
/// \throws like `enclose_info_nce_family`, and for an upstream that is not finite
InfoNceGradients enclose_info_nce_family_gradients(const InfoNceSetting& setting,
                                                   const InfoNceFamilyProblem& problem,
                                                   const InfoNceUpstream& upstream, Engine engine,
                                                   int bits);

/// The loss with ends of full precision; climbs from `digits` upward until so many decimal digits
/// are certain or `max_bits` is reached.
InfoNceValue info_nce_family_value(const InfoNceSetting& setting,
                                   const InfoNceFamilyProblem& problem, int digits,
                                   int max_bits = 4096);

/// One line that names every field, "positives=other-view denominator=all ...", and the inverse for
/// one of them: the same names and values. \throws std::invalid_argument listing the known ones
std::string text_of(const InfoNceSetting& setting);
void set_field(InfoNceSetting& setting, const std::string& name, const std::string& value);

}  // namespace assay::reference
