// SPDX-License-Identifier: Apache-2.0
// What is refused, and in which words.
#include <gtest/gtest.h>

#include <string>

#include "properties/engine/harris_cases.hpp"

namespace assay::reference {
namespace {

using engine::harris_case;

/// k = 2, n = 2; cells (0,0), (0,1), (1,0), (1,1).
HarrisInstance good() { return {2, 2, HarrisLaw::iid, {1, 2}, {0, 1, 2, 3}, {0, 0, 5, 5}}; }

template <class Check>
std::string refusal(Check check, const HarrisInstance& q) {
  try {
    check(q);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(HarrisCheck, ShapesThatMakeNoSenseAreRefused) {
  EXPECT_EQ(refusal(check_harris_shape, good()), "accepted");
  const auto with = [](auto change) {
    HarrisInstance q = good();
    change(q);
    return refusal(check_harris_shape, q);
  };
  EXPECT_EQ(with([](auto& q) { q.axes = 0; }), "harris: axes is 0, 1 to 4 are possible");
  EXPECT_EQ(with([](auto& q) { q.axes = 5; }), "harris: axes is 5, 1 to 4 are possible");
  EXPECT_EQ(with([](auto& q) { q.support = 9; }), "harris: support is 9, 1 to 8 are possible");
  EXPECT_EQ(with([](auto& q) { q.g.pop_back(); }), "harris: g has 3 entries, 4 are needed");
  EXPECT_EQ(with([](auto& q) { q.h.clear(); }), "harris: h has 0 entries, 4 are needed");
  EXPECT_EQ(with([](auto& q) { q.law = HarrisLaw::independent; }),
            "harris: weights has 2 entries, 4 are needed");
  EXPECT_EQ(with([](auto& q) { q.weights[1] = -1; }), "harris: weights[1] is negative");
  EXPECT_EQ(with([](auto& q) { q.weights = {0, 0}; }), "harris: weights[0..1] sum to zero");
  EXPECT_EQ(with([](auto& q) {
              q.law = HarrisLaw::independent;
              q.weights = {1, 0, 0, 0};
            }),
            "harris: weights[2..3] sum to zero");
  EXPECT_EQ(with([](auto& q) { q.law = static_cast<HarrisLaw>(7); }),
            "harris: the law is none of iid, independent, joint");
}

TEST(HarrisCheck, TheFirstViolatingCellAndAxisAreNamed) {
  HarrisInstance q = good();
  q.g = {0, 1, 2, 0};
  EXPECT_EQ(refusal(check_lemma_1, q), "harris: g decreases along axis 0 at cell 3");
  q.g = {1, 0, 1, 0};
  EXPECT_EQ(refusal(check_lemma_1, q), "harris: g decreases along axis 1 at cell 1");
  q = good();
  q.h = {3, 3, 2, 3};
  EXPECT_EQ(refusal(check_lemma_1, q), "harris: h decreases along axis 0 at cell 2");
  q = good();
  q.law = HarrisLaw::joint;
  q.weights = {1, 1, 1, 1};
  EXPECT_EQ(refusal(check_lemma_1, q),
            "harris: the law is joint: the arguments need not be independent");
}

TEST(HarrisCheck, EtaMustBeNonNegativeWithAPositiveMean) {
  HarrisInstance q = good();
  EXPECT_EQ(refusal(check_corollary_1, q), "accepted");
  q.h[0] = -1;
  EXPECT_EQ(refusal(check_corollary_1, q), "harris: eta is negative at cell 0");
  q.h = {0, 0, 0, 0};
  EXPECT_THROW(check_corollary_1(q), UndefinedLaw);
  q.h = {0, 0, 0, 1};
  q.weights = {1, 0};  // eta is positive where p is not
  try {
    decide_corollary_1(q);
    FAIL();
  } catch (const UndefinedLaw& error) {
    EXPECT_STREQ(error.what(), "harris: gamma = E[eta] is zero, p_H is not defined");
  }
  q.h = {-1, 0, 0, 1};
  try {
    decide_corollary_1(q);
    FAIL();
  } catch (const UndefinedLaw& error) {
    EXPECT_STREQ(error.what(), "harris: gamma = E[eta] is negative, p_H is not defined");
  }
}

TEST(HarrisCases, KeepWhatTheirFamilySays) {
  using engine::HarrisFamily;
  int equal = 0;
  for (int axes = 1; axes <= 4; ++axes)
    for (int support = 2; support <= 6; ++support)
      for (std::uint64_t i = 0; i < 64; ++i) {
        const engine::HarrisDraw inside{HarrisFamily::monotone, axes, support, i % 2 == 1, true};
        const HarrisInstance q = harris_case(inside, 5, i);
        check_lemma_1(q);
        EXPECT_GE(q.h.front(), 0);
        equal += decide_lemma_1(q).order == 0;
        for (const std::vector<std::int64_t>* table : {&q.g, &q.h})
          EXPECT_LT(table->back() - table->front(), 16);
        const HarrisInstance g = harris_case({HarrisFamily::g_falls, axes, support}, 5, i);
        EXPECT_TRUE(first_descent(g, g.g).has_value());
        EXPECT_FALSE(first_descent(g, g.h).has_value());
        const HarrisInstance h = harris_case({HarrisFamily::h_falls, axes, support}, 5, i);
        EXPECT_FALSE(first_descent(h, h.g).has_value());
        EXPECT_TRUE(first_descent(h, h.h).has_value());
        const HarrisInstance eta = harris_case({HarrisFamily::eta_negative, axes, support}, 5, i);
        check_lemma_1(eta);
        EXPECT_LT(eta.h.front(), 0);
        if (axes == 1) continue;
        const HarrisInstance joint = harris_case({HarrisFamily::dependent, axes, support}, 5, i);
        check_harris_shape(joint);
        EXPECT_EQ(joint.law, HarrisLaw::joint);
        EXPECT_FALSE(first_descent(joint, joint.g) || first_descent(joint, joint.h));
      }
  EXPECT_GT(equal, 20 * 64 / 16 / 2);
  EXPECT_LT(equal, 20 * 64 / 2);
}

TEST(HarrisCases, AreFunctionsOfSeedAndIndex) {
  const engine::HarrisDraw draw;
  const HarrisInstance a = harris_case(draw, 6, 7), b = harris_case(draw, 6, 7);
  EXPECT_EQ(a.g, b.g);
  EXPECT_EQ(a.h, b.h);
  EXPECT_EQ(a.weights, b.weights);
  EXPECT_NE(a.g, harris_case(draw, 6, 8).g);
  EXPECT_NE(a.g, harris_case(draw, 7, 7).g);
}

TEST(HarrisCases, HaveTheSameBitsEverywhere) {
  // A record names a case by seed and index: a change here changes every such record.
  const char* const numerators[] = {"18099650556", "0", "25179587840", "557021696"};
  for (std::uint64_t i = 0; i < 4; ++i)
    EXPECT_EQ(decide_lemma_1(harris_case({}, 1, i)).numerator.str(), numerators[i]);
}

TEST(HarrisCases, DrawsThatMakeNoSenseAreRefused) {
  using engine::HarrisFamily;
  EXPECT_THROW(harris_case({HarrisFamily::monotone, 5, 2}, 1, 1), std::invalid_argument);
  EXPECT_THROW(harris_case({HarrisFamily::monotone, 2, 9}, 1, 1), std::invalid_argument);
  EXPECT_THROW(harris_case({HarrisFamily::g_falls, 2, 1}, 1, 1), std::invalid_argument);
  EXPECT_THROW(harris_case({HarrisFamily::dependent, 1, 3}, 1, 1), std::invalid_argument);
  EXPECT_THROW(harris_case({HarrisFamily::monotone, 2, 2, false, false, 63}, 1, 1),
               std::invalid_argument);
  EXPECT_THROW(harris_case({HarrisFamily::monotone, 2, 2, false, false, 4, 0}, 1, 1),
               std::invalid_argument);
}

}  // namespace
}  // namespace assay::reference
