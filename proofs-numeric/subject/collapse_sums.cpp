// SPDX-License-Identifier: Apache-2.0
// Sums over the classes and points of a model, written out as HN Section 4.2 has them.
#include "proofs-numeric/subject/collapse.hpp"

namespace assay::proofs {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

Real squared_distance(const FiniteModel& m, std::span<const Real> a, std::span<const Real> b) {
  Real total = 0;
  for (std::size_t n = 0; n < a.size(); ++n) total += (a[n] - b[n]) * (a[n] - b[n]);
  return m.squared_scale * total;
}

std::span<const Real> representation(const FiniteModel& m, int y, int x) {
  return std::span(m.embeddings).subspan(at((y * m.points + x) * m.dimension), at(m.dimension));
}

}  // namespace

Matrix mean_products(const FiniteModel& m) {
  Matrix means, products(at(m.classes), std::vector<Real>(at(m.classes)));
  for (int y = 0; y < m.classes; ++y) means.push_back(m.mean(y));
  for (int j = 0; j < m.classes; ++j)
    for (int l = 0; l < m.classes; ++l)
      products[at(j)][at(l)] = m.squared_scale * dot(means[at(j)], means[at(l)]);
  return products;
}

Real off_diagonal_sum(const Matrix& a) {
  Real total = 0;
  for (std::size_t j = 0; j < a.size(); ++j)
    for (std::size_t l = 0; l < a.size(); ++l)
      if (j != l) total += a[j][l];
  return total;
}

Real norm_of_sum(const FiniteModel& m) {
  std::vector<Real> total(at(m.dimension));
  for (int y = 0; y < m.classes; ++y) {
    const std::vector<Real> mean = m.mean(y);
    for (std::size_t a = 0; a < total.size(); ++a) total[a] += mean[a];
  }
  return m.squared_scale * dot(total, total);
}

Real trace(const Matrix& a) {
  Real total = 0;
  for (std::size_t j = 0; j < a.size(); ++j) total += a[j][j];
  return total;
}

/// Along the first row: matrices are small, and no pivot has to be known to be different from 0.
Real determinant(Matrix a) {
  if (a.size() == 1) return a[0][0];
  Real total = 0;
  for (std::size_t j = 0; j < a.size(); ++j) {
    Matrix minor;
    for (std::size_t i = 1; i < a.size(); ++i) {
      minor.push_back(a[i]);
      minor.back().erase(minor.back().begin() + static_cast<std::ptrdiff_t>(j));
    }
    const Real term = a[0][j] * determinant(std::move(minor));
    total = j % 2 ? total - term : total + term;
  }
  return total;
}

Real distance_to_mean(const FiniteModel& m, int y, int x, int l) {
  return squared_distance(m, representation(m, y, x), m.mean(l));
}

Real distance(const FiniteModel& m, int y, int x, int y2, int x2) {
  return squared_distance(m, representation(m, y, x), representation(m, y2, x2));
}

Real over_points(const FiniteModel& m, int y, reference::PointLaw which, const OfPoint& g) {
  const std::vector<Real> law = m.law(y, which);
  Real total = 0;
  for (int x = 0; x < m.points; ++x)
    if (equal(law[at(x)], Real(0)) != Truth::yes) total += law[at(x)] * g(x);
  return total;
}

Real over_anchors(const FiniteModel& m, const OfAnchor& g) {
  Real total = 0;
  for (int y = 0; y < m.classes; ++y)
    total += m.class_probabilities[at(y)] *
             over_points(m, y, reference::PointLaw::anchor, [&](int x) { return g(y, x); });
  return total;
}

Real over_one_negative(const FiniteModel& m, const OfNegative& g) {
  return over_anchors(m, [&](int y, int x) {
    Real total = 0;
    for (int l = 0; l < m.classes; ++l)
      if (l != y)
        total +=
            m.other_class_probability(y, l) *
            over_points(m, l, reference::PointLaw::negative, [&](int n) { return g(y, x, l, n); });
    return total;
  });
}

}  // namespace assay::proofs
