// SPDX-License-Identifier: Apache-2.0
// Psi: parsing, printing, values.
#include "reference/bound/psi.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace assay::reference {
namespace {

const char* name_of(Psi::Kind kind) {
  static const char* const names[] = {"info-nce", "hinge", "softplus", "linear", "max"};
  return names[static_cast<int>(kind)];
}

const char* name_of(Psi::Over over) {
  static const char* const names[] = {"sum", "mean", "max"};
  return names[static_cast<int>(over)];
}

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument(what); }

Psi::Over over_named(const std::string& text) {
  for (const Psi::Over over : {Psi::Over::sum, Psi::Over::mean, Psi::Over::max})
    if (text == name_of(over)) return over;
  refuse("over=" + text + ": expected sum, mean or max");
}

Real number(const std::string& name, const std::string& text) {
  try {
    return Real::parse(text);
  } catch (const std::invalid_argument& e) {
    refuse(name + "=" + text + ": " + e.what());
  }
}

using Settings = std::map<std::string, std::string>;

// The words after the first, "name=value", each of the known names at most once.
Settings settings_of(std::istringstream& words, const std::string& kind,
                     std::initializer_list<const char*> known) {
  Settings settings;
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (equals == std::string::npos || std::find(known.begin(), known.end(), name) == known.end())
      refuse("'" + word + "' is no setting of " + kind);
    if (!settings.emplace(name, word.substr(equals + 1)).second)
      refuse("'" + name + "' is given twice");
  }
  return settings;
}

std::string setting(const Settings& from, const std::string& name, const char* otherwise) {
  const auto found = from.find(name);
  return found == from.end() ? otherwise : found->second;
}

bool certainly_below(const Real& a, const Real& b) { return less(a, b) == Truth::yes; }

}  // namespace

Psi Psi::info_nce(const Real& alpha, Over over, const Real& temperature, const Real& weight) {
  if (over == Over::max) refuse("info-nce has a sum or a mean, no maximum");
  if (certainly_below(alpha, 0)) refuse("alpha must not be negative");
  if (less_or_equal(weight, 0) != Truth::no) refuse("weight must be positive");
  if (less_or_equal(temperature, 0) != Truth::no) refuse("temperature must be positive");
  Psi psi;
  psi.over_ = over;
  psi.alpha_ = alpha;
  psi.weight_ = weight;
  psi.temperature_ = temperature;
  return psi;
}

Psi Psi::hinge(const Real& margin, Over over) {
  Psi psi;
  psi.kind_ = Kind::hinge;
  psi.over_ = over;
  psi.margin_ = margin;
  return psi;
}

Psi Psi::softplus(Over over) {
  if (over == Over::max) refuse("softplus has a sum or a mean, no maximum");
  Psi psi;
  psi.kind_ = Kind::softplus;
  psi.over_ = over;
  return psi;
}

Psi Psi::linear(Over over) {
  if (over == Over::max) refuse("linear has a sum or a mean; the maximum is 'max'");
  Psi psi;
  psi.kind_ = Kind::linear;
  psi.over_ = over;
  return psi;
}

Psi Psi::maximum() {
  Psi psi;
  psi.kind_ = Kind::max;
  psi.over_ = Over::max;
  return psi;
}

Psi Psi::parse(std::string_view text) {
  std::istringstream words{std::string(text)};
  std::string kind;
  words >> kind;
  if (kind == "info-nce") {
    const Settings given = settings_of(words, kind, {"alpha", "weight", "temperature"});
    std::string weight = setting(given, "weight", "1/k");
    const bool mean = weight.size() > 2 && weight.ends_with("/k");
    if (mean) weight.resize(weight.size() - 2);
    return info_nce(number("alpha", setting(given, "alpha", "1")), mean ? Over::mean : Over::sum,
                    number("temperature", setting(given, "temperature", "1")),
                    number("weight", weight));
  }
  if (kind == "hinge") {
    const Settings given = settings_of(words, kind, {"margin", "over"});
    return hinge(number("margin", setting(given, "margin", "1")),
                 over_named(setting(given, "over", "mean")));
  }
  if (kind == "softplus")
    return softplus(over_named(setting(settings_of(words, kind, {"over"}), "over", "mean")));
  if (kind == "linear")
    return linear(over_named(setting(settings_of(words, kind, {"over"}), "over", "mean")));
  if (kind == "max") {
    settings_of(words, kind, {});
    return maximum();
  }
  refuse("'" + kind + "' is unknown; known are info-nce, hinge, softplus, linear, max");
}

std::string Psi::text() const {
  switch (kind_) {
    case Kind::info_nce:
      return "info-nce alpha=" + alpha_.text() + " weight=" + weight_.text() +
             (over_ == Over::mean ? "/k" : "") + " temperature=" + temperature_.text();
    case Kind::hinge:
      return "hinge margin=" + margin_.text() + " over=" + std::string(name_of(over_));
    case Kind::max: return "max";
    default: return name_of(kind_) + std::string(" over=") + name_of(over_);
  }
}

// log(alpha + w sum n_i e^(t_i/T)). With alpha = 1 through log1p, so that a small loss keeps its
// relative accuracy; with a positive argument, or alpha = 0, the largest one is taken out, so that
// doubles do not overflow.
Real Psi::log_of_sum(const Arithmetic& in, std::span<const Real> values,
                     std::span<const int> counts, int k) const {
  std::optional<Real> largest;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (counts[i] > 0) largest = largest ? max(*largest, values[i]) : values[i];
  const Real weight = over_ == Over::mean ? weight_ / k : weight_;
  const bool no_constant = equal(alpha_, 0) == Truth::yes;
  const bool take_out = no_constant || less_or_equal(*largest, 0) != Truth::yes;
  Real total = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (counts[i] > 0)
      total +=
          Real(counts[i]) * exp(in((take_out ? values[i] - *largest : values[i]) / temperature_));
  if (!take_out)
    return equal(alpha_, 1) == Truth::yes ? log1p(in(weight * total))
                                          : log(in(alpha_ + weight * total));
  const Real shift = in(*largest / temperature_);
  const Real constant = no_constant ? Real(0) : alpha_ * exp(-shift);
  return shift + log(in(constant + weight * total));
}

Real Psi::each(const Arithmetic& in, const Real& t) const {
  if (kind_ == Kind::hinge) return max(t + margin_, 0);
  if (kind_ != Kind::softplus) return t;
  // t + log(1 + e^-t) for positive t: doubles do not overflow.
  if (less(Real(0), t) == Truth::yes) return t + log1p(exp(in(-t)));
  return log1p(exp(in(t)));
}

Real Psi::operator()(const Arithmetic& in, std::span<const Real> values,
                     std::span<const int> counts) const {
  if (values.size() != counts.size()) refuse("as many counts as values are needed");
  long long k = 0;
  for (const int count : counts) {
    if (count < 0) refuse("a count must not be negative");
    k += count;
  }
  if (k == 0) refuse("psi_k needs at least one argument");
  if (kind_ == Kind::info_nce) return log_of_sum(in, values, counts, static_cast<int>(k));
  std::optional<Real> result;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (counts[i] == 0) continue;
    const Real one = each(in, values[i]);
    if (over_ == Over::max)
      result = result ? max(*result, one) : one;
    else
      result = result.value_or(0) + Real(counts[i]) * one;
  }
  return over_ == Over::mean ? *result / Real(k) : *result;
}

Real Psi::at(const Arithmetic& in, const Real& t, int k) const {
  return (*this)(in, std::span(&t, 1), std::span(&k, 1));
}

}  // namespace assay::reference
