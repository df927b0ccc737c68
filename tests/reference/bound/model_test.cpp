// SPDX-License-Identifier: Apache-2.0
// The bounds against expected losses of the simplex model: another formula for each number.
#include <gtest/gtest.h>

#include "reference/bound/hard_negatives.hpp"
#include "reference/model/expected_loss.hpp"
#include "tests/reference/bound/agreement.hpp"

namespace assay::reference {
namespace {

using testing::expect_same;

const LossFunction losses[] = {
    algorithm_1_loss(), LossFunction::log_sum({.alpha = 0, .temperature = Real::ratio(1, 3)}),
    LossFunction::hinge(Real::ratio(3, 2), Over::max), LossFunction::softplus(Over::sum)};

Real loss_of(const Arithmetic& in, int classes, int negatives, Law law, const LossFunction& psi,
             const Hardening& eta = {}) {
  return in(expected_loss(simplex_model(classes, 2).in(in), law, psi, eta, negatives));
}

TEST(BoundsOfTheModel, SimplexModelAttainsTheorems2And3) {
  for (const LossFunction& psi : losses)
    for (const auto& [c, k] : {std::pair{2, 3}, {5, 4}}) {
      expect_same([&](auto in) { return in(theorem_2_bound(in, psi, c, k)); },
                  [&](auto in) { return loss_of(in, c, k, Law::scl, psi); });
      expect_same([&](auto in) { return in(theorem_3_bound(in, psi, c, k)); },
                  [&](auto in) { return loss_of(in, c, k, Law::ucl, psi); });
    }
}

TEST(BoundsOfTheModel, BinomialSumIsTheIntegral) {
  // The integral of theory 6 for E log, no sum over the negatives at all.
  expect_same([](auto in) { return theorem_3_bound(in, losses[0], 4, 60); },
              [](auto in) {
                return expected_loss(simplex_model(4, 1).in(in), Law::ucl, losses[0], {}, 60,
                                     Way::integral);
              });
}

TEST(BoundsOfTheModel, HardeningAtCollapse) {
  const Hardening exponential = Hardening::exponential(Real::ratio(5, 2));
  const Hardening polynomial = Hardening::polynomial(3);
  for (const LossFunction& psi : losses) {
    expect_same([&](auto in) { return in(theorem_2_bound(in, psi, 4, 3)); },  // HN (vi)
                [&](auto in) { return loss_of(in, 4, 3, Law::hscl, psi, polynomial); });
    expect_same(
        [&](auto in) {
          return in(hucl_at_collapse(in, psi, 4, 3, exponential_ratio(in, 4, Real::ratio(5, 2))));
        },
        [&](auto in) { return loss_of(in, 4, 3, Law::hucl, psi, exponential); });
    expect_same(
        [&](auto in) { return in(hucl_at_collapse(in, psi, 4, 3, polynomial_ratio(4, 3))); },
        [&](auto in) { return loss_of(in, 4, 3, Law::hucl, psi, polynomial); });
  }
}

}  // namespace
}  // namespace assay::reference
