// SPDX-License-Identifier: Apache-2.0
// safetensors: named tensors and a map of strings, as a file or as a frame on a pipe.
#include "properties/engine/files/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numeric>
#include <set>
#include <string_view>

#include "properties/engine/files/atomic_file.hpp"
#include "properties/engine/files/json_reader.hpp"
#include "properties/engine/files/json_text.hpp"
#include "properties/engine/files/layout.hpp"
#include "properties/engine/files/text.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::engine {

using nlohmann::json;
using nlohmann::ordered_json;

// Elements are copied as they lie in memory; the format is little-endian.
static_assert(std::endian::native == std::endian::little);

namespace {

struct DtypeName {
  Dtype dtype;
  std::string_view name;
};
constexpr DtypeName dtype_names[] = {
    {Dtype::f16, "F16"}, {Dtype::bf16, "BF16"}, {Dtype::f32, "F32"},
    {Dtype::f64, "F64"}, {Dtype::u8, "U8"},     {Dtype::i32, "I32"},
    {Dtype::i64, "I64"}, {Dtype::u32, "U32"},   {Dtype::u64, "U64"},
};

Dtype read_dtype(const JsonReader& field) {
  const std::string name = field.string();
  std::vector<std::string> known;
  for (const DtypeName& d : dtype_names) {
    if (d.name == name) return d.dtype;
    known.emplace_back(d.name);
  }
  std::string text;
  for (const std::string& k : known) text += (text.empty() ? "" : " ") + k;
  field.fail("unknown dtype " + in_quotes(name) + "; known are " + text);
}

std::string_view file_name_of(Dtype dtype) {
  for (const DtypeName& d : dtype_names)
    if (d.dtype == dtype) return d.name;
  return "?";
}

std::map<std::string, std::string> read_metadata(const JsonReader& header) {
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : header.at("__metadata__").members())
    metadata[key] = value.string();
  return metadata;
}

struct Extent {
  std::uint64_t begin = 0, end = 0;
};

// Name, dtype, shape and place in the data of one tensor; the bytes come later.
Tensor read_entry(const std::string& name, const JsonReader& entry, std::uint64_t data_size,
                  Extent& place) {
  entry.object({"dtype", "shape", "data_offsets"});
  Tensor t;
  t.name = name;
  t.dtype = read_dtype(entry.at("dtype"));
  for (const JsonReader& extent : entry.at("shape").items()) t.shape.push_back(extent.count());
  const auto bytes = dense_bytes(t.shape, t.dtype);
  if (!bytes) entry.at("shape").fail("shape " + shape_text(t.shape) + " is too large");
  t.strides = contiguous_strides(t.shape);
  const JsonReader offsets = entry.at("data_offsets");
  const auto pair = offsets.items();
  if (pair.size() != 2) offsets.fail("expected two offsets, found " + std::to_string(pair.size()));
  place = {pair[0].u64(), pair[1].u64()};
  if (place.begin > place.end) offsets.fail("the end lies before the begin");
  if (place.end > data_size)
    offsets.fail("the tensor ends at byte " + std::to_string(place.end) +
                 " of the data, which has " + std::to_string(data_size));
  if (place.end - place.begin != static_cast<std::uint64_t>(*bytes))
    offsets.fail("shape " + shape_text(t.shape) + " of " + std::string(file_name_of(t.dtype)) +
                 " needs " + std::to_string(*bytes) + " bytes, the offsets give " +
                 std::to_string(place.end - place.begin));
  return t;
}

// Every byte of the data belongs to exactly one tensor.
void check_tiling(const SafetensorsFrame& frame, const std::vector<Extent>& places,
                  std::uint64_t data_size, const std::string& source) {
  std::vector<std::size_t> order(places.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) {
    return std::pair(places[x].begin, places[x].end) < std::pair(places[y].begin, places[y].end);
  });
  std::uint64_t at = 0;
  for (std::size_t i : order) {
    if (places[i].begin != at)
      throw InputError(source, "header: /" + one_line(frame.tensors[i].name, 60) + "/data_offsets",
                       std::string(places[i].begin > at ? "a hole" : "an overlap") +
                           " in the data: the tensor begins at byte " +
                           std::to_string(places[i].begin) + ", the one before ends at " +
                           std::to_string(at));
    at = places[i].end;
  }
  if (at != data_size)
    throw InputError(source, "data",
                     std::to_string(data_size - at) + " bytes after the last tensor");
}

