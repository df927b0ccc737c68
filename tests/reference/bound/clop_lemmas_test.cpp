// SPDX-License-Identifier: Apache-2.0
// CLOP Lemmas 1 and 2: printed gradients against softmax, projections, placements.
#include "reference/bound/clop_lemmas.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "reference/bound/clop.hpp"
#include "tests/reference/bound/agreement.hpp"

namespace assay::reference {
namespace {

using testing::expect_same;
using testing::expect_sound;

// Rational unit vectors: (2t, t^2-1)/(t^2+1), and one of three dimensions.
Vector on_circle(const Real& t) {
  const Real n = t * t + 1;
  return {Real(2) * t / n, (t * t - 1) / n, 0};
}

ClopBatch batch() {
  ClopBatch b;
  b.z = {on_circle(Real::ratio(1, 2)),
         on_circle(3),
         {Real::ratio(2, 3), Real::ratio(1, 3), Real::ratio(-2, 3)},
         {0, 0, 1}};
  b.partner = {2, 3, 0, 1};
  b.temperature = Real::ratio(1, 2);
  return b;
}

void expect_same_vectors(const std::function<Vector(const Arithmetic&)>& a,
                         const std::function<Vector(const Arithmetic&)>& b) {
  for (std::size_t d = 0; d < 3; ++d)
    expect_same([&](auto in) { return in(a(in)[d]); }, [&](auto in) { return in(b(in)[d]); });
}

TEST(ClopGradient, PrintedAggregateIsTheSumOfThePrintedTermsAndTheSoftmaxGradient) {
  for (int i = 0; i < 4; ++i) {
    const auto printed = [&](const Arithmetic& in) { return clop_gradient(in, batch(), i); };
    expect_same_vectors(
        printed, [&](const Arithmetic& in) { return clop_gradient_by_softmax(in, batch(), i); });
    expect_same_vectors(printed, [&](const Arithmetic& in) {
      Vector total = clop_gradient_own(in, batch(), i);
      for (int j = 0; j < 4; ++j) {
        if (j == i) continue;
        const Vector more = batch().partner[static_cast<std::size_t>(j)] == i
                                ? clop_gradient_partner(in, batch(), j)
                                : clop_gradient_other(in, batch(), j, i);
        for (std::size_t d = 0; d < 3; ++d) total[d] += more[d];
      }
      return total;
    });
  }
}

TEST(ClopGradient, IsTheDifferenceQuotientOfTheLoss) {
  // In doubles: (L(z - h e) - L(z + h e)) / 2h against -dL/dz.e, error of the order h^2.
  const double h = std::ldexp(1.0, -14);
  const Arithmetic in = Arithmetic::plain();
  const auto loss_at = [&](int i, std::size_t d, double step) {
    ClopBatch moved = batch();
    Real& entry = moved.z[static_cast<std::size_t>(i)][d];
    entry = in(entry) + Real::plain(step);
    double total = 0;
    for (int j = 0; j < 4; ++j) total += clop_loss(in, moved, j).approximate();
    return total;
  };
  for (int i = 0; i < 4; ++i) {
    const Vector g = clop_gradient(in, batch(), i);
    for (std::size_t d = 0; d < 3; ++d)
      EXPECT_NEAR((loss_at(i, d, -h) - loss_at(i, d, h)) / (2 * h), g[d].approximate(),
                  256 * h * h);
  }
}

TEST(ClopGradient, VanishesBeforeNormalisationWhenAllEmbeddingsAreCollinear) {
  ClopBatch b = batch();
  const Vector line = {Real::ratio(2, 3), Real::ratio(1, 3), Real::ratio(-2, 3)};
  b.z.clear();
  for (const int sign : {1, 1, -1, 1}) {
    b.z.push_back(line);
    for (Real& x : b.z.back()) x *= Real(sign);
  }
  for (const Engine engine : engines()) {
    const Arithmetic in = Arithmetic::enclosing(engine, 128);
    for (int i = 0; i < 4; ++i)
      for (const Real& x :
           clop_before_normalisation(in, b.z[static_cast<std::size_t>(i)], clop_gradient(in, b, i)))
        EXPECT_NE(equal(x, 0), Truth::no);
  }
  const Vector bent = clop_before_normalisation(Arithmetic::plain(), batch().z[0],
                                                clop_gradient(Arithmetic::plain(), batch(), 0));
  EXPECT_GT(std::fabs(bent[2].approximate()), 0.01);
}

TEST(ClopLemma1, PStarAsPrintedIsNotTheProbability) {
  ClopBatch b = batch();
  for (Vector& z : b.z) z = {1, 0, 0};
  expect_same([&](auto in) { return clop_probability(in, b, 1); },
              [](auto) { return clop_equal_probability(4); });
  expect_same([](auto in) { return exp(clop_equal_probability_printed(in, 4)); },
              [](auto) { return Real(3); });
  // A probability above 1 from |I| = 4 on; the gradient display is 0 for any P*.
  const Arithmetic in = Arithmetic::enclosing(engines().front(), 128);
  EXPECT_EQ(less(Real(1), clop_equal_probability_printed(in, 4)), Truth::yes);
  EXPECT_TRUE(identical(clop_equal_gradient(9, Real::ratio(3, 7), Real::ratio(1, 10)), 0));
}

TEST(ClopLemma2, TheTwoWaysToSumAgreeExactly) {
  Vectors x = batch().z;
  EXPECT_TRUE(identical(total_cosine_similarity(x), total_cosine_similarity_by_sum(x)));
  EXPECT_TRUE(identical(clop_class_loss(x), -total_cosine_similarity(x)));
  const Vector a = {1, 0, 0}, b = {0, 1, 0};
  const Vectors inverted = {a, {-1, 0, 0}, b, {0, -1, 0}};
  EXPECT_TRUE(identical(total_cosine_similarity(inverted), clop_total_at_inverted_groups(4)));
  EXPECT_TRUE(identical(clop_total_at_inverted_groups(4), clop_total_at_etf(4)));
  EXPECT_TRUE(identical(total_cosine_similarity({a, a, a}), clop_total_at_equal(3)));
  EXPECT_TRUE(identical(clop_total_at_etf(30), -30));
}

TEST(ClopLemma2, TheBestPlacementIsOppositeToTheSum) {
  const Vectors others = {batch().z[0], batch().z[2], batch().z[3]};
  for (const Engine engine : engines()) {
    const Arithmetic in = Arithmetic::enclosing(engine, 128);
    const ClopPlacement placement = clop_placement(in, others);
    for (const int sign : {-1, 1}) {
      Vector best(3, in(0));
      for (const Vector& v : others)
        for (std::size_t d = 0; d < 3; ++d) best[d] += Real(sign) * v[d] / placement.norm_of_sum;
      Vectors all = others;
      all.push_back(best);
      EXPECT_NE(
          equal(total_cosine_similarity(all), sign < 0 ? placement.least : placement.greatest),
          Truth::no);
    }
    for (const Vector& elsewhere : {on_circle(5), on_circle(Real::ratio(-1, 3))}) {
      Vectors all = others;
      all.push_back(elsewhere);
      EXPECT_EQ(less(placement.least, total_cosine_similarity(all)), Truth::yes);
      EXPECT_EQ(less(total_cosine_similarity(all), placement.greatest), Truth::yes);
    }
  }
}

TEST(ClopLemma2, ProjectingCanRaiseTheLoss) {
  // The others span e1, e2; x_k = (3/5, 0, 4/5): eta = 4/5, and its projection is e1.
  const Vectors others = {{1, 0, 0}, {0, 1, 0}};
  const Arithmetic in = Arithmetic::enclosing(engines().front(), 64);
  const ClopSplit split = clop_split(in, others, {Real::ratio(3, 5), 0, Real::ratio(4, 5)});
  EXPECT_TRUE(identical(split.eta, Real::ratio(4, 5)));
  EXPECT_TRUE(identical(split.loss, Real::ratio(3, 5)));
  EXPECT_TRUE(identical(split.moved_loss, 1));  // larger: Section 3.2's sketch has the other sign
  const Vectors skew = {{1, 0, 0}, {Real::ratio(3, 5), Real::ratio(4, 5), 0}};
  expect_same(
      [&](auto a) {
        return clop_split(a, skew, {0, Real::ratio(-3, 5), Real::ratio(4, 5)}).loss;
      },
      [&](auto a) {
        const ClopSplit s = clop_split(a, skew, {0, Real::ratio(-3, 5), Real::ratio(4, 5)});
        return sqrt(Real(1) - s.eta * s.eta) * s.moved_loss;
      });
  EXPECT_THROW(clop_split(in, {{1, 0, 0}, {1, 0, 0}}, {0, 1, 0}), std::domain_error);
  EXPECT_THROW(clop_split(in, others, {0, 0, 1}), std::domain_error);
  EXPECT_THROW(clop_split(in, others, {0, 0, 2}), std::invalid_argument);
}

TEST(ClopLemmas, SizesThatDoNotFitAreRefused) {
  const Arithmetic in = Arithmetic::plain();
  ClopBatch b = batch();
  b.partner = {2, 3, 0, 2};
  EXPECT_THROW(clop_probability(in, b, 0), std::invalid_argument);
  b.partner = {0, 3, 2, 1};
  EXPECT_THROW(clop_probability(in, b, 0), std::invalid_argument);
  b = batch();
  b.temperature = 0;
  EXPECT_THROW(clop_gradient(in, b, 0), std::invalid_argument);
  EXPECT_THROW(total_cosine_similarity({{1, 0}, {1}}), std::invalid_argument);
  EXPECT_THROW(clop_equal_probability(2), std::invalid_argument);
  EXPECT_THROW(clop_total_at_inverted_groups(3), std::invalid_argument);
}

}  // namespace
}  // namespace assay::reference
