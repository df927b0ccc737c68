// SPDX-License-Identifier: Apache-2.0
// Small InfoNCE cases from a descriptor.
#include "info_nce_fixtures.hpp"

#include <cmath>
#include <random>

namespace assay::testing {

std::ostream& operator<<(std::ostream& out, const Recipe& r) {
  return out << r.family << " n=" << r.n << " d=" << r.d << " T=" << r.temperature
             << " seed=" << r.seed << (r.joint ? " joint-block" : " one-direction");
}

const std::vector<std::string>& families() {
  static const std::vector<std::string> names = {"random", "raw",        "aligned",   "opposed",
                                                 "ties",   "magnitudes", "subnormal", "edges",
                                                 "offset", "shifted"};
  return names;
}

engine::Case case_of(std::int64_t n, std::int64_t d, const std::vector<float>& a,
                     const std::vector<float>& b, double temperature, bool joint) {
  engine::Case c;
  c.descriptor.contract = "loss/info_nce";
  c.descriptor.instance = joint ? "joint-block" : "one-direction";
  c.descriptor.family = "test";
  c.inputs = {Tensor::of_floats("a", {n, d}, a), Tensor::of_floats("b", {n, d}, b)};
  c.scalars = {{"temperature", temperature}};
  c.options = {{"directions", joint ? "joint-block" : "one-direction"}};
  return c;
}

engine::Case make_case(const Recipe& r) {
  std::mt19937_64 random(r.seed * 1000003 + static_cast<std::uint64_t>(r.n * 64 + r.d));
  std::normal_distribution<double> normal;
  std::uniform_int_distribution<int> small(0, 7);
  const auto count = static_cast<std::size_t>(r.n * r.d);
  std::vector<double> a(count), b(count);
  const auto wild = [&] {  // full significands over the family's range of magnitudes
    const double x = normal(random);
    if (r.family == "magnitudes") return std::ldexp(x, 4 * (small(random) - 4));
    if (r.family == "subnormal") return std::ldexp(x, -150 + 10 * small(random));
    if (r.family == "edges")  // just below and just above powers of two
      return std::copysign(std::ldexp(1 + (small(random) - 3) * 0x1p-23, small(random) % 3 - 1), x);
    if (r.family == "ties") return static_cast<double>(small(random) - 3) / 4;
    if (r.family == "shifted") return 2 + 0.25 * x;
    return x;
  };
  for (double& x : a) x = wild();
  for (double& x : b) x = wild();
  if (r.family == "aligned" || r.family == "opposed")
    for (std::size_t i = 0; i < count; ++i)
      b[i] = (r.family == "aligned" ? a[i] : -a[i]) + 0.1 * b[i];
  if (r.family == "offset")  // one direction common to all: large logits, small differences
    for (std::size_t i = 0; i < count; ++i) {
      const double common = i % static_cast<std::size_t>(r.d) == 0 ? 8 : 0;
      a[i] = common + 0.1 * a[i];
      b[i] = common + 0.1 * b[i];
    }
  if (r.family == "random" || r.family == "aligned" || r.family == "opposed")
    for (std::vector<double>* v : {&a, &b})
      for (std::int64_t i = 0; i < r.n; ++i) {
        double squares = 0;
        for (std::int64_t k = 0; k < r.d; ++k)
          squares += std::pow((*v)[static_cast<std::size_t>(i * r.d + k)], 2);
        for (std::int64_t k = 0; k < r.d && squares > 0; ++k)
          (*v)[static_cast<std::size_t>(i * r.d + k)] /= std::sqrt(squares);
      }
  return case_of(r.n, r.d, {a.begin(), a.end()}, {b.begin(), b.end()}, r.temperature, r.joint);
}

engine::Case make_backward_case(const Recipe& r, std::int64_t stride) {
  engine::Case c = make_case(r);
  std::mt19937_64 random(r.seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  const std::int64_t rows = r.joint ? 2 * r.n : r.n;
  std::vector<float> g(static_cast<std::size_t>(stride == 0 ? 1 : rows));
  for (float& x : g) x = uniform(random);
  Tensor upstream = Tensor::of_floats("grad_row_loss", {static_cast<std::int64_t>(g.size())}, g);
  upstream.shape = {rows};
  upstream.strides = {stride};
  c.inputs.push_back(std::move(upstream));
  c.scalars["grad_loss"] = r.seed % 3 == 0 ? 0.0 : uniform(random);
  c.options["operation"] = "backward";
  return c;
}

}  // namespace assay::testing
