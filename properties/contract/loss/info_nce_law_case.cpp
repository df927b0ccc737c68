// SPDX-License-Identifier: Apache-2.0
// Cases of loss/info_nce taken apart and put together.
#include "properties/contract/loss/info_nce_law_case.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "core/float_format.hpp"
#include "properties/contract/loss/info_nce_logits.hpp"

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

}  // namespace

InfoNceLawCase::InfoNceLawCase(const engine::Case& c) : base_(c) {
  n = c.input("a").shape[0];
  d = c.input("a").shape[1];
  joint = c.options.at("directions") == "joint-block";
  backward = InfoNceInstance::is_backward(c);
  temperature = c.scalars.at("temperature");
  a = values_of(c.input("a"));
  b = values_of(c.input("b"));
  if (const Tensor* rows = c.find_input("grad_row_loss")) upstream = values_of(*rows);
  if (backward) grad_loss = c.scalars.at("grad_loss");
}

engine::Case InfoNceLawCase::made() const { return made_with_padding(0, 0, 0); }

bool InfoNceLawCase::fits() const {
  try {
    (void)made();
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

engine::Case InfoNceLawCase::made_with_padding(std::int64_t a_padding, std::int64_t b_padding,
                                               std::int64_t upstream_padding) const {
  engine::Case c;
  c.descriptor = base_.descriptor;
  c.options = base_.options;
  c.scalars = base_.scalars;
  const Dtype dtype = base_.input("a").dtype;
  c.inputs = {matrix("a", dtype, {n, d}, a, a_padding), matrix("b", dtype, {n, d}, b, b_padding)};
  c.scalars["temperature"] = temperature;
  if (!backward) return c;
  c.scalars["grad_loss"] = grad_loss;
  if (!upstream.empty())
    c.inputs.push_back(matrix("grad_row_loss", Dtype::f32, {rows()}, upstream, upstream_padding));
  return c;
}

}  // namespace assay::contract
