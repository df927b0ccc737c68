// SPDX-License-Identifier: Apache-2.0
// The claims of all papers as a whole: names, places, points to try, numbered equations.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "proofs-numeric/claims.hpp"
#include "properties/engine/claim/trial.hpp"

namespace assay::proofs {
namespace {

using namespace engine;

const std::vector<Claim>& claims() { return all_claims().claims(); }

bool planted(const Claim& c) {
  return c.kind == ClaimKind::control || c.kind == ClaimKind::strengthening;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n  " + line;
  return text;
}

TEST(Registry, EveryClaimHasANameAPlaceAndAStatement) {
  std::set<std::string> ids;
  for (const Claim& c : claims()) {
    EXPECT_TRUE(ids.insert(c.id).second) << c.id;
    EXPECT_FALSE(c.place.empty()) << c.id;
    EXPECT_FALSE(c.statement.empty()) << c.id;
    EXPECT_EQ(c.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-/"), std::string::npos)
        << c.id;
    EXPECT_EQ(c.statement.find('\n'), std::string::npos) << c.id;
    bool known = false;
    for (const Paper& p : papers())
      known = known || (p.short_name == c.paper && c.id.starts_with(p.folder + "/"));
    EXPECT_TRUE(known) << c.id << " is of no folder of paper " << c.paper;
  }
  EXPECT_GT(ids.size(), 20u);
}

TEST(Registry, ParentsExistAndAreOfTheSamePaper) {
  for (const Claim& c : claims()) {
    if (planted(c) || c.kind == ClaimKind::correction) {
      EXPECT_FALSE(c.parent.empty()) << c.id;
    }
    if (c.parent.empty()) continue;
    const Claim* parent = all_claims().find(c.parent);
    ASSERT_NE(parent, nullptr) << c.id << " names the parent " << c.parent;
    EXPECT_EQ(parent->paper, c.paper) << c.id;
  }
}

/// Calls with every special point of a claim that can be tried.
template <class Visit>
void for_each_special(const Claim& c, Visit visit) {
  if (!c.unavailable.empty()) return;
  for (const Shape& shape : c.domain.shapes)
    for (const Domain::Special& special : c.domain.specials)
      for (const Instance& i : special.make(shape)) visit(special.name, i);
}

TEST(Registry, SpecialPointsAreInTheirDomains) {
  for (const Claim& c : claims()) {
    if (c.kind == ClaimKind::strengthening) continue;  // the domain of its parent
    std::set<std::string> names;
    for (const Domain::Special& s : c.domain.specials)
      EXPECT_TRUE(names.insert(s.name).second) << c.id << " has two specials \"" << s.name << '"';
    for_each_special(c, [&](const std::string& name, const Instance& i) {
      EXPECT_EQ(violated_constraint(i, c.domain), "")
          << c.id << " at \"" << name << "\": " << i.text();
    });
  }
}

/// The margin is 0, or its enclosure lies within 2^-200 of 0.
bool at_equality(const Claim& c, const Instance& i) {
  const auto arithmetic = Arithmetic::enclosing(reference::engines().front(), 320);
  const Real gap = abs(margin_of(c.relation, c.evaluate(i.in(arithmetic))));
  if (gap.is_exact()) return equal(gap, Real(0)) == Truth::yes;
  return gap.interval().ends().hi <= 0x1p-200;
}

struct Attained {
  int points = 0, equal = 0;
  std::string unequal_at;  ///< the first one
};

/// Over the points of the special that satisfy the hypotheses. A special is made for every shape,
/// and a bound may be attained for one loss and not for another: one point is enough.
Attained attained(const Claim& c, const std::string& special) {
  Attained a;
  for_each_special(c, [&](const std::string& name, const Instance& i) {
    if (name != special) return;
    const Sign sign = try_instance(c, i, {.first_bits = 64, .top_bits = 64}).sign;
    if (sign == Sign::outside) return;
    ++a.points;
    if (sign != Sign::failed && at_equality(c, i))
      ++a.equal;
    else if (a.unequal_at.empty())
      a.unequal_at = i.text();
  });
  return a;
}

TEST(Registry, EqualitySpecialsExistAndAreAttainedSomewhere) {
  int equal = 0;
  std::vector<std::string> never;
  for (const Claim& c : claims()) {
    if (planted(c)) continue;
    for (const std::string& name : c.equality) {
      const Attained a = attained(c, name);
      equal += a.equal;
      if (a.equal == 0)
        never.push_back(c.id + " at \"" + name + "\", 0 of " + std::to_string(a.points) + " " +
                        a.unequal_at);
    }
  }
  EXPECT_TRUE(never.empty()) << "no equality:" << joined(never);
  EXPECT_GT(equal, 30);
}

bool theorem_level(const Claim& c) {
  for (const char* word : {"Theorem", "Lemma", "Corollary", "Proposition"})
    if (c.place.starts_with(word)) return c.kind == ClaimKind::statement;
  return false;
}

/// What is known to be false as printed: dropping a hypothesis of it would measure nothing.
bool corrected(const Claim& c) {
  for (const Claim& other : claims())
    if (other.kind == ClaimKind::correction && other.parent == c.id) return true;
  return false;
}

TEST(Registry, HypothesesOfTheoremsAreDroppedOrSayWhyNot) {
  std::vector<std::string> silent;
  int theorems = 0;
  for (const Claim& c : claims()) {
    if (planted(c)) continue;
    std::set<std::string> keys;
    for (const Hypothesis& h : c.hypotheses) {
      EXPECT_TRUE(keys.insert(h.key).second) << c.id << ": two hypotheses \"" << h.key << '"';
      EXPECT_FALSE(h.name.empty() || h.key.empty()) << c.id;
    }
    if (!theorem_level(c) || corrected(c)) continue;
    ++theorems;
    for (const Hypothesis& h : c.hypotheses)
      if (!h.dropped && h.no_control.empty()) silent.push_back(c.id + ": " + h.name);
  }
  EXPECT_TRUE(silent.empty()) << "neither dropped nor with a reason:" << joined(silent);
  EXPECT_GT(theorems, 3);
}

/// What is stated to be false must be so in a line that a reader can check: a claim that has a
/// correction has a remark.
TEST(Registry, CorrectedClaimsHaveARemark) {
  std::vector<std::string> silent;
  for (const Claim& c : claims())
    if (c.kind != ClaimKind::correction && corrected(c) && c.remark.empty()) silent.push_back(c.id);
  EXPECT_TRUE(silent.empty()) << "without a remark:" << joined(silent);
}

std::vector<std::string> missing_equations(const std::vector<std::string>& shorts, int last) {
  std::set<std::string> found;
  for (const Claim& c : claims())
    for (const std::string& s : shorts)
      if (c.paper == s && !planted(c)) found.insert(c.equations.begin(), c.equations.end());
  std::vector<std::string> missing;
  for (int n = 1; n <= last; ++n)
    if (const std::string number = "(" + std::to_string(n) + ")"; !found.contains(number))
      missing.push_back(number);
  return missing;
}

TEST(Registry, EquationNumbersAreThoseOfThePapers) {
  for (const Claim& c : claims())
    for (const std::string& e : c.equations) {
      ASSERT_GE(e.size(), 3u) << c.id;
      EXPECT_TRUE(e.front() == '(' && e.back() == ')') << c.id << ": " << e;
      const int number = std::atoi(e.c_str() + 1);
      EXPECT_TRUE(1 <= number && number <= (c.paper == "CL" ? 7 : 42)) << c.id << ": " << e;
    }
}

TEST(Registry, EveryNumberedEquationOfHnHasAClaim) {
  const auto missing = missing_equations({"HN"}, 42);
  EXPECT_TRUE(missing.empty()) << "HN equations without a claim:" << joined(missing);
}

TEST(Registry, EveryNumberedEquationOfClHasAClaim) {
  const auto missing = missing_equations({"CL"}, 7);
  EXPECT_TRUE(missing.empty()) << "CL equations without a claim:" << joined(missing);
}

}  // namespace
}  // namespace assay::proofs
