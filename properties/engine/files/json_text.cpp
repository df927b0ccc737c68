// SPDX-License-Identifier: Apache-2.0
// JSON as it is read and written here: strictly, and always in the same form.
#include "properties/engine/files/json_text.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <unordered_set>

#include "properties/engine/files/text.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::engine {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

// "[json.exception.parse_error.101] parse error at ..." without the library's own numbering.
std::string plain_message(const char* what) {
  std::string_view text(what);
  if (const auto end = text.find("] "); text.substr(0, 1) == "[" && end != std::string_view::npos)
    text.remove_prefix(end + 2);
  return "JSON: " + one_line(text, 300);
}

}  // namespace

json parse_json(std::string_view text, const std::string& source, const std::string& place,
                std::size_t max_depth, std::vector<std::string>* top_level_keys) {
  std::vector<std::unordered_set<std::string>> open;  // keys seen in each object being read
  const auto watch = [&](int, json::parse_event_t event, json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        if (open.size() == max_depth)
          throw InputError(source, place,
                           "JSON: nested deeper than " + std::to_string(max_depth) + " levels");
        open.emplace_back();
        break;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end: open.pop_back(); break;
      case json::parse_event_t::key: {
        const auto& key = parsed.get_ref<const std::string&>();
        if (!open.back().insert(key).second)
          throw InputError(source, place, "JSON: the key " + in_quotes(key) + " occurs twice");
        if (top_level_keys && open.size() == 1) top_level_keys->push_back(key);
        break;
      }
      case json::parse_event_t::value: break;
    }
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), watch);
  } catch (const json::exception& e) {
    throw InputError(source, place, plain_message(e.what()));
  }
}

namespace {

constexpr std::size_t line_width = 100;

std::string leaf_text(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

bool is_flat(const ordered_json& value) {
  for (const auto& item : value)
    if (item.is_structured() && !item.empty()) return false;
  return true;
}

// One line with a space after commas and colons; of flat values only.
std::string inline_text(const ordered_json& value) {
  if (!value.is_structured() || value.empty()) return leaf_text(value);
  std::string text;
  for (auto it = value.begin(); it != value.end(); ++it) {
    if (!text.empty()) text += ", ";
    if (value.is_object()) text += leaf_text(it.key()) + ": ";
    text += leaf_text(*it);
  }
  return value.is_object() ? "{" + text + "}" : "[" + text + "]";
}

void append(std::string& out, const ordered_json& value, std::size_t indent) {
  if (is_flat(value)) {
    const std::string line = inline_text(value);
    if (!value.is_object() || indent + line.size() <= line_width) {
      out += line;
      return;
    }
  }
  const std::string margin(indent + 2, ' ');
  out += value.is_object() ? "{" : "[";
  bool first = true;
  for (auto it = value.begin(); it != value.end(); ++it) {
    out += first ? "\n" : ",\n";
    first = false;
    out += margin;
    if (value.is_object()) out += leaf_text(it.key()) + ": ";
    append(out, *it, indent + 2);
  }
  out += "\n" + std::string(indent, ' ') + (value.is_object() ? "}" : "]");
}

}  // namespace

std::string json_text(const ordered_json& value) {
  std::string text;
  append(text, value, 0);
  return text + "\n";
}

ordered_json json_of(double value) {
  if (std::isfinite(value)) return value;
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  const auto bits = std::bit_cast<std::uint64_t>(value);
  if (bits == std::bit_cast<std::uint64_t>(std::numeric_limits<double>::quiet_NaN())) return "nan";
  std::string text = "nan:";
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[bits >> shift & 15];
  return text;
}

}  // namespace assay::engine
