// SPDX-License-Identifier: Apache-2.0
// Lemma 1 and Corollary 1 of HN on trial: verdicts, the filter on every machine, and two ways to
// every number.
#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/loss/info_nce.hpp"
#include "proofs-numeric/claims.hpp"
#include "proofs-numeric/subject/product_spaces.hpp"
#include "properties/engine/claim/chart.hpp"
#include "properties/engine/claim/check.hpp"

namespace assay::proofs {
namespace {

const Claim& claim(const char* id) {
  const Claim* c = all_claims().find(id);
  if (c == nullptr) throw std::logic_error(std::string("no claim ") + id);
  return *c;
}

/// What HN asks for without need: it gives p_H its meaning, the inequality does not use it.
constexpr const char* superfluous = "hard-negatives/corollary-1/without/eta-nonnegative";

TEST(HarrisClaims, HoldAndEveryPlantedOneIsRefuted) {
  const auto claims = all_claims().select({"hard-negatives/lemma-1", "hard-negatives/corollary-1"});
  for (const std::uint64_t seed : {1, 2}) {
    CheckOptions options;
    options.seed = seed;
    options.evaluations = 450;
    int planted = 0, unplanted = 0;
    for (const ClaimResult& r : check_claims(claims, options)) {
      const bool is_planted =
          r.claim->kind == ClaimKind::control || r.claim->kind == ClaimKind::strengthening;
      (is_planted ? planted : unplanted) += 1;
      const bool refuted = is_planted && r.claim->id != superfluous;
      EXPECT_EQ(r.verdict, refuted ? Verdict::refuted : Verdict::unrefuted)
          << r.claim->id << ", seed " << seed << " " << r.why;
    }
    EXPECT_EQ(unplanted, 9);
    EXPECT_EQ(planted, 20);
  }
}

TEST(HarrisClaims, WitnessesOfControlsAreTheSmallestThereAre) {
  const ClaimResult r = check_claim(claim("hard-negatives/lemma-1/without/g-rises"), {});
  ASSERT_FALSE(r.front.empty());
  const Instance& i = smallest(r.front).instance;
  EXPECT_EQ(i.integer("k"), 1);
  EXPECT_EQ(i.integer("n"), 2);
  EXPECT_LE(i.complexity()[1], 12) << i.text();
}

SpaceOptions options_of(HarrisLaw law, bool hardening) {
  SpaceOptions o;
  o.law = law;
  o.hardening = hardening;
  return o;
}

/// Calls with (options, id of the control) of every dropped hypothesis that is punished.
template <class Visit>
void for_each_control(Visit visit) {
  for (const bool hardening : {false, true}) {
    const std::string id =
        hardening ? "hard-negatives/corollary-1/without/" : "hard-negatives/lemma-1/without/";
    SpaceOptions o = options_of(HarrisLaw::iid, hardening);
    o.g_rises = false;
    visit(o, id + "g-rises");
    o.g_rises = true, o.h_rises = false;
    visit(o, id + (hardening ? "eta-rises" : "h-rises"));
    visit(options_of(HarrisLaw::joint, hardening), id + "iid");
  }
}

TEST(HarrisFilter, FindsWhatADroppedHypothesisAllows) {
  for_each_control([](const SpaceOptions& o, const std::string& id) {
    for (const std::uint64_t seed : {1, 2, 3}) {
      const Filtered f = harris_filter(o)(seed, 0, 9000);
      ASSERT_FALSE(f.worth.empty()) << id;
      EXPECT_LE(f.cases, 9000);
      for (const Instance& i : f.worth)
        EXPECT_EQ(try_instance(claim(id.c_str()), i).sign, Sign::violated) << id << i.text();
    }
  });
}

TEST(HarrisFilter, FindsNothingInsideTheHypotheses) {
  for (const HarrisLaw law : {HarrisLaw::iid, HarrisLaw::independent})
    for (const bool hardening : {false, true}) {
      const Filtered f = harris_filter(options_of(law, hardening))(4, 2, 27000);
      EXPECT_TRUE(f.worth.empty());
      EXPECT_EQ(f.cases, 27000);
    }
}

TEST(HarrisFilter, RoundsAndSeedsLookAtOtherCases) {
  SpaceOptions o;
  o.g_rises = false;
  const auto text = [&](std::uint64_t seed, std::uint64_t round) {
    return harris_filter(o)(seed, round, 9000).worth.front().text();
  };
  EXPECT_EQ(text(1, 0), text(1, 0));
  EXPECT_NE(text(1, 0), text(1, 1));
  EXPECT_NE(text(1, 0), text(2, 0));
}

TEST(HarrisFilter, IsTheSameOnEveryMachine) {
  std::vector<std::pair<std::string, HarrisEntry>> entries;
  for (const char* schedule : {"fair", "greedy-random:3"})
    entries.emplace_back(schedule,
                         [schedule](const kernels::HarrisBatch& b, kernels::HarrisSums* sums) {
                           kernels::harris_emulated(b, sums, schedule);
                         });
  if (kernels::cuda_unavailable_reason().empty())
    entries.emplace_back("cuda", kernels::harris_cuda);
  for_each_control([&](const SpaceOptions& o, const std::string& id) {
    const auto expected = harris_filter(o)(5, 0, 900);
    ASSERT_FALSE(expected.worth.empty()) << id;
    for (const auto& [name, entry] : entries) {
      const auto found = harris_filter(o, entry)(5, 0, 900);
      ASSERT_EQ(found.worth.size(), expected.worth.size()) << name << ' ' << id;
      EXPECT_EQ(found.cases, expected.cases);
      for (std::size_t n = 0; n < found.worth.size(); ++n)
        EXPECT_EQ(found.worth[n].text(), expected.worth[n].text()) << name << ' ' << id;
    }
  });
}

TEST(HarrisFilter, OneThatLiesRefutesNothing) {
  Claim c = claim("hard-negatives/lemma-1");
  int called = 0;
  c.filter = harris_filter({}, [&](const kernels::HarrisBatch& b, kernels::HarrisSums* sums) {
    ++called;
    kernels::harris_cpu(b, sums);
    for (std::int64_t i = 0; i < b.count; ++i) sums[i].order = kernels::HarrisOrder::less;
  });
  CheckOptions options;
  options.evaluations = 200;
  EXPECT_EQ(check_claim(c, options).verdict, Verdict::unrefuted);
  EXPECT_GT(called, 0);
}

/// Numbers that stay exact until a function of them is not rational.
Instance exact(const Instance& i) {
  return i.in(Arithmetic::enclosing(reference::engines().front(), 64));
}

/// Exact points of the domain whose laws are laws.
template <class Visit>
void for_each_point(const SpaceOptions& o, Visit visit) {
  const Domain domain = product_spaces(o);
  int visited = 0;
  for (const Shape& shape : domain.shapes) {
    const Chart chart(domain, shape);
    Random random(3, shape.text(), 0);
    for (int n = 0; n < (shape.integer("n") > 3 ? 3 : 12); ++n) {
      const auto i =
          chart.exact(chart.at(n % 2 ? chart.random(random) : chart.structured(random)), 1);
      if (!i || is_law(*i) != Truth::yes) continue;
      ++visited;
      visit(exact(*i));
    }
  }
  EXPECT_GT(visited, 40);
}

Real gap_of(const Sides& s) { return s.left - s.right; }

TEST(HarrisSides, EqualTheIntegersOfTheReferenceAndOfTheKernel) {
  int less_seen = 0, greater_seen = 0;
  for (const HarrisLaw law : {HarrisLaw::iid, HarrisLaw::independent, HarrisLaw::joint}) {
    SpaceOptions o = options_of(law, false);
    o.g_rises = false;
    for_each_point(o, [&](const Instance& i) {
      const Real gap = gap_of(claim("hard-negatives/lemma-1").evaluate(i));
      const reference::HarrisInstance q = harris_instance(i);
      EXPECT_EQ(gap.text(), reference::decide_lemma_1(q).gap().str()) << i.text();
      kernels::HarrisSums s;
      kernels::harris_cpu({q.axes, q.support, static_cast<kernels::HarrisLaw>(q.law), 1,
                           q.weights.data(), q.g.data(), q.h.data()},
                          &s);
      const int sign = gap.approximate() < 0 ? -1 : gap.approximate() > 0;
      EXPECT_EQ(static_cast<int>(s.order), sign) << i.text();
      less_seen += sign<0, greater_seen += sign> 0;
    });
  }
  EXPECT_GT(less_seen, 10);
  EXPECT_GT(greater_seen, 10);
}

TEST(HarrisSides, TheSecondWaysAgreeExactly) {
  const char* const ids[] = {"hard-negatives/lemma-1",
                             "hard-negatives/corollary-1",
                             "hard-negatives/corollary-1/p-h-sums-to-1",
                             "hard-negatives/corollary-1/proof/line-1",
                             "hard-negatives/corollary-1/proof/line-2",
                             "hard-negatives/corollary-1/proof/line-3"};
  for_each_point(options_of(HarrisLaw::iid, true), [&](const Instance& i) {
    if (gamma_is_positive(i) != Truth::yes) return;
    const ProductSpace s(i);
    EXPECT_TRUE(identical(s.mean(s.g), mean_by_arguments(i, s.g))) << i.text();
    for (const char* id : ids) {
      const Claim& c = claim(id);
      EXPECT_EQ(gap_of(c.evaluate(i)).text(), gap_of(c.second(i)).text()) << id << i.text();
    }
  });
  for_each_point(options_of(HarrisLaw::independent, false), [](const Instance& i) {
    const ProductSpace s(i);
    EXPECT_TRUE(identical(s.mean(s.g), mean_by_arguments(i, s.g))) << i.text();
  });
}

TEST(ProductSpaces, StepsNeverFallAndARisingTableIsItsOwnSteps) {
  for_each_point(options_of(HarrisLaw::iid, true), [](const Instance& i) {
    EXPECT_EQ(g_rises(i), Truth::yes);
    EXPECT_EQ(h_rises(i), Truth::yes);
    EXPECT_EQ(eta_is_nonnegative(i), Truth::yes);
    Instance again = i;
    again.blocks[1].values = ProductSpace(i).g;
    const ProductSpace s(again);
    for (std::size_t c = 0; c < s.g.size(); ++c)
      EXPECT_TRUE(identical(s.g[c], again.blocks[1].values[c]));
  });
}

TEST(ProductSpaces, NotEveryRisingFunctionIsASumOfRises) {
  // max(u_1, u_2) on {0, 1}^2 is reached, which sums of indicators of quadrants do not.
  const Domain domain = product_spaces({});
  Instance i{domain.shapes[1], domain.blocks(domain.shapes[1]), Arithmetic::plain()};
  ASSERT_EQ(i.shape.text(), "k=2, n=2");
  i.blocks[0].values = {1, 1};
  for (const std::size_t b : {1, 2}) i.blocks[b].values = {0, 1, 1, 1};
  EXPECT_EQ(violated_constraint(i, domain), "");
  const ProductSpace s(exact(i));
  EXPECT_EQ(s.mean(s.g).text(), "3/4");
}

TEST(ProductSpaces, HypothesesThatFailAreNamed) {
  const Claim& c = claim("hard-negatives/corollary-1/without/g-rises");
  const Shape& shape = c.domain.shapes.front();
  Instance i{shape, c.domain.blocks(shape), Arithmetic::plain()};
  const auto why = [&](std::vector<Real> w, std::vector<Real> eta) {
    i.blocks[0].values = std::move(w), i.blocks[1].values = {0, 1};
    i.blocks[2].values = std::move(eta);
    return try_instance(c, i).why;
  };
  EXPECT_EQ(why({1, 1}, {0, 1}), "");
  EXPECT_NE(why({1, 1}, {0, 0}).find("gamma in (0, infinity)"), std::string::npos);
  EXPECT_THROW(c.evaluate(i), reference::UndefinedLaw);
  EXPECT_NE(why({1, 0}, {0, 5}).find("gamma in (0, infinity)"), std::string::npos);
  EXPECT_NE(why({0, 0}, {1, 1}).find("does not satisfy"), std::string::npos);
  EXPECT_NE(why({1, 1}, {-1, 1}).find("not in [0, 16]"), std::string::npos);
}

}  // namespace
}  // namespace assay::proofs
