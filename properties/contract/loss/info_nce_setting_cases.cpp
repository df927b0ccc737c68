// SPDX-License-Identifier: Apache-2.0
// Cases of the InfoNCE settings: the embeddings of the families of pairs on fewer rows, and
// families for labels, masks, norms and empty sets.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/float_format.hpp"
#include "properties/contract/error_algebra.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_families.hpp"
#include "properties/contract/loss/info_nce_relation_cases.hpp"
#include "properties/contract/loss/info_nce_settings.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::contract {
namespace {

using Index = std::int64_t;
using engine::Random;
using Draft = InfoNceDraft;

/// What a family of a setting is for.
enum class For : unsigned char { all, labels, relations, normalised };

struct SettingFamily {
  Family family;
  For settings;
  std::function<void(Draft&, Random&, std::uint64_t index)> draw;
};

/// Rows [0, n) of a draft.
void keep_rows(Draft& draft, Index n) {
  if (n >= draft.n) return;
  draft.n = n;
  draft.a.resize(static_cast<std::size_t>(n * draft.d));
  draft.b.resize(static_cast<std::size_t>(n * draft.d));
}

void unit_pairs(Draft& draft, Random& random, Index n, Index d, double temperature, double noise) {
  draft.reshape(n, d);
  draft.temperature = temperature;
  fill_normal(draft.a, random);
  pair_with_noise(draft, random, noise);
  normalise(draft);
}

// Three tiles of keys, the last with a tail.
void tiles(Draft& draft, Random& random, std::uint64_t index) {
  unit_pairs(draft, random, index % 2 ? 70 : 35, index % 2 ? 1 : 3, 0.2, 0.5);
}

void relations(Draft& draft, Random& random, std::uint64_t index) {
  constexpr Index ns[] = {3, 6, 17, 9};
  unit_pairs(draft, random, ns[index % 4], index % 3 ? 5 : 33, index % 2 ? 0.1 : 0.5, 0.7);
}

void temperatures(Draft& draft, Random& random, std::uint64_t index) {
  constexpr double values[] = {0.01, 1.0, 0.07, 10.0, 0.02, 1.0 / 3};
  unit_pairs(draft, random, 8, 7, values[index % 6], 0.4);
}

// Norms below, around and above an eps of 10^-12, and beyond what a square can hold.
void norms(Draft& draft, Random& random, std::uint64_t index) {
  constexpr int exponents[] = {-41, -38, -62, -100, 40, 60, -144, 3, -22, -18};
  unit_pairs(draft, random, 6, index % 2 ? 35 : 4, 0.1, 0.5);
  const double scale = std::ldexp(1.0, exponents[index % 10]);
  for (std::size_t i = 0; i < draft.a.size(); ++i) {
    draft.a[i] *= scale;
    if (index % 3 != 0) draft.b[i] *= scale;
  }
}

// Two pairs along two axes: normalised without a rounding, so that the budgets of everything after
// it are at their tightest.
void axes(Draft& draft, Random&, std::uint64_t index) {
  constexpr double temperatures[] = {1.0, 2.0 / 3, 0.5, 4.0 / 7};  // inverses are exact
  constexpr double lengths[] = {1, 3, 0.5, 7};
  draft.reshape(2, 2);
  draft.temperature = temperatures[index % 4];
  for (Index i = 0; i < 2; ++i) {
    draft.at(draft.a, i, i) = lengths[(index + static_cast<std::uint64_t>(i)) % 4];
    draft.at(draft.b, i, i) = lengths[(index + 2) % 4];
  }
}

void not_finite(Draft& draft, Random& random, std::uint64_t index) {
  unit_pairs(draft, random, 6, 3, 0.5, 0.5);
  const double value = index % 2 ? std::numeric_limits<double>::infinity()
                                 : std::numeric_limits<double>::quiet_NaN();
  draft.at(draft.a, static_cast<Index>(random.below(6)), 1) = value;
}

/// The families of pairs that settings share: at most so many rows, so that truth stays cheap.
std::vector<SettingFamily> shared_families() {
  constexpr Index most_rows = 18;
  std::vector<SettingFamily> all;
  for (const InfoNceFamily& entry : info_nce_family_table()) {
    if (entry.family.large || entry.family.name == "not-finite") continue;
    Family family = entry.family;
    family.cases = family.name == "small"   ? 8
                   : family.name == "sizes" ? 10
                   : family.name == "exact" ? 4
                                            : 2;
    all.push_back(
        {family, For::all, [draw = entry.draw](Draft& draft, Random& random, std::uint64_t index) {
           draw(draft, random, index);
           keep_rows(draft, most_rows - static_cast<Index>(index % 3));
         }});
  }
  return all;
}

const std::vector<SettingFamily>& setting_families() {
  static const std::vector<SettingFamily> all = [] {
    std::vector<SettingFamily> families = shared_families();
    const std::vector<SettingFamily> own = {
        {{"tiles", "three tiles of keys, the last with a tail", 2}, For::all, tiles},
        {{"temperatures", "T from 0.01 to 10", 6}, For::all, temperatures},
        {{"relations", "classes of 1, 2, many; masks with empty and full rows, asymmetric", 12},
         For::relations,
         relations},
        {{"no-negatives", "one class, or a full mask: rows without negatives", 3},
         For::relations,
         relations},
        {{"no-positives", "the views' labels differ, or empty lines: rows without positives", 3},
         For::relations,
         relations},
        {{"wide-labels", "labels that differ by 2^32, lie beyond 2^53, or are negative", 4},
         For::labels,
         relations},
        {{"norms", "norms around an eps of 10^-12, and far from 1", 10}, For::normalised, norms},
        {{"axes", "pairs along the axes: normalised exactly", 4}, For::normalised, axes},
        {{"not-finite", "one NaN or infinity, judged by the declared rule", 2},
         For::all,
         not_finite},
    };
    families.insert(families.end(), own.begin(), own.end());
    return families;
  }();
  return all;
}

bool belongs(const SettingFamily& family, const reference::InfoNceSetting& setting) {
  using reference::Positives;
  switch (family.settings) {
    case For::all: return true;
    case For::labels: return setting.positives == Positives::same_label;
    case For::relations: return setting.positives != Positives::other_view;
    case For::normalised: return setting.normalisation != reference::Normalisation::none;
  }
  return false;
}

/// The parameter of a temperature, in the form that the setting names. No library's logarithm: the
/// same bits everywhere.
double parameter_of(const reference::InfoNceSetting& setting, double temperature) {
  switch (setting.temperature_as) {
    case reference::TemperatureAs::temperature: return temperature;
    case reference::TemperatureAs::scale: return 1 / temperature;
    case reference::TemperatureAs::log_scale: break;
  }
  return log_near(1 / temperature);
}

}  // namespace

