// SPDX-License-Identifier: Apache-2.0
// A place in a JSON document: typed access, with the JSON pointer of whatever is wrong.
#include "properties/engine/files/json_reader.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "properties/engine/files/text.hpp"
#include "properties/engine/hash.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::engine {

using nlohmann::json;

namespace {

// RFC 6901: "~" and "/" of a key are escaped.
std::string token_of(const std::string& key) {
  std::string token;
  for (char c : one_line(key, 60)) {
    if (c == '~') {
      token += "~0";
    } else if (c == '/') {
      token += "~1";
    } else {
      token += c;
    }
  }
  return token;
}

std::optional<double> double_named(std::string_view text) {
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text.substr(0, 4) != "nan:" || text.size() != 20) return std::nullopt;
  std::uint64_t bits = 0;
  const auto [end, error] = std::from_chars(text.data() + 4, text.data() + 20, bits, 16);
  if (error != std::errc() || end != text.data() + 20) return std::nullopt;
  const auto value = std::bit_cast<double>(bits);
  if (!std::isnan(value)) return std::nullopt;
  return value;
}

}  // namespace

void JsonReader::fail(const std::string& what) const {
  throw InputError(*source_, pointer_.empty() ? "/" : pointer_, what);
}

void JsonReader::expected(const char* what) const {
  std::string found = value_->type_name();
  if (value_->is_string()) {
    found = "the string " + in_quotes(value_->get_ref<const std::string&>());
  } else if (value_->is_number()) {
    found = "the number " + value_->dump();
  }
  fail(std::string("expected ") + what + ", found " + found);
}

const JsonReader& JsonReader::object(std::initializer_list<std::string_view> keys,
                                     std::initializer_list<std::string_view> optional) const {
  if (!value_->is_object()) expected("an object");
  const auto has = [](std::initializer_list<std::string_view> list, const std::string& key) {
    return std::find(list.begin(), list.end(), key) != list.end();
  };
  for (const std::string_view key : keys)
    if (!value_->contains(key)) fail("the field " + in_quotes(key) + " is missing");
  if (value_->size() != keys.size())
    for (const auto& [key, unused] : value_->items())
      if (!has(keys, key) && !has(optional, key)) fail("unknown field " + in_quotes(key));
  return *this;
}

JsonReader JsonReader::at(const std::string& key) const {
  if (!value_->is_object()) expected("an object");
  const auto found = value_->find(key);
  if (found == value_->end()) fail("the field " + in_quotes(key) + " is missing");
  return {*found, *source_, pointer_ + "/" + token_of(key)};
}

std::vector<JsonReader> JsonReader::items() const {
  if (!value_->is_array()) expected("an array");
  std::vector<JsonReader> readers;
  readers.reserve(value_->size());
  for (std::size_t i = 0; i < value_->size(); ++i)
    readers.emplace_back((*value_)[i], *source_, pointer_ + "/" + std::to_string(i));
  return readers;
}

std::vector<std::pair<std::string, JsonReader>> JsonReader::members() const {
  if (!value_->is_object()) expected("an object");
  std::vector<std::pair<std::string, JsonReader>> readers;
  for (const auto& [key, member] : value_->items())
    readers.emplace_back(key, JsonReader(member, *source_, pointer_ + "/" + token_of(key)));
  return readers;
}

std::string JsonReader::string() const {
  if (!value_->is_string()) expected("a string");
  return value_->get<std::string>();
}

bool JsonReader::boolean() const {
  if (!value_->is_boolean()) expected("true or false");
  return value_->get<bool>();
}

std::uint64_t JsonReader::u64() const {
  if (!value_->is_number_unsigned()) expected("an integer from 0 to 2^64 - 1");
  return value_->get<std::uint64_t>();
}

std::int64_t JsonReader::i64() const {
  if (value_->is_number_unsigned() &&
      value_->get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()})
    return static_cast<std::int64_t>(value_->get<std::uint64_t>());
  if (!value_->is_number_integer() || value_->is_number_unsigned())
    expected("an integer from -2^63 to 2^63 - 1");
  return value_->get<std::int64_t>();
}

std::int64_t JsonReader::count() const {
  const std::int64_t value = i64();
  if (value < 0) expected("a count, 0 or more");
  return value;
}

double JsonReader::number() const {
  if (value_->is_string()) {
    if (const auto value = double_named(value_->get_ref<const std::string&>())) return *value;
    expected("a number, \"inf\", \"-inf\" or \"nan\"");
  }
  if (value_->is_number_integer()) {
    const std::int64_t value = i64();
    constexpr std::int64_t exact = std::int64_t{1} << std::numeric_limits<double>::digits;
    if (value < -exact || value > exact) expected("a number that is exact in double");
    return static_cast<double>(value);
  }
  if (!value_->is_number_float()) expected("a number");
  return value_->get<double>();
}

double JsonReader::finite() const {
  const double value = number();
  if (!std::isfinite(value)) expected("a finite number");
  return value;
}

Ends JsonReader::ends() const {
  object({"lo", "hi"});
  const Ends ends{at("lo").number(), at("hi").number()};
  if (std::isnan(ends.lo) || std::isnan(ends.hi)) fail("an end of an enclosure is never NaN");
  if (ends.lo > ends.hi) fail("the lower end lies above the upper end");
  return ends;
}

std::vector<std::string> JsonReader::strings() const {
  std::vector<std::string> values;
  for (const JsonReader& item : items()) values.push_back(item.string());
  return values;
}

std::string JsonReader::sha256() const {
  const std::string value = string();
  if (!is_sha256_hex(value)) expected("a SHA-256 of 64 lower-case hexadecimal digits");
  return value;
}

std::string JsonReader::sha256_or_empty() const {
  return string().empty() ? std::string() : sha256();
}

}  // namespace assay::engine
