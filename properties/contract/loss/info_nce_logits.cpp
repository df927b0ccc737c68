// SPDX-License-Identifier: Apache-2.0
// InfoNCE dot products in double with the weights of their error bounds.
#include "properties/contract/loss/info_nce_logits.hpp"

#include <algorithm>
#include <cmath>

#include "core/float_format.hpp"
#include "properties/contract/error_algebra.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::contract {

namespace {

using engine::InputError;

const Tensor& tensor_of(const engine::Case& c, const std::string& name) {
  for (const Tensor& t : c.inputs)
    if (t.name == name) return t;
  throw InputError("case of loss/info_nce", "inputs", "no tensor '" + name + "'");
}

void check(const Tensor& t, const std::vector<std::int64_t>& shape) {
  if (t.dtype != Dtype::f32 && t.dtype != Dtype::bf16 && t.dtype != Dtype::f16)
    throw InputError(t.name, "dtype", "must be f32, bf16 or f16");
  if (t.shape.size() != 2 || t.strides.size() != 2)
    throw InputError(t.name, "shape", "must have two dimensions");
  if (t.shape[0] < 1 || t.shape[1] < 1)
    throw InputError(t.name, "shape", "needs at least one row and one column");
  if (t.shape != shape) throw InputError(t.name, "shape", "differs from the shape of 'a'");
  if (t.strides[0] < 0 || (t.strides[1] != 1 && t.shape[1] > 1))
    throw InputError(t.name, "strides", "the last dimension must be contiguous");
  const std::int64_t last = (t.shape[0] - 1) * t.strides[0] + t.shape[1];
  if (t.bytes.size() < static_cast<std::size_t>(last) * size_of(t.dtype))
    throw InputError(t.name, "bytes", "the tensor addresses more bytes than it has");
}

void measure(InfoNceInstance& instance, std::int64_t v) {
  const double* x = instance.vector(v);
  double squares = 0, magnitudes = 0;
  for (std::int64_t k = 0; k < instance.d; ++k) {
    squares += x[k] * x[k];
    magnitudes += std::fabs(x[k]);
  }
  const double grow = 1 + static_cast<double>(instance.d + 8) * 0x1p-52;
  const bool finite = std::isfinite(magnitudes);
  const auto at = static_cast<std::size_t>(v);
  instance.finite[at] = finite;
  instance.norm[at] = finite ? std::sqrt(squares) * grow : 0;
  instance.norm_one[at] = finite ? magnitudes * grow : 0;
}

/// The upstream gradients, finite by contract; those of the rows are 0 where none are given.
void read_upstream(InfoNceInstance& instance, const engine::Case& c) {
  const auto mean = c.scalars.find("grad_loss");
  if (mean == c.scalars.end())
    throw InputError("case of loss/info_nce", "scalars", "no 'grad_loss'");
  instance.upstream_mean = mean->second;
  if (instance.upstream_mean != static_cast<double>(static_cast<float>(instance.upstream_mean)))
    throw InputError("case of loss/info_nce", "grad_loss", "must be a binary32 number");
  instance.upstream.assign(static_cast<std::size_t>(instance.rows()), 0.0);
  const Tensor* rows = c.find_input("grad_row_loss");
  if (rows == nullptr) return;
  if (rows->dtype != Dtype::f32) throw InputError(rows->name, "dtype", "must be f32");
  if (rows->shape != std::vector<std::int64_t>{instance.rows()} || rows->strides.size() != 1 ||
      rows->strides[0] < 0)
    throw InputError(rows->name, "shape", "must have one number for each row");
  for (std::int64_t i = 0; i < instance.rows(); ++i) {
    double& g = instance.upstream[static_cast<std::size_t>(i)];
    g = element_of(*rows, i * rows->strides[0]);
    if (!std::isfinite(g)) throw InputError(rows->name, "values", "must be finite");
  }
}

constexpr std::int64_t lanes = 16;
using Four = double __attribute__((vector_size(32)));
using FourAnywhere = double __attribute__((vector_size(32), aligned(8)));
using Bits = std::uint64_t __attribute__((vector_size(32)));
using Sixteen = Four[4];

// By reference: a vector passed by value would depend on the instruction set's calling convention.
void keep_bits(Four& x, std::uint64_t mask) {
  x = reinterpret_cast<Four>(reinterpret_cast<Bits>(x) & mask);
}

// One row against sixteen keys. `guard` is what |partial sum| may be short of the rounded one.
template <DotWeight kind>
void dot_sixteen(const double* x, const double* keys, std::int64_t d, const Sixteen& guard,
                 Sixteen& sum, Sixteen& weight, Sixteen& squares) {
  Four s0{}, s1{}, s2{}, s3{}, w0{}, w1{}, w2{}, w3{}, q0{}, q1{}, q2{}, q3{};
  const Four g0 = guard[0], g1 = guard[1], g2 = guard[2], g3 = guard[3];
  const auto step = [](const Four& x_k, const FourAnywhere& y_k, Four& s, Four& w, Four& q,
                       const Four& g) {
    Four added = x_k * y_k;
    s += added;
    if constexpr (kind == DotWeight::partial_sums) {
      added = s;
      keep_bits(added, ~0ull >> 1);  // the magnitude
      added += g;
      keep_bits(added, 0x7ff0000000000000ull);  // power_below
      q += added * added;
    } else {
      keep_bits(added, ~0ull >> 1);
    }
    w += added;
  };
  for (std::int64_t k = 0; k < d; ++k) {
    const Four xk = {x[k], x[k], x[k], x[k]};
    const auto* y = reinterpret_cast<const FourAnywhere*>(keys + k * lanes);
    step(xk, y[0], s0, w0, q0, g0);
    step(xk, y[1], s1, w1, q1, g1);
    step(xk, y[2], s2, w2, q2, g2);
    step(xk, y[3], s3, w3, q3, g3);
  }
  sum[0] = s0, sum[1] = s1, sum[2] = s2, sum[3] = s3;
  weight[0] = w0, weight[1] = w1, weight[2] = w2, weight[3] = w3;
  squares[0] = q0, squares[1] = q1, squares[2] = q2, squares[3] = q3;
}

}  // namespace

