// SPDX-License-Identifier: Apache-2.0
// Problems of the InfoNCE family for the tests: owned data, the shared vectors, exact numbers.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "reference/loss/info_nce_family.hpp"
#include "tests/reference/loss/instances.hpp"

namespace assay::testing {

/// Owns what a problem points to.
struct FamilyInstance {
  std::vector<double> a, b;
  std::vector<std::int64_t> labels;
  std::vector<std::uint8_t> mask;
  reference::InfoNceFamilyProblem problem;
  FamilyInstance() = default;
  FamilyInstance(const FamilyInstance&) = delete;
  FamilyInstance(FamilyInstance&&) = default;
};

inline void point_into(FamilyInstance& i, std::int64_t n, std::int64_t d) {
  i.problem.a = i.a.data();
  i.problem.b = i.b.empty() ? nullptr : i.b.data();
  i.problem.n = n;
  i.problem.d = d;
  i.problem.a_stride = i.problem.b_stride = d;
  i.problem.a_labels = i.labels.empty() ? nullptr : i.labels.data();
  i.problem.mask = i.mask.empty() ? nullptr : i.mask.data();
}

/// Random rows of norm near 1 (binary32 entries, norms between 1/2 and 2), labels 0..classes-1.
inline FamilyInstance family_problem(std::int64_t n, std::int64_t d, double parameter, int classes,
                                     std::uint64_t seed, bool two_views = true) {
  const Instance pairs = make({Kind::unit, n, d, 1.0, reference::InfoNceForm::one_direction, seed});
  FamilyInstance i;
  for (std::int64_t row = 0; row < n; ++row) {
    for (std::int64_t k = 0; k < d; ++k) {
      const double stretch = 0.5 + 0.25 * static_cast<double>(row % 5);
      i.a.push_back(stretch * pairs.problem.a[row * pairs.problem.a_stride + k]);
      if (two_views) i.b.push_back(pairs.problem.b[row * pairs.problem.b_stride + k] / stretch);
    }
    i.labels.push_back((row * 7 + row / 3) % classes);
  }
  point_into(i, n, d);
  i.problem.parameter = parameter;
  return i;
}

inline constexpr int family_bits = 192;

inline reference::InfoNceFamilyEnclosures enclose(
    const reference::InfoNceSetting& s, const FamilyInstance& i,
    reference::Engine engine = reference::Engine::mpfi) {
  return enclose_info_nce_family(s, i.problem, engine, family_bits);
}

/// Ends of an irrational number at 192 bits: neighbouring doubles.
inline double value_of(const reference::InfoNceSetting& s, const FamilyInstance& i) {
  const Ends loss = enclose(s, i).loss;
  EXPECT_LE(loss.hi, std::nextafter(loss.lo, HUGE_VAL));
  return loss.lo;
}

inline reference::InfoNceSetting by_label(reference::Denominator denominator,
                                          reference::WithinAnchor within) {
  reference::InfoNceSetting s;
  s.positives = reference::Positives::same_label;
  s.denominator = denominator;
  s.within = within;
  return s;
}

inline nlohmann::json contract_vectors() {
  std::ifstream file(std::string(ASSAY_TEST_DATA) + "/contract_vectors.json");
  return nlohmann::json::parse(file);
}

inline std::vector<double> hex_entries(const nlohmann::json& rows) {
  std::vector<double> all;
  for (const auto& row : rows)
    for (const auto& x : row) all.push_back(std::strtod(x.get<std::string>().c_str(), nullptr));
  return all;
}

/// The shared vectors: 8 pairs, d = 16, T = 0.2; labels of the first view.
inline FamilyInstance shared_vectors(const std::string& labels, bool two_views = true) {
  const nlohmann::json file = contract_vectors();
  FamilyInstance i;
  i.a = hex_entries(file["a"]);
  if (two_views) i.b = hex_entries(file["b"]);
  for (std::size_t k = 0; k < 8; ++k) i.labels.push_back(file[labels][k].get<std::int64_t>());
  point_into(i, 8, 16);
  i.problem.parameter = 0.2;
  return i;
}

}  // namespace assay::testing
