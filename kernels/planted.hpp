// SPDX-License-Identifier: Apache-2.0
// Planted faults: a catalogue of known defects that a kernel can be told to have, so that the
// checks can be checked.
//
// Every entry states which operation of loss/info_nce it breaks, in which form, the class of
// operator it stands for, and where such a defect was found in the wild (short names as in
// docs/planted.md). The list generates the enumeration, the names and the table; a test shows for
// each entry that it applies.
#pragma once

#include <optional>
#include <string_view>

#include "kernels/planted_family.hpp"

namespace assay::kernels {

/// Which operation computes something else.
enum class PlantedIn : unsigned char { forward, backward, both };
/// Which forms of the loss the fault exists in.
enum class PlantedForm : unsigned char { any, one_direction, joint_block };

// X(name, operation, form, operator class, seen in, description)

#define ASSAY_PLANTED_RANGE(X)                                                                   \
  X(maximum_not_subtracted, both, any, "RANGE.no_max", "Inf-CL RingProb, solo-learn, bolts 811", \
    "exponentials of the bare logits")                                                           \
  X(fixed_shift, both, any, "RANGE.fixed_shift", "operator class",                               \
    "1/temperature subtracted in place of the maximum")                                          \
  X(maximum_over_masked, both, joint_block, "RANGE.max_over_masked", "SupContrast, TS-TCC 25",   \
    "the row maximum includes the self-pair, which is masked afterwards")                        \
  X(epsilon_in_log, both, any, "RANGE.eps_in_log", "bolts 681, operator class",                  \
    "2^-20 added to the denominator")                                                            \
  X(tiny_in_log, both, any, "RANGE.tiny_in_log", "PML NTXent up to 2.8.1",                       \
    "log(probability + tiny): the loss saturates at 87.3")                                       \
  X(minus_infinity_unguarded, both, any, "MASK.inf_minus_inf", "torch-mojo 319, tinygrad 17822", \
    "-inf - (-inf) in a lane that has seen only -inf")                                           \
  X(self_share_constant, both, joint_block, "MASK.self_constant", "bolts 609",                   \
    "the self-pair's share is taken off as exp(1) in place of exp(s_ii)")                        \
  X(additive_mask_finite, both, any, "MASK.additive_finite", "raminnakhli DCL 14",               \
    "the masked column is added with -103.28 in place of being left out")                        \
  X(diagonal_mask_dropped, both, any, "MASK.dropped", "operator class",                          \
    "the self-pair (one direction: the positive) counts as a negative")                          \
  X(diagonal_mask_lost_in_last_tile, both, any, "MASK.dropped", "operator class",                \
    "the same, in the last tile only")

#define ASSAY_PLANTED_PRECISION(X)                                                                 \
  X(row_sum_in_bf16, both, any, "PRECISION.sum", "acceptance matrix", "row sums kept in bfloat16") \
  X(row_sum_in_half, both, any, "PRECISION.sum", "acceptance matrix", "row sums kept in binary16") \
  X(positive_in_bf16, both, any, "PRECISION.positive", "acceptance matrix",                        \
    "the positive logit rounded to bfloat16")                                                      \
  X(logits_in_bf16, both, any, "PRECISION.logits", "operator class", "logits rounded to bfloat16") \
  X(logits_in_half, both, any, "PRECISION.logits", "operator class", "logits rounded to binary16") \
  X(negatives_in_tf32, both, any, "LOGIC.mixed_precision", "Inf-CL",                               \
    "negative logits with 11 significant bits, the positive in full")                              \
  X(inputs_in_bf16, both, any, "PRECISION.inputs", "operator class",                               \
    "binary32 inputs rounded to bfloat16 first")                                                   \
  X(temperature_off, both, any, "PRECISION.constant", "operator class",                            \
    "1/temperature too large by a factor 1 + 2^-16")                                               \
  X(temperature_off_coarsely, both, any, "PRECISION.constant", "operator class",                   \
    "1/temperature too large by a factor 1 + 2^-9")                                                \
  X(log2e_truncated, both, any, "PRECISION.constant", "operator class", "log2 e taken as 1.4427")  \
  X(exponential_cubic, both, any, "PRECISION.function", "operator class",                          \
    "exp by a polynomial of degree 3")                                                             \
  X(loss_from_lse, forward, any, "CANCEL.lse_minus_positive", "open_clip SigLIP, chunked",         \
    "loss formed as the rounded log-sum-exp minus the positive")

#define ASSAY_PLANTED_LOGIC(X)                                                                   \
  X(temperature_forgotten, both, any, "LOGIC.no_temperature", "ContrastMask 4", "temperature 1") \
  X(positive_counted_twice, both, any, "LOGIC.wrong_denominator", "operator class",              \
    "the positive counts as a negative too")                                                     \
  X(denominator_without_positive, both, any, "LOGIC.wrong_denominator", "operator class",        \
    "the positive is left out of the denominator")                                               \
  X(positive_shifted, both, any, "LOGIC.label_shift", "lightly 1176, sthalles/SimCLR 40",        \
    "every row takes its neighbour's positive")                                                  \
  X(wrong_direction, both, one_direction, "LOGIC.wrong_direction", "operator class",             \
    "rows and keys exchanged")                                                                   \
  X(sum_for_mean, both, any, "LOGIC.sum_for_mean", "RecBole-GNN 91, amazon sccl 27",             \
    "the mean is not divided by the number of rows")                                             \
  X(mean_over_padded_length, both, any, "TAIL.padded_mean", "operator class",                    \
    "the mean is divided by the number of rows rounded up to whole tiles")

#define ASSAY_PLANTED_MEMORY(X)                                                                  \
  X(last_column_dropped, both, any, "TAIL.last_column", "operator class",                        \
    "the last column is no negative")                                                            \
  X(last_column_twice, both, any, "TAIL.last_column", "operator class",                          \
    "the last column is added twice")                                                            \
  X(last_row_stale, both, any, "TAIL.last_row", "operator class", "the last row is not written") \
  X(tail_tile_skipped, both, any, "TAIL.tile", "operator class",                                 \
    "keys beyond the last whole tile are not seen")                                              \
  X(middle_tile_skipped, both, any, "TAIL.tile", "operator class",                               \
    "with three tiles or more, one in the middle adds nothing to the row sums")                  \
  X(padding_counted, both, any, "TAIL.padding", "operator class",                                \
    "the zeros behind the last column are added to the row sums")                                \
  X(coordinate_tail_dropped, both, any, "TAIL.coordinates", "operator class",                    \
    "coordinates beyond a multiple of four are taken for zero")                                  \
  X(rescale_missing_in_last_tile, both, any, "TAIL.rescale", "operator class",                   \
    "a new maximum in the last tile does not rescale the sum")                                   \
  X(power_of_two_stride, both, any, "INDEX.pow2_stride", "Inf-CL",                               \
    "rows lie the next power of two of d apart")                                                 \
  X(stride_ignored, both, any, "STRIDE.view", "Inf-CL", "rows are taken to lie d apart")         \
  X(input_written, both, any, "ALIAS.in_place", "sglang 15648", "the rows of a are overwritten") \
  X(barrier_removed, both, any, "RACE.barrier", "FlashAttention 359, 2481",                      \
    "no barrier before shared memory is written again")

#define ASSAY_PLANTED_UPSTREAM(X)                                                             \
  X(upstream_ignored, backward, any, "GRAD.upstream_ignored", "Liger 680, 678, 968",          \
    "the gradient of the mean, whatever comes from upstream")                                 \
  X(mean_upstream_ignored, backward, any, "GRAD.upstream_ignored", "Liger 680",               \
    "the upstream gradient of the mean is not added")                                         \
  X(row_upstream_ignored, backward, any, "GRAD.upstream_ignored", "Liger 678",                \
    "the upstream gradients of the rows are not added")                                       \
  X(upstream_averaged, backward, any, "GRAD.upstream_averaged", "operator class",             \
    "every row gets the average of the upstream gradients")                                   \
  X(upstream_first_for_all, backward, any, "GRAD.strided_upstream", "TransformerEngine 1879", \
    "every row gets the first row's upstream gradient")                                       \
  X(upstream_stride_one, backward, any, "GRAD.strided_upstream", "verl 6960, torch/nn 832",   \
    "an upstream gradient with a stride is read as if contiguous")                            \
  X(unit_upstream_shortcut, backward, any, "GRAD.unit_shortcut", "TransformerEngine 2139",    \
    "an upstream gradient of exactly 1 alone leads to zero gradients")                        \
  X(upstream_count_mismatch, backward, joint_block, "GRAD.count_mismatch", "caffe-sl 7",      \
    "the backward divides by N where the forward divides by 2N")

#define ASSAY_PLANTED_GRADIENT(X)                                                                  \
  X(one_sided_detach, backward, joint_block, "GRAD.detach", "operator class",                      \
    "only the vector's own row contributes")                                                       \
  X(keys_detached, backward, one_direction, "GRAD.detach", "vissl 123, 230; SLIP 31",              \
    "no gradient reaches the keys")                                                                \
  X(transposed_statistics, backward, any, "GRAD.wrong_row", "operator class",                      \
    "the transposed part uses the maximum of the wrong row")                                       \
  X(coefficient_in_bf16, backward, any, "GRAD.low_coefficient", "acceptance matrix",               \
    "coefficients rounded to bfloat16")                                                            \
  X(coefficient_in_three_bits, backward, any, "GRAD.low_coefficient", "acceptance matrix",         \
    "coefficients with three significant bits")                                                    \
  X(gradient_in_bf16, backward, any, "GRAD.bf16_chunks", "Liger 512, 827; CCE 14",                 \
    "the accumulator is rounded to bfloat16 after every tile")                                     \
  X(tile_update_lost, backward, any, "GRAD.lost_update", "acceptance matrix",                      \
    "the update of one tile to one block of rows is lost")                                         \
  X(only_last_tile_kept, backward, any, "GRAD.last_chunk", "sentence-transformers 3862",           \
    "the accumulator starts anew with every tile")                                                 \
  X(accumulator_uninitialised, backward, any, "GRAD.uninitialised", "operator class",              \
    "gradients are added to what the output held")                                                 \
  X(keys_not_scaled, backward, any, "GRAD.scale", "operator class",                                \
    "1/temperature is missing in the gradient of b")                                               \
  X(keys_from_wrong_operand, backward, any, "GRAD.wrong_operand", "operator class",                \
    "the gradient of b is formed from the other matrix")                                           \
  X(positive_lost_in_last_tile, backward, any, "GRAD.diagonal", "acceptance matrix",               \
    "the -1 of the positive's coefficient is lost in the last tile")                               \
  X(positive_by_cancellation, backward, any, "CANCEL.one_minus_p", "operator class",               \
    "the positive's coefficient is formed as p - 1")                                               \
  X(zero_gradient, backward, any, "GRAD.constant", "acceptance matrix", "all gradients zero")      \
  X(half_gradient, backward, any, "GRAD.scale", "acceptance matrix", "all gradients halved")       \
  X(gradient_three_percent, backward, any, "GRAD.scale", "acceptance matrix",                      \
    "all gradients 3 % too large")                                                                 \
  X(temperature_gradient_sign, backward, any, "GRAD.temperature", "acceptance matrix",             \
    "the temperature's gradient has the wrong sign")                                               \
  X(temperature_gradient_without_positive, backward, any, "GRAD.temperature", "acceptance matrix", \
    "the temperature's gradient leaves out the positive")                                          \
  X(temperature_gradient_in_bf16, backward, any, "GRAD.temperature", "acceptance matrix",          \
    "the temperature's gradient is accumulated in bfloat16")                                       \
  X(temperature_gradient_not_scaled, backward, any, "GRAD.temperature", "operator class",          \
    "the temperature's gradient lacks a factor 1/temperature")                                     \
  X(temperature_gradient_missing, backward, any, "GRAD.temperature", "operator class",             \
    "the temperature's gradient is zero")

#define ASSAY_PLANTED(X)     \
  ASSAY_PLANTED_RANGE(X)     \
  ASSAY_PLANTED_PRECISION(X) \
  ASSAY_PLANTED_LOGIC(X) ASSAY_PLANTED_MEMORY(X) ASSAY_PLANTED_UPSTREAM(X) ASSAY_PLANTED_GRADIENT(X)

/// `none` is the kernel itself. Everything else is a defect that a certification must refute.
#define ASSAY_PLANTED_NAME(name, operation, form, operators, seen_in, description) name,
enum class Planted : unsigned char {
  none,
  ASSAY_PLANTED(ASSAY_PLANTED_NAME) ASSAY_PLANTED_FAMILY(ASSAY_PLANTED_NAME)
};
#undef ASSAY_PLANTED_NAME

/// One entry of the catalogue.
struct PlantedEntry {
  Planted fault;
  std::string_view name;
  PlantedIn operation;
  PlantedForm form;
  std::string_view operators;  ///< class of operators, "RANGE.no_max"
  std::string_view seen_in;    ///< projects and threads, or why it is in the list
  std::string_view description;

