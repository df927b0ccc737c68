// SPDX-License-Identifier: Apache-2.0
// Planted faults and correct variants of the family's kernels: every fault changes something where
// it is said to exist, and nothing elsewhere; what it changes is wrong; variants are right.
#include "kernels/loss/info_nce_family_planted.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "tests/kernels/loss/info_nce_family_case.hpp"
#include "tests/kernels/sanitizers.hpp"

namespace assay::kernels::testing {
namespace {

/// Logits so much larger that losses reach hundreds.
double cold(const NamedSetting& named) {
  if (named.setting.temperature_as == FamilySetting::TemperatureAs::temperature)
    return named.parameter / 256;
  if (named.setting.temperature_as == FamilySetting::TemperatureAs::scale)
    return named.parameter * 256;
  return named.parameter + 5.5;
}

/// One tile, with rows that have no positive; the mean's upstream alone, and large logits; several
/// tiles.
std::vector<FamilyCase> make_triggers(const NamedSetting& named) {
  std::vector<FamilyCase> all = {make_family_case(named, 7, 7, 2, 3),
                                 make_family_case(named, 5, 5, 2, 3),
                                 make_family_case(named, named.setting.joint() ? 33 : 66, 3, 5)};
  all[0].grad_stride = 2;
  all[0].labels_b = all[0].labels;
  all[0].labels_b[3] = all[0].labels_b[2] = 8;
  all[1].grad_row_loss.clear();
  all[1].grad_loss = 1;
  all[1].named.parameter = cold(named);
  for (FamilyCase& c : all)  // one vector below the eps of some settings, one just above
    for (std::size_t k = 0; k < static_cast<std::size_t>(c.d); ++k) {
      c.a[k] *= 0x1p-42f;
      c.b[static_cast<std::size_t>(c.stride) + k] *= 0x1p-38f;
    }
  return all;
}

struct Trigger {
  explicit Trigger(const FamilyCase& c)
      : input(c), output(run_family(c)), gradient(run_family_gradient(c)) {}
  FamilyCase input;
  FamilyOutput output;
  FamilyGradient gradient;
};
/// NaN equals NaN here.
bool same(const std::vector<float>& x, const std::vector<float>& y) {
  return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                    [](float a, float b) { return a == b || (a != a && b != b); });
}
bool changes_forward(const Trigger& t, Planted fault) {
  FamilyCase c = t.input;
  const FamilyOutput out = run_family(c, "greedy", fault);
  return !same(out.row_loss, t.output.row_loss) || !same({out.loss}, {t.output.loss}) ||
         c.a != t.input.a;
}
bool changes_backward(const Trigger& t, Planted fault) {
  FamilyCase c = t.input;
  const FamilyGradient g = run_family_gradient(c, "greedy", fault);
  return !same(g.a, t.gradient.a) || !same(g.b, t.gradient.b) ||
         !same({g.parameter}, {t.gradient.parameter}) || c.a != t.input.a;
}

/// The family's own faults, and on two settings those that it shares.
std::vector<Planted> faults_tried_on(const NamedSetting& named, bool backward) {
  std::vector<Planted> all;
  for (const PlantedEntry& e : family_planted_catalogue) all.push_back(e.fault);
  if (named.name == (backward ? "both-log-scale" : "supervised-pairs"))
    for (const PlantedEntry& e : planted_catalogue) all.push_back(e.fault);
  return all;
}

class FamilyFaults : public ::testing::TestWithParam<NamedSetting> {};

TEST_P(FamilyFaults, ExistWhereTheyAreSaidToExist) {
  if (thread_sanitized) GTEST_SKIP() << "the emulator's threads are slow";
  const std::vector<FamilyCase> cases = make_triggers(GetParam());
  std::vector<Trigger> triggers;  // run when they are needed
  const auto any = [&](auto changes, Planted fault, bool exists) {
    const std::size_t asked = exists ? cases.size() : 1;  // more only to find a change
    for (std::size_t i = 0; i < asked; ++i) {
      if (i == triggers.size()) triggers.emplace_back(cases[i]);
      if (changes(triggers[i], fault)) return true;
    }
    return false;
  };
  for (const bool backward : {false, true})
    for (const Planted fault : faults_tried_on(GetParam(), backward)) {
      const bool exists = family_fault_exists(fault, GetParam().setting, Dtype::f32, backward);
      const bool seen =
          backward ? any(changes_backward, fault, exists) : any(changes_forward, fault, exists);
      EXPECT_EQ(seen, exists) << name_of(fault) << (backward ? " backward" : " forward");
    }
}

INSTANTIATE_TEST_SUITE_P(Family, FamilyFaults, ::testing::ValuesIn(family_settings()),
                         [](const auto& p) {
                           std::string name = p.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(FamilyVariants, AreOtherBitsAndAsAccurate) {
  std::set<Variant> differ;
  for (const NamedSetting& named : family_settings()) {
    const FamilyCase c = make_family_case(named, named.setting.joint() ? 20 : 40, 5, 5);
    const PlainFamily plain = plain_family(c);
    const FamilyOutput stated = run_family(c);
    const FamilyGradient stated_gradient = run_family_gradient(c);
    for (const Variant variant : correct_variants) {
      FamilyOutput out;
      FamilyGradient gradient;
      info_nce_family_forward_emulated_variant(forward_arguments(c, out), "greedy", variant);
      info_nce_family_backward_emulated_variant(backward_arguments(c, gradient), "fair", variant);
      EXPECT_LE(family_distance(plain, out), family_tolerance) << name_of(variant);
      EXPECT_LE(family_distance(plain, gradient), family_tolerance) << name_of(variant);
      if (out != stated || gradient != stated_gradient) differ.insert(variant);
    }
  }
  EXPECT_EQ(differ.size(), std::size(correct_variants));
}

/// The new faults are errors of meaning: each is far outside on some setting.
TEST(FamilyCatalogue, IsWrongSomewhere) {
  if (thread_sanitized) GTEST_SKIP() << "the emulator's threads are slow";
  std::set<Planted> refuted;
  for (const NamedSetting& named : family_settings())
    for (const FamilyCase& c : make_triggers(named)) {
      if (c.n > 7 || !c.grad_row_loss.size()) continue;
      const PlainFamily plain = plain_family(c);
      for (const PlantedEntry& e : family_planted_catalogue) {
        const auto exists = [&](bool backward) {
          return refuted.count(e.fault) == 0 &&
                 family_fault_exists(e.fault, named.setting, c.input, backward);
        };
        const auto judge = [&](double distance) {
          if (!(distance <= 16 * family_tolerance)) refuted.insert(e.fault);
        };
        if (exists(false)) judge(family_distance(plain, run_family(c, "greedy", e.fault)));
        if (exists(true)) judge(family_distance(plain, run_family_gradient(c, "greedy", e.fault)));
      }
    }
  for (const PlantedEntry& e : family_planted_catalogue)
    EXPECT_EQ(refuted.count(e.fault), 1u) << e.name;
}

TEST(FamilyCatalogue, IsListedInTheDocumentation) {
  std::ifstream file(std::string(ASSAY_SOURCE_DIR) + "/docs/kernel-family.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  for (const PlantedEntry& e : family_planted_catalogue) {
    const std::string operation = e.in_forward() ? "both" : "backward";
    const std::string row = "| `" + std::string(e.name) + "` | " + operation + " | " +
                            std::string(e.operators) + " | " + std::string(e.seen_in) + " | " +
                            std::string(e.description) + " |\n";
    EXPECT_NE(page.find(row), std::string::npos) << row;
  }
}

TEST(FamilyCatalogue, HasNamesOfItsOwn) {
  std::set<std::string_view> names;
  for (const PlantedEntry& e : planted_catalogue) names.insert(e.name);
  for (const PlantedEntry& e : family_planted_catalogue) {
    EXPECT_TRUE(names.insert(e.name).second) << e.name;
    EXPECT_EQ(planted_named(e.name), e.fault);
    EXPECT_EQ(name_of(e.fault), e.name);
    EXPECT_EQ(e.form, PlantedForm::any);
    EXPECT_FALSE(e.operators.empty() || e.seen_in.empty() || e.description.empty()) << e.name;
  }
}

}  // namespace
}  // namespace assay::kernels::testing
