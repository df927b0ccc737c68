// SPDX-License-Identifier: Apache-2.0
// CLOP, Section 3.2 and Figure 1: the three arrangements and their losses.
#include "proofs-numeric/clop/clop.hpp"
#include "proofs-numeric/subject/vectors.hpp"
#include "reference/bound/clop_lemmas.hpp"

namespace assay::proofs {
namespace {

const std::vector<VectorSize> sizes = {{2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 6}};
const std::vector<int> counts = {2, 3, 4, 5, 6, 8, 12, 30};
const std::vector<int> even = {2, 4, 6, 8, 12, 30};

using GramOf = Gram (*)(int);
using ValueOf = Real (*)(long long);

Evaluate value_at(GramOf gram, int sign) {
  return [=](const Instance& i) {
    const int k = i.integer("k");
    return Sides{i.arithmetic(Real(sign) * gram(k).total()), -i.number(k)};
  };
}

/// The same by the closed form of the reference.
Evaluate second_value(ValueOf value, int sign) {
  return [=](const Instance& i) {
    const int k = i.integer("k");
    return Sides{i.arithmetic(Real(sign) * value(k)), -i.number(k)};
  };
}

void add_values(ClaimRegistry& registry) {
  struct Arrangement {
    const char *printed, *corrected, *statement, *corrected_statement;
    GramOf gram;
    ValueOf value;
    const std::vector<int>& k;
    const char* remark;
  };
  const std::vector<Arrangement> arrangements = {
      {"clop/section-3-2/simplex-value/as-printed", "clop/section-3-2/simplex-value/without-minus",
       "the simplex ETF achieves the value -k of L_class",
       "the simplex ETF has total cosine similarity -k", simplex_gram, reference::clop_total_at_etf,
       counts, "k = 2: x_2 = -x_1, (3) is -(2 (-1)) = +2."},
      {"clop/section-3-2/inverted-groups-value/as-printed",
       "clop/section-3-2/inverted-groups-value/without-minus",
       "the inverted groups achieve the value -k of L_class",
       "the inverted groups have total cosine similarity -k", inverted_groups_gram,
       reference::clop_total_at_inverted_groups, even, "k = 2: x_2 = -x_1, (3) is -(2 (-1)) = +2."},
  };
  for (const Arrangement& a : arrangements) {
    Claim c = cl_claim(ClaimKind::statement, a.printed, "Section 3.2", a.statement, Relation::equal,
                       integers("k", a.k), value_at(a.gram, -1), a.remark);
    c.second = second_value(a.value, -1);
    c.reading = "(3) as printed, with its minus sign";
    registry.add(c);
    c = cl_correction(a.corrected, a.printed, "Section 3.2", a.corrected_statement, Relation::equal,
                      integers("k", a.k), value_at(a.gram, 1));
    c.second = second_value(a.value, 1);
    c.reading = "(3) without the minus sign";
    registry.add(c);
  }
}

void add_optimality(ClaimRegistry& registry) {
  constexpr const char* id = "clop/section-3-2/optimal-value/as-printed";
  Claim c = cl_claim(
      ClaimKind::statement, id, "Section 3.2", "the optimal value of L_class is -k",
      Relation::greater_or_equal, unit_vectors(sizes),
      [](const Instance& i) {
        const Gram x(i);
        return Sides{-x.total(), -Real(x.size())};
      },
      "k = 3, all x_i equal: (3) is -6 < -3. As printed, (3) is least at complete collapse.");
  c.reading = "the least value of (3) as printed, with its minus sign";
  registry.add(c);
  c = cl_correction(
      "clop/section-3-2/optimal-value/without-minus", id, "Section 3.2",
      "the total cosine similarity of k unit vectors is at least -k", Relation::greater_or_equal,
      unit_vectors(sizes),
      [](const Instance& i) {
        const Gram x(i);
        return Sides{x.total(), -Real(x.size())};
      },
      "It is ||sum x_i||^2 - k.");
  c.equality = {"simplex", "inverted groups"};
  registry.add(c);
  c = cl_claim(ClaimKind::statement, "clop/section-3-2/printed-optimum", "Section 3.1, (3)",
               "L_class is least, -k(k-1), where all class embeddings are equal",
               Relation::greater_or_equal, unit_vectors(sizes), [](const Instance& i) {
                 const Gram x(i);
                 return Sides{-x.total(), -reference::clop_total_at_equal(x.size())};
               });
  c.reading = "what minimising (3) as printed would give: complete collapse";
  c.equality = {"equal"};
  registry.add(c);
  registry.add(cl_claim(ClaimKind::statement, "clop/section-3-2/zero-mean", "Section 3.2",
                        "a local optimum is reached by forming a zero-mean subspace: the total "
                        "cosine similarity is -k + ||sum x_i||^2",
                        Relation::equal, unit_vectors(sizes), [](const Instance& i) {
                          const Gram x(i);
                          return Sides{x.total(), x.squared_sum() - Real(x.size())};
                        }));
}

/// (1) at a reference arrangement of merged classes against (1) at X.
Evaluate merged_at_most(Gram (*arrangement)(int)) {
  return [=](const Instance& i) {
    const Gram x(i);
    const Real& tau = i.scalar("tau");
    Gram best = arrangement(x.size());
    std::vector<Real> products;
    for (int a = 0; a < x.size(); ++a)
      for (int b = 0; b < x.size(); ++b) products.push_back(i.arithmetic(best(a, b)));
    return Sides{merged_info_nce(Gram(x.size(), products), tau), merged_info_nce(x, tau)};
  };
}

Gram co_linear(int k) {
  std::vector<Real> g;
  for (int i = 0; i < k; ++i)
    for (int j = 0; j < k; ++j) g.push_back((i + j) % 2 ? -1 : 1);
  return {k, g};
}

void add_global(ClaimRegistry& registry) {
  const std::vector<VectorSize> few = {{2, 2}, {3, 3}, {4, 4}};
  Claim c =
      cl_claim(ClaimKind::statement, "clop/figure-1/simplex-optimal", "Figure 1",
               "for InfoNCE, global optima are reached when the samples of a class are merged "
               "and the class arrangement is ETF (A)",
               Relation::less_or_equal, paired_embeddings(few), merged_at_most(simplex_gram));
  c.reading = "one pair per class, among merged arrangements";
  c.equality = {"simplex"};
  registry.add(c);
  constexpr const char* id = "clop/figure-1/co-linear-optimal";
  c = cl_claim(
      ClaimKind::statement, id, "Figure 1",
      "global optima are reached when the samples of a class are merged, whether the class "
      "arrangement is ETF (A) or co-linear (B)",
      Relation::less_or_equal, paired_embeddings(few), merged_at_most(co_linear),
      "Three classes on a line: two of them coincide, and the ETF has a smaller loss.");
  c.reading = "co-linear: classes at e and -e in turn";
  registry.add(c);
  constexpr const char* groups_id = "clop/section-3-2/inverted-groups-optimal";
  c = cl_claim(ClaimKind::statement, groups_id, "Section 3.2",
               "inverted groups achieve the optimal value of the InfoNCE-equivalent L_class",
               Relation::less_or_equal, paired_embeddings({{2, 2}, {4, 4}}),
               merged_at_most(inverted_groups_gram),
               "k = 4: the ETF has all similarities at their mean -1/3 and a smaller (1).");
  c.reading = "(1) itself, one pair per class: L_class is not equivalent to it";
  registry.add(c);
  c = cl_correction("clop/figure-1/simplex-all", id, "Figure 1; Section 3.2",
                    "the ETF has the least (1) of all embeddings in pairs, merged or not",
                    Relation::less_or_equal, paired_embeddings({{4, 2}, {4, 4}, {6, 3}}),
                    [](const Instance& i) {
                      const Gram z(i);
                      const int k = z.size() / 2;
                      const Real& tau = i.scalar("tau");
                      const Real t = i.number(-1, k - 1) - 1;
                      return Sides{Real(2 * k) * log(Real(1) + Real(2 * (k - 1)) * exp(t / tau)),
                                   info_nce(z, tau)};
                    });
  c.equality = {"antipodal pairs"};
  registry.add(c);
}

void add_geometry(ClaimRegistry& registry) {
  registry.add(cl_claim(
      ClaimKind::statement, "clop/section-3-2/simplex-equidistant", "Section 3.2",
      "the ETF arranges the vectors on a hyperplane, equidistant from each other: "
      "squared distance 2k/(k-1)",
      Relation::equal, integers("k", counts), [](const Instance& i) {
        const int k = i.integer("k");
        const Gram g = simplex_gram(k);
        return Sides{i.arithmetic(g(0, 0) + g(1, 1) - Real(2) * g(0, 1)), i.number(2 * k, k - 1)};
      }));
  Domain equiangular = integers("k", {2, 3, 4, 5, 10});
  equiangular.blocks = [](const Shape& s) {
    return std::vector<Block>{number_block("rho", Real::ratio(-1, s.integer("k") - 1), 1)};
  };
  constexpr const char* id = "clop/section-3-2/equidistant-on-hyperplane";
  Claim c = cl_claim(
      ClaimKind::statement, id, "Section 3.2",
      "vectors on a hyperplane, all equidistant, are the ETF: total cosine "
      "similarity -k",
      Relation::equal, equiangular,
      [](const Instance& i) {
        const int k = i.integer("k");
        return Sides{Real(k * (k - 1)) * i.scalar("rho"), -i.number(k)};
      },
      "Orthonormal vectors are equidistant and lie on the hyperplane sum x_i = 1.");
  c.reading =
      "unit vectors at a common inner product rho; any k points lie on an affine hyperplane";
  registry.add(c);
  equiangular.shapes.pop_back();  // determinants by cofactors: small k
  registry.add(cl_correction(
      "clop/section-3-2/equidistant-on-hyperplane/through-0", id, "Section 3.2",
      "unit vectors at a common inner product rho have the Gram determinant (1-rho)^(k-1) "
      "(1+(k-1) rho): distinct ones on a hyperplane through 0 of their span are the ETF",
      Relation::equal, equiangular,
      [](const Instance& i) {
        const int k = i.integer("k");
        const Real& rho = i.scalar("rho");
        std::vector<Real> g;
        for (int n = 0; n < k * k; ++n) g.push_back(n / k == n % k ? i.number(1) : rho);
        return Sides{Gram(k, g).determinant(k), pow(1 - rho, k - 1) * (1 + Real(k - 1) * rho)};
      },
      "It is 0 only for rho = 1 and rho = -1/(k-1)."));
  // The default strengthening moves by 1/1000; these determinants are not near equality.
  const auto than_one = [](const Evaluate& evaluate) {
    return [evaluate](const Instance& i) { return Sides{evaluate(i).left, 1}; };
  };
  c = cl_claim(ClaimKind::statement, "clop/figure-1/full-rank", "Figure 1; Section 1",
               "orthogonal prototypes occupy the full-rank space, the ETF a hyperplane of it",
               Relation::greater, integers("k", {2, 3, 4, 5, 6}), [](const Instance& i) {
                 const int k = i.integer("k");
                 std::vector<Real> identity;
                 for (int n = 0; n < k * k; ++n) identity.push_back(n / k == n % k);
                 return Sides{i.arithmetic(Gram(k, identity).determinant(k)),
                              i.arithmetic(abs(simplex_gram(k).determinant(k)))};
               });
  c.strengthened = than_one(c.evaluate);
  registry.add(c);
  c = cl_claim(ClaimKind::statement, "clop/section-3-2/simplex-rank", "Section 3.2, Figure 4",
               "a zero-mean subspace of rank k - 1: any k - 1 of the ETF's vectors are independent",
               Relation::greater, integers("k", {2, 3, 4, 5, 6}), [](const Instance& i) {
                 const int k = i.integer("k");
                 return Sides{i.arithmetic(simplex_gram(k).determinant(k - 1)), 0};
               });
  c.strengthened = than_one(c.evaluate);
  registry.add(c);
  registry.add(
      cl_claim(ClaimKind::statement, "clop/section-3-2/inverted-groups-sum", "Section 3.2",
               "inverted groups: pairs in opposite directions, orthogonal to the other "
               "groups; their sum is 0",
               Relation::equal, integers("k", even), [](const Instance& i) {
                 return Sides{i.arithmetic(inverted_groups_gram(i.integer("k")).squared_sum()), 0};
               }));
  registry.add(cl_unavailable(
      "clop/section-3-2/gradient-descent-rank", "Section 3.2, Figure 4",
      "gradient descent consistently converges to a subspace of rank k - 1, where the pairwise "
      "similarities vary significantly",
      "needs the runs of Figure 4: random starts, step size and number of steps are not printed"));
}

}  // namespace

void add_cl_section_3_arrangements(ClaimRegistry& registry) {
  add_values(registry);
  add_optimality(registry);
  add_global(registry);
  add_geometry(registry);
}

}  // namespace assay::proofs
