// SPDX-License-Identifier: Apache-2.0
// InfoNCE cases: from a descriptor or from a user's embeddings to binary32 tensors.
#include <algorithm>
#include <limits>

#include "core/float_format.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_families.hpp"
#include "properties/contract/loss/info_nce_instances.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::contract {
namespace {

using Index = std::int64_t;
constexpr Index tile = info_nce_tile;

/// Directions, operation and, backward, the upstream gradients.
void add_conventions(engine::Case& c, const InfoNceInstanceName& name, Index pairs) {
  c.options = {{"directions", name.directions()},
               {"operation", std::string(name_of(name.operation))}};
  if (name.operation == Operation::backward) add_upstream(c, name.joint ? 2 * pairs : pairs);
}

}  // namespace

Tensor rounded_matrix(const std::string& name, Dtype dtype, const std::vector<double>& values,
                      Index n, Index d, Index padding) {
  const Index stride = d + padding;
  Tensor tensor{name, dtype, {n, d}, {stride, 1}, {}};
  const Index elements = (n - 1) * stride + d;
  tensor.bytes.resize(static_cast<std::size_t>(elements) * size_of(dtype));
  for (Index e = 0; e < elements; ++e)
    set_element(tensor, e, std::numeric_limits<double>::quiet_NaN());
  for (Index i = 0; i < n; ++i)
    for (Index k = 0; k < d; ++k)
      set_element(tensor, i * stride + k, values[static_cast<std::size_t>(i * d + k)]);
  return tensor;
}

void add_upstream(engine::Case& c, Index rows) {
  engine::Random random(c.descriptor.seed, c.descriptor.family + "/upstream", c.descriptor.index);
  const auto uniform = [&] { return 2 * random.uniform() - 1; };
  Tensor upstream = Tensor::contiguous("grad_row_loss", Dtype::f32, {rows});
  enum : std::uint64_t { each_row, mean, broadcast, both, ones, strided, ways };
  std::uint64_t way = c.descriptor.index % ways;
  if (c.descriptor.family == "adversarial") way = each_row;
  if (c.descriptor.family == "typical") way = mean;
  if (way == broadcast) {  // one number with stride 0, as an expanded tensor has it
    upstream.strides = {0};
    upstream.bytes.resize(size_of(Dtype::f32));
    set_element(upstream, 0, uniform());
  } else if (way == strided) {  // a column of a matrix, NaN in the others
    const Index stride = 3, elements = (rows - 1) * stride + 1;
    upstream.strides = {stride};
    upstream.bytes.resize(static_cast<std::size_t>(elements) * size_of(Dtype::f32));
    for (Index e = 0; e < elements; ++e)
      set_element(upstream, e, e % stride ? std::numeric_limits<double>::quiet_NaN() : uniform());
  } else {
    for (Index i = 0; i < rows; ++i) set_element(upstream, i, way == ones ? 1.0 : uniform());
  }
  if (way != mean) c.inputs.push_back(std::move(upstream));
  c.scalars["grad_loss"] = way == mean ? 1.0 : way == both ? static_cast<float>(uniform()) : 0.0;
}

std::vector<Family> info_nce_families() {
  std::vector<Family> families;
  for (const InfoNceFamily& entry : info_nce_family_table()) families.push_back(entry.family);
  return families;
}

engine::Case make_info_nce_case(const engine::CaseDescriptor& descriptor) {
  const auto name = InfoNceInstanceName::parse(descriptor.instance);
  if (!name.setting.empty()) return make_info_nce_setting_case(descriptor);
  for (const InfoNceFamily& entry : info_nce_family_table()) {
    if (entry.family.name != descriptor.family) continue;
    engine::Random random(descriptor.seed, descriptor.family, descriptor.index);
    InfoNceDraft draft;
    entry.draw(draft, random, descriptor.index);
    engine::Case c;
    c.descriptor = descriptor;
    c.inputs = {rounded_matrix("a", name.input, draft.a, draft.n, draft.d, draft.padding),
                rounded_matrix("b", name.input, draft.b, draft.n, draft.d, draft.padding)};
    c.scalars = {{"temperature", draft.temperature}};
    add_conventions(c, name, draft.n);
    return c;
  }
  throw engine::InputError("loss/info_nce", "family '" + descriptor.family + "'", "unknown");
}

std::vector<engine::Case> info_nce_cases_from(const engine::Embeddings& embeddings,
                                              const std::string& instance, std::uint64_t seed) {
  const auto name = InfoNceInstanceName::parse(instance);
  if (embeddings.a.dtype != Dtype::f32)
    throw engine::InputError(
        "embeddings", std::string(name_of(embeddings.a.dtype)),
        "save the arrays as float32; an instance of a narrower format rounds them");
  // Truth and budgets of a setting cost far more than those of pairs: at most so many of them.
  const Index most = name.setting.empty() ? embeddings.a.shape[0] : 2 * tile;
  const Index n = std::min(embeddings.a.shape[0], most), d = embeddings.a.shape[1];
  struct Piece {
    Index first, count;
    double temperature;
  };
  // The whole at the usual temperatures, then prefixes around the tile, then single short pieces.
  std::vector<Piece> pieces = {{0, n, 0.07}, {0, n, 0.5}, {0, n, 0.01}};
  for (Index count : {Index{2}, tile - 1, tile + 1, Index{97}})
    if (count < n) pieces.push_back({(n - count) / 2, count, 0.1});
  for (Index count : {Index{3}, Index{8}})
    if (count < n) pieces.push_back({n - count, count, 0.02});

  std::vector<engine::Case> cases;
  for (const Piece& piece : pieces) {
    engine::Case c;
    c.descriptor = {"loss/info_nce", instance, "file", cases.size(), seed};
    for (const Tensor* source : {&embeddings.a, &embeddings.b}) {
      Tensor part =
          Tensor::contiguous(source == &embeddings.a ? "a" : "b", name.input, {piece.count, d});
      for (Index i = 0; i < piece.count; ++i)
        for (Index k = 0; k < d; ++k)
          set_element(
              part, i * d + k,
              element_of(*source, (piece.first + i) * source->strides[0] + k * source->strides[1]));
      c.inputs.push_back(std::move(part));
    }
    c.scalars = {{"temperature", piece.temperature}};
    if (name.setting.empty())
      add_conventions(c, name, piece.count);
    else
      add_setting(c, name, piece.count);
    cases.push_back(std::move(c));
  }
  return cases;
}

}  // namespace assay::contract
