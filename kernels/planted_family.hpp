// SPDX-License-Identifier: Apache-2.0
// The planted faults that only the kernels for the whole family have (kernels/loss/
// info_nce_family.hpp): positives, labels, masks, reductions, normalisation. Included by
// kernels/planted.hpp; `form` is always `any`, info_nce_family_planted.hpp says in which settings a
// fault exists.
#pragma once

// X(name, operation, form, operator class, seen in, description)

#define ASSAY_PLANTED_POSITIVES(X)                                                               \
  X(positives_kept_in_denominator, both, any, "LOGIC.wrong_denominator", "optax against PML",    \
    "the other positives stay in the denominator")                                               \
  X(positives_left_out_of_denominator, both, any, "LOGIC.wrong_denominator",                     \
    "PML NTXent against SupContrast", "the other positives are left out of the denominator")     \
  X(decoupled_with_positive, both, any, "LOGIC.wrong_denominator", "operator class",             \
    "the positives stay in the decoupled denominator")                                           \
  X(own_view_positives_missed, both, any, "LOGIC.positive_set", "operator class",                \
    "positives of the row's own view count as negatives")                                        \
  X(self_pair_as_positive, both, any, "LOGIC.self_by_identity", "PML, labels given as a copy",   \
    "the self-pair is kept, as a positive")                                                      \
  X(last_tile_positives_lost, both, any, "TAIL.tile", "operator class",                          \
    "positives in the last tile add nothing to the row sums")                                    \
  X(mask_not_transposed, both, any, "LOGIC.wrong_direction", "operator class",                   \
    "the second direction reads the mask of the first")                                          \
  X(labels_in_32_bits, both, any, "INDEX.int32", "operator class", "labels compared in 32 bits") \
  X(labels_as_float, both, any, "PRECISION.labels", "operator class",                            \
    "labels compared as binary32 numbers")                                                       \
  X(inside_for_outside, both, any, "LOGIC.sum_inside", "solo-learn against SupContrast",         \
    "the positives are summed inside the logarithm")                                             \
  X(outside_for_inside, both, any, "LOGIC.sum_inside", "SupContrast against solo-learn",         \
    "the mean over positives is taken outside the logarithm")                                    \
  X(positives_not_averaged, both, any, "LOGIC.sum_for_mean", "operator class",                   \
    "the sum over positives is not divided by their number")                                     \
  X(positives_averaged_over_one_more, both, any, "LOGIC.off_by_one", "operator class",           \
    "the sum over positives is divided by their number and one")

#define ASSAY_PLANTED_REDUCTION(X)                                                               \
  X(mean_for_sum, both, any, "LOGIC.mean_for_sum", "operator class",                             \
    "the sum over rows is divided by their number")                                              \
  X(divisor_counts_all_rows, both, any, "LOGIC.ignore_count", "Liger cosine distillation",       \
    "the mean's divisor counts rows that do not count")                                          \
  X(zero_rows_skipped, both, any, "LOGIC.ignore_count", "PML reducers",                          \
    "rows whose loss is declared 0 do not count in the mean")                                    \
  X(empty_row_not_a_number, both, any, "LOGIC.empty_positive", "HobbitLong/SupContrast 50, 100", \
    "0/0 for a row without positives")                                                           \
  X(zero_losses_counted, both, any, "LOGIC.ignore_count", "PML reducers",                        \
    "the mean over positive losses counts all rows")                                             \
  X(pair_weights_forgotten, both, any, "LOGIC.pair_weights", "operator class",                   \
    "every row counts once in the mean over pairs")                                              \
  X(pair_weights_forgotten_in_gradient, backward, any, "GRAD.count_mismatch", "operator class",  \
    "the same, in the backward only")                                                            \
  X(directions_not_halved, both, any, "LOGIC.missing_half", "PML 467, vicreg 8",                 \
    "the sum of the directions is not halved")                                                   \
  X(only_first_direction, both, any, "LOGIC.wrong_direction", "operator class",                  \
    "the loss is that of the first direction alone")

#define ASSAY_PLANTED_SCALE(X)                                                              \
  X(eps_under_root, both, any, "LOGIC.normalisation", "tf.l2_normalize against torch",      \
    "the norm is sqrt(square + eps) in place of the maximum with eps")                      \
  X(eps_added, both, any, "LOGIC.normalisation", "operator class",                          \
    "eps is added to the norm in place of the maximum with eps")                            \
  X(eps_lost, both, any, "RANGE.half_eps", "PML 121, lightly 1259", "eps is 0")             \
  X(normalisation_missing, both, any, "LOGIC.memory_norm", "lightly 993, 1007",             \
    "vectors are not normalised")                                                           \
  X(projection_missing, backward, any, "GRAD.normalisation", "operator class",              \
    "the gradient keeps its part along the vector")                                         \
  X(gradient_not_divided_by_norm, backward, any, "GRAD.normalisation", "operator class",    \
    "the gradient is projected but not divided by the norm")                                \
  X(norm_attached_twice, backward, any, "GRAD.normalisation", "operator class",             \
    "the gradient is divided by the norm twice")                                            \
  X(log_scale_as_scale, both, any, "LOGIC.scale_param", "M3D 52, HF 13430, OpenAI CLIP 46", \
    "the log scale is not exponentiated")                                                   \
  X(log_scale_gradient_not_scaled, backward, any, "GRAD.temperature", "operator class",     \
    "the gradient of the scale in place of the log scale's")                                \
  X(scale_gradient_of_temperature, backward, any, "GRAD.temperature", "operator class",     \
    "the gradient of the temperature in place of the scale's")

#define ASSAY_PLANTED_FAMILY(X) \
  ASSAY_PLANTED_POSITIVES(X)    \
  ASSAY_PLANTED_REDUCTION(X) ASSAY_PLANTED_SCALE(X)
