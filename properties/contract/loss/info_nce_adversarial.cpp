// SPDX-License-Identifier: Apache-2.0
// The nine adversarial cases and the typical one of the kill matrix (docs/self-test.md), at the
// sizes at which other projects' acceptance rules were compared.
#include <cmath>

#include "properties/contract/loss/info_nce_families.hpp"

namespace assay::contract {
namespace {

using Draft = InfoNceDraft;
using engine::Random;
using Index = std::int64_t;

void start(Draft& draft, Index n, Index d, double temperature, Random& random) {
  draft.reshape(n, d);
  draft.temperature = temperature;
  fill_normal(draft.a, random);
}

void aligned(Draft& draft, Index n, Index d, double temperature, Random& random) {
  start(draft, n, d, temperature, random);
  pair_with_noise(draft, random, 0.3);
  normalise(draft);
}

void independent(Draft& draft, Index n, double temperature, Random& random) {
  start(draft, n, 64, temperature, random);
  fill_normal(draft.b, random);
  normalise(draft);
}

// q near u, k near -u: all logits near -1/T.
void opposed(Draft& draft, Random& random) {
  start(draft, 201, 64, 0.008, random);
  std::vector<double> centre(64);
  fill_normal(centre, random);
  normalise_rows(centre, 64);
  for (Index i = 0; i < draft.n; ++i)
    for (Index k = 0; k < draft.d; ++k) {
      const double c = centre[static_cast<std::size_t>(k)];
      draft.at(draft.a, i, k) = c + 0.04 * random.normal();
      draft.at(draft.b, i, k) = -c + 0.04 * random.normal();
    }
  normalise(draft);
}

// Groups of eight near-duplicates.
void clusters(Draft& draft, Random& random) {
  start(draft, 193, 64, 0.02, random);
  for (Index i = 0; i < draft.n; ++i)
    for (Index k = 0; k < draft.d; ++k) {
      const double c = draft.at(draft.a, i / 8 * 8, k);
      if (i % 8) draft.at(draft.a, i, k) = c + 0.02 * random.normal();
      draft.at(draft.b, i, k) = c + 0.02 * random.normal();
    }
  normalise(draft);
}

void mismatched(Draft& draft, Random& random) {
  aligned(draft, 150, 64, 0.01, random);
  std::vector<double> first(draft.b.begin(), draft.b.begin() + draft.d);
  for (Index i = 0; i + 1 < draft.n; ++i)
    for (Index k = 0; k < draft.d; ++k) draft.at(draft.b, i, k) = draft.at(draft.b, i + 1, k);
  for (Index k = 0; k < draft.d; ++k)
    draft.at(draft.b, draft.n - 1, k) = first[static_cast<std::size_t>(k)];
}

}  // namespace

void draw_adversarial(Draft& draft, Random& random, std::uint64_t index) {
  switch (index % adversarial_cases) {
    case 0: return independent(draft, 256, 0.07, random);
    case 1: return aligned(draft, 201, 64, 0.07, random);
    case 2: return aligned(draft, 129, 64, 0.01, random);
    case 3: return opposed(draft, random);
    case 4: return clusters(draft, random);
    case 5: return independent(draft, 193, 1.0, random);
    case 6: return independent(draft, 512, 1.0, random);
    case 7: return aligned(draft, 320, 128, 0.005, random);
    default: return mismatched(draft, random);
  }
}

void draw_typical(Draft& draft, Random& random, std::uint64_t) {
  independent(draft, 256, 0.07, random);
}

}  // namespace assay::contract
