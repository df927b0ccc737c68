// SPDX-License-Identifier: Apache-2.0
// Cases of loss/info_nce taken apart and put together.
#include "properties/contract/loss/info_nce_law_case.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "core/float_format.hpp"
#include "properties/contract/loss/info_nce_family_instance.hpp"
#include "properties/contract/loss/info_nce_logits.hpp"
#include "properties/contract/loss/info_nce_settings.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::contract {

namespace {

/// What lies between rows: a kernel that reads any of it gives itself away.
double filler(std::int64_t e) {
  switch (e % 3) {
    case 0: return std::numeric_limits<double>::quiet_NaN();
    case 1: return std::numeric_limits<double>::infinity();
    default: return 0x1p15;
  }
}

Tensor matrix(const std::string& name, Dtype dtype, const std::vector<std::int64_t>& shape,
              const std::vector<double>& values, std::int64_t padding) {
  const std::int64_t rows = shape[0], d = shape.size() > 1 ? shape[1] : 1, stride = d + padding;
  Tensor t{name, dtype, shape, {stride}, {}};
  if (shape.size() > 1) t.strides.push_back(1);
  const std::int64_t elements = (rows - 1) * stride + d;
  t.bytes.resize(static_cast<std::size_t>(elements) * size_of(dtype));
  for (std::int64_t e = 0; e < elements; ++e) {
    const std::int64_t i = e / stride, k = e % stride;
    const double value = k < d ? values[static_cast<std::size_t>(i * d + k)] : filler(e);
    set_element(t, e, value);
    if (k < d && element_of(t, e) != value && !std::isnan(value))
      throw std::invalid_argument("'" + name + "' has no room for " + std::to_string(value));
  }
  return t;
}

std::vector<double> values_of(const Tensor& t) {
  std::vector<double> values;
  const std::int64_t columns = t.shape.size() > 1 ? t.shape[1] : 1;
  for (std::int64_t i = 0; i < t.shape[0]; ++i)
    for (std::int64_t k = 0; k < columns; ++k)
      values.push_back(element_of(t, i * t.strides[0] + k));
  return values;
}

std::vector<std::int64_t> labels_in(const engine::Case& c, const std::string& name) {
  const Tensor* t = c.find_input(name);
  if (t == nullptr) return {};
  return {t->as<std::int64_t>(), t->as<std::int64_t>() + t->shape[0]};
}

std::vector<std::uint8_t> mask_in(const engine::Case& c) {
  const Tensor* t = c.find_input("mask");
  std::vector<std::uint8_t> mask;
  for (std::int64_t i = 0; t != nullptr && i < t->shape[0]; ++i)
    mask.insert(mask.end(), t->as<std::uint8_t>() + i * t->strides[0],
                t->as<std::uint8_t>() + i * t->strides[0] + t->shape[1]);
  return mask;
}

Tensor tensor_of(const std::string& name, const std::vector<std::int64_t>& labels) {
  Tensor t = Tensor::contiguous(name, Dtype::i64, {static_cast<std::int64_t>(labels.size())});
  std::copy(labels.begin(), labels.end(), t.as<std::int64_t>());
  return t;
}

Tensor tensor_of(const std::vector<std::uint8_t>& mask, std::int64_t n, std::int64_t padding) {
  Tensor t{"mask", Dtype::u8, {n, n}, {n + padding, 1}, {}};
  t.bytes.assign(static_cast<std::size_t>((n - 1) * (n + padding) + n), std::byte{1});
  for (std::int64_t i = 0; i < n; ++i)
    std::copy_n(mask.data() + i * n, n, t.as<std::uint8_t>() + i * (n + padding));
  return t;
}

}  // namespace

