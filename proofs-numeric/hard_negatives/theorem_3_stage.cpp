// SPDX-License-Identifier: Apache-2.0
// Expectations over labels and collisions, and models at neural collapse.
#include "proofs-numeric/hard_negatives/theorem_3_stage.hpp"

namespace assay::proofs {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

/// All n^k tuples of 0..n-1.
template <class Visit>
void tuples(int n, int k, const Visit& visit) {
  std::vector<int> t(at(k));
  for (;;) {
    visit(t);
    int i = k - 1;
    while (i >= 0 && ++t[at(i)] == n) t[at(i--)] = 0;
    if (i < 0) return;
  }
}

std::vector<int> collisions_of(int y, const std::vector<int>& l) {
  std::vector<int> b;
  for (const int one : l) b.push_back(one != y);
  return b;
}

Truth not_(Truth t) {
  return t == Truth::yes ? Truth::no : t == Truth::no ? Truth::yes : Truth::unknown;
}

template <class Holds>
Hypothesis unless(const char* name, const char* key, Holds holds) {
  return {name,
          key,
          [holds](const Instance& i) { return not_(holds(model_of(i))); },
          {},
          "where it fails the two sides are equal, by the sufficiency of (13)"};
}

}  // namespace

Real over_collisions(int classes, int k, const OfCollisions& g) {
  Real total = 0;
  const Real different = Real::ratio(classes - 1, classes), same = Real::ratio(1, classes);
  tuples(2, k, [&](const std::vector<int>& b) {
    Real mass = 1;
    for (const int one : b) mass *= one != 0 ? different : same;
    total += mass * g(b);
  });
  return total;
}

Real over_labels(int classes, int k, const OfLabels& g) {
  Real total = 0;
  for (int y = 0; y < classes; ++y)
    tuples(classes, k, [&](const std::vector<int>& l) { total += g(y, l); });
  return total / pow(Real(classes), k + 1);
}

Real theorem_3_bound(const Instance& i) {
  const LossFunction psi = loss_of(i);
  const int k = negatives_of(i);
  const Real t = simplex_argument(i);
  return over_labels(i.integer("C"), k, [&](int y, const std::vector<int>& l) {
    std::vector<Real> arguments(at(k), i.number(0));
    for (int n = 0; n < k; ++n)
      if (l[at(n)] != y) arguments[at(n)] = t;
    return psi(arguments);
  });
}

UclStage::UclStage(const Instance& i) : UclStage(i, model_of(i)) {}

UclStage::UclStage(const Instance& i, const FiniteModel& m)
    : classes(m.classes), k(negatives_of(i)), psi(loss_of(i)) {
  std::vector<std::vector<Real>> means;
  for (int y = 0; y < classes; ++y) means.push_back(m.mean(y));
  for (int j = 0; j < classes; ++j)
    for (int l = 0; l < classes; ++l)
      gram.push_back(m.squared_scale * dot(means[at(j)], means[at(l)]));
}

Real UclStage::sum_of_squares() const {
  Real total = 0;
  for (int j = 0; j < classes; ++j) total += mean(j, j);
  return total;
}

Real UclStage::square_of_sum() const { return sum(gram); }

Real UclStage::mean_when_different() const {
  Real total = 0;
  for (int j = 0; j < classes; ++j)
    for (int l = 0; l < classes; ++l)
      if (l != j) total += mean(j, l) - mean(j, j);
  return total / (classes * (classes - 1));
}

Real UclStage::right_of_32() const {
  std::vector<Real> t(at(k));
  return over_labels(classes, k, [&](int y, const std::vector<int>& l) {
    for (int i = 0; i < k; ++i) t[at(i)] = mean(y, l[at(i)]) - mean(y, y);
    return psi(t);
  });
}

// Given all of b_1..b_k: the tuples (y, y^-) with these collisions, counted one by one.
Real UclStage::right_of_33() const {
  return over_collisions(classes, k, [&](const std::vector<int>& b) {
    std::vector<Real> t(at(k));
    int count = 0;
    for (int y = 0; y < classes; ++y)
      tuples(classes, k, [&](const std::vector<int>& l) {
        if (collisions_of(y, l) != b) return;
        ++count;
        for (int i = 0; i < k; ++i) t[at(i)] += mean(y, l[at(i)]) - mean(y, y);
      });
    for (Real& x : t) x /= count;
    return psi(t);
  });
}

