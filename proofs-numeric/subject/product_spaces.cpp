// SPDX-License-Identifier: Apache-2.0
// Finite product spaces: tables, expectations, and the integers of the reference.
#include "proofs-numeric/subject/product_spaces.hpp"

#include <stdexcept>

namespace assay::proofs {
namespace {

/// table(u) = max over v <= u, one argument after the other.
void running_maximum(std::vector<Real>& table, int k, int n) {
  std::size_t stride = 1;
  for (int axis = 0; axis < k; ++axis, stride *= static_cast<std::size_t>(n))
    for (std::size_t c = 0; c < table.size(); ++c)
      if (c / stride % static_cast<std::size_t>(n) > 0) table[c] = max(table[c], table[c - stride]);
}

std::vector<Real> table_of(const Instance& i, const std::string& name, int k, int n) {
  const bool rises = i.has(name + "_steps");
  const auto values = i.values(rises ? name + "_steps" : name);
  std::vector<Real> table(values.begin(), values.end());
  if (rises) running_maximum(table, k, n);
  return table;
}

std::string second_table(const Instance& i) {
  return i.has("eta") || i.has("eta_steps") ? "eta" : "h";
}

/// The law of one argument of an instance whose arguments are independent.
std::span<const Real> law_of_argument(const Instance& i, int axis, int n) {
  if (i.has("w")) return i.values("w");
  if (!i.has("w_axis")) throw std::invalid_argument("the arguments have a joint law");
  return i.values("w_axis").subspan(static_cast<std::size_t>(axis * n),
                                    static_cast<std::size_t>(n));
}

std::vector<Real> weights_of(const Instance& i, int k, int n) {
  if (i.has("w_cell")) {
    const auto w = i.values("w_cell");
    return {w.begin(), w.end()};
  }
  std::vector<Real> weights = {i.number(1)};
  for (int axis = 0; axis < k; ++axis) {
    std::vector<Real> next;
    next.reserve(weights.size() * static_cast<std::size_t>(n));
    for (const Real& w : weights)
      for (const Real& p : law_of_argument(i, axis, n)) next.push_back(w * p);
    weights = std::move(next);
  }
  return weights;
}

std::int64_t integer_of(const Real& x) {
  const double value = x.approximate();
  if (!x.is_integer() || value > 0x1p53 || value < -0x1p53)
    throw std::invalid_argument(x.text() + " is no integer below 2^53");
  return static_cast<std::int64_t>(value);
}

std::vector<std::int64_t> integers_of(std::span<const Real> x) {
  std::vector<std::int64_t> n;
  for (const Real& v : x) n.push_back(integer_of(v));
  return n;
}

Truth truth(bool b) { return b ? Truth::yes : Truth::no; }

}  // namespace

ProductSpace::ProductSpace(const Instance& i)
    : k(i.integer("k")),
      n(i.integer("n")),
      weights(weights_of(i, k, n)),
      g(table_of(i, "g", k, n)),
      h(table_of(i, second_table(i), k, n)),
      total(sum(weights)) {}

Real ProductSpace::mean(std::span<const Real> table) const { return dot(weights, table) / total; }

std::vector<Real> ProductSpace::product() const {
  std::vector<Real> gh;
  gh.reserve(g.size());
  for (std::size_t c = 0; c < g.size(); ++c) gh.push_back(g[c] * h[c]);
  return gh;
}

Real ProductSpace::gamma() const {
  Real gamma = mean(h);
  if (less(Real(0), gamma) != Truth::yes)
    throw reference::UndefinedLaw("gamma = E[eta] = " + gamma.text() +
                                  " is not positive: p_H does not exist");
  return gamma;
}

std::vector<Real> ProductSpace::hard_law() const {
  const Real by = gamma() * total;
  std::vector<Real> law;
  law.reserve(h.size());
  for (std::size_t c = 0; c < h.size(); ++c) law.push_back(h[c] * weights[c] / by);
  return law;
}

Real mean_by_arguments(const Instance& i, std::span<const Real> table) {
  const int k = i.integer("k"), n = i.integer("n");
  std::vector<Real> rest(table.begin(), table.end());
  for (int axis = 0; axis < k; ++axis) {  // the slowest of those left
    const auto law = law_of_argument(i, axis, n);
    const Real total = sum(law);
    const std::size_t size = rest.size() / static_cast<std::size_t>(n);
    std::vector<Real> means(size, i.number(0));
    for (std::size_t p = 0; p < law.size(); ++p)
      for (std::size_t c = 0; c < size; ++c) means[c] += law[p] * rest[p * size + c] / total;
    rest = std::move(means);
  }
  return rest.front();
}

reference::HarrisInstance harris_instance(const Instance& exact) {
  reference::HarrisInstance q;
  q.axes = exact.integer("k"), q.support = exact.integer("n");
  q.law = exact.has("w")        ? HarrisLaw::iid
          : exact.has("w_axis") ? HarrisLaw::independent
                                : HarrisLaw::joint;
  q.weights = integers_of(exact.blocks.front().values);
  q.g = integers_of(table_of(exact, "g", q.axes, q.support));
  q.h = integers_of(table_of(exact, second_table(exact), q.axes, q.support));
  return q;
}

Truth is_law(const Instance& i) {
  return less(Real(0), ProductSpace(i).total);  // a product of sums: positive if all of them are
}

Truth g_rises(const Instance& i) {
  const reference::HarrisInstance q = harris_instance(i);
  return truth(!reference::first_descent(q, q.g));
}

Truth h_rises(const Instance& i) {
  const reference::HarrisInstance q = harris_instance(i);
  return truth(!reference::first_descent(q, q.h));
}

Truth eta_is_nonnegative(const Instance& i) {
  for (const std::int64_t x : harris_instance(i).h)
    if (x < 0) return Truth::no;
  return Truth::yes;
}

Truth gamma_is_positive(const Instance& i) {
  const ProductSpace s(i);
  return less(Real(0), dot(s.weights, s.h));  // the sum of the weights is positive: `is_law`
}

}  // namespace assay::proofs