std::string_view header_of(std::span<const std::byte> bytes, const std::string& source) {
  if (bytes.size() < 8)
    throw InputError(source, "header length",
                     "the file has " + std::to_string(bytes.size()) + " bytes, 8 are needed");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  if (length > max_safetensors_header)
    throw InputError(source, "header length",
                     std::to_string(length) + " bytes are more than the format's limit of " +
                         std::to_string(max_safetensors_header));
  if (length > bytes.size() - 8)
    throw InputError(source, "header length",
                     "the header has " + std::to_string(length) + " bytes, the file only " +
                         std::to_string(bytes.size() - 8) + " after the length");
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + 8, length);
  if (header.empty() || header.front() != '{')
    throw InputError(source, "header", "does not begin with '{'");
  return header;
}

}  // namespace

const Tensor* SafetensorsFrame::find(const std::string& name) const {
  for (const Tensor& t : tensors)
    if (t.name == name) return &t;
  return nullptr;
}

SafetensorsFrame parse_safetensors(std::span<const std::byte> bytes, const std::string& source) {
  const std::string_view text = header_of(bytes, source);
  const std::span<const std::byte> data = bytes.subspan(8 + text.size());
  std::vector<std::string> names;
  constexpr std::size_t depth = 3;  // header, tensor, shape
  const json document = parse_json(text, source, "header", depth, &names);
  const std::string header_source = source + ": header";
  const JsonReader header(document, header_source);
  SafetensorsFrame frame;
  std::vector<Extent> places;
  for (const std::string& name : names) {
    if (name == "__metadata__") {
      frame.metadata = read_metadata(header);
      continue;
    }
    places.emplace_back();
    frame.tensors.push_back(read_entry(name, header.at(name), data.size(), places.back()));
  }
  check_tiling(frame, places, data.size(), source);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto part = data.subspan(places[i].begin, places[i].end - places[i].begin);
    frame.tensors[i].bytes.assign(part.begin(), part.end());
  }
  return frame;
}

namespace {

[[noreturn]] void refuse(const Tensor& t, const std::string& what) {
  throw InputError("safetensors frame", "tensor " + in_quotes(t.name), what);
}

void check_tensors(const SafetensorsFrame& frame) {
  std::set<std::string> names;
  for (const Tensor& t : frame.tensors) {
    if (t.name == "__metadata__") refuse(t, "the name is reserved by the format");
    if (!names.insert(t.name).second) refuse(t, "the name occurs twice");
    if (const std::string fault = layout_fault(t); !fault.empty()) refuse(t, fault);
  }
}

std::string header_text(const ordered_json& header) {
  try {
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');
    if (text.size() <= max_safetensors_header) return text;
  } catch (const ordered_json::exception&) {  // the only way for dump() to fail
    throw InputError("safetensors frame", "", "a name or a metadata entry is no valid UTF-8");
  }
  throw InputError("safetensors frame", "", "the header exceeds the format's limit");
}

}  // namespace

std::vector<std::byte> serialize_safetensors(const SafetensorsFrame& frame) {
  check_tensors(frame);
  std::vector<std::size_t> order(frame.tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) {
    return size_of(frame.tensors[x].dtype) > size_of(frame.tensors[y].dtype);
  });
  std::vector<Extent> places(frame.tensors.size());
  std::uint64_t size = 0;
  for (std::size_t i : order) {
    const auto bytes = *dense_bytes(frame.tensors[i].shape, frame.tensors[i].dtype);
    places[i] = {size, size + static_cast<std::uint64_t>(bytes)};
    size = places[i].end;
  }
  // An ordered_json from a list keeps the header in the order of the frame without its linear
  // search for every key.
  ordered_json header = ordered_json::object();
  auto& entries = header.get_ref<ordered_json::object_t&>();
  if (!frame.metadata.empty()) entries.emplace_back("__metadata__", ordered_json(frame.metadata));
  for (std::size_t i = 0; i < places.size(); ++i)
    entries.emplace_back(frame.tensors[i].name,
                         ordered_json{{"dtype", file_name_of(frame.tensors[i].dtype)},
                                      {"shape", frame.tensors[i].shape},
                                      {"data_offsets", {places[i].begin, places[i].end}}});
  const std::string text = header_text(header);

  std::vector<std::byte> out(8 + text.size() + size);
  const std::uint64_t length = text.size();
  std::memcpy(out.data(), &length, 8);
  std::memcpy(out.data() + 8, text.data(), text.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::vector<std::byte> bytes = packed(frame.tensors[i]);
    if (!bytes.empty())
      std::memcpy(out.data() + 8 + text.size() + places[i].begin, bytes.data(), bytes.size());
  }
  return out;
}

SafetensorsFrame read_safetensors(const std::string& path) {
  return parse_safetensors(read_file(path), shown_path(path));
}

void write_safetensors(const std::string& path, const SafetensorsFrame& frame) {
  write_file_atomically(path, serialize_safetensors(frame));
}

}  // namespace assay::engine
