// SPDX-License-Identifier: Apache-2.0
// HN abstract (also HNa), Sections 1 and 2: the summary statements, as general as they are put.
#include <algorithm>
#include <array>

#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/subject/facts.hpp"
#include "proofs-numeric/subject/models.hpp"

namespace assay::proofs {
namespace {

const std::vector<std::string> two_losses = {"hinge margin=2 over=mean",
                                             "info-nce alpha=1 weight=1/k temperature=1"};

Claim claim(std::string id, const char* place, const char* says, Domain domain, Evaluate evaluate) {
  Claim c;
  c.id = "hard-negatives/" + id;
  c.paper = id.starts_with("abstract") ? "HNa" : "HN";
  c.place = place;
  c.statement = says;
  c.domain = std::move(domain);
  c.evaluate = std::move(evaluate);
  return c;
}

ModelOptions options(bool hardened, bool independent) {
  ModelOptions o;
  o.sizes = {{2, 1, 1, 2}, {2, 2, 1, 1}, {3, 1, 3, 2}, {3, 2, 3, 1}};
  o.losses = two_losses;
  if (hardened) o.hardenings = {"polynomial power=1", "exponential beta=5"};
  o.independent = independent;
  return o;
}

/// The loss at Neural-Collapse: with b of the k negatives from other classes, all arguments known.
Real at_collapse(const Instance& i, int classes, const Real& same_class, Law law) {
  const int k = negatives_of(i);
  const Real other = i.number(-classes, classes - 1);
  if (reference::is_supervised(law))
    return loss_of(i)(std::vector<Real>(static_cast<std::size_t>(k), other));
  Real total = 0, ways = 1;
  for (int b = 0; b <= k; ++b) {
    std::vector<Real> t(static_cast<std::size_t>(k), i.number(0));
    std::fill(t.begin(), t.begin() + b, other);
    total += ways * pow(Real(1) - same_class, b) * pow(same_class, k - b) * loss_of(i)(t);
    ways = ways * Real(k - b) / Real(b + 1);
  }
  return total;
}

void add_minimised(ClaimRegistry& registry, Law law, const char* key, bool independent) {
  const bool hardened = reference::is_hardened(law);
  const char* says =
      "for general loss and hardening functions the loss is minimized by representations that "
      "exhibit Neural-Collapse";
  const ModelOptions balanced = options(hardened, independent);
  const Evaluate evaluate = [law](const Instance& i) {
    const int c = i.integer("C");
    return Sides{loss(i, law), at_collapse(i, c, i.number(1, c), law)};
  };
  Claim c = claim(std::string("abstract/") + key + "-minimised", "Abstract", says, models(balanced),
                  evaluate);
  c.reading = std::string("L_") + std::string(reference::name_of(law)) + ", equiprobable classes" +
              (independent ? ", anchor and positive independent given the class"
                           : ", any law of anchor and positive: no conditional independence");
  const auto with = [&](auto change) {
    ModelOptions o = balanced;
    change(o);
    return models(o);
  };
  c.hypotheses = {
      unit_ball(with([](ModelOptions& o) { o.representations = Representations::unconstrained; })),
      nondecreasing_loss(with([](ModelOptions& o) { o.losses = {"decreasing"}; }))};
  if (hardened)
    c.hypotheses.push_back(
        hardening_function(with([](ModelOptions& o) { o.hardenings = {"decreasing"}; })));
  c.second = [law](const Instance& i) {
    const int classes = i.integer("C");
    return Sides{loss_second_way(i, law), at_collapse(i, classes, i.number(1, classes), law)};
  };
  c.equality = {"simplex"};
  registry.add(std::move(c));
}

/// The abstract does not ask for equiprobable classes.
void add_imbalanced(ClaimRegistry& registry, Law law, const char* key, bool independent) {
  ModelOptions o = options(false, independent);
  o.sizes = {{3, 1, 2, 2}, {3, 1, 3, 2}};  // Neural-Collapse needs d >= C - 1
  o.equiprobable = false;
  const Evaluate evaluate = [law](const Instance& i) {
    const FiniteModel m = model_of(i);
    Real collapsed = 0;
    for (const Real& p : m.class_probabilities)
      collapsed += p * at_collapse(i, i.integer("C"), p, law);
    return Sides{loss(i, law), collapsed};
  };
  Domain domain = models(o);
  domain.specials.push_back(
      {"two against one", [blocks = domain.blocks](const Shape& shape) {
         const int d = shape.integer("d");
         Instance i{shape, blocks(shape), Arithmetic::plain()};
         for (Block& b : i.blocks)
           if (b.name == "lambda") {
             b.values = {Real::ratio(1, 4), Real::ratio(1, 2), Real::ratio(1, 4)};
           } else {  // "f": e_1, -e_1, e_1
             b.values.assign(b.size(), Real(0));
             for (int y = 0; y < 3; ++y)
               b.values[static_cast<std::size_t>(y * d)] = y == 1 ? -1 : 1;
           }
         return std::vector<Instance>{i};
       }});
  Claim c = claim(std::string("abstract/") + key + "-minimised/any-class-probabilities", "Abstract",
                  "for a widely-studied data model the loss is minimized by representations that "
                  "exhibit Neural-Collapse",
                  std::move(domain), evaluate);
  c.reading =
      std::string("L_") + std::string(reference::name_of(law)) +
      ", without the hypothesis that classes are equiprobable, which the abstract leaves out";
  c.remark =
      "two classes gain by sharing the point opposite to the third, at the arguments 0 and -2";
  const std::string id = c.id;
  Claim corrected = *registry.find(std::string("hard-negatives/abstract/") + key + "-minimised");
  corrected.id = id + "/corrected";
  corrected.statement = "for equiprobable classes it is";
  corrected.hypotheses.clear();
  registry.add(std::move(c));
  registry.add(corrects(std::move(corrected), id));
}

void add_domination(ClaimRegistry& registry, Law hard, Law law, const char* key) {
  ModelOptions o = options(true, false);
  o.equiprobable = false;
  o.r_is_lambda = false;
  ModelOptions decreasing = o, softening = o;
  decreasing.losses = {"decreasing"};
  softening.hardenings = {"decreasing"};
  Claim c =
      claim(std::string("abstract/") + key + "-lower-bounded", "Abstract",
            "for any representation mapping the HSCL and Hard-UCL losses are lower bounded by "
            "the corresponding SCL and UCL losses",
            models(o), [=](const Instance& i) {
              return Sides{loss(i, hard), loss(i, law)};
            });
  c.hypotheses = {nondecreasing_loss(models(decreasing)), hardening_function(models(softening))};
  c.equality = {"collapsed"};
  registry.add(std::move(c));
}

/// The average of the in-batch losses; batch b has the classes first .. first + classes - 1 of
/// block "f" [samples, d], one sample each.
Real batched(const Instance& i, Law law, int samples, int classes) {
  const int d = i.integer("d");
  const auto f = i.values("f");
  Real total = 0;
  for (int first = 0; first < samples; first += classes) {
    FiniteModel m = reference::uniform_model(classes, 1, d).in(i.arithmetic);
    const auto from = f.begin() + first * d;
    m.embeddings.assign(from, from + classes * d);
    m.squared_scale = i.arithmetic(i.block("f").squared_scale);
    total += reference::expected_loss(m, law, loss_of(i), Hardening(), negatives_of(i));
  }
  return total / Real(samples / classes);
}

/// Two batches; `f` holds the representations of all samples.
Domain two_batches(const std::vector<std::array<int, 3>>& sizes) {
  std::vector<Shape> shapes;
  for (const auto& [samples, d, k] : sizes)
    for (const std::string& psi : two_losses)
      shapes.push_back({{{"samples", samples}, {"d", d}, {"k", k}}, {{"psi", psi}}});
  Domain domain = over(std::move(shapes), [](const Shape& s) {
    return std::vector<Block>{
        vectors("f", {s.integer("samples"), s.integer("d")}, BlockKind::ball)};
  });
  const Domain bare = domain;
  // Samples in turn at e_1 and -e_1.
  domain.specials.push_back({"antipodal", [bare](const Shape& s) {
                               std::vector<Real> f;
                               for (int n = 0; n < s.integer("samples"); ++n)
                                 for (int a = 0; a < s.integer("d"); ++a)
                                   f.push_back(a > 0 ? 0 : n % 2 ? -1 : 1);
                               return std::vector<Instance>{point_of(bare, s, {f})};
                             }});
  return domain;
}

void add_batching(ClaimRegistry& registry, Law law, const char* key) {
  const char* says =
      "the theoretical claims also hold for the practical scenario where batching is used for "
      "optimization";
  const std::string name(reference::name_of(law));
  Claim c = claim(std::string("abstract/") + key + "-batched", "Abstract", says,
                  two_batches({{4, 3, 2}, {4, 3, 3}, {4, 4, 2}}), [law](const Instance& i) {
                    return Sides{batched(i, law, 4, 2), at_collapse(i, 4, i.number(1, 2), law)};
                  });
  c.reading = "L_" + name + " averaged over two batches, negatives from the same batch; C = 4 " +
              "classes of one sample, two classes in each batch; against its value at " +
              "Neural-Collapse of the 4 classes";
  c.remark = "the two classes of a batch at e and -e have arguments -2, at Neural-Collapse -4/3";
  const std::string id = c.id;
  registry.add(std::move(c));
  Claim corrected =
      claim(std::string("abstract/") + key + "-batched/corrected", "Abstract",
            "they hold if every batch has equally many samples of each of the C classes",
            two_batches({{4, 1, 1}, {4, 1, 2}, {4, 2, 2}}), [law](const Instance& i) {
              return Sides{batched(i, law, 4, 2), at_collapse(i, 2, i.number(1, 2), law)};
            });
  corrected.reading =
      "L_" + name + " averaged over two batches, each one sample of both C = 2 classes";
  corrected.equality = {"antipodal"};
  registry.add(corrects(std::move(corrected), id));
}

void add_contributions(ClaimRegistry& registry) {
  std::vector<Shape> shapes;
  for (const int c : {2, 3, 5})
    for (const std::string& psi :
         {std::string("linear over=mean"), std::string("max"), two_losses[1]})
      for (const std::string& eta : hardening_functions())
        if (c != 3 || psi != "max")
          shapes.push_back({{{"C", c}, {"k", 2}}, {{"psi", psi}, {"eta", eta}}});
  Claim same =
      claim("section-1-1/same-optimal-value", "Section 1.1",
            "Neural-Collapse is optimal for both SCL and HSCL with the same optimal loss "
            "value",
            family(std::move(shapes)), [](const Instance& i) {
              const FiniteModel m = reference::simplex_model(i.integer("C"), 1).in(i.arithmetic);
              return Sides{reference::expected_loss(m, Law::hscl, loss_of(i), hardening_of(i), 2),
                           reference::expected_loss(m, Law::scl, loss_of(i), hardening_of(i), 2)};
            });
  same.relation = Relation::equal;
  same.reading = "L_HSCL = L_SCL at the simplex frame";
  registry.add(std::move(same));
  ModelOptions o = options(false, false);
  o.losses = {"info-nce alpha=1 weight=1 temperature=1"};
  Claim sincere =
      claim("section-2-1/sincere", "Section 2.1",
            "Neural-Collapse is the optimal geometry for the SINCERE loss", models(o),
            [](const Instance& i) {
              return Sides{loss(i, Law::scl), at_collapse(i, i.integer("C"), Real(0), Law::scl)};
            });
  sincere.reading =
      "InfoNCE with the sum over negatives of other classes, equiprobable classes, "
      "unit ball";
  sincere.equality = {"simplex"};
  registry.add(std::move(sincere));
}

/// L_HUCL at an f against L_HUCL at Neural-Collapse.
Claim hucl_against_collapse(std::string id, const char* place, const char* says,
                            Representations where) {
  ModelOptions o;
  o.sizes = {{2, 1, 1, 2}, {2, 1, 2, 2}, {3, 1, 2, 2}, {3, 1, 3, 2}};
  o.losses = {two_losses[1]};
  o.hardenings = {"exponential beta=5", "exponential beta=10"};
  o.representations = where;
  o.independent = true;
  Claim c = claim(std::move(id), place, says, models(o), [](const Instance& i) {
    const FiniteModel frame = reference::simplex_model(i.integer("C"), 1).in(i.arithmetic);
    return Sides{loss(i, Law::hucl), reference::expected_loss(frame, Law::hucl, loss_of(i),
                                                              hardening_of(i), negatives_of(i))};
  });
  c.reading = where == Representations::unit_ball ? "unit ball, one point per class"
                                                  : "unit sphere, one point per class";
  return c;
}

void add_trained_or_hardened(ClaimRegistry& registry) {
  for (const Representations where : {Representations::unit_ball, Representations::unit_sphere}) {
    const std::string on = where == Representations::unit_ball ? "unit-ball" : "unit-sphere";
    Claim differs = hucl_against_collapse(
        "section-2-2/hucl-optimum-differs/" + on, "Section 2.2",
        "the geometry of the optimal solution for HUCL depends on the hardness level and is, in "
        "general, different compared to UCL",
        where);
    differs.quantifier = Quantifier::some;
    differs.relation = Relation::less;
    differs.reading += ": some f has a smaller HUCL loss than Neural-Collapse, the optimum of UCL";
    registry.add(std::move(differs));
  }
  registry.add(unavailable({"hard-negatives/abstract/adam", "Abstract",
                            "Adam with batching converges to NC for HSCL and HUCL with suitable "
                            "hardness; without hard negatives or normalization there is DC"},
                           "trained networks"));
}

}  // namespace

void add_hn_abstract(ClaimRegistry& registry) {
  add_minimised(registry, Law::scl, "scl", false);
  add_minimised(registry, Law::hscl, "hscl", false);
  add_minimised(registry, Law::ucl, "ucl", true);
  add_imbalanced(registry, Law::scl, "scl", false);
  add_imbalanced(registry, Law::ucl, "ucl", true);
  add_domination(registry, Law::hscl, Law::scl, "hscl");
  add_domination(registry, Law::hucl, Law::ucl, "hucl");
  add_batching(registry, Law::scl, "scl");
  add_batching(registry, Law::ucl, "ucl");
  add_contributions(registry);
  add_trained_or_hardened(registry);
}

}  // namespace assay::proofs
