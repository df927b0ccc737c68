// SPDX-License-Identifier: Apache-2.0
// The metamorphic laws of loss/info_nce on the family's settings: correct implementations obey
// them, and each finds a defect that it is for.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "core/float_format.hpp"
#include "properties/contract/judge.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_families.hpp"
#include "properties/contract/loss/info_nce_laws.hpp"
#include "properties/contract/loss/info_nce_settings.hpp"
#include "properties/engine/random.hpp"

namespace assay::contract {
namespace {

using Index = std::int64_t;

/// Small description of a case; everything else follows from it.
struct Small {
  std::string setting;
  Index n = 5, d = 3;
  bool backward = false;
  std::uint64_t seed = 1;
  Dtype input = Dtype::f32;
};

/// Full significands, none of them small, norms such that no logit exceeds 2. The seed chooses
/// unrelated, aligned or opposed pairs, the classes or the mask, and the upstream gradients.
engine::Case make(const Small& s) {
  engine::Random random(s.seed, "laws", static_cast<std::uint64_t>(s.n * 64 + s.d));
  const auto entry = [&](double size) {
    const double x = size * (0.0625 + 0.9375 * random.uniform());
    return static_cast<double>(static_cast<float>(random.uniform() < 0.5 ? -x : x));
  };
  const double length = 0.7 / std::sqrt(static_cast<double>(s.d));
  std::vector<double> a, b;
  for (Index e = 0; e < s.n * s.d; ++e) {
    const double x = entry(length), y = entry(length);
    a.push_back(x);
    b.push_back(s.seed % 3 == 0 ? y : (s.seed % 3 == 1 ? 0.875 : -0.875) * x);
  }
  const std::string family = s.seed % 7 == 3 ? "no-positives" : "relations";
  engine::Case c;
  c.descriptor = {"loss/info_nce", "", family, s.seed % 12, s.seed};
  c.inputs = {rounded_matrix("a", s.input, a, s.n, s.d, 0),
              rounded_matrix("b", s.input, b, s.n, s.d, 0)};
  c.scalars = {{"temperature", s.seed % 2 == 0 ? 0.5 : 0.25 + 0.0625 * random.uniform()}};
  const reference::InfoNceSetting& setting = info_nce_setting(s.setting);
  add_setting(c,
              {setting.directions == reference::Directions::joint_block, Operation::forward,
               s.input, s.setting},
              s.n);
  if (!s.backward) return c;
  c.options["operation"] = "backward";
  const std::uint64_t way = s.seed % 4;
  if (way != 1 && way != 3) {
    const bool one = setting.directions == reference::Directions::one;
    Tensor rows = Tensor::contiguous("grad_row_loss", Dtype::f32, {one ? s.n : 2 * s.n});
    for (Index i = 0; i < rows.count(); ++i) set_element(rows, i, entry(1));
    c.inputs.push_back(rows);
  }
  c.scalars["grad_loss"] = way == 0 ? 0.0 : way == 3 ? 1.0 : entry(1);
  return c;
}

/// The random relations of a small case may leave a setting with nothing to average.
bool accepted(const engine::Case& c) {
  try {
    (void)info_nce_column().expect(c, "any-order");
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

Subject subject(const std::string& name, int run = 0) {
  return in_process(*find_builtin("loss/info_nce", name), run);
}

std::string text(const Small& s, const LawFinding& f) {
  return s.setting + (s.backward ? "/backward" : "") + ", " + f.law + ": " + f.reason;
}

/// Some law on some case; a law may be unavailable, but never violated.
void some_law_holds(const std::string& name) {
  const NamedInfoNceSetting& setting = *rc::gen::elementOf(info_nce_settings());
  const Small s{setting.name,
                *rc::gen::inRange<Index>(2, 15),
                *rc::gen::inRange<Index>(1, 9),
                *rc::gen::arbitrary<bool>(),
                *rc::gen::inRange<std::uint64_t>(0, 1000),
                *rc::gen::element(Dtype::f32, Dtype::f32, Dtype::bf16, Dtype::f16)};
  const Law& law = *rc::gen::elementOf(info_nce_laws());
  const engine::Case c = make(s);
  RC_PRE(accepted(c));
  const LawFinding f = law.check(c, subject(name), s.seed, Agreement::bits);
  RC_LOG(text(s, f));
  RC_CLASSIFY(f.verdict == LawVerdict::holds, law.name);
  RC_ASSERT(f.verdict != LawVerdict::violated);
}

RC_GTEST_PROP(InfoNceSettingLaws, TheEmulatedKernelObeysThem, ()) { some_law_holds("emulated"); }
RC_GTEST_PROP(InfoNceSettingLaws, AVariantObeysThem, ()) { some_law_holds("variant:two_pass"); }

/// Which law exists where (the table of docs/laws.md).
bool exists(const std::string& law, const Small& s) {
  const reference::InfoNceSetting& setting = info_nce_setting(s.setting);
  const bool one = setting.directions == reference::Directions::one;
  const bool joint = setting.directions == reference::Directions::joint_block;
  const bool several = setting.positives != reference::Positives::other_view;
  const bool normalised = setting.normalisation != reference::Normalisation::none;
  const bool labels = setting.positives == reference::Positives::same_label;
  if (law == "exchange") return !one;
  if (law == "shift") return !normalised;
  if (law == "duplication") return !joint && !several;
  if (law == "renaming" || law == "one positive") return several;
  if (law == "forward identities") return !s.backward;
  if (law == "ranks") return s.backward || one;
  if (law == "members")
    return s.setting == "both-directions" || (!s.backward && (labels || s.setting == "decoupled"));
  return s.backward || (law != "euler" && law.find("upstream") == std::string::npos);
}

TEST(InfoNceSettingLaws, AreAvailableWhereTheyExist) {
  for (const NamedInfoNceSetting& setting : info_nce_settings())
    for (const Law& law : info_nce_laws())
      for (bool backward : {false, true}) {
        const Small s{setting.name, 6, 4, backward, 4};
        const LawFinding f = law.check(make(s), subject("emulated"), 2, Agreement::bits);
        EXPECT_EQ(f.verdict, exists(law.name, s) ? LawVerdict::holds : LawVerdict::unavailable)
            << text(s, f);
        EXPECT_EQ(f.compared > 0, exists(law.name, s)) << text(s, f);
      }
}

struct Caught {
  const char* law;
  const char* fault;
  const char* setting;
  bool backward;
  std::uint64_t seed = 4;
};
const Caught caught[] = {
    {"permutation", "last_column_dropped", "both-directions", false},
    {"permutation", "last_column_dropped", "masked", false},
    {"permutation", "upstream_first_for_all", "supervised-pairs", true},
    {"rotation", "coordinate_tail_dropped", "normalised", false},
    {"rotation", "coordinate_tail_dropped", "supervised-out", true},
    {"exchange", "only_first_direction", "both-directions", true, 3},
    {"exchange", "only_first_direction", "both-log-scale", true, 3},
    {"exchange", "last_column_dropped", "decoupled", false},
    {"exchange", "keys_not_scaled", "supervised-in", true},
    {"shift", "maximum_not_subtracted", "decoupled", false},
    {"shift", "fixed_shift", "masked", false},
    {"shift", "maximum_not_subtracted", "supervised-in", false},
    {"shift", "positive_lost_in_last_tile", "supervised-pairs", true},
    {"scaling", "temperature_forgotten", "both-directions", false},
    {"scaling", "scale_gradient_of_temperature", "both-directions", true},
    {"scaling", "normalisation_missing", "normalised", false},
    {"scaling", "gradient_not_divided_by_norm", "normalised", true},
    {"scaling", "norm_attached_twice", "both-log-scale", true},
    {"duplication", "last_column_twice", "both-directions", true},
    {"duplication", "directions_not_halved", "both-log-scale", false},
    {"padding", "stride_ignored", "masked", false},
    {"padding", "upstream_stride_one", "supervised-in", true},
    {"renaming", "labels_in_32_bits", "supervised-out", false, 1},
    {"renaming", "labels_as_float", "supervised-pairs", true, 3},
    {"forward identities", "sum_for_mean", "normalised", false},
    {"forward identities", "mean_for_sum", "masked", false},
    {"forward identities", "pair_weights_forgotten", "supervised-pairs", false},
    {"forward identities", "directions_not_halved", "both-directions", false},
    {"forward identities", "zero_rows_skipped", "supervised-out", false, 3},
    {"euler", "temperature_gradient_sign", "masked", true},
    {"euler", "scale_gradient_of_temperature", "both-directions", true},
    {"euler", "projection_missing", "normalised", true},
    {"euler", "keys_not_scaled", "both-directions", true},
    {"upstream scaling", "unit_upstream_shortcut", "decoupled", true, 3},
    {"upstream sum", "upstream_ignored", "supervised-in", true},
    {"mean upstream", "mean_upstream_ignored", "both-log-scale", true},
    {"mean upstream", "pair_weights_forgotten_in_gradient", "supervised-pairs", true},
    {"mean upstream", "divisor_counts_all_rows", "supervised-in", true, 3},
    {"ranks", "wrong_direction", "masked", false},
    {"ranks", "upstream_count_mismatch", "supervised-out", true},
    {"one positive", "positives_averaged_over_one_more", "supervised-out", false},
    {"one positive", "self_pair_as_positive", "supervised-pairs", true},
    {"one positive", "mean_for_sum", "masked", true, 3},
    {"members", "inside_for_outside", "supervised-out", false},
    {"members", "positives_averaged_over_one_more", "supervised-pairs", false},
    {"members", "decoupled_with_positive", "decoupled", false},
    {"members", "only_first_direction", "both-directions", true, 3},
};

const Law& law_named(const std::string& name) {
  for (const Law& law : info_nce_laws())
    if (law.name == name) return law;
  throw std::invalid_argument("no law " + name);
}

TEST(InfoNceSettingLaws, EachFindsThePlantedFaultsThatItIsFor) {
  for (const Caught& x : caught) {
    const Small s{x.setting, 7, 5, x.backward, x.seed};
    const Law& law = law_named(x.law);
    const LawFinding sound = law.check(make(s), subject("emulated"), x.seed, Agreement::bits);
    EXPECT_EQ(sound.verdict, LawVerdict::holds) << text(s, sound);
    const BuiltinEntry* entry = find_builtin("loss/info_nce", std::string("planted:") + x.fault);
    ASSERT_NE(entry, nullptr) << x.fault;
    const LawFinding f = law.check(make(s), in_process(*entry), x.seed, Agreement::bits);
    EXPECT_EQ(f.verdict, LawVerdict::violated) << x.fault << ", " << text(s, f);
  }
}

TEST(InfoNceSettingLaws, EveryLawAndEverySettingIsShownToFindSomething) {
  std::set<std::string> laws, settings;
  for (const Caught& x : caught) laws.insert(x.law), settings.insert(x.setting);
  for (const Law& law : info_nce_laws()) EXPECT_EQ(laws.count(law.name), 1) << law.name;
  for (const NamedInfoNceSetting& s : info_nce_settings())
    EXPECT_EQ(settings.count(s.name), 1) << s.name;
}

TEST(InfoNceSettingLaws, BitsDoNotDependOnTheSchedule) {
  for (const NamedInfoNceSetting& setting : info_nce_settings())
    for (bool backward : {false, true}) {
      const Small s{setting.name, 18, 3, backward, 5};  // 36 vectors: two tiles in a joint block
      std::vector<Subject> runs;
      for (int run = 0; run < 6; ++run) runs.push_back(subject("emulated", run));
      const LawFinding f = info_nce_same_bits_law(make(s), runs);
      EXPECT_EQ(f.verdict, LawVerdict::holds) << text(s, f);
    }
  const Small s{"supervised-out", 24, 4, true, 5};
  const LawFinding race = info_nce_same_bits_law(
      make(s), {subject("planted:barrier_removed", 0), subject("planted:barrier_removed", 1)});
  EXPECT_EQ(race.verdict, LawVerdict::violated) << text(s, race);
}

/// The subject's second call is wrong by four budgets in one element.
Subject moved(const Subject& sound, int call, int& calls) {
  return {sound.algorithm, [&sound, call, &calls](const engine::Case& c,
                                                  const std::vector<engine::OutputSpec>& asked) {
            Observation got = sound.observe(c, asked);
            if (++calls != call) return got;
            const Expectation expected = info_nce_column().expect(c, sound.algorithm);
            const double budget = expected.outputs[0].budget[2];
            set_element(got.outputs[0], 2, value_at(got.outputs[0], 2) + 4 * budget);
            return got;
          }};
}

TEST(InfoNceSettingLaws, NoticeOneElementOffByFourBudgets) {
  const Subject sound = subject("emulated");
  for (const NamedInfoNceSetting& setting : info_nce_settings())
    for (const char* law :
         {"permutation", "rotation", "exchange", "shift", "scaling", "duplication", "padding",
          "renaming", "upstream scaling", "mean upstream", "one positive"})
      for (bool backward : {false, true}) {
        const Small s{setting.name, 6, 4, backward, 4};
        if (!exists(law, s)) continue;
        int calls = 0;
        const LawFinding f =
            law_named(law).check(make(s), moved(sound, 2, calls), 1, Agreement::bits);
        EXPECT_EQ(f.verdict, LawVerdict::violated) << text(s, f);
        EXPECT_EQ(f.output, backward ? "grad_a" : "row_loss") << text(s, f);
        EXPECT_GT(f.difference, f.allowed) << text(s, f);
      }
}

/// Ranks' gradients add up only under the factor that follows from the convention; where classes
/// make rows count differently, a mean over each rank is no equal share.
TEST(InfoNceSettingLaws, RanksOweTheirDeclaredFactor) {
  const RankConvention local{RankMean::local, RankReduction::mean, RankFactor::one};
  for (const char* name : {"both-directions", "both-log-scale", "decoupled", "normalised"}) {
    const engine::Case c = make({name, 6, 3, true, 4});
    const auto law = [&](RankFactor factor) {
      RankConvention convention = local;
      convention.declared = factor;
      return info_nce_rank_law(c, subject("emulated"), 3, convention, Agreement::budgets).verdict;
    };
    EXPECT_EQ(law(RankFactor::one), LawVerdict::holds) << name;
    EXPECT_EQ(law(RankFactor::times_ranks), LawVerdict::violated) << name;
    EXPECT_EQ(law(RankFactor::over_ranks), LawVerdict::violated) << name;
  }
  const engine::Case sum = make({"masked", 6, 3, true, 4});
  EXPECT_EQ(info_nce_rank_law(sum, subject("emulated"), 3, local, Agreement::budgets).verdict,
            LawVerdict::unavailable);
}

}  // namespace
}  // namespace assay::contract
