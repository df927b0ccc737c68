// SPDX-License-Identifier: Apache-2.0
// Finite data models as subjects of claims.
#include "proofs-numeric/subject/models.hpp"

#include <map>

namespace assay::proofs {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

/// Parsing is slow beside evaluating a small model: each text is parsed once per thread.
template <class Function>
const Function& parsed(const std::string& text) {
  thread_local std::map<std::string, Function> known;
  auto found = known.find(text);
  if (found == known.end()) found = known.emplace(text, Function::parse(text)).first;
  return found->second;
}

Truth truth(bool b) { return b ? Truth::yes : Truth::no; }

Hypothesis on_model(const char* name, const char* key, Truth (*holds)(const FiniteModel&),
                    std::optional<Domain> dropped) {
  return {
      name, key, [holds](const Instance& i) { return holds(model_of(i)); }, std::move(dropped), {}};
}

Hypothesis on_loss(const char* name, const char* key,
                   bool (*holds)(const reference::LossProperties&), std::optional<Domain> dropped) {
  return {
      name,
      key,
      [holds](const Instance& i) { return truth(holds(loss_of(i).properties(negatives_of(i)))); },
      std::move(dropped),
      {}};
}

}  // namespace

LossFunction loss_of(const Instance& i) { return parsed<LossFunction>(i.choice("psi")); }
Hardening hardening_of(const Instance& i) { return parsed<Hardening>(i.choice("eta")); }
int negatives_of(const Instance& i) { return i.integer("k"); }

FiniteModel model_of(const Instance& i) {
  const int classes = i.integer("C"), points = i.integer("p");
  const Arithmetic& a = i.arithmetic;
  const auto values = [&](const char* block) {
    const auto v = i.values(block);
    return std::vector<Real>(v.begin(), v.end());
  };
  FiniteModel m;
  m.classes = classes, m.points = points, m.dimension = i.integer("d");
  m.class_probabilities =
      i.has("lambda") ? values("lambda") : std::vector<Real>(at(classes), a(1, classes));
  m.negative_class_probabilities = i.has("r") ? values("r") : m.class_probabilities;
  if (i.has("q")) {
    m.joint = values("q");
    m.negative_law.assign(at(classes * points), a(0));
    for (int y = 0; y < classes; ++y)
      for (int x = 0; x < points; ++x)
        for (int plus = 0; plus < points; ++plus) m.s(y, x) += m.q(y, x, plus);
  } else {
    m.negative_law = i.has("s") ? values("s") : std::vector<Real>(at(classes * points), a(1));
    m.joint.assign(at(classes * points * points), a(0));
    for (int y = 0; y < classes; ++y)
      for (int x = 0; x < points; ++x)
        for (int plus = 0; plus < points; ++plus) m.q(y, x, plus) = m.s(y, x) * m.s(y, plus);
  }
  if (i.has("negatives")) m.negative_law = values("negatives");
  m.embeddings = values("f");
  m.squared_scale = a(i.block("f").squared_scale);
  return m;
}

Real loss(const Instance& i, Law law) {
  return expected_loss(model_of(i), law, loss_of(i), hardening_of(i), negatives_of(i),
                       reference::Way::automatic);
}

Real loss_second_way(const Instance& i, Law law) {
  return expected_loss(model_of(i), law, loss_of(i), hardening_of(i), negatives_of(i),
                       reference::Way::enumeration);
}

Real psi_at(const Instance& i, const Real& t) {
  const std::vector<Real> arguments(at(negatives_of(i)), t);
  return loss_of(i)(arguments);
}

Real simplex_argument(const Instance& i) {
  const int classes = i.integer("C");
  return i.number(-classes, classes - 1);
}

Hypothesis equiprobable_classes(std::optional<Domain> dropped) {
  return on_model("equiprobable classes", "equiprobable", reference::is_equiprobable,
                  std::move(dropped));
}

Hypothesis unit_ball(std::optional<Domain> dropped) {
  return on_model("unit-ball representations", "unit-ball", reference::in_unit_ball,
                  std::move(dropped));
}

Hypothesis common_conditional_law(std::optional<Domain> dropped) {
  return on_model("anchor, positive and negative have a common law given their labels",
                  "common-law", reference::has_common_law, std::move(dropped));
}

Hypothesis conditional_independence(std::optional<Domain> dropped) {
  return on_model("anchor and positive are conditionally independent given the label",
                  "conditional-independence", reference::is_conditionally_independent,
                  std::move(dropped));
}

Hypothesis negatives_like_anchors(std::optional<Domain> dropped) {
  return on_model("r = lambda", "r-is-lambda", reference::has_same_negative_classes,
                  std::move(dropped));
}

Hypothesis equal_inner_products(std::optional<Domain> dropped) {
  return on_model("equal inner-product class means, HN (13)", "equal-inner-products",
                  reference::means_form_simplex, std::move(dropped));
}

Hypothesis convex_loss(std::optional<Domain> dropped) {
  return on_loss(
      "psi_k is convex", "convex", [](const reference::LossProperties& p) { return p.convex; },
      std::move(dropped));
}

Hypothesis nondecreasing_loss(std::optional<Domain> dropped) {
  return on_loss(
      "psi_k is argument-wise non-decreasing", "nondecreasing",
      [](const reference::LossProperties& p) { return p.nondecreasing; }, std::move(dropped));
}

Hypothesis strict_loss(std::optional<Domain> dropped) {
  return on_loss(
      "psi_k is strictly convex and argument-wise strictly increasing", "strict",
      [](const reference::LossProperties& p) { return p.strictly_convex && p.strictly_increasing; },
      std::move(dropped));
}

Hypothesis hardening_function(std::optional<Domain> dropped) {
  return {"eta is a hardening function",
          "hardening",
          [](const Instance& i) {
            const reference::HardeningProperties p = hardening_of(i).properties();
            return truth(p.nonnegative && p.nondecreasing);
          },
          std::move(dropped),
          {}};
}

}  // namespace assay::proofs
