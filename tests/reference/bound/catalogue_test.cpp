// SPDX-License-Identifier: Apache-2.0
// The bounds by name: digits as asked, parameters as required.
#include "reference/bound/catalogue.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace assay::reference {
namespace {

BoundParameters parameters() {
  BoundParameters p;
  p.classes = 10;
  p.negatives = 20;
  p.beta = 5;
  p.q = Real(510);
  p.points = 64;
  p.batch_sizes = {32, 64};
  p.eta = Real::ratio(5, 2);
  p.epsilon = Real::ratio(1, 10);
  return p;
}

TEST(Catalogue, EveryBoundHasTheDigitsAskedFor) {
  for (const Bound& bound : bounds())
    for (const int digits : {1, 15, 200}) {
      const BoundValue value = bound_value(bound, parameters(), digits);
      EXPECT_TRUE(value.digits_reached) << bound.name;
      EXPECT_EQ(value.engines, engines());
      ASSERT_FALSE(value.lines.empty());
      for (const BoundLine& line : value.lines) {
        const bool known = !line.value || !line.exact.empty();
        EXPECT_TRUE(known || line.value->agreed_digits() >= digits) << line.label;
      }
    }
}

TEST(Catalogue, ALimitOfPrecisionIsReported) {
  const Bound& bound = *find_bound("hard-negatives/theorem-2");
  EXPECT_FALSE(bound_value(bound, parameters(), 1000, 64).digits_reached);
}

TEST(Catalogue, EveryRequiredParameterIsRequired) {
  for (const Bound& bound : bounds())
    for (const std::string& name : bound.required) {
      BoundParameters p = parameters();
      if (name == "classes") p.classes.reset();
      if (name == "negatives") p.negatives.reset();
      if (name == "q") p.q.reset();
      if (name == "points") p.points.reset();
      if (name == "batch-size") p.batch_sizes.clear();
      try {
        bound_value(bound, p, 10);
        ADD_FAILURE() << bound.name << " without " << name;
      } catch (const std::invalid_argument& e) {
        EXPECT_NE(std::string(e.what()).find(name), std::string::npos) << e.what();
      }
    }
}

TEST(Catalogue, LossFunctionsOutsideTheHypothesesAreRefused) {
  BoundParameters p = parameters();
  for (const char* text : {"decreasing", "concave", "non-monotone", "concave-linear bend=0"}) {
    p.psi = LossFunction::parse(text);
    EXPECT_THROW(bound_value(*find_bound("hard-negatives/theorem-2"), p, 5), std::invalid_argument);
    EXPECT_THROW(bound_value(*find_bound("hard-negatives/theorem-3"), p, 5), std::invalid_argument);
  }
  p.negatives = 2;
  p.psi = LossFunction::parse("max-affine 1,0,0;1,1,0");
  EXPECT_THROW(bound_value(*find_bound("hard-negatives/theorem-3"), p, 5), std::invalid_argument);
}

TEST(Catalogue, LooksUpByName) {
  EXPECT_EQ(find_bound("hard-negatives/theorem-9"), nullptr);
  const Bound& bound = *find_bound("hard-negatives/theorem-1");
  EXPECT_TRUE(bound.takes("beta"));
  EXPECT_TRUE(bound.takes("classes"));
  EXPECT_FALSE(bound.takes("epsilon"));
}

TEST(Catalogue, ExactValuesAreWrittenAsFractions) {
  BoundParameters p = parameters();
  p.psi = LossFunction::hinge(1, Over::mean);
  const BoundValue value = bound_value(*find_bound("hard-negatives/theorem-3"), p, 5);
  EXPECT_EQ(value.lines[0].exact, "1/10");  // only collisions cost: E[same]/k = 1/C
}

}  // namespace
}  // namespace assay::reference
