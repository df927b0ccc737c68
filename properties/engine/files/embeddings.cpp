// SPDX-License-Identifier: Apache-2.0
// Embeddings of two views, from the files in which people keep them.
#include "properties/engine/files/embeddings.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "core/float_format.hpp"
#include "properties/engine/files/atomic_file.hpp"
#include "properties/engine/files/layout.hpp"
#include "properties/engine/files/npy.hpp"
#include "properties/engine/files/safetensors.hpp"
#include "properties/engine/files/text.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::engine {
namespace {

enum class Kind : unsigned char { npy, safetensors };

bool ends_with(const std::string& text, std::string_view tail) {
  return text.size() >= tail.size() &&
         text.compare(text.size() - tail.size(), tail.size(), tail) == 0;
}

// The first bytes decide. The name is asked only about a file too damaged to be recognised, so
// that the right parser explains the damage.
Kind kind_of(std::span<const std::byte> bytes, const std::string& source) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.substr(0, 6) == "\x93NUMPY") return Kind::npy;
  if (text.size() > 8 && text[8] == '{') return Kind::safetensors;
  if (text.substr(0, 4) == "PK\x03\x04")
    throw InputError(source, "",
                     "is a zip archive (.npz or .pt); save one array with numpy.save, or the "
                     "tensors a and b as safetensors");
  if (ends_with(source, ".npy")) return Kind::npy;
  if (ends_with(source, ".safetensors")) return Kind::safetensors;
  throw InputError(source, "", "is neither an .npy nor a safetensors file");
}

// Exact: every f16 and bf16 number is a binary32 number.
Tensor widened(const Tensor& t) {
  Tensor wide = Tensor::contiguous(t.name, Dtype::f32, t.shape);
  for (std::int64_t i = 0; i < t.count(); ++i) set_element(wide, i, element_of(t, i));
  return wide;
}

// The array as one of the two floating-point formats the reference takes.
Tensor as_floats(Tensor t, const std::string& source) {
  if (!is_float(t.dtype))
    throw InputError(
        source, "",
        "embeddings are floating-point numbers, but the dtype is " + std::string(name_of(t.dtype)));
  return size_of(t.dtype) == 2 ? widened(t) : std::move(t);
}

void check_matrix(const Tensor& t, const std::string& source, const std::string& place) {
  if (t.shape.size() != 2)
    throw InputError(source, place, "expected shape (N, d), found " + shape_text(t.shape));
  if (t.count() == 0) throw InputError(source, place, "is empty: shape " + shape_text(t.shape));
}

Embeddings paired(Tensor a, Tensor b, const std::string& source) {
  if (a.shape != b.shape)
    throw InputError(
        source, "",
        "the views have different shapes, " + shape_text(a.shape) + " and " + shape_text(b.shape));
  if (a.dtype != b.dtype)
    throw InputError(source, "",
                     "the views have different dtypes, " + std::string(name_of(a.dtype)) + " and " +
                         std::string(name_of(b.dtype)));
  Embeddings e{as_floats(std::move(a), source), as_floats(std::move(b), source)};
  e.a.name = "a";
  e.b.name = "b";
  return e;
}

Embeddings from_safetensors(SafetensorsFrame frame, const std::string& source) {
  std::vector<std::string> names;
  for (const Tensor& t : frame.tensors) names.push_back(t.name);
  for (const auto& [first, second] : {std::pair("a", "b"), std::pair("q", "k")}) {
    const Tensor* a = frame.find(first);
    const Tensor* b = frame.find(second);
    if (!a || !b || names.size() != 2) continue;
    check_matrix(*a, source, std::string("tensor '") + first + "'");
    check_matrix(*b, source, std::string("tensor '") + second + "'");
    return paired(*a, *b, source);
  }
  throw InputError(source, "",
                   "expected exactly the tensors a and b (or q and k), found " + listed(names));
}

// The half of the bytes that begins at `offset`, as an N x d array.
Tensor half_of(const Tensor& t, std::size_t offset, std::int64_t rows, std::int64_t columns) {
  Tensor half = Tensor::contiguous("", t.dtype, {rows, columns});
  std::memcpy(half.bytes.data(), t.bytes.data() + offset, half.bytes.size());
  return half;
}

