// SPDX-License-Identifier: Apache-2.0
// Witness files: an exact instance, in text, that anybody can try again.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "properties/engine/claim/search.hpp"

namespace assay::engine {

inline constexpr const char* witness_schema = "assay/witness/1";

/// A witness as read: enough to try the claim again from nothing.
struct Witness {
  std::string claim;
  std::string statement;
  Instance instance;
};

/// {"integers": {}, "choices": {}, "blocks": [{"name", "kind", "dimensions", "values", ...}]} with
/// every number as exact text ("-7/12").
nlohmann::ordered_json json_of(const Instance& exact);
/// The whole file: claim, place, statement, instance, sides, margin, how it was confirmed and
/// found, and a digest of claim and instance.
nlohmann::ordered_json witness_json(const Claim& claim, const Find& find);

/// \throws InputError with the place for malformed files and for an instance that does not match
/// the digest
Witness parse_witness(const std::string& text, const std::string& source);

}  // namespace assay::engine
