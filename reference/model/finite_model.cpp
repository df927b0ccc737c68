// SPDX-License-Identifier: Apache-2.0
// Finite models: accessors, checks and hypotheses.
#include "reference/model/finite_model.hpp"

#include <span>
#include <stdexcept>

namespace assay::reference {
namespace {

std::size_t count(int n) { return static_cast<std::size_t>(n); }

void require_size(const std::vector<Real>& x, std::size_t expected, const char* what) {
  if (x.size() != expected)
    throw std::invalid_argument(std::string(what) + ": " + std::to_string(x.size()) +
                                " numbers, not " + std::to_string(expected));
}

/// `what` names the law in the plural: "class probabilities".
void require_probabilities(std::span<const Real> p, const std::string& what) {
  for (const Real& x : p)
    if (less(x, 0) == Truth::yes)
      throw std::invalid_argument(what + ": " + x.text() + " is negative");
  const Real total = sum(p);
  bool wrong = equal(total, 1) == Truth::no;
  if (total.is_plain()) {
    const Real tolerance = pow(Real::ratio(1, 2), 50) * static_cast<long long>(p.size());
    wrong = less_or_equal(abs(total - 1), tolerance) != Truth::yes;  // NaN is wrong
  }
  if (wrong) throw std::invalid_argument(what + " sum to " + total.text());
}

Truth is_at_most(const Real& a, const Real& b) { return less_or_equal(a, b); }

/// Does `test(y, x)` hold at every point?
template <class Test>
Truth everywhere(const FiniteModel& model, Test test) {
  Truth result = Truth::yes;
  for (int y = 0; y < model.classes; ++y)
    for (int x = 0; x < model.points; ++x) result = both(result, test(y, x));
  return result;
}

}  // namespace

Truth both(Truth a, Truth b) {
  if (a == Truth::no || b == Truth::no) return Truth::no;
  return a == Truth::yes && b == Truth::yes ? Truth::yes : Truth::unknown;
}

Real FiniteModel::inner(int y, int x, int y2, int x2) const {
  Real total = f(y, x, 0) * f(y2, x2, 0);
  for (int a = 1; a < dimension; ++a) total += f(y, x, a) * f(y2, x2, a);
  return squared_scale * total;
}

std::vector<Real> FiniteModel::law(int y, PointLaw which) const {
  std::vector<Real> result(count(points));
  for (int i = 0; i < points; ++i) {
    Real& mass = result[count(i)];
    if (which == PointLaw::negative) {
      mass = s(y, i);
      continue;
    }
    for (int j = 0; j < points; ++j) mass += which == PointLaw::anchor ? q(y, i, j) : q(y, j, i);
  }
  return result;
}

std::vector<Real> FiniteModel::mean(int y, PointLaw which) const {
  const std::vector<Real> masses = law(y, which);
  std::vector<Real> result(count(dimension));
  for (int x = 0; x < points; ++x)
    for (int a = 0; a < dimension; ++a) result[count(a)] += masses[count(x)] * f(y, x, a);
  return result;
}

Real FiniteModel::mean_inner(int y, int l, PointLaw of_y, PointLaw of_l) const {
  return squared_scale * dot(mean(y, of_y), mean(l, of_l));
}

Real FiniteModel::other_class_probability(int y, int l) const {
  if (l == y) return 0;
  const Real rest = 1 - class_probabilities[count(y)];
  if (less(0, rest) != Truth::yes)
    throw std::domain_error("class " + std::to_string(y + 1) +
                            " has probability 1: there is no other class to draw negatives from");
  return class_probabilities[count(l)] / rest;
}

FiniteModel FiniteModel::in(const Arithmetic& arithmetic) const {
  FiniteModel result = *this;
  for (std::vector<Real>* numbers :
       {&result.class_probabilities, &result.negative_class_probabilities, &result.joint,
        &result.negative_law, &result.embeddings})
    for (Real& x : *numbers) x = arithmetic(x);
  result.squared_scale = arithmetic(squared_scale);
  return result;
}

FiniteModel uniform_model(int classes, int points, int dimension) {
  if (classes < 2 || points < 1 || dimension < 1)
    throw std::invalid_argument("model: at least 2 classes, 1 point per class and 1 dimension");
  const std::size_t all_points = count(classes) * count(points);
  FiniteModel model;
  model.classes = classes;
  model.points = points;
  model.dimension = dimension;
  model.class_probabilities.assign(count(classes), Real::ratio(1, classes));
  model.negative_class_probabilities = model.class_probabilities;
  model.joint.assign(all_points * count(points),
                     Real::ratio(1, static_cast<long long>(points) * points));
  model.negative_law.assign(all_points, Real::ratio(1, points));
  model.embeddings.assign(all_points * count(dimension), 0);
  return model;
}

FiniteModel simplex_model(int classes, int points) {
  FiniteModel model = uniform_model(classes, points, classes);
  model.squared_scale = Real::ratio(classes, classes - 1);
  for (int y = 0; y < classes; ++y)
    for (int x = 0; x < points; ++x)
      for (int a = 0; a < classes; ++a)
        model.f(y, x, a) = (a == y ? Real(1) : Real(0)) - Real::ratio(1, classes);
  return model;
}

void check(const FiniteModel& model) {
  if (model.classes < 2 || model.points < 1 || model.dimension < 1)
    throw std::invalid_argument("model: at least 2 classes, 1 point per class and 1 dimension");
  const std::size_t classes = count(model.classes);
  const std::size_t points = count(model.points);
  require_size(model.class_probabilities, classes, "class probabilities");
  require_size(model.negative_class_probabilities, classes, "negative class probabilities");
  require_size(model.joint, classes * points * points, "joint law");
  require_size(model.negative_law, classes * points, "law of negatives");
  require_size(model.embeddings, classes * points * count(model.dimension), "embeddings");
  require_probabilities(model.class_probabilities, "class probabilities");
  require_probabilities(model.negative_class_probabilities, "negative class probabilities");
  for (std::size_t y = 0; y < classes; ++y) {
    const std::string of = " of class " + std::to_string(y + 1);
    require_probabilities(std::span(model.joint).subspan(y * points * points, points * points),
                          "probabilities of anchor and positive" + of);
    require_probabilities(std::span(model.negative_law).subspan(y * points, points),
                          "probabilities of negatives" + of);
  }
  if (less(0, model.squared_scale) == Truth::no)
    throw std::invalid_argument("squared scale: " + model.squared_scale.text() +
                                " is not positive");
}

Truth is_equiprobable(const FiniteModel& model) {
  Truth result = Truth::yes;
  for (const Real& p : model.class_probabilities)
    result = both(result, equal(p * model.classes, 1));
  return result;
}

Truth in_unit_ball(const FiniteModel& model) {
  return everywhere(model, [&](int y, int x) { return is_at_most(model.squared_norm(y, x), 1); });
}

Truth on_unit_sphere(const FiniteModel& model) {
  return everywhere(model, [&](int y, int x) { return equal(model.squared_norm(y, x), 1); });
}

Truth has_equal_marginals(const FiniteModel& model) {
  return everywhere(model, [&](int y, int x) {
    return equal(model.anchor_law(y)[count(x)], model.positive_law(y)[count(x)]);
  });
}

Truth has_common_law(const FiniteModel& model) {
  return both(has_equal_marginals(model), everywhere(model, [&](int y, int x) {
                return equal(model.anchor_law(y)[count(x)], model.s(y, x));
              }));
}

Truth is_conditionally_independent(const FiniteModel& model) {
  Truth result = Truth::yes;
  for (int y = 0; y < model.classes; ++y) {
    const std::vector<Real> anchors = model.anchor_law(y);
    const std::vector<Real> positives = model.positive_law(y);
    for (int x = 0; x < model.points; ++x)
      for (int p = 0; p < model.points; ++p)
        result = both(result, equal(model.q(y, x, p), anchors[count(x)] * positives[count(p)]));
  }
  return result;
}

Truth has_same_negative_classes(const FiniteModel& model) {
  Truth result = Truth::yes;
  for (std::size_t y = 0; y < count(model.classes); ++y)
    result =
        both(result, equal(model.class_probabilities[y], model.negative_class_probabilities[y]));
  return result;
}

Truth has_collapsed(const FiniteModel& model) {
  return everywhere(model, [&](int y, int x) {
    Truth same = Truth::yes;
    for (int a = 0; a < model.dimension; ++a)
      same = both(same, equal(model.f(y, x, a), model.f(y, 0, a)));
    return same;
  });
}

Truth means_form_simplex(const FiniteModel& model) {
  Truth result = Truth::yes;
  for (int j = 0; j < model.classes; ++j)
    for (int l = j + 1; l < model.classes; ++l)
      result = both(result, equal(model.mean_inner(j, l) * (model.classes - 1), -1));
  return result;
}

}  // namespace assay::reference
