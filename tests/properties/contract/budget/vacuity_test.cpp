// SPDX-License-Identifier: Apache-2.0
// The vacuity guard: trivial answers are refused where a budget means something, and reported where
// it does not.
#include "properties/contract/vacuity.hpp"

#include <gtest/gtest.h>

#include <map>

namespace assay::contract {
namespace {

Expectation expectation_of(const std::vector<double>& exact, double budget,
                           const std::string& name = "y") {
  Expectation e;
  OutputExpectation y;
  y.name = name;
  for (double x : exact) y.truth.push_back({x, x});
  y.budget.assign(exact.size(), budget);
  y.demand.assign(exact.size(), Demand::within_budget);
  e.outputs = {y};
  return e;
}

engine::Case case_with(const std::vector<float>& a) {
  engine::Case c;
  c.inputs = {Tensor::of_floats("a", {static_cast<std::int64_t>(a.size()), 1}, a)};
  return c;
}

std::map<std::string, bool> accepted(const std::vector<TrivialTrial>& trials) {
  std::map<std::string, bool> by_answer;
  for (const TrivialTrial& t : trials) by_answer[t.answer] = t.accepted;
  return by_answer;
}

TEST(Vacuity, ATightBudgetRefusesEveryTrivialAnswer) {
  const Expectation e = expectation_of({1, 2, 3}, 0x1p-20);
  const std::vector<Tensor> previous = {Tensor::of_floats("y", {2}, {5, 6})};
  const auto by_answer = accepted(trivial_trials(case_with({9, 8, 7}), e, &previous));
  const std::map<std::string, bool> expected = {
      {"zeros", false},          {"constant", false},       {"first value", false},
      {"copy of a", false},      {"poison", false},         {"negated", false},
      {"scaled by 1.03", false}, {"previous output", false}};
  EXPECT_EQ(by_answer, expected);
  EXPECT_TRUE(vacuous_outputs(trivial_trials(case_with({9, 8, 7}), e)).empty());
}

TEST(Vacuity, EachTrivialAnswerIsAcceptedWhereItIsWithinBudget) {
  const auto answer = [](const std::vector<double>& exact, double budget, const std::string& name,
                         const std::vector<float>& input = {9, 8, 7}) {
    const std::vector<Tensor> previous = {Tensor::of_floats("y", {2}, {5, 6})};
    return accepted(trivial_trials(case_with(input), expectation_of(exact, budget), &previous))
        .at(name);
  };
  EXPECT_TRUE(answer({0.5, -0.5}, 0.5, "zeros"));
  EXPECT_FALSE(answer({0.5, -0.5}, 0.25, "zeros"));
  EXPECT_TRUE(answer({1, 3}, 1, "constant"));
  EXPECT_FALSE(answer({1, 3}, 0.5, "constant"));
  EXPECT_TRUE(answer({3, 3, 3}, 0, "first value"));
  EXPECT_FALSE(answer({3, 3, 3.5}, 0.25, "first value"));
  EXPECT_TRUE(answer({1, 2}, 0, "copy of a", {1, 2}));
  EXPECT_FALSE(answer({1, 2}, 0, "copy of a", {2, 1}));
  EXPECT_TRUE(answer({5, 6, 5}, 0, "previous output")) << "repeated to the length";
  EXPECT_FALSE(answer({5, 6, 6}, 0, "previous output"));
  EXPECT_TRUE(answer({1, 2}, 0.07, "scaled by 1.03"));
  EXPECT_FALSE(answer({1, 2}, 0.05, "scaled by 1.03"));
  EXPECT_TRUE(answer({0.25, -0.25}, 0.5, "negated"));
  EXPECT_FALSE(answer({0.25, -0.5}, 0.5, "negated"));
}

TEST(Vacuity, NaNFillPassesOnlyWhereNaNIsDemandedOrNothingIs) {
  Expectation e = expectation_of({1, 2}, 0.5);
  EXPECT_FALSE(accepted(trivial_trials(case_with({1}), e)).at("poison"));
  e.outputs[0].demand = {Demand::nan, Demand::not_finite};
  EXPECT_TRUE(accepted(trivial_trials(case_with({1}), e)).at("poison"));
  EXPECT_FALSE(accepted(trivial_trials(case_with({1}), e)).at("zeros"));
  e.outputs[0].demand = {Demand::nothing, Demand::nothing};
  EXPECT_TRUE(accepted(trivial_trials(case_with({1}), e)).at("zeros"));
  EXPECT_EQ(vacuous_outputs(trivial_trials(case_with({1}), e)), (std::vector<std::string>{"y"}));
}

TEST(Vacuity, SingleElementsAreNotComparedWithTheirOwnMean) {
  const auto by_answer = accepted(trivial_trials(case_with({1}), expectation_of({2}, 0x1p-20)));
  EXPECT_EQ(by_answer.count("constant"), 0u);
  EXPECT_EQ(by_answer.count("first value"), 0u);
  EXPECT_FALSE(by_answer.at("zeros"));
}

TEST(Vacuity, AnAccountAddsUpOverASuite) {
  std::vector<VacuityResult> account;
  accumulate(account, trivial_trials(case_with({1}), expectation_of({0, 0}, 0x1p-20)));
  const auto zeros = [&] {
    for (const VacuityResult& r : account)
      if (r.output == "y" && r.trivial_answer == "zeros") return r;
    return VacuityResult{};
  };
  EXPECT_EQ(zeros().tried, 1);
  EXPECT_EQ(zeros().refused, 0) << "vacuous so far: the truth is zero";
  accumulate(account, trivial_trials(case_with({1}), expectation_of({1, 0}, 0x1p-20)));
  EXPECT_EQ(zeros().tried, 2);
  EXPECT_EQ(zeros().refused, 1);
  accumulate(account, trivial_trials(case_with({1}), expectation_of({1, 0}, 0x1p-20, "z")));
  EXPECT_EQ(zeros().tried, 2) << "another output has its own account";
}

TEST(Vacuity, TheRoundedTruthIsWhatACorrectCandidateReturns) {
  Expectation e = expectation_of({1.0 / 3, 2}, 0x1p-25);
  e.outputs[0].demand[1] = Demand::nan;
  const std::vector<Tensor> outputs = rounded_truth(e);
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_EQ(outputs[0].as<float>()[0], 1.0f / 3);
  EXPECT_NE(outputs[0].as<float>()[1], outputs[0].as<float>()[1]);
}

}  // namespace
}  // namespace assay::contract
