// SPDX-License-Identifier: Apache-2.0
// Joint laws of tuples as tables.
#include "proofs-numeric/subject/tuple_law.hpp"

#include <array>

#include "proofs-numeric/subject/models.hpp"

namespace assay::proofs {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

std::vector<Real> values(const Instance& i, const char* block) {
  const auto v = i.values(block);
  return {v.begin(), v.end()};
}

}  // namespace

TupleLaw::TupleLaw(const Instance& i, reference::Law law)
    : law_(law),
      classes_(i.integer("C")),
      points_(i.integer("m")),
      lambda_(values(i, "lambda")),
      r_(i.has("r") ? values(i, "r") : lambda_),
      q_(values(i, "q")) {
  const int m = points_, d = i.integer("d");
  const auto f = i.values("f");
  for (int a = 0; a < m; ++a)
    for (int b = 0; b < m; ++b)
      inner_.push_back(dot(f.subspan(at(a * d), at(d)), f.subspan(at(b * d), at(d))));
  if (i.has("negatives")) {
    s_ = values(i, "negatives");
  } else {
    for (int n = 0; n < classes_ * m; ++n)
      s_.push_back(reference::sum(std::span(q_).subspan(at(n * m), at(m))));
  }
  for (int x = 0; x < m && reference::is_hardened(law_); ++x)
    for (int a = 0; a < m; ++a)
      for (int b = 0; b < m; ++b)
        hardening_.push_back(hardening_of(i)(std::array<Real, 2>{inner(x, a), inner(x, b)}));
  std::vector<Real> one;  // of one negative given the label: r s, [y][l][x]
  for (int y = 0; y < classes_; ++y)
    for (int l = 0; l < classes_; ++l)
      for (int x = 0; x < m; ++x) one.push_back(r(l, y) * s(l, x));
  const int atoms = classes_ * m;
  tuples_.reserve(at(classes_ * m * m * atoms * atoms));
  mass_.reserve(tuples_.capacity());
  const auto negative = [&](int y, int n) { return one[at(y * atoms + n)]; };
  for (int y = 0; y < classes_; ++y)
    for (int x = 0; x < m; ++x)
      for (int plus = 0; plus < m; ++plus) {
        const std::size_t first = tuples_.size();
        Real total = 0;
        for (int a = 0; a < atoms; ++a)
          for (int b = 0; b < atoms; ++b) {
            tuples_.push_back({y, x, plus, a / m, a % m, b / m, b % m});
            mass_.push_back(negative(y, a) * negative(y, b) * hardening(tuples_.back()));
            total += mass_.back();
          }
        Real factor = lambda_[at(y)] * q_[at((y * m + x) * m + plus)];
        if (reference::is_hardened(law_)) factor /= total;
        for (std::size_t n = first; n < mass_.size(); ++n) mass_[n] *= factor;
      }
}

Real TupleLaw::r(int l, int y) const {
  if (!reference::is_supervised(law_)) return r_[at(l)];
  return l == y ? Real(0) : lambda_[at(l)] / (Real(1) - lambda_[at(y)]);
}

const Real& TupleLaw::s(int y, int x) const { return s_[at(y * points_ + x)]; }

const Real& TupleLaw::inner(int x, int other) const { return inner_[at(x * points_ + other)]; }

Real TupleLaw::hardening(const Tuple& t) const {
  if (!reference::is_hardened(law_)) return 1;
  return hardening_[at((t.x * points_ + t.n1) * points_ + t.n2)];
}

Real TupleLaw::probability(const std::function<bool(const Tuple&)>& part) const {
  Real total = 0;
  for (std::size_t n = 0; n < tuples_.size(); ++n)
    if (part(tuples_[n])) total += mass_[n];
  return total;
}

Real TupleLaw::expectation(const std::function<Real(const Tuple&)>& g) const {
  Real total = 0;
  for (std::size_t n = 0; n < tuples_.size(); ++n)
    if (equal(mass_[n], Real(0)) != Truth::yes) total += mass_[n] * g(tuples_[n]);
  return total;
}

std::vector<Real> TupleLaw::law_of(int size, const std::function<int(const Tuple&)>& key) const {
  std::vector<Real> law(at(size), Real(0));
  for (std::size_t n = 0; n < tuples_.size(); ++n) law[at(key(tuples_[n]))] += mass_[n];
  return law;
}

}  // namespace assay::proofs
