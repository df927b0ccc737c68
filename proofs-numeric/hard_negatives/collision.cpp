// SPDX-License-Identifier: Apache-2.0
// HN Section 5.4 and Appendix B.1: "a higher beta increases the odds of latent-class collision".
#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/subject/facts.hpp"

namespace assay::proofs {
namespace {

const char* const says = "a higher beta increases the odds of latent-class collision";

Claim claim(const char* id, const char* statement, Domain domain, Evaluate evaluate) {
  Claim c;
  c.id = std::string("hard-negatives/section-5-4/collision/") + id;
  c.paper = "HN";
  c.place = "Section 5.4 and Appendix B.1";
  c.statement = statement;
  c.domain = std::move(domain);
  c.evaluate = std::move(evaluate);
  return c;
}

/// `of_beta` at the two hardness levels.
Sides at_both(const Instance& i, const std::function<Real(const Real&)>& of_beta) {
  return {of_beta(i.scalar("beta") + i.scalar("more")), of_beta(i.scalar("beta"))};
}

void add_at_collapse(ClaimRegistry& registry) {
  std::vector<Shape> shapes;
  for (const int c : {2, 3, 10, 100}) shapes.push_back({{{"C", c}}, {}});
  Claim c =
      claim("at-nc", says,
            over(std::move(shapes),
                 [](const Shape&) {
                   return std::vector<Block>{numbers("beta", {}, 0, 4), numbers("more", {}, 0, 4)};
                 }),
            [](const Instance& i) {
              const int classes = i.integer("C");
              return at_both(i, [&](const Real& beta) {
                return exp(beta) / (Real(classes - 1) * exp(beta * i.number(-1, classes - 1)));
              });
            });
  c.reading = "one negative of HUCL at Neural-Collapse";
  registry.add(std::move(c));
}

/// Two classes of two equally likely points on a line.
Domain two_by_two() {
  Domain d = over({Shape{{{"C", 2}, {"p", 2}}, {}}}, [](const Shape&) {
    return std::vector<Block>{vectors("f", {2, 2, 1}, BlockKind::ball), numbers("beta", {}, 0, 30),
                              numbers("more", {}, 0, 30)};
  });
  const Domain bare = d;
  const Real half = Real::ratio(1, 2);
  d.specials.push_back(
      {"a class between the other and the origin", [=](const Shape& s) {
         return std::vector<Instance>{point_of(bare, s, {{half, half, 1, 1}, {5}, {5}})};
       }});
  return d;
}

/// Sum of exp(beta u) over the points u[first] and u[first + 1].
Real mass(const std::vector<Real>& u, std::size_t first, const Real& beta) {
  return exp(beta * u[first]) + exp(beta * u[first + 1]);
}

/// Alignments of all points with one of them.
std::vector<Real> alignments(const Instance& i, std::size_t anchor) {
  const auto f = i.values("f");
  std::vector<Real> u;
  for (const Real& x : f) u.push_back(f[anchor] * x);
  return u;
}

void add_anywhere(ClaimRegistry& registry) {
  Claim any = claim("any-f", says, two_by_two(), [](const Instance& i) {
    return at_both(i, [&](const Real& beta) {
      Real probability = 0;
      for (std::size_t anchor = 0; anchor < 4; ++anchor) {
        const auto u = alignments(i, anchor);
        const Real own = mass(u, anchor < 2 ? 0 : 2, beta);
        probability += own / (own + mass(u, anchor < 2 ? 2 : 0, beta)) / Real(4);
      }
      return probability;
    });
  });
  any.reading = "one negative of HUCL, any f: its probability of being of the anchor's class";
  any.remark =
      "f = 1/2 on one class and 1 on the other: 1/(1 + e^(b/4))/2 + 1/(1 + e^(-b/2))/2 is 0.573 at "
      "b = 5 and 0.535 at b = 10";
  Claim given = claim("given-anchor", says, two_by_two(), [](const Instance& i) {
    const auto u = alignments(i, 0);
    return at_both(i, [&](const Real& beta) { return mass(u, 0, beta) / mass(u, 2, beta); });
  });
  given.reading = "one negative of HUCL, any f: the odds given the anchor";
  given.remark =
      "an anchor more aligned with the other class than with its own: there the odds fall";
  Claim tilt = claim(
      "",
      "a higher beta increases the odds of a collision where every point of the anchor's class "
      "is at least as aligned with it as those of the other class",
      two_by_two(), [](const Instance& i) {
        std::vector<Real> u = alignments(i, 0);
        u[2] = min(u[2], min(u[0], u[1])), u[3] = min(u[3], min(u[0], u[1]));
        return at_both(i, [&](const Real& beta) { return mass(u, 0, beta) / mass(u, 2, beta); });
      });
  tilt.reading = "alignments of the other class cut down to the smallest of the own class";
  for (const Claim& c : {any, given}) {
    registry.add(c);
    tilt.id = c.id + "/corrected";
    registry.add(corrects(tilt, c.id));
  }
}

}  // namespace

void add_hn_collision(ClaimRegistry& registry) {
  add_at_collapse(registry);
  add_anywhere(registry);
}

}  // namespace assay::proofs
