// SPDX-License-Identifier: Apache-2.0
// JSON as it is read and written here: strictly, and always in the same form.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace assay::engine {

/// Parses one JSON text (RFC 8259). Unlike a plain parse it refuses duplicate keys, nesting deeper
/// than `max_depth`, and anything after the value. `top_level_keys`, if given, receives the keys of
/// the outermost object in the order of the text.
/// \throws InputError naming `source` and `place`, with the byte or the key
nlohmann::json parse_json(std::string_view text, const std::string& source,
                          const std::string& place, std::size_t max_depth = 64,
                          std::vector<std::string>* top_level_keys = nullptr);

/// Indented by two spaces, ends with a newline; arrays of plain values and small objects stay on
/// one line. Numbers print with the fewest digits that read back to the same double. Deterministic.
/// Bytes that are no UTF-8 become U+FFFD.
std::string json_text(const nlohmann::ordered_json& value);

/// A double of any value: a number when finite, else "inf", "-inf", "nan", or "nan:" and the 16
/// hexadecimal digits of a NaN other than the default one.
nlohmann::ordered_json json_of(double value);

}  // namespace assay::engine
