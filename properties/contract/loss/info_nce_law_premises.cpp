// SPDX-License-Identifier: Apache-2.0
// When powers of two pass through every operation of loss/info_nce (docs/laws.md, "By bits").
#include <algorithm>
#include <cmath>

#include "properties/contract/loss/info_nce_family_instance.hpp"
#include "properties/contract/loss/info_nce_law_case.hpp"
#include "properties/contract/loss/info_nce_laws.hpp"
#include "reference/loss/info_nce_relations.hpp"

namespace assay::contract {

namespace {

using Index = std::int64_t;

bool within(double x, double low) {
  return x == 0 || (std::abs(x) >= low && std::abs(x) <= 1 / low);
}

struct Product {
  double sum = 0, size = 0;
};

/// <x_i, x_j> and the sum of the magnitudes, whose terms are exact.
Product product_of(const InfoNceLawCase& c, Index i, Index j) {
  Product p;
  for (Index k = 0; k < c.d; ++k) {
    const double product = c.vector(i)[k] * c.vector(j)[k];
    p.sum += product, p.size += std::abs(product);
  }
  return p;
}

/// Some logit is neither exactly 0 nor so far from 0 that its binary32 value is at least 2^-19.
/// With no logit above 8 that value is off by less than (d + 3) 2^-21.
bool has_tiny_logit(const InfoNceLawCase& c) {
  const double least = static_cast<double>(c.d + 3) * 0x1p-20;
  for (Index i = 0; i < (c.joint ? 2 * c.n : c.n); ++i)
    for (Index j = c.joint ? i + 1 : c.n; j < 2 * c.n; ++j) {
      const Product p = product_of(c, i, j);
      if (p.size != 0 && std::abs(p.sum) * c.scale() < least) return true;
    }
  return false;
}

/// The same of the mean of a row's positive logits, which an addition and a division more make: at
/// most (d + K + 5) 2^-22 off, with no logit above 2.
bool has_tiny_mean(const InfoNceLawCase& c) {
  for (const FamilyRow& row : FamilyInstance::from(c.made()).rows) {
    const auto count = static_cast<Index>(row.keys.positives.size());
    if (row.fate != reference::RowFate::counts || count < 2) continue;
    Product p;
    for (const Index key : row.keys.positives) {
      const Product one = product_of(c, row.vector, key);
      p.sum += one.sum, p.size += one.size;
    }
    const double least = static_cast<double>(c.d + count + 5) * 0x1p-20;
    if (p.size != 0 && std::abs(p.sum) * c.scale() < least * static_cast<double>(count))
      return true;
  }
  return false;
}

/// A row's upstream gradient is a difference that is far smaller than its parts.
bool cancels_upstream(const InfoNceLawCase& c) {
  if (c.upstream.empty() || c.grad_loss == 0) return false;
  const InfoNceLawWeights weights = c.weights();
  for (std::size_t i = 0; i < c.upstream.size(); ++i) {
    const double share = c.grad_loss * weights.count[i] / weights.divisor;
    if (std::abs(c.upstream[i] + share) < (std::abs(c.upstream[i]) + std::abs(share)) / 8)
      return true;
  }
  return false;
}

const char* entries_out_of_range(const InfoNceLawCase& c, double& largest_square) {
  for (Index v = 0; v < 2 * c.n; ++v) {
    double square = 0;
    for (Index k = 0; k < c.d; ++k) {
      const double x = c.vector(v)[k];
      if (!within(x, 0x1p-14)) return "an entry is neither 0 nor in [2^-14, 2^14]";
      square += x * x;
    }
    largest_square = std::max(largest_square, square);
  }
  return nullptr;
}

}  // namespace

const char* info_nce_underflow_possible(const engine::Case& given) {
  const InfoNceLawCase c(given);
  if (c.n > 64) return "more than 64 pairs";
  double largest = 0;
  if (const char* reason = entries_out_of_range(c, largest)) return reason;
  // All operations between the norms and the last quotient are the same.
  if (c.normalised()) return nullptr;
  if (!within(c.temperature, 0x1p-10)) return "the temperature is not in [2^-10, 2^10]";
  const double limit = c.several_positives() ? 2 : 8;
  if (!(largest * c.scale() <= limit))
    return limit == 2 ? "a logit may exceed 2" : "a logit may exceed 8";
  if (!within(c.grad_loss, 0x1p-10)) return "an upstream gradient is not in [2^-10, 2^10]";
  for (double g : c.upstream)
    if (!within(g, 0x1p-10)) return "an upstream gradient is not in [2^-10, 2^10]";
  if (has_tiny_logit(c)) return "a logit may be tiny";
  if (!c.several_positives()) return nullptr;
  if (has_tiny_mean(c)) return "the mean of a row's positive logits may be tiny";
  return cancels_upstream(c) ? "upstream gradients cancel in a row" : nullptr;
}

}  // namespace assay::contract
