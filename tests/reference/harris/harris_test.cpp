// SPDX-License-Identifier: Apache-2.0
// Decisions against rationals written down directly, equality, the edge of 128 bits, dropped
// hypotheses.
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "properties/engine/harris_cases.hpp"
#include "tests/reference/harris/naive.hpp"

namespace assay::reference::testing {
namespace {

using engine::HarrisDraw;
using engine::HarrisFamily;
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

/// Both decisions of `q` against the rationals.
void expect_as_rationals(const HarrisInstance& q) {
  const Expectations e = expectations(q);
  const HarrisDecision lemma = decide_lemma_1(q);
  const Rational gap = e.gh - e.g * e.h;
  ASSERT_EQ(lemma.gap(), gap);
  ASSERT_EQ(lemma.order, gap.sign() <=> 0);
  if (e.h.sign() <= 0) {
    ASSERT_THROW(decide_corollary_1(q), UndefinedLaw);
    return;
  }
  const HarrisDecision corollary = decide_corollary_1(q);
  ASSERT_EQ(corollary.gap(), hardened_mean(q) - e.g);
  ASSERT_EQ(corollary.order, corollary.gap().sign() <=> 0);
}

/// Every vector of `length` numbers in [low, high].
void for_each_vector(std::size_t length, std::int64_t low, std::int64_t high,
                     const std::function<void(const std::vector<std::int64_t>&)>& visit) {
  std::vector<std::int64_t> v(length, low);
  for (;;) {
    visit(v);
    std::size_t i = 0;
    while (i < length && v[i] == high) v[i++] = low;
    if (i == length) return;
    ++v[i];
  }
}

TEST(Lemma1, HoldsForEveryTinyInstanceWithOneArgument) {
  int decided = 0, equal = 0;
  for (int n = 1; n <= 3; ++n)
    for_each_vector(n, 0, 2, [&](const std::vector<std::int64_t>& w) {
      for_each_vector(n, -1, 1, [&](const std::vector<std::int64_t>& g) {
        for_each_vector(n, 0, 2, [&](const std::vector<std::int64_t>& h) {
          const HarrisInstance q{1, n, HarrisLaw::iid, w, g, h};
          if (first_descent(q, g) || first_descent(q, h)) return;
          std::int64_t total = 0;
          for (const std::int64_t x : w) total += x;
          if (total == 0) {
            EXPECT_THROW(decide_lemma_1(q), std::invalid_argument);
            return;
          }
          ASSERT_NO_FATAL_FAILURE(expect_as_rationals(q));
          EXPECT_NE(decide_lemma_1(q).order, std::strong_ordering::less);
          ++decided;
          equal += decide_lemma_1(q).order == 0;
        });
      });
    });
  EXPECT_EQ(decided, 2 * 9 + 8 * 36 + 26 * 100);
  EXPECT_GT(equal, 0);
  EXPECT_LT(equal, decided);
}

TEST(Lemma1, AgreesWithRationalsInEveryFamilyAndShape) {
  for (const HarrisFamily family :
       {HarrisFamily::monotone, HarrisFamily::equality, HarrisFamily::g_falls,
        HarrisFamily::h_falls, HarrisFamily::dependent, HarrisFamily::eta_negative})
    for (int axes = 1; axes <= 3; ++axes)
      for (int support = 2; support <= 3; ++support)
        for (const int bits : {4, 62}) {
          if (family == HarrisFamily::dependent && axes == 1) continue;
          HarrisDraw draw{family, axes, support, bits == 62, false, bits, bits};
          for (std::uint64_t i = 0; i < 8; ++i)
            ASSERT_NO_FATAL_FAILURE(expect_as_rationals(engine::harris_case(draw, 1, i)))
                << name_of(family) << ' ' << axes << ' ' << support << ' ' << i;
        }
  expect_as_rationals(engine::harris_case({HarrisFamily::monotone, 4, 8}, 1, 0));
}

TEST(Lemma1, EqualityIsDecidedAsEquality) {
  int nonconstant = 0;
  for (int axes = 1; axes <= 4; ++axes)
    for (int support = 1; support <= 4; ++support)
      for (const int bits : {4, 40}) {
        const HarrisDraw draw{
            HarrisFamily::equality, axes, support, axes % 2 == 0, true, bits, bits};
        for (std::uint64_t i = 0; i < 32; ++i) {
          const HarrisInstance q = engine::harris_case(draw, 2, i);
          check_lemma_1(q);
          const HarrisDecision decision = decide_lemma_1(q);
          EXPECT_EQ(decision.order, std::strong_ordering::equal);
          EXPECT_EQ(decision.numerator, 0);
          EXPECT_EQ(decision.gap(), 0);
          nonconstant += q.g.front() != q.g.back() && q.h.front() != q.h.back();
        }
      }
  EXPECT_GT(nonconstant, 100) << "the equalities must not all be those of constants";
}

TEST(Lemma1, TheSmallestGapIsNotTakenForEquality) {
  // Two points of weights 1 and 2^60, tables 0 and 1: p(1-p), beyond binary64 of 1.
  const HarrisInstance q{1, 2, HarrisLaw::iid, {1, std::int64_t{1} << 60}, {0, 1}, {0, 1}};
  const HarrisDecision decision = decide_lemma_1(q);
  EXPECT_EQ(decision.order, std::strong_ordering::greater);
  EXPECT_EQ(decision.numerator.str(), "1152921504606846976");
  EXPECT_EQ(decision.denominator.str(), "1329227995784915875209650069494038529");  // (2^60+1)^2
}

/// One point: W = w, so that the bound of the arithmetic is w^2 g h.
HarrisInstance point(std::int64_t w, std::int64_t g, std::int64_t h) {
  return {1, 1, HarrisLaw::iid, {w}, {g}, {h}};
}

TEST(Arithmetic, ChangesExactlyAtTheBound) {
  constexpr std::int64_t half = std::int64_t{1} << 62;
  const auto in_int128 = [](const HarrisInstance& q) {
    return harris_arithmetic(q) == HarrisArithmetic::int128;
  };
  EXPECT_TRUE(in_int128(point(1, most, most)));       // (2^63 - 1)^2 < 2^126
  EXPECT_FALSE(in_int128(point(1, least, least)));    // 2^126
  EXPECT_TRUE(in_int128(point(1, least, half - 1)));  // just under 2^125
  EXPECT_TRUE(in_int128(point(1, least, most)));      // 2^126 - 2^63
  EXPECT_TRUE(in_int128(point(most, 0, 1)));          // (2^63 - 1)^2
  EXPECT_FALSE(in_int128(point(most, 0, 2)));
  EXPECT_FALSE(in_int128(point(std::int64_t{1} << 32, half, 1)));  // 2^64 2^62
  EXPECT_TRUE(in_int128(point((std::int64_t{1} << 32) - 1, half, 1)));
  EXPECT_TRUE(in_int128(point(3, most, 1024819115206086201)));  // 2^126 - 1, the largest
  // The second axis alone is too large.
  EXPECT_FALSE(
      in_int128({2, 2, HarrisLaw::independent, {1, 1, most, most}, {0, 1, 2, 3}, {0, 1, 2, 3}}));
  // A table of zeros must not switch the bound off: W g would overflow.
  EXPECT_FALSE(in_int128({2, 2, HarrisLaw::iid, {most, most}, {0, 0, 0, 0}, {1, 2, 3, most}}));
  EXPECT_FALSE(in_int128({1, 2, HarrisLaw::iid, {most, 1}, {0, 0}, {0, 0}}));
}

TEST(Arithmetic, BothArithmeticsAgreeUpToTheBound) {
  int in_int128 = 0, in_gmp = 0;
  for (int weight_bits = 1; weight_bits <= 62; ++weight_bits)
    for (int value_bits = 1; value_bits <= 62; value_bits += 3) {
      const HarrisDraw draw{HarrisFamily::monotone, 2, 3, true, false, weight_bits, value_bits};
      const HarrisInstance q = engine::harris_case(draw, 3, weight_bits);
      const HarrisSums chosen = harris_sums(q), gmp = harris_sums_in_gmp(q);
      EXPECT_EQ(chosen.gh, gmp.gh);
      EXPECT_EQ(chosen.g, gmp.g);
      EXPECT_EQ(chosen.h, gmp.h);
      EXPECT_EQ(chosen.total, gmp.total);
      EXPECT_EQ(decide_lemma_1(q).numerator, gmp.gh * gmp.total - gmp.g * gmp.h);
      ++(harris_arithmetic(q) == HarrisArithmetic::int128 ? in_int128 : in_gmp);
    }
  EXPECT_GT(in_int128, 100);
  EXPECT_GT(in_gmp, 100);
}

TEST(Arithmetic, TheLargestNumbersAreAddedExactly) {
  const std::vector<std::int64_t> high(4096, most), low(4096, least);
  const HarrisInstance q{4,   8,   HarrisLaw::independent, std::vector<std::int64_t>(32, most),
                         low, high};
  const HarrisSums s = harris_sums(q);
  HarrisInteger total = 1;
  for (int axis = 0; axis < 4; ++axis) total *= HarrisInteger(8) * most;
  EXPECT_EQ(s.total, total);
  EXPECT_EQ(s.g, total * least);
  EXPECT_EQ(s.gh, total * least * most);
  EXPECT_EQ(decide_lemma_1(q).order, std::strong_ordering::equal);
}

TEST(Corollary1, ExampleByHand) {
  // p = (1/4, 3/4), eta = (1, 2): gamma = 7/4, p_H = (1/7, 6/7); g = (0, 7): 6 - 21/4.
  const HarrisInstance q{1, 2, HarrisLaw::iid, {1, 3}, {0, 7}, {1, 2}};
  check_corollary_1(q);
  const HarrisDecision decision = decide_corollary_1(q);
  EXPECT_EQ(decision.order, std::strong_ordering::greater);
  EXPECT_EQ(decision.gap().str(), "3/4");
  EXPECT_EQ(decision.numerator, 21);
  EXPECT_EQ(decision.denominator, 28);
}

/// Instances of a family, both statements: how often the right side is larger.
struct Violations {
  int lemma = 0, corollary = 0, undefined = 0;
};
Violations violations(HarrisFamily family, bool unequal_laws = false, bool nonnegative_h = true) {
  Violations found;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const HarrisDraw draw{family, 2 + static_cast<int>(i % 2), 3, unequal_laws, nonnegative_h};
    const HarrisInstance q = engine::harris_case(draw, 4, i);
    found.lemma += decide_lemma_1(q).order < 0;
    try {
      found.corollary += decide_corollary_1(q).order < 0;
    } catch (const UndefinedLaw&) {
      ++found.undefined;
    }
  }
  return found;
}

TEST(Hypotheses, UnderThemNothingIsViolated) {
  for (const bool unequal : {false, true}) {
    const Violations found = violations(HarrisFamily::monotone, unequal);
    EXPECT_EQ(found.lemma, 0);
    EXPECT_EQ(found.corollary, 0);
    EXPECT_LT(found.undefined, 100);
  }
}

TEST(Hypotheses, DroppingMonotonicityOrIndependenceIsPunished) {
  for (const HarrisFamily family :
       {HarrisFamily::g_falls, HarrisFamily::h_falls, HarrisFamily::dependent}) {
    EXPECT_GT(violations(family).lemma, 40) << name_of(family);
    EXPECT_GT(violations(family).corollary, 40) << name_of(family);
  }
}

TEST(Hypotheses, NonNegativityOfEtaOnlyKeepsTheLawAlive) {
  // With gamma > 0 Corollary 1 follows from Lemma 1 whatever the sign of eta.
  const Violations found = violations(HarrisFamily::eta_negative);
  EXPECT_EQ(found.corollary, 0);
  EXPECT_GT(found.undefined, 0);
  EXPECT_LT(found.undefined, 300);
}

}  // namespace
}  // namespace assay::reference::testing
