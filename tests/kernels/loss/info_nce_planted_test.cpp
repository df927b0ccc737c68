// SPDX-License-Identifier: Apache-2.0
// The catalogue of planted faults: every fault applies where it says, and nowhere else.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <ostream>
#include <set>

#include "kernels/planted.hpp"
#include "tests/kernels/loss/info_nce_gradient_case.hpp"
#include "tests/kernels/sanitizers.hpp"

namespace assay::kernels {

/// What GoogleTest prints of a parameter.
void PrintTo(const PlantedEntry& e, std::ostream* out) { *out << e.name; }

namespace testing {
namespace {

const std::vector<InfoNceForm> forms = {InfoNceForm::one_direction, InfoNceForm::joint_block};

// ThreadSanitizer looks at the sound kernels, and at a removed barrier in sanitizer_test.cpp; wrong
// numbers by the hundred would only take its time.
constexpr const char* no_threads = "wrong values, or a data race on purpose";

/// One input with an upstream gradient, and what the sound kernels make of it.
struct Trigger {
  std::string what;
  Input input;
  UpstreamGradient upstream;
  Output output = {};
  Gradient gradient = {};
};

std::vector<Trigger> make_triggers(InfoNceForm form) {
  std::vector<Trigger> triggers;
  const auto add = [&](std::string what, Input input, UpstreamKind kind) {
    UpstreamGradient upstream = make_upstream(input, kind);
    triggers.push_back({std::move(what), std::move(input), std::move(upstream)});
  };
  add("aligned pairs, two chunks", make_input({8, 48, form, 1}), UpstreamKind::both);
  Input cold = make_input({6, 3, form, 0});
  cold.temperature = 0x1p-8;
  add("a low temperature", cold, UpstreamKind::both);
  Input far = make_input({6, 3, form, 2});
  far.temperature = 0x1p-8;
  add("losses beyond 100", far, UpstreamKind::both);
  Input overflow = make_input({4, 1, form, 0});
  for (std::int64_t i = 0; i < 4; ++i) overflow.a[i] = overflow.b[i] = 1.0f;
  overflow.a[0] = 0x1p70f;
  overflow.b[0] = 0x1p-70f;  // its own positive stays finite
  overflow.b[1] = -0x1p70f;  // a logit of -inf
  add("a logit of -inf", overflow, UpstreamKind::both);
  add("an upstream gradient of one", make_input({5, 4, form, 0}), UpstreamKind::mean);
  triggers.back().upstream.mean = 1.0f;
  Input sharp = make_input({3, 48, form, 1});
  sharp.temperature = 0x1p-8;
  add("losses below 2^-140", sharp, UpstreamKind::both);
  add("opposed pairs, ragged tiles, a view", make_input({37, 7, form, 2}, 4),
      UpstreamKind::strided);
  const std::int64_t n = form == InfoNceForm::joint_block ? 35 : 70;
  add("unrelated rows, three tiles", make_input({n, 5, form, 0}), UpstreamKind::mean);
  for (Trigger& t : triggers) {
    t.output = run_emulated(t.input, "greedy");
    t.gradient = run_emulated(t.input, t.upstream, "greedy");
  }
  return triggers;
}

const std::vector<Trigger>& triggers_of(InfoNceForm form) {
  static const std::vector<Trigger> all[] = {make_triggers(InfoNceForm::one_direction),
                                             make_triggers(InfoNceForm::joint_block)};
  return all[form == InfoNceForm::joint_block ? 1 : 0];
}

bool changes_forward(const Trigger& t, Planted fault) {
  Input input = t.input;
  const Output got = run_emulated(input, "greedy", fault);
  return !same_bits(got, t.output) || input.a != t.input.a;
}
bool changes_backward(const Trigger& t, Planted fault) {
  Input input = t.input;
  const Gradient got = run_emulated(input, t.upstream, "greedy", fault);
  return !same_bits(got, t.gradient) || input.a != t.input.a;
}

bool exists_in(const PlantedEntry& e, InfoNceForm form) {
  if (e.form == PlantedForm::any) return true;
  return (e.form == PlantedForm::joint_block) == (form == InfoNceForm::joint_block);
}

class Catalogue : public ::testing::TestWithParam<PlantedEntry> {};

TEST_P(Catalogue, TheFaultAppliesWhereItSaysAndNowhereElse) {
  const PlantedEntry& e = GetParam();
  if (thread_sanitized) GTEST_SKIP() << no_threads;
  for (InfoNceForm form : forms) {
    const std::vector<Trigger>& triggers = triggers_of(form);
    const auto any = [&](auto changes) {
      return std::any_of(triggers.begin(), triggers.end(),
                         [&](const Trigger& t) { return changes(t, e.fault); });
    };
    const char* where = form == InfoNceForm::joint_block ? "joint block" : "one direction";
    EXPECT_EQ(any(changes_forward), exists_in(e, form) && e.in_forward()) << where << ", forward";
    EXPECT_EQ(any(changes_backward), exists_in(e, form) && e.in_backward())
        << where << ", backward";
  }
}

INSTANTIATE_TEST_SUITE_P(Planted, Catalogue, ::testing::ValuesIn(planted_catalogue),
                         [](const auto& p) { return std::string(p.param.name); });

/// Whether an error bound refutes what a faulty kernel makes of the trigger.
bool outside_bound(const Trigger& t, const PlantedEntry& e) {
  Input forward = t.input, backward = t.input;
  if (e.in_forward() && !(largest_share(t.input, run_emulated(forward, "greedy", e.fault)) <= 1))
    return true;
  return e.in_backward() &&
         !(largest_share(t.input, t.upstream,
                         run_emulated(backward, t.upstream, "greedy", e.fault)) <= 1);
}

TEST(PlantedFaults, AreAllOutsideAnErrorBoundSomewhere) {
  if (thread_sanitized) GTEST_SKIP() << no_threads;
  for (const PlantedEntry& e : planted_catalogue) {
    if (e.fault == Planted::minus_infinity_unguarded) continue;  // the bounds: finite logits only
    bool refuted = false;
    for (InfoNceForm form : forms)
      for (const Trigger& t : triggers_of(form))
        if (!refuted && exists_in(e, form) && t.what != "a logit of -inf")
          refuted = outside_bound(t, e);
    EXPECT_TRUE(refuted) << e.name;
  }
}

TEST(PlantedFaults, LeaveTheSoundKernelsInsideTheBoundsOfTheSameCases) {
  if (thread_sanitized) GTEST_SKIP() << no_threads;
  for (InfoNceForm form : forms)
    for (const Trigger& t : triggers_of(form)) {
      if (t.what == "a logit of -inf") continue;
      EXPECT_LE(largest_share(t.input, t.output), 1.0) << t.what;
      EXPECT_LE(largest_share(t.input, t.upstream, t.gradient), 1.0) << t.what;
    }
}

TEST(PlantedFaults, HideARemovedBarrierFromNoGreedySchedule) {
  if (thread_sanitized) GTEST_SKIP() << no_threads;
  for (const char* schedule : {"greedy", "greedy-reverse", "greedy-random:1", "greedy-random:2"})
    for (std::int64_t n : {1, 2, 5, 8}) {
      Input input = make_input({n, 33, InfoNceForm::joint_block, 2});
      const Output sound = run_emulated(input, schedule);
      EXPECT_FALSE(same_bits(sound, run_emulated(input, schedule, Planted::barrier_removed)))
          << schedule << " " << n;
    }
}

TEST(PlantedFaults, HaveDifferentNamesAndAreDescribed) {
  std::set<std::string_view> names;
  for (const PlantedEntry& e : planted_catalogue) {
    EXPECT_TRUE(names.insert(e.name).second) << e.name;
    EXPECT_EQ(planted_named(e.name), e.fault);
    EXPECT_EQ(name_of(e.fault), e.name);
    EXPECT_FALSE(e.operators.empty() || e.seen_in.empty() || e.description.empty()) << e.name;
  }
  EXPECT_FALSE(planted_named("none").has_value());
  EXPECT_EQ(std::size(planted_faults), std::size(planted_catalogue));
}

TEST(PlantedFaults, AreListedInTheDocumentation) {
  std::ifstream file(std::string(ASSAY_SOURCE_DIR) + "/docs/planted.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  for (const PlantedEntry& e : planted_catalogue) {
    const std::string end = " | " + std::string(e.operators) + " | " + std::string(e.seen_in) +
                            " | " + std::string(e.description) + " |\n";
    const std::size_t row = page.find("| `" + std::string(e.name) + "` | ");
    ASSERT_NE(row, std::string::npos) << e.name;
    EXPECT_EQ(page.substr(0, page.find('\n', row) + 1).rfind(end) + end.size(),
              page.find('\n', row) + 1)
        << e.name;
  }
}

}  // namespace
}  // namespace testing
}  // namespace assay::kernels
