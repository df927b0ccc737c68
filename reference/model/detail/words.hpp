// SPDX-License-Identifier: Apache-2.0
// Words: "name key=value key=value", the notation in which losses and hardenings are written.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "reference/arithmetic/real.hpp"

namespace assay::reference::detail {

/// A name and settings, every one of which must be used: what nobody asked for is a mistake.
class Words {
 public:
  /// \throws std::invalid_argument for an empty text, a word without '=', a key given twice
  explicit Words(std::string_view text);

  const std::string& name() const { return name_; }
  /// The value of a key, which counts as used. \throws std::invalid_argument when it is missing
  std::string take(const std::string& key);
  Real take_number(const std::string& key);
  int take_int(const std::string& key, int lowest);
  /// \throws std::invalid_argument naming a setting that was not used
  void finish() const;
  [[noreturn]] void fail(const std::string& what) const;

 private:
  std::string text_;
  std::string name_;
  std::map<std::string, std::string> settings_;
};

}  // namespace assay::reference::detail
