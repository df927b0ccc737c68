// SPDX-License-Identifier: Apache-2.0
// Host entry points of the kernels for the whole family around InfoNCE, one per place where they
// run. The algorithm: info_nce_family.cuh. What a user has to know: docs/kernel-family.md.
#pragma once

#include <cstdint>
#include <string>

#include "core/dtype.hpp"
#include "kernels/planted.hpp"
#include "kernels/variant.hpp"

namespace assay::kernels {

/// The conventions of one member of the family. Names, fields and meaning are those of the contract
/// (docs/loss/info_nce-family.md); the default is InfoNCE's joint block. The kernels refuse
/// `von_mises_fisher_detached`, `temperature_over_base`, and a mean of positive losses over
/// `negatives`.
struct FamilySetting {
  enum class Positives : unsigned char { other_view, same_label, mask };
  enum class Denominator : unsigned char { all, positive_and_negatives, negatives };
  enum class WithinAnchor : unsigned char { mean_outside, sum_inside, pairs };
  enum class OverAnchors : unsigned char { mean, mean_of_positive_losses, sum };
  enum class Directions : unsigned char { one, half_sum, sum, joint_block };
  enum class TemperatureAs : unsigned char { temperature, scale, log_scale };
  enum class Normalisation : unsigned char { none, maximum, added, inside_root };
  enum class EmptySet : unsigned char { error, zero, skipped, nan, as_formula };
  enum class PositiveWeight : unsigned char { one, von_mises_fisher_detached };
  enum class OuterFactor : unsigned char { constant, temperature_over_base };

  Positives positives = Positives::other_view;
  Denominator denominator = Denominator::all;
  WithinAnchor within = WithinAnchor::mean_outside;
  OverAnchors over = OverAnchors::mean;
  Directions directions = Directions::joint_block;
  bool self_pair_kept = false;
  TemperatureAs temperature_as = TemperatureAs::temperature;
  Normalisation normalisation = Normalisation::none;
  double normalisation_eps = 0;
  EmptySet without_positives = EmptySet::error;
  EmptySet without_negatives = EmptySet::as_formula;
  PositiveWeight positive_weight = PositiveWeight::one;
  OuterFactor outer = OuterFactor::constant;
  double outer_value = 1;

  bool joint() const { return directions == Directions::joint_block; }
  bool both_directions() const {
    return directions == Directions::half_sum || directions == Directions::sum;
  }
};

/// What both operations read. a and b: N x d, binary32, bfloat16 or binary16 (`input`), the last
/// dimension contiguous, row strides in elements; in the joint block b may be null, and the vectors
/// are those of a alone. `parameter`: temperature, scale or log-scale, as the setting says. Labels:
/// N each, for positives by label; `b_labels` null stands for those of a. `mask`: nonzero where key
/// j is a positive of row i, N x N with rows a and keys b (the second direction reads it
/// transposed), in the joint block over all its vectors; `mask_stride` from row to row. All
/// pointers are host memory; the CUDA entries copy. Narrow inputs are widened exactly; everything
/// after is binary32.
struct FamilyInputs {
  FamilySetting setting;
  const void* a = nullptr;
  const void* b = nullptr;
  Dtype input = Dtype::f32;
  std::int64_t n = 0;
  std::int64_t d = 0;
  std::int64_t a_stride = 0;
  std::int64_t b_stride = 0;
  double parameter = 1.0;
  const std::int64_t* a_labels = nullptr;
  const std::int64_t* b_labels = nullptr;
  const std::uint8_t* mask = nullptr;
  std::int64_t mask_stride = 0;

  /// How many vectors there are.
  std::int64_t vectors() const { return b == nullptr ? n : 2 * n; }
  /// How many rows have a loss: those of a, then those of b (in one direction: of a only).
  std::int64_t rows() const {
    return setting.directions == FamilySetting::Directions::one ? n : vectors();
  }
};

/// Forward. Outputs: row_loss, one per row (0 for a row that does not count), and the loss.
struct FamilyArguments : FamilyInputs {
  float* row_loss = nullptr;
  float* loss = nullptr;
};

/// Backward: the derivatives of sum_i grad_row_loss[i * stride] row_loss[i] + grad_loss * loss with
/// respect to a, b (through the normalisation, where the setting has one) and the parameter.
/// `grad_row_loss` may be null (all zero); stride 0 broadcasts one number. Outputs: grad_a and
/// grad_b, N x d contiguous binary32 (grad_b is not written without b), grad_parameter, one
/// element.
struct FamilyBackwardArguments : FamilyInputs {
  const float* grad_row_loss = nullptr;
  std::int64_t grad_row_loss_stride = 1;
  float grad_loss = 0;
  float* grad_a = nullptr;
  float* grad_b = nullptr;
  float* grad_parameter = nullptr;
};

/// Runs the kernel source under the emulator with a schedule ("fair", "greedy", "greedy-reverse",
/// "greedy-random:SEED"). \throws std::invalid_argument for arguments or a setting that make no
/// sense, for an empty set where the setting declares an error, for a mean over no row, and for an
/// unknown schedule; simt::Error for a divergent barrier, a bad mask or a deadlock
void info_nce_family_forward_emulated(const FamilyArguments& arguments, const std::string& schedule,
                                      Planted fault = Planted::none);
void info_nce_family_backward_emulated(const FamilyBackwardArguments& arguments,
                                       const std::string& schedule, Planted fault = Planted::none);

/// The same with a correct variant of the algorithm (kernels/variant.hpp): other bits, as accurate.
void info_nce_family_forward_emulated_variant(const FamilyArguments& arguments,
                                              const std::string& schedule, Variant variant);
void info_nce_family_backward_emulated_variant(const FamilyBackwardArguments& arguments,
                                               const std::string& schedule, Variant variant);

/// Runs the same source on the current CUDA device: the same bits. \throws std::invalid_argument as
/// above, std::runtime_error with the CUDA message
void info_nce_family_forward_cuda(const FamilyArguments& arguments);
void info_nce_family_backward_cuda(const FamilyBackwardArguments& arguments);

}  // namespace assay::kernels
