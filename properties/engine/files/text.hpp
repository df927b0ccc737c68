// SPDX-License-Identifier: Apache-2.0
// Foreign text made fit for a one-line message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace assay::engine {

/// The text with control and non-ASCII bytes as \xNN, cut to `limit` characters (with "..." then),
/// so that a hostile name can neither break a line nor flood a terminal.
std::string one_line(std::string_view text, std::size_t limit = 200);
/// A path for a message: only control bytes are replaced, by \xNN; nothing is cut.
std::string shown_path(std::string_view path);
/// `one_line` between single quotes.
std::string in_quotes(std::string_view text, std::size_t limit = 60);
/// The names, quoted, comma-separated; "none" for none. At most eight are listed.
template <class Names>
std::string listed(const Names& names) {
  std::string text;
  std::size_t count = 0;
  for (const std::string& name : names) {
    if (count++ == 8) return text + ", ...";
    text += (text.empty() ? "" : ", ") + in_quotes(name);
  }
  return text.empty() ? "none" : text;
}

}  // namespace assay::engine
