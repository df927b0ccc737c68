// SPDX-License-Identifier: Apache-2.0
// The 28 bugs and the two suites of the kill matrix.
#include "properties/contract/loss/info_nce_families.hpp"
#include "properties/contract/loss/info_nce_kill_matrix.hpp"

namespace assay::contract {

const std::vector<KillMatrixBug>& info_nce_kill_matrix_bugs() {
  using kernels::Planted;
  static const std::vector<KillMatrixBug> bugs = {
      {Planted::last_column_dropped, "last column dropped"},
      {Planted::padding_counted, "padding counted in the sum"},
      {Planted::maximum_not_subtracted, "no maximum"},
      {Planted::rescale_missing_in_last_tile, "rescale missing in the last tile"},
      {Planted::middle_tile_skipped, "a tile skipped"},
      {Planted::row_sum_in_bf16, "bf16 row sums"},
      {Planted::epsilon_in_log, "eps inside the log"},
      {Planted::tiny_in_log, "tiny inside the log"},
      {Planted::positive_in_bf16, "positive rounded to bf16"},
      {Planted::positive_lost_in_last_tile, "diagonal lost in the last tile"},
      {Planted::upstream_ignored, "upstream gradient ignored"},
      {Planted::mean_over_padded_length, "mean over the padded length"},
      {Planted::keys_detached, "one-sided detach"},
      {Planted::coefficient_in_bf16, "G truncated to bf16"},
      {Planted::coefficient_in_three_bits, "G truncated to 3 mantissa bits"},
      {Planted::gradient_in_bf16, "bf16 accumulation across tiles"},
      {Planted::tile_update_lost, "one tile's update lost"},
      {Planted::keys_not_scaled, "1/T missing in dK"},
      {Planted::keys_from_wrong_operand, "dK from the wrong operand"},
      {Planted::temperature_gradient_sign, "dT with the wrong sign"},
      {Planted::temperature_gradient_without_positive, "dT without the diagonal"},
      {Planted::temperature_gradient_in_bf16, "dT in bf16"},
      {Planted::zero_gradient, "zero gradient"},
      {Planted::half_gradient, "half gradient"},
      {Planted::gradient_three_percent, "gradient +3 %"},
      // The list says "among the mutants" and names 25. Three of the same kind complete it.
      {Planted::tail_tile_skipped, "not named: the tail tile skipped"},
      {Planted::diagonal_mask_lost_in_last_tile,
       "not named: the positive counted twice in the last tile"},
      {Planted::row_sum_in_half, "not named: fp16 row sums"},
  };
  return bugs;
}

std::vector<KillMatrixSuite> info_nce_kill_matrix_suites() {
  KillMatrixSuite adversarial{"adversarial", {}, true};
  for (std::uint64_t index = 0; index < adversarial_cases; ++index)
    adversarial.cases.emplace_back("adversarial", index);
  return {{"typical", {{"typical", 0}}, false}, adversarial};
}

}  // namespace assay::contract
