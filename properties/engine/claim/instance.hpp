// SPDX-License-Identifier: Apache-2.0
// Instances: the points at which a claim can be evaluated, as named blocks of constrained numbers.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reference/arithmetic/real.hpp"

namespace assay::engine {

using reference::Arithmetic;
using reference::Real;
using reference::Truth;

/// What the numbers of a block have to satisfy. Where a block has more than the dimensions named
/// here, the leading ones count independent copies.
enum class BlockKind : unsigned char {
  scalar,        ///< each number in [low, high]
  integer,       ///< each number an integer in [low, high]
  simplex,       ///< last dimension: a probability vector (entries >= 0, sum 1)
  exchangeable,  ///< last two dimensions: a symmetric joint law (entries >= 0, sum 1)
  ball,          ///< last dimension: a vector of R^d with squared_scale * |v|^2 <= 1
  sphere,        ///< last dimension: a vector of R^d with squared_scale * |v|^2 = 1
};

std::string_view name_of(BlockKind kind);
/// \throws std::invalid_argument for an unknown name
BlockKind block_kind_of(std::string_view name);

/// Numbers under one constraint.
struct Block {
  std::string name;  ///< as the paper calls it: "lambda", "f", "eta"
  BlockKind kind = BlockKind::scalar;
  std::vector<int> dimensions;  ///< row-major; empty: one number
  Real low = -1, high = 1;      ///< of scalar and integer
  bool positive = false;        ///< of simplex and exchangeable: no entry is 0
  Real squared_scale = 1;       ///< of vectors: inner product = squared_scale * sum x_i y_i
  bool scaled = false;          ///< the claim reads squared_scale; elsewhere it has to be 1
  std::vector<Real> values;

  /// Product of the dimensions.
  std::size_t size() const;
  /// Length of one constrained group of numbers: 1, d, or p * p.
  std::size_t group() const;
};

/// The discrete part of an instance: sizes and conventions.
struct Shape {
  std::vector<std::pair<std::string, int>> integers;
  std::vector<std::pair<std::string, std::string>> choices;

  /// \throws std::invalid_argument naming what is missing
  int integer(std::string_view name) const;
  const std::string& choice(std::string_view name) const;
  Shape with(std::string_view name, int value) const;
  Shape with(std::string_view name, std::string_view value) const;
  bool operator==(const Shape&) const = default;
  /// "C=2, k=1, psi=hinge margin=1"
  std::string text() const;
};

/// A point: a shape and the numbers of all its blocks, either all exact (a witness) or all plain
/// doubles (a point of a search).
struct Instance {
  Shape shape;
  std::vector<Block> blocks;
  Arithmetic arithmetic = Arithmetic::plain();

  int integer(std::string_view name) const { return shape.integer(name); }
  const std::string& choice(std::string_view name) const { return shape.choice(name); }
  bool has(std::string_view block) const;
  /// \throws std::invalid_argument naming the missing block
  const Block& block(std::string_view name) const;
  std::span<const Real> values(std::string_view block) const;
  /// The only number of a block.
  const Real& scalar(std::string_view block) const;
  /// The number in this instance's arithmetic: `i.number(1, 3)`.
  Real number(long long n, long long d = 1) const { return arithmetic(n, d); }

  /// All numbers in that arithmetic. \throws std::logic_error for doubles into an enclosing one
  Instance in(const Arithmetic& arithmetic) const;
  /// Numbers to read and their bits: the order in which a smaller witness is the better one.
  std::vector<long long> complexity() const;
  /// One line: "C=2, k=1; lambda = (1/2, 1/2); f = ((1, 0), (-1, 0))".
  std::string text() const;
};

/// What a claim ranges over: shapes, small ones first, and the blocks of each.
struct Domain {
  std::vector<Shape> shapes;
  /// The blocks of a shape with their constraints; their `values` are ignored.
  std::function<std::vector<Block>(const Shape&)> blocks;
  /// Exact points where equality or counterexamples are to be expected.
  struct Special {
    std::string name;
    /// Empty where the shape has no such point.
    std::function<std::vector<Instance>(const Shape&)> make;
  };
  std::vector<Special> specials;
};

/// A domain of a single point: printed numbers, cross-references.
Domain single_point();

/// Why the exact instance is no point of the domain ("lambda: the entries sum to 5/6"); empty if it
/// is one: its shape is one of the domain's (integers and choices in any order), its blocks have
/// their names, kinds, dimensions and constraints, and a scale only where the claim reads it.
std::string violated_constraint(const Instance& exact, const Domain& domain);

}  // namespace assay::engine
