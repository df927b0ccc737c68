// SPDX-License-Identifier: Apache-2.0
// Counting, bisecting and comparing laws.
#include "properties/contract/sampler/exact_law.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "properties/engine/statistics/plug_in.hpp"
#include "reference/sampler/outward.hpp"

namespace assay::contract {
namespace {

using Wide = unsigned __int128;

constexpr std::int64_t numbers_per_call = std::int64_t{1} << 20;

void require_bits(int bits, int most) {
  if (bits < 1 || bits > most) throw std::invalid_argument("exact law: impossible number of bits");
}

// n / 2^bits as an enclosure. \pre n <= 2^bits
Ends dyadic(Wide n, int bits) {
  int shift = 0;
  while (n >> shift > 0x1fffffffffffff) ++shift;
  const Wide kept = n >> shift;
  const double lo = std::ldexp(static_cast<double>(kept), shift - bits);
  const bool exact = kept << shift == n;
  return {lo, exact ? lo : std::ldexp(static_cast<double>(kept + 1), shift - bits)};
}

// sum / 2^128 of a sum of products of two 64-bit numbers, and how far it is from being exact.
Ends over_two_to_128(Wide high, Wide low) {
  const Ends h = dyadic(high, 64), l = dyadic(low, 64);
  return {reference::next_down(h.lo + std::ldexp(l.lo, -64)),
          reference::next_up(h.hi + std::ldexp(l.hi, -64))};
}

}  // namespace

ExactLaw enumerate_law(const NumberMap& map, std::int64_t columns, int bits) {
  require_bits(bits, 32);
  const std::int64_t total = std::int64_t{1} << bits;
  std::vector<std::int64_t> counts(static_cast<std::size_t>(columns), 0);
  ExactLaw law;
  std::int64_t last = 0;
  std::vector<std::uint64_t> numbers;
  for (std::int64_t first = 0; first < total; first += numbers_per_call) {
    numbers.resize(static_cast<std::size_t>(std::min(numbers_per_call, total - first)));
    std::iota(numbers.begin(), numbers.end(), static_cast<std::uint64_t>(first));
    for (const std::int64_t column : map(numbers)) {
      ++counts.at(static_cast<std::size_t>(column));
      law.monotone = law.monotone && column >= last;
      last = column;
      ++law.evaluations;
    }
  }
  if (law.evaluations != total)  // a lost draw is a defect, not a rounding
    throw std::logic_error("exact law: not every word was answered");
  for (const std::int64_t n : counts) {
    law.q.push_back(dyadic(static_cast<Wide>(n), bits));
    law.reached.push_back(n > 0);
  }
  return law;
}

ExactLaw bisect_law(const NumberMap& map, std::int64_t columns, int bits) {
  require_bits(bits, 64);
  const Wide total = Wide{1} << bits;
  ExactLaw law;
  const auto n = static_cast<std::size_t>(columns);
  std::vector<Wide> low(n, 0), high(n, total);
  low[n - 1] = total;  // every number gives at most the last column
  std::vector<std::uint64_t> numbers;
  std::vector<std::size_t> asked;
  for (bool open = true; open;) {
    numbers.clear();
    asked.clear();
    for (std::size_t i = 0; i < n; ++i) {
      if (low[i] == high[i]) continue;
      asked.push_back(i);
      numbers.push_back(static_cast<std::uint64_t>(low[i] + (high[i] - low[i]) / 2));
    }
    open = !asked.empty();
    if (!open) break;
    const std::vector<std::int64_t> columns_of = map(numbers);
    law.evaluations += static_cast<std::int64_t>(numbers.size());
    for (std::size_t a = 0; a < asked.size(); ++a) {
      const std::size_t i = asked[a];
      if (columns_of[a] <= static_cast<std::int64_t>(i))
        low[i] = Wide{numbers[a]} + 1;
      else
        high[i] = numbers[a];
    }
  }
  law.prefix = low;
  Wide before = 0;
  for (std::size_t i = 0; i < n; ++i) {
    law.monotone = law.monotone && low[i] >= before;
    const Wide count = low[i] >= before ? low[i] - before : 0;
    law.q.push_back(dyadic(count, bits));
    law.reached.push_back(count > 0);
    before = std::max(before, low[i]);
  }
  return law;
}

std::int64_t column_of(const ExactLaw& bisected, std::uint64_t k) {
  const auto found = std::upper_bound(bisected.prefix.begin(), bisected.prefix.end(), Wide{k});
  return found - bisected.prefix.begin();
}

std::int64_t column_of(const AliasTableView& table, std::uint64_t first, std::uint64_t second) {
  const auto i = static_cast<std::size_t>(Wide{first} * table.accept.size() >> 64);
  return second < table.accept[i] ? static_cast<std::int64_t>(i) : table.other[i];
}

ExactLaw table_law(const AliasTableView& table) {
  const std::size_t n = table.accept.size();
  if (n == 0 || table.other.size() != n) throw std::invalid_argument("alias table: empty");
  // Numerators over 2^128 in two digits of 64 bits, the lower one carried at the end.
  std::vector<Wide> high(n, 0), low(n, 0);
  const auto add = [&](std::size_t i, Wide count, Wide of_second) {
    const Wide product_low = (count & ~std::uint64_t{0}) * (of_second & ~std::uint64_t{0});
    const Wide product_mid =
        (count >> 64) * of_second + (count & ~std::uint64_t{0}) * (of_second >> 64);
    low[i] += product_low & ~std::uint64_t{0};
    high[i] += (product_low >> 64) + product_mid;
  };
  const Wide two_to_64 = Wide{1} << 64;
  for (std::size_t i = 0; i < n; ++i) {
    // #{w : floor(w n / 2^64) = i} = ceil(2^64 (i+1) / n) - ceil(2^64 i / n)
    const Wide begin = (two_to_64 * i + (n - 1)) / n, end = (two_to_64 * (i + 1) + (n - 1)) / n;
    const std::int64_t other = table.other[i];
    if (other < 0 || other >= static_cast<std::int64_t>(n))
      throw std::invalid_argument("alias table: an alias is out of range");
    add(i, end - begin, table.accept[i]);
    add(static_cast<std::size_t>(other), end - begin, two_to_64 - table.accept[i]);
  }
  ExactLaw law;
  for (std::size_t i = 0; i < n; ++i) {
    const Wide carried = high[i] + (low[i] >> 64);
    const Wide rest = low[i] & ~std::uint64_t{0};
    law.q.push_back(carried == 0 && rest == 0 ? exactly(0) : over_two_to_128(carried, rest));
    law.q.back() = {std::max(0.0, law.q.back().lo), std::min(1.0, law.q.back().hi)};
    law.reached.push_back(carried != 0 || rest != 0);
  }
  law.evaluations = static_cast<std::int64_t>(n);
  return law;
}

namespace {

// With N_i whole numbers that add up to 2^bits, sum |N_i - p_i 2^bits| is least when every p_i
// 2^bits is rounded down or up, up where the fraction is largest. The enclosures of p are
// subtracted, so that what is returned is not above the truth.
double floor_of_any_map(std::span<const Ends> p, int bits) {
  if (bits > 48) return 0;  // a fraction of p 2^bits would be mostly rounding
  std::vector<double> fractions;
  double sum = 0, uncertain = 0;
  for (const Ends& x : p) {
    const double scaled = std::ldexp(x.lo, bits);
    fractions.push_back(scaled - std::floor(scaled));
    sum += fractions.back();
    uncertain += std::ldexp(x.hi - x.lo, bits);
  }
  const auto up = static_cast<std::size_t>(std::llround(sum));
  if (up >= fractions.size()) return 0;
  std::nth_element(fractions.begin(), fractions.begin() + static_cast<std::ptrdiff_t>(up),
                   fractions.end(), std::greater<>());
  double left = 0;
  for (std::size_t i = up; i < fractions.size(); ++i) left += fractions[i];
  const double slack = 2 * uncertain + static_cast<double>(p.size()) * 0x1p-40;
  return std::max(0.0, std::ldexp(left - slack, -bits));
}

}  // namespace

LawComparison compare_laws(const ExactLaw& law, std::span<const Ends> p, int bits) {
  LawComparison c;
  c.tv = engine::total_variation(law.q, p);
  reference::BoundedSum lo(reference::Direction::down), hi(reference::Direction::up);
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i].hi == 0) continue;
    if (!law.reached[i]) {
      if (!(p[i].lo > 0)) continue;
      ++c.unreachable;
      lo.add(p[i].lo);
      hi.add(p[i].hi);
    } else if (p[i].lo > 0) {
      c.largest_log_ratio =
          std::max(c.largest_log_ratio, std::fabs(std::log(law.q[i].hi / p[i].hi)));
    }
  }
  c.unreachable_mass = {lo.value(), hi.value()};
  c.floor_of_any_map = floor_of_any_map(p, bits);
  c.floor_of_thresholds = std::ldexp(static_cast<double>(p.size()), -bits - 1);
  return c;
}

}  // namespace assay::contract
