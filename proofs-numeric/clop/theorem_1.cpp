// SPDX-License-Identifier: Apache-2.0
// CLOP, Theorem 1 and its proof (Appendix D).
#include "proofs-numeric/claims.hpp"

namespace assay::proofs {
namespace {

using namespace engine;

/// k > 2 class embeddings and a learning rate eta in (0, 4].
Domain rates() {
  Domain d;
  for (const int k : {3, 4, 5, 10, 30, 100}) d.shapes.push_back(Shape{{{"k", k}}, {}});
  d.blocks = [](const Shape&) {
    Block eta;
    eta.name = "eta";
    eta.low = 0, eta.high = 4;
    return std::vector<Block>{eta};
  };
  return d;
}

}  // namespace

void add_clop(ClaimRegistry& registry) {
  registry.add({
      .id = "clop/theorem-1/proof/after-7/second-line",
      .kind = ClaimKind::step,
      .paper = "CL",
      .place = "Appendix D, display after (7), second line",
      .statement = "(1+eta/(k-1))^2 + k eta^2/(k-1)^2 - 2 eta k/(k-1) (1+eta/(k-1)) 1/k = 1 + "
                   "eta/(k-1) - 2 eta/k - 2 eta^2/(k(k-1)) + eta^2 k/(k-1)^2",
      .relation = Relation::equal,
      .domain = rates(),
      .evaluate =
          [](const Instance& i) {
            const Real k = i.integer("k"), e = i.scalar("eta"), n = k - 1;
            return Sides{pow(1 + e / n, 2) + k * e * e / (n * n) - 2 * e * k / n * (1 + e / n) / k,
                         1 + e / n - 2 * e / k - 2 * e * e / (k * n) + e * e * k / (n * n)};
          },
      .remark = "The first line is 1 + eta^2/(k-1).",
  });
}

}  // namespace assay::proofs
