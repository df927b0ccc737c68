// SPDX-License-Identifier: Apache-2.0
// AddressSanitizer reports in the worker: in recover mode they would otherwise go unnoticed.
#pragma once

#include <string>

namespace assay::contract {

/// Starts listening to AddressSanitizer; does nothing in a build without it.
void watch_sanitizer();
/// Forgets earlier reports.
void reset_sanitizer_report();
/// First line of the first report since the reset; empty when there was none.
std::string sanitizer_report();
/// True when the build reserves terabytes of address space for its shadow, so that a limit on
/// address space cannot be set.
bool sanitizer_reserves_memory();

}  // namespace assay::contract
