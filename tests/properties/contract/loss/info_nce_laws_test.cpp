// SPDX-License-Identifier: Apache-2.0
// The metamorphic laws of loss/info_nce: correct implementations obey them, and each finds a defect
// that it is for.
#include "properties/contract/loss/info_nce_laws.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/float_format.hpp"
#include "properties/contract/judge.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/engine/random.hpp"

namespace assay::contract {
namespace {

using Index = std::int64_t;

/// Small description of a case; everything else follows from it.
struct Small {
  Index n = 5, d = 3;
  bool joint = true, backward = false;
  std::uint64_t seed = 1;
};

/// Full significands, none of them small, norms such that no logit exceeds 8. The seed chooses
/// unrelated, aligned or opposed pairs, and the upstream gradients: rows, mean, both, or a mean
/// of 1.
engine::Case make(const Small& s) {
  engine::Random random(s.seed, "laws", static_cast<std::uint64_t>(s.n * 64 + s.d));
  const auto entry = [&](double size) {
    const double x = size * (0.0625 + 0.9375 * random.uniform());
    return static_cast<double>(static_cast<float>(random.uniform() < 0.5 ? -x : x));
  };
  engine::Case c;
  c.descriptor = {"loss/info_nce", "", "laws", 0, s.seed};
  const double length = 1 / std::sqrt(static_cast<double>(s.d));
  Tensor a = Tensor::contiguous("a", Dtype::f32, {s.n, s.d}), b = a;
  b.name = "b";
  for (Index e = 0; e < s.n * s.d; ++e) {
    const double x = entry(length), y = entry(length);
    const double sign = s.seed % 3 == 1 ? 1 : -1;
    set_element(a, e, x);
    set_element(b, e, s.seed % 3 == 0 ? y : sign * 0.875 * x);
  }
  c.inputs = {a, b};
  c.scalars = {{"temperature", s.seed % 2 == 0 ? 0.5 : 0.1875 + 0.0625 * random.uniform()}};
  c.options = {{"directions", s.joint ? "joint-block" : "one-direction"},
               {"operation", s.backward ? "backward" : "forward"}};
  if (!s.backward) return c;
  const std::uint64_t way = s.seed % 4;
  if (way != 1 && way != 3) {
    Tensor rows = Tensor::contiguous("grad_row_loss", Dtype::f32, {s.joint ? 2 * s.n : s.n});
    for (Index i = 0; i < rows.count(); ++i) set_element(rows, i, entry(1));
    c.inputs.push_back(rows);
  }
  c.scalars["grad_loss"] = way == 0 ? 0.0 : way == 3 ? 1.0 : entry(1);
  return c;
}

Subject subject(const std::string& name, int run = 0) {
  return in_process(*find_builtin("loss/info_nce", name), run);
}

std::string text(const LawFinding& f) { return f.law + ": " + f.reason; }

/// Some law on some case; a law may be unavailable, but never violated.
void some_law_holds(const std::string& name) {
  const Small s{*rc::gen::inRange<Index>(1, 25), *rc::gen::inRange<Index>(1, 13),
                *rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(),
                *rc::gen::inRange<std::uint64_t>(0, 1000)};
  const Law& law = *rc::gen::elementOf(info_nce_laws());
  const LawFinding f = law.check(make(s), subject(name), s.seed, Agreement::bits);
  RC_LOG(text(f));
  RC_CLASSIFY(f.verdict == LawVerdict::holds, law.name);
  RC_ASSERT(f.verdict != LawVerdict::violated);
}

RC_GTEST_PROP(InfoNceLaws, TheEmulatedKernelObeysThem, ()) { some_law_holds("emulated"); }
RC_GTEST_PROP(InfoNceLaws, TheCpuKernelObeysThem, ()) { some_law_holds("cpu"); }
RC_GTEST_PROP(InfoNceLaws, AVariantObeysThem, ()) { some_law_holds("variant:two_pass"); }

/// Laws of the family's settings: info_nce_setting_laws_test.cpp.
bool of_settings(const std::string& law) {
  return law == "renaming" || law == "one positive" || law == "members";
}

/// Which law exists where.
bool exists(const std::string& law, const Small& s) {
  if (of_settings(law)) return false;
  if (law == "exchange") return s.joint;
  if (law == "duplication") return !s.joint;
  if (law == "forward identities") return !s.backward;
  if (law == "ranks") return s.backward || !s.joint;
  return s.backward || (law != "euler" && law.find("upstream") == std::string::npos);
}

TEST(InfoNceLaws, AreAvailableWhereTheyExist) {
  for (const Law& law : info_nce_laws())
    for (bool joint : {false, true})
      for (bool backward : {false, true}) {
        const Small s{6, 5, joint, backward, 2};
        const LawFinding f = law.check(make(s), subject("emulated"), 2, Agreement::bits);
        EXPECT_EQ(f.verdict, exists(law.name, s) ? LawVerdict::holds : LawVerdict::unavailable)
            << text(f) << (joint ? " joint" : " one direction") << (backward ? " backward" : "");
        EXPECT_EQ(f.compared > 0, exists(law.name, s)) << law.name;
      }
}

struct Caught {
  const char* law;
  const char* fault;
  bool joint, backward;
  std::uint64_t seed = 3;
};
const Caught caught[] = {
    {"permutation", "last_column_dropped", false, false},
    {"permutation", "upstream_first_for_all", true, true, 4},
    {"rotation", "coordinate_tail_dropped", true, false, 4},
    {"rotation", "coordinate_tail_dropped", false, true, 4},
    {"exchange", "last_column_dropped", true, false},
    {"exchange", "keys_not_scaled", true, true},
    {"shift", "maximum_not_subtracted", true, false},
    {"shift", "fixed_shift", false, false},
    {"shift", "positive_lost_in_last_tile", false, true},
    {"scaling", "temperature_forgotten", true, false},
    {"scaling", "temperature_gradient_not_scaled", false, true},
    {"duplication", "diagonal_mask_dropped", false, false},
    {"duplication", "last_column_twice", false, true},
    {"padding", "stride_ignored", true, false},
    {"padding", "power_of_two_stride", false, false},
    {"padding", "upstream_stride_one", true, true, 4},
    {"forward identities", "sum_for_mean", true, false},
    {"forward identities", "mean_over_padded_length", false, false},
    {"forward identities", "positive_shifted", false, false},
    {"euler", "temperature_gradient_sign", true, true},
    {"euler", "temperature_gradient_without_positive", false, true},
    {"euler", "keys_not_scaled", false, true},
    {"upstream scaling", "unit_upstream_shortcut", true, true},
    {"upstream scaling", "upstream_ignored", false, true},
    {"upstream sum", "upstream_ignored", true, true},
    {"mean upstream", "mean_upstream_ignored", false, true},
    {"mean upstream", "row_upstream_ignored", true, true},
    {"mean upstream", "upstream_count_mismatch", true, true},
    {"ranks", "wrong_direction", false, false},
    {"ranks", "upstream_averaged", false, true},
    {"ranks", "upstream_first_for_all", false, true},
};

const Law& law_named(const std::string& name) {
  for (const Law& law : info_nce_laws())
    if (law.name == name) return law;
  throw std::invalid_argument("no law " + name);
}

TEST(InfoNceLaws, EachFindsThePlantedFaultsThatItIsFor) {
  for (const Caught& x : caught) {
    const Small s{7, 5, x.joint, x.backward, x.seed};
    const Law& law = law_named(x.law);
    const LawFinding sound = law.check(make(s), subject("emulated"), x.seed, Agreement::bits);
    EXPECT_EQ(sound.verdict, LawVerdict::holds) << text(sound);
    const LawFinding f =
        law.check(make(s), subject(std::string("planted:") + x.fault), x.seed, Agreement::bits);
    EXPECT_EQ(f.verdict, LawVerdict::violated) << x.fault << ", " << text(f);
  }
}

TEST(InfoNceLaws, EveryLawIsShownToFindSomething) {
  for (const Law& law : info_nce_laws()) {
    bool shown = of_settings(law.name);
    for (const Caught& x : caught) shown = shown || x.law == law.name;
    EXPECT_TRUE(shown) << law.name;
  }
}

TEST(InfoNceLaws, BitsDoNotDependOnScheduleOrThreads) {
  for (bool backward : {false, true}) {
    const engine::Case c = make({24, 4, true, backward, 5});  // two tiles of keys
    for (const char* name : {"emulated", "cpu"}) {
      const LawFinding f = info_nce_same_bits_law(c, {subject(name, 0), subject(name, 1)});
      EXPECT_EQ(f.verdict, LawVerdict::holds) << name << ", " << text(f);
    }
    const LawFinding race = info_nce_same_bits_law(
        c, {subject("planted:barrier_removed", 0), subject("planted:barrier_removed", 1)});
    EXPECT_EQ(race.verdict, LawVerdict::violated) << text(race);
  }
}

/// A convention is obeyed under the factor that follows from it and violated under every other.
TEST(InfoNceLaws, RanksOweTheirDeclaredFactor) {
  const auto follows = [](RankMean mean, RankReduction reduction) {
    const int power = (mean == RankMean::local) - (reduction == RankReduction::mean);
    return power == 0  ? RankFactor::one
           : power > 0 ? RankFactor::times_ranks
                       : RankFactor::over_ranks;
  };
  for (bool joint : {false, true})
    for (RankMean mean : {RankMean::local, RankMean::global})
      for (RankReduction reduction : {RankReduction::sum, RankReduction::mean})
        for (RankFactor declared :
             {RankFactor::one, RankFactor::times_ranks, RankFactor::over_ranks}) {
          const engine::Case c = make({6, 3, joint, true, 4});
          const LawFinding f = info_nce_rank_law(c, subject("cpu"), 3, {mean, reduction, declared},
                                                 Agreement::budgets);
          EXPECT_EQ(f.verdict,
                    declared == follows(mean, reduction) ? LawVerdict::holds : LawVerdict::violated)
              << text(f);
        }
  const LawFinding uneven =
      info_nce_rank_law(make({5, 3, true, true, 4}), subject("cpu"), 2, {}, Agreement::budgets);
  EXPECT_EQ(uneven.verdict, LawVerdict::unavailable);
}

/// Hand-made: an implementation that is wrong by twice its budget in one element of one call.
TEST(InfoNceLaws, NoticeOneElementOffByMoreThanBothBudgets) {
  const Subject sound = subject("cpu");
  int calls = 0;
  const Subject off{sound.algorithm,
                    [&](const engine::Case& c, const std::vector<engine::OutputSpec>& asked) {
                      Observation got = sound.observe(c, asked);
                      const Expectation expected = info_nce_column().expect(c, sound.algorithm);
                      const double budget = expected.outputs[0].budget[2];
                      if (++calls == 2)
                        set_element(got.outputs[0], 2, value_at(got.outputs[0], 2) + 4 * budget);
                      return got;
                    }};
  const LawFinding f = info_nce_permutation_law(make({6, 4, true, false, 2}), off, 1);
  EXPECT_EQ(f.verdict, LawVerdict::violated);
  EXPECT_EQ(f.output, "row_loss");
  EXPECT_EQ(f.element, 2);
  EXPECT_GT(f.difference, f.allowed);
}

TEST(InfoNceLaws, AConductThatIsAViolationViolatesAndARefusalDeclines) {
  const engine::Case c = make({4, 3, true, false, 2});
  EXPECT_EQ(info_nce_padding_law(c, subject("planted:input_written")).verdict,
            LawVerdict::violated);
  EXPECT_EQ(info_nce_padding_law(c, subject("emulated-tensor")).verdict, LawVerdict::unavailable);
}

}  // namespace
}  // namespace assay::contract
