// SPDX-License-Identifier: Apache-2.0
// The ball and interval tiers: two engines, two ways, exact logits, printed values of libraries.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "reference/loss/info_nce.hpp"
#include "reference/loss/info_nce_formula.hpp"
#include "tests/reference/loss/instances.hpp"

namespace assay::testing {
namespace {

using namespace reference;

std::vector<Instance> small_problems() {
  std::vector<Instance> all;
  for (int k = 0; k < kinds; ++k)
    for (const InfoNceForm form : {InfoNceForm::joint_block, InfoNceForm::one_direction})
      all.push_back(make({static_cast<Kind>(k), 2 + k % 4, 1 + 3 * k, k % 2 == 0 ? 0.07 : 0.5, form,
                          static_cast<std::uint64_t>(k)}));
  return all;
}

/// Width of both enclosures relative to the scale of the row is 2^-bits up to a few roundings.
void expect_tight(const InfoNceRow& row, int bits, double scale) {
  const double allowed = std::ldexp(scale, -bits);
  EXPECT_LE(row.row_loss.width_up(), allowed);
  EXPECT_LE(row.row_lse.width_up(), allowed);
}

TEST(InfoNceEngines, OverlapEachOtherAndTheSecondWay) {
  for (const Instance& instance : small_problems())
    for (std::int64_t i = 0; i < instance.problem.rows(); ++i)
      for (const int bits : {64, 200}) {
        std::vector<InfoNceRow> all;
        for (const Engine engine : engines()) {
          all.push_back(enclose_info_nce_row(instance.problem, i, engine, bits));
          all.push_back(enclose_info_nce_row_second_way(instance.problem, i, engine, bits));
        }
        for (const InfoNceRow& row : all) {
          EXPECT_TRUE(row.row_loss.overlaps(all.front().row_loss)) << instance.text;
          EXPECT_TRUE(row.row_lse.overlaps(all.front().row_lse)) << instance.text;
          // Keys, logits of at most 14 / 0.07 and their roundings: 2^12 units at most.
          expect_tight(row, bits, 0x1p12);
        }
      }
}

TEST(InfoNceEngines, BatchAndRowsAgree) {
  for (const Instance& instance : small_problems())
    for (const Engine engine : engines()) {
      const InfoNceEnclosures batch = enclose_info_nce(instance.problem, engine, 128);
      EXPECT_EQ(batch.tier, engine == Engine::arb ? "ball-128" : "interval-128");
      ASSERT_EQ(static_cast<std::int64_t>(batch.row_loss.size()), instance.problem.rows());
      for (std::size_t i = 0; i < batch.row_loss.size(); ++i) {
        const InfoNceRow row =
            enclose_info_nce_row(instance.problem, static_cast<std::int64_t>(i), engine, 128);
        EXPECT_EQ(batch.row_loss[i], row.row_loss.ends());
        EXPECT_EQ(batch.row_lse[i], row.row_lse.ends());
      }
    }
}

TEST(InfoNceEngines, PlainDoubleRunsTheSameFormula) {
  const Instance instance = make({Kind::unit, 6, 16, 0.2, InfoNceForm::joint_block, 4});
  const InfoNceFormula<double> formula(instance.problem, 53);
  for (std::int64_t i = 0; i < formula.rows(); ++i) {
    const double plain = formula.row(formula.logits(i), i).loss;
    const Ends truth = enclose_info_nce_row(instance.problem, i, Engine::mpfi, 128).row_loss.ends();
    // Twelve logits of sixteen products at temperature 0.2, twelve exponentials.
    const double budget = std::ldexp((2 * (16 + 3) / 0.2 + 12 + 8), -53);
    EXPECT_NEAR(plain, truth.lo, budget);
  }
}

TEST(InfoNceEngines, LogitsEncloseTheExactRationals) {
  for (const Instance& instance : small_problems()) {
    if (instance.text.find("tiny") != std::string::npos) continue;  // denominators of 1000 digits
    const InfoNceFormula<Rational> exact(instance.problem, 64);
    const InfoNceFormula<MpfiNumber> intervals(instance.problem, 64);
    for (std::int64_t j = 0; j < exact.rows(); ++j) {
      const Interval narrow = to_interval(exact.logit(0, j), 300);
      EXPECT_TRUE(to_interval(intervals.logit(0, j)).overlaps(narrow)) << instance.text;
#if ASSAY_HAVE_ARB
      const InfoNceFormula<ArbNumber> balls(instance.problem, 64);
      EXPECT_TRUE(to_interval(balls.logit(0, j)).overlaps(narrow)) << instance.text;
#endif
    }
  }
}

TEST(InfoNceEngines, HandValueOfTwoPairs) {
  // a = b = (1), (-1), temperature 1/2: logits 2 and -2, so the loss is log(1 + e^-4) in each row.
  const Instance two = make({{1.0}, {-1.0}}, {{1.0}, {-1.0}}, 0.5, InfoNceForm::one_direction);
  const Context<MpfiNumber> at(300);
  const Interval loss = to_interval(log1p(exp(at.from_integer(-4))));
  const Interval lse = to_interval(at.from_integer(2) + log1p(exp(at.from_integer(-4))));
  for (const Engine engine : engines()) {
    const InfoNceRow row = enclose_info_nce_row(two.problem, 1, engine, 256);
    EXPECT_TRUE(row.row_loss.contains(loss));
    EXPECT_TRUE(row.row_lse.contains(lse));
  }
  // Joint block: z = 1, -1, 1, -1. Row 0 sees -1, 1 (positive), -1: log(1 + 2 e^-4).
  const Instance joint = make({{1.0}, {-1.0}}, {{1.0}, {-1.0}}, 0.5, InfoNceForm::joint_block);
  const Interval twice = to_interval(log1p(at.from_integer(2) * exp(at.from_integer(-4))));
  for (const Engine engine : engines())
    EXPECT_TRUE(enclose_info_nce_row(joint.problem, 3, engine, 256).row_loss.contains(twice));
}

TEST(InfoNceEngines, HugeLogitsKeepTightEnclosures) {
  const double huge = 0x1.8p126;  // near the largest binary32 number; logits up to 2^260
  for (const double size : {1e3, 1e10, 1e19, huge, 1e300})
    for (const Engine engine : engines())
      for (const InfoNceForm form : {InfoNceForm::joint_block, InfoNceForm::one_direction}) {
        const Instance i = make({{size, 1.0}, {1.0, -size}, {0.5, 1.0}},
                                {{-size, 1.0}, {1.0, -size}, {size, -1.0}}, 0.005, form);
        for (std::int64_t row = 0; row < i.problem.rows(); ++row) {
          const InfoNceRow first = enclose_info_nce_row(i.problem, row, engine, 96);
          const InfoNceRow second = enclose_info_nce_row_second_way(i.problem, row, engine, 96);
          EXPECT_TRUE(first.row_loss.overlaps(second.row_loss));
          EXPECT_TRUE(first.row_lse.overlaps(second.row_lse));
          EXPECT_TRUE(first.row_loss.is_finite());
          EXPECT_LE(first.row_loss.width_up(), std::ldexp(1.0, -80)) << size;
          EXPECT_LE(first.row_lse.width_up(), std::ldexp(1.0, -80)) << size;
          EXPECT_LE(second.row_lse.width_up(), std::ldexp(1.0, -80)) << size;
        }
      }
}

TEST(InfoNceEngines, TheLossOfAHopelessRowIsTheDistanceToTheLargestLogit) {
  // One direction, d = 1: row 0 has positive -2^126 and negative 2^126, each over 2^-7.
  const double x = 0x1p126;
  const Instance i = make({{1.0}, {1.0}}, {{-x}, {x}}, 0x1p-7, InfoNceForm::one_direction);
  for (const Engine engine : engines()) {
    const InfoNceRow row = enclose_info_nce_row(i.problem, 0, engine, 64);
    EXPECT_TRUE(row.row_loss.contains(Interval::exactly(0x1p134)));
    EXPECT_LE(row.row_loss.width_up(), std::ldexp(1.0, -50));
    // and row 1 loses next to nothing, but not nothing
    const Ends other = enclose_info_nce_row(i.problem, 1, engine, 64).row_loss.ends();
    EXPECT_GE(other.lo, -std::numeric_limits<double>::denorm_min());
    EXPECT_LE(other.hi, std::numeric_limits<double>::denorm_min());
  }
}

TEST(InfoNceEngines, OneKeyHasNoLossAtAll) {
  const Instance one = make({{0.5}}, {{0.25}}, 0.125, InfoNceForm::joint_block);
  for (const Engine engine : engines()) {
    const InfoNceEnclosures found = enclose_info_nce(one.problem, engine, 64);
    EXPECT_EQ(found.loss, exactly(0.0));
    EXPECT_EQ(found.row_lse[1], exactly(1.0));
  }
  EXPECT_EQ(info_nce_value(one.problem, 20).loss.ends(), exactly(0.0));
}

TEST(InfoNceEngines, ValueHasTheDigitsAskedFor) {
  const Instance instance = make({Kind::near_duplicates, 4, 32, 0.02, InfoNceForm::joint_block, 9});
  for (const int digits : {5, 20, 60, 150}) {
    const InfoNceValue value = info_nce_value(instance.problem, digits);
    EXPECT_GE(value.loss.agreed_digits(), digits);
    EXPECT_EQ(value.engine, engines().front());
    const InfoNceValue more = info_nce_value(instance.problem, 2 * digits);
    EXPECT_TRUE(value.loss.overlaps(more.loss));
  }
  EXPECT_EQ(info_nce_value(instance.problem, 1000, 256).bits, 256);
  EXPECT_THROW(info_nce_value(instance.problem, 0), std::invalid_argument);
}

TEST(InfoNceEngines, RefuseWhatIsNotANumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Instance i = make({{1.0}, {2.0}}, {{1.0}, {nan}}, 0.5, InfoNceForm::one_direction);
  try {
    enclose_info_nce(i.problem, Engine::mpfi, 64);
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_NE(std::string(e.what()).find("b[1][0]"), std::string::npos) << e.what();
  }
  EXPECT_THROW(enclose_info_nce_row(i.problem, 0, Engine::mpfi, 64), std::invalid_argument);
  const Instance good = make({{1.0}}, {{1.0}}, 0.5, InfoNceForm::one_direction);
  EXPECT_THROW(enclose_info_nce_row(good.problem, 1, Engine::mpfi, 64), std::out_of_range);
}

// --- values printed by libraries ------------------------------------------------------------

std::vector<std::vector<double>> hex_rows(const nlohmann::json& rows) {
  std::vector<std::vector<double>> all;
  for (const auto& row : rows) {
    all.emplace_back();
    for (const auto& x : row)
      all.back().push_back(std::strtod(x.get<std::string>().c_str(), nullptr));
  }
  return all;
}

TEST(InfoNceEngines, LibrariesPrintWhatTheContractSays) {
  std::ifstream file(std::string(ASSAY_TEST_DATA) + "/contract_vectors.json");
  const nlohmann::json vectors = nlohmann::json::parse(file);
  const auto a = hex_rows(vectors["a"]), b = hex_rows(vectors["b"]);
  int seen = 0;
  for (const auto& row : vectors["rows"]) {
    const auto name = row["name"].get<std::string>();
    const bool joint = name == "lightly NTXent";
    if (!joint && name != "MNRL/GradCache/Inf-CL one dir") continue;
    ++seen;
    const Instance instance =
        make(a, b, 0.2, joint ? InfoNceForm::joint_block : InfoNceForm::one_direction);
    const Interval truth = info_nce_value(instance.problem, 30).loss;
    const double value = truth.ends().lo;
    const auto ulp = [value](int precision) {
      return std::ldexp(1.0, std::ilogb(value) + 1 - precision);
    };
    // A float32 library prints the loss within one float32 ulp. The float64 contract is a mean of
    // rows, each within a few ulps of numbers near 1 (log-sum-exp minus the positive near 5).
    EXPECT_NEAR(row["lib_fp32"].get<double>(), value, ulp(24)) << name;
    const double rows_error = std::ldexp(5.0, -53) * 2;
    EXPECT_NEAR(row["contract_fp64"].get<double>(), value, rows_error) << name;
    const auto fast = enclose_info_nce_a_priori(instance.problem).value();
    EXPECT_TRUE(fast.loss.lo <= value && value <= fast.loss.hi) << name;
  }
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace assay::testing
