// SPDX-License-Identifier: Apache-2.0
// A place in a JSON document: typed access, with the JSON pointer of whatever is wrong.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ends.hpp"

namespace assay::engine {

/// One value of a document together with its JSON pointer (RFC 6901). Every access checks the type
/// and throws InputError "source: /pointer: what" otherwise. Refers to the document and the source
/// text, which must outlive it.
class JsonReader {
 public:
  JsonReader(const nlohmann::json& value, const std::string& source, std::string pointer = {})
      : value_(&value), source_(&source), pointer_(std::move(pointer)) {}

  /// Throws unless this is an object with all of `keys`, perhaps some of `optional`, and no others.
  const JsonReader& object(std::initializer_list<std::string_view> keys,
                           std::initializer_list<std::string_view> optional = {}) const;
  /// The member of that name. \pre object
  JsonReader at(const std::string& key) const;
  /// True for an object with this key.
  bool has(const std::string& key) const { return value_->is_object() && value_->contains(key); }
  /// The elements of an array.
  std::vector<JsonReader> items() const;
  /// The members of an object with free keys, in the order of the keys.
  std::vector<std::pair<std::string, JsonReader>> members() const;

  std::string string() const;
  bool boolean() const;
  std::uint64_t u64() const;
  std::int64_t i64() const;
  std::int64_t count() const;  ///< i64, not negative
  /// A double as `json_of` writes it; an integer literal counts where it is exact.
  double number() const;
  double finite() const;
  /// {"lo": number, "hi": number} with lo <= hi and no NaN.
  Ends ends() const;
  std::vector<std::string> strings() const;
  std::string sha256() const;           ///< 64 hexadecimal digits
  std::string sha256_or_empty() const;  ///< or ""

  [[noreturn]] void fail(const std::string& what) const;
  const nlohmann::json& json() const { return *value_; }

 private:
  [[noreturn]] void expected(const char* what) const;

  const nlohmann::json* value_;
  const std::string* source_;
  std::string pointer_;
};

}  // namespace assay::engine
