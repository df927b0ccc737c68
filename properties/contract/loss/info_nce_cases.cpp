// SPDX-License-Identifier: Apache-2.0
// InfoNCE cases: from a descriptor or from a user's embeddings to binary32 tensors.
#include <algorithm>
#include <limits>

#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_families.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::contract {
namespace {

using Index = std::int64_t;
constexpr Index tile = info_nce_tile;

Tensor rounded(const std::string& name, const std::vector<double>& values, Index n, Index d,
               Index padding) {
  const Index stride = d + padding;
  Tensor tensor{name, Dtype::f32, {n, d}, {stride, 1}, {}};
  const auto elements = static_cast<std::size_t>((n - 1) * stride + d);
  tensor.bytes.resize(elements * sizeof(float));
  auto* data = tensor.as<float>();
  std::fill(data, data + elements, std::numeric_limits<float>::quiet_NaN());
  for (Index i = 0; i < n; ++i)
    for (Index k = 0; k < d; ++k)
      data[i * stride + k] = static_cast<float>(values[static_cast<std::size_t>(i * d + k)]);
  return tensor;
}

void require_instance(const std::string& instance) {
  if (instance != "joint-block" && instance != "one-direction")
    throw engine::InputError("loss/info_nce", "instance '" + instance + "'",
                             "unknown; use joint-block or one-direction");
}

}  // namespace

std::vector<Family> info_nce_families() {
  std::vector<Family> families;
  for (const InfoNceFamily& entry : info_nce_family_table()) families.push_back(entry.family);
  return families;
}

engine::Case make_info_nce_case(const engine::CaseDescriptor& descriptor) {
  require_instance(descriptor.instance);
  for (const InfoNceFamily& entry : info_nce_family_table()) {
    if (entry.family.name != descriptor.family) continue;
    engine::Random random(descriptor.seed, descriptor.family, descriptor.index);
    InfoNceDraft draft;
    entry.draw(draft, random, descriptor.index);
    engine::Case c;
    c.descriptor = descriptor;
    c.inputs = {rounded("a", draft.a, draft.n, draft.d, draft.padding),
                rounded("b", draft.b, draft.n, draft.d, draft.padding)};
    c.scalars = {{"temperature", draft.temperature}};
    c.options = {{"directions", descriptor.instance}};
    return c;
  }
  throw engine::InputError("loss/info_nce", "family '" + descriptor.family + "'", "unknown");
}

std::vector<engine::Case> info_nce_cases_from(const engine::Embeddings& embeddings,
                                              const std::string& instance, std::uint64_t seed) {
  require_instance(instance);
  if (embeddings.a.dtype != Dtype::f32)
    throw engine::InputError("embeddings", std::string(name_of(embeddings.a.dtype)),
                             "certification judges binary32 kernels; save the arrays as float32");
  const Index n = embeddings.a.shape[0], d = embeddings.a.shape[1];
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
          Tensor::contiguous(source == &embeddings.a ? "a" : "b", Dtype::f32, {piece.count, d});
      for (Index i = 0; i < piece.count; ++i)
        for (Index k = 0; k < d; ++k)
          part.as<float>()[i * d + k] =
              source->as<float>()[(piece.first + i) * source->strides[0] + k * source->strides[1]];
      c.inputs.push_back(std::move(part));
    }
    c.scalars = {{"temperature", piece.temperature}};
    c.options = {{"directions", instance}};
    cases.push_back(std::move(c));
  }
  return cases;
}

}  // namespace assay::contract