InfoNceInstance InfoNceInstance::from(const engine::Case& c) {
  InfoNceInstance instance;
  const Tensor& a = tensor_of(c, "a");
  const Tensor& b = tensor_of(c, "b");
  check(a, a.shape);
  check(b, a.shape);
  instance.n = a.shape[0];
  instance.d = a.shape[1];

  const auto temperature = c.scalars.find("temperature");
  if (temperature == c.scalars.end())
    throw InputError("case of loss/info_nce", "scalars", "no 'temperature'");
  instance.temperature = temperature->second;
  if (!(instance.temperature > 0 && std::isfinite(instance.temperature)))
    throw InputError("case of loss/info_nce", "temperature", "must be positive and finite");

  const auto directions = c.options.find("directions");
  if (directions == c.options.end())
    throw InputError("case of loss/info_nce", "options", "no 'directions'");
  if (directions->second == "joint-block")
    instance.form = reference::InfoNceForm::joint_block;
  else if (directions->second == "one-direction")
    instance.form = reference::InfoNceForm::one_direction;
  else
    throw InputError(
        "case of loss/info_nce", "directions",
        "unknown value '" + directions->second + "', expected joint-block or one-direction");

  const auto count = static_cast<std::size_t>(2 * instance.n);
  instance.z.resize(count * static_cast<std::size_t>(instance.d));
  instance.norm.resize(count);
  instance.norm_one.resize(count);
  instance.finite.resize(count);
  for (std::int64_t v = 0; v < 2 * instance.n; ++v) {
    const Tensor& t = v < instance.n ? a : b;
    for (std::int64_t k = 0; k < instance.d; ++k)
      instance.z[static_cast<std::size_t>(v * instance.d + k)] =
          element_of(t, (v % instance.n) * t.strides[0] + k);
    measure(instance, v);
  }
  if (is_backward(c)) read_upstream(instance, c);
  return instance;
}

bool InfoNceInstance::is_backward(const engine::Case& c) {
  const auto operation = c.options.find("operation");
  return operation != c.options.end() && operation->second == "backward";
}

