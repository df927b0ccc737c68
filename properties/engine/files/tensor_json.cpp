// SPDX-License-Identifier: Apache-2.0
// Tensors inside JSON files: bit for bit for the machine, and in decimals for people.
#include "properties/engine/files/tensor_json.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "properties/engine/files/base64.hpp"
#include "properties/engine/files/json_text.hpp"
#include "properties/engine/files/layout.hpp"
#include "properties/engine/files/text.hpp"

namespace assay::engine {

using nlohmann::ordered_json;

// `data` holds the elements as they lie in memory.
static_assert(std::endian::native == std::endian::little);

namespace {

// A stride of 0 lets a few bytes claim any number of elements; nothing real is larger than this.
constexpr std::int64_t max_dense_bytes = std::int64_t{1} << 33;

bool is_listed(const Tensor& t) {
  return (t.dtype == Dtype::f32 || t.dtype == Dtype::f64) && t.count() <= max_listed_elements;
}

// The double whose shortest decimal is the shortest decimal of the float: 0.1f -> 0.1. (A decimal
// of at most 9 digits survives the way through a double.)
double shortest_of(float value) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  double shortest = 0;
  std::from_chars(digits.data(), end, shortest);
  return shortest;
}

template <class T>
T element(const std::vector<std::byte>& bytes, std::size_t i) {
  T value;
  std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
  return value;
}

ordered_json listed_value(double value) {
  return std::isnan(value) ? ordered_json("nan") : json_of(value);
}

ordered_json listed_values(const Tensor& t) {
  const std::vector<std::byte> bytes = packed(t);
  ordered_json values = ordered_json::array();
  for (std::size_t i = 0; i < static_cast<std::size_t>(t.count()); ++i) {
    if (t.dtype == Dtype::f64) {
      values.push_back(listed_value(element<double>(bytes, i)));
    } else {
      const auto value = element<float>(bytes, i);
      values.push_back(listed_value(std::isfinite(value) ? shortest_of(value) : double{value}));
    }
  }
  return values;
}

bool same_bits(double x, double y) {
  return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
}

bool agrees(double listed, double value) {
  return std::isnan(value) ? std::isnan(listed) : same_bits(listed, value);
}

// More digits than the shortest are as good, as long as they round to the same float.
bool agrees(double listed, float value) {
  if (!std::isfinite(value)) return agrees(listed, double{value});
  if (same_bits(listed, shortest_of(value))) return true;
  return std::abs(listed) <= double{std::numeric_limits<float>::max()} &&
         std::bit_cast<std::uint32_t>(static_cast<float>(listed)) ==
             std::bit_cast<std::uint32_t>(value);
}

void check_values(const JsonReader& field, const Tensor& t) {
  if (!is_listed(t)) field.fail("only short f32 and f64 tensors list their values");
  const auto items = field.items();
  if (items.size() != static_cast<std::size_t>(t.count()))
    field.fail("the list has " + std::to_string(items.size()) + " values, the shape " +
               shape_text(t.shape) + " has " + std::to_string(t.count()));
  const std::vector<std::byte> bytes = packed(t);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const double listed = items[i].number();
    const bool same = t.dtype == Dtype::f64 ? agrees(listed, element<double>(bytes, i))
                                            : agrees(listed, element<float>(bytes, i));
    if (!same) items[i].fail("the value contradicts the bytes in 'data'");
  }
}

std::vector<std::int64_t> counts(const JsonReader& field) {
  std::vector<std::int64_t> values;
  for (const JsonReader& item : field.items()) values.push_back(item.count());
  if (values.size() > max_rank)
    field.fail("has " + std::to_string(values.size()) + " entries, at most " +
               std::to_string(max_rank) + " are read");
  return values;
}

}  // namespace

ordered_json json_of(const Tensor& t) {
  if (const std::string fault = layout_fault(t); !fault.empty())
    throw std::invalid_argument("tensor " + in_quotes(t.name) + ": " + fault);
  ordered_json out{{"name", t.name},
                   {"dtype", name_of(t.dtype)},
                   {"shape", t.shape},
                   {"strides", t.strides},
                   {"data", base64_of(t.bytes)}};
  if (is_listed(t)) out["values"] = listed_values(t);
  return out;
}

Tensor tensor_from(const JsonReader& reader) {
  reader.object({"name", "dtype", "shape", "strides", "data"}, {"values"});
  Tensor t;
  t.name = reader.at("name").string();
  const std::string dtype = reader.at("dtype").string();
  const auto known = dtype_named(dtype);
  if (!known) reader.at("dtype").fail("unknown dtype " + in_quotes(dtype));
  t.dtype = *known;
  t.shape = counts(reader.at("shape"));
  t.strides = counts(reader.at("strides"));
  auto bytes = bytes_of_base64(reader.at("data").string());
  if (!bytes) reader.at("data").fail("is not canonical base64");
  t.bytes = std::move(*bytes);
  if (const std::string fault = layout_fault(t); !fault.empty()) reader.fail(fault);
  if (*dense_bytes(t.shape, t.dtype) > max_dense_bytes)
    reader.at("shape").fail("shape " + shape_text(t.shape) + " is too large");
  if (reader.json().contains("values")) check_values(reader.at("values"), t);
  return t;
}

}  // namespace assay::engine
