// SPDX-License-Identifier: Apache-2.0
// Settings of the InfoNCE family as text: one table of names for printing and reading.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "reference/loss/info_nce_family.hpp"

namespace assay::reference {
namespace {

using Names = std::vector<std::string>;

/// A field with finitely many values, as a number that counts the names.
struct Field {
  std::string name;
  Names values;
  int (*get)(const InfoNceSetting&);
  void (*set)(InfoNceSetting&, int);
  bool (*matters)(const InfoNceSetting&);  ///< printed only then
};

bool always(const InfoNceSetting&) { return true; }
bool clamps(const InfoNceSetting& s) { return s.clamp != Clamp::none; }

template <auto Member>
Field field_of(std::string name, Names values, bool (*matters)(const InfoNceSetting&) = always) {
  return {std::move(name), std::move(values),
          [](const InfoNceSetting& s) { return static_cast<int>(s.*Member); },
          [](InfoNceSetting& s, int value) {
            s.*Member = static_cast<std::remove_reference_t<decltype(s.*Member)>>(value);
          },
          matters};
}

const std::vector<Field>& fields() {
  using S = InfoNceSetting;
  const Names empty = {"error", "zero", "skipped", "nan", "as-formula"};
  static const std::vector<Field> all = {
      field_of<&S::positives>("positives", {"other-view", "same-label", "mask"}),
      field_of<&S::denominator>("denominator", {"all", "positive-and-negatives", "negatives"}),
      field_of<&S::within>("within", {"mean-outside", "sum-inside", "pairs"}),
      field_of<&S::over>("over", {"mean", "mean-of-positive-losses", "sum"}),
      field_of<&S::directions>("directions", {"one", "half-sum", "sum", "joint-block"}),
      field_of<&S::self_pair_kept>("self-pair", {"left-out", "kept"}),
      field_of<&S::temperature_as>("temperature-as", {"temperature", "scale", "log-scale"}),
      field_of<&S::normalisation>("normalisation", {"none", "max(norm,eps)", "norm+eps",
                                                    "sqrt(norm^2+eps)", "max(norm*norm,eps)"}),
      field_of<&S::without_positives>("without-positives", empty),
      field_of<&S::without_negatives>("without-negatives", empty),
      field_of<&S::positive_weight>("positive-weight",
                                    {"one", "von-mises-fisher-detached", "von-mises-fisher"}),
      field_of<&S::outer>("outer", {"constant", "temperature-over-base"}),
      // Younger than settings that were written down: printed where they say something.
      field_of<&S::similarity>("similarity", {"dot", "-squared-euclidean", "-euclidean"},
                               [](const S& s) { return s.similarity != Similarity::dot; }),
      field_of<&S::clamp>("clamp", {"none", "temperature", "scale", "log-scale"}, clamps),
      field_of<&S::clamp_gradient>("clamp-gradient", {"stops", "passes"}, clamps),
  };
  return all;
}

struct NumberField {
  const char* name;
  double InfoNceSetting::*member;
};
constexpr NumberField number_fields[] = {{"eps", &InfoNceSetting::normalisation_eps},
                                         {"sigma", &InfoNceSetting::weight_sigma},
                                         {"outer-value", &InfoNceSetting::outer_value},
                                         {"clamp-low", &InfoNceSetting::clamp_low},
                                         {"clamp-high", &InfoNceSetting::clamp_high}};

bool is_clamp_bound(const NumberField& field) {
  return field.member == &InfoNceSetting::clamp_low || field.member == &InfoNceSetting::clamp_high;
}

[[noreturn]] void refuse(const std::string& what, const std::string& text, const Names& known) {
  std::string list;
  for (const std::string& name : known) list.append(list.empty() ? "" : ", ").append(name);
  throw std::invalid_argument("info_nce: no " + what + " is called '" + text + "'; known are " +
                              list);
}

std::string text_of(double x) {
  char text[32];
  constexpr double beyond_integers = 0x1p53;
  if (x == std::rint(x) && std::fabs(x) < beyond_integers) {  // 100, not 1e+02
    std::snprintf(text, sizeof text, "%.0f", x);
    return text;
  }
  for (int digits = 1; digits <= 17; ++digits) {  // the shortest that reads back
    std::snprintf(text, sizeof text, "%.*g", digits, x);
    if (std::strtod(text, nullptr) == x) break;
  }
  return text;
}

/// Numbers that say nothing in this setting are not printed.
bool matters(const InfoNceSetting& s, const NumberField& field) {
  if (field.member == &InfoNceSetting::normalisation_eps)
    return s.normalisation != Normalisation::none;
  if (field.member == &InfoNceSetting::weight_sigma)
    return s.positive_weight != PositiveWeight::one;
  if (is_clamp_bound(field)) return clamps(s) && std::isfinite(s.*field.member);
  return true;
}

}  // namespace

std::string text_of(const InfoNceSetting& setting) {
  std::string text;
  const auto add = [&text](const std::string& name, const std::string& value) {
    if (!text.empty()) text += ' ';
    text.append(name).append("=").append(value);
  };
  for (const Field& field : fields())
    if (field.matters(setting))
      add(field.name, field.values[static_cast<std::size_t>(field.get(setting))]);
  for (const NumberField& field : number_fields)
    if (matters(setting, field)) add(field.name, text_of(setting.*field.member));
  return text;
}

void set_field(InfoNceSetting& setting, const std::string& name, const std::string& value) {
  Names known;
  for (const Field& field : fields()) {
    known.push_back(field.name);
    if (field.name != name) continue;
    for (std::size_t k = 0; k < field.values.size(); ++k)
      if (field.values[k] == value) return field.set(setting, static_cast<int>(k));
    refuse(std::string("value of ").append(name), value, field.values);
  }
  for (const NumberField& field : number_fields) {
    known.emplace_back(field.name);
    if (name != field.name) continue;
    char* end = nullptr;
    const double number = std::strtod(value.c_str(), &end);
    if (value.empty() || *end != '\0' || std::isnan(number) ||
        (std::isinf(number) && !is_clamp_bound(field)))
      throw std::invalid_argument(
          std::string("info_nce: ").append(name).append(" is not a finite number: ").append(value));
    setting.*field.member = number;
    return;
  }
  refuse("field", name, known);
}

}  // namespace assay::reference
