// SPDX-License-Identifier: Apache-2.0
// CLOP, Appendix D: the update, the moments (5), (6), (7) and the bound B of the expected norm.
#include "proofs-numeric/clop/clop.hpp"
#include "proofs-numeric/subject/vectors.hpp"
#include "reference/bound/clop.hpp"

namespace assay::proofs {
namespace {

using reference::ClopChain;

constexpr const char* finite_law =
    "for the uniform law on the 2m points +-e_j, which has the mean and the covariance of the "
    "uniform law on the sphere";

/// The 2m points +-e_j.
Gram axes(int m) {
  std::vector<Real> g;
  for (int i = 0; i < 2 * m; ++i)
    for (int j = 0; j < 2 * m; ++j) g.push_back(i / 2 != j / 2 ? 0 : i == j ? 1 : -1);
  return {2 * m, g};
}

using OfDraw = std::function<Real(const Gram& drawn)>;

/// Expectation over `draws` independent points of the support with these probabilities.
Real expected(const Gram& support, std::span<const Real> law, int draws, const OfDraw& f) {
  std::vector<int> index(static_cast<std::size_t>(draws), 0);
  std::vector<Real> products(index.size() * index.size());
  Real total = 0;
  for (;;) {
    Real weight = 1;
    for (std::size_t i = 0; i < index.size(); ++i) {
      weight *= law[static_cast<std::size_t>(index[i])];
      for (std::size_t j = 0; j < index.size(); ++j)
        products[i * index.size() + j] = support(index[i], index[j]);
    }
    total += weight * f(Gram(draws, products));
    std::size_t digit = 0;
    while (digit < index.size() && ++index[digit] == support.size()) index[digit++] = 0;
    if (digit == index.size()) return total;
  }
}

Real expected_on_axes(const Instance& i, const OfDraw& f) {
  const int m = i.integer("m");
  const std::vector<Real> law(static_cast<std::size_t>(2 * m), i.number(1, 2 * m));
  return expected(axes(m), law, i.integer("k"), f);
}

/// ||x_0 - eta/(k-1) (sum of the others)||^2, term by term.
Real moved_square(const Gram& x, const Real& eta) {
  const Real c = eta / Real(x.size() - 1);
  Real square = 1;
  for (int j = 1; j < x.size(); ++j) {
    square -= Real(2) * c * x(0, j);
    for (int l = 1; l < x.size(); ++l) square += c * c * x(j, l);
  }
  return square;
}

Block eta_block() { return number_block("eta", 0, 4); }

/// Three independent draws from any law on three points of the circle.
Domain any_law() {
  return unit_vectors({{3, 2}}, [](const Shape&) {
    Block law = number_block("law", 0, 1);
    law.kind = BlockKind::simplex;
    law.dimensions = {3};
    return std::vector<Block>{law, eta_block()};
  });
}

Real expected_any(const Instance& i, const OfDraw& f) {
  return expected(Gram(i), i.values("law"), 3, f);
}

Domain axes_laws(bool with_eta) {
  Domain d;
  for (const auto& [k, m] : {std::pair{3, 3}, {3, 4}, {4, 4}}) {
    if (with_eta && m > 3) continue;
    d.shapes.push_back(Shape{{{"k", k}, {"m", m}}, {}});
  }
  d.blocks = [with_eta](const Shape&) {
    return with_eta ? std::vector<Block>{eta_block()} : std::vector<Block>{};
  };
  return d;
}

void add_update(ClaimRegistry& registry) {
  const BlocksOf rate = [](const Shape&) { return std::vector<Block>{eta_block()}; };
  const std::vector<VectorSize> sizes = {{3, 3}, {4, 4}};
  // Coordinates of x_0^(1) along a fixed direction: the displays are linear in the points.
  const auto coordinate = [](const Instance& i, const Real& n, bool middle) {
    const Gram x(i);
    const Real eta = i.scalar("eta"), k = x.size(), mean = x.with_sum(1) / k;
    if (middle) return x(0, 1) - eta / (k - 1) * (n * mean - x(0, 1));
    const reference::ClopUpdate u = reference::clop_update(x.size(), eta);
    return u.own * x(0, 1) - u.mean * mean;
  };
  Claim c = cl_claim(ClaimKind::step, "clop/theorem-1/proof/update", "Appendix D, update rule",
                     "x_i - eta (n mu - x_i)/(k-1) = (1 + eta/(k-1)) x_i - eta k/(k-1) mu",
                     Relation::equal, unit_vectors(sizes, rate), [=](const Instance& i) {
                       return Sides{coordinate(i, i.integer("k"), true), coordinate(i, 0, false)};
                     });
  c.reading = "n is the number k of points; component along x_2 of the point x_1";
  registry.add(c);
  c = cl_claim(
      ClaimKind::step, "clop/theorem-1/proof/update/any-n", "Appendix D, update rule",
      "x_i - eta (n mu - x_i)/(k-1) = (1 + eta/(k-1)) x_i - eta k/(k-1) mu", Relation::equal,
      unit_vectors(sizes,
                   [](const Shape&) {
                     Block n = number_block("n", 1, 12);
                     n.kind = BlockKind::integer;
                     return std::vector<Block>{eta_block(), n};
                   }),
      [=](const Instance& i) {
        return Sides{coordinate(i, i.scalar("n"), true), coordinate(i, 0, false)};
      },
      "The two forms differ by eta (n - k) mu/(k-1): n, which the paper does not define, must be "
      "k.");
  c.reading = "n is another number than k, say that of the samples";
  registry.add(c);
  registry.add(cl_claim(
      ClaimKind::step, "clop/theorem-1/proof/mean-of-others", "Appendix D, first sentence",
      "every point moves toward the negative of the mean of the other points with step size eta",
      Relation::equal, unit_vectors(sizes, rate), [=](const Instance& i) {
        const Gram x(i);
        Real others = 0;
        for (int j = 1; j < x.size(); ++j) others += x(j, 1);
        return Sides{x(0, 1) - i.scalar("eta") * others / Real(x.size() - 1),
                     coordinate(i, 0, false)};
      }));
  const auto shortest = [](const Instance& i) {
    Real least = 16;
    for (const Real& s : moved_squares(Gram(i), i.scalar("eta"))) least = min(least, s);
    return least;
  };
  c = cl_claim(
      ClaimKind::step, "clop/theorem-1/proof/normalised", "Appendix D, normalisation",
      "after the update, each point x_i^(1) is normalised to have unit norm, x_i^(1)/||x_i^(1)||: "
      "||x_i^(1)|| > 0",
      Relation::greater, unit_vectors(sizes, rate),
      [=](const Instance& i) {
        return Sides{shortest(i), 0};
      },
      "All x_i equal and eta = 1: x_i^(1) = 0 has no direction.");
  c.reading = "every configuration and learning rate (under the uniform law it has probability 1)";
  registry.add(c);
  c = cl_correction(
      "clop/theorem-1/proof/normalised/small-rates", "clop/theorem-1/proof/normalised",
      "Appendix D, normalisation", "||x_i^(1)||^2 >= (1 - eta)^2 for eta <= 1",
      Relation::greater_or_equal,
      unit_vectors(sizes,
                   [](const Shape&) { return std::vector<Block>{number_block("eta", 0, 1)}; }),
      [=](const Instance& i) {
        const Real e = i.scalar("eta");
        return Sides{shortest(i), (1 - e) * (1 - e)};
      });
  c.equality = {"equal"};
  registry.add(c);
}

void add_moments(ClaimRegistry& registry) {
  Claim c = cl_claim(
      ClaimKind::step, "clop/theorem-1/proof/5", "Appendix D, (5)",
      "E||x_i^(1)||^2 = (1+eta/(k-1))^2 E||x_i||^2 + eta^2 (k/(k-1))^2 E||mu||^2 - 2 eta k/(k-1) "
      "(1+eta/(k-1)) E[x_i.mu]",
      Relation::equal, any_law(), [](const Instance& i) {
        const Real e = i.scalar("eta");
        const Real mean = expected_any(i, [](const Gram& x) { return x.squared_sum() / Real(9); });
        const Real product = expected_any(i, [](const Gram& x) { return x.with_sum(0) / Real(3); });
        return Sides{expected_any(i, [&](const Gram& x) { return moved_square(x, e); }),
                     reference::clop_5(3, e, 1, mean, product)};
      });
  c.equations = {"(5)"};
  c.reading = "k = 3 independent points of any law with three values";
  registry.add(c);
  const auto uniform = [](Evaluate) {
    return Hypothesis{"the points are uniformly distributed", "uniform", {}, any_law(), {}};
  };
  const auto is_any = [](const Instance& i) { return i.has("law"); };
  const auto mean_of = [=](const Instance& i, const OfDraw& f) {
    return is_any(i) ? expected_any(i, f) : expected_on_axes(i, f);
  };
  struct Moment {
    const char *id, *place, *equation, *statement;
    Evaluate evaluate;
  };
  const std::vector<Moment> moments = {
      {"clop/theorem-1/proof/6", "Appendix D, (6)", "(6)",
       "E||mu^(0)||^2 = Tr(Cov(mu^(0))) = Tr(I_m)/(km) = 1/k",
       [=](const Instance& i) {
         const Real k = i.integer("k");
         return Sides{mean_of(i, [&](const Gram& x) { return x.squared_sum() / (k * k); }),
                      reference::clop_6(i.integer("k"))};
       }},
      {"clop/theorem-1/proof/independent", "Appendix D, before (7)", "",
       "x_i and x_j independent for i != j: E[x_i.x_j] = 0",
       [=](const Instance& i) {
         return Sides{mean_of(i, [](const Gram& x) { return x(0, 1); }), 0};
       }},
      {"clop/theorem-1/proof/7", "Appendix D, (7)", "(7)", "E[x_i.mu] = E||x_i||^2/k",
       [=](const Instance& i) {
         const Real k = i.integer("k");
         return Sides{mean_of(i, [&](const Gram& x) { return x.with_sum(0) / k; }),
                      reference::clop_7(i.integer("k"), 1)};
       }},
  };
  for (const Moment& m : moments) {
    c = cl_claim(ClaimKind::step, m.id, m.place, m.statement, Relation::equal, axes_laws(false),
                 m.evaluate);
    if (*m.equation) c.equations = {m.equation};
    c.reading = finite_law;
    c.hypotheses = {uniform(m.evaluate)};
    registry.add(c);
  }
  c = cl_claim(ClaimKind::step, "clop/theorem-1/proof/after-7/first-line",
               "Appendix D, display after (7), first line",
               "E||x_i^(1)||^2 = (1+eta/(k-1))^2 + k eta^2/(k-1)^2 - 2 eta k/(k-1) (1+eta/(k-1)) "
               "1/k",
               Relation::equal, axes_laws(true), [](const Instance& i) {
                 const Real e = i.scalar("eta");
                 return Sides{
                     expected_on_axes(i, [&](const Gram& x) { return moved_square(x, e); }),
                     reference::clop_square_norm_first_line(i.integer("k"), e)};
               });
  c.reading = finite_law;
  registry.add(c);
}

/// One unit vector v of R^m, for quadratic forms of covariances of points of R^m.
Domain directions() {
  Domain d;
  for (const auto& [k, m] : {std::pair{2, 2}, {2, 3}, {3, 3}})
    d.shapes.push_back(Shape{{{"k", k}, {"m", m}}, {}});
  d.blocks = [](const Shape& s) {
    Block v = number_block("v", -1, 1);
    v.kind = BlockKind::sphere;
    v.dimensions = {s.integer("m")};
    return std::vector<Block>{v};
  };
  return d;
}

/// E[(v . average of `draws` points +-e_j)^2] by enumeration.
Real spread_along(const Instance& i, int draws) {
  const auto v = i.values("v");
  const int m = i.integer("m");
  Real total = 0;
  long long count = 0;
  std::vector<int> index(static_cast<std::size_t>(draws), 0);
  for (std::size_t digit = 0; digit < index.size(); ++count) {
    Real along = 0;
    for (const int s : index) {
      const Real& x = v[static_cast<std::size_t>(s / 2)];
      along = s % 2 ? along - x : along + x;
    }
    total += along * along;
    for (digit = 0; digit < index.size() && ++index[digit] == 2 * m;) index[digit++] = 0;
  }
  return total / Real(count * draws * draws);
}

void add_covariances(ClaimRegistry& registry) {
  Claim c = cl_claim(ClaimKind::step, "clop/theorem-1/proof/covariance", "Appendix D, after (5)",
                     "Cov(x_i^(0)) = I_m/m", Relation::equal, directions(), [](const Instance& i) {
                       return Sides{spread_along(i, 1), i.number(1, i.integer("m"))};
                     });
  c.reading = finite_law;
  registry.add(c);
  c = cl_claim(ClaimKind::step, "clop/theorem-1/proof/covariance-of-mean", "Appendix D, before (6)",
               "Cov(mu^(0)) = (1/k^2) sum_i Cov(x_i) = I_m/(km)", Relation::equal, directions(),
               [](const Instance& i) {
                 const int k = i.integer("k");
                 return Sides{spread_along(i, k), i.number(1, k * i.integer("m"))};
               });
  c.reading = finite_law;
  registry.add(c);
}

/// A number that is at most E||x_i^(1)|| under the uniform law on the sphere of R^m. With
/// t = ||x_i^(1)||^2, T = E t: sqrt(t) >= sqrt(T) (1 + (t-T)/(2T) - (t-T)^2/(2T^2)), and the inner
/// products of the points are uncorrelated with variance 1/m, so that
/// Var t = (4 c^2 (k-1) + 2 c^4 (k-1)(k-2))/m with c = eta/(k-1).
Real least_expected_norm(const Instance& i) {
  const int k = i.integer("k"), m = i.integer("m");
  const Real e = i.scalar("eta"), c2 = e * e / Real((k - 1) * (k - 1));
  const Real square = reference::clop_square_norm(k, e);
  const Real variance = (Real(4 * (k - 1)) * c2 + Real(2 * (k - 1) * (k - 2)) * c2 * c2) / Real(m);
  return sqrt(square) * (Real(1) - variance / (Real(2) * square * square));
}

void add_b(ClaimRegistry& registry) {
  Domain d;
  for (const auto& [k, m] : {std::pair{3, 6}, {3, 12}, {4, 12}, {10, 100}})
    d.shapes.push_back(Shape{{{"k", k}, {"m", m}}, {}});
  d.blocks = [](const Shape&) { return std::vector<Block>{eta_block()}; };
  Claim c = cl_claim(
      ClaimKind::step, "clop/theorem-1/proof/b", "Appendix D, display of B",
      "E||x_i^(1)|| <= B, B^2 = 1 + eta/(k-1) - 2 eta/k - 2 eta^2/(k(k-1)) + eta^2 k/(k-1)^2",
      Relation::less_or_equal, d,
      [](const Instance& i) {
        return Sides{least_expected_norm(i),
                     reference::clop_b(ClopChain::printed, i.integer("k"), i.scalar("eta"))};
      },
      "k = 3, m = 6, eta = 1: E||x_i^(1)||^2 = 3/2 with variance 3/8, hence E||x_i^(1)|| >= "
      "sqrt(3/2) 11/12 = 1.122, and B = sqrt(5)/2 = 1.118.");
  c.reading =
      "the uniform law on the sphere; the left side is a lower bound of E||x_i^(1)||, so a "
      "violation is one of the printed line";
  registry.add(c);
  c = cl_correction(
      "clop/theorem-1/proof/b/corrected", "clop/theorem-1/proof/b", "Appendix D, display of B",
      "E||x_i^(1)|| <= sqrt(1 + eta^2/(k-1))", Relation::less_or_equal, axes_laws(true),
      [](const Instance& i) {
        const Real e = i.scalar("eta");
        return Sides{expected_on_axes(i, [&](const Gram& x) { return sqrt(moved_square(x, e)); }),
                     reference::clop_b(ClopChain::corrected, i.integer("k"), e)};
      },
      "Jensen's inequality, with E||x_i^(1)||^2 = 1 + eta^2/(k-1).");
  c.reading = finite_law;
  registry.add(c);
}

void add_expected_mean(ClaimRegistry& registry) {
  Domain d;
  d.shapes = {Shape{{{"k", 3}, {"m", 3}}, {}}};
  d.blocks = [](const Shape& s) {
    return std::vector<Block>{
        number_block("eta", 0, clop_bound_quotient(ClopChain::printed, s.integer("k")))};
  };
  Claim c = cl_claim(
      ClaimKind::statement, "clop/theorem-1/non-increasing/finite-law", "Theorem 1",
      "setting epsilon = 0 guarantees a non-increasing mean: E||mu^(1)||^2 <= E||mu^(0)||^2",
      Relation::less_or_equal, d, [](const Instance& i) {
        const Real e = i.scalar("eta");
        return Sides{expected_on_axes(i, [&](const Gram& x) { return mean_step(x, e).after; }),
                     i.number(1, i.integer("k"))};
      });
  c.reading = std::string("in expectation, eta at most the quotient of Appendix D, ") + finite_law;
  registry.add(c);
}

}  // namespace

void add_cl_theorem_1_moments(ClaimRegistry& registry) {
  add_update(registry);
  add_moments(registry);
  add_covariances(registry);
  add_b(registry);
  add_expected_mean(registry);
}

}  // namespace assay::proofs
