// SPDX-License-Identifier: Apache-2.0
// Laws in binary64 against the same laws on an interval engine, in fractions, and by hand.
#include "properties/contract/sampler/law.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "properties/contract/sampler/contracts.hpp"
#include "reference/arithmetic/real.hpp"

namespace assay::contract {
namespace {

using reference::Arithmetic;
using reference::Real;

// The score, or the exact inner product.
Real score_of(const SamplerProblem& p, std::size_t j) {
  if (p.dimension == 0) return Real::exactly(p.scores[j]);
  Real sum(0);
  const auto d = static_cast<std::size_t>(p.dimension);
  for (std::size_t a = 0; a < d; ++a)
    sum += Real::exactly(static_cast<double>(p.anchor[a])) *
           Real::exactly(static_cast<double>(p.candidates[j * d + a]));
  return sum;
}

// w_j on an interval engine, from the formula.
Real weight(const Arithmetic& in, const SamplerProblem& p, std::size_t j) {
  const Real u = in(score_of(p, j) * Real::exactly(p.inv_tau));
  if (p.tilt == "exponential") return exp(in(Real::exactly(p.beta)) * u);
  if (p.tilt == "polynomial") return pow(max(u + Real(1), Real(0)), p.power);
  return p.tilt == "weights" ? in(score_of(p, j)) : Real(1);
}

TEST(ItemLaw, EnclosesTheLawOnAnIntervalEngineForEveryFamily) {
  const Arithmetic in = Arithmetic::enclosing(reference::engines().front(), 200);
  for (const char* name : {"sampler/inverse_cdf", "sampler/uniform"}) {
    const SamplerContract& contract = sampler_contract_named(name);
    for (const SamplerInstance& instance : contract.instances)
      for (const Family& family : contract.families) {
        if (family.large) continue;
        const SamplerProblem p = make_sampler_problem({name, instance.name, family.name, 0, 1});
        const std::vector<Ends> law = item_law(p);
        Real sum(0);
        std::vector<Real> w(p.scores.size(), Real(0));
        for (std::size_t j = 0; j < w.size(); ++j)
          if (p.allowed(static_cast<std::int64_t>(j)) && !std::isinf(p.scores[j]))
            sum += w[j] = weight(in, p, j);
        for (std::size_t j = 0; j < w.size(); ++j) {
          const Ends truth = (w[j] / sum).interval().ends();
          EXPECT_LE(law[j].lo, truth.hi) << instance.name << " " << family.name << " " << j;
          EXPECT_GE(law[j].hi, truth.lo) << instance.name << " " << family.name << " " << j;
          EXPECT_LE(law[j].hi - law[j].lo, truth.hi * (p.dimension > 0 ? 0x1p-32 : 0x1p-40));
          EXPECT_EQ(law[j].hi == 0, truth.hi == 0);
        }
      }
  }
}

// An augmentation has no law of outcomes that could be listed.
std::vector<SamplerContract> discrete_contracts() {
  std::vector<SamplerContract> all = sampler_contracts();
  std::erase_if(all, [](const SamplerContract& c) { return c.rule == SamplerRule::augmentation; });
  return all;
}

TEST(ItemLaw, RowsWithoutALawAreNamed) {
  for (const SamplerContract& contract : discrete_contracts())
    for (const SamplerInstance& instance : contract.instances)
      for (const BadRow& bad : bad_rows(instance))
        EXPECT_THROW(
            {
              item_weights(bad.problem);
              outcome_law(bad.problem);
            },
            NoLaw)
            << contract.name << ":" << instance.name << ": " << bad.what;
}

TEST(OutcomeLaw, AddsUpToOneForEveryContract) {
  for (const SamplerContract& contract : discrete_contracts())
    for (const SamplerInstance& instance : contract.instances) {
      const std::vector<Ends> law = outcome_law(small_sampler_problem(instance));
      double lo = 0, hi = 0;
      for (const Ends& x : law) {
        lo += x.lo;
        hi += x.hi;
      }
      EXPECT_NEAR(lo, 1, 0x1p-40) << contract.name;
      EXPECT_NEAR(hi, 1, 0x1p-40) << contract.name;
    }
}

SamplerProblem of_weights(SamplerRule rule, std::vector<double> w, std::int64_t k) {
  SamplerProblem p;
  p.rule = rule;
  p.tilt = "weights";
  p.scores = std::move(w);
  p.k = k;
  return p;
}

TEST(OutcomeLaw, PlackettLuceByHand) {
  // Weights 1, 2, 3: P(2, 0) = 3/6 * 1/3.
  const auto law = outcome_law(of_weights(SamplerRule::gumbel_top_k, {1, 2, 3}, 2));
  const auto at = [&](std::int64_t a, std::int64_t b) {
    const std::vector<std::int64_t> outcome = {a, b};
    return law[static_cast<std::size_t>(outcome_number(outcome, 3))];
  };
  EXPECT_TRUE(at(2, 0).contains(0.5 / 3) || std::fabs(at(2, 0).lo - 0.5 / 3) < 0x1p-50);
  EXPECT_NEAR(at(0, 1).hi, 1.0 / 6 * 2 / 5, 0x1p-50);
  EXPECT_EQ(at(1, 1).hi, 0);
}

TEST(OutcomeLaw, TopKTakesTiesFromTheLeft) {
  const auto law = outcome_law(of_weights(SamplerRule::top_k, {1, 3, 3, 2}, 3));
  const std::vector<std::int64_t> expected = {1, 2, 3};
  EXPECT_EQ(law[static_cast<std::size_t>(outcome_number(expected, 4))], exactly(1));
}

TEST(OutcomeLaw, RejectionAndPairsByHand) {
  SamplerProblem p = of_weights(SamplerRule::rejection, {0, 1}, 2);
  p.joint = "max_plus_one";  // eta(0,0) = 1, the three others 2
  const auto law = outcome_law(p);
  EXPECT_NEAR(law[0].hi, 1.0 / 7, 0x1p-50);
  EXPECT_NEAR(law[3].lo, 2.0 / 7, 0x1p-50);
  p.joint = "sum_plus_one";  // 2, 3, 3, 4
  EXPECT_NEAR(outcome_law(p)[1].hi, 3.0 / 12, 0x1p-50);

  SamplerProblem pairs = of_weights(SamplerRule::anchor_positive, {1, 1, 1, 1}, 1);
  pairs.column_labels = {7, 5, 7, 7};
  const auto law_of_pairs = outcome_law(pairs);  // 1 has no positive
  EXPECT_NEAR(law_of_pairs[0 * 4 + 2].hi, 1.0 / 6, 0x1p-50);
  EXPECT_EQ(law_of_pairs[0 * 4 + 1].hi, 0);
  EXPECT_EQ(law_of_pairs[0].hi, 0);
}

TEST(OutcomeNumber, RefusesColumnsOutOfRange) {
  const std::vector<std::int64_t> low = {0, -1}, high = {3, 0}, fine = {2, 1};
  EXPECT_EQ(outcome_number(low, 3), -1);
  EXPECT_EQ(outcome_number(high, 3), -1);
  EXPECT_EQ(outcome_number(fine, 3), 7);
}

}  // namespace
}  // namespace assay::contract
