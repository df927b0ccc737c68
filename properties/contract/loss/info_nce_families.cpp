// SPDX-License-Identifier: Apache-2.0
// The families of InfoNCE cases: how the embeddings of each are drawn. Integer arithmetic,
// correctly rounded operations and no library of mathematical functions, hence the same bits
// anywhere.
#include "properties/contract/loss/info_nce_families.hpp"

#include <cmath>
#include <limits>

namespace assay::contract {
namespace {

using Draft = InfoNceDraft;
using engine::Random;
using Index = std::int64_t;

constexpr Index tile = info_nce_tile;
constexpr Index edge_sizes[] = {1, 2, tile - 1, tile, tile + 1, 2 * tile - 1, 37, 61};
constexpr Index edge_coordinates[] = {1, 3, 48, 96};

template <std::size_t n>
Index pick(const Index (&values)[n], std::uint64_t index) {
  return values[index % n];
}

// Every size meets every number of coordinates before the cycle repeats.
void sizes(Draft& draft, Random& random, std::uint64_t index) {
  draft.reshape(pick(edge_sizes, index), pick(edge_coordinates, index + index / 8));
  constexpr double temperatures[] = {0.07, 0.5, 0.1, 1.0, 0.02};
  draft.temperature = temperatures[index % 5];
  fill_normal(draft.a, random);
  pair_with_noise(draft, random, 0.5);
  normalise(draft);
}

void independent(Draft& draft, Random& random, std::uint64_t index) {
  constexpr Index ns[] = {40, 67, 53, 29};
  draft.reshape(pick(ns, index), pick(edge_coordinates, index + 2));
  draft.temperature = 0.07;
  fill_normal(draft.a, random);
  fill_normal(draft.b, random);
  normalise(draft);
}

void aligned(Draft& draft, Random& random, std::uint64_t index) {
  draft.reshape(35 + static_cast<Index>(index % 4) * 7, 48);
  constexpr double temperatures[] = {0.07, 0.01, 0.1, 0.02};
  draft.temperature = temperatures[index % 4];
  fill_normal(draft.a, random);
  pair_with_noise(draft, random, 0.3);
  normalise(draft);
}

void opposed(Draft& draft, Random& random, std::uint64_t index) {
  draft.reshape(33, index % 2 ? 3 : 48);
  draft.temperature = 0.008;
  std::vector<double> centre(static_cast<std::size_t>(draft.d));
  fill_normal(centre, random);
  normalise_rows(centre, draft.d);
  for (Index i = 0; i < draft.n; ++i)
    for (Index k = 0; k < draft.d; ++k) {
      draft.at(draft.a, i, k) = centre[k] + 0.05 * random.normal();
      draft.at(draft.b, i, k) = -centre[k] + 0.05 * random.normal();
    }
  normalise(draft);
}

void clusters(Draft& draft, Random& random, std::uint64_t index) {
  draft.reshape(index % 2 ? 61 : 40, index % 3 ? 48 : 96);
  draft.temperature = 0.02;
  const Index groups = (draft.n + 7) / 8;
  std::vector<double> centres(static_cast<std::size_t>(groups * draft.d));
  fill_normal(centres, random);
  normalise_rows(centres, draft.d);
  for (Index i = 0; i < draft.n; ++i)
    for (Index k = 0; k < draft.d; ++k) {
      const double c = centres[static_cast<std::size_t>(i / 8 * draft.d + k)];
      draft.at(draft.a, i, k) = c + 0.01 * random.normal();
      draft.at(draft.b, i, k) = c + 0.01 * random.normal();
    }
  normalise(draft);
}

void flat(Draft& draft, Random& random, std::uint64_t index) {
  draft.reshape(index % 2 ? 65 : 37, pick(edge_coordinates, index));
  draft.temperature = 1.0;
  fill_normal(draft.a, random);
  fill_normal(draft.b, random);
  normalise(draft);
}

void extreme(Draft& draft, Random& random, std::uint64_t index) {
  draft.reshape(43, index % 2 ? 96 : 3);
  draft.temperature = 0.005;
  fill_normal(draft.a, random);
  pair_with_noise(draft, random, 0.3);
  normalise(draft);
}

void mismatched(Draft& draft, Random& random, std::uint64_t index) {
  draft.reshape(31 + static_cast<Index>(index % 3), 48);
  draft.temperature = 0.01;
  fill_normal(draft.a, random);
  for (Index i = 0; i < draft.n; ++i)  // the true partner of row i is the next row
    for (Index k = 0; k < draft.d; ++k)
      draft.at(draft.b, (i + 1) % draft.n, k) = draft.at(draft.a, i, k) + 0.1 * random.normal();
  normalise(draft);
}

// All vectors within 2^-s of one vector; s grows with the index up to exact collapse.
void collapsed(Draft& draft, Random& random, std::uint64_t index) {
  draft.reshape(35, index % 2 ? 48 : 3);
  draft.temperature = index % 3 == 2 ? 0.01 : 0.1;
  std::vector<double> centre(static_cast<std::size_t>(draft.d));
  fill_normal(centre, random);
  normalise_rows(centre, draft.d);
  const int exponent = -4 * (static_cast<int>(index % 6) + 1);
  const double spread = index % 6 == 5 ? 0.0 : std::ldexp(1.0, exponent);
  for (auto* m : {&draft.a, &draft.b})
    for (Index i = 0; i < draft.n; ++i)
      for (Index k = 0; k < draft.d; ++k) draft.at(*m, i, k) = centre[k] + spread * random.normal();
}

void antipodal(Draft& draft, Random& random, std::uint64_t index) {
  draft.reshape(index % 2 ? 32 : 5, index % 2 ? 48 : 1);
  draft.temperature = index % 3 == 0 ? 0.05 : 0.5;
  fill_normal(draft.a, random);
  normalise_rows(draft.a, draft.d);
  for (std::size_t i = 0; i < draft.a.size(); ++i) draft.b[i] = -draft.a[i];
}

void orthogonal(Draft& draft, Random& random, std::uint64_t index) {
  draft.reshape(index % 2 ? 48 : 16, 48);
  draft.temperature = index % 2 ? 0.07 : 0.2;
  const Index shift = static_cast<Index>(random.below(static_cast<std::uint64_t>(draft.d)));
  for (Index i = 0; i < draft.n; ++i) {
    draft.at(draft.a, i, (i + shift) % draft.d) = 1;
    draft.at(draft.b, i, (i + shift) % draft.d) = index % 3 ? 1 : -1;
  }
}

// Near-duplicates at the temperature where exp of an unshifted logit overflows.
void near_duplicate(Draft& draft, Random& random, std::uint64_t index) {
  draft.reshape(index % 2 ? 33 : 6, index % 2 ? 96 : 3);
  draft.temperature = 0.0101;
  fill_normal(draft.a, random);
  for (Index i = 1; i < draft.n; i += 2)
    for (Index k = 0; k < draft.d; ++k) draft.at(draft.a, i, k) = draft.at(draft.a, i - 1, k);
  pair_with_noise(draft, random, 0.001);
  normalise(draft);
}

// A few pairs of short vectors: where the budget is tightest.
void small(Draft& draft, Random& random, std::uint64_t index) {
  constexpr Index ns[] = {2, 3, 4, 2};
  constexpr Index ds[] = {1, 2, 3};
  draft.reshape(pick(ns, index), pick(ds, index / 2));
  constexpr double temperatures[] = {0.125, 0.07, 0.03, 1.0};
  draft.temperature = temperatures[(index / 3) % 4];
  fill_normal(draft.a, random);
  fill_normal(draft.b, random);
}

// Two equal pairs along two axes, lengths and T powers of two: no logit and no product is rounded,
// the denominator is little more than 1, and what is left of the budget is a handful of roundings.
void exact(Draft& draft, Random& random, std::uint64_t index) {
  constexpr double temperatures[] = {0.25, 0.5, 0.125, 1.0};  // with entries of size 1
  draft.reshape(2, 2);
  // Where vectors are normalised the logits depend on T alone: not all of it is left to chance.
  const int exponent = index % 2 ? static_cast<int>(random.below(5)) - 2 : 0;
  draft.temperature = std::ldexp(temperatures[index % 4], 2 * exponent);
  for (Index i = 0; i < draft.n; ++i)
    draft.at(draft.a, i, i) = draft.at(draft.b, i, i) =
        std::ldexp(random.below(2) ? 1.0 : -1.0, exponent);
}

// Entries -1, 0, 1: exact products, exact ties.
void ties(Draft& draft, Random& random, std::uint64_t index) {
  draft.reshape(index % 2 ? 34 : 7, index % 2 ? 48 : 3);
  draft.temperature = index % 2 ? 1.0 : 0.25;
  for (auto* m : {&draft.a, &draft.b})
    for (double& x : *m) x = static_cast<double>(random.below(3)) - 1.0;
}

void huge_norms(Draft& draft, Random& random, std::uint64_t index) {
  constexpr int exponents[] = {4, 12, 30, 50};
  draft.reshape(index % 2 ? 33 : 5, index % 2 ? 48 : 3);
  draft.temperature = 0.1;
  const double scale = std::ldexp(1.0, exponents[index % 4]);
  fill_normal(draft.a, random, scale);
  fill_normal(draft.b, random, scale);
}

void tiny_norms(Draft& draft, Random& random, std::uint64_t index) {
  constexpr int exponents[] = {-10, -40, -70, -140};
  draft.reshape(index % 2 ? 33 : 5, index % 2 ? 48 : 3);
  draft.temperature = index % 2 ? 0.005 : 0.1;
  const double scale = std::ldexp(1.0, exponents[index % 4]);
  fill_normal(draft.a, random, scale);
  fill_normal(draft.b, random, scale);
}

// Subnormal entries on one side, large ones on the other, so that products are ordinary.
void subnormals(Draft& draft, Random& random, std::uint64_t index) {
  draft.reshape(index % 2 ? 17 : 4, index % 2 ? 48 : 3);
  draft.temperature = 0.5;
  fill_normal(draft.a, random, 0x1p-140);
  fill_normal(draft.b, random, index % 3 ? 0x1p100 : 0x1p-140);
}

void zero_vectors(Draft& draft, Random& random, std::uint64_t index) {
  draft.reshape(index % 2 ? 33 : 6, 48);
  draft.temperature = 0.07;
  fill_normal(draft.a, random);
  fill_normal(draft.b, random);
  normalise(draft);
  const bool all = index % 4 == 3;
  for (Index i = 0; i < draft.n; ++i)
    for (Index k = 0; k < draft.d; ++k) {
      if (all || i % 3 == 0) draft.at(draft.a, i, k) = i % 2 ? 0.0 : -0.0;
      if (all || i % 5 == 0) draft.at(draft.b, i, k) = 0.0;
    }
}

// One large common component: every logit carries the same big offset.
void common_offset(Draft& draft, Random& random, std::uint64_t index) {
  draft.reshape(37, 48);
  draft.temperature = index % 2 ? 0.07 : 0.5;
  fill_normal(draft.a, random);
  pair_with_noise(draft, random, 0.5);
  normalise(draft);
  const double offset = std::ldexp(1.0, 1 + static_cast<int>(index % 4));
  for (Index i = 0; i < draft.n; ++i) {
    draft.at(draft.a, i, 0) = offset;
    draft.at(draft.b, i, 0) = offset;
  }
}

void strided(Draft& draft, Random& random, std::uint64_t index) {
  constexpr Index ds[] = {48, 3, 31, 96};
  draft.reshape(index % 2 ? 33 : 9, pick(ds, index));
  draft.padding = 1 + static_cast<Index>(index % 5) * 3;
  draft.temperature = 0.1;
  fill_normal(draft.a, random);
  pair_with_noise(draft, random, 0.4);
  normalise(draft);
}

void not_finite(Draft& draft, Random& random, std::uint64_t index) {
  draft.reshape(index % 2 ? 33 : 6, 3);
  draft.temperature = 0.5;
  fill_normal(draft.a, random);
  fill_normal(draft.b, random);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const double values[] = {std::numeric_limits<double>::quiet_NaN(), infinity, -infinity};
  auto& m = index % 2 ? draft.a : draft.b;
  const Index row = static_cast<Index>(random.below(static_cast<std::uint64_t>(draft.n)));
  draft.at(m, row, static_cast<Index>(random.below(3))) = values[index % 3];
}

}  // namespace

void fill_normal(std::vector<double>& m, Random& random, double scale) {
  for (double& x : m) x = scale * random.normal();
}

void normalise_rows(std::vector<double>& m, Index d) {
  for (std::size_t row = 0; row < m.size(); row += static_cast<std::size_t>(d)) {
    double square = 0;
    for (Index k = 0; k < d; ++k) square += m[row + k] * m[row + k];
    const double norm = std::sqrt(square);
    for (Index k = 0; k < d; ++k) m[row + k] = norm > 0 ? m[row + k] / norm : (k == 0 ? 1.0 : 0.0);
  }
}

void normalise(Draft& draft) {
  normalise_rows(draft.a, draft.d);
  normalise_rows(draft.b, draft.d);
}

void pair_with_noise(Draft& draft, Random& random, double noise) {
  for (std::size_t i = 0; i < draft.a.size(); ++i)
    draft.b[i] = draft.a[i] + noise * random.normal();
}

const std::vector<InfoNceFamily>& info_nce_family_table() {
  static const std::vector<InfoNceFamily> all = {
      {{"small", "2 to 4 pairs in 1 to 3 dimensions, not normalised: the tightest budgets", 12},
       small},
      {{"exact", "two pairs along the axes, powers of two: no logit is rounded", 8}, exact},
      {{"sizes", "N of 1, 2, tile-1, tile, tile+1, primes; d of 1, 3, 48, 96", 32}, sizes},
      {{"independent", "independent unit vectors, T = 0.07", 4}, independent},
      {{"aligned", "noisy pairs, T from 0.1 down to 0.01: losses that vanish", 4}, aligned},
      {{"opposed", "a near u, b near -u: every positive logit is far below the negatives", 4},
       opposed},
      {{"clusters", "groups of eight near-duplicates", 4}, clusters},
      {{"flat", "T = 1: the softmax is nearly uniform", 4}, flat},
      {{"extreme", "noisy pairs at T = 0.005", 4}, extreme},
      {{"mismatched", "positives permuted: losses up to 100", 3}, mismatched},
      {{"collapsed", "all vectors within 2^-4 .. 0 of one vector", 6}, collapsed},
      {{"antipodal", "b = -a", 4}, antipodal},
      {{"orthogonal", "distinct basis vectors, positives equal or opposite", 4}, orthogonal},
      {{"near-duplicate", "duplicated anchors at T = 0.0101: exp of a raw logit overflows", 4},
       near_duplicate},
      {{"ties", "entries -1, 0, 1: exact products and exact ties", 4}, ties},
      {{"common-offset", "all logits share a large offset", 4}, common_offset},
      {{"huge-norms", "norms from 2^4 to 2^50", 4}, huge_norms},
      {{"tiny-norms", "norms from 2^-10 to 2^-140", 4}, tiny_norms},
      {{"subnormals", "subnormal entries, partly against large ones", 4}, subnormals},
      {{"zero-vectors", "some or all vectors are zero, of both signs", 4}, zero_vectors},
      {{"strided", "rows with NaN-filled padding between them", 5}, strided},
      {{"typical", "the kill matrix's typical case: independent, N = 256, T = 0.07, mean", 1, true},
       draw_typical},
      {{"adversarial", "the kill matrix's nine adversarial cases, N = 129 to 512", 9, true},
       draw_adversarial},
      {{"not-finite", "one NaN or infinity, judged by the declared rule", 6}, not_finite},
  };
  return all;
}

}  // namespace assay::contract
