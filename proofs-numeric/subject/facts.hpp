// SPDX-License-Identifier: Apache-2.0
// Claims about single numbers and finite families: printed values, counts, cross-references; and
// the domains that are no finite data models.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "properties/engine/claim/claim.hpp"

namespace assay::proofs {

using namespace engine;

/// A number in the arithmetic asked for.
using Number = std::function<Real(const Arithmetic&)>;
Number number(long long n, long long d = 1);

/// Where a sentence stands and what it says.
struct Sentence {
  std::string id, place, statement;
};

/// left `relation` right at the only point there is: kind figure, decided by evaluating.
Claim fact(Sentence sentence, Relation relation, Number left, Number right);

enum class Digits : unsigned char { rounded, truncated };
/// The value printed with n decimals is the value rounded to nearest (or truncated) to n decimals:
/// |value - centre| <= half a unit of the last place. The planted false version is one unit further
/// off. \throws std::invalid_argument unless `printed` is a decimal fraction
Claim printed_value(Sentence sentence, Number value, const std::string& printed,
                    Digits digits = Digits::rounded);

/// A sentence that takes more than a computation: `needs` says what.
Claim unavailable(Sentence sentence, std::string needs);

/// The claim as a correction of another one.
Claim corrects(Claim claim, std::string parent);

/// Shapes without free numbers.
Domain family(std::vector<Shape> shapes);
/// One shape per value of the integer.
Domain family(const char* name, const std::vector<int>& values);
/// Shapes with free numbers.
Domain over(std::vector<Shape> shapes, std::function<std::vector<Block>(const Shape&)> blocks);
/// An instance at given exact values, block by block in the order of the domain.
Instance point_of(const Domain& domain, const Shape& shape,
                  const std::vector<std::vector<Real>>& values);

Block numbers(const char* name, std::vector<int> dimensions, Real low, Real high);
Block probabilities(const char* name, std::vector<int> dimensions,
                    BlockKind kind = BlockKind::simplex);
Block vectors(const char* name, std::vector<int> dimensions, BlockKind kind);

}  // namespace assay::proofs
