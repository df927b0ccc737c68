// SPDX-License-Identifier: Apache-2.0
// Claims on trial: verdicts on statements whose truth is known, exactness, confirmation, planted
// claims, witnesses and corpora.
#include "properties/engine/claim/claim.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "properties/engine/claim/chart.hpp"
#include "properties/engine/claim/check.hpp"
#include "properties/engine/claim/corpus.hpp"
#include "properties/engine/claim/witness.hpp"
#include "properties/engine/files/json_text.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::engine {
namespace {

/// Two numbers in [-2, 2].
Domain plane() {
  Domain d;
  d.shapes = {Shape{}};
  d.blocks = [](const Shape&) {
    Block b;
    b.name = "x";
    b.dimensions = {2};
    b.low = -2, b.high = 2;
    return std::vector<Block>{b};
  };
  return d;
}

Claim claim_on(Domain domain, Relation relation, Evaluate evaluate) {
  Claim c;
  c.id = "test/claim";
  c.paper = "T";
  c.place = "nowhere";
  c.statement = "a statement";
  c.relation = relation;
  c.domain = std::move(domain);
  c.evaluate = std::move(evaluate);
  return c;
}

Claim amgm() {
  return claim_on(plane(), Relation::greater_or_equal, [](const Instance& i) {
    const auto x = i.values("x");
    return Sides{x[0] * x[0] + x[1] * x[1], Real(2) * x[0] * x[1]};
  });
}

/// exp(x) >= 1 + 2x: false between 0 and about 1.2564.
Claim false_exponential() {
  return claim_on(plane(), Relation::greater_or_equal, [](const Instance& i) {
    const auto x = i.values("x");
    return Sides{exp(x[0]), Real(1) + Real(2) * x[0]};
  });
}

Instance point(const Claim& c, const Real& x, const Real& y) {
  Instance i{c.domain.shapes[0], c.domain.blocks(c.domain.shapes[0]), Arithmetic::plain()};
  i.blocks[0].values = {x, y};
  return i;
}

TEST(ClaimTrial, DecidesTheSignExactlyWhereItCan) {
  const Claim c = amgm();
  const TrialReport equality = try_instance(c, point(c, Real::ratio(1, 3), Real::ratio(1, 3)));
  EXPECT_EQ(equality.sign, Sign::holds);
  EXPECT_TRUE(equality.exact);
  EXPECT_EQ(equality.margin_text, "0");
  Claim strict = c;
  strict.relation = Relation::greater;
  EXPECT_EQ(try_instance(strict, point(c, 1, 1)).sign, Sign::violated);
  EXPECT_EQ(try_instance(strict, point(c, 1, 0)).sign, Sign::holds);
}

TEST(ClaimTrial, ConfirmsAViolationOnTheOtherEngine) {
  const Claim c = false_exponential();
  const TrialReport r = try_instance(c, point(c, Real::ratio(1, 2), 0));
  EXPECT_EQ(r.sign, Sign::violated);
  EXPECT_FALSE(r.exact);
  if (reference::engines().size() > 1) {
    EXPECT_NE(r.confirmation.find("mpfi"), std::string::npos);
  }
}

TEST(ClaimTrial, AViolationThatTheSecondWayDoesNotSeeIsOpen) {
  Claim c = false_exponential();
  c.second = [](const Instance& i) { return Sides{exp(i.values("x")[0]), Real(0)}; };
  const TrialReport r = try_instance(c, point(c, Real::ratio(1, 2), 0));
  EXPECT_EQ(r.sign, Sign::open);
  EXPECT_NE(r.why.find("second way"), std::string::npos);
}

TEST(ClaimTrial, EqualEnclosuresStayOpen) {
  const Claim c = claim_on(plane(), Relation::greater, [](const Instance& i) {
    return Sides{exp(i.values("x")[0]), exp(i.values("x")[0])};
  });
  EXPECT_EQ(try_instance(c, point(c, 1, 0)).sign, Sign::open);
}

TEST(ClaimTrial, RefusesPointsOutsideTheDomainOrTheHypotheses) {
  Claim c = amgm();
  EXPECT_NE(try_instance(c, point(c, 3, 0)).why.find("not in [-2, 2]"), std::string::npos);
  c.hypotheses = {{.name = "x_1 < x_2", .key = "ordered", .holds = [](const Instance& i) {
                     return less(i.values("x")[0], i.values("x")[1]);
                   }}};
  const TrialReport r = try_instance(c, point(c, 1, 0));
  EXPECT_EQ(r.sign, Sign::outside);
  EXPECT_NE(r.why.find("x_1 < x_2"), std::string::npos);
  EXPECT_EQ(try_instance(c, point(c, 0, 1)).sign, Sign::holds);
}

TEST(ClaimSearch, FindsANarrowViolationByAscent) {
  // False only within 1/50 of (1.37, -0.61): random points alone would need thousands.
  Claim c = claim_on(plane(), Relation::greater_or_equal, [](const Instance& i) {
    const Real a = i.values("x")[0] - Real::ratio(137, 100),
               b = i.values("x")[1] + Real::ratio(61, 100);
    return Sides{a * a + b * b, Real::ratio(1, 2500)};
  });
  SearchOptions o;
  o.evaluations = 600;
  const SearchResult r = search(c, o);
  ASSERT_FALSE(r.front.empty());
  EXPECT_EQ(try_instance(c, smallest(r.front).instance).sign, Sign::violated);
  EXPECT_GT(r.account.ascents, 0);
}

TEST(ClaimSearch, IsAPureFunctionOfTheSeed) {
  const Claim c = false_exponential();
  SearchOptions o;
  o.evaluations = 500;
  const auto text = [&] {
    const SearchResult r = search(c, o);
    return smallest(r.front).instance.text() + clearest(r.front).instance.text();
  };
  EXPECT_EQ(text(), text());
}

TEST(ClaimSearch, WitnessesAreSimple) {
  const SearchResult r = search(false_exponential(), {});
  ASSERT_FALSE(r.front.empty());
  EXPECT_LE(smallest(r.front).instance.complexity()[1], 4) << smallest(r.front).instance.text();
}

/// x + 2 y <= 14 for integers from -8 to 8: false at (0, 8), (8, 4), ...
Claim integers() {
  Domain d = plane();
  d.blocks = [](const Shape&) {
    Block b;
    b.name = "x";
    b.kind = BlockKind::integer;
    b.dimensions = {2};
    b.low = -8, b.high = 8;
    return std::vector<Block>{b};
  };
  return claim_on(std::move(d), Relation::less_or_equal, [](const Instance& i) {
    const auto x = i.values("x");
    return Sides{x[0] + Real(2) * x[1], Real(14)};
  });
}

TEST(ClaimSearch, IntegersBecomeSmall) {
  const SearchResult r = search(integers(), {});
  ASSERT_FALSE(r.front.empty());
  EXPECT_LE(smallest(r.front).instance.complexity()[1], 7)  // (0, 8), or (1, 7)
      << smallest(r.front).instance.text();
}

TEST(ClaimSearch, TriesWhatTheFilterPointsOut) {
  Claim c = integers();
  std::vector<std::int64_t> asked;
  c.filter = [&](std::uint64_t, std::uint64_t, std::int64_t cases) {
    asked.push_back(cases);
    return Filtered{7, {point(c, 0, 0), point(c, 9, 9), point(c, 8, 8), point(c, 8, 7)}};
  };
  SearchOptions o;
  o.evaluations = 100;
  const SearchResult r = search(c, o);
  ASSERT_FALSE(r.front.empty());
  for (const Find& f : r.front) EXPECT_EQ(f.path, "filter");
  EXPECT_EQ(r.account.filtered, 7);
  EXPECT_EQ(r.account.points, 0) << "a find of the filter saves the points";
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_GT(asked[0], 100);
}

TEST(ClaimSearch, AFilterThatFindsNothingDecidesNothing) {
  Claim c = integers();
  c.filter = [&](std::uint64_t, std::uint64_t, std::int64_t cases) {
    return Filtered{cases, {point(c, 0, 0)}};  // the statement holds there
  };
  const SearchResult r = search(c, {});
  ASSERT_FALSE(r.front.empty());
  for (const Find& f : r.front) EXPECT_NE(f.path, "filter");
  EXPECT_GT(r.account.points, 0);
}

TEST(ClaimRegistry, PlantedClaimsHaveTheFiltersOfTheirOwnDomains) {
  ClaimRegistry registry;
  Claim c = integers();
  const auto with = [](std::int64_t cases) {
    return [=](std::uint64_t, std::uint64_t, std::int64_t) { return Filtered{cases, {}}; };
  };
  c.filter = with(1);
  c.hypotheses = {{.name = "a", .key = "a", .dropped = plane(), .filter = with(2)},
                  {.name = "b", .key = "b", .dropped = plane()}};
  registry.add(c);
  EXPECT_EQ(registry.find("test/claim")->filter(1, 0, 1).cases, 1);
  EXPECT_EQ(registry.find("test/claim/without/a")->filter(1, 0, 1).cases, 2);
  EXPECT_FALSE(registry.find("test/claim/without/b")->filter);
  EXPECT_FALSE(registry.find("test/claim/strengthened")->filter);
}

TEST(ClaimCheck, JudgesPlantedClaims) {
  ClaimRegistry registry;
  Claim c = amgm();
  Domain halves = plane();
  c.hypotheses = {{.name = "domain", .key = "nothing", .holds = nullptr, .dropped = halves}};
  registry.add(c);
  ASSERT_EQ(registry.claims().size(), 3u);
  std::vector<const Claim*> all = registry.select({});
  const auto results = check_claims(all, {.evaluations = 400, .threads = 2});
  EXPECT_EQ(results[0].verdict, Verdict::unrefuted);
  EXPECT_EQ(results[1].claim->kind, ClaimKind::strengthening);
  EXPECT_EQ(results[1].verdict, Verdict::refuted);
  // Dropping a hypothesis that asks for nothing is not punished, and that is said.
  EXPECT_EQ(results[2].claim->kind, ClaimKind::control);
  EXPECT_FALSE(as_planted(results[2]));
}

TEST(ClaimCheck, ExistenceIsCertifiedByAnExample) {
  Claim c = false_exponential();
  c.quantifier = Quantifier::some;
  c.relation = Relation::less;
  EXPECT_EQ(check_claim(c, {}).verdict, Verdict::certified);
  Claim none = amgm();
  none.quantifier = Quantifier::some;
  none.relation = Relation::less;
  EXPECT_EQ(check_claim(none, {.evaluations = 300}).verdict, Verdict::undecided);
}

TEST(ClaimCheck, PrintedNumbersAreDecidedByEvaluation) {
  Claim c = claim_on(single_point(), Relation::equal, [](const Instance& i) {
    return Sides{i.number(32 * 32 * 3), i.number(3072)};
  });
  c.exhaustive = true;
  EXPECT_EQ(check_claim(c, {}).verdict, Verdict::certified);
  c.evaluate = [](const Instance& i) { return Sides{i.number(32 * 32 * 3), i.number(3073)}; };
  EXPECT_EQ(check_claim(c, {}).verdict, Verdict::refuted);
  c.evaluate = [](const Instance&) -> Sides { throw std::domain_error("gamma is 0"); };
  const ClaimResult r = check_claim(c, {});
  EXPECT_EQ(r.verdict, Verdict::undecided);
  EXPECT_EQ(r.why, "gamma is 0");
}

TEST(ClaimRegistry, NamesTheNearestClaim) {
  ClaimRegistry registry;
  registry.add(amgm());
  try {
    registry.select({"test/clam"});
    FAIL();
  } catch (const InputError& e) {
    EXPECT_NE(std::string(e.what()).find("test/claim"), std::string::npos);
  }
  EXPECT_THROW(registry.add(amgm()), std::logic_error);
}

/// Blocks of every kind.
Domain everything() {
  Domain d;
  d.shapes = {Shape{{{"n", 3}}, {}}};
  d.blocks = [](const Shape& s) {
    const int n = s.integer("n");
    std::vector<Block> blocks(6);
    const BlockKind kinds[] = {BlockKind::scalar,       BlockKind::integer, BlockKind::simplex,
                               BlockKind::exchangeable, BlockKind::ball,    BlockKind::sphere};
    for (std::size_t k = 0; k < 6; ++k) {
      blocks[k].name = std::string(name_of(kinds[k]));
      blocks[k].kind = kinds[k];
      blocks[k].dimensions =
          kinds[k] == BlockKind::exchangeable ? std::vector<int>{2, n, n} : std::vector<int>{2, n};
      blocks[k].low = -3, blocks[k].high = 5;
      blocks[k].positive = kinds[k] == BlockKind::simplex;
    }
    return blocks;
  };
  return d;
}

TEST(Chart, ExactPointsSatisfyEveryConstraintExactly) {
  const Domain domain = everything();
  const Chart chart(domain, domain.shapes[0]);
  for (std::uint64_t n = 0; n < 300; ++n) {
    Random random(7, "chart", n);
    const Instance plain = chart.at(n % 2 ? chart.random(random) : chart.structured(random));
    for (const long long d : {1LL, 3LL, 16LL, 1LL << 40})
      if (const auto exact = chart.exact(plain, d)) {
        EXPECT_EQ(violated_constraint(*exact, domain), "") << exact->text();
      }
  }
}

TEST(Chart, FineGridsStayNearThePoint) {
  const Domain domain = everything();
  const Chart chart(domain, domain.shapes[0]);
  Random random(8, "near", 0);
  const Instance plain = chart.at(chart.random(random));
  const auto exact = chart.exact(plain, 1LL << 40);
  ASSERT_TRUE(exact);
  for (std::size_t b = 0; b < plain.blocks.size(); ++b)
    for (std::size_t n = 0; n < plain.blocks[b].values.size(); ++n)
      EXPECT_NEAR(plain.blocks[b].values[n].approximate(), exact->blocks[b].values[n].approximate(),
                  0x1p-30);
}

TEST(Witness, SurvivesItsFile) {
  const Claim c = false_exponential();
  const SearchResult r = search(c, {});
  const std::string text = json_text(witness_json(c, smallest(r.front)));
  const Witness w = parse_witness(text, "w.json");
  EXPECT_EQ(w.claim, c.id);
  EXPECT_EQ(try_instance(c, w.instance).sign, Sign::violated);
}

TEST(Witness, ChangedByHandIsNoticed) {
  const Claim c = false_exponential();
  std::string text = json_text(witness_json(c, {point(c, Real::ratio(1, 2), 0), {}, "by hand"}));
  const std::size_t at = text.find("\"1/2\"");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 5, "\"1/3\"");
  EXPECT_THROW(parse_witness(text, "w.json"), InputError);
  for (const char* bad : {"", "{}", "{\"schema\": \"assay/witness/1\"}", "[1]"})
    EXPECT_THROW(parse_witness(bad, "w.json"), InputError) << bad;
}

TEST(Corpus, ContinuesAndRefusesWhatNoLongerHolds) {
  const std::string folder =
      (std::filesystem::temp_directory_path() / ("assay-corpus-" + std::to_string(getpid())))
          .string();
  const Claim c = false_exponential();
  Corpus corpus = read_corpus(folder, c);
  EXPECT_EQ(corpus.rounds, 0u);
  add_rounds(corpus, search(c, {}), 1);
  write_corpus(folder, c, corpus);
  const Corpus again = read_corpus(folder, c);
  EXPECT_EQ(again.rounds, 1u);
  EXPECT_EQ(again.front.size(), corpus.front.size());
  Claim other = amgm();  // the same id, and true
  EXPECT_THROW(read_corpus(folder, other), InputError);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace assay::engine
