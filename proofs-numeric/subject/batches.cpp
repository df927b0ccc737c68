// SPDX-License-Identifier: Apache-2.0
// Batched empirical losses, and the partitions that claims about them range over.
#include "proofs-numeric/subject/batches.hpp"

#include <algorithm>
#include <stdexcept>

namespace assay::proofs {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }
int size_of(const std::vector<int>& v) { return static_cast<int>(v.size()); }

/// Labels and members; the gram matrix stays empty.
Batches partition_of(const std::string& text) {
  Batches b;
  b.members.emplace_back();
  for (const char c : text) {
    if (c == '|') {
      b.members.emplace_back();
      continue;
    }
    const int label = c - '1';
    if (label < 0 || label > 8) throw std::invalid_argument("partition: labels are digits 1 to 9");
    b.classes = std::max(b.classes, label + 1);
    b.members.back().push_back(b.samples());
    b.everyone.push_back(b.samples());
    b.label.push_back(label);
  }
  for (const std::vector<int>& m : b.members)
    if (b.classes_in(m) < 2)
      throw std::invalid_argument("partition: \"" + text + "\" has a batch without two classes");
  for (int c = 0; c < b.classes; ++c)
    if (std::count(b.label.begin(), b.label.end(), c) * b.classes != b.samples())
      throw std::invalid_argument("partition: \"" + text + "\" is of data that is not balanced");
  return b;
}

/// The vertex of label `c` of the ETF: e_c - 1/C scaled, or 1 and -1.
Real vertex(int classes, int c, int a) {
  if (classes == 2) return a > 0 ? Real(0) : Real(1 - 2 * c);
  return Real(a == c) - Real::ratio(1, classes);
}

template <class Coordinate>  // Real(const Batches&, int batch, int sample, int a)
std::vector<Instance> special(const Domain& domain, const Shape& shape, bool simplex,
                              const Coordinate& coordinate) {
  const Batches b = partition_of(shape.choice("batches"));
  const int d = shape.integer("d");
  if (simplex && b.classes > 2 && d != b.classes) return {};
  Instance i{shape, domain.blocks(shape), Arithmetic::plain()};
  Block& f = i.blocks.front();
  f.values.assign(at(b.samples() * d), 0);
  if (simplex && b.classes > 2) f.squared_scale = Real::ratio(b.classes, b.classes - 1);
  for (int m = 0; m < b.batches(); ++m)
    for (const int n : b.members[at(m)])
      for (int a = 0; a < d; ++a) f.values[at(n * d + a)] = coordinate(b, m, n, a);
  return {i};
}

/// Expectation over anchor and, for each, over k negatives; `subtract(x)` lists the values of
/// f(x).f(x^+) with equal probabilities.
template <class Subtract>
Real expectation(const Instance& i, const Batches& data, const std::vector<int>& batch, Law law,
                 const Subtract& subtract) {
  const LossFunction psi = loss_of(i);
  const Hardening none;
  Real total = 0;
  for (const int x : batch) {
    std::vector<Real> u;
    for (const int n : batch)
      if (law == Law::ucl || data.label[at(n)] != data.label[at(x)]) u.push_back(data.inner(x, n));
    const std::vector<Real> masses(u.size(), i.number(1, static_cast<long long>(u.size())));
    const std::vector<Real> v = subtract(x);
    Real mean = 0;
    for (const Real& one : v)
      mean += reference::expected_over_negatives(masses, u, one, psi, none, negatives_of(i));
    total += mean / static_cast<int>(v.size());
  }
  return total / size_of(batch);
}

Truth collapses(const Batches& data, const std::vector<int>& among) {
  for (const int x : among)
    for (const int y : among) {
      const bool same = data.label[at(x)] == data.label[at(y)];
      const Truth t = equal(data.inner(x, y), same ? Real(1) : Real::ratio(-1, data.classes - 1));
      if (t != Truth::yes) return t;
    }
  return Truth::yes;
}

}  // namespace

int Batches::classes_in(const std::vector<int>& batch) const {
  std::vector<bool> seen(9);
  for (const int n : batch) seen[at(label[at(n)])] = true;
  return static_cast<int>(std::count(seen.begin(), seen.end(), true));
}

Real weight(const Batches& data, const std::vector<int>& batch, Weights weights) {
  return weights == Weights::printed ? Real::ratio(1, size_of(batch))
                                     : Real::ratio(size_of(batch), data.samples());
}

std::vector<std::string> any_partitions() {
  return {"12", "12|12", "112|122", "123|123", "12|13|23", "1123|2213|3312"};
}

std::vector<std::string> balanced_partitions() {
  return {"12|12", "12|1122", "123|123", "123|112233"};
}

