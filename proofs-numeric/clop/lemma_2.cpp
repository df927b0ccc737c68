// SPDX-License-Identifier: Apache-2.0
// CLOP, Lemma 2 and its sketch in Section 3.2.
#include "proofs-numeric/clop/lemma_2.hpp"

#include "proofs-numeric/clop/clop.hpp"
#include "reference/bound/clop_lemmas.hpp"

namespace assay::proofs {
namespace {

/// What the total cosine similarity of X exceeds its least value over the last vector by:
/// 2 (s.x_k + ||s||), s the sum of the others. With the other sign, what the printed (3) does.
Real above_least(const Gram& x, int sign) {
  const Real with_last = sum_of_others_with_last(x);
  const Real square = x.squared_sum() - Real(2) * with_last - Real(1);
  return Real(2) * (Real(sign) * with_last + sqrt(max(square, 0)));
}

void add_statement(ClaimRegistry& registry) {
  struct Version {
    const char *id, *reading;
    int sign;
  };
  const std::vector<Version> versions = {
      {"clop/lemma-2/as-printed",
       "(3) as printed, with its minus sign; an x_k that is independent of the others is not "
       "optimal",
       -1},
      {"clop/lemma-2/total-similarity",
       "the total cosine similarity, (3) without its minus sign; an x_k that is independent of the "
       "others is not optimal",
       1},
  };
  for (const Version& v : versions) {
    Claim c =
        cl_claim(ClaimKind::statement, v.id, "Lemma 2",
                 "the optimal arrangement of the additional x_k that minimises L_class, given k-1 "
                 "linearly independent unit vectors, is linearly dependent on them",
                 Relation::greater, one_added(lemma_2_sizes()), [sign = v.sign](const Instance& i) {
                   return Sides{above_least(Gram(i), sign), 0};
                 });
    c.reading = v.reading;
    c.hypotheses = {others_independent(one_added({{3, 3}, {3, 4}})),
                    added_independent(),
                    {"m >= k",
                     "dimension",
                     {},
                     {},
                     "with m = k - 1 every x_k is dependent: the conclusion holds by itself"}};
    registry.add(c);
  }
  registry.add(
      cl_claim(ClaimKind::statement, "clop/lemma-2/optimal-movement", "Section 3.2, before Lemma 2",
               "the optimal movement of an individual class embedding is to align itself within "
               "the subspace "
               "of the others: at x_k = -s/||s|| (s their sum, ||s|| its norm) the total is "
               "T_others - 2||s||, "
               "and no x_k is below",
               Relation::greater_or_equal, one_added(lemma_2_sizes()), [](const Instance& i) {
                 const Gram x(i);
                 reference::Vectors others;
                 const auto values = i.values("X");
                 const std::size_t m = static_cast<std::size_t>(i.integer("m"));
                 const Real scale = sqrt(i.block("X").squared_scale);
                 for (int n = 0; n + 1 < x.size(); ++n) {
                   others.emplace_back();
                   for (std::size_t a = 0; a < m; ++a)
                     others.back().push_back(scale * values[static_cast<std::size_t>(n) * m + a]);
                 }
                 return Sides{x.total(), reference::clop_placement(i.arithmetic, others).least};
               }));
}

void add_sketch(ClaimRegistry& registry) {
  constexpr const char* place = "Section 3.2, after Lemma 2";
  constexpr const char* statement =
      "L_class(X) > L_class(X'), X' with x_k replaced by its normalised projection on the span of "
      "the others";
  // T(X) - T(X') = 2 (s.x_k)(1 - 1/||p||), times ||p|| and the root of the Gram determinant
  const auto gain = [](const Instance& i, int sign) {
    const Gram x(i);
    const Projection p = projection_of_last(x);
    const Real along = sum_of_others_with_last(x);
    return Real(2 * sign) * along * (sqrt(max(p.inside, 0)) - sqrt(max(p.whole, 0)));
  };
  const auto sides = [=](int sign) {
    return [=](const Instance& i) { return Sides{gain(i, sign), 0}; };
  };
  Claim c =
      cl_claim(ClaimKind::statement, "clop/section-3-2/projection/as-printed", place, statement,
               Relation::greater, one_added(lemma_2_sizes()), sides(-1),
               "(3) has the product s.x_k with a minus sign, and the projection, longer after "
               "normalisation, multiplies it by 1/||p|| > 1: where s.x_k < 0, (3) rises.");
  c.reading = "(3) as printed, with its minus sign";
  c.hypotheses = {others_independent(), added_independent(), has_projection()};
  registry.add(c);
  c.id = "clop/section-3-2/projection/total-similarity";
  c.evaluate = sides(1);
  c.reading = "the total cosine similarity, (3) without its minus sign";
  c.remark =
      "x_1 = e_1, x_2 = (3/5, 4/5, 0) replaced by its projection e_1: the product grows from 3/5 "
      "to "
      "1. It falls only where s.x_k < 0.";
  registry.add(c);
  c = cl_correction(
      "clop/section-3-2/projection/with-sign", "clop/section-3-2/projection/total-similarity",
      place,
      "the total cosine similarity falls, or stays where s.x_k = 0, when x_k is replaced "
      "by minus or plus its normalised projection, whichever has the smaller product "
      "with s",
      Relation::greater_or_equal, one_added(lemma_2_sizes()), [](const Instance& i) {
        const Gram x(i);
        const Real along = sum_of_others_with_last(x);
        const Projection p = projection_of_last(x);
        // s.x_k >= -|s.x_k|/||p||, times ||p|| and the root of the determinant
        return Sides{along * sqrt(max(p.inside, 0)), -abs(along) * sqrt(max(p.whole, 0))};
      });
  c.hypotheses = {others_independent(), has_projection()};
  registry.add(c);
}

}  // namespace

void add_cl_lemma_2(ClaimRegistry& registry) {
  add_statement(registry);
  add_sketch(registry);
}

}  // namespace assay::proofs
