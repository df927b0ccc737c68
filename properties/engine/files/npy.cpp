// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy files.
#include "properties/engine/files/npy.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "properties/engine/files/atomic_file.hpp"
#include "properties/engine/files/layout.hpp"
#include "properties/engine/files/npy_header.hpp"
#include "properties/engine/files/text.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::engine {

// Elements are copied as they lie in memory; the descriptors say little-endian.
static_assert(std::endian::native == std::endian::little);

namespace {

constexpr std::string_view magic("\x93NUMPY", 6);

// Far above what three entries and 64 extents need; a longer header is a lie or a structured array.
constexpr std::size_t max_header = std::size_t{1} << 20;

struct Descriptor {
  std::string_view text;
  Dtype dtype;
};
constexpr Descriptor descriptors[] = {
    {"<f2", Dtype::f16}, {"<f4", Dtype::f32}, {"<f8", Dtype::f64},
    {"<i4", Dtype::i32}, {"<i8", Dtype::i64}, {"<u4", Dtype::u32},
    {"<u8", Dtype::u64}, {"|b1", Dtype::u8},  {"|u1", Dtype::u8},
};

Dtype dtype_of(const std::string& descr, const std::string& source) {
  for (const Descriptor& d : descriptors)
    if (d.text == descr) return d.dtype;
  const std::string place = "header: descr " + in_quotes(descr);
  if (descr.find('O') != std::string::npos)
    throw InputError(source, place, "arrays of Python objects are pickled code and are not read");
  if (!descr.empty() && descr.front() == '>')
    throw InputError(
        source, place,
        "big-endian arrays are not supported; save a.astype(a.dtype.newbyteorder('<'))");
  std::string known;
  for (const Descriptor& d : descriptors) known += (known.empty() ? "" : " ") + std::string(d.text);
  throw InputError(source, place, "is not supported; known are " + known);
}

// A byte of a bool array that is neither 0 nor 1 has no meaning.
void check_bools(const Tensor& t, const std::string& source) {
  for (std::size_t i = 0; i < t.bytes.size(); ++i)
    if (t.bytes[i] > std::byte{1})
      throw InputError(source, "data: byte " + std::to_string(i),
                       "a bool is 0 or 1, not " + std::to_string(std::to_integer<int>(t.bytes[i])));
}

struct Parts {
  std::string_view header;
  std::span<const std::byte> data;
  int major = 0;
};

Parts split(std::span<const std::byte> bytes, const std::string& source) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.substr(0, magic.size()) != magic)
    throw InputError(source, "byte 0", "does not begin with the magic of an .npy file");
  if (text.size() < 8) throw InputError(source, "version", "the file ends here");
  Parts parts;
  parts.major = static_cast<unsigned char>(text[6]);
  const int minor = static_cast<unsigned char>(text[7]);
  if (parts.major < 1 || parts.major > 3 || minor != 0)
    throw InputError(source, "version",
                     std::to_string(parts.major) + "." + std::to_string(minor) +
                         " is unknown; known are 1.0, 2.0 and 3.0");
  const std::size_t width = parts.major == 1 ? 2 : 4;
  if (text.size() < 8 + width) throw InputError(source, "header length", "the file ends here");
  std::size_t length = 0;
  for (std::size_t i = 0; i < width; ++i)
    length |= std::size_t{static_cast<unsigned char>(text[8 + i])} << (8 * i);
  const std::size_t rest = text.size() - 8 - width;
  if (length > rest)
    throw InputError(source, "header length",
                     "the header has " + std::to_string(length) + " bytes, the file only " +
                         std::to_string(rest) + " after the length");
  if (length > max_header)
    throw InputError(
        source, "header length",
        std::to_string(length) + " bytes are more than the limit of " + std::to_string(max_header));
  parts.header = text.substr(8 + width, length);
  parts.data = bytes.subspan(8 + width + length);
  return parts;
}

std::vector<std::int64_t> column_major_strides(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = 1; i < shape.size(); ++i) strides[i] = strides[i - 1] * shape[i - 1];
  return strides;
}

}  // namespace

Tensor parse_npy(std::span<const std::byte> bytes, const std::string& source) {
  const Parts parts = split(bytes, source);
  const NpyHeader header = parse_npy_header(parts.header, source, parts.major < 3);
  Tensor t;
  t.dtype = dtype_of(header.descr, source);
  t.shape = header.shape;
  const auto need = dense_bytes(t.shape, t.dtype);
  if (!need) throw InputError(source, "header", "shape " + shape_text(t.shape) + " is too large");
  if (static_cast<std::uint64_t>(*need) != parts.data.size())
    throw InputError(source, "data",
                     "shape " + shape_text(t.shape) + " of " + header.descr + " needs " +
                         std::to_string(*need) + " bytes, the file has " +
                         std::to_string(parts.data.size()));
  t.bytes.assign(parts.data.begin(), parts.data.end());
  if (header.descr == "|b1") check_bools(t, source);
  t.strides = contiguous_strides(t.shape);
  if (header.fortran_order && !t.bytes.empty()) {
    const std::vector<std::int64_t> row_major = t.strides;
    t.strides = column_major_strides(t.shape);
    t.bytes = packed(t);
    t.strides = row_major;
  }
  return t;
}

std::vector<std::byte> serialize_npy(const Tensor& t) {
  std::string_view descr;
  for (const Descriptor& d : descriptors)
    if (d.dtype == t.dtype) descr = d.text;  // of u8 the last: a byte, not a bool
  if (descr.empty())
    throw InputError(".npy array", in_quotes(t.name),
                     "the format has no name for " + std::string(name_of(t.dtype)));
  if (const std::string fault = layout_fault(t); !fault.empty())
    throw InputError(".npy array", in_quotes(t.name), fault);

  std::string shape = "(";
  for (std::size_t i = 0; i < t.shape.size(); ++i)
    shape += (i ? ", " : "") + std::to_string(t.shape[i]);
  shape += t.shape.size() == 1 ? ",)" : ")";
  std::string header =
      "{'descr': '" + std::string(descr) + "', 'fortran_order': False, 'shape': " + shape + ", }";
  constexpr std::size_t preamble = 10, alignment = 64;
  header.append(alignment - 1 - (preamble + header.size()) % alignment, ' ');
  header += '\n';  // rank <= 64 keeps this below the 65535 bytes of version 1.0

  const std::vector<std::byte> data = packed(t);
  std::vector<std::byte> out(preamble + header.size() + data.size());
  std::memcpy(out.data(), magic.data(), magic.size());
  out[6] = std::byte{1};
  out[7] = std::byte{0};
  out[8] = static_cast<std::byte>(header.size() & 255);
  out[9] = static_cast<std::byte>(header.size() >> 8);
  std::memcpy(out.data() + preamble, header.data(), header.size());
  if (!data.empty()) std::memcpy(out.data() + preamble + header.size(), data.data(), data.size());
  return out;
}

Tensor read_npy(const std::string& path) { return parse_npy(read_file(path), shown_path(path)); }

void write_npy(const std::string& path, const Tensor& tensor) {
  write_file_atomically(path, serialize_npy(tensor));
}

}  // namespace assay::engine
