// SPDX-License-Identifier: Apache-2.0
// Claims: statements of papers, as printed, in a form that can be tried.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/verdict.hpp"
#include "properties/engine/claim/instance.hpp"

namespace assay::engine {

/// control: a statement with one hypothesis dropped, which must be refuted. strengthening: a
/// planted false version, which must be refuted. correction: what would be true instead of a
/// refuted statement, tried like a statement.
enum class ClaimKind : unsigned char {
  statement,
  step,
  figure,
  conjecture,
  control,
  strengthening,
  correction,
};
std::string_view name_of(ClaimKind kind);

/// every: the relation holds at every instance that satisfies the hypotheses; one violation refutes
/// it. some: there is such an instance; one of them certifies it.
enum class Quantifier : unsigned char { every, some };

enum class Relation : unsigned char {
  greater_or_equal,
  less_or_equal,
  greater,
  less,
  equal,
  not_equal,
};
std::string_view symbol_of(Relation relation);

/// The two sides of a relation at one instance, in the instance's arithmetic.
struct Sides {
  Real left, right;
};

using Evaluate = std::function<Sides(const Instance&)>;
struct TrialReport;

/// What a filter looked at, and the few exact instances that deserve a trial.
struct Filtered {
  std::int64_t cases = 0;
  std::vector<Instance> worth;
};

/// Looks at about `cases` cases of the domain, many times faster than `Evaluate` does, and decides
/// nothing: what it points out is tried like any other instance. A pure function of its arguments.
using Filter = std::function<Filtered(std::uint64_t seed, std::uint64_t round, std::int64_t cases)>;

/// A printed condition of a statement.
struct Hypothesis {
  std::string name = {};  ///< "equiprobable classes"
  std::string key = {};   ///< for the id of its control: "equiprobable"
  /// Whether an exact instance satisfies it; empty: every point of the domain does, by
  /// construction.
  std::function<Truth(const Instance&)> holds = {};
  /// The domain in which this hypothesis, and only this one, is free. Empty: no control is planted;
  /// `no_control` says why.
  std::optional<Domain> dropped = {};
  std::string no_control = {};
  Filter filter = {};  ///< of the control, for points of `dropped`; may be empty
};

struct Claim {
  std::string id = {};  ///< "hard-negatives/theorem-1/hscl"
  ClaimKind kind = ClaimKind::statement;
  std::string paper = {};                   ///< "HN", "HNa", "CL"
  std::string place = {};                   ///< "Theorem 1", "proof of Theorem 2, (14)"
  std::vector<std::string> equations = {};  ///< numbers of the equations it stands for: "(14)"
  std::string statement = {};               ///< in brief, as printed
  std::string reading = {};                 ///< which of several readings, or empty
  Quantifier quantifier = Quantifier::every;
  Relation relation = Relation::greater_or_equal;
  Domain domain = {};
  std::vector<Hypothesis> hypotheses = {};
  Evaluate evaluate = {};
  /// An algebraically different way to the same sides; empty: the second engine alone confirms.
  Evaluate second = {};
  /// How an exact instance is decided where that is not by the sides in exact arithmetic: kernels
  /// are judged by their judge. Empty: by the sides.
  std::function<TrialReport(const Instance&)> decide = {};
  /// Fast cases before the slow ones; may be empty. A planted strengthening has none, since it
  /// would look for violations of the statement.
  Filter filter = {};
  /// Names of specials of the domain at which the sides are equal, in at least one of its shapes.
  std::vector<std::string> equality = {};
  /// The domain's shapes are all there is and it has no blocks: evaluating decides.
  bool exhaustive = false;
  /// Sides of a planted false version; by default the right side is moved by 1 % and 1/1000.
  Evaluate strengthened = {};
  std::string parent = {};  ///< of controls, strengthenings and corrections
  std::string unavailable =
      {};  ///< what evaluating it would need ("trained networks"); empty: nothing
  /// The statement in a line a reader can verify by hand, for the findings; may be empty.
  std::string remark = {};
};

/// All claims, in the order of the papers.
class ClaimRegistry {
 public:
  /// Adds the claim, its controls and its planted strengthening. \throws std::logic_error for a
  /// second claim of the same id, or one that lacks a place, statement, domain or evaluation
  void add(Claim claim);
  const std::vector<Claim>& claims() const { return claims_; }
  /// nullptr if there is none.
  const Claim* find(std::string_view id) const;
  /// A paper's short name ("clop", "hard-negatives"), an id or a prefix of ids up to a '/'.
  /// \throws InputError for what names nothing, with the nearest names
  std::vector<const Claim*> select(const std::vector<std::string>& names) const;

 private:
  void insert(Claim claim);
  std::vector<Claim> claims_;
};

/// By how much the relation holds at these sides: not negative where it does. For `equal` it is
/// -|left - right|, for `not_equal` it is |left - right|.
Real margin_of(Relation relation, const Sides& sides);

}  // namespace assay::engine
