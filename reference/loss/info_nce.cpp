// SPDX-License-Identifier: Apache-2.0
// InfoNCE: the entry points of the ball and interval tiers.
#include "reference/loss/info_nce.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "reference/loss/info_nce_check.hpp"
#include "reference/loss/info_nce_formula.hpp"
#include "reference/loss/on_engine.hpp"

namespace assay::reference {
namespace {

template <class Number>
using On = InfoNceOnEngine<Number>;

InfoNceRow one_row(const InfoNceProblem& problem, std::int64_t row, Engine engine, int bits,
                   bool second_way) {
  check_shape(problem);
  check_finite(problem);
  check_row(problem, row);
  return with_engine(engine, [&]<class Number>(const Number*) {
    return On<Number>::row(problem, row, bits, second_way);
  });
}

}  // namespace

int exponent_up(const double* x, std::int64_t n, std::int64_t d, std::int64_t stride) {
  double largest = 0;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t k = 0; k < d; ++k) largest = std::max(largest, std::fabs(x[i * stride + k]));
  return largest > 0 ? std::ilogb(largest) + 1 : 0;
}

int extra_bits_for(const InfoNceProblem& p) {
  // |<x, y>| / temperature <= d max|x_k| max|y_k| / temperature < 2^(exponents added up).
  const int a = exponent_up(p.a, p.n, p.d, p.a_stride);
  const int b = exponent_up(p.b, p.n, p.d, p.b_stride);
  const int entries = p.form == InfoNceForm::joint_block ? 2 * std::max(a, b) : a + b;
  const int terms = std::ilogb(static_cast<double>(p.d)) + 1;
  constexpr int spared = 10;  // logits up to 1000 cost ten bits of the result, not a slower number
  return std::max(0, entries + terms - std::ilogb(p.temperature) - spared);
}

InfoNceEnclosures enclose_info_nce(const InfoNceProblem& problem, Engine engine, int bits) {
  check_shape(problem);
  check_finite(problem);
  InfoNceEnclosures out = with_engine(
      engine, [&]<class Number>(const Number*) { return On<Number>::enclose(problem, bits); });
  out.tier = tier_name(engine, bits);
  return out;
}

InfoNceRow enclose_info_nce_row(const InfoNceProblem& problem, std::int64_t row, Engine engine,
                                int bits) {
  return one_row(problem, row, engine, bits, false);
}

InfoNceRow enclose_info_nce_row_second_way(const InfoNceProblem& problem, std::int64_t row,
                                           Engine engine, int bits) {
  return one_row(problem, row, engine, bits, true);
}

InfoNceValue info_nce_value(const InfoNceProblem& problem, int digits, int max_bits) {
  check_shape(problem);
  check_finite(problem);
  if (digits < 1) throw std::invalid_argument("info_nce: at least one digit must be asked for");
  constexpr double bits_per_digit = 3.33;  // more than log2(10)
  constexpr int guard_bits = 32;
  InfoNceValue value;
  value.engine = engines().front();
  value.bits = std::min(max_bits, static_cast<int>(bits_per_digit * digits) + guard_bits);
  for (;; value.bits = std::min(max_bits, 2 * value.bits)) {
    value.loss = with_engine(value.engine, [&]<class Number>(const Number*) {
      return On<Number>::mean(problem, value.bits);
    });
    if (value.loss.agreed_digits() >= digits || value.bits >= max_bits) return value;
  }
}

}  // namespace assay::reference
