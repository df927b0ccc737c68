// SPDX-License-Identifier: Apache-2.0
// The models of the families: points on the unit sphere, up to the rounding of binary32.
#include <cmath>

#include "properties/contract/estimate/contracts.hpp"
#include "properties/engine/input_error.hpp"
#include "properties/engine/random.hpp"

namespace assay::contract {
namespace {

using Vector = std::vector<double>;

// Square roots and quotients are correctly rounded: the same bits on every machine.
Vector on_sphere(Vector v) {
  double square = 0;
  for (const double x : v) square += x * x;
  const double length = std::sqrt(square);
  for (double& x : v) x /= length;
  return v;
}

Vector direction(engine::Random& random, std::int64_t dimension) {
  Vector v;
  for (std::int64_t a = 0; a < dimension; ++a) v.push_back(random.normal());
  return on_sphere(std::move(v));
}

void add_point(EstimateProblem& p, const Vector& v, std::int32_t label) {
  p.dimension = static_cast<std::int64_t>(v.size());
  for (const double x : v) p.points.push_back(static_cast<float>(x));
  p.labels.push_back(label);
}

// Two pairs of neighbours, far from each other: every anchor has near negatives and far ones, so
// that hardening has something to choose and the choice is much the same for all anchors.
Vector near_centre(engine::Random& random, int c, double spread) {
  const Vector centres[] = {{1, 0.5, 0}, {1, -0.5, 0.25}, {-1, 0.5, 0.25}, {-1, -0.5, 0}};
  Vector v = centres[c];
  for (double& x : v) x += spread * random.normal();
  return on_sphere(std::move(v));
}

// Four classes of these sizes, each around a centre of its own.
void add_clusters(EstimateProblem& p, engine::Random& random, const std::vector<int>& sizes) {
  for (std::size_t c = 0; c < sizes.size(); ++c)
    for (int i = 0; i < sizes[c]; ++i)
      add_point(p, near_centre(random, static_cast<int>(c), 0.125), static_cast<std::int32_t>(c));
}

// Five points of every class at two places; the second place of neighbours is the same.
void add_ties(EstimateProblem& p, engine::Random& random) {
  for (int pair = 0; pair < 2; ++pair) {
    const Vector shared = near_centre(random, 2 * pair, 0.25);
    for (int c = 2 * pair; c < 2 * pair + 2; ++c) {
      const Vector own = near_centre(random, c, 0.125);
      for (int i = 0; i < 5; ++i) add_point(p, i < 3 ? own : shared, c);
    }
  }
}

// Corners of a cube that are a regular tetrahedron's: exact up to their common length.
void add_simplex(EstimateProblem& p) {
  const Vector corners[] = {{1, 1, 1}, {1, -1, -1}, {-1, 1, -1}, {-1, -1, 1}};
  for (std::int32_t c = 0; c < 4; ++c)
    for (int i = 0; i < 3; ++i) add_point(p, on_sphere(corners[c]), c);
}

void add_points(EstimateProblem& p, const std::string& family, engine::Random& random) {
  const int few = p.is_joint() ? 1 : 2;  // tuples of a joint law are enumerated
  if (family == "ties") return add_ties(p, random);
  if (family == "collapse") return add_simplex(p);
  if (family == "overlap") {
    const std::int32_t label[] = {0, 1, 0, 2, 0, 1};  // classes of 9, 6 and 3
    for (int i = 0; i < (p.is_joint() ? 12 : 18); ++i)
      add_point(p, direction(random, 8), label[i % 6]);
    return;
  }
  if (family == "imbalanced") return add_clusters(p, random, {5 * few, 2 * few + 1, 2 * few, 2});
  add_clusters(p, random, std::vector<int>(4, 2 * few + 1));
}

}  // namespace

bool is_meant_for(const std::string& family, const EstimateInstance& instance) {
  if (family == "unhardened" || family == "large-beta" || family == "cold")
    return instance.setting.tilt == "exponential";
  if (family == "one-negative" || family == "many-negatives") return !instance.setting.is_joint();
  return true;
}

EstimateProblem make_estimate_problem(const engine::CaseDescriptor& d) {
  const EstimateContract& contract = estimate_contract_named(d.contract);
  EstimateProblem p = estimate_instance_named(contract, d.instance).setting;
  bool known = false;
  for (const Family& f : contract.families) known = known || f.name == d.family;
  if (!known)
    throw engine::InputError("contract '" + d.contract + "'", "family '" + d.family + "'",
                             "unknown");
  // The instance is not part of the key: what differs between instances is loss and hardening.
  engine::Random random(d.seed, d.contract + "/" + d.family, d.index);
  add_points(p, d.family, random);
  p.k = p.is_joint() ? 3 : 8;
  if (p.tilt == "exponential") {
    p.beta = 5;
    p.inv_tau = 2;
  }
  if (d.family == "unhardened") p.tilt = "uniform";
  if (d.family == "large-beta") p.beta = 20;
  if (d.family == "cold") p.inv_tau = 8;
  if (d.family == "one-negative") p.k = 1;
  if (d.family == "many-negatives") p.k = 64;
  return p;
}

}  // namespace assay::contract
