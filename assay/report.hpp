// SPDX-License-Identifier: Apache-2.0
// Certificates as text for people.
#pragma once

#include <string>
#include <vector>

#include "properties/contract/certificate.hpp"

namespace assay::cli {

/// Prints a check: its line, a table of families, and for a refutation the smallest case.
void print_check(const contract::Check& check);
/// Prints what the run adds up to, with its false-alarm budget and where the certificate lies.
void print_summary(const contract::Certificate& certificate, const std::string& output);

/// Names of the built-in candidates that are not planted faults.
std::vector<std::string> shipped_candidates(const std::string& contract_name);
/// \throws engine::InputError suggesting the nearest when the contract has no such candidate
void require_candidate(const std::string& contract_name, const std::string& name);

}  // namespace assay::cli
