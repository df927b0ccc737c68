// SPDX-License-Identifier: Apache-2.0
// Loss functions: properties and text.
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "reference/model/detail/words.hpp"
#include "reference/model/loss_function.hpp"

namespace assay::reference {
namespace {

bool is_yes(Truth truth) { return truth == Truth::yes; }

bool rows_equal(const std::vector<Real>& a, const std::vector<Real>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Real& x, const Real& y) { return identical(x, y); });
}

/// The set of rows does not change when two neighbouring arguments trade places; such swaps
/// generate all permutations.
bool is_symmetric(const std::vector<std::vector<Real>>& rows) {
  for (std::size_t i = 0; i + 2 < rows.front().size(); ++i)
    for (std::vector<Real> swapped : rows) {
      std::swap(swapped[i], swapped[i + 1]);
      if (std::none_of(rows.begin(), rows.end(),
                       [&](const auto& row) { return rows_equal(row, swapped); }))
        return false;
    }
  return true;
}

std::string_view name_of(Over over) {
  return over == Over::sum ? "sum" : over == Over::mean ? "mean" : "max";
}

Over take_over(detail::Words& words) {
  const std::string value = words.take("over");
  for (const Over over : {Over::sum, Over::mean, Over::max})
    if (value == name_of(over)) return over;
  words.fail("over=" + value + "; possible are sum, mean, max");
}

LossFunction read_log_sum(detail::Words& words) {
  LossFunction::LogSum parameters;
  parameters.alpha = words.take_number("alpha");
  std::string weight = words.take("weight");
  parameters.per_negative = weight.ends_with("/k");
  if (parameters.per_negative) weight.resize(weight.size() - 2);
  try {
    parameters.weight = Real::parse(weight);
  } catch (const std::invalid_argument& error) {
    words.fail(std::string("weight: ") + error.what());
  }
  parameters.temperature = words.take_number("temperature");
  return LossFunction::log_sum(std::move(parameters));
}

LossFunction read_max_affine(std::string_view text) {
  std::vector<std::vector<Real>> rows(1);
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find_first_of(",;", at), text.size());
    rows.back().push_back(Real::parse(text.substr(at, end - at)));
    if (end < text.size() && text[end] == ';') rows.emplace_back();
    at = end + 1;
  }
  return LossFunction::max_affine(std::move(rows));
}

}  // namespace

LossProperties LossFunction::affine_properties(int k) const {
  if (static_cast<std::size_t>(k) + 1 != rows_.front().size())
    throw std::invalid_argument("loss: " + text() + " is a function of " +
                                std::to_string(rows_.front().size() - 1) + " arguments, not " +
                                std::to_string(k));
  LossProperties result{.convex = true, .nondecreasing = true, .strictly_increasing = true};
  for (const std::vector<Real>& row : rows_)
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      result.nondecreasing = result.nondecreasing && is_yes(less_or_equal(0, row[i]));
      result.strictly_increasing = result.strictly_increasing && is_yes(less(0, row[i]));
    }
  result.symmetric = is_symmetric(rows_);
  result.piecewise_linear = true;
  return result;
}

LossProperties LossFunction::properties(int k) const {
  if (k < 1) throw std::invalid_argument("loss: psi_k needs at least one argument");
  LossProperties all{.convex = true, .nondecreasing = true, .symmetric = true};
  switch (kind_) {
    case Kind::log_sum:
      all.strictly_convex = is_yes(less(0, log_sum_.alpha));
      all.strictly_increasing = true;
      return all;
    case Kind::hinge: all.piecewise_linear = true; return all;
    case Kind::softplus: all.strictly_convex = all.strictly_increasing = true; return all;
    case Kind::linear: all.piecewise_linear = all.strictly_increasing = true; return all;
    case Kind::maximum:
      all.piecewise_linear = true;
      all.strictly_increasing = k == 1;
      return all;
    case Kind::max_affine: return affine_properties(k);
    case Kind::decreasing: return {.convex = true, .symmetric = true, .piecewise_linear = true};
    case Kind::concave:
      return {.nondecreasing = true, .strictly_increasing = true, .symmetric = true};
    case Kind::concave_linear:
      return {.nondecreasing = true, .symmetric = true, .piecewise_linear = true};
    case Kind::non_monotone: return {.convex = true, .strictly_convex = true, .symmetric = true};
    case Kind::custom: break;
  }
  return properties_;
}

std::string LossFunction::text() const {
  const std::string over = std::string("over=").append(name_of(over_));
  switch (kind_) {
    case Kind::log_sum:
      return "info-nce alpha=" + log_sum_.alpha.text() + " weight=" + log_sum_.weight.text() +
             (log_sum_.per_negative ? "/k" : "") + " temperature=" + log_sum_.temperature.text();
    case Kind::hinge: return "hinge margin=" + margin_.text() + " " + over;
    case Kind::softplus: return "softplus " + over;
    case Kind::linear: return "linear " + over;
    case Kind::maximum: return "max";
    case Kind::decreasing: return "decreasing";
    case Kind::concave: return "concave";
    case Kind::concave_linear: return "concave-linear bend=" + margin_.text();
    case Kind::non_monotone: return "non-monotone";
    case Kind::custom: return name_;
    case Kind::max_affine: break;
  }
  std::string result = "max-affine ";
  for (const std::vector<Real>& row : rows_) {
    if (&row != &rows_.front()) result += ';';
    for (std::size_t i = 0; i < row.size(); ++i) result += (i ? "," : "") + row[i].text();
  }
  return result;
}

LossFunction LossFunction::parse(std::string_view text) {
  if (constexpr std::string_view name = "max-affine "; text.starts_with(name))
    return read_max_affine(text.substr(name.size()));
  detail::Words words(text);
  const auto finished = [&words](LossFunction result) {
    words.finish();
    return result;
  };
  const std::string& name = words.name();
  if (name == "info-nce") return finished(read_log_sum(words));
  if (name == "hinge") {
    Real margin = words.take_number("margin");
    return finished(hinge(std::move(margin), take_over(words)));
  }
  if (name == "softplus") return finished(softplus(take_over(words)));
  if (name == "linear") return finished(linear(take_over(words)));
  if (name == "max") return finished(maximum());
  if (name == "decreasing") return finished(decreasing());
  if (name == "concave") return finished(concave());
  if (name == "concave-linear") return finished(concave_linear(words.take_number("bend")));
  if (name == "non-monotone") return finished(non_monotone());
  words.fail(
      "no such loss; known are info-nce, hinge, softplus, linear, max, max-affine, decreasing, "
      "concave, concave-linear, non-monotone");
}

}  // namespace assay::reference