  constexpr bool in_forward() const { return operation != PlantedIn::backward; }
  constexpr bool in_backward() const { return operation != PlantedIn::forward; }
  /// True if it takes more than one tile of 32 keys to see the fault.
  constexpr bool needs_tiles() const {
    return fault == Planted::middle_tile_skipped || fault == Planted::rescale_missing_in_last_tile;
  }
};

#define ASSAY_PLANTED_ENTRY(name, operation, form, operators, seen_in, description) \
  {Planted::name, #name, PlantedIn::operation, PlantedForm::form, operators, seen_in, description},
inline constexpr PlantedEntry planted_catalogue[] = {ASSAY_PLANTED(ASSAY_PLANTED_ENTRY)};
/// Those that only the kernels for the whole family have.
inline constexpr PlantedEntry family_planted_catalogue[] = {
    ASSAY_PLANTED_FAMILY(ASSAY_PLANTED_ENTRY)};
#undef ASSAY_PLANTED_ENTRY

/// The faults alone, in the order of the catalogue.
#define ASSAY_PLANTED_VALUE(name, operation, form, operators, seen_in, description) Planted::name,
inline constexpr Planted planted_faults[] = {ASSAY_PLANTED(ASSAY_PLANTED_VALUE)};
#undef ASSAY_PLANTED_VALUE

/// The entry of a fault; of `none` there is none.
constexpr const PlantedEntry* entry_of(Planted fault) {
  for (const PlantedEntry& e : planted_catalogue)
    if (e.fault == fault) return &e;
  for (const PlantedEntry& e : family_planted_catalogue)
    if (e.fault == fault) return &e;
  return nullptr;
}

constexpr std::string_view name_of(Planted fault) {
  const PlantedEntry* e = entry_of(fault);
  return e != nullptr ? e->name : fault == Planted::none ? "none" : "?";
}

constexpr std::optional<Planted> planted_named(std::string_view name) {
  for (const PlantedEntry& e : planted_catalogue)
    if (e.name == name) return e.fault;
  for (const PlantedEntry& e : family_planted_catalogue)
    if (e.name == name) return e.fault;
  return std::nullopt;
}

}  // namespace assay::kernels
