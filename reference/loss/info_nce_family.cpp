// SPDX-License-Identifier: Apache-2.0
// The InfoNCE family: entry points of the ball and interval tiers.
#include "reference/loss/info_nce_family.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "reference/loss/info_nce_family_formula.hpp"
#include "reference/loss/info_nce_gradient_formula.hpp"
#include "reference/loss/info_nce_scale.hpp"
#include "reference/loss/on_engine.hpp"

namespace assay::reference {
namespace {

template <class Number>
using On = InfoNceFamilyOnEngine<Number>;

/// Exponent e with scale < 2^e.
int scale_exponent(const EffectiveScale& scale) {
  switch (scale.form) {
    case TemperatureAs::temperature: return -std::ilogb(scale.value);
    case TemperatureAs::scale: return std::ilogb(scale.value) + 1;
    case TemperatureAs::log_scale: break;
  }
  constexpr double more_than_log2_e = 1.5;
  return static_cast<int>(std::ceil(std::max(scale.value, 0.0) * more_than_log2_e));
}

/// Exponent e with |sim| < 2^e, for vectors with entries below 2^a and 2^b.
int similarity_exponent(Similarity similarity, int a, int b, int terms) {
  const int difference = std::max(a, b) + 1;
  switch (similarity) {
    case Similarity::dot: break;
    case Similarity::negative_squared_euclidean: return 2 * difference + terms;
    case Similarity::negative_euclidean: return difference + terms;
  }
  return a + b + terms;
}

}  // namespace

int extra_bits_for(const InfoNceSetting& setting, const InfoNceFamilyProblem& p) {
  int similarity = 2;  // |sim| < 2^similarity; normalised vectors are no longer than 1
  if (setting.similarity == Similarity::dot) similarity = 0;
  if (setting.normalisation == Normalisation::none) {
    const int a = exponent_up(p.a, p.n, p.d, p.a_stride);
    const int b = p.b == nullptr ? a : exponent_up(p.b, p.n, p.d, p.b_stride);
    const int terms = std::ilogb(static_cast<double>(p.d)) + 1;
    const bool mixed = setting.directions == Directions::joint_block;
    similarity =
        mixed ? similarity_exponent(setting.similarity, std::max(a, b), std::max(a, b), terms)
              : similarity_exponent(setting.similarity, a, b, terms);
  }
  int scale = scale_exponent(effective_scale(setting, p.parameter));
  if (setting.positive_weight != PositiveWeight::one)
    scale = std::max(scale, -std::ilogb(setting.weight_sigma));
  constexpr int spared = 10;
  return std::max(0, similarity + scale - spared);
}

InfoNceFamilyEnclosures enclose_info_nce_family(const InfoNceSetting& setting,
                                                const InfoNceFamilyProblem& problem, Engine engine,
                                                int bits) {
  check_family(setting, problem);
  InfoNceFamilyEnclosures out = with_engine(engine, [&]<class Number>(const Number*) {
    return On<Number>::enclose(setting, problem, bits);
  });
  out.tier = tier_name(engine, bits);
  return out;
}

InfoNceGradients enclose_info_nce_family_gradients(const InfoNceSetting& setting,
                                                   const InfoNceFamilyProblem& problem,
                                                   const InfoNceUpstream& upstream, Engine engine,
                                                   int bits) {
  check_family(setting, problem);
  check_upstream(family_rows(setting, problem), upstream);
  InfoNceGradients out = with_engine(engine, [&]<class Number>(const Number*) {
    return On<Number>::gradients(setting, problem, upstream, bits);
  });
  out.tier = tier_name(engine, bits);
  return out;
}

InfoNceValue info_nce_family_value(const InfoNceSetting& setting,
                                   const InfoNceFamilyProblem& problem, int digits, int max_bits) {
  check_family(setting, problem);
  if (digits < 1) throw std::invalid_argument("info_nce: at least one digit must be asked for");
  constexpr double bits_per_digit = 3.33;  // more than log2(10)
  constexpr int guard_bits = 32;
  InfoNceValue value;
  value.engine = engines().front();
  value.bits = std::min(max_bits, static_cast<int>(bits_per_digit * digits) + guard_bits);
  for (;; value.bits = std::min(max_bits, 2 * value.bits)) {
    const auto found = with_engine(value.engine, [&]<class Number>(const Number*) {
      const auto loss = On<Number>::loss(setting, problem, value.bits);
      return std::pair(loss.loss, loss.is_nan);
    });
    value.loss = found.first;
    if (found.second || value.loss.agreed_digits() >= digits || value.bits >= max_bits)
      return value;
  }
}

}  // namespace assay::reference