void add_setting(engine::Case& c, const InfoNceInstanceName& name, Index pairs) {
  const reference::InfoNceSetting& setting = info_nce_setting(name.setting);
  c.options = {{"operation", std::string(name_of(name.operation))}, {"setting", name.setting}};
  c.scalars["temperature"] = parameter_of(setting, c.scalars.at("temperature"));
  add_relations(c, setting, pairs);
  if (name.operation == Operation::backward)
    add_upstream(c, setting.directions == reference::Directions::one ? pairs : 2 * pairs);
}

std::vector<Family> info_nce_setting_families(const std::string& instance) {
  const reference::InfoNceSetting& setting =
      info_nce_setting(InfoNceInstanceName::parse(instance).setting);
  std::vector<Family> families;
  for (const SettingFamily& entry : setting_families())
    if (belongs(entry, setting)) families.push_back(entry.family);
  return families;
}

engine::Case make_info_nce_setting_case(const engine::CaseDescriptor& descriptor) {
  const auto name = InfoNceInstanceName::parse(descriptor.instance);
  const reference::InfoNceSetting& setting = info_nce_setting(name.setting);
  for (const SettingFamily& entry : setting_families()) {
    if (entry.family.name != descriptor.family || !belongs(entry, setting)) continue;
    Random random(descriptor.seed, descriptor.family, descriptor.index);
    Draft draft;
    entry.draw(draft, random, descriptor.index);
    // A row needs a negative where only negatives are in the denominator.
    if (draft.n == 1 && setting.denominator == reference::Denominator::negatives)
      unit_pairs(draft, random, 2, draft.d, draft.temperature, 0.5);
    engine::Case c;
    c.descriptor = descriptor;
    c.inputs = {rounded_matrix("a", name.input, draft.a, draft.n, draft.d, draft.padding),
                rounded_matrix("b", name.input, draft.b, draft.n, draft.d, draft.padding)};
    c.scalars = {{"temperature", draft.temperature}};
    add_setting(c, name, draft.n);
    return c;
  }
  throw engine::InputError("loss/info_nce", "family '" + descriptor.family + "'", "unknown");
}

}  // namespace assay::contract