Embeddings from_npy(const Tensor& t, const std::string& source) {
  const bool stacked = t.shape.size() == 3 && t.shape[0] == 2;
  if (!stacked && t.shape.size() != 2)
    throw InputError(source, "",
                     "expected shape (2, N, d) or (2N, d), found " + shape_text(t.shape));
  if (t.count() == 0) throw InputError(source, "", "is empty: shape " + shape_text(t.shape));
  if (!stacked && t.shape[0] % 2 != 0)
    throw InputError(source, "",
                     "shape " + shape_text(t.shape) + " has an odd number of rows; expected 2N, " +
                         "the N rows of view a and then those of view b");
  const std::int64_t rows = stacked ? t.shape[1] : t.shape[0] / 2;
  const std::int64_t columns = t.shape.back();
  return paired(half_of(t, 0, rows, columns), half_of(t, t.bytes.size() / 2, rows, columns),
                source);
}

// The one matrix of a file.
Tensor load_matrix(const std::string& file) {
  const std::vector<std::byte> bytes = read_file(file);
  const std::string path = shown_path(file);
  Tensor t;
  if (kind_of(bytes, path) == Kind::npy) {
    t = parse_npy(bytes, path);
  } else {
    SafetensorsFrame frame = parse_safetensors(bytes, path);
    std::vector<std::string> names;
    for (const Tensor& each : frame.tensors) names.push_back(each.name);
    if (names.size() != 1)
      throw InputError(path, "", "expected a single tensor, found " + listed(names));
    t = std::move(frame.tensors.front());
  }
  check_matrix(t, path, "");
  return t;
}

// Takes the labels out of the frame, where it has some.
std::vector<std::int64_t> labels_out_of(SafetensorsFrame& frame, const std::string& source) {
  std::vector<std::int64_t> labels;
  const Tensor* t = frame.find("labels");
  if (t == nullptr) return labels;
  if (t->dtype != Dtype::i64 || t->shape.size() != 1)
    throw InputError(source, "tensor 'labels'",
                     "expected i64 of shape (N,), found " + std::string(name_of(t->dtype)) +
                         " of shape " + shape_text(t->shape));
  labels.resize(static_cast<std::size_t>(t->count()));
  if (!labels.empty()) std::memcpy(labels.data(), t->bytes.data(), t->bytes.size());
  std::erase_if(frame.tensors, [](const Tensor& each) { return each.name == "labels"; });
  return labels;
}

}  // namespace

Embeddings parse_embeddings(std::span<const std::byte> bytes, const std::string& source) {
  if (kind_of(bytes, source) == Kind::npy) return from_npy(parse_npy(bytes, source), source);
  return from_safetensors(parse_safetensors(bytes, source), source);
}

Embeddings load_embeddings(const std::string& path, const std::optional<std::string>& second_path) {
  if (!second_path) return parse_embeddings(read_file(path), shown_path(path));
  Tensor a = load_matrix(path);
  Tensor b = load_matrix(*second_path);
  return paired(std::move(a), std::move(b), shown_path(path) + " and " + shown_path(*second_path));
}

LabelledEmbeddings load_labelled_embeddings(const std::string& path) {
  const std::vector<std::byte> bytes = read_file(path);
  const std::string source = shown_path(path);
  if (kind_of(bytes, source) == Kind::npy) return {from_npy(parse_npy(bytes, source), source), {}};
  SafetensorsFrame frame = parse_safetensors(bytes, source);
  const bool labelled = frame.find("labels") != nullptr;
  LabelledEmbeddings out;
  out.labels = labels_out_of(frame, source);
  out.embeddings = from_safetensors(std::move(frame), source);
  const std::int64_t samples = out.embeddings.a.shape[0];
  if (labelled && static_cast<std::int64_t>(out.labels.size()) != samples)
    throw InputError(source, "tensor 'labels'",
                     "has " + std::to_string(out.labels.size()) + " labels for " +
                         std::to_string(samples) + " samples");
  return out;
}

}  // namespace assay::engine
