// SPDX-License-Identifier: Apache-2.0
// HN Section 3: (3), the display of the CL loss for each of the four laws, beta = 0, temperature.
#include <array>

#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/subject/facts.hpp"
#include "proofs-numeric/subject/models.hpp"
#include "proofs-numeric/subject/tuple_domain.hpp"

namespace assay::proofs {
namespace {

Claim identity(std::string id, const char* place, const char* says, Domain domain,
               Evaluate evaluate) {
  Claim c;
  c.id = "hard-negatives/" + std::move(id);
  c.paper = "HN";
  c.place = place;
  c.statement = says;
  c.relation = Relation::equal;
  c.domain = std::move(domain);
  c.evaluate = std::move(evaluate);
  return c;
}

/// The same data with points of its own for every class: the finite model of the reference library.
FiniteModel separated(const Instance& i, const TupleLaw& p) {
  const int d = i.integer("d");
  FiniteModel m = reference::uniform_model(p.classes(), p.points(), d).in(i.arithmetic);
  const auto copy = [&](const char* block) {
    return std::vector<Real>(i.values(block).begin(), i.values(block).end());
  };
  m.class_probabilities = copy("lambda");
  m.negative_class_probabilities = i.has("r") ? copy("r") : m.class_probabilities;
  m.joint = copy("q");
  m.embeddings.clear();
  for (int y = 0; y < p.classes(); ++y) {
    for (int x = 0; x < p.points(); ++x) m.s(y, x) = p.s(y, x);
    m.embeddings.insert(m.embeddings.end(), i.values("f").begin(), i.values("f").end());
  }
  return m;
}

void add_losses(ClaimRegistry& registry) {
  for (const auto& [law, key] : std::vector<std::pair<Law, std::string>>{
           {Law::scl, "scl"}, {Law::ucl, "ucl"}, {Law::hscl, "hscl"}, {Law::hucl, "hucl"}}) {
    TupleOptions options;
    if (reference::is_hardened(law))
      options.hardenings = {"sum-plus-one power=2", "exponential beta=5"};
    options.losses = {"hinge margin=1 over=mean", "info-nce alpha=1 weight=1 temperature=1"};
    options.typical = law != Law::ucl;
    Domain domain = tuples(options);
    std::erase_if(domain.shapes, [](const Shape& shape) {  // the sums take long
      return shape.integer("C") * shape.integer("m") > 4;
    });
    Claim c = identity(
        "section-3/" + key + "/loss", "Section 3, display of L_CL",
        "L_CL is the expected value of the loss (1) under the joint law of the "
        "samples",
        std::move(domain), [law](const Instance& i) {
          const TupleLaw p(i, law);
          const LossFunction psi = loss_of(i);
          const Real total = p.expectation([&](const Tuple& t) {
            const Real v = p.inner(t.x, t.plus);
            return psi(std::array<Real, 2>{p.inner(t.x, t.n1) - v, p.inner(t.x, t.n2) - v});
          });
          return Sides{total,
                       reference::expected_loss(separated(i, p), law, psi, hardening_of(i), 2)};
        });
    c.reading = std::string("L_") + std::string(reference::name_of(law)) +
                ", two negatives, classes that share their points: the sum over all tuples against "
                "the reference library, which gives every class points of its own";
    registry.add(std::move(c));
  }
}

void add_label_law(ClaimRegistry& registry) {
  std::vector<Shape> shapes;
  for (const int c : {2, 3, 5}) shapes.push_back({{{"C", c}}, {}});
  Claim c = identity("section-3/scl/label-law", "Section 3.1, (3)",
                     "r(.|y) of (3) is a probability distribution on the labels other than y",
                     over(std::move(shapes),
                          [](const Shape& s) {
                            Block lambda = probabilities("lambda", {s.integer("C")});
                            lambda.positive = true;
                            return std::vector<Block>{lambda};
                          }),
                     [](const Instance& i) {
                       const auto lambda = i.values("lambda");
                       Real total = 0;  // over the labels other than the first
                       for (const Real& l : lambda.subspan(1)) total += l / (Real(1) - lambda[0]);
                       return Sides{total, i.number(1)};
                     });
  c.equations = {"(3)"};
  c.reading = "y the first label";
  registry.add(std::move(c));
}

void add_no_hardening(ClaimRegistry& registry) {
  Claim c = identity("table-1/beta-0", "Table 1",
                     "SCL is the column beta = 0: the exponential hardening with beta = 0 leaves "
                     "the law of the negatives as it is",
                     tuples({}), [](const Instance& i) {
                       const TupleLaw hard(i, Law::hscl), plain(i, Law::scl);
                       Real off = 0;
                       const Key key = both(both(anchor_label(hard), anchor_point(hard)),
                                            both(positive_point(hard), negative_points(hard)));
                       const auto a = hard.law_of(key.size, key.of),
                                  b = plain.law_of(key.size, key.of);
                       for (std::size_t n = 0; n < a.size(); ++n) off += abs(a[n] - b[n]);
                       return Sides{i.number(1) + off, i.number(1)};
                     });
  c.reading =
      "eta = exp(0) = 1, which Definition 2 allows although its example asks for beta > 0; "
      "two negatives";
  registry.add(std::move(c));
}

/// Shares of the negatives in the gradient of log(sum exp(u_i/temperature)).
void add_temperature(ClaimRegistry& registry) {
  Domain d = over({Shape{{{"k", 2}}, {}}, Shape{{{"k", 4}}, {}}}, [](const Shape& s) {
    return std::vector<Block>{numbers("u", {s.integer("k")}, -1, 1), numbers("beta", {}, 0, 8)};
  });
  Claim c = identity(
      "section-1/temperature", "Section 1",
      "hard-negative sampling can be performed implicitly by adjusting the temperature",
      std::move(d), [](const Instance& i) {
        const auto u = i.values("u");
        const Real& beta = i.scalar("beta");
        const Real temperature = Real(1) / (Real(1) + beta);
        Real tilted = 0, cooled = 0;
        for (const Real& x : u) tilted += exp(beta * x) * exp(x), cooled += exp(x / temperature);
        return Sides{exp(beta * u[0]) * exp(u[0]) / tilted, exp(u[0] / temperature) / cooled};
      });
  c.reading =
      "the share of a negative in the gradient: exponential hardening beta at temperature 1 "
      "gives that of no hardening at temperature 1/(1 + beta)";
  registry.add(std::move(c));
}

void add_related_work(ClaimRegistry& registry) {
  registry.add(unavailable({"hard-negatives/section-2-1/landscape", "Section 2.1",
                            "SGD-like methods with random initialization may not reach the global "
                            "optima of SCL, and the local optima exhibit DC"},
                           "trained networks"));
  registry.add(unavailable({"hard-negatives/section-2-2/jing-theorem-4", "Section 2.2",
                            "Theorem 4 in Jing et al. is limited: UCL trained with Adam from a "
                            "suitable initialization does not exhibit DC"},
                           "trained networks"));
  registry.add(unavailable({"hard-negatives/section-1-1/wu-theorem-3-1", "Section 1.1",
                            "Theorem 3.1 in Wu et al. is a somewhat similar result"},
                           "the cited paper"));
  registry.add(unavailable({"hard-negatives/section-2-1/debiased-loss", "Section 2.1",
                            "the debiased SCL loss in Chuang et al. is the SCL loss"},
                           "the cited paper"));
}

}  // namespace

void add_hn_expected_losses(ClaimRegistry& registry) {
  add_temperature(registry);
  add_related_work(registry);
  add_label_law(registry);
  add_losses(registry);
  add_no_hardening(registry);
}

}  // namespace assay::proofs
