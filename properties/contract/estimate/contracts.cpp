// SPDX-License-Identifier: Apache-2.0
// The table of pipelines.
#include "properties/contract/estimate/contracts.hpp"

#include "properties/engine/input_error.hpp"
#include "properties/engine/nearest.hpp"

namespace assay::contract {
namespace {

struct LossName {
  const char *name, *psi, *over;
};
constexpr LossName loss_names[] = {{"info-nce-mean", "info-nce", "mean"},
                                   {"info-nce-sum", "info-nce", "sum"},
                                   {"hinge-sum", "hinge", "sum"},
                                   {"softplus-mean", "softplus", "mean"},
                                   {"linear-mean", "linear", "mean"}};

EstimateInstance instance_of(const EstimateContract& of, const LossName& loss,
                             const std::string& tilt) {
  EstimateInstance made;
  std::string shown = tilt;
  for (char& c : shown) c = c == '_' ? '-' : c;
  made.name = std::string(loss.name) + "/" + shown;
  EstimateProblem& p = made.setting;
  p.supervised = of.name == "estimate/hscl";
  p.psi = loss.psi;
  p.over = loss.over;
  p.tilt = tilt;
  p.power = tilt == "polynomial" ? 3 : 1;
  made.contract.name = of.name;
  made.contract.fields = {{"law", of.law}, {"psi", loss.psi}, {"over", loss.over},
                          {"eta", tilt},   {"points", "f32"}, {"outputs", "row_loss"}};
  return made;
}

std::vector<Family> families() {
  return {{"balanced", "four classes of 5 points around their centres, two pairs of neighbours", 1},
          {"imbalanced", "the same with 10, 5, 4 and 2 points", 1},
          {"ties", "five points of every class at two places, one shared by neighbours", 1},
          {"collapse", "every class in one point, four classes at a regular simplex", 1},
          {"overlap", "classes of 9, 6 and 3 points all over the sphere in 8 dimensions", 1},
          {"unhardened", "beta = 0: the law without hardening", 1},
          {"large-beta", "beta/tau = 40: one negative has nearly all the mass", 1},
          {"cold", "tau = 1/8", 1},
          {"one-negative", "k = 1", 1},
          {"many-negatives", "k = 64", 1}};
}

EstimateContract contract_of(const std::string& name, const std::string& negatives) {
  EstimateContract c;
  c.name = "estimate/" + name;
  c.summary =
      "the mean loss of drawn tuples against the enclosed expectation, negatives of " + negatives;
  c.law =
      "x uniform, x+ another point of its class, (x1..xk) with density eta(u(x,x1)..u(x,xk))/gamma "
      "over independent uniform points of " +
      negatives + ", u = <x,y>/tau";
  c.families = families();
  for (const LossName& loss : loss_names)
    c.instances.push_back(instance_of(c, loss, "exponential"));
  c.instances.push_back(instance_of(c, loss_names[0], "polynomial"));
  c.instances.push_back(instance_of(c, loss_names[0], "max_plus_one"));
  c.instances.push_back(instance_of(c, loss_names[1], "sum_plus_one"));
  return c;
}

}  // namespace

const std::vector<EstimateContract>& estimate_contracts() {
  static const std::vector<EstimateContract> table = {contract_of("hscl", "other classes"),
                                                      contract_of("hucl", "all classes")};
  return table;
}

bool is_estimate_name(const std::string& name) { return name.starts_with("estimate/"); }

const EstimateContract& estimate_contract_named(const std::string& name) {
  std::vector<std::string> known;
  for (const EstimateContract& c : estimate_contracts()) {
    if (c.name == name) return c;
    known.push_back(c.name);
  }
  throw engine::InputError("contract '" + name + "'", "",
                           "unknown; did you mean '" + engine::nearest(name, known) + "'?");
}

const EstimateInstance& estimate_instance_named(const EstimateContract& contract,
                                                const std::string& name) {
  std::string known;
  for (const EstimateInstance& i : contract.instances) {
    if (i.name == name) return i;
    known += (known.empty() ? "" : ", ") + i.name;
  }
  throw engine::InputError("contract '" + contract.name + "'", "instance '" + name + "'",
                           "unknown; there are " + known);
}

}  // namespace assay::contract
