// SPDX-License-Identifier: Apache-2.0
// Laws of pairs, partitions, and of maps on finitely many bits: fractions, all of them.
#include <map>
#include <stdexcept>

#include "reference/sampler/laws.hpp"

namespace assay::reference {
namespace {

void require_bits(int bits) {
  if (bits < 0 || bits > 4096)
    throw std::invalid_argument("law: bits is " + std::to_string(bits) + ", not 0 to 4096");
}

Real whole(std::uint64_t x) {
  return Real(static_cast<long long>(x >> 32)) * Real(1LL << 32) +
         Real(static_cast<long long>(x & 0xffffffffu));
}

Real half_power(int bits) { return pow(Real::ratio(1, 2), bits); }

/// ceil of part * 2^bits / total for integers, bit by bit: doubling keeps every step exact.
Real ceiling(const Real& part, int bits, const Real& total) {
  if (equal(part, total) == Truth::yes) return pow(Real(2), bits);
  Real quotient = 0, rest = part;  // rest < total
  for (int i = 0; i < bits; ++i) {
    rest += rest;
    quotient += quotient;
    if (less(rest, total) == Truth::yes) continue;
    rest -= total;
    quotient += 1;
  }
  return equal(rest, 0) == Truth::yes ? quotient : quotient + 1;
}

}  // namespace

std::vector<Real> anchor_positive_law(std::span<const int> labels) {
  std::map<int, long long> sizes;
  for (const int label : labels) ++sizes[label];
  long long anchors = 0;
  for (const auto& [label, size] : sizes) anchors += size > 1 ? size : 0;
  if (anchors == 0) throw std::invalid_argument("law: no class has two members");
  std::vector<Real> law;
  for (std::size_t a = 0; a < labels.size(); ++a)
    for (std::size_t b = 0; b < labels.size(); ++b)
      law.push_back(a != b && labels[a] == labels[b]
                        ? Real::ratio(1, anchors) / Real(sizes[labels[a]] - 1)
                        : Real(0));
  return law;
}

Real partition_probability(std::span<const std::int64_t> sizes) {
  Real p = 1;
  long long placed = 0;
  for (const std::int64_t size : sizes)
    for (long long i = 1; i <= size; ++i) p *= Real::ratio(i, ++placed);
  return p;
}

Real range_probability(std::int64_t n, int bits, std::int64_t i) {
  require_bits(bits);
  if (n < 1 || i < 0 || i >= n) throw std::invalid_argument("law: a value outside its range");
  const Real total = Real(n);
  return (ceiling(Real(i + 1), bits, total) - ceiling(Real(i), bits, total)) * half_power(bits);
}

Real range_distance(std::int64_t n, int bits) {
  require_bits(bits);
  if (n < 1) throw std::invalid_argument("law: an empty range");
  long long r = 1 % n;
  for (int i = 0; i < bits; ++i) r = static_cast<long long>(static_cast<__int128>(r) * 2 % n);
  return Real(r) * Real(n - r) / Real(n) * half_power(bits);
}

std::vector<Real> inverse_cdf_law(std::span<const std::uint64_t> weights, int bits) {
  require_bits(bits);
  Real total = 0;
  for (const std::uint64_t w : weights) total += whole(w);
  if (equal(total, 0) == Truth::yes) throw std::invalid_argument("law: no weight is positive");
  std::vector<Real> law;
  Real sum = 0, before = 0;
  for (const std::uint64_t w : weights) {
    sum += whole(w);
    const Real end = w == 0 ? before : ceiling(sum, bits, total);
    law.push_back((end - before) * half_power(bits));
    before = end;
  }
  return law;
}

std::vector<Real> alias_law(std::span<const std::uint64_t> accept,
                            std::span<const std::int64_t> other, int bits, int accept_bits) {
  require_bits(accept_bits);
  if (accept.size() != other.size() || accept.empty())
    throw std::invalid_argument("law: an alias table of different sizes");
  const auto columns = static_cast<std::int64_t>(accept.size());
  std::vector<Real> law(accept.size());
  for (std::size_t i = 0; i < accept.size(); ++i) {
    const Real column = range_probability(columns, bits, static_cast<std::int64_t>(i));
    const Real kept = column * whole(accept[i]) * half_power(accept_bits);
    law[i] += kept;
    law[static_cast<std::size_t>(other[i])] += column - kept;
  }
  return law;
}

Real total_variation(std::span<const Real> p, std::span<const Real> q) {
  if (p.size() != q.size()) throw std::invalid_argument("law: two laws of different sizes");
  Real distance = 0;
  for (std::size_t i = 0; i < p.size(); ++i) distance += abs(p[i] - q[i]);
  return distance / 2;
}

}  // namespace assay::reference
