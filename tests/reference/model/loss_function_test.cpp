// SPDX-License-Identifier: Apache-2.0
// Loss functions: text, values in every kind of number, and the properties they claim.
#include "reference/model/loss_function.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/reference/model/random_model.hpp"

namespace assay::reference {
namespace {

const char* const texts[] = {
    "info-nce alpha=1 weight=1/k temperature=1",
    "info-nce alpha=1 weight=1 temperature=1/2",
    "info-nce alpha=0 weight=1 temperature=1",
    "info-nce alpha=1/3 weight=5/k temperature=2",
    "hinge margin=1 over=sum",
    "hinge margin=1/2 over=mean",
    "hinge margin=0 over=max",
    "softplus over=sum",
    "softplus over=mean",
    "linear over=sum",
    "linear over=mean",
    "max",
    "max-affine 1,0,1/2;0,1,0",
    "max-affine 1,1,0;2,2,-1",
    "max-affine 1,-1,0;-1,1,0",
    "decreasing",
    "concave",
    "concave-linear bend=-1/2",
    "non-monotone",
};

std::vector<Real> draw_arguments(Random& random, int k) {
  std::vector<Real> t;
  for (int i = 0; i < k; ++i) t.push_back(Real::ratio(draw_int(random, -8, 8), 4));
  return t;
}

std::vector<Real> in(const Arithmetic& arithmetic, std::vector<Real> t) {
  for (Real& x : t) x = arithmetic(x);
  return t;
}

TEST(LossFunction, TextsReadBack) {
  for (const char* text : texts) EXPECT_EQ(LossFunction::parse(text).text(), text);
  EXPECT_EQ(LossFunction::parse("info-nce temperature=1 weight=2/4 alpha=0.5").text(),
            "info-nce alpha=1/2 weight=1/2 temperature=1");
}

TEST(LossFunction, WhatIsNoLossIsRefused) {
  for (const char* text :
       {"", "nonsense", "info-nce alpha=1", "info-nce alpha=-1 weight=1 temperature=1",
        "info-nce alpha=1 weight=0 temperature=1", "info-nce alpha=1 weight=1 temperature=0",
        "hinge margin=x over=sum", "hinge margin=1 over=all", "max over=sum", "softplus over=max",
        "linear", "max-affine 1", "max-affine 1,2;1", "hinge margin=1 margin=1 over=sum",
        "hinge margin over=sum"})
    EXPECT_THROW(LossFunction::parse(text), std::invalid_argument) << text;
  const LossFunction affine = LossFunction::parse("max-affine 1,0,1/2;0,1,0");
  EXPECT_THROW(affine(std::vector<Real>{1}), std::invalid_argument);
  EXPECT_THROW(affine.properties(3), std::invalid_argument);
  EXPECT_THROW(affine(std::vector<Real>{}), std::invalid_argument);
  EXPECT_THROW(LossFunction::maximum()(std::vector<Real>{}), std::invalid_argument);
}

TEST(LossFunction, ValuesByHand) {
  const auto value = [](const char* text, std::vector<Real> t) {
    return LossFunction::parse(text)(t).text();
  };
  EXPECT_EQ(value("hinge margin=1 over=sum", {Real::ratio(-1, 2), 1, -3}), "5/2");
  EXPECT_EQ(value("hinge margin=1 over=mean", {Real::ratio(-1, 2), 1, -3}), "5/6");
  EXPECT_EQ(value("hinge margin=1 over=max", {Real::ratio(-1, 2), 1, -3}), "2");
  EXPECT_EQ(value("linear over=mean", {1, 2}), "3/2");
  EXPECT_EQ(value("max", {-1, -2}), "-1");
  EXPECT_EQ(value("max-affine 1,0,1/2;0,1,0", {1, 2}), "2");
  EXPECT_EQ(value("max-affine 1,0,1/2;0,1,0", {2, 2}), "5/2");
  EXPECT_EQ(value("decreasing", {1, 2}), "-3");
  EXPECT_EQ(value("concave-linear bend=0", {1, -2}), "-2");
  EXPECT_EQ(value("non-monotone", {-1, 2}), "5");
  // Without a constant, equal exponents need no logarithm: log((1/k) sum e^t) = t.
  EXPECT_EQ(value("info-nce alpha=0 weight=1/k temperature=2", {3, 3, 3}), "3/2");
}

TEST(LossFunction, DoublesNeitherOverflowNorLoseSmallValues) {
  const LossFunction psi = LossFunction::parse("info-nce alpha=1 weight=1 temperature=1/1000");
  const std::vector<Real> large = {Real::plain(2), Real::plain(1)};
  EXPECT_EQ(psi(large).approximate(), 2000);
  const std::vector<Real> small = {Real::plain(-0.05), Real::plain(-2)};
  EXPECT_NEAR(psi(small).approximate() / std::exp(-50), 1, 0x1p-45);
  EXPECT_EQ(LossFunction::softplus(Over::sum)(std::vector<Real>{Real::plain(2000)}).approximate(),
            2000);
  EXPECT_EQ(LossFunction::concave()(std::vector<Real>{Real::plain(-2000)}).approximate(), -2000);
}

TEST(LossFunction, EnclosuresContainWhatDoublesSay) {
  Random random(1);
  for (const char* text : texts)
    for (int trial = 0; trial < 20; ++trial) {
      const LossFunction psi = LossFunction::parse(text);
      const std::vector<Real> t = draw_arguments(random, 2);
      const double rough = psi(in(Arithmetic::plain(), t)).approximate();
      for (const Engine engine : engines()) {
        const Real value = psi(in(Arithmetic::enclosing(engine, 128), t));
        EXPECT_NEAR(value.approximate(), rough, 0x1p-46 * (1 + std::fabs(rough))) << text;
        EXPECT_LE(value.interval().width_up(), 0x1p-115) << text;
        EXPECT_TRUE(!psi.properties(2).piecewise_linear || value.is_exact()) << text;
      }
    }
}

/// All that is claimed holds, and what is not claimed fails somewhere (rows of max-affine aside).
TEST(LossFunction, PropertiesAreThoseOfTheFunction) {
  const Arithmetic arithmetic = Arithmetic::enclosing(engines().front(), 128);
  for (const char* text : texts) {
    const LossFunction psi = LossFunction::parse(text);
    for (const int k : {1, 2, 3}) {
      if (std::string_view(text).starts_with("max-affine") && k != 2) continue;
      const LossProperties claimed = psi.properties(k);
      LossProperties seen{true, true, true, true, true, true};
      Random random(7);
      for (int trial = 0; trial < 240; ++trial) {
        const std::vector<Real> a = in(arithmetic, draw_arguments(random, k));
        std::vector<Real> b = in(arithmetic, draw_arguments(random, k));
        // Every other time along one axis, where functions of the maximum are flat.
        const auto axis = static_cast<std::size_t>(draw_int(random, 0, k - 1));
        for (std::size_t i = 0; trial % 2 && i < b.size(); ++i)
          if (i != axis) b[i] = a[i];
        // And sometimes along the diagonal, where the log family without a constant is affine.
        for (std::size_t i = 0; trial % 8 == 4 && i < b.size(); ++i) b[i] = a[i] + 1;
        std::vector<Real> middle, upper = a;
        for (std::size_t i = 0; i < a.size(); ++i) middle.push_back((a[i] + b[i]) / 2);
        upper[axis] += abs(b[axis]) + Real::ratio(1, 4);
        const Real chord = (psi(a) + psi(b)) / 2 - psi(middle);
        bool same = true;
        for (std::size_t i = 0; i < a.size(); ++i) same = same && identical(a[i], b[i]);
        if (less(chord, 0) == Truth::yes) seen.convex = false;
        if (!same && less(0, chord) != Truth::yes) seen.strictly_convex = false;
        if (less(psi(upper), psi(a)) == Truth::yes) seen.nondecreasing = false;
        if (less(psi(a), psi(upper)) != Truth::yes) seen.strictly_increasing = false;
        std::vector<Real> swapped(a.rbegin(), a.rend());
        if (equal(psi(a), psi(swapped)) == Truth::no) seen.symmetric = false;
      }
      EXPECT_EQ(claimed.convex, seen.convex) << text << " k=" << k;
      EXPECT_EQ(claimed.nondecreasing, seen.nondecreasing) << text << " k=" << k;
      EXPECT_EQ(claimed.strictly_increasing, seen.strictly_increasing) << text << " k=" << k;
      EXPECT_EQ(claimed.strictly_convex, seen.strictly_convex) << text << " k=" << k;
      EXPECT_TRUE(k == 1 || claimed.symmetric == seen.symmetric) << text << " k=" << k;
    }
  }
}

TEST(LossFunction, CountsMeanRepetition) {
  Random random(3);
  for (const char* text : texts) {
    if (std::string_view(text).starts_with("max-affine")) continue;
    const LossFunction psi = LossFunction::parse(text);
    const std::vector<Real> t =
        in(Arithmetic::enclosing(engines().front(), 128), draw_arguments(random, 3));
    const std::vector<int> counts = {2, 0, 3};
    const std::vector<Real> repeated = {t[0], t[0], t[2], t[2], t[2]};
    EXPECT_NE(equal(psi.of_counts(t, counts), psi(repeated)), Truth::no) << text;
    EXPECT_NEAR(psi.of_counts(t, counts).approximate(), psi(repeated).approximate(), 0x1p-40);
  }
}

TEST(LossFunction, AFunctionOfOnesOwn) {
  const LossFunction psi =
      LossFunction::custom("first", [](std::span<const Real> t) { return t[0]; }, {.convex = true});
  EXPECT_EQ(psi(std::vector<Real>{3, 4}).text(), "3");
  EXPECT_EQ(psi.text(), "first");
  EXPECT_FALSE(psi.properties(2).symmetric);
  EXPECT_THROW(LossFunction::custom("none", {}, {}), std::invalid_argument);
}

}  // namespace
}  // namespace assay::reference