Domain batched(const BatchOptions& options) {
  Domain domain;
  for (const std::string& text : options.partitions) {
    const int classes = partition_of(text).classes;
    const int natural = classes == 2 ? 1 : classes;
    for (const int k : options.negatives)
      for (const std::string& psi : options.losses)
        domain.shapes.push_back(
            {{{"C", classes}, {"d", options.dimension > 0 ? options.dimension : natural}, {"k", k}},
             {{"batches", text}, {"psi", psi}}});
  }
  domain.blocks = [ball = options.in_ball](const Shape& shape) {
    const Batches b = partition_of(shape.choice("batches"));
    Block f;
    f.name = "f";
    f.kind = ball ? BlockKind::ball : BlockKind::scalar;
    f.dimensions = {b.samples(), shape.integer("d")};
    f.low = -2, f.high = 2, f.scaled = true;
    return std::vector<Block>{f};
  };
  const auto add = [&](const char* name, bool simplex, auto coordinate) {
    Domain blocks;
    blocks.blocks = domain.blocks;
    domain.specials.push_back(
        {name, [=](const Shape& shape) { return special(blocks, shape, simplex, coordinate); }});
  };
  add("simplex", true,
      [](const Batches& b, int, int n, int a) { return vertex(b.classes, b.label[at(n)], a); });
  add("turned", true, [](const Batches& b, int m, int n, int a) {
    return vertex(b.classes, (b.label[at(n)] + m) % b.classes, a);
  });
  add("antipodal", false, [](const Batches& b, int m, int n, int a) {
    const bool first = b.label[at(n)] == b.label[at(b.members[at(m)].front())];
    return a > 0 ? Real(0) : Real(first ? 1 : -1);
  });
  add("collapsed", false, [](const Batches&, int, int, int a) { return Real(a == 0); });
  return domain;
}

Batches batches_of(const Instance& i) {
  Batches b = partition_of(i.choice("batches"));
  const int n = b.samples(), d = i.integer("d");
  const auto f = i.values("f");
  const Real scale = i.arithmetic(i.block("f").squared_scale);
  b.gram.assign(at(n * n), 0);
  for (int x = 0; x < n; ++x)
    for (int y = x; y < n; ++y)
      b.gram[at(x * n + y)] = b.gram[at(y * n + x)] =
          scale * dot(f.subspan(at(x * d), at(d)), f.subspan(at(y * d), at(d)));
  return b;
}

Batches batches_at_collapse(const Instance& i) {
  Batches b = partition_of(i.choice("batches"));
  for (const int x : b.everyone)
    for (const int y : b.everyone)
      b.gram.push_back(b.label[at(x)] == b.label[at(y)] ? i.number(1)
                                                        : i.number(-1, b.classes - 1));
  return b;
}

Real batch_loss(const Instance& i, const Batches& data, const std::vector<int>& batch, Law law) {
  return expectation(i, data, batch, law, [&](int x) {
    std::vector<Real> v;
    for (const int n : batch)
      if (data.label[at(n)] == data.label[at(x)]) v.push_back(data.inner(x, n));
    return v;
  });
}

Real batch_loss_at_one(const Instance& i, const Batches& data, const std::vector<int>& batch) {
  return expectation(i, data, batch, Law::scl, [&](int) { return std::vector<Real>{i.number(1)}; });
}

Real mean_inner_product(const Batches& data, const std::vector<int>& batch) {
  Real total = 0;
  for (const int x : batch) {
    Real sum = 0;
    int others = 0;
    for (const int n : batch)
      if (data.label[at(n)] != data.label[at(x)]) sum += data.inner(x, n), ++others;
    total += sum / others;
  }
  return total / size_of(batch);
}

Real batched_loss(const Instance& i, const Batches& data, Weights weights, Law law) {
  Real total = 0;
  for (const std::vector<int>& b : data.members)
    total += weight(data, b, weights) * batch_loss(i, data, b, law);
  return total;
}

Truth exhibits_collapse(const Batches& data) { return collapses(data, data.everyone); }

Truth exhibits_collapse_in_batches(const Batches& data) {
  Truth all = Truth::yes;
  for (const std::vector<int>& b : data.members) all = reference::both(all, collapses(data, b));
  return all;
}

Hypothesis samples_in_unit_ball(std::optional<Domain> dropped) {
  return {"unit-ball representations",
          "unit-ball",
          [](const Instance& i) {
            const Batches b = batches_of(i);
            for (int n = 0; n < b.samples(); ++n)
              if (const Truth t = less_or_equal(b.inner(n, n), Real(1)); t != Truth::yes) return t;
            return Truth::yes;
          },
          std::move(dropped),
          {}};
}

}  // namespace assay::proofs
