// SPDX-License-Identifier: Apache-2.0
// Alias tables in integers: Vose's construction, exact but for one floor per column.
#include "kernels/sampling/sampling.hpp"

namespace assay::kernels::sampling {
namespace {

using Wide = unsigned __int128;

/// floor(part 2^64 / whole) for part < whole < 2^96, in two steps of 32 bits.
std::uint64_t fraction(Wide part, Wide whole) {
  const Wide high = (part << 32) / whole;
  const Wide rest = (part << 32) % whole;
  return static_cast<std::uint64_t>(high << 32 | (rest << 32) / whole);
}

}  // namespace

AliasTable alias_table(const std::vector<std::uint64_t>& weights) {
  const auto count = static_cast<std::int64_t>(weights.size());
  Wide total = 0;
  for (const std::uint64_t w : weights) {
    if (w >> 52 != 0) throw std::invalid_argument("alias table: a weight of 2^52 or more");
    total += w;
  }
  if (count == 0 || total == 0 || count >= std::int64_t{1} << 32)
    throw std::invalid_argument("alias table: no weight, or too many");

  // A column holds `total`; weights times the number of columns are spread over them.
  std::vector<Wide> load(weights.size());
  std::vector<std::int64_t> light, heavy;
  AliasTable table{std::vector<std::uint64_t>(weights.size()),
                   std::vector<std::int64_t>(weights.size())};
  for (std::int64_t i = 0; i < count; ++i) {
    load[static_cast<std::size_t>(i)] = Wide(weights[static_cast<std::size_t>(i)]) * Wide(count);
    table.other[static_cast<std::size_t>(i)] = i;
    (load[static_cast<std::size_t>(i)] < total ? light : heavy).push_back(i);
  }
  // Integers add up exactly: a light column always finds a heavy one.
  while (!light.empty()) {
    const auto small = static_cast<std::size_t>(light.back());
    const auto large = static_cast<std::size_t>(heavy.back());
    light.pop_back();
    table.accept[small] = fraction(load[small], total);
    table.other[small] = heavy.back();
    load[large] -= total - load[small];
    if (load[large] < total) {
      light.push_back(heavy.back());
      heavy.pop_back();
    }
  }
  return table;
}

}  // namespace assay::kernels::sampling
