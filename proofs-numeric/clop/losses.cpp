// SPDX-License-Identifier: Apache-2.0
// CLOP, the losses: InfoNCE (1), the class loss (3), the CLOP loss (4) with its prototypes.
#include "proofs-numeric/clop/clop.hpp"
#include "proofs-numeric/subject/vectors.hpp"
#include "reference/bound/clop_lemmas.hpp"
#include "reference/model/loss_function.hpp"

namespace assay::proofs {
namespace {

const std::vector<VectorSize> pairs = {{4, 2}, {4, 4}, {6, 3}};
const std::vector<VectorSize> classes = {{2, 2}, {3, 3}, {4, 4}};

std::size_t at(int i) { return static_cast<std::size_t>(i); }

/// (1) as a sum of log(1 + sum over negatives exp((z_i.z_a - z_i.z_j)/tau)).
Real info_nce_by_differences(const Gram& z, const Real& tau, int i) {
  Real negatives = 0;
  for (int a = 0; a < z.size(); ++a)
    if (a != i && a != (i ^ 1)) negatives += exp((z(i, a) - z(i, i ^ 1)) / tau);
  return log(Real(1) + negatives);
}

void add_info_nce(ClaimRegistry& registry) {
  Claim c = cl_claim(ClaimKind::statement, "clop/section-2-1/info-nce", "Section 2.1, (1)",
                     "L_infoNCE = -sum_i log(exp(z_i.z_j(i)/tau) / sum_(a != i) exp(z_i.z_a/tau))",
                     Relation::equal, paired_embeddings(pairs), [](const Instance& i) {
                       const Gram z(i);
                       const Real& tau = i.scalar("tau");
                       Real loss = 0;
                       for (int n = 0; n < z.size(); ++n)
                         loss += info_nce_by_differences(z, tau, n);
                       return Sides{info_nce(z, tau), loss};
                     });
  c.equations = {"(1)"};
  c.reading = "it is the sum of log(1 + sum over the negatives of exp((z_i.z_a - z_i.z_j(i))/tau))";
  registry.add(c);
  registry.add(cl_claim(ClaimKind::statement, "clop/section-2-1/info-nce/positive",
                        "Section 2.1, (1)", "every term of (1) is positive", Relation::greater,
                        paired_embeddings(pairs), [](const Instance& i) {
                          const Gram z(i);
                          Real least = info_nce_by_differences(z, i.scalar("tau"), 0);
                          for (int n = 1; n < z.size(); ++n)
                            least = min(least, info_nce_by_differences(z, i.scalar("tau"), n));
                          return Sides{least, 0};
                        }));
  c = cl_claim(
      ClaimKind::statement, "clop/section-2-1/info-nce/hard-negatives", "Section 2.1, (1), and HN",
      "term i of (1) is HN's InfoNCE, psi_k(t) = log(alpha + sum exp(t_i)) with alpha = 1 "
      "and temperature tau, at the |I|-2 negatives",
      Relation::equal,
      [] {
        Domain d = unit_vectors(pairs);
        const std::vector<Shape> shapes = d.shapes;
        d.shapes.clear();
        for (const Shape& s : shapes)
          for (const char* tau : {"1", "1/2"}) d.shapes.push_back(s.with("tau", tau));
        return d;
      }(),
      [](const Instance& i) {
        const Gram z(i);
        const std::string& tau = i.choice("tau");
        const reference::LossFunction psi =
            reference::LossFunction::parse("info-nce alpha=1 weight=1 temperature=" + tau);
        std::vector<Real> t;
        for (int a = 2; a < z.size(); ++a) t.push_back(z(0, a) - z(0, 1));
        const Real temperature = i.arithmetic(Real::parse(tau));
        Real all = 0;
        for (int a = 1; a < z.size(); ++a) all += exp(z(0, a) / temperature);
        return Sides{-log(exp(z(0, 1) / temperature) / all), psi(t)};
      });
  c.reading = "the two papers' losses differ by summing instead of averaging over i";
  registry.add(c);
  c = cl_claim(
      ClaimKind::statement, "clop/section-3-1/compared-with-each-other",
      "Section 3.1, after Lemma 1",
      "the embeddings are only compared against each other: the loss does not change under "
      "a reflection of all of them",
      Relation::equal,
      unit_vectors({{4, 3}, {6, 3}},
                   [](const Shape& s) {
                     Block v = number_block("v", -1, 1);
                     v.kind = BlockKind::sphere;
                     v.dimensions = {s.integer("m")};
                     return std::vector<Block>{v, temperature_block()};
                   }),
      [](const Instance& i) {
        Instance mirrored = i;
        const auto v = i.values("v");
        std::vector<Real>& x = mirrored.blocks[0].values;
        for (std::size_t n = 0; n < x.size(); n += v.size()) {
          const Real along = Real(2) * dot(std::span(x).subspan(n, v.size()), v);
          for (std::size_t at = 0; at < v.size(); ++at) x[n + at] -= along * v[at];
        }
        return Sides{info_nce(Gram(mirrored), i.scalar("tau")), info_nce(Gram(i), i.scalar("tau"))};
      });
  registry.add(c);
}

/// Two arrangements of k class embeddings.
Domain two_arrangements() {
  return unit_vectors({{3, 2}, {3, 3}, {4, 2}}, [](const Shape& s) {
    Block y = number_block("Y", -1, 1);
    y.kind = BlockKind::sphere;
    y.dimensions = {s.integer("k"), s.integer("m")};
    return std::vector<Block>{y, temperature_block()};
  });
}

void add_class_loss(ClaimRegistry& registry) {
  const auto same_order = [](int sign) {
    return [sign](const Instance& i) {
      const Gram x(i), y(i, "Y");
      const Real& tau = i.scalar("tau");
      return Sides{Real(sign) * (x.total() - y.total()) *
                       (merged_info_nce(x, tau) - merged_info_nce(y, tau)),
                   0};
    };
  };
  const Domain d = two_arrangements();
  constexpr const char* simplified =
      "assuming that the samples of each class are collapsed into a class embedding, (1) can be "
      "simplified to L_class(X) = -sum_(i != j) [X^T X]_ij";
  Claim c =
      cl_claim(ClaimKind::statement, "clop/section-3-1/simplified/as-printed", "Section 3.1, (3)",
               simplified, Relation::greater_or_equal, d, same_order(-1),
               "Pulling two classes apart lowers (1) and raises (3): the minus sign is wrong.");
  c.equations = {"(3)"};
  c.reading = "(1) and (3) order arrangements alike, one pair per class";
  registry.add(c);
  c = cl_claim(ClaimKind::statement, "clop/section-3-1/simplified/without-minus",
               "Section 3.1, (3)", simplified, Relation::greater_or_equal, d, same_order(1),
               "(1) is no function of the total cosine similarity: inverted groups have the total "
               "of the ETF and a larger (1).");
  c.equations = {"(3)"};
  c.reading = "without the minus sign, (1) and (3) order arrangements alike, one pair per class";
  registry.add(c);
  c = cl_claim(
      ClaimKind::statement, "clop/section-3-1/simplified/same-value", "Section 3.1, (3)",
      simplified, Relation::equal, integers("k", {2, 4, 6}),
      [](const Instance& i) {
        const int k = i.integer("k");
        const auto at_one = [&](const Gram& g) {
          std::vector<Real> products;
          for (int n = 0; n < k * k; ++n) products.push_back(i.arithmetic(g(n / k, n % k)));
          return merged_info_nce(Gram(k, products), i.number(1));
        };
        return Sides{at_one(inverted_groups_gram(k)), at_one(simplex_gram(k))};
      },
      "k = 4: both have the total cosine similarity -4; the similarities of the ETF are all "
      "-1/3, those of the inverted groups -1, 0 and 0, which exp does not average alike.");
  c.reading = "arrangements of one (3), ETF and inverted groups, have one (1); tau = 1";
  registry.add(c);
  c = cl_correction(
      "clop/section-3-1/simplified/bound", "clop/section-3-1/simplified/without-minus",
      "Section 3.1, (3)",
      "with one pair per class, (1) >= 2k log(1 + 2(k-1) exp((T/(k(k-1)) - 1)/tau)), T the total "
      "cosine similarity, with equality at the ETF",
      Relation::greater_or_equal, paired_embeddings(classes), [](const Instance& i) {
        const Gram x(i);
        const int k = x.size();
        const Real& tau = i.scalar("tau");
        const Real mean = x.total() / Real(k * (k - 1));
        return Sides{merged_info_nce(x, tau),
                     Real(2 * k) * log(Real(1) + Real(2 * (k - 1)) * exp((mean - 1) / tau))};
      });
  c.equality = {"simplex", "orthonormal", "equal"};
  registry.add(c);
  constexpr const char* sum_id = "clop/appendix-e/sum-of-similarities";
  const auto sides = [](int sign) {
    return [sign](const Instance& i) {
      const Gram x(i);
      return Sides{Real(-1) * x.total(), Real(sign) * (x.squared_sum() - Real(x.size()))};
    };
  };
  registry.add(cl_claim(ClaimKind::statement, sum_id, "Appendix E; Section 3",
                        "the loss (3) is the sum of pairwise cosine similarities, the total class "
                        "cosine similarity",
                        Relation::equal, unit_vectors(classes), sides(1),
                        "k = 2, x_1 = x_2: (3) is -2, the sum of cosine similarities 2."));
  registry.add(cl_correction("clop/appendix-e/sum-of-similarities/corrected", sum_id,
                             "Appendix E; Section 3", "the loss (3) is minus that sum",
                             Relation::equal, unit_vectors(classes), sides(-1)));
  // (3) falls along minus its gradient, +2 sum over the others; the update goes the other way.
  const auto descent = [](int sign) {
    return [sign](const Instance& i) {
      const Gram x(i);
      const Real others = x.squared_sum() - Real(2) * x.with_sum(0) + Real(1);
      const Real step = -i.scalar("eta") / Real(x.size() - 1);  // times the sum of the others
      return Sides{Real(sign) * Real(-2) * step * others, 0};
    };
  };
  const auto rated = [] {
    return unit_vectors(classes,
                        [](const Shape&) { return std::vector<Block>{number_block("eta", 0, 2)}; });
  };
  constexpr const char* gradient_id = "clop/section-3-1/gradient-descent";
  registry.add(cl_claim(
      ClaimKind::statement, gradient_id, "Section 3.1; Appendix D, update rule",
      "the update of Appendix D is a step of gradient descent on L_class (3): its product with "
      "-gradient is not negative",
      Relation::greater_or_equal, rated(), descent(-1),
      "-gradient of (3) is +2 (sum of the other points), the update goes to minus that sum."));
  registry.add(cl_correction("clop/section-3-1/gradient-descent/corrected", gradient_id,
                             "Section 3.1; Appendix D, update rule",
                             "it is one on (3) without the minus sign", Relation::greater_or_equal,
                             rated(), descent(1)));
}

/// Two samples, each with its prototype; lambda >= 0.
Domain labelled() {
  return unit_vectors({{4, 2}, {4, 3}}, [](const Shape&) {
    return std::vector<Block>{number_block("lambda", 0, 2), temperature_block()};
  });
}

void add_clop_loss(ClaimRegistry& registry) {
  Claim c = cl_claim(ClaimKind::statement, "clop/section-4/clop-loss", "Section 4, (4)",
                     "L_CLOP = L_CL + lambda sum_i (1 - s(z_i, c_y_i)) >= L_CL",
                     Relation::greater_or_equal, labelled(), [](const Instance& i) {
                       const Gram z(i);  // pairs of sample and prototype
                       const Real term = (1 - z(0, 1)) + (1 - z(2, 3));
                       const Real base = info_nce(z, i.scalar("tau"));
                       return Sides{base + i.scalar("lambda") * term, base};
                     });
  c.equations = {"(4)"};
  c.reading = "cosine similarity, lambda >= 0; two labelled samples";
  c.equality = {"pairs"};
  registry.add(c);
  registry.add(cl_claim(
      ClaimKind::statement, "clop/section-4/aligned", "Section 4, after (4)",
      "the loss aligns embeddings with their prototypes: 1 - s(z, c) = ||z - c||^2/2, 0 only if "
      "z = c",
      Relation::equal, unit_vectors({{2, 2}, {2, 3}, {2, 4}}), [](const Instance& i) {
        const auto x = i.values("X");
        const std::size_t m = at(i.integer("m"));
        Real square = 0;
        for (std::size_t a = 0; a < m; ++a) square += (x[a] - x[m + a]) * (x[a] - x[m + a]);
        return Sides{1 - Gram(i)(0, 1), i.block("X").squared_scale * square / Real(2)};
      }));
  Domain shapes;
  for (const auto& [k, m] : {std::pair{2, 2}, {2, 3}, {3, 2}, {3, 3}, {4, 8}, {100, 128}})
    shapes.shapes.push_back(Shape{{{"k", k}, {"m", m}}, {}});
  shapes.blocks = [](const Shape&) { return std::vector<Block>{}; };
  c = cl_claim(
      ClaimKind::statement, "clop/section-4/prototypes", "Section 4, before (4)",
      "k prototypes, one per class, in an m'-dimensional space, each a unit vector "
      "orthogonal to all others",
      Relation::less_or_equal, shapes,
      [](const Instance& i) {
        const int k = i.integer("k"), m = i.integer("m");
        return Sides{max(i.number(k * k, m) - i.number(k), 0), i.number(0)};
      },
      "Three vectors of the plane are not orthogonal; k <= m' is needed and not stated.");
  c.reading =
      "for every k and m': the least possible sum over i != j of (c_i.c_j)^2, which is at "
      "least k^2/m' - k (Welch), is 0";
  registry.add(c);
  registry.add(cl_correction(
      "clop/section-4/prototypes/welch", "clop/section-4/prototypes", "Section 4, before (4)",
      "sum over i != j of (c_i.c_j)^2 >= k^2/m' - k for all unit vectors, so that k <= m'",
      Relation::greater_or_equal, unit_vectors({{2, 2}, {3, 2}, {3, 3}, {4, 2}, {4, 3}}),
      [](const Instance& i) {
        const Gram products(i);
        const int k = products.size();
        Real squares = 0;
        for (int a = 0; a < k; ++a)
          for (int b = 0; b < k; ++b)
            if (a != b) squares += products(a, b) * products(a, b);
        return Sides{squares, i.number(k * k, i.integer("m")) - k};
      }));
}

}  // namespace

void add_cl_losses(ClaimRegistry& registry) {
  add_info_nce(registry);
  add_class_loss(registry);
  add_clop_loss(registry);
}

}  // namespace assay::proofs
