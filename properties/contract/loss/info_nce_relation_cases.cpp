// SPDX-License-Identifier: Apache-2.0
// Labels and masks of cases: who is a positive of whom.
#include "properties/contract/loss/info_nce_relation_cases.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "properties/engine/random.hpp"

namespace assay::contract {
namespace {

using Index = std::int64_t;
using engine::Random;
using reference::EmptySet;
using Labels = std::vector<std::int64_t>;

Tensor tensor_of(const std::string& name, const Labels& labels) {
  Tensor t = Tensor::contiguous(name, Dtype::i64, {static_cast<Index>(labels.size())});
  std::copy(labels.begin(), labels.end(), t.as<std::int64_t>());
  return t;
}

/// Classes as small numbers: of one pair, a few large ones, one large among single ones, random
/// ones, of two pairs.
Labels classes(Random& random, std::uint64_t style, Index n) {
  Labels labels;
  for (Index i = 0; i < n; ++i) {
    const auto any = [&](Index of) {
      return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(of)));
    };
    switch (style % 5) {
      case 0: labels.push_back(i); break;
      case 1: labels.push_back(any(3)); break;
      case 2: labels.push_back(i < n / 2 ? 0 : i); break;
      case 3: labels.push_back(any(n)); break;
      default: labels.push_back(i / 2); break;
    }
  }
  return labels;
}

/// Names for classes: small and negative ones; distances of 2^32; beyond 2^53, where a binary64
/// cannot tell neighbours.
std::int64_t class_name(std::int64_t of, std::uint64_t style) {
  constexpr std::int64_t word = std::int64_t{1} << 32, beyond = std::int64_t{1} << 53;
  switch (style % 4) {
    case 0: return 7 + of * word;
    case 1: return beyond + of;
    case 2: return -beyond - of * (word + 1);
    default: return of % 2 ? -of : of;
  }
}

void add_labels(engine::Case& c, Random& random, Index n) {
  const std::string& family = c.descriptor.family;
  const std::uint64_t index = c.descriptor.index;
  Labels labels = classes(random, index, n);
  if (family == "no-negatives") labels.assign(static_cast<std::size_t>(n), 3);
  if (family == "wide-labels") {
    for (std::int64_t& label : labels) label = class_name(label, index);
  } else if (index % 4 == 3) {
    for (std::int64_t& label : labels) label = class_name(label, 3);
  }
  c.inputs.push_back(tensor_of("labels", labels));
  if (family != "no-positives") return;
  // Every third pair disagrees: its rows have what others of their class are left to them.
  for (Index i = 0; i < n; ++i)
    if (i % 3 != 2) labels[static_cast<std::size_t>(i)] += 1000 + i;
  c.inputs.push_back(tensor_of("labels_b", labels));
}

/// Whether key j is a positive of row i.
bool in_mask(Random& random, const std::string& family, std::uint64_t style, Index i, Index j) {
  const bool coin = random.below(4) == 0;
  if (family == "no-negatives") return style % 3 == 0 || i % 2 == 0 || coin;
  if (family == "no-positives") return i % 3 == 2 && (coin || i == j);
  switch (style % 5) {
    case 0: return i == j;
    case 1: return coin;
    case 2: return i % 3 != 0 && (i % 5 == 4 || coin);  // empty lines and full ones
    case 3: return j > i || coin;                       // far from symmetric
    default: return i == j || (i / 2 == j / 2 && coin);
  }
}

void add_mask(engine::Case& c, Random& random, Index n) {
  const std::uint64_t index = c.descriptor.index;
  const Index padding = static_cast<Index>(index % 3) * 2, stride = n + padding;
  Tensor t{"mask", Dtype::u8, {n, n}, {stride, 1}, {}};
  t.bytes.assign(static_cast<std::size_t>((n - 1) * stride + n), std::byte{1});
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) {
      const bool positive = in_mask(random, c.descriptor.family, index, i, j);
      // Any nonzero byte counts.
      const auto value = positive ? static_cast<std::uint8_t>(1 + 84 * random.below(4)) : 0;
      t.as<std::uint8_t>()[i * stride + j] = static_cast<std::uint8_t>(value);
    }
  c.inputs.push_back(std::move(t));
}

}  // namespace

void add_relations(engine::Case& c, const reference::InfoNceSetting& setting, Index pairs) {
  Random random(c.descriptor.seed, c.descriptor.family + "/relations", c.descriptor.index);
  if (setting.positives == reference::Positives::same_label) add_labels(c, random, pairs);
  if (setting.positives == reference::Positives::mask) add_mask(c, random, pairs);
}

}  // namespace assay::contract
