// SPDX-License-Identifier: Apache-2.0
// Foreign text made fit for a one-line message.
#include "properties/engine/files/text.hpp"

namespace assay::engine {

namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void append_escaped(std::string& line, char c) {
  const auto byte = static_cast<unsigned char>(c);
  line += "\\x";
  line += "0123456789abcdef"[byte >> 4];
  line += "0123456789abcdef"[byte & 15];
}

}  // namespace

std::string one_line(std::string_view text, std::size_t limit) {
  std::string line;
  for (char c : text) {
    if (line.size() >= limit) return line + "...";
    if (is_control(c) || static_cast<unsigned char>(c) >= 0x80) {
      append_escaped(line, c);
    } else {
      line += c;
    }
  }
  return line;
}

std::string shown_path(std::string_view path) {
  std::string line;
  for (char c : path) {
    if (is_control(c)) {
      append_escaped(line, c);
    } else {
      line += c;
    }
  }
  return line;
}

std::string in_quotes(std::string_view text, std::size_t limit) {
  return "'" + one_line(text, limit) + "'";
}

}  // namespace assay::engine
