// SPDX-License-Identifier: Apache-2.0
// The exact laws of the kernels against the laws of the papers: total variation as an enclosure.
#include <gtest/gtest.h>

#include "reference/sampler/laws.hpp"
#include "tests/kernels/sampling/sampling_case.hpp"

namespace assay::kernels::sampling::testing {
namespace {

using reference::Arithmetic;
using reference::Hardening;
using reference::Real;
const Arithmetic arithmetic = Arithmetic::enclosing(reference::Engine::mpfi, 96);

/// What row 0 owes.
std::vector<Real> owed(const Case& c) {
  const Population& p = c.request.population;
  reference::Candidates candidates{p.columns, -1, -1, {}, false, 0};
  if (!c.self.empty()) candidates.self = c.self[0];
  if (!c.positive.empty()) candidates.positive = c.positive[0];
  if (!c.row_labels.empty()) {
    candidates.labels.assign(c.column_labels.begin(), c.column_labels.end());
    candidates.other_classes_only = true;
    candidates.label = c.row_labels[0];
  }
  const std::vector<Real> base = reference::base_law(candidates);
  std::vector<Real> u;
  for (std::int64_t j = 0; j < p.columns; ++j) {
    Real s = 0;
    if (!c.scores.empty()) s = Real::exactly(c.scores[static_cast<std::size_t>(j)]);
    for (std::int64_t a = 0; c.scores.empty() && a < p.dimension; ++a)
      s += Real::exactly(c.x[static_cast<std::size_t>(a)]) *
           Real::exactly(c.y[static_cast<std::size_t>(j * p.dimension + a)]);
    u.push_back(arithmetic(s * Real::exactly(p.inv_tau)));
  }
  switch (p.tilt) {
    case Tilt::exponential:
      return hardened_law(base, u, Hardening::exponential(arithmetic(Real::exactly(p.beta))));
    case Tilt::polynomial: return hardened_law(base, u, Hardening::polynomial(p.power));
    case Tilt::weights: {
      for (std::size_t j = 0; j < u.size(); ++j) u[j] *= base[j];
      return reference::law_of_weights(u);
    }
    default: return base;
  }
}

double distance(const Case& c, std::span<const Real> law) {
  return total_variation(owed(c), law).interval().ends().hi;
}

/// The kernel's weights of row 0 in place of the draw: its law on any number of bits.
std::vector<std::uint64_t> weights(Case& c) { return integer_weights(c.view().population, 0); }

TEST(KernelLaws, InverseCdfAndAliasAreWithinAMillionth) {
  for (const Tilt tilt : {Tilt::uniform, Tilt::weights, Tilt::exponential, Tilt::polynomial}) {
    Case c = random_case(1, 600, tilt, 21);
    exclude_some(c);
    Population& p = c.request.population;
    p.beta = 20;
    p.inv_tau = 1.25f;
    p.power = 20;
    const std::vector<std::uint64_t> w = weights(c);
    EXPECT_LT(distance(c, reference::inverse_cdf_law(w, 53)), 0x1p-40);
    const AliasTable table = alias_table(w);
    EXPECT_LT(distance(c, reference::alias_law(table.accept, table.other, 64, 64)), 0x1p-40);
    // On 24 bits the grid shows: within columns * 2^-25, and well above what 53 bits give.
    const double coarse = distance(c, reference::inverse_cdf_law(w, 24));
    EXPECT_LT(coarse, 600 * 0x1p-25);
    EXPECT_GT(coarse, 0x1p-26);
  }
}

TEST(KernelLaws, FusedScoresAtATemperatureAreWithinAMillionth) {
  Case c;
  std::mt19937 generator(2);
  std::normal_distribution<float> normal(0, 0.125f);
  c.request.population.rows = 1;
  c.request.population.columns = 400;
  c.request.population.dimension = 61;
  c.request.population.tilt = Tilt::exponential;
  c.request.population.inv_tau = 1 / 0.07f;
  c.request.population.beta = 3;
  for (int i = 0; i < 61; ++i) c.x.push_back(normal(generator));
  for (int i = 0; i < 61 * 400; ++i) c.y.push_back(normal(generator));
  EXPECT_LT(distance(c, reference::inverse_cdf_law(weights(c), 64)), 0x1p-40);
}

TEST(KernelLaws, ADistantLawIsSeen) {
  Case c = random_case(1, 100, Tilt::exponential, 5);
  c.request.population.beta = 2;
  const std::vector<std::uint64_t> w = weights(c);
  c.request.population.beta = 2.001f;
  EXPECT_GT(total_variation(owed(c), reference::inverse_cdf_law(w, 53)).interval().ends().lo,
            0x1p-14);
}

TEST(KernelLaws, ARejectionHasTheJointLaw) {
  // Every pair of columns at every one of 28 levels, once: all eta / bound are multiples of 1/28,
  // so that the counts of accepted tuples are the law exactly.
  for (const JointTilt joint : {JointTilt::max_plus_one, JointTilt::sum_plus_one}) {
    Case c;
    const float scores[4] = {0.75f, 0, -0.5f, -0.875f};
    c.request.method = Method::rejection;
    c.request.joint = joint;
    c.request.k = 2;
    c.request.proposals = 1;
    c.request.population.rows = 4 * 4 * 28;
    c.request.population.columns = 4;
    for (std::uint32_t i = 0; i < 4 * 4 * 28; ++i) {
      c.scores.insert(c.scores.end(), scores, scores + 4);
      const std::uint32_t level =
          static_cast<std::uint32_t>((std::uint64_t{i / 16} << 32) / 28) + (i / 16 > 0 ? 1 : 0);
      for (const std::uint32_t word : {i % 4 << 30, 0u, i / 4 % 4 << 30, 0u, level, 0u})
        c.words.push_back(word);
    }
    const std::vector<std::int64_t> drawn = emulated(c.view());
    std::vector<Real> counts(16);
    long long accepted = 0;
    for (std::size_t i = 0; i < drawn.size(); i += 2)
      if (drawn[i] >= 0)
        counts[static_cast<std::size_t>(4 * drawn[i] + drawn[i + 1])] += 1, ++accepted;
    for (Real& count : counts) count /= Real(accepted);
    std::vector<Real> u, base(4, Real::ratio(1, 4));
    for (const float s : scores) u.push_back(Real::exactly(s));
    const Hardening eta =
        joint == JointTilt::max_plus_one ? Hardening::max_plus_one() : Hardening::sum_plus_one(1);
    const reference::JointLaw law = hardened_joint_law(base, u, eta, 2);
    EXPECT_EQ(equal(total_variation(law.law, counts), 0), reference::Truth::yes);
    const Real most = joint == JointTilt::max_plus_one ? Real::ratio(7, 4) : Real::ratio(7, 2);
    EXPECT_EQ(
        equal(1 - Real::ratio(accepted, 16 * 28), probability_of_no_proposal(law.gamma, most, 1)),
        reference::Truth::yes);
  }
}

TEST(KernelLaws, KeysOnAllWordsAreWithinTheirGrid) {
  // Three columns, four bits each: all 4096 triples of words.
  for (const Method method : {Method::gumbel_max, Method::exponential_race, Method::gumbel_top_k}) {
    Case c;
    c.scores = {1, 5, 2};
    Population& p = c.request.population;
    p.columns = 3;
    p.tilt = Tilt::weights;
    c.request.method = method;
    c.request.bits = 4;
    const bool distinct = method == Method::gumbel_top_k;
    p.rows = distinct ? 4096 : 1;
    c.request.k = distinct ? 2 : 4096;
    for (std::uint32_t i = 0; i < 4096; ++i)
      for (const std::uint32_t word : {i % 16 << 28, i / 16 % 16 << 28, i / 256 << 28})
        c.words.push_back(word);
    if (distinct) {
      c.view();
      p.score_stride = 0;  // below the columns: refused
      EXPECT_THROW(emulated(c.request), std::invalid_argument);
      c.scores.clear();
      for (int row = 0; row < 4096; ++row) c.scores.insert(c.scores.end(), {1, 5, 2});
    }
    const std::vector<std::int64_t> drawn = emulated(c.view());
    std::vector<Real> law(distinct ? 9 : 3), weights = {1, 5, 2};
    for (std::size_t t = 0; t < 4096; ++t) {
      const std::int64_t outcome = distinct ? 3 * drawn[2 * t] + drawn[2 * t + 1] : drawn[t];
      law[static_cast<std::size_t>(outcome)] += Real::ratio(1, 4096);
    }
    const std::vector<Real> owed_law =
        distinct ? plackett_luce_law(weights, 2) : reference::law_of_weights(weights);
    const double tv = total_variation(owed_law, law).approximate();
    EXPECT_LE(tv, (distinct ? 2 : 1) * 3 / 32.0);
    EXPECT_GT(tv, 0);
  }
}

}  // namespace
}  // namespace assay::kernels::sampling::testing
