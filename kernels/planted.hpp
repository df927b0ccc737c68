// SPDX-License-Identifier: Apache-2.0
// Planted faults: known defects compiled into a kernel so that the checks can be checked.
#pragma once

#include <optional>
#include <string_view>

namespace assay::kernels {

/// `none` is the kernel itself. Everything else is a defect that a certification must refute.
enum class Planted : unsigned char {
  none,
  diagonal_mask_dropped,
  tail_tile_skipped,
  barrier_removed,
  maximum_not_subtracted,
  temperature_off,  ///< 1/temperature too large by a factor 1 + 2^-16
  row_sum_in_half,
  last_column_twice,
  input_written,
};

inline constexpr Planted planted_faults[] = {
    Planted::diagonal_mask_dropped,  Planted::tail_tile_skipped, Planted::barrier_removed,
    Planted::maximum_not_subtracted, Planted::temperature_off,   Planted::row_sum_in_half,
    Planted::last_column_twice,      Planted::input_written,
};

constexpr std::string_view name_of(Planted fault) {
  switch (fault) {
    case Planted::none: return "none";
    case Planted::diagonal_mask_dropped: return "diagonal_mask_dropped";
    case Planted::tail_tile_skipped: return "tail_tile_skipped";
    case Planted::barrier_removed: return "barrier_removed";
    case Planted::maximum_not_subtracted: return "maximum_not_subtracted";
    case Planted::temperature_off: return "temperature_off";
    case Planted::row_sum_in_half: return "row_sum_in_half";
    case Planted::last_column_twice: return "last_column_twice";
    case Planted::input_written: return "input_written";
  }
  return "?";
}

constexpr std::optional<Planted> planted_named(std::string_view name) {
  for (Planted f : planted_faults)
    if (name_of(f) == name) return f;
  return std::nullopt;
}

}  // namespace assay::kernels