Real UclStage::right_of_34() const {
  Real given[2] = {0, 0};
  int count[2] = {0, 0};
  for (int y = 0; y < classes; ++y)
    for (int l = 0; l < classes; ++l) given[l != y] += mean(y, l) - mean(y, y), ++count[l != y];
  for (int b = 0; b < 2; ++b) given[b] /= count[b];
  return over_collisions(classes, k, [&](const std::vector<int>& b) {
    std::vector<Real> t;
    for (const int one : b) t.push_back(given[one]);
    return psi(t);
  });
}

Real UclStage::scaled(const Real& t) const {
  return over_collisions(classes, k, [&](const std::vector<int>& b) {
    std::vector<Real> arguments;
    for (const int one : b) arguments.push_back(Real(one) * t);
    return psi(arguments);
  });
}

Real UclStage::right_of_35() const { return scaled(mean_when_different()); }

Real UclStage::right_of_36() const {
  Real total = 0;
  for (int j = 0; j < classes; ++j)
    for (int l = 0; l < classes; ++l)
      if (l != j) total += mean(j, l) - 1;
  return scaled(total / (classes * (classes - 1)));
}

Real UclStage::right_of_37() const {
  Real total = 0;
  for (int j = 0; j < classes; ++j) {
    Real row = 0;
    for (int l = 0; l < classes; ++l)
      if (l != j) row += mean(j, l);
    total += row - (classes - 1);
  }
  return scaled(total / (classes * (classes - 1)));
}

Real UclStage::right_of_38() const {
  const int pairs = classes * (classes - 1);
  return scaled((square_of_sum() - sum_of_squares() - pairs) / pairs);
}

Real over_scaled_collisions(const Instance& i, const Real& t) {
  const LossFunction psi = loss_of(i);
  return over_collisions(i.integer("C"), negatives_of(i), [&](const std::vector<int>& b) {
    std::vector<Real> arguments;
    for (const int one : b) arguments.push_back(i.number(one) * t);
    return psi(arguments);
  });
}

Real right_of_31(const Instance& i, const FiniteModel& m) {
  const LossFunction psi = loss_of(i);
  const int k = negatives_of(i);
  std::vector<Real> inner;  // E over x ~ s(.|y), x' ~ s(.|l) of f(x).f(x')
  for (int y = 0; y < m.classes; ++y)
    for (int l = 0; l < m.classes; ++l) {
      Real total = 0;
      for (int x = 0; x < m.points; ++x)
        for (int n = 0; n < m.points; ++n) total += m.s(y, x) * m.s(l, n) * m.inner(y, x, l, n);
      inner.push_back(total);
    }
  const auto of = [&](int y, int l) { return inner[at(y * m.classes + l)]; };
  std::vector<Real> t(at(k));
  return over_labels(m.classes, k, [&](int y, const std::vector<int>& l) {
    for (int n = 0; n < k; ++n) t[at(n)] = of(y, l[at(n)]) - of(y, y);
    return psi(t);
  });
}

Real excess_of_inner_products(const FiniteModel& m) {
  Real total = m.classes;
  for (int j = 0; j < m.classes; ++j)
    for (int l = 0; l < m.classes; ++l)
      if (l != j) total += m.mean_inner(j, l);
  return total;
}

Real defect_of_inner_products(const FiniteModel& m) {
  Real total = 0;
  for (int j = 0; j < m.classes; ++j)
    for (int l = 0; l < m.classes; ++l)
      if (l != j) total += pow(m.mean_inner(j, l) + Real::ratio(1, m.classes - 1), 2);
  return total;
}

Real within_class_variance(const FiniteModel& m) {
  Real total = 0;
  for (int y = 0; y < m.classes; ++y) {
    for (int x = 0; x < m.points; ++x) total += m.s(y, x) * m.squared_norm(y, x);
    total -= m.mean_inner(y, y);
  }
  return total;
}

Truth exhibits_collapse(const FiniteModel& m) {
  const Truth same = less_or_equal(within_class_variance(m), Real(0));
  Truth norms = Truth::yes;
  for (int y = 0; y < m.classes; ++y) norms = reference::both(norms, equal(m.mean_inner(y, y), 1));
  return reference::both(reference::both(same, norms), reference::means_form_simplex(m));
}

Hypothesis no_equal_inner_products() {
  return unless("(13) does not hold", "no-equal-inner-products", reference::means_form_simplex);
}

Hypothesis no_collapse() {
  return unless("f does not exhibit neural collapse", "no-collapse",
                static_cast<Truth (*)(const FiniteModel&)>(exhibits_collapse));
}

}  // namespace assay::proofs
