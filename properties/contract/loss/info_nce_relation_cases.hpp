// SPDX-License-Identifier: Apache-2.0
// Labels and masks of cases.
#pragma once

#include <cstdint>

#include "properties/engine/case.hpp"
#include "reference/loss/info_nce_family.hpp"

namespace assay::contract {

/// Adds "labels" (and "labels_b") or "mask" where the setting asks for them, drawn from a stream of
/// their own: the embeddings of a case do not depend on them. Families that are about relations get
/// what their name says, others a pattern that changes with the index.
void add_relations(engine::Case& c, const reference::InfoNceSetting& setting, std::int64_t pairs);

}  // namespace assay::contract
