// SPDX-License-Identifier: Apache-2.0
// The laws of the ladder: no step too many, no answer without a proof, no contradiction swallowed.
#include "reference/arithmetic/ladder.hpp"

#include "tests/reference/arithmetic/support.hpp"

namespace assay::reference {
namespace {

Rung rung(const std::string& name, double lo, double hi, int* calls = nullptr) {
  return {name, "", [=] {
            if (calls) ++*calls;
            return std::optional<Interval>(Interval::between(lo, hi));
          }};
}

/// "Is x < bound?"
Question below(double bound) {
  return [=](const Interval& x) { return x.less(Interval::exactly(bound)); };
}

/// exp(1) on the engine and at the precision asked for.
Interval enclose_e(Engine engine, int bits) {
#if ASSAY_HAVE_ARB
  if (engine == Engine::arb) return to_interval(exp(Context<ArbNumber>(bits).from_integer(1)));
#endif
  (void)engine;
  return to_interval(exp(Context<MpfiNumber>(bits).from_integer(1)));
}

TEST(Ladder, StopsOnTheRungThatDecides) {
  int calls = 0;
  Ladder ladder;
  ladder.add(rung("wide", 0, 10)).add(rung("narrow", 4, 5)).add(rung("narrower", 4, 4.5, &calls));
  const Account account = ladder.climb(below(6));
  EXPECT_EQ(account.answer, Truth::yes);
  EXPECT_EQ(account.decided_by(), "narrow");
  ASSERT_EQ(account.steps.size(), 2u);
  EXPECT_EQ(account.steps[0].rung, "wide");
  EXPECT_EQ(account.steps[0].answer, Truth::unknown);
  EXPECT_TRUE(account.enclosure.identical(Interval::between(4, 5)));
  EXPECT_EQ(calls, 0) << "no rung above the deciding one is evaluated";
  EXPECT_TRUE(account.confirmation.empty());
}

TEST(Ladder, AtTheTopItIsUndecided) {
  Ladder ladder;
  ladder.add(rung("wide", 0, 10)).add(rung("narrow", 4, 5));
  const Account account = ladder.climb(below(4.5));
  EXPECT_EQ(account.answer, Truth::unknown);
  EXPECT_EQ(account.decided_by(), "");
  EXPECT_EQ(account.steps.size(), 2u);
  EXPECT_TRUE(account.enclosure.identical(Interval::between(4, 5)));
}

TEST(Ladder, AnEmptyLadderKnowsNothing) {
  const Account account = Ladder().climb(below(0));
  EXPECT_EQ(account.answer, Truth::unknown);
  EXPECT_TRUE(is_whole_line(account.enclosure));
  EXPECT_TRUE(account.steps.empty());
}

TEST(Ladder, ARungThatDoesNotApplyIsPassedAndRecorded) {
  Ladder ladder;
  ladder.add({"a-priori", "cheap", [] { return std::optional<Interval>(); }});
  const Account passed = ladder.climb(below(6));
  EXPECT_EQ(passed.answer, Truth::unknown);
  EXPECT_TRUE(is_whole_line(passed.enclosure));
  ladder.add(rung("narrow", 4, 5));
  const Account account = ladder.climb(below(6));
  EXPECT_EQ(account.answer, Truth::yes);
  ASSERT_EQ(account.steps.size(), 2u);
  EXPECT_FALSE(account.steps[0].enclosure.has_value());
  EXPECT_EQ(account.decided_by(), "narrow");
}

TEST(Ladder, EnclosuresWithoutACommonPointAreAContradiction) {
  Ladder ladder;
  ladder.add(rung("one", 1, 2)).add(rung("other", 3, 4));
  try {
    ladder.climb([](const Interval&) { return Truth::unknown; });
    FAIL() << "went on from a contradiction";
  } catch (const ContradictoryEnclosures& found) {
    const std::string text = found.what();
    EXPECT_NE(text.find("one gives [0x1p+0, 0x1p+1]"), std::string::npos) << text;
    EXPECT_NE(text.find("other gives [0x1.8p+1, 0x1p+2]"), std::string::npos) << text;
  }
}

TEST(Ladder, PrecisionsDoubleFromTheFirstToTheTop) {
  std::vector<int> asked;
  Ladder ladder;
  ladder.add_precisions(
      Engine::mpfi,
      [&](Engine, int bits) {
        asked.push_back(bits);
        return Interval::between(0, 1);
      },
      64, 512);
  const Account account = ladder.climb(below(0.5));
  EXPECT_EQ(asked, (std::vector<int>{64, 128, 256, 512}));
  EXPECT_EQ(account.steps.back().rung, "mpfi-512");
  asked.clear();
  Ladder()
      .add_precisions(
          Engine::mpfi,
          [&](Engine, int bits) {
            asked.push_back(bits);
            return Interval();
          },
          100, 399)
      .climb(below(0));
  EXPECT_EQ(asked, (std::vector<int>{100, 200}));
  EXPECT_THROW(Ladder().add_precisions(Engine::mpfi, enclose_e, 0, 64), std::invalid_argument);
  EXPECT_THROW(Ladder().add_precisions(Engine::mpfi, enclose_e, 65, 64), std::invalid_argument);
}

/// The double nearest to e, and e itself, differ by about 2^-53: which way is decided early.
TEST(Ladder, ANumberIsSeparatedFromItsNearestDouble) {
  const Account account = Ladder::standard(enclose_e).climb(below(0x1.5bf0a8b145769p+1));
  EXPECT_EQ(account.answer, Truth::no) << "e lies above the double nearest to it";
  EXPECT_EQ(account.steps.size(), 1u);
  EXPECT_EQ(account.confirmed, engines().size() > 1);
}

RC_GTEST_PROP(Ladder, HarderQuestionsNeedHigherRungs, ()) {
  // "Is e < q?" for q = e + 2^-k needs about k bits.
  const int k = *rc::gen::inRange(20, 440);
  const Interval e = enclose_e(Engine::mpfi, 600);
  const Rational q = upper_of(e) + power_of_two(-k);
  const Account account = Ladder::standard(enclose_e).climb([&](const Interval& x) {
    return upper_of(x) < q ? Truth::yes : lower_of(x) >= q ? Truth::no : Truth::unknown;
  });
  RC_ASSERT(account.answer == Truth::yes);
  const int bits = std::stoi(account.decided_by().substr(account.decided_by().find('-') + 1));
  RC_ASSERT(bits > k - 8);
  RC_ASSERT(bits == 64 || bits / 2 < k + 12);
  for (std::size_t s = 1; s < account.steps.size(); ++s)
    RC_ASSERT(account.steps[s].enclosure->width_up() < account.steps[s - 1].enclosure->width_up());
}

TEST(Ladder, ARefutationIsConfirmedOnTheOtherEngineAndACertificateIsNot) {
  Ladder ladder;
  ladder.add(rung("first", 4, 5));
  int second = 0;
  ladder.confirm_on(Engine::mpfi, [&](Engine, int bits) {
    ++second;
    return bits < 256 ? Interval::between(0, 10) : Interval::between(4.5, 4.75);
  });
  EXPECT_EQ(ladder.climb(below(6)).answer, Truth::yes);
  EXPECT_EQ(second, 0);
  const Account refuted = ladder.climb(below(3));
  EXPECT_EQ(refuted.answer, Truth::no);
  EXPECT_TRUE(refuted.confirmed);
  EXPECT_EQ(second, 3);
  ASSERT_EQ(refuted.confirmation.size(), 3u);
  EXPECT_EQ(refuted.confirmation.back().rung, "mpfi-256");
  EXPECT_EQ(refuted.decided_by(), "first");
}

TEST(Ladder, ARefutationThatTheOtherEngineCannotConfirmIsUndecided) {
  Ladder ladder;
  ladder.add(rung("first", 4, 5));
  ladder.confirm_on(Engine::mpfi, [](Engine, int) { return Interval::between(0, 10); });
  const Account account = ladder.climb(below(3));
  EXPECT_EQ(account.answer, Truth::unknown);
  EXPECT_FALSE(account.confirmed);
  EXPECT_EQ(account.confirmation.size(), 4u);
  EXPECT_EQ(account.decided_by(), "");
}

TEST(Ladder, EnginesThatDisagreeAreAContradiction) {
  Ladder disjoint;
  disjoint.add(rung("first", 4, 5));
  disjoint.confirm_on(Engine::mpfi, [](Engine, int) { return Interval::between(1, 2); });
  EXPECT_THROW(disjoint.climb(below(3)), ContradictoryEnclosures);
  // Overlapping enclosures and opposite answers: the question itself is unsound.
  Ladder overlapping;
  overlapping.add(rung("first", 4, 5));
  overlapping.confirm_on(Engine::mpfi, [](Engine, int) { return Interval::between(4, 6); });
  EXPECT_THROW(overlapping.climb(
                   [](const Interval& x) { return x.ends().hi == 5 ? Truth::no : Truth::yes; }),
               ContradictoryEnclosures);
}

TEST(Ladder, TheStandardLadderClimbsOnTheFirstEngineAndConfirmsOnTheLast) {
  std::vector<Engine> used;
  const auto evaluate = [&](Engine engine, int) {
    used.push_back(engine);
    return Interval::between(4, 5);
  };
  const Account account = Ladder::standard(evaluate).climb(below(3));
  EXPECT_EQ(account.answer, Truth::no);
  EXPECT_EQ(used, engines());
  EXPECT_EQ(account.confirmed, engines().size() == 2);
}

}  // namespace
}  // namespace assay::reference
