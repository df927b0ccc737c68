// SPDX-License-Identifier: Apache-2.0
// CLOP, Theorem 1 and what Section 3.1 concludes from it.
#include "proofs-numeric/clop/clop.hpp"
#include "proofs-numeric/subject/vectors.hpp"
#include "reference/bound/clop.hpp"

namespace assay::proofs {
namespace {

using reference::ClopChain;

const std::vector<VectorSize> sizes = {{3, 3}, {4, 4}, {5, 5}, {6, 6}};

/// Unit vectors with a learning rate between 0 and what the bound allows for k of them.
Domain rates_up_to(Real (*bound)(long long)) {
  return unit_vectors(sizes, [bound](const Shape& s) {
    return std::vector<Block>{number_block("eta", 0, bound(s.integer("k")))};
  });
}

Real printed_quotient(long long k) { return clop_bound_quotient(ClopChain::printed, k); }
Real corrected_quotient(long long k) { return clop_bound_quotient(ClopChain::corrected, k); }
Real one(long long) { return 1; }

Sides means(const Instance& i) {
  const MeanStep s = mean_step(Gram(i), i.scalar("eta"));
  return {s.after, s.before};
}

/// The same with the coordinates of the points instead of their inner products.
Sides means_by_coordinates(const Instance& i) {
  const Block& x = i.block("X");
  const int k = x.dimensions[0], m = x.dimensions[1];
  const Real c = i.scalar("eta") / Real(k - 1);
  const auto at = [&](int n, int a) { return x.values[static_cast<std::size_t>(n * m + a)]; };
  std::vector<Real> before(static_cast<std::size_t>(m)), after = before;
  for (int a = 0; a < m; ++a)
    for (int n = 0; n < k; ++n) before[static_cast<std::size_t>(a)] += at(n, a);
  for (int n = 0; n < k; ++n) {
    std::vector<Real> moved;
    for (int a = 0; a < m; ++a)
      moved.push_back(at(n, a) - c * (before[static_cast<std::size_t>(a)] - at(n, a)));
    const Real length = sqrt(x.squared_scale * dot(moved, moved));
    for (int a = 0; a < m; ++a)
      after[static_cast<std::size_t>(a)] += moved[static_cast<std::size_t>(a)] / length;
  }
  return {x.squared_scale * dot(after, after) / Real(k * k),
          x.squared_scale * dot(before, before) / Real(k * k)};
}

/// k - 1 vectors at e and one at -e, after a step: every point is at -e once eta > (k-1)/(k-3).
Gram outlier(int k) {
  std::vector<Real> g;
  for (int i = 0; i < k; ++i)
    for (int j = 0; j < k; ++j) g.push_back((i == k - 1) == (j == k - 1) ? 1 : -1);
  return {k, g};
}

void add_guarantee(ClaimRegistry& registry) {
  constexpr const char* statement =
      "setting epsilon = 0 guarantees a non-increasing mean: ||mu^(1)|| <= ||mu^(0)||";
  constexpr const char* collapse =
      "k = 6, five points at e and one at -e, eta = 2: x^(1) is -(1/5) e for the five and -3 e for "
      "the one, so that all six are normalised to -e and ||mu|| grows from 2/3 to 1.";
  Claim c =
      cl_claim(ClaimKind::statement, "clop/theorem-1/non-increasing/quotient", "Theorem 1",
               statement, Relation::less_or_equal, rates_up_to(printed_quotient), means, collapse);
  c.second = means_by_coordinates;
  c.reading =
      "every configuration of k unit vectors, eta at most the quotient of Appendix D, which "
      "is (2) for epsilon = 0";
  registry.add(c);
  c = cl_claim(ClaimKind::statement, "clop/theorem-1/non-increasing/closed-form", "Theorem 1",
               statement, Relation::less_or_equal, rates_up_to(reference::clop_bound_closed_form),
               means, collapse);
  c.second = means_by_coordinates;
  c.reading = "every configuration of k unit vectors, eta at most the printed closed form";
  registry.add(c);
  c = cl_claim(ClaimKind::conjecture, "clop/theorem-1/non-increasing/corrected-bound", "Theorem 1",
               "for eta <= 2(k-1)/(k-2), the bound without the errors of Appendix D, ||mu^(1)|| <= "
               "||mu^(0)||",
               Relation::less_or_equal, rates_up_to(corrected_quotient), means, collapse);
  c.second = means_by_coordinates;
  c.reading = "every configuration of k unit vectors";
  registry.add(c);
  c = cl_correction(
      "clop/theorem-1/non-increasing/eta-at-most-1", "clop/theorem-1/non-increasing/quotient",
      "Theorem 1", "for eta <= 1 and every configuration, ||mu^(1)|| <= ||mu^(0)||",
      Relation::less_or_equal, rates_up_to(one), means,
      "With c = eta/(k-1), S and S' the sums before and after: each x_i' maximises its product "
      "with "
      "(1+c) x_i - c S, which gives 2 S.(S'-S) <= -((1+c)/c) sum |x_i'-x_i|^2; |S'-S|^2 <= k sum "
      "|x_i'-x_i|^2; so |S'|^2 <= |S|^2 when (1+c)/c >= k, that is eta <= 1.");
  c.second = means_by_coordinates;
  c.equality = {"equal"};
  registry.add(c);
  const auto collapsed = [](const Instance& i) {
    const int n = i.integer("n");
    return mean_step(outlier(2 * n + 4), i.number(n + 1, n)).after;
  };
  c = cl_correction(
      "clop/theorem-1/non-increasing/no-larger-constant", "clop/theorem-1/non-increasing/quotient",
      "Theorem 1",
      "for eta = 1 + 1/n and k = 2n+4 there is a configuration with ||mu^(1)|| = 1 > ||mu^(0)||",
      Relation::greater, integers("n", {1, 2, 3, 5, 10, 16}),
      [=](const Instance& i) {
        const int n = i.integer("n");
        return Sides{collapsed(i), i.number(n + 1, n + 2) * i.number(n + 1, n + 2)};
      },
      "k-1 points at e and one at -e: all are normalised to -e once eta > (k-1)/(k-3).");
  c.strengthened = [=](const Instance& i) { return Sides{collapsed(i), 1}; };
  registry.add(c);
}

void add_other_readings(ClaimRegistry& registry) {
  // The least (1+epsilon)^2 that (2) allows at eta.
  const auto least_scale = [](const Instance& i) {
    const reference::Sides two =
        clop_2(ClopChain::printed, i.integer("k"), i.scalar("eta"), Real(0));
    return max(1, two.left / two.right);
  };
  Claim c = cl_claim(
      ClaimKind::statement, "clop/theorem-1/2", "Theorem 1, (2)",
      "a learning rate with (1-eta)^2 <= (1 + eta/(k-1) - 2 eta/k - 2 eta^2/(k(k-1)) + eta^2 "
      "k/(k-1)^2)(1+epsilon)^2 prevents the class embedding mean from increasing by a ratio of "
      "1+epsilon: ||mu^(1)|| <= (1+epsilon) ||mu^(0)||",
      Relation::less_or_equal,
      unit_vectors(sizes,
                   [](const Shape&) { return std::vector<Block>{number_block("eta", 0, 3)}; }),
      [=](const Instance& i) {
        const Sides m = means(i);
        return Sides{m.left, least_scale(i) * m.right};
      },
      "k = 6, five points at e and one at -e, eta = 2, epsilon = 0: ||mu|| grows from 2/3 to 1.");
  c.equations = {"(2)"};
  c.reading = "every configuration of k unit vectors; squared; epsilon the least that (2) allows";
  registry.add(c);
  registry.add(cl_unavailable(
      "clop/theorem-1/non-increasing/uniform", "Theorem 1",
      "epsilon = 0: E||mu^(1)|| <= E||mu^(0)|| for uniformly distributed class embeddings",
      "needs expectations of normalised points over products of spheres"));
  c = cl_claim(
      ClaimKind::statement, "clop/theorem-1/prevents-collapse", "Section 3.1, after Theorem 1",
      "the mean remains non-increasing throughout the gradient descent process, thus preventing "
      "complete collapse: ||mu^(1)||^2 < 1",
      Relation::less, rates_up_to(printed_quotient),
      [](const Instance& i) {
        return Sides{means(i).left, 1};
      },
      "k = 6, five points at e and one at -e, eta = 2: one step ends in complete collapse.");
  c.reading = "every configuration that is not collapsed itself, one step, eta within the bound";
  c.hypotheses = {{"the configuration is not collapsed",
                   "not-collapsed",
                   [](const Instance& i) {
                     return less(Gram(i).squared_sum() / Real(i.integer("k") * i.integer("k")), 1);
                   },
                   {},
                   "the statement is refuted already"}};
  registry.add(c);
  c = cl_correction("clop/theorem-1/prevents-collapse/eta-at-most-1",
                    "clop/theorem-1/prevents-collapse", "Section 3.1, after Theorem 1",
                    "for eta <= 1 one step collapses only what is collapsed", Relation::less,
                    rates_up_to(one), [](const Instance& i) {
                      return Sides{means(i).left, 1};
                    });
  c.hypotheses = {{"the configuration is not collapsed",
                   "not-collapsed",
                   [](const Instance& i) {
                     const int k = i.integer("k");
                     return less(Gram(i).squared_sum(), Real(k * k));
                   },
                   rates_up_to(one),
                   {}}};
  registry.add(c);
}

/// Vectors sqrt(1-h^2) u_i + h e with sum u_i = 0, u_i . e = 0: one step multiplies the tangent of
/// their angle to the equator by (1-eta)/(1+eta/(k-1)).
void add_symmetric(ClaimRegistry& registry) {
  Domain d;
  for (const int k : {3, 4, 5, 10, 30}) d.shapes.push_back(Shape{{{"k", k}}, {}});
  d.blocks = [](const Shape&) {
    return std::vector<Block>{number_block("h", 0, 1), number_block("eta", 0, 8)};
  };
  registry.add(cl_correction(
      "clop/theorem-1/non-increasing/symmetric", "clop/theorem-1/non-increasing/quotient",
      "Theorem 1",
      "for the configurations sqrt(1-h^2) u_i + h e (u_i of zero sum, orthogonal to e) the mean "
      "does "
      "not increase exactly if eta <= 2(k-1)/(k-2)",
      Relation::greater_or_equal, d,
      [](const Instance& i) {
        const int k = i.integer("k");
        const Real h = i.scalar("h"), e = i.scalar("eta"), h2 = h * h;
        const Real up = (1 - e) * (1 - e) * h2, own = 1 + e / Real(k - 1);
        // h^2 - h'^2 times the squared norm of the updated points
        const Real falls = h2 * (up + own * own * (1 - h2)) - up;
        return Sides{(corrected_quotient(k) - e) * falls, 0};
      },
      "h' <= h is |1-eta| <= 1 + eta/(k-1)."));
}

void add_consequences(ClaimRegistry& registry) {
  Claim c = cl_claim(
      ClaimKind::statement, "clop/theorem-1/constant-bound", "Theorem 1; Section 1",
      "epsilon = 0 provides an O(1) upper bound for the learning rate", Relation::less_or_equal,
      integers("k", {3, 4, 5, 6, 8, 10, 30, 100, 1000, 4096}), [](const Instance& i) {
        return Sides{i.arithmetic(printed_quotient(i.integer("k"))), i.number(22, 7)};
      });
  c.reading = "the printed quotient is at most its value 22/7 at k = 3";
  registry.add(c);
  c = cl_claim(
      ClaimKind::statement, "clop/theorem-1/upper-bound-for-every-epsilon", "Theorem 1, (2)",
      "(2) gives an upper bound on the learning rate", Relation::less,
      [] {
        Domain d = integers("k", {3, 4, 10, 30});
        d.blocks = [](const Shape&) { return std::vector<Block>{number_block("epsilon", 0, 2)}; };
        return d;
      }(),
      [](const Instance& i) {
        const Real k = i.integer("k"), scale = pow(1 + i.scalar("epsilon"), 2);
        return Sides{(k / pow(k - 1, 2) - 2 / (k * (k - 1))) * scale, 1};
      },
      "k = 3, epsilon = 1: (2) is (1-eta)^2 <= 4 - 2 eta/3 + 5 eta^2/3, true for every eta >= 0.");
  c.reading =
      "for every epsilon some eta violates (2): the factor of eta^2 on its right side is "
      "less than 1";
  registry.add(c);
  c = cl_claim(
      ClaimKind::statement, "clop/section-5/large-rates-collapse", "Section 5",
      "as demonstrated by Theorem 1, excessively large learning rates can lead to complete "
      "collapse",
      Relation::greater_or_equal, integers("k", {5, 6, 10}), [](const Instance& i) {
        return Sides{mean_step(outlier(i.integer("k")), i.number(10)).after, 1};
      });
  c.quantifier = Quantifier::some;
  c.reading = "there is a configuration that one step of learning rate 10 collapses";
  registry.add(c);
}

}  // namespace

void add_cl_theorem_1(ClaimRegistry& registry) {
  add_guarantee(registry);
  add_other_readings(registry);
  add_symmetric(registry);
  add_consequences(registry);
}

}  // namespace assay::proofs