bool InfoNceInstance::all_finite() const {
  return std::all_of(finite.begin(), finite.end(), [](char f) { return f != 0; });
}

reference::InfoNceUpstream InfoNceInstance::upstream_gradient() const {
  return {upstream.data(), 1, upstream_mean};
}

reference::InfoNceProblem InfoNceInstance::problem() const {
  reference::InfoNceProblem problem;
  problem.a = z.data();
  problem.b = z.data() + n * d;
  problem.n = n;
  problem.d = d;
  problem.a_stride = d;
  problem.b_stride = d;
  problem.temperature = temperature;
  problem.form = form;
  problem.entries_are_float32 = true;
  return problem;
}

InfoNceDots::InfoNceDots(const InfoNceInstance& instance, DotWeight weight)
    : instance_(instance), weight_(weight) {
  const std::int64_t d = instance.d;
  const std::int64_t blocks = (instance.keys() + lanes - 1) / lanes;
  blocks_.assign(static_cast<std::size_t>(blocks * d * lanes), 0.0);
  for (std::int64_t j = 0; j < instance.keys(); ++j) {
    const double* y = instance.vector(instance.key_vector(j));
    double* block = blocks_.data() + (j / lanes) * d * lanes + j % lanes;
    for (std::int64_t k = 0; k < d; ++k) block[k * lanes] = y[k];
  }
}

double InfoNceDots::slack(std::int64_t row, std::int64_t key) const {
  const double norms = instance_.norm[static_cast<std::size_t>(row)] *
                       instance_.norm[static_cast<std::size_t>(instance_.key_vector(key))];
  return static_cast<double>(instance_.d + 2) * 0x1p-53 * norms;
}

void InfoNceDots::compute(std::int64_t first, std::int64_t count, std::vector<double>& centre,
                          std::vector<double>& weight, std::vector<double>& squares) const {
  const std::int64_t keys = instance_.keys(), d = instance_.d;
  centre.resize(static_cast<std::size_t>(count * keys));
  weight.resize(static_cast<std::size_t>(count * keys));
  squares.resize(static_cast<std::size_t>(count * keys));
  const double grow = 1 + static_cast<double>(d + 8) * 0x1p-52;
  // How far a binary32 partial sum may be from the double one: at most gamma_d |x||y| and d
  // underflows, and gamma_d plus the double sum's own error stay below 2 (d + 2) u for d u <= 1/4.
  const double du = static_cast<double>(d + 2) * rounding_of(Dtype::f32).roundoff;
  for (std::int64_t j0 = 0; j0 < keys; j0 += lanes) {
    const double* block = blocks_.data() + (j0 / lanes) * d * lanes;
    const std::int64_t live = std::min(lanes, keys - j0);
    alignas(32) double norms[lanes] = {};
    for (std::int64_t c = 0; c < live; ++c)
      norms[c] = instance_.norm[static_cast<std::size_t>(instance_.key_vector(j0 + c))];
    for (std::int64_t r = 0; r < count; ++r) {
      const double g = 2 * du * instance_.norm[static_cast<std::size_t>(first + r)];
      const double floor = static_cast<double>(d) * rounding_of(Dtype::f32).half_subnormal;
      Sixteen guard, sum, sums_weight, sums_squares;
      for (int q = 0; q < 4; ++q)
        for (int e = 0; e < 4; ++e) guard[q][e] = g * norms[4 * q + e] + floor;
      if (weight_ == DotWeight::products)
        dot_sixteen<DotWeight::products>(instance_.vector(first + r), block, d, guard, sum,
                                         sums_weight, sums_squares);
      else
        dot_sixteen<DotWeight::partial_sums>(instance_.vector(first + r), block, d, guard, sum,
                                             sums_weight, sums_squares);
      for (std::int64_t c = 0; c < live; ++c) {
        const auto at = static_cast<std::size_t>(r * keys + j0 + c);
        centre[at] = sum[c / 4][c % 4];
        weight[at] = sums_weight[c / 4][c % 4] * grow;
        squares[at] = weight_ == DotWeight::products
                          ? static_cast<double>(d) * weight[at] * weight[at]
                          : sums_squares[c / 4][c % 4];
      }
    }
  }
}

}  // namespace assay::contract
