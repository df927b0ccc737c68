// SPDX-License-Identifier: Apache-2.0
// The questions that HN leaves open at the end of Section 4.4 and in Section 6, each tried in both
// directions, and what Section 6 says was proved.
#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/hard_negatives/theorem_3_stage.hpp"

namespace assay::proofs {
namespace {

const char* const conclusion = "Section 6";
const char* const hucl_question = "Section 4.4, below Theorem 3, and Section 6";
const char* const independence_question = "Section 4.4, last paragraph, and Section 6";
const char* const info_nce = "info-nce alpha=1 weight=1/k temperature=1";

ModelOptions hardened(std::vector<std::string> hardenings, Representations z) {
  ModelOptions o = theorem_3_model();
  o.sizes = {{2, 1, 1, 2}, {2, 2, 2, 2}, {3, 1, 3, 2}, {3, 2, 2, 2}};
  o.losses = {info_nce};
  o.hardenings = std::move(hardenings);
  o.representations = z;
  return o;
}

Claim conjecture(const std::string& id, const char* place, std::string statement, Relation relation,
                 Domain domain, Evaluate evaluate) {
  return theorem_3_claim(ClaimKind::conjecture, "open/" + id, place, std::move(statement), relation,
                         std::move(domain), std::move(evaluate));
}

Sides against_collapse(const Instance& i) {
  return {loss(i, Law::hucl), loss_at_collapse(i, Law::hucl)};
}

void add_hucl_bound(ClaimRegistry& registry) {
  ModelOptions o =
      hardened({"none", "exponential beta=5", "polynomial power=1"}, Representations::unit_ball);
  Claim bound =
      conjecture("hucl-bound/30-is-a-bound", hucl_question,
                 "a lower bound for HUCL: L_HUCL(f) >= the right side of (30), by "
                 "Theorems 1 and 3",
                 Relation::greater_or_equal, models(o), [](const Instance& i) {
                   return Sides{loss(i, Law::hucl), over_scaled_collisions(i, simplex_argument(i))};
                 });
  bound.equality = {"simplex"};
  registry.add(bound);
  Claim loose = conjecture(
      "hucl-bound/30-is-not-attained", hucl_question,
      "(30) is no tight bound for HUCL with exponential hardening and InfoNCE: "
      "L_HUCL(f) > the right side of (30) for all f",
      Relation::greater,
      models(hardened({"exponential beta=1/10", "exponential beta=5"}, Representations::unit_ball)),
      [](const Instance& i) {
        return Sides{loss(i, Law::hucl), over_scaled_collisions(i, simplex_argument(i))};
      });
  registry.add(loose);
}

void add_hucl_minimised(ClaimRegistry& registry) {
  struct Case {
    const char *id, *hardening;
    Representations z;
    const char* remark;
  };
  const Case cases[] = {
      {"ball/beta-5", "exponential beta=5", Representations::unit_ball,
       "C = 2, p = 1, f = 1/2 and -1/2, k = 1: the hardened negative is of the other class with "
       "probability 1/(1 + e^(5/2)) = 0.076 and costs log(1 + e^(-1/2)) instead of log 2; at "
       "collapse that probability is 1/(1 + e^10)."},
      {"sphere/beta-5", "exponential beta=5", Representations::unit_sphere,
       "C = 2, p = 1, f = e_1 and e_2, k = 1: the hardened negative is of the other class with "
       "probability 1/(1 + e^5) = 0.0067 and costs log(1 + 1/e) instead of log 2; at collapse that "
       "probability is 1/(1 + e^10)."},
      {"ball/polynomial", "polynomial power=1", Representations::unit_ball,
       "C = 2, k = 1: at f = 1 and -1, eta = max(1 + t, 0) vanishes at the other class and the "
       "loss "
       "is log 2; at f = 1/2 and -1/2 the other class has probability 3/8 and costs less."},
      {"ball/beta-1-10", "exponential beta=1/10", Representations::unit_ball, ""},
      {"sphere/beta-1-10", "exponential beta=1/10", Representations::unit_sphere, ""}};
  for (const Case& one : cases) {
    Claim c = conjecture(
        std::string("hucl-minimised-by-collapse/") + one.id, hucl_question,
        "the HUCL loss is minimised by neural collapse: L_HUCL(f) >= L_HUCL at neural collapse",
        Relation::greater_or_equal, models(hardened({one.hardening}, one.z)), against_collapse);
    c.reading = std::string("under (a)-(e), InfoNCE, eta = ") + one.hardening +
                (one.z == Representations::unit_ball ? ", unit ball" : ", unit sphere");
    c.remark = one.remark;
    c.equality = {"simplex"};
    registry.add(c);
  }
  Claim only = conjecture("hucl-minimised-only-by-collapse/ball/beta-1-10", hucl_question,
                          "the HUCL loss is minimised only by neural collapse: every other f has a "
                          "larger L_HUCL",
                          Relation::greater,
                          models(hardened({"exponential beta=1/10"}, Representations::unit_ball)),
                          against_collapse);
  only.reading = "under (a)-(e), InfoNCE, eta = exponential beta=1/10";
  only.hypotheses = {unit_ball(), strict_loss(), no_collapse()};
  registry.add(only);
  for (const char* parent : {"ball/beta-5", "sphere/beta-5", "ball/polynomial"}) {
    const bool ball = std::string_view(parent).starts_with("ball");
    Claim c = conjecture(
        std::string("hucl-minimised-by-collapse/") + parent + "/corrected", hucl_question,
        "for mild hardening, eta = exponential with beta = 1/10, L_HUCL(f) >= "
        "L_HUCL at neural collapse",
        Relation::greater_or_equal,
        models(hardened({"exponential beta=1/10"},
                        ball ? Representations::unit_ball : Representations::unit_sphere)),
        against_collapse);
    c.kind = ClaimKind::correction;
    c.parent = std::string("hard-negatives/open/hucl-minimised-by-collapse/") + parent;
    c.equality = {"simplex"};
    registry.add(c);
  }
}

/// The sizes and hardness levels of Section 5.1, C = 3 and k = 256, at the ETF with squared norms
/// `r` in place of 1: one number decides, and larger k make searches slow.
void add_hucl_of_section_5_1(ClaimRegistry& registry) {
  for (const int level : {10, 30, 50}) {
    const std::string beta = std::to_string(level);
    Domain domain;
    domain.shapes = {
        {{{"C", 3}, {"k", 256}}, {{"psi", info_nce}, {"eta", "exponential beta=" + beta}}}};
    domain.blocks = [](const Shape&) {
      Block r;
      r.name = "r", r.low = 0, r.high = 1;
      return std::vector<Block>{r};
    };
    domain.specials = {{"r-is-1/beta", [level, blocks = domain.blocks](const Shape& shape) {
                          Instance i{shape, blocks(shape), Arithmetic::plain()};
                          i.blocks.front().values = {Real::ratio(1, level)};
                          return std::vector<Instance>{i};
                        }}};
    Claim c = conjecture(
        "hucl-minimised-by-collapse/section-5-1/beta-" + beta, hucl_question,
        "with C = 3, k = 256 and this hardness level of Section 5.1, some f in the "
        "unit ball has a smaller HUCL loss than neural collapse",
        Relation::less, domain, [](const Instance& i) {
          FiniteModel m = reference::simplex_model(i.integer("C"), 1).in(i.arithmetic);
          m.squared_scale *= i.scalar("r");
          return Sides{expected_loss(m, Law::hucl, loss_of(i), hardening_of(i), negatives_of(i)),
                       loss_at_collapse(i, Law::hucl)};
        });
    c.quantifier = Quantifier::some;
    c.reading =
        "under (a)-(e), InfoNCE, eta = exponential beta=" + beta + ", f = sqrt(r) times the ETF";
    c.remark =
        "The ETF with squared norms 1/beta: hardened negatives of another class stay likely enough "
        "to "
        "lower the loss. Section 5.1 reports that training did not reach neural collapse.";
    registry.add(c);
  }
}

Domain dependent(std::vector<std::string> losses) {
  ModelOptions o = theorem_3_model();
  o.sizes = {{2, 2, 1, 2}, {2, 2, 2, 2}, {3, 2, 3, 2}};
  o.losses = std::move(losses);
  o.independent = false;
  Domain d = models(o);
  // Two points per class on the two axes of the plane, x^+ = x.
  d.specials.push_back({"crossed", [blocks = d.blocks](const Shape& shape) {
                          if (shape.integer("C") != 2 || shape.integer("d") != 2)
                            return std::vector<Instance>{};
                          Instance i{shape, blocks(shape), Arithmetic::plain()};
                          const Real half = Real::ratio(1, 2);
                          for (Block& b : i.blocks)
                            b.values = b.name == "q"
                                           ? std::vector<Real>{half, 0, 0, half, half, 0, 0, half}
                                           : std::vector<Real>{1, 0, -1, 0, 0, 1, 0, -1};
                          return std::vector<Instance>{i};
                        }});
  return d;
}

void add_without_independence(ClaimRegistry& registry) {
  const std::string id = "theorem-3-without-independence/";
  const std::vector<Hypothesis> rest = {equiprobable_classes(), unit_ball(),
                                        common_conditional_law(), negatives_like_anchors()};
  Claim bound =
      conjecture(id + "bound", independence_question,
                 "the bound (30) holds without conditional independence of anchor and "
                 "positive",
                 Relation::greater_or_equal, dependent(convex_increasing()), [](const Instance& i) {
                   return Sides{loss(i, Law::ucl), over_scaled_collisions(i, simplex_argument(i))};
                 });
  bound.second = [](const Instance& i) {
    return Sides{loss_second_way(i, Law::ucl), theorem_3_bound(i)};
  };
  bound.hypotheses = rest;
  bound.remark =
      "C = 2, two equally likely points per class at e_1, -e_1 and e_2, -e_2, x^+ = x, "
      "psi(t) = max(t + 1, 0), k = 1: t + 1 = f(x).f(x^-) is 1 with probability 1/4 and "
      "at most 0 otherwise, so the loss is 1/4; the bound is 1/2.";
  registry.add(bound);
  Claim minimised =
      conjecture(id + "minimised-by-collapse", independence_question,
                 "without conditional independence the UCL loss is minimised by "
                 "neural collapse: L_UCL(f) >= L_UCL at neural collapse",
                 Relation::greater_or_equal, dependent({info_nce}), [](const Instance& i) {
                   return Sides{loss(i, Law::ucl), loss_at_collapse(i, Law::ucl)};
                 });
  minimised.hypotheses = rest;
  const char* remark =
      "C = 2, two equally likely points per class at e_1, -e_1 and e_2, -e_2, x^+ = x, InfoNCE, k "
      "= "
      "1: the loss is (log 2 + log(1 + e^-2))/4 + log(1 + 1/e)/2 = 0.362; at collapse, the bound, "
      "it "
      "is (log 2 + log(1 + e^-2))/2 = 0.410.";
  minimised.remark = remark;
  registry.add(minimised);
  Claim necessary =
      conjecture(id + "necessary", independence_question,
                 "without conditional independence, (13) is necessary for L_UCL(f) to "
                 "be as small as the right side of (30)",
                 Relation::greater, dependent(strictly_convex_increasing()), [](const Instance& i) {
                   return Sides{loss(i, Law::ucl), over_scaled_collisions(i, simplex_argument(i))};
                 });
  necessary.hypotheses = rest;
  necessary.hypotheses.push_back(strict_loss());
  necessary.hypotheses.push_back(no_equal_inner_products());
  necessary.remark = remark;
  registry.add(necessary);
  CollapseOptions o = theorem_3_collapse();
  o.sizes = {{2, 2, 0, 2}, {3, 2, 0, 2}, {2, 3, 0, 2}};
  o.independent = false;
  registry.add(conjecture(id + "sufficient", independence_question,
                          "without conditional independence, (13) is still sufficient for equality "
                          "with the right side of (30)",
                          Relation::equal, at_collapse(o), [](const Instance& i) {
                            return Sides{expected_loss(collapse_of(i), Law::ucl, loss_of(i),
                                                       hardening_of(i), negatives_of(i)),
                                         over_scaled_collisions(i, simplex_argument(i))};
                          }));
  for (const char* parent : {"bound", "minimised-by-collapse", "necessary"}) {
    Claim c =
        conjecture(id + parent + "/corrected", independence_question,
                   "without conditional independence L_UCL(f) >= psi_k(-1, ..., -1): the mean "
                   "of every argument is |E f(x)|^2 - E f(x).f(x^+) >= -1",
                   Relation::greater_or_equal, dependent({"linear over=mean", info_nce}),
                   [](const Instance& i) {
                     return Sides{loss(i, Law::ucl), psi_at(i, i.number(-1))};
                   });
    c.kind = ClaimKind::correction;
    c.parent = "hard-negatives/open/" + id + parent;
    c.hypotheses = rest;
    c.equality = {"simplex"};
    registry.add(c);
  }
}

void add_proved(ClaimRegistry& registry) {
  struct Case {
    const char* id;
    Law law;
  };
  for (const Case& one : {Case{"scl", Law::scl}, Case{"ucl", Law::ucl}, Case{"hscl", Law::hscl}}) {
    ModelOptions o = theorem_3_model();
    o.independent = one.law == Law::ucl;
    if (one.law == Law::hscl) o.hardenings = {"exponential beta=5", "sum-plus-one power=2"};
    o.losses = {"hinge margin=1 over=mean", info_nce};
    Claim c = theorem_3_claim(
        ClaimKind::statement, std::string("section-6/optimal/") + one.id, conclusion,
        "the NC-geometry is optimal for the " + std::string(reference::name_of(one.law)) +
            " loss: L(f) >= L at neural collapse",
        Relation::greater_or_equal, models(o), [law = one.law](const Instance& i) {
          return Sides{loss(i, law), loss_at_collapse(i, law)};
        });
    c.reading = one.law == Law::ucl ? "under the conditions of Theorem 3"
                                    : "under the conditions of Theorem 2";
    c.hypotheses = {equiprobable_classes(), unit_ball(), common_conditional_law(), convex_loss(),
                    nondecreasing_loss()};
    if (one.law == Law::ucl) c.hypotheses.push_back(conditional_independence());
    if (one.law == Law::hscl) c.hypotheses.push_back(hardening_function());
    c.equality = {"simplex"};
    registry.add(c);
  }
  Claim landscape;
  landscape.id = "hard-negatives/section-6/optimisation-landscape";
  landscape.kind = ClaimKind::conjecture;
  landscape.paper = "HN";
  landscape.place = conclusion;
  landscape.statement =
      "hard negatives alter the optimisation landscape so that Adam from a random "
      "initialisation converges to the global optimum at suitable hardness levels";
  landscape.unavailable = "needs trained networks";
  registry.add(landscape);
}

}  // namespace

void add_hn_open_questions(ClaimRegistry& registry) {
  add_hucl_bound(registry);
  add_hucl_minimised(registry);
  add_hucl_of_section_5_1(registry);
  add_without_independence(registry);
  add_proved(registry);
}

}  // namespace assay::proofs
