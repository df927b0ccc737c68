// SPDX-License-Identifier: Apache-2.0
// The column of the contract loss/info_nce.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "properties/contract/column.hpp"

namespace assay::contract {

/// loss/info_nce: instances "joint-block" (NT-Xent, SimCLR), "one-direction", those of
/// `info_nce_settings()`, forward and backward, in three formats. Inputs "a", "b": N x d with row
/// strides, labels or a mask where the setting has them; scalar "temperature"; outputs row_loss,
/// row_lse (of the two older instances), loss, or the gradients.
const Column& info_nce_column();

/// The families of cases and the generator behind `Column::make_case`.
std::vector<Family> info_nce_families();
/// The families of an instance of a setting: those of pairs on fewer rows, and those of its
/// relations.
std::vector<Family> info_nce_setting_families(const std::string& instance);
engine::Case make_info_nce_setting_case(const engine::CaseDescriptor& descriptor);
engine::Case make_info_nce_case(const engine::CaseDescriptor& descriptor);
/// Family "file": the user's embeddings as they are and in pieces, at several temperatures.
std::vector<engine::Case> info_nce_cases_from(const engine::Embeddings& embeddings,
                                              const std::string& instance, std::uint64_t seed);

/// Shrinking moves: fewer pairs, fewer coordinates, simpler temperature, simpler entries.
std::vector<engine::Case> simpler_info_nce_cases(const engine::Case& c);
/// (pairs, coordinates, layout, distinct entries, significant bits, temperature bits).
engine::Complexity info_nce_complexity(const engine::Case& c);

}  // namespace assay::contract
