// SPDX-License-Identifier: Apache-2.0
// Planted faults of the samplers: known defects that a certification must refute.
//
// Every entry names what it breaks (methods, "augmentation", or "any" of them), the class
// of operator in the bug catalogue, and what is wrong.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace assay::kernels::sampling {

// X(name, methods, operator class, description)
#define ASSAY_SAMPLING_FAULTS(X)                                                                   \
  X(last_bin_lost, "inverse_cdf", "BIAS.last_bin", "the last column is never drawn")               \
  X(open_closed_swapped, "inverse_cdf", "EDGE.uniform_one", "u in (0, 1] in place of [0, 1)")      \
  X(float_cumulative_sum, "inverse_cdf", "TAIL.cumsum_stall",                                      \
    "the cumulative sum is kept in binary32")                                                      \
  X(search_not_strict, "inverse_cdf", "SUPPORT.zero_mass",                                         \
    "<= for < in the search: a column of weight 0 is drawn at u = 0")                              \
  X(weight_off_five_percent, "inverse_cdf alias", "BIAS.weight",                                   \
    "every third weight times 1.05 (alias: 0.95)")                                                 \
  X(self_leaks,                                                                                    \
    "inverse_cdf gumbel_max exponential_race gumbel_top_k uniform uniform_distinct rejection "     \
    "top_k",                                                                                       \
    "SUPPORT.self", "the row itself is among its negatives")                                       \
  X(positive_leaks,                                                                                \
    "inverse_cdf gumbel_max exponential_race gumbel_top_k uniform uniform_distinct rejection "     \
    "top_k",                                                                                       \
    "SUPPORT.positive", "the positive is among the negatives")                                     \
  X(label_leaks,                                                                                   \
    "inverse_cdf gumbel_max exponential_race gumbel_top_k uniform uniform_distinct rejection "     \
    "top_k",                                                                                       \
    "SUPPORT.label", "the row's own class is among its negatives")                                 \
  X(tilt_twice, "inverse_cdf gumbel_max exponential_race gumbel_top_k rejection", "BIAS.tilt",     \
    "the tilt is applied twice: 2 beta in the exponent, twice the power (rejection: 2 u)")         \
  X(exponent_saturates, "inverse_cdf gumbel_max exponential_race gumbel_top_k top_k",              \
    "EDGE.index_range", "exponents above 88 count as 88, where binary32 overflows")                \
  X(temperature_forgotten, "inverse_cdf gumbel_max exponential_race gumbel_top_k rejection",       \
    "BIAS.tilt", "inv_tau is taken for 1")                                                         \
  X(counter_repeats_per_trial,                                                                     \
    "inverse_cdf alias gumbel_max exponential_race uniform anchor_positive augmentation",          \
    "STREAM.reused_counter", "every trial of a row reads the same words")                          \
  X(counter_repeats_per_row, "any", "STREAM.reused_counter", "every row reads the same words")     \
  X(counter_repeats_per_call, "any", "STREAM.reused_counter", "every call reads the same words")   \
  X(counter_repeats_per_place, "uniform_distinct disjoint_batches", "STREAM.reused_counter",       \
    "every place of a tuple reads the same word")                                                  \
  X(rows_overlap, "any", "STREAM.philox",                                                          \
    "the words of a row are those of the last, one trial on")                                      \
  X(zero_mass_reachable, "gumbel_max exponential_race gumbel_top_k", "SUPPORT.zero_mass",          \
    "a column of weight 0 gets a small one")                                                       \
  X(alias_off_by_one, "alias", "BIAS.alias", "the next column's alias is taken")                   \
  X(alias_inverted, "alias", "BIAS.alias",                                                         \
    "the column is kept where it should give way, and the reverse")                                \
  X(modulo_biased, "uniform", "BIAS.modulo", "remainder of a word in place of a product")          \
  X(modulo_of_eight_bits, "uniform", "BIAS.modulo", "remainder of the 8 leading bits")             \
  X(top_k_off_by_one, "top_k gumbel_top_k", "BIAS.top_k", "the first place is skipped")            \
  X(top_k_ties_to_last, "top_k", "BIAS.ties", "ties go to the larger index")                       \
  X(duplicates, "top_k gumbel_top_k uniform_distinct disjoint_batches", "SUPPORT.duplicate",       \
    "what was taken can be taken again")                                                           \
  X(gumbel_of_zero, "gumbel_max exponential_race gumbel_top_k", "EDGE.exp_zero",                   \
    "u may be exactly 1, its exponential variate 0")                                               \
  X(race_without_weights, "exponential_race", "BIAS.weight",                                       \
    "the weight of a race is its square root")                                                     \
  X(first_proposal_accepted, "rejection", "BIAS.rejection", "the first proposal is accepted")      \
  X(acceptance_inverted, "rejection", "BIAS.rejection", "accepted where it should be refused")     \
  X(positive_equals_anchor, "anchor_positive", "SUPPORT.self",                                     \
    "the anchor may be its own positive")                                                          \
  X(anchor_by_class, "anchor_positive", "BIAS.anchor", "classes alike in place of anchors alike")  \
  X(batches_biased, "disjoint_batches", "BIAS.shuffle", "every place is exchanged with any place") \
  X(variance_for_deviation, "augmentation", "BIAS.noise",                                          \
    "the variance is taken for the deviation")                                                     \
  X(normals_repeat, "augmentation", "BIAS.noise", "both numbers of a pair are the cosine's")       \
  X(deviation_forgotten, "augmentation", "BIAS.noise", "the deviation is taken for 1")             \
  X(tail_not_augmented, "augmentation", "TAIL.noise",                                              \
    "the last coordinate of an odd dimension gets no noise")                                       \
  X(signs_forgotten, "augmentation", "BIAS.noise", "random signs are not applied")                 \
  X(noise_in_bf16, "augmentation", "BIAS.bf16_normal",                                             \
    "the normal numbers are rounded to bfloat16")                                                  \
  X(box_muller_of_zero, "augmentation", "EDGE.log_zero", "u may be exactly 0, its logarithm -inf")

#define ASSAY_SAMPLING_FAULT_NAME(name, methods, operators, description) name,
/// `none` is the kernel itself.
enum class Fault : unsigned char { none, ASSAY_SAMPLING_FAULTS(ASSAY_SAMPLING_FAULT_NAME) };
#undef ASSAY_SAMPLING_FAULT_NAME

struct FaultEntry {
  Fault fault;
  std::string_view name, methods, operators, description;
  /// Whether the fault changes this method (by name).
  constexpr bool breaks(std::string_view method) const {
    if (methods == "any") return method != "top_k";  // which draws nothing
    for (std::string_view rest = methods; !rest.empty();) {
      const std::size_t end = rest.find(' ');
      if (rest.substr(0, end) == method) return true;
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
    return false;
  }
};

#define ASSAY_SAMPLING_FAULT_ENTRY(name, methods, operators, description) \
  {Fault::name, #name, methods, operators, description},
inline constexpr FaultEntry fault_catalogue[] = {ASSAY_SAMPLING_FAULTS(ASSAY_SAMPLING_FAULT_ENTRY)};
#undef ASSAY_SAMPLING_FAULT_ENTRY

constexpr std::optional<Fault> fault_named(std::string_view name) {
  for (const FaultEntry& e : fault_catalogue)
    if (e.name == name) return e.fault;
  return std::nullopt;
}

}  // namespace assay::kernels::sampling
