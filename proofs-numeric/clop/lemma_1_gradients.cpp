// SPDX-License-Identifier: Apache-2.0
// CLOP, Appendix C: probabilities and gradients, display by display. Every gradient is compared,
// along a direction v, with the derivative of log-sum-exp by the chain rule on the inner products.
#include "proofs-numeric/clop/clop.hpp"
#include "proofs-numeric/subject/vectors.hpp"
#include "reference/bound/clop_lemmas.hpp"

namespace assay::proofs {
namespace {

using reference::ClopBatch;
using reference::Vector;
using reference::Vectors;

const std::vector<VectorSize> sizes = {{4, 2}, {4, 3}, {6, 3}};
std::size_t at(int i) { return static_cast<std::size_t>(i); }

Domain with_direction() {
  return unit_vectors(sizes, [](const Shape& s) {
    Block v = number_block("v", -1, 1);
    v.dimensions = {s.integer("m")};
    return std::vector<Block>{temperature_block(), v};
  });
}

ClopBatch batch_of(const Instance& i) {
  ClopBatch batch;
  const Block& x = i.block("X");
  const Real scale = sqrt(x.squared_scale);
  const std::size_t m = at(x.dimensions[1]);
  for (int n = 0; n < x.dimensions[0]; ++n) {
    Vector z;
    for (std::size_t a = 0; a < m; ++a) z.push_back(scale * x.values[at(n) * m + a]);
    batch.z.push_back(z);
    batch.partner.push_back(n ^ 1);
  }
  batch.temperature = i.scalar("tau");
  return batch;
}

/// -d L_i when z_p moves along v: logits s_a = z_i.z_a/tau and their derivatives.
Real minus_derivative(const ClopBatch& b, int i, int p, std::span<const Real> v) {
  Real all = 0, weighted = 0, own = 0;
  for (int a = 0; a < static_cast<int>(b.z.size()); ++a) {
    if (a == i) continue;
    const Real weight = exp(dot(b.z[at(i)], b.z[at(a)]) / b.temperature);
    Real moved = 0;
    if (p == i) moved += dot(v, b.z[at(a)]);
    if (p == a) moved += dot(b.z[at(i)], v);
    all += weight;
    weighted += weight * moved;
    if (a == b.partner[at(i)]) own = moved;
  }
  return (own - weighted / all) / b.temperature;
}

/// -d L_InfoNCE when z_p moves along v.
Real minus_derivative_of_all(const ClopBatch& b, int p, std::span<const Real> v) {
  Real total = 0;
  for (int i = 0; i < static_cast<int>(b.z.size()); ++i) total += minus_derivative(b, i, p, v);
  return total;
}

void add_probability(ClaimRegistry& registry) {
  Claim c = cl_claim(ClaimKind::step, "clop/lemma-1/proof/loss-term", "Appendix C, display of L_i",
                     "L_i := -log P_i is the i-th loss term of L_InfoNCE", Relation::equal,
                     paired_embeddings(sizes), [](const Instance& i) {
                       const ClopBatch b = batch_of(i);
                       Real loss = 0;
                       for (int n = 0; n < static_cast<int>(b.z.size()); ++n)
                         loss += reference::clop_loss(i.arithmetic, b, n);
                       return Sides{loss, info_nce(Gram(i), i.scalar("tau"))};
                     });
  registry.add(c);
  c = cl_claim(ClaimKind::step, "clop/lemma-1/proof/probability", "Appendix C, display of P_i",
               "P_i, the probability that the i-th embedding chooses its positive pair: the "
               "probabilities of all choices sum to 1",
               Relation::equal, paired_embeddings(sizes), [](const Instance& i) {
                 const ClopBatch b = batch_of(i);
                 // The other choices, each as if it were the positive pair of 0.
                 Real total = 0;
                 for (int a = 1; a < static_cast<int>(b.z.size()); ++a) {
                   ClopBatch swapped = b;
                   std::swap(swapped.z[1], swapped.z[at(a)]);
                   total += reference::clop_probability(i.arithmetic, swapped, 0);
                 }
                 return Sides{total, 1};
               });
  registry.add(c);
}

using Display = std::function<Vector(const Instance&, const ClopBatch&)>;

void add_gradient(ClaimRegistry& registry, const char* id, const char* place, const char* statement,
                  const Display& display, int term, int moved) {
  registry.add(cl_claim(ClaimKind::step, id, place, statement, Relation::equal, with_direction(),
                        [=](const Instance& i) {
                          const ClopBatch b = batch_of(i);
                          const auto v = i.values("v");
                          return Sides{dot(display(i, b), v),
                                       term < 0 ? minus_derivative_of_all(b, moved, v)
                                                : minus_derivative(b, term, moved, v)};
                        }));
}

void add_gradients(ClaimRegistry& registry) {
  add_gradient(
      registry, "clop/lemma-1/proof/gradient-own", "Appendix C, first display of gradients",
      "-dL_i/dz_i = ((1-P_i)/tau) (z_j(i) - sum_a exp(z_i.z_a/tau)/(sum_b exp(z_i.z_b/tau)) z_a)",
      [](const Instance& i, const ClopBatch& b) { return clop_gradient_own(i.arithmetic, b, 0); },
      0, 0);
  add_gradient(
      registry, "clop/lemma-1/proof/gradient-partner", "Appendix C, second display of gradients",
      "-dL_i/dz_j(i) = ((1-P_i)/tau) z_i",
      [](const Instance& i, const ClopBatch& b) {
        return clop_gradient_partner(i.arithmetic, b, 0);
      },
      0, 1);
  add_gradient(
      registry, "clop/lemma-1/proof/gradient-other", "Appendix C, third display of gradients",
      "-dL_i/dz_a = -((1-P_i)/tau) exp(z_i.z_a/tau)/(sum_b exp(z_i.z_b/tau)) z_i",
      [](const Instance& i, const ClopBatch& b) {
        return clop_gradient_other(i.arithmetic, b, 0, 2);
      },
      0, 2);
  add_gradient(
      registry, "clop/lemma-1/proof/gradient-all", "Appendix C, display of -dL_InfoNCE/dz_i",
      "-dL_InfoNCE/dz_i = ((1-P_i)+(1-P_j(i)))/tau z_j(i) - sum_a ((1-P_i)/tau) exp(z_i.z_a/tau)/"
      "(sum_(b not in {i,j(i)}) exp(z_i.z_b/tau)) z_a - sum_a ((1-P_a)/tau) exp(z_i.z_a/tau)/"
      "(sum_(b not in {a,j(a)}) exp(z_a.z_b/tau)) z_a",
      [](const Instance& i, const ClopBatch& b) { return clop_gradient(i.arithmetic, b, 0); }, -1,
      0);
}

/// |I| embeddings at one unit vector of the plane.
ClopBatch all_equal(const Instance& i, const Real& tau) {
  ClopBatch b;
  for (int n = 0; n < i.integer("I"); ++n) {
    b.z.push_back({i.number(3, 5), i.number(4, 5)});
    b.partner.push_back(n ^ 1);
  }
  b.temperature = tau;
  return b;
}

void add_all_equal(ClaimRegistry& registry) {
  const std::vector<int> numbers = {4, 6, 8, 16};
  constexpr const char* id = "clop/lemma-1/proof/equal-probability";
  constexpr const char* place = "Appendix C, display of P*";
  const auto probability = [](const Instance& i) {
    return reference::clop_probability(i.arithmetic, all_equal(i, i.number(1, 2)), 0);
  };
  registry.add(cl_claim(
      ClaimKind::step, id, place, "all embeddings equal: P_i = P_j(i) = P_a = -log(1/(|I|-1))",
      Relation::equal, integers("I", numbers),
      [=](const Instance& i) {
        return Sides{probability(i),
                     reference::clop_equal_probability_printed(i.arithmetic, i.integer("I"))};
      },
      "|I| = 4: -log(1/3) = 1.0986 is no probability; P* is 1/3."));
  registry.add(cl_correction("clop/lemma-1/proof/equal-probability/corrected", id, place,
                             "all embeddings equal: P_i = 1/(|I|-1)", Relation::equal,
                             integers("I", numbers), [=](const Instance& i) {
                               return Sides{
                                   probability(i),
                                   i.arithmetic(reference::clop_equal_probability(i.integer("I")))};
                             }));
  registry.add(cl_correction(
      "clop/lemma-1/proof/equal-probability/loss", id, place,
      "the printed number is the loss L_i = -log P_i", Relation::equal, integers("I", numbers),
      [](const Instance& i) {
        return Sides{reference::clop_loss(i.arithmetic, all_equal(i, i.number(1, 2)), 0),
                     reference::clop_equal_probability_printed(i.arithmetic, i.integer("I"))};
      }));
  Domain d = integers("I", numbers);
  d.blocks = [](const Shape&) {
    return std::vector<Block>{number_block("P", 0, 2), temperature_block()};
  };
  registry.add(cl_claim(
      ClaimKind::step, "clop/lemma-1/proof/equal-gradient", "Appendix C, display of the gradient 0",
      "2(1-P*)/tau z* - 2(|I|-2) ((1-P*)/tau) (1/(|I|-2)) z* = 0", Relation::equal, d,
      [](const Instance& i) {
        const Real p = i.scalar("P");
        return Sides{reference::clop_equal_gradient(i.integer("I"), p, i.scalar("tau")), 0};
      },
      "It holds for every P*, hence also for the wrong one above."));
  registry.add(cl_claim(
      ClaimKind::step, "clop/lemma-1/proof/equal-stationary",
      "Appendix C, display of the gradient 0", "all embeddings equal: -dL_InfoNCE/dz_i = 0",
      Relation::equal, integers("I", numbers), [](const Instance& i) {
        const Vector g = clop_gradient(i.arithmetic, all_equal(i, i.number(1, 2)), 0);
        return Sides{g[0] + Real(2) * g[1], 0};
      }));
}

void add_co_linear(ClaimRegistry& registry) {
  // Signs as integers; z* = (3/5, 4/5), v orthogonal to it.
  Domain d;
  for (const int n : {4, 6}) d.shapes.push_back(Shape{{{"I", n}}, {}});
  d.blocks = [](const Shape& s) {
    Block flips = number_block("flip", 0, 1);
    flips.kind = BlockKind::integer;
    flips.dimensions = {s.integer("I")};
    return std::vector<Block>{flips, temperature_block()};
  };
  const auto batch = [](const Instance& i) {
    ClopBatch b = all_equal(i, i.scalar("tau"));
    const auto flips = i.values("flip");
    for (std::size_t n = 0; n < b.z.size(); ++n)
      for (Real& x : b.z[n]) x *= 1 - Real(2) * flips[n];
    return b;
  };
  registry.add(cl_claim(ClaimKind::step, "clop/lemma-1/proof/co-linear",
                        "Appendix C, display with beta",
                        "z_i = +-z*: -dL/dz_i = beta z_i, a multiple of z_i", Relation::equal, d,
                        [=](const Instance& i) {
                          const Vector g = clop_gradient(i.arithmetic, batch(i), 0);
                          return Sides{i.number(4, 5) * g[0] - i.number(3, 5) * g[1], 0};
                        }));
  constexpr const char* id = "clop/section-3-1/gradient-vanishes";
  Claim c = cl_claim(
      ClaimKind::statement, id, "Section 3.1, after Lemma 1",
      "if all embeddings are identical or co-linear, the gradient vanishes", Relation::equal, d,
      [=](const Instance& i) {
        const Vector g = clop_gradient(i.arithmetic, batch(i), 0);
        return Sides{g[0] + Real(2) * g[1], 0};
      },
      "z_1 = -z*, all others z*: -dL/dz_i is a multiple beta of z*, and beta is not 0.");
  c.reading = "the gradient with respect to the normalised embedding z_i itself";
  registry.add(c);
  c = cl_correction("clop/section-3-1/gradient-vanishes/before-normalisation", id,
                    "Section 3.1, after Lemma 1",
                    "the gradient with respect to the embedding before normalisation vanishes",
                    Relation::equal, d, [=](const Instance& i) {
                      const ClopBatch b = batch(i);
                      const Vector g = reference::clop_before_normalisation(
                          i.arithmetic, b.z[0], clop_gradient(i.arithmetic, b, 0));
                      return Sides{g[0] + Real(2) * g[1], 0};
                    });
  registry.add(c);
}

/// z~ and g of the plane, along w.
Domain unnormalised() {
  Domain d;
  d.shapes = {Shape{{{"m", 2}}, {}}, Shape{{{"m", 3}}, {}}};
  d.blocks = [](const Shape& s) {
    std::vector<Block> blocks;
    for (const char* name : {"u", "g", "w"}) {
      blocks.push_back(number_block(name, -2, 2));
      blocks.back().dimensions = {s.integer("m")};
    }
    blocks[0].low = Real::ratio(1, 8);  // u = z~ is not 0
    return blocks;
  };
  return d;
}

/// Both sides of g^T dz/dz~ w = (1/length) g^T (I - z z^T/(z^T z)) w.
Sides chain_rule(const Instance& i, bool printed) {
  const auto u = i.values("u"), g = i.values("g"), w = i.values("w");
  const Real square = dot(u, u), length = sqrt(square);
  // d(u/|u|) = w/|u| - u (u.w)/|u|^3
  const Real left = dot(g, w) / length - dot(g, u) * dot(u, w) / (length * square);
  const Real right = dot(g, w) - dot(g, u) * dot(u, w) / square;
  return {left, printed ? right : right / length};
}

void add_normalisation(ClaimRegistry& registry) {
  constexpr const char* id = "clop/lemma-1/proof/normalisation";
  constexpr const char* place = "Appendix C, last display";
  registry.add(cl_claim(
      ClaimKind::step, id, place,
      "-dL/dz~_i = -dL/dz_i (1/||z_i||_2) (I - z_i z_i^T/(z_i^T z_i)) with z_i = z~_i/||z~_i||",
      Relation::equal, unnormalised(), [](const Instance& i) { return chain_rule(i, true); },
      "z~ = (2, 0), g = w = (0, 1): the derivative is 1/2; with 1/||z|| = 1 it is 1."));
  registry.add(cl_correction("clop/lemma-1/proof/normalisation/corrected", id, place,
                             "the factor is 1/||z~_i||_2", Relation::equal, unnormalised(),
                             [](const Instance& i) { return chain_rule(i, false); }));
  Domain d = unit_vectors({{2, 2}, {2, 3}}, [](const Shape&) {
    return std::vector<Block>{number_block("beta", -2, 2)};
  });
  registry.add(cl_claim(ClaimKind::step, "clop/lemma-1/proof/projection", place,
                        "(1/||z_i||) (I - z_i z_i^T/(z_i^T z_i)) beta z_i = 0", Relation::equal, d,
                        [](const Instance& i) {
                          const auto x = i.values("X");
                          const std::size_t m = at(i.integer("m"));
                          const Vector z(x.begin(), x.begin() + i.integer("m"));
                          Vector g = z;
                          for (Real& e : g) e *= i.scalar("beta");
                          const Vector p = reference::clop_before_normalisation(i.arithmetic, z, g);
                          return Sides{dot(p, x.subspan(m, m)), 0};
                        }));
}

}  // namespace

void add_cl_lemma_1_gradients(ClaimRegistry& registry) {
  add_probability(registry);
  add_gradients(registry);
  add_all_equal(registry);
  add_co_linear(registry);
  add_normalisation(registry);
}

}  // namespace assay::proofs
