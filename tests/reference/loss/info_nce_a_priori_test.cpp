// SPDX-License-Identifier: Apache-2.0
// The a-priori enclosures contain the truth, and are as tight as their derivation says.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "reference/loss/info_nce.hpp"
#include "reference/loss/info_nce_formula.hpp"
#include "reference/loss/upward.hpp"
#include "tests/reference/loss/instances.hpp"

namespace assay::testing {
namespace {

using namespace reference;
constexpr int truth_bits = 256;

struct Tally {
  std::int64_t enclosures = 0;  ///< problems times engines
  std::int64_t numbers = 0;     ///< rows, log-sum-exps and means
  std::int64_t violations = 0;
  double largest_share = 0;  ///< |truth - middle| / radius
};

/// True if `truth` lies in `ends`; counts.
template <class Number>
bool holds(const Context<Number>& at, const Number& truth, const Ends& ends, Tally& tally) {
  ++tally.numbers;
  const bool inside = Interval::between(ends.lo, ends.hi).contains(to_interval(truth));
  if (!inside) ++tally.violations;
  if (ends.lo < ends.hi) {
    const Number two = at.from_integer(2);
    const Number middle = (at.exactly(ends.lo) + at.exactly(ends.hi)) / two;
    const Number radius = (at.exactly(ends.hi) - at.exactly(ends.lo)) / two;
    const Ends share = to_interval((truth - middle) / radius).ends();
    tally.largest_share = std::max({tally.largest_share, std::fabs(share.lo), std::fabs(share.hi)});
  }
  return inside;
}

template <class Number>
bool contained(const Instance& instance, const InfoNceEnclosures& found, Tally& tally) {
  const InfoNceFormula<Number> formula(instance.problem, truth_bits);
  const Context<Number>& at = formula.context();
  bool all = true;
  Number sum = at.from_integer(0);
  for (std::int64_t i = 0; i < formula.rows(); ++i) {
    const auto k = static_cast<std::size_t>(i);
    const auto row = formula.row(formula.logits(i), i);
    all = holds(at, row.loss, found.row_loss[k], tally) && all;
    if (!found.row_lse.empty()) all = holds(at, row.lse, found.row_lse[k], tally) && all;
    sum += row.loss;
  }
  ++tally.enclosures;
  return holds(at, sum / at.from_integer(formula.rows()), found.loss, tally) && all;
}

/// Against every engine built in.
bool contained_everywhere(const Instance& instance, const InfoNceEnclosures& found, Tally& tally) {
  bool all = contained<MpfiNumber>(instance, found, tally);
#if ASSAY_HAVE_ARB
  all = contained<ArbNumber>(instance, found, tally) && all;
#endif
  return all;
}

constexpr double temperatures[] = {1.0, 0.5, 0.1, 0.07, 0.05, 0.02};

TEST(InfoNceAPriori, ContainsTheTruthOnManyProblems) {
  Tally tally;
  for (std::uint64_t seed = 0; seed < 180; ++seed) {
    const Instance instance = make(descriptor_of(seed, kinds, temperatures));
    const auto found = enclose_info_nce_a_priori(instance.problem);
    ASSERT_TRUE(found) << instance.text;
    EXPECT_TRUE(contained_everywhere(instance, *found, tally)) << instance.text;
  }
  fmt::print("  {} enclosures ({} numbers), {} violations, largest |error|/radius {:.3f}\n",
             tally.enclosures, tally.numbers, tally.violations, tally.largest_share);
  EXPECT_GE(tally.enclosures, 300 / 2 * static_cast<int>(engines().size()));
  EXPECT_EQ(tally.violations, 0);
  EXPECT_GT(tally.largest_share, 0);
}

RC_GTEST_PROP(InfoNceAPriori, ContainsTheTruthOfAnySmallDescriptor, ()) {
  const Descriptor descriptor{
      static_cast<Kind>(*rc::gen::inRange(0, kinds)),
      *rc::gen::inRange<std::int64_t>(1, 6),
      *rc::gen::inRange<std::int64_t>(1, 40),
      temperatures[*rc::gen::inRange(0, 6)],
      *rc::gen::arbitrary<bool>() ? InfoNceForm::joint_block : InfoNceForm::one_direction,
      *rc::gen::inRange<std::uint64_t>(0, 1u << 20)};
  const Instance instance = make(descriptor);
  const auto found = enclose_info_nce_a_priori(instance.problem);
  RC_ASSERT(found.has_value());
  Tally tally;
  RC_ASSERT(contained_everywhere(instance, *found, tally));
}

TEST(InfoNceAPriori, TilesOfEveryShapeAgreeWithTheEngine) {
  for (const std::int64_t n : {63, 64, 65, 129, 200})
    for (const InfoNceForm form : {InfoNceForm::joint_block, InfoNceForm::one_direction}) {
      const Instance instance = make({Kind::unit, n, 3, 0.2, form, static_cast<std::uint64_t>(n)});
      const auto found = enclose_info_nce_a_priori(instance.problem).value();
      const InfoNceEnclosures truth = enclose_info_nce(instance.problem, engines().front(), 64);
      ASSERT_EQ(found.row_loss.size(), truth.row_loss.size());
      for (std::size_t i = 0; i < truth.row_loss.size(); ++i) {
        EXPECT_TRUE(found.row_loss[i].overlaps(truth.row_loss[i])) << instance.text << " row " << i;
        EXPECT_TRUE(found.row_lse[i].overlaps(truth.row_lse[i])) << instance.text << " row " << i;
      }
      EXPECT_TRUE(found.loss.overlaps(truth.loss));
      EXPECT_EQ(found.tier, "a-priori");
    }
}

TEST(InfoNceAPriori, OneKeyHasNoLossAtAll) {
  for (const InfoNceForm form : {InfoNceForm::joint_block, InfoNceForm::one_direction}) {
    const Instance one = make({{0.5, 0.25}}, {{0.25, -1.0}}, 0.125, form);
    const auto found = enclose_info_nce_a_priori(one.problem).value();
    for (const Ends& row : found.row_loss) EXPECT_EQ(row, exactly(0.0));
    EXPECT_EQ(found.loss, exactly(0.0));
    for (const Ends& lse : found.row_lse) {  // the positive's logit: (0.125 - 0.25) / 0.125
      EXPECT_TRUE(lse.contains(-1.0));
      // Logits up to 8.5 carry 1 + 2.14 roundoffs each; 16 for the rest; two radii.
      EXPECT_LT(lse.hi - lse.lo, 2 * (8.5 * 3.2 + 16) * unit_roundoff);
    }
  }
}

TEST(InfoNceAPriori, ZeroVectorsLoseTheLogarithmOfTheNumberOfKeys) {
  const Instance zero = make({{0.0}, {0.0}, {0.0}, {0.0}}, {{0.0}, {0.0}, {0.0}, {0.0}}, 0.05,
                             InfoNceForm::one_direction);
  const auto found = enclose_info_nce_a_priori(zero.problem).value();
  const Context<MpfiNumber> at(truth_bits);
  Tally tally;
  EXPECT_TRUE(holds(at, log(at.from_integer(4)), found.loss, tally));
  EXPECT_TRUE(holds(at, log(at.from_integer(4)), found.row_lse[0], tally));
}

TEST(InfoNceAPriori, LeavesOutTheLogSumExpWhenNotAsked) {
  const Instance instance = make({Kind::unit, 5, 4, 0.1, InfoNceForm::joint_block, 3});
  const auto with = enclose_info_nce_a_priori(instance.problem, true).value();
  const auto without = enclose_info_nce_a_priori(instance.problem, false).value();
  EXPECT_EQ(with.row_loss, without.row_loss);
  EXPECT_EQ(with.row_lse.size(), 10u);
  EXPECT_TRUE(without.row_lse.empty());
}

/// Row 0 has a positive whose inner product 1 + (d - 1) h loses u in each addition (h is half an
/// ulp: a tie), and `rivals` negatives that gain almost u each (a little more than half an ulp);
/// the other negatives lie on the far side. Many equal rows, so that the matrix kernel, which adds
/// the products one after the other, is at work.
Instance adversary(std::size_t rivals, double temperature) {
  constexpr int d = 129, n = 24;
  const double little_more = 0x1p-27 * (1 + 0x1p-20);
  std::vector<double> x(d, 0x1p-26), loses(d, 0x1p-27), gains(d, little_more), far(d, -0x1p-27);
  x[0] = loses[0] = gains[0] = 1;
  far[0] = -1;
  std::vector<std::vector<double>> keys(n, far);
  keys[0] = loses;
  for (std::size_t k = 1; k <= rivals; ++k) keys[k] = gains;
  return make(std::vector(n, x), keys, temperature, InfoNceForm::one_direction);
}

TEST(InfoNceAPriori, TheRadiusCanBeFilled) {
  // With one rival the ratio is 1 and half of its error arrives in the loss; with all, nearly all.
  for (const std::size_t rivals : {std::size_t{1}, std::size_t{23}}) {
    const Instance instance = adversary(rivals, 0.0625);
    const auto found = enclose_info_nce_a_priori(instance.problem).value();
    const InfoNceFormula<MpfiNumber> formula(instance.problem, truth_bits);
    const auto row = formula.row(formula.logits(0), 0);
    Tally loss, lse;
    EXPECT_TRUE(holds(formula.context(), row.loss, found.row_loss[0], loss));
    EXPECT_TRUE(holds(formula.context(), row.lse, found.row_lse[0], lse));
    fmt::print("  {} rivals: |error|/radius {:.3f} for the loss, {:.3f} for the log-sum-exp\n",
               rivals, loss.largest_share, lse.largest_share);
    EXPECT_GT(loss.largest_share, 0.9);
    if (rivals > 1) {
      EXPECT_GT(lse.largest_share, 0.8);
    }
  }
}

// --- range ----------------------------------------------------------------------------------

TEST(InfoNceAPriori, SaysNothingOutsideItsRange) {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto answered = [](double x, double temperature, bool in_b = false) {
    for (const InfoNceForm form : {InfoNceForm::joint_block, InfoNceForm::one_direction}) {
      const Instance i = make({{in_b ? 1.0 : x, 0.5}, {0.5, 1.0}}, {{0.25, in_b ? x : 1.0}, {1, 0}},
                              temperature, form);
      if (enclose_info_nce_a_priori(i.problem)) return true;
    }
    return false;
  };
  EXPECT_TRUE(answered(1.0, 0.1));
  for (const bool in_b : {false, true})
    for (const double bad : {inf, -inf, nan, 1e200, -1e30}) {
      EXPECT_FALSE(answered(bad, 0.1, in_b)) << bad;
    }
  EXPECT_FALSE(answered(1.0, 0.001));  // logits up to 1000
  EXPECT_FALSE(answered(1.0, std::numeric_limits<double>::denorm_min()));
  EXPECT_FALSE(answered(1.0, std::numeric_limits<double>::max()));  // the scale is subnormal
}

TEST(InfoNceAPriori, AnswersUpToTheEdgeOfItsRangeAndIsRightThere) {
  // |x||y|/temperature = 349: exponentials from e^-349 to e^349, a loss up to 698.
  const double temperature = 1.0 / 349;
  const Instance edge = make({{1.0, 0.0}, {-1.0, 0.0}}, {{-1.0, 0.0}, {1.0, 0.0}}, temperature,
                             InfoNceForm::one_direction);
  const auto found = enclose_info_nce_a_priori(edge.problem).value();
  Tally tally;
  EXPECT_TRUE(contained_everywhere(edge, found, tally));
  EXPECT_GT(found.loss.lo, 697);
}

TEST(InfoNceAPriori, RefusesProblemsThatMakeNoSense) {
  const auto refused = [](auto change) {
    Instance i =
        make({{1.0, 2.0}, {3.0, 4.0}}, {{1.0, 2.0}, {3.0, 4.0}}, 0.1, InfoNceForm::joint_block);
    change(i.problem);
    EXPECT_THROW(enclose_info_nce_a_priori(i.problem), std::invalid_argument);
    EXPECT_THROW(enclose_info_nce(i.problem, Engine::mpfi, 64), std::invalid_argument);
  };
  refused([](InfoNceProblem& p) { p.n = 0; });
  refused([](InfoNceProblem& p) { p.d = 0; });
  refused([](InfoNceProblem& p) { p.a = nullptr; });
  refused([](InfoNceProblem& p) { p.b_stride = 1; });
  refused([](InfoNceProblem& p) { p.temperature = 0; });
  refused([](InfoNceProblem& p) { p.temperature = -1; });
  refused([](InfoNceProblem& p) { p.temperature = std::numeric_limits<double>::quiet_NaN(); });
}

// --- tightness ------------------------------------------------------------------------------

/// The distance of neighbouring binary32 numbers at x.
double ulp32(double x) {
  const auto f = static_cast<float>(x);
  return static_cast<double>(std::nextafter(f, std::numeric_limits<float>::infinity())) -
         static_cast<double>(f);
}

TEST(InfoNceAPriori, TheRadiusIsFarBelowAFloat32Ulp) {
  // For losses of 8 and more: at least 5.6 decimal digits below a binary32 result.
  const double wanted = 2.5 * ulp32(8.0) / 1'000'000;
  for (const std::int64_t d : {128, 512})
    for (const double temperature : {0.5, 0.1, 0.05}) {
      const Instance instance =
          make({Kind::unit, 300, d, temperature, InfoNceForm::joint_block, 7});
      const Ends loss = enclose_info_nce_a_priori(instance.problem, false).value().loss;
      const double radius = (loss.hi - loss.lo) / 2;
      // Twice the three errors of an exponential (norms up to 1 + 2^-20), the sums, the rest.
      const double derived =
          (2 * ((static_cast<double>(d) - 1 + 2.2) / temperature * (1 + 0x1p-20) + 1.5) + 48 +
           8 * loss.hi) *
          unit_roundoff;
      fmt::print("  d={} temperature={}: radius {:.2e} = {:.2e} ulp32, {:.2f} of the estimate\n", d,
                 temperature, radius, radius / ulp32(loss.lo), radius / derived);
      EXPECT_LE(radius, derived);
      EXPECT_LE(radius, wanted);
    }
}

TEST(InfoNceAPriori, SmallLossesKeepTheirRelativeAccuracy) {
  double smallest = 1;
  for (const double temperature : {0.5, 0.1, 0.05, 0.02}) {
    const std::int64_t d = 64;
    const Instance instance =
        make({Kind::near_duplicates, 24, d, temperature, InfoNceForm::joint_block, 5});
    const auto found = enclose_info_nce_a_priori(instance.problem).value();
    Tally tally;
    EXPECT_TRUE(contained<MpfiNumber>(instance, found, tally));
    // Norms stay below 1 + 2^-7; the loss itself does not appear: the radius is relative to it.
    const double derived =
        (2 * ((static_cast<double>(d) + 2) / temperature * (1 + 0x1p-6) + 1.5) + 60) *
        unit_roundoff;
    for (const Ends& row : found.row_loss) {
      EXPECT_LE((row.hi - row.lo) / 2, derived * row.hi);
      smallest = std::min(smallest, row.hi);
    }
    EXPECT_LE((found.loss.hi - found.loss.lo) / 2, derived * found.loss.hi);
    fmt::print("  temperature={}: loss {:.3e}, relative radius {:.1e}\n", temperature,
               found.loss.hi, (found.loss.hi - found.loss.lo) / 2 / found.loss.hi);
  }
  EXPECT_LT(smallest, unit_roundoff) << "the losses tried are not small";
}

}  // namespace
}  // namespace assay::testing
