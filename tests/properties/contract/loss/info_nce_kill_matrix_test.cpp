// SPDX-License-Identifier: Apache-2.0
// The kill matrix: its tables, its yardstick, and a reduced run.
#include "properties/contract/loss/info_nce_kill_matrix.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/float_format.hpp"
#include "properties/contract/acceptance_rules.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_families.hpp"
#include "properties/contract/loss/info_nce_kill_matrix_baseline.hpp"

namespace assay::contract {
namespace {

using kernels::Planted;

TEST(KillMatrixBugs, AreTwentyEightDistinctOnesThatExistInOneDirection) {
  std::set<Planted> distinct;
  for (const KillMatrixBug& bug : info_nce_kill_matrix_bugs()) {
    distinct.insert(bug.fault);
    ASSERT_NE(entry_of(bug.fault), nullptr);
    EXPECT_NE(entry_of(bug.fault)->form, kernels::PlantedForm::joint_block) << bug.stands_for;
  }
  EXPECT_EQ(distinct.size(), 28u);
}

TEST(KillMatrixSuites, AreTheTypicalCaseAndTheNineAdversarialOnes) {
  const auto suites = info_nce_kill_matrix_suites();
  ASSERT_EQ(suites.size(), 2u);
  EXPECT_EQ(suites[0].cases.size(), 1u);
  EXPECT_FALSE(suites[0].all_demanded);
  EXPECT_EQ(suites[1].cases.size(), adversarial_cases);
  EXPECT_TRUE(suites[1].all_demanded);
  for (const auto& [family, index] : suites[1].cases) {
    const auto made = [&, f = family, i = index](const char* instance) {
      return make_info_nce_case({"loss/info_nce", instance, f, i, 1});
    };
    const auto forward = made("one-direction/bf16"), backward = made("one-direction/backward/bf16");
    for (const char* name : {"a", "b"})
      EXPECT_EQ(forward.input(name).bytes, backward.input(name).bytes) << index;
  }
}

engine::Case orthonormal_pairs() {
  engine::Case c;
  for (const char* name : {"a", "b"}) {
    Tensor t = Tensor::contiguous(name, Dtype::bf16, {2, 2});
    set_element(t, 0, 1);
    set_element(t, 3, 1);
    c.inputs.push_back(t);
  }
  c.inputs.push_back(Tensor::of_floats("grad_row_loss", {2}, {1, 1}));
  c.scalars = {{"temperature", 1}, {"grad_loss", 0}};
  c.options = {{"directions", "one-direction"}, {"operation", "backward"}};
  return c;
}

// Logits 1 and 0: the loss log(1 + 1/e) = 0.31326.. and the weights 0.26894.., 0.73105.. lie
// between neighbours 2^-9 and 2^-8 apart.
TEST(LowPrecision, RoundsEveryStoredTensor) {
  auto out = low_precision_info_nce(orthonormal_pairs());
  constexpr double g = 138.0 / 512, positive = 187.0 / 256 - 1;
  EXPECT_EQ(out["row_loss"], (std::vector<double>{160.0 / 512, 160.0 / 512}));
  EXPECT_EQ(out["loss"], (std::vector<double>{160.0 / 512}));
  EXPECT_EQ(out["grad_a"], (std::vector<double>{positive, g, g, positive}));
  EXPECT_EQ(out["grad_b"], (std::vector<double>{positive, g, g, positive}));
  EXPECT_EQ(out["grad_temperature"], (std::vector<double>{-2 * positive}));
}

TEST(LowPrecision, LiesNearTheTruthAndNotOnIt) {
  const auto c =
      make_info_nce_case({"loss/info_nce", "one-direction/backward/bf16", "independent", 0, 1});
  const auto out = low_precision_info_nce(c);
  const Expectation expected = info_nce_column().expect(c, "tiled-online-log1p");
  for (const OutputExpectation& e : expected.outputs) {
    const std::vector<double>& values = out.at(e.name);
    ASSERT_EQ(values.size(), e.truth.size());
    double largest = 0, error = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      largest = std::max(largest, std::fabs(e.truth[i].lo));
      error = std::max(error, std::fabs(values[i] - e.truth[i].lo));
      EXPECT_EQ(values[i], rounded_to(Dtype::bf16, values[i]));
    }
    EXPECT_LT(error, largest / 8) << e.name;
    EXPECT_GT(error, largest * 0x1p-12) << e.name;
  }
}

KillMatrixOptions reduced(int threads) {
  KillMatrixOptions options;
  options.threads = threads;
  options.program = ASSAY_PROGRAM;
  options.bugs = {{Planted::zero_gradient, ""},
                  {Planted::row_sum_in_half, ""},
                  {Planted::padding_counted, ""},
                  {Planted::mean_over_padded_length, ""}};
  // 32 keys are one whole tile: nothing is padded there.
  options.suites = {{"whole tile", {{"sizes", 3}}, false},
                    {"odd sizes", {{"sizes", 2}, {"aligned", 0}}, true}};
  return options;
}

TEST(KillMatrix, AReducedRunKillsWhatAppliesAndAcceptsWhatIsCorrect) {
  const KillMatrix matrix = run_info_nce_kill_matrix(reduced(2));
  EXPECT_EQ(matrix.verdict(), Verdict::certified);
  EXPECT_GE(matrix.correct.size(), 5u);
  ASSERT_EQ(matrix.suites.size(), 2u);
  for (const KillMatrixSuiteResult& suite : matrix.suites) {
    EXPECT_EQ(suite.rules.size(), foreign_rules().size() + 1);
    EXPECT_TRUE(suite.budget().accepts_correct());
    EXPECT_GT(suite.largest_share.hi, 0);
    EXPECT_LE(suite.largest_share.hi, 1);
    for (const RuleOnSuite& rule : suite.rules)
      EXPECT_EQ(rule.killed.size() + rule.missed.size(), matrix.bugs.size()) << rule.rule;
  }
  const std::vector<std::string> idle = {"padding_counted", "mean_over_padded_length"};
  EXPECT_EQ(matrix.suites[0].not_applied, idle);
  EXPECT_EQ(matrix.suites[0].budget().missed, idle);
  EXPECT_TRUE(matrix.suites[1].not_applied.empty());
  EXPECT_EQ(matrix.suites[1].budget().killed, matrix.bugs);
  const RuleOnSuite& xformers = matrix.suites[1].rules[1];
  EXPECT_EQ(xformers.rule, "xFormers bf16");
  EXPECT_EQ(std::count(xformers.missed.begin(), xformers.missed.end(), "row_sum_in_half"), 1);

  const auto json = nlohmann::json::parse(to_json(matrix));
  EXPECT_EQ(json["format"], "assay-kill-matrix/1");
  EXPECT_EQ(json["suites"][1]["rules"].back()["killed"], 4);
  EXPECT_EQ(to_json(matrix), to_json(run_info_nce_kill_matrix(reduced(1))));
}

KillMatrix hand_made(bool demanded) {
  KillMatrix matrix;
  matrix.suites.push_back(
      {"s", 1, demanded, {}, {{"foreign", {}, {"bug"}, {"kernel"}}}, {0, 0}, ""});
  matrix.suites[0].rules.push_back({"budget", {"bug"}, {}, {}});
  return matrix;
}

TEST(KillMatrixVerdict, IsAboutTheBudgetAlone) {
  EXPECT_EQ(hand_made(true).verdict(), Verdict::certified);
}

TEST(KillMatrixVerdict, ASurvivorRefutesWhereAllAreDemanded) {
  for (const bool demanded : {true, false}) {
    KillMatrix matrix = hand_made(demanded);
    std::swap(matrix.suites[0].rules[1].killed, matrix.suites[0].rules[1].missed);
    EXPECT_EQ(matrix.verdict(), demanded ? Verdict::refuted : Verdict::certified);
  }
}

TEST(KillMatrixVerdict, ARefusedCorrectImplementationRefutesAnywhere) {
  KillMatrix matrix = hand_made(false);
  matrix.suites[0].rules[1].refused_correct = {"kernel on s #0"};
  EXPECT_EQ(matrix.verdict(), Verdict::refuted);
}

}  // namespace
}  // namespace assay::contract
