// SPDX-License-Identifier: Apache-2.0
// Finite models: what `check` refuses, and the hypotheses on models that have or lack them.
#include "reference/model/finite_model.hpp"

#include <gtest/gtest.h>

#include "tests/reference/model/random_model.hpp"

namespace assay::reference {
namespace {

std::string complaint(const FiniteModel& model) {
  try {
    check(model);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

TEST(FiniteModel, ChecksNameWhatIsWrong) {
  const FiniteModel good = uniform_model(3, 2, 2);
  EXPECT_EQ(complaint(good), "none");
  EXPECT_EQ(complaint(good.in(Arithmetic::plain())), "none");
  FiniteModel model = good;
  model.class_probabilities[1] = Real::ratio(1, 6);
  EXPECT_EQ(complaint(model), "class probabilities sum to 5/6");
  EXPECT_NE(complaint(model.in(Arithmetic::plain())), "none");
  model = good;
  model.negative_class_probabilities[0] = -1;
  EXPECT_EQ(complaint(model), "negative class probabilities: -1 is negative");
  model = good;
  model.q(1, 0, 1) = 1;
  EXPECT_EQ(complaint(model), "probabilities of anchor and positive of class 2 sum to 7/4");
  model = good;
  model.s(2, 1) = 0;
  EXPECT_EQ(complaint(model), "probabilities of negatives of class 3 sum to 1/2");
  model = good;
  model.embeddings.pop_back();
  EXPECT_EQ(complaint(model), "embeddings: 11 numbers, not 12");
  model = good;
  model.squared_scale = 0;
  EXPECT_EQ(complaint(model), "squared scale: 0 is not positive");
  EXPECT_THROW(uniform_model(1, 1, 1), std::invalid_argument);
  Random random(3);
  for (int trial = 0; trial < 50; ++trial)
    EXPECT_EQ(complaint(draw_model(random, 3, 2, 2)), "none");
}

TEST(FiniteModel, TheSimplexFrameIsExact) {
  for (int classes = 2; classes < 7; ++classes) {
    const FiniteModel model = simplex_model(classes, 2);
    EXPECT_EQ(complaint(model), "none");
    EXPECT_EQ(on_unit_sphere(model), Truth::yes);
    EXPECT_EQ(means_form_simplex(model), Truth::yes);
    EXPECT_EQ(has_collapsed(model), Truth::yes);
    EXPECT_TRUE(identical(model.mean_inner(0, 1), Real::ratio(-1, classes - 1)));
    EXPECT_TRUE(identical(model.inner(1, 0, 1, 1), 1));
  }
}

TEST(FiniteModel, HypothesesAreToldApart) {
  const FiniteModel good = simplex_model(3, 2);
  for (const auto hypothesis :
       {is_equiprobable, in_unit_ball, on_unit_sphere, has_equal_marginals, has_common_law,
        is_conditionally_independent, has_same_negative_classes, has_collapsed, means_form_simplex})
    EXPECT_EQ(hypothesis(good), Truth::yes);

  FiniteModel model = good;
  model.class_probabilities = {Real::ratio(1, 2), Real::ratio(1, 4), Real::ratio(1, 4)};
  EXPECT_EQ(is_equiprobable(model), Truth::no);
  EXPECT_EQ(has_same_negative_classes(model), Truth::no);

  model = good;  // x = x^+: the marginals stay, independence goes
  for (int x = 0; x < 2; ++x)
    for (int p = 0; p < 2; ++p) model.q(0, x, p) = x == p ? Real::ratio(1, 2) : Real(0);
  EXPECT_EQ(complaint(model), "none");
  EXPECT_EQ(has_common_law(model), Truth::yes);
  EXPECT_EQ(is_conditionally_independent(model), Truth::no);

  model = good;
  model.s(0, 0) = 1;
  model.s(0, 1) = 0;
  EXPECT_EQ(has_equal_marginals(model), Truth::yes);
  EXPECT_EQ(has_common_law(model), Truth::no);
  model.q(0, 0, 0) = model.q(0, 0, 1) = Real::ratio(1, 2);
  model.q(0, 1, 0) = model.q(0, 1, 1) = 0;
  EXPECT_EQ(has_equal_marginals(model), Truth::no);

  model = good;
  model.f(0, 0, 0) += Real::ratio(1, 100);
  EXPECT_EQ(in_unit_ball(model), Truth::no);
  EXPECT_EQ(has_collapsed(model), Truth::no);
  EXPECT_EQ(means_form_simplex(model), Truth::no);
  for (int a = 0; a < 3; ++a) model.f(0, 0, a) = 0;
  EXPECT_EQ(in_unit_ball(model), Truth::yes);
  EXPECT_EQ(on_unit_sphere(model), Truth::no);
}

TEST(FiniteModel, MeansUseTheLawTheyAreAskedFor) {
  FiniteModel model = uniform_model(2, 2, 1);
  model.f(0, 0, 0) = 1;
  model.f(1, 0, 0) = model.f(1, 1, 0) = 1;
  model.q(0, 0, 0) = model.q(0, 0, 1) = Real::ratio(1, 2);
  model.q(0, 1, 0) = model.q(0, 1, 1) = 0;
  model.s(0, 0) = Real::ratio(1, 3);
  model.s(0, 1) = Real::ratio(2, 3);
  EXPECT_EQ(model.mean_inner(0, 1, PointLaw::anchor).text(), "1");
  EXPECT_EQ(model.mean_inner(0, 1, PointLaw::positive).text(), "1/2");
  EXPECT_EQ(model.mean_inner(0, 1).text(), "1/3");
  EXPECT_EQ(model.other_class_probability(0, 1).text(), "1");
  EXPECT_EQ(model.other_class_probability(0, 0).text(), "0");
  model.class_probabilities = {1, 0};
  EXPECT_THROW(model.other_class_probability(0, 1), std::domain_error);
}

}  // namespace
}  // namespace assay::reference
