// SPDX-License-Identifier: Apache-2.0
// The presets print what their libraries printed.
#include "reference/loss/info_nce_presets.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/reference/loss/family_instances.hpp"

namespace assay::testing {
namespace {

using namespace reference;

struct Printed {
  const char* row;
  const char* preset;
  const char* labels;
  bool two_views = true;
  double times = 1;  ///< what the preset gives over what was printed
};

constexpr Printed printed[] = {
    {"lightly NTXent", "lightly_ntxent", "labels_pairs"},
    {"HCL easy", "lightly_ntxent", "labels_pairs"},
    {"solo simclr", "solo_learn_simclr", "labels_pairs"},
    {"PML NTXent", "pml_ntxent", "labels_pairs"},
    {"PML SupCon", "pml_supcon", "labels_pairs"},
    {"optax.ntxent formula", "optax_ntxent", "labels_pairs"},
    {"SimCLR official coef=2", "simclr_official", "labels_pairs"},
    {"SupContrast coef=T/.07", "supcontrast", "labels_pairs"},
    {"open_clip", "open_clip", "labels_pairs"},
    {"open_clip", "groupvit", "labels_pairs"},
    {"open_clip", "torchmultimodal", "labels_pairs"},
    {"MNRL/GradCache/Inf-CL one dir", "sentence_transformers_mnrl", "labels_pairs"},
    {"MNRL/GradCache/Inf-CL one dir", "inf_cl", "labels_pairs"},
    {"MNRL/GradCache/Inf-CL one dir", "gradcache", "labels_pairs"},
    {"DCL lightly mean", "lightly_dcl", "labels_pairs"},
    {"DCL raminnakhli sum", "raminnakhli_dcl", "labels_pairs"},
    {"DCLW lightly", "lightly_dclw", "labels_pairs"},
    {"DCLW lightly", "raminnakhli_dclw", "labels_pairs", true, 2},
    {"PML NTXent multi", "pml_ntxent", "labels_multi"},
    {"optax multi", "optax_ntxent", "labels_multi"},
    {"PML SupCon multi", "pml_supcon", "labels_multi"},
    {"solo L_in multi", "solo_learn_simclr", "labels_multi"},
    {"PML SupCon empty: nonzero", "pml_supcon", "labels_empty", false},
    {"PML SupCon empty: MeanReducer", "pml_supcon_mean", "labels_empty", false},
};

nlohmann::json row_named(const std::string& name) {
  const nlohmann::json vectors = contract_vectors();
  for (const auto& row : vectors["rows"])
    if (row["name"] == name) return row;
  ADD_FAILURE() << "no row " << name;
  return {};
}

TEST(InfoNcePresets, LibrariesPrintWhatTheirPresetSays) {
  for (const Printed& p : printed) {
    const nlohmann::json row = row_named(p.row);
    const FamilyInstance i = shared_vectors(p.labels, p.two_views);
    InfoNceSetting setting = info_nce_preset(p.preset).setting;
    setting.temperature_as = TemperatureAs::temperature;  // T = 0.2 for everybody
    const double value = value_of(setting, i);
    // The log-sum-exp and the positive's logit are at most 1.0000001/T = 5 and a bit, each rounded
    // to binary32 in every row: an error of 2 * 5 * 2^-24, times the factor before the mean.
    const double factor = setting.outer == OuterFactor::constant ? setting.outer_value : 0.2 / 0.07;
    EXPECT_NEAR(p.times * row["lib_fp32"].get<double>(), value, std::ldexp(2 * 5.0 * factor, -24))
        << p.row;
    // The float64 column was computed without normalising: the same bits but for double roundings.
    setting.normalisation = Normalisation::none;
    const double exact = value_of(setting, i);
    EXPECT_NEAR(p.times * row["contract_fp64"].get<double>(), exact,
                std::ldexp(8 * 5.0 * factor, -53))
        << p.row;
  }
}

TEST(InfoNcePresets, EveryPresetIsComparedAndRowsOfOtherFamiliesAreNamed) {
  for (const InfoNcePreset& preset : info_nce_presets()) {
    bool found = false;
    for (const Printed& p : printed) found |= preset.name == p.preset;
    EXPECT_TRUE(found) << preset.name;
  }
  int left_out = 0;
  const nlohmann::json vectors = contract_vectors();
  for (const auto& row : vectors["rows"]) {
    bool found = false;
    for (const Printed& p : printed) found |= row["name"] == p.row;
    if (!found) ++left_out;
    EXPECT_TRUE(found || row["name"].get<std::string>().starts_with("HCL tau=")) << row["name"];
  }
  EXPECT_EQ(left_out, 4);
}

TEST(InfoNcePresets, ClampedScalesStopAtOneHundred) {
  // As the libraries are trained: a log-scale beyond log 100 gives the loss of the scale 100.
  FamilyInstance i = shared_vectors("labels_pairs");
  for (const char* name : {"groupvit", "torchmultimodal"}) {
    const InfoNceSetting setting = info_nce_preset(name).setting;
    InfoNceSetting free = setting;
    free.clamp = Clamp::none;
    i.problem.parameter = setting.clamp == Clamp::scale ? 100 : setting.clamp_high;
    if (setting.clamp == Clamp::scale) free.temperature_as = TemperatureAs::scale;
    const double at_bound = value_of(free, i);
    i.problem.parameter = 6;
    EXPECT_EQ(value_of(setting, i), at_bound) << name;
    i.problem.parameter = -2;  // only torchmultimodal has a lower bound, the scale 1
    free.temperature_as = TemperatureAs::log_scale;
    const double below = value_of(setting, i);
    if (setting.clamp_low == 0) i.problem.parameter = 0;
    EXPECT_EQ(below, value_of(free, i)) << name;
  }
}

TEST(InfoNcePresets, CopiesOfTheLabelsKeepTheSelfPairInPml) {
  FamilyInstance i = shared_vectors("labels_multi");
  InfoNceSetting setting = info_nce_preset("pml_ntxent").setting;
  setting.self_pair_kept = true;
  EXPECT_NEAR(value_of(setting, i), 1.9189, 0x1p-14);  // four decimals were recorded
}

TEST(InfoNcePresets, SupContrastTimesTheBaseIsPmlsSupCon) {
  const FamilyInstance i = shared_vectors("labels_multi");
  InfoNceSetting own = info_nce_preset("supcontrast").setting;
  InfoNceSetting pml = info_nce_preset("pml_supcon").setting;
  pml.normalisation = Normalisation::none;
  EXPECT_NEAR(value_of(own, i) * 0.07 / 0.2, value_of(pml, i), std::ldexp(4.0, -51));
  EXPECT_NEAR(value_of(pml, i), 3.930823, 0x1p-20);  // six decimals
}

TEST(InfoNcePresets, PresetsHaveNamesInOrderAndUnknownOnesListThem) {
  for (std::size_t k = 1; k < info_nce_presets().size(); ++k)
    EXPECT_LT(info_nce_presets()[k - 1].name, info_nce_presets()[k].name);
  try {
    info_nce_preset("openclip");
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_NE(std::string(e.what()).find("'openclip'"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("open_clip, optax_ntxent"), std::string::npos);
  }
}

}  // namespace
}  // namespace assay::testing
