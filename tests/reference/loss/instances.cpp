// SPDX-License-Identifier: Apache-2.0
// Makes the InfoNCE problems of the tests.
#include "tests/reference/loss/instances.hpp"

#include <cmath>
#include <limits>
#include <random>

namespace assay::testing {
namespace {

using Random = std::mt19937_64;

double binary32(double x) { return static_cast<double>(static_cast<float>(x)); }

std::vector<double> unit_row(std::int64_t d, Random& random) {
  std::normal_distribution<double> normal;
  std::vector<double> row(static_cast<std::size_t>(d));
  double square = 0;
  for (double& x : row) {
    x = normal(random);
    square += x * x;
  }
  for (double& x : row) x /= std::sqrt(square);
  return row;
}

double shaped(double x, Kind kind, Random& random) {
  switch (kind) {
    case Kind::relu: return binary32(std::max(x, 0.0));
    case Kind::wide: return binary32(std::ldexp(x, -static_cast<int>(random() % 40)));
    case Kind::subnormal:
      return random() % 3 == 0 ? std::ldexp(static_cast<double>(random() % 1000), -149)
                               : binary32(x);
    case Kind::long_rows: return binary32(1.5 * x);
    case Kind::doubles: return x;
    case Kind::tiny_doubles: return std::ldexp(x, -530 - static_cast<int>(random() % 10));
    default: return binary32(x);
  }
}

std::vector<double> row_of(const Descriptor& d, const std::vector<double>& centre, Random& random) {
  constexpr double nearness = 0x1p-10;
  std::vector<double> row = unit_row(d.d, random);
  const bool near = d.kind == Kind::clusters;
  const double scale =
      d.kind == Kind::mixed_doubles ? std::ldexp(1.0, -static_cast<int>(random() % 30)) : 1.0;
  for (std::size_t k = 0; k < row.size(); ++k) {
    if (near) row[k] = centre[k] + nearness * row[k];
    row[k] = d.kind == Kind::mixed_doubles ? scale * row[k] : shaped(row[k], d.kind, random);
  }
  return row;
}

constexpr std::int64_t padding = 3;

void point_into(Instance& i, std::int64_t n, std::int64_t d, std::int64_t stride) {
  i.problem.a = i.a.data();
  i.problem.b = i.b.data();
  i.problem.n = n;
  i.problem.d = d;
  i.problem.a_stride = i.problem.b_stride = stride;
}

}  // namespace

std::string name_of(Kind kind) {
  static const char* const names[kinds] = {
      "unit",     "relu",    "wide",         "subnormal",    "long", "near-duplicates",
      "clusters", "doubles", "tiny-doubles", "mixed-doubles"};
  return names[static_cast<int>(kind)];
}

Descriptor descriptor_of(std::uint64_t seed, int kinds_used, const double (&temperatures)[6]) {
  return {static_cast<Kind>(seed % static_cast<std::uint64_t>(kinds_used)),
          1 + static_cast<std::int64_t>(seed * 11 % 13),
          1 + static_cast<std::int64_t>(seed * 29 % 67),
          temperatures[seed / 2 % 6],
          seed / 12 % 2 == 0 ? reference::InfoNceForm::joint_block
                             : reference::InfoNceForm::one_direction,
          seed};
}

std::string text_of(const Descriptor& d) {
  return name_of(d.kind) + " n=" + std::to_string(d.n) + " d=" + std::to_string(d.d) +
         " temperature=" + std::to_string(d.temperature) +
         (d.form == reference::InfoNceForm::joint_block ? " joint" : " one-direction") +
         " seed=" + std::to_string(d.seed);
}

Instance make(const Descriptor& descriptor) {
  Random random(descriptor.seed * 1000003 + static_cast<std::uint64_t>(descriptor.kind));
  const std::int64_t stride = descriptor.d + padding;
  const auto size = static_cast<std::size_t>(descriptor.n * stride);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Instance i;
  i.text = text_of(descriptor);
  i.a.assign(size, nan);
  i.b.assign(size, nan);
  const std::vector<double> centre = unit_row(descriptor.d, random);
  for (std::int64_t row = 0; row < descriptor.n; ++row) {
    const std::vector<double> x = row_of(descriptor, centre, random);
    std::vector<double> y = row_of(descriptor, centre, random);
    if (descriptor.kind == Kind::near_duplicates)
      for (std::size_t k = 0; k < y.size(); ++k) y[k] = binary32(x[k] + 0x1p-8 * y[k]);
    std::copy(x.begin(), x.end(), i.a.begin() + row * stride);
    std::copy(y.begin(), y.end(), i.b.begin() + row * stride);
  }
  point_into(i, descriptor.n, descriptor.d, stride);
  i.problem.temperature = descriptor.temperature;
  i.problem.form = descriptor.form;
  i.problem.entries_are_float32 = descriptor.kind < Kind::doubles;
  return i;
}

Instance make(std::vector<std::vector<double>> a, std::vector<std::vector<double>> b,
              double temperature, reference::InfoNceForm form) {
  Instance i;
  i.text = "given rows";
  for (const auto& row : a) i.a.insert(i.a.end(), row.begin(), row.end());
  for (const auto& row : b) i.b.insert(i.b.end(), row.begin(), row.end());
  const auto d = static_cast<std::int64_t>(a.front().size());
  point_into(i, static_cast<std::int64_t>(a.size()), d, d);
  i.problem.temperature = temperature;
  i.problem.form = form;
  return i;
}

}  // namespace assay::testing
