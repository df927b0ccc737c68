// SPDX-License-Identifier: Apache-2.0
// Candidates that break one rule each, for the contract "test/double".
#pragma once

namespace assay::contract {

/// Adds "honest" and "misbehave:..." to the table of built-ins. Called by checker and worker alike.
void register_misbehaving();

}  // namespace assay::contract
