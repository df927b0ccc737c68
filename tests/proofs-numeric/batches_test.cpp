// SPDX-License-Identifier: Apache-2.0
// Batched losses against the losses of finite models, and the sums of HN Theorem 3 against each
// other.
#include "proofs-numeric/subject/batches.hpp"

#include <gtest/gtest.h>

#include "proofs-numeric/hard_negatives/theorem_3_stage.hpp"

namespace assay::proofs {
namespace {

Instance samples(const char* partition, int classes, const char* psi, std::vector<Real> f) {
  Block block;
  block.name = "f";
  block.kind = BlockKind::ball;
  block.dimensions = {static_cast<int>(f.size()), 1};
  block.values = std::move(f);
  return {{{{"C", classes}, {"d", 1}, {"k", 2}}, {{"batches", partition}, {"psi", psi}}},
          {block},
          Arithmetic::enclosing(reference::engines().front(), 128)};
}

Real fifth(int n) { return Real::ratio(n, 5); }

TEST(Batches, OneBalancedBatchIsTheFiniteModelWithUniformLaws) {
  for (const char* psi : {"hinge margin=1 over=sum", "max", "linear over=mean"}) {
    const Instance i =
        samples("112233", 3, psi, {fifth(5), fifth(-2), fifth(1), fifth(3), fifth(-4), fifth(2)});
    const Batches data = batches_of(i);
    FiniteModel m = reference::uniform_model(3, 2, 1);
    m.embeddings.assign(i.values("f").begin(), i.values("f").end());
    for (const Law law : {Law::scl, Law::ucl}) {
      const Real expected = expected_loss(m, law, loss_of(i), Hardening(), 2);
      EXPECT_EQ(batch_loss(i, data, data.everyone, law).text(), expected.text()) << psi;
    }
  }
}

TEST(Batches, AnUnbalancedBatchByHand) {
  // Batch 112 at 1, 0, -1: anchors 1 and 0 have positives {1, 0}, the only negative is -1.
  const Instance i = samples("112|122", 2, "linear over=mean",
                             {Real(1), Real(0), Real(-1), Real(0), Real(0), Real(0)});
  const Batches data = batches_of(i);
  // Anchor 1: -1 - 1/2; anchor 0: 0; anchor -1: (-1 + 0)/2 - 1.
  EXPECT_EQ(batch_loss(i, data, data.members[0]).text(), "-1");
  EXPECT_EQ(batched_loss(i, data, Weights::printed).text(), "-1/3");
  EXPECT_EQ(batched_loss(i, data, Weights::share).text(), "-1/2");
  EXPECT_EQ(mean_inner_product(data, data.members[0]).text(), "-1/2");
}

TEST(Batches, RejectsPartitionsThatTheSectionLeavesOut) {
  for (const char* text : {"11|22", "12|1", "112", "1x"})
    EXPECT_THROW(batches_of(samples(text, 2, "max", {Real(0), Real(0)})), std::invalid_argument)
        << text;
}

TEST(Batches, KnowsCollapse) {
  const char* const psi = "max";
  const auto at = [&](int a, int b, int c, int d) {
    return batches_of(samples("12|12", 2, psi, {Real(a), Real(b), Real(c), Real(d)}));
  };
  EXPECT_EQ(exhibits_collapse(at(1, -1, 1, -1)), Truth::yes);
  EXPECT_EQ(exhibits_collapse(at(1, -1, -1, 1)), Truth::no);
  EXPECT_EQ(exhibits_collapse_in_batches(at(1, -1, -1, 1)), Truth::yes);
  EXPECT_EQ(exhibits_collapse_in_batches(at(1, -1, 1, 0)), Truth::no);
}

TEST(Theorem3, BoundByLabelsAndByCollisions) {
  Instance i{{{{"C", 3}, {"k", 3}}, {{"psi", "hinge margin=5/4 over=max"}}},
             {},
             Arithmetic::enclosing(reference::engines().front(), 128)};
  const Real bound = theorem_3_bound(i);
  EXPECT_EQ(bound.text(), over_scaled_collisions(i, simplex_argument(i)).text());
  // 5/4 unless all three differ, which leaves 0: 5/4 (1 - (2/3)^3).
  EXPECT_EQ(bound.text(), "95/108");
}

TEST(Theorem3, ModelsAtCollapseAreModels) {
  const Domain d = at_collapse(theorem_3_collapse());
  for (const Shape& shape : d.shapes) {
    Instance i{shape, d.blocks(shape), Arithmetic::enclosing(reference::engines().front(), 128)};
    for (Block& b : i.blocks) {
      b.values.assign(b.size(), Real(0));
      for (std::size_t n = 0; n < b.size(); n += b.group()) b.values[n] = Real(1);
    }
    const FiniteModel m = collapse_of(i);
    EXPECT_NO_THROW(check(m));
    EXPECT_EQ(exhibits_collapse(m), Truth::yes);
    EXPECT_EQ(is_conditionally_independent(m), Truth::yes);
  }
}

}  // namespace
}  // namespace assay::proofs
