// SPDX-License-Identifier: Apache-2.0
// CLOP, Appendix D from the display after (7) on: the shifted mean, condition (2), the bound.
#include "proofs-numeric/clop/clop.hpp"
#include "proofs-numeric/subject/vectors.hpp"
#include "reference/bound/clop.hpp"

namespace assay::proofs {
namespace {

using reference::ClopChain;

/// k > 2 class embeddings and a learning rate eta in [0, 4] (and a tolerance epsilon).
Domain rates(bool with_epsilon = false) {
  Domain d;
  for (const int k : {3, 4, 5, 10, 30, 100}) d.shapes.push_back(Shape{{{"k", k}}, {}});
  d.blocks = [with_epsilon](const Shape&) {
    std::vector<Block> blocks = {number_block("eta", 0, 4)};
    if (with_epsilon) blocks.push_back(number_block("epsilon", 0, 1));
    return blocks;
  };
  return d;
}

const std::vector<int> class_counts = {3,  4,  5,  6,  7,   8,   10,   12,
                                       16, 20, 30, 50, 100, 200, 1000, 4096};

Real square(const Real& x) { return x * x; }

/// B^2, printed or corrected.
Real b_squared(ClopChain chain, const Instance& i) {
  return chain == ClopChain::printed
             ? reference::clop_square_norm_second_line(i.integer("k"), i.scalar("eta"))
             : reference::clop_square_norm(i.integer("k"), i.scalar("eta"));
}

void add_second_line(ClaimRegistry& registry) {
  constexpr const char* place = "Appendix D, display after (7), second line";
  registry.add(cl_claim(
      ClaimKind::step, "clop/theorem-1/proof/after-7/second-line", place,
      "(1+eta/(k-1))^2 + k eta^2/(k-1)^2 - 2 eta k/(k-1) (1+eta/(k-1)) 1/k = 1 + eta/(k-1) - 2 "
      "eta/k - 2 eta^2/(k(k-1)) + eta^2 k/(k-1)^2",
      Relation::equal, rates(),
      [](const Instance& i) {
        const Real k = i.integer("k"), e = i.scalar("eta"), n = k - 1;
        return Sides{pow(1 + e / n, 2) + k * e * e / (n * n) - 2 * e * k / n * (1 + e / n) / k,
                     1 + e / n - 2 * e / k - 2 * e * e / (k * n) + e * e * k / (n * n)};
      },
      "The first line is 1 + eta^2/(k-1)."));
  registry.add(cl_correction(
      "clop/theorem-1/proof/after-7/corrected", "clop/theorem-1/proof/after-7/second-line", place,
      "the first line is 1 + eta^2/(k-1)", Relation::equal, rates(), [](const Instance& i) {
        return Sides{reference::clop_square_norm_first_line(i.integer("k"), i.scalar("eta")),
                     1 + square(i.scalar("eta")) / Real(i.integer("k") - 1)};
      }));
}

const std::vector<VectorSize> sizes = {{3, 3}, {4, 4}};

Domain moving_points(const Real& highest = 4) {
  return unit_vectors(sizes, [highest](const Shape&) {
    return std::vector<Block>{number_block("eta", 0, highest)};
  });
}

/// (1 - eta)^2/B^2 ||mu^(0)||^2
Real factor_times_mean(const Instance& i, const Real& before) {
  return square(1 - i.scalar("eta")) / b_squared(ClopChain::printed, i) * before;
}

/// Coordinate along x_1 of the mean of the normalised points.
Real mean_along(const Gram& x, const Real& eta) {
  const reference::ClopUpdate u = reference::clop_update(x.size(), eta);
  const MeanStep step = mean_step(x, eta);
  const Real mean = x.with_sum(0) / Real(x.size());
  Real along = 0;
  for (int i = 0; i < x.size(); ++i)
    along += (u.own * x(i, 0) - u.mean * mean) / sqrt(step.squares[static_cast<std::size_t>(i)]);
  return along / Real(x.size());
}

void add_mean(ClaimRegistry& registry) {
  constexpr const char* place = "Appendix D, display of mu^(1)";
  constexpr const char* lower = "mu^(1) = (1/k) sum x_i^(1)/||x_i^(1)|| >= (1/(kB)) sum x_i^(1)";
  Claim c = cl_claim(
      ClaimKind::step, "clop/theorem-1/proof/mean/coordinates", place, lower,
      Relation::greater_or_equal, moving_points(1),
      [](const Instance& i) {
        const Gram x(i);
        const Real e = i.scalar("eta"), b = sqrt(b_squared(ClopChain::printed, i));
        return Sides{mean_along(x, e), (1 - e) / b * x.with_sum(0) / Real(x.size())};
      },
      "Orthonormal points, 0 < eta < 1: the left side has B^2 = 1 + eta^2/(k-1), the right side "
      "the "
      "smaller printed B.");
  c.reading = "coordinate by coordinate (along x_1), every configuration, eta <= 1";
  registry.add(c);
  const auto norms = [](const Instance& i) {
    const MeanStep s = mean_step(Gram(i), i.scalar("eta"));
    return Sides{s.after, factor_times_mean(i, s.before)};
  };
  c = cl_claim(ClaimKind::step, "clop/theorem-1/proof/mean/norms", place, lower,
               Relation::greater_or_equal, moving_points(), norms,
               "Orthonormal points: the norms ||x_i^(1)|| are all sqrt(1 + eta^2/(k-1)) > B.");
  c.reading = "for the norms, every configuration: ||mu^(1)|| >= |1-eta|/B ||mu^(0)||, squared";
  registry.add(c);
  c = cl_claim(ClaimKind::step, "clop/theorem-1/proof/mean/upper-bound",
               "Appendix D, display of mu^(1)",
               "this enables us to derive an upper bound for the shifted mean: ||mu^(1)|| <= "
               "|1-eta|/B ||mu^(0)||",
               Relation::less_or_equal, moving_points(), norms,
               "All x_i at e and eta = 1/2: mu^(1) = mu^(0), and (1-eta)/B is about 1/2. The "
               "display is a lower bound, the conclusion needs an upper one.");
  c.reading = "every configuration, squared";
  registry.add(c);
  registry.add(cl_claim(ClaimKind::step, "clop/theorem-1/proof/mean/unnormalised", place,
                        "(1/(kB)) sum x_i^(1) = ((1-eta)/B) mu^(0)", Relation::equal,
                        moving_points(), [](const Instance& i) {
                          const Gram x(i);
                          const int k = x.size();
                          const Real e = i.scalar("eta");
                          const reference::ClopUpdate u = reference::clop_update(k, e);
                          Real total = 0;  // along x_1
                          for (int j = 0; j < k; ++j)
                            total += u.own * x(j, 0) - u.mean * (x.with_sum(0) / Real(k));
                          return Sides{total / Real(k), (1 - e) * x.with_sum(0) / Real(k)};
                        }));
}

void add_condition(ClaimRegistry& registry) {
  constexpr const char* place = "Appendix D, the condition after the display of mu^(1)";
  Domain d = rates(true);
  for (Shape& s : d.shapes) s = s.with("k", s.integer("k"));
  d.blocks = [](const Shape&) {
    return std::vector<Block>{number_block("eta", 0, 8), number_block("epsilon", 0, 1)};
  };
  const auto two = [](const Instance& i) {
    const reference::Sides s =
        clop_2(ClopChain::printed, i.integer("k"), i.scalar("eta"), i.scalar("epsilon"));
    return Sides{s.left, s.right};
  };
  Claim c =
      cl_claim(ClaimKind::step, "clop/theorem-1/proof/condition", place,
               "eta must satisfy (1-eta)/B <= 1+epsilon. This gives the condition (1-eta)^2 <= B^2 "
               "(1+epsilon)^2",
               Relation::less_or_equal, d, two,
               "k = 3, eta = 4, epsilon = 0: (1-eta)/B < 0 <= 1, but (1-eta)^2 = 9 > B^2 = 7.");
  c.reading = "the first condition implies the second";
  c.hypotheses = {{"(1-eta)/B <= 1+epsilon",
                   "condition",
                   [](const Instance& i) {
                     const Real e = i.scalar("eta"), s = 1 + i.scalar("epsilon");
                     if (less_or_equal(1, e) == Truth::yes) return Truth::yes;
                     return less_or_equal(square(1 - e),
                                          square(s) * b_squared(ClopChain::printed, i));
                   },
                   {},
                   "the statement is refuted already"}};
  registry.add(c);
  c = cl_correction(
      "clop/theorem-1/proof/condition/absolute-value", "clop/theorem-1/proof/condition", place,
      "|1-eta|/B <= 1+epsilon if and only if (1-eta)^2 <= B^2 (1+epsilon)^2",
      Relation::greater_or_equal, d, [=](const Instance& i) {
        const Sides s = two(i);
        const Real gap = 1 + i.scalar("epsilon") -
                         abs(1 - i.scalar("eta")) / sqrt(b_squared(ClopChain::printed, i));
        return Sides{gap * (s.right - s.left), 0};
      });
  registry.add(c);
  registry.add(cl_claim(
      ClaimKind::step, "clop/theorem-1/proof/epsilon-0", "Appendix D, inequality for epsilon = 0",
      "for epsilon = 0 the condition simplifies to (-2 - 1/(k-1) + 2/k) + eta (1 + 2/(k(k-1)) - "
      "k/(k-1)^2) <= 0: (1-eta)^2 - B^2 is eta times its left side",
      Relation::equal, rates(), [](const Instance& i) {
        const Real e = i.scalar("eta");
        return Sides{square(1 - e) - b_squared(ClopChain::printed, i),
                     e * clop_epsilon_0(ClopChain::printed, i.integer("k"), e).left};
      }));
}

void add_bracket(ClaimRegistry& registry) {
  Claim c = cl_claim(ClaimKind::step, "clop/theorem-1/proof/bracket",
                     "Appendix D, before the bound", "for k > 2, 1 + 2/(k(k-1)) - k/(k-1)^2 > 0",
                     Relation::greater, integers("k", class_counts), [](const Instance& i) {
                       const Real k = i.integer("k");
                       return Sides{i.arithmetic(1 + 2 / (k * (k - 1)) - k / square(k - 1)), 0};
                     });
  c.hypotheses = {{"k > 2", "k-greater-2", {}, integers("k", {2, 3}), {}}};
  c.strengthened = [](const Instance& i) {
    return Sides{clop_bracket(ClopChain::printed, i.integer("k")), Real::ratio(7, 12)};
  };
  registry.add(c);
}

using BoundOf = Real (*)(long long);
Real printed_quotient(long long k) { return clop_bound_quotient(ClopChain::printed, k); }
Real corrected_quotient(long long k) { return clop_bound_quotient(ClopChain::corrected, k); }

/// eta <= bound if and only if (2) holds for epsilon = 0: never of opposite sign.
Evaluate equivalent(BoundOf bound, ClopChain chain) {
  return [=](const Instance& i) {
    const reference::Sides two = clop_2(chain, i.integer("k"), i.scalar("eta"), Real(0));
    return Sides{(bound(i.integer("k")) - i.scalar("eta")) * (two.right - two.left), 0};
  };
}

void add_bounds(ClaimRegistry& registry) {
  constexpr const char* place = "Appendix D, the bound";
  constexpr const char* equivalence = "condition (2) for epsilon = 0 leads to the bound eta <= ";
  registry.add(cl_claim(
      ClaimKind::step, "clop/theorem-1/proof/bound/quotient", place,
      (std::string(equivalence) + "(2 + 1/(k-1) - 2/k)/(1 + 2/(k(k-1)) - k/(k-1)^2)").c_str(),
      Relation::greater_or_equal, rates(), equivalent(printed_quotient, ClopChain::printed)));
  registry.add(cl_claim(ClaimKind::step, "clop/theorem-1/proof/bound/closed-form", place,
                        (std::string(equivalence) + "(2k^3-5k^2+5k-2)/(k^3-3k^2+4k-2)").c_str(),
                        Relation::greater_or_equal, rates(),
                        equivalent(reference::clop_bound_closed_form, ClopChain::printed),
                        "k = 3: (2) holds exactly for eta <= 22/7, the closed form is 11/5."));
  registry.add(cl_claim(
      ClaimKind::step, "clop/theorem-1/proof/bound/equality", place,
      "(2 + 1/(k-1) - 2/k)/(1 + 2/(k(k-1)) - k/(k-1)^2) = (2k^3-5k^2+5k-2)/(k^3-3k^2+4k-2)",
      Relation::equal, integers("k", class_counts),
      [](const Instance& i) {
        return Sides{i.arithmetic(printed_quotient(i.integer("k"))),
                     i.arithmetic(reference::clop_bound_closed_form(i.integer("k")))};
      },
      "k = 3: 22/7 and 11/5."));
  registry.add(cl_correction(
      "clop/theorem-1/proof/bound/equality/corrected", "clop/theorem-1/proof/bound/equality", place,
      "the quotient is (2k^3-5k^2+5k-2)/(k^3-3k^2+3k-2)", Relation::equal,
      integers("k", class_counts), [](const Instance& i) {
        const long long k = i.integer("k");
        return Sides{i.arithmetic(printed_quotient(k)),
                     i.arithmetic(reference::clop_bound_closed_form_of_quotient(k))};
      }));
  registry.add(cl_correction(
      "clop/theorem-1/proof/bound/corrected", "clop/theorem-1/proof/bound/closed-form", place,
      "with B^2 = 1 + eta^2/(k-1), condition (2) for epsilon = 0 is eta <= 2(k-1)/(k-2)",
      Relation::greater_or_equal, rates(), equivalent(corrected_quotient, ClopChain::corrected)));
  struct Version {
    const char *id, *name;
    BoundOf bound;
    Real constant;
  };
  const std::vector<Version> versions = {
      {"clop/theorem-1/proof/bound/limit/quotient", "quotient", printed_quotient,
       Real::ratio(24, 7)},
      {"clop/theorem-1/proof/bound/limit/closed-form", "closed form",
       reference::clop_bound_closed_form, 1},
  };
  for (const Version& v : versions) {
    Claim c = cl_claim(ClaimKind::step, v.id, place, "the bound is 2 + O(1/k)",
                       Relation::less_or_equal, integers("k", class_counts),
                       [bound = v.bound, constant = v.constant](const Instance& i) {
                         const int k = i.integer("k");
                         return Sides{i.arithmetic(k * abs(bound(k) - 2)), constant};
                       });
    c.reading = std::string("the printed ") + v.name + " with the constant " + v.constant.text() +
                ": k |bound - 2| <= " + v.constant.text();
    registry.add(c);
  }
  Claim c =
      cl_claim(ClaimKind::step, "clop/theorem-1/proof/bound/constant", "Appendix D, last sentence",
               "since k is an integer, this bound is effectively O(1)", Relation::less_or_equal,
               integers("k", class_counts), [](const Instance& i) {
                 const int k = i.integer("k");
                 return Sides{i.arithmetic(printed_quotient(k)), i.arithmetic(printed_quotient(3))};
               });
  c.reading = "the quotient is largest at k = 3";
  registry.add(c);
}

/// |value - printed| <= 1/200, for a number with two decimals; `planted` is a wrong one beside it.
Claim two_decimals(ClaimKind kind, const char* id, const char* statement, BoundOf bound,
                   int hundredths, int planted) {
  const auto distance = [bound](const Instance& i, int printed) {
    return abs(i.arithmetic(bound(30)) - i.number(printed, 100));
  };
  Claim c = cl_claim(kind, id, "Section 3.1, on Figure 3", statement, Relation::less_or_equal,
                     single_point(), [=](const Instance& i) {
                       return Sides{distance(i, hundredths), i.number(1, 200)};
                     });
  c.exhaustive = true;
  c.strengthened = [=](const Instance& i) { return Sides{distance(i, planted), i.number(1, 200)}; };
  return c;
}

void add_numbers(ClaimRegistry& registry) {
  constexpr const char* id = "clop/section-3-1/critical-rate/quotient";
  constexpr const char* statement =
      "for 30 class embeddings the upper bound for non-increasing class embedding means is 2.03";
  Claim c = two_decimals(ClaimKind::figure, "clop/section-3-1/critical-rate/closed-form", statement,
                         reference::clop_bound_closed_form, 203, 204);
  c.reading = "the printed closed form, 856/421 = 2.0333";
  registry.add(c);
  c = two_decimals(ClaimKind::figure, id, statement, printed_quotient, 203, 202);
  c.reading = "(2) with epsilon = 0, which is the printed quotient";
  c.remark = "The quotient at k = 30 is 2.0358, that is 2.04.";
  registry.add(c);
  c = two_decimals(ClaimKind::correction, "clop/section-3-1/critical-rate/corrected",
                   "without the errors of Appendix D it is 2.07 (58/28)", corrected_quotient, 207,
                   208);
  c.parent = id;
  registry.add(c);
  const auto between = [&](const char* claim_id, BoundOf bound, const char* reading) {
    Claim b = cl_claim(ClaimKind::figure, claim_id, "Figure 3",
                       "the bound lies between the learning rates 2.0 (success) and 2.1 (collapse)",
                       Relation::less_or_equal, single_point(), [bound](const Instance& i) {
                         const Real value = i.arithmetic(bound(30));
                         return Sides{abs(value - i.number(41, 20)), i.number(1, 20)};
                       });
    b.exhaustive = true;
    b.reading = reading;
    registry.add(b);
  };
  between("clop/figure-3/between/quotient", printed_quotient, "the printed quotient");
  between("clop/figure-3/between/corrected", corrected_quotient,
          "the bound without the errors of Appendix D, 58/28 = 2.0714");
  between("clop/figure-3/between/closed-form", reference::clop_bound_closed_form,
          "the printed closed form");
}

}  // namespace

void add_cl_theorem_1_bound(ClaimRegistry& registry) {
  add_second_line(registry);
  add_mean(registry);
  add_condition(registry);
  add_bracket(registry);
  add_bounds(registry);
  add_numbers(registry);
}

}  // namespace assay::proofs
