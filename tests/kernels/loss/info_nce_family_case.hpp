// SPDX-License-Identifier: Apache-2.0
// Cases of the family's kernels, their outputs, and a plain binary64 computation of the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/loss/info_nce_family.hpp"

namespace assay::kernels::testing {

/// A setting with a name.
struct NamedSetting {
  std::string name;
  FamilySetting setting;
  double parameter;
};
/// The settings that certificates name, and others that together have every value of every field.
const std::vector<NamedSetting>& family_settings();
const NamedSetting& family_setting(const std::string& name);

/// One exact input of any setting.
struct FamilyCase {
  NamedSetting named;
  std::int64_t n = 1, d = 1, stride = 1;
  bool single_view = false;  ///< b is null
  Dtype input = Dtype::f32;
  std::vector<float> a, b;                     ///< what the kernels read, exactly
  std::vector<std::uint16_t> a_bits, b_bits;   ///< the same in a narrow format
  std::vector<std::int64_t> labels, labels_b;  ///< labels_b empty: those of a
  std::vector<std::uint8_t> mask;
  std::vector<float> grad_row_loss;  ///< empty: null
  std::int64_t grad_stride = 1;
  float grad_loss = 0.75f;

  std::int64_t vectors() const { return single_view ? n : 2 * n; }
  std::int64_t mask_stride() const { return (named.setting.joint() ? vectors() : n) + 3; }
  FamilyInputs inputs() const;
};

/// Labels repeat, so that there are classes of one, two and more; the mask has an empty row.
FamilyCase make_family_case(const NamedSetting& named, std::int64_t n, std::int64_t d,
                            std::uint64_t seed, std::int64_t padding = 0);
/// The same case with inputs rounded to a narrow format.
FamilyCase narrowed(FamilyCase c, Dtype input);

struct FamilyOutput {
  std::vector<float> row_loss;
  float loss = 0;
  friend bool operator==(const FamilyOutput&, const FamilyOutput&) = default;
};
struct FamilyGradient {
  std::vector<float> a, b;
  float parameter = 0;
  friend bool operator==(const FamilyGradient&, const FamilyGradient&) = default;
};

/// Arguments whose outputs lie in the given objects.
FamilyArguments forward_arguments(const FamilyCase& c, FamilyOutput& out);
FamilyBackwardArguments backward_arguments(const FamilyCase& c, FamilyGradient& out);

/// Under the emulator.
FamilyOutput run_family(const FamilyCase& c, const std::string& schedule = "greedy",
                        Planted fault = Planted::none);
FamilyGradient run_family_gradient(const FamilyCase& c, const std::string& schedule = "greedy",
                                   Planted fault = Planted::none);

/// The definitions, in binary64, logit by logit.
struct PlainFamily {
  std::vector<double> row_loss;
  double loss = 0;
  std::vector<double> a, b;  ///< gradients
  double parameter = 0;
};
PlainFamily plain_family(const FamilyCase& c);

/// The largest difference between a kernel's outputs and the plain ones, relative to the largest
/// number of the same output (at least 1); infinite if something is not finite.
double family_distance(const PlainFamily& plain, const FamilyOutput& out);
double family_distance(const PlainFamily& plain, const FamilyGradient& out);

/// A distance that the sound kernels stay below on the cases of these tests, all of which have
/// logits below 32.
inline constexpr double family_tolerance = 0x1p-18;

}  // namespace assay::kernels::testing