InfoNceLawCase::InfoNceLawCase(const engine::Case& c) : base_(c) {
  n = c.input("a").shape[0];
  d = c.input("a").shape[1];
  const auto named = c.options.find("setting");
  if (named != c.options.end()) {
    setting = &info_nce_setting(named->second);
    joint = setting->directions == reference::Directions::joint_block;
  } else {
    joint = c.options.at("directions") == "joint-block";
  }
  backward = InfoNceInstance::is_backward(c);
  temperature = c.scalars.at("temperature");
  a = values_of(c.input("a"));
  b = values_of(c.input("b"));
  labels = labels_in(c, "labels");
  labels_b = labels_in(c, "labels_b");
  mask = mask_in(c);
  if (const Tensor* rows = c.find_input("grad_row_loss")) upstream = values_of(*rows);
  if (backward) grad_loss = c.scalars.at("grad_loss");
}

bool InfoNceLawCase::fits() const {
  try {
    const engine::Case c = made();
    if (setting != nullptr) (void)FamilyInstance::from(c);
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  } catch (const engine::InputError&) {
    return false;
  }
}

double InfoNceLawCase::scale() const {
  using reference::TemperatureAs;
  if (setting == nullptr || setting->temperature_as == TemperatureAs::temperature)
    return 1 / temperature;
  return setting->temperature_as == TemperatureAs::scale ? temperature : std::exp(temperature);
}

InfoNceLawWeights InfoNceLawCase::weights() const {
  InfoNceLawWeights weights;
  if (setting == nullptr) {
    weights.count.assign(static_cast<std::size_t>(rows()), 1.0);
    weights.divisor = static_cast<double>(rows());
    return weights;
  }
  const FamilyInstance instance = FamilyInstance::from(made());
  for (const FamilyRow& row : instance.rows)
    weights.count.push_back(static_cast<double>(row.count));
  const auto& counts = instance.block_counts;
  if (setting->over != reference::OverAnchors::sum)
    weights.divisor = static_cast<double>(std::max<std::int64_t>(1, counts.front()));
  weights.uneven = counts.front() != counts.back();
  if (setting->directions == reference::Directions::half_sum) weights.divisor *= 2;
  return weights;
}

std::vector<std::int64_t> InfoNceLawCase::positives() const {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(rows()), 1);
  if (setting == nullptr) return counts;
  const FamilyInstance instance = FamilyInstance::from(made());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const FamilyRow& row = instance.rows[i];
    counts[i] = row.fate == reference::RowFate::counts
                    ? static_cast<std::int64_t>(row.keys.positives.size())
                    : 0;
  }
  return counts;
}

InfoNceLawCase InfoNceLawCase::as(const std::string& member) const {
  InfoNceLawCase other = *this;
  const bool joint_pairs = member == "joint-block", pairs = member == "one-direction";
  other.base_.options.erase("setting");
  other.base_.options.erase("directions");
  if (joint_pairs || pairs) {
    other.setting = nullptr;
    other.joint = joint_pairs;
    other.base_.options["directions"] = member;
  } else {
    other.setting = &info_nce_setting(member);
    other.joint = other.setting->directions == reference::Directions::joint_block;
    other.base_.options["setting"] = member;
  }
  using reference::Positives;
  if (other.setting == nullptr || other.setting->positives != Positives::same_label)
    other.labels.clear(), other.labels_b.clear();
  if (other.setting == nullptr || other.setting->positives != Positives::mask) other.mask.clear();
  return other;
}

engine::Case InfoNceLawCase::made(const Padding& padding) const {
  engine::Case c;
  c.descriptor = base_.descriptor;
  c.options = base_.options;
  c.scalars = base_.scalars;
  const Dtype dtype = base_.input("a").dtype;
  c.inputs = {matrix("a", dtype, {n, d}, a, padding.a), matrix("b", dtype, {n, d}, b, padding.b)};
  if (!labels.empty()) c.inputs.push_back(tensor_of("labels", labels));
  if (!labels_b.empty()) c.inputs.push_back(tensor_of("labels_b", labels_b));
  if (!mask.empty()) c.inputs.push_back(tensor_of(mask, n, padding.mask));
  c.scalars["temperature"] = temperature;
  if (!backward) return c;
  c.scalars["grad_loss"] = grad_loss;
  if (!upstream.empty())
    c.inputs.push_back(matrix("grad_row_loss", Dtype::f32, {rows()}, upstream, padding.upstream));
  return c;
}

}  // namespace assay::contract
