// SPDX-License-Identifier: Apache-2.0
// Reading "name key=value".
#include "reference/model/detail/words.hpp"

#include <charconv>
#include <sstream>
#include <stdexcept>

namespace assay::reference::detail {

Words::Words(std::string_view text) : text_(text) {
  std::istringstream words(text_);
  words >> name_;
  if (name_.empty()) throw std::invalid_argument("expected a name, found nothing");
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals == word.npos || equals == 0) fail("'" + word + "' is not key=value");
    if (!settings_.emplace(word.substr(0, equals), word.substr(equals + 1)).second)
      fail("'" + word.substr(0, equals) + "' is given twice");
  }
}

void Words::fail(const std::string& what) const {
  throw std::invalid_argument("'" + text_ + "': " + what);
}

std::string Words::take(const std::string& key) {
  const auto found = settings_.find(key);
  if (found == settings_.end()) fail("'" + key + "=' is missing");
  std::string value = found->second;
  settings_.erase(found);
  return value;
}

Real Words::take_number(const std::string& key) {
  const std::string value = take(key);
  try {
    return Real::parse(value);
  } catch (const std::invalid_argument& error) {
    fail(key + ": " + error.what());
  }
}

int Words::take_int(const std::string& key, int lowest) {
  const std::string value = take(key);
  int result = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
  if (error != std::errc() || end != value.data() + value.size() || result < lowest)
    fail(key + " must be an integer of at least " + std::to_string(lowest));
  return result;
}

void Words::finish() const {
  if (!settings_.empty()) fail("'" + settings_.begin()->first + "' is no setting of " + name_);
}

}  // namespace assay::reference::detail
