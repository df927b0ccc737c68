// SPDX-License-Identifier: Apache-2.0
// Every term of the settings' gradient budget and of its modelled column is needed: without it some
// kernel's error is too large for the budget, and the model says too little.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "kernels/loss/info_nce_family.hpp"
#include "properties/contract/loss/info_nce_budget.hpp"
#include "properties/contract/loss/info_nce_family_builtin.hpp"
#include "properties/contract/loss/info_nce_family_gradient.hpp"
#include "properties/contract/loss/info_nce_family_rows.hpp"

namespace assay::testing {
namespace {

using namespace assay::contract;
using reference::Denominator;
using reference::Normalisation;
using reference::TemperatureAs;
using Index = std::int64_t;
constexpr Index n = 3, d = 40;
constexpr std::size_t last_row = (n - 1) * d;

/// Numbers of one random stream.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : random_(seed) {}
  /// Of binary32, in [1, 2) times `size`, either sign.
  float any(float size = 1) {
    const float x = size * (1 + static_cast<float>(random_() >> 41) * 0x1p-23f);
    return random_() % 2 == 0 ? x : -x;
  }
  double wide() { return 1 + static_cast<double>(random_() >> 12) * 0x1p-52; }

 private:
  std::mt19937_64 random_;
};

/// Three pairs and what is judged of them. Unless a scene says otherwise: one direction, negatives
/// alone in the denominator (the positive's coefficient is -g, exactly), pair i along axis i (all
/// logits of negatives are 0), the last key along all further axes as well, and a scale that
/// binary32 holds. On those axes the gradient of the last row is a sum of one term.
struct Scene {
  FamilyInstance instance;
  std::vector<float> a = std::vector<float>(n * d), b = a, upstream = std::vector<float>(n);
  float grad_loss = 0;
  double parameter = 1;
  std::string setting = "masked";
  std::function<void(reference::InfoNceSetting&)> adapt = [](reference::InfoNceSetting& s) {
    s.denominator = Denominator::negatives;
    s.temperature_as = TemperatureAs::scale;
  };
  std::size_t first = last_row + n - 1;  ///< element of grad_a that is judged

  explicit Scene(Draws& draws) {
    for (Index i = 0; i < n; ++i) {
      a[static_cast<std::size_t>(i * d + i)] = draws.any();
      b[static_cast<std::size_t>(i * d + i)] = draws.any();
      upstream[static_cast<std::size_t>(i)] = draws.any();
    }
    for (Index k = n; k < d; ++k) b[last_row + static_cast<std::size_t>(k)] = draws.any();
    parameter = std::fabs(draws.any());
  }

  void finish() {
    engine::Case c;
    c.descriptor = {"loss/info_nce", setting, "test", 0, 0};
    c.inputs = {
        Tensor::of_floats("a", {n, d}, a), Tensor::of_floats("b", {n, d}, b),
        Tensor::of_floats("grad_row_loss", {static_cast<Index>(upstream.size())}, upstream)};
    Tensor mask = Tensor::contiguous("mask", Dtype::u8, {n, n});
    for (Index i = 0; i < n; ++i) mask.as<std::uint8_t>()[i * n + i] = 1;
    c.inputs.push_back(std::move(mask));
    c.scalars = {{"temperature", parameter}, {"grad_loss", grad_loss}};
    c.options = {{"operation", "backward"}, {"setting", setting}};
    instance = FamilyInstance::from(c);
    adapt(instance.setting);
  }

  std::vector<float> observed() const {
    std::vector<float> grad_a(n * d), grad_b(n * d);
    float grad_parameter = 0;
    kernels::FamilyBackwardArguments q;
    q.setting = kernel_setting(instance.setting);
    q.a = a.data();
    q.b = b.data();
    q.n = n;
    q.d = q.a_stride = q.b_stride = d;
    q.parameter = parameter;
    q.mask = instance.mask.empty() ? nullptr : instance.mask.data();
    q.mask_stride = n;
    q.grad_row_loss = upstream.data();
    q.grad_loss = grad_loss;
    q.grad_a = grad_a.data();
    q.grad_b = grad_b.data();
    q.grad_parameter = &grad_parameter;
    kernels::info_nce_family_backward_emulated(q, "greedy");
    return grad_a;
  }
};

/// The scene in which a term counts beside few others.
Scene scene_for(GradientTerm term, Draws& draws) {
  Scene s(draws);
  const auto normalise_to = [&](double eps) {
    s.adapt = [eps](reference::InfoNceSetting& setting) {
      setting.denominator = Denominator::negatives;
      setting.temperature_as = TemperatureAs::scale;
      setting.normalisation = Normalisation::maximum;
      setting.normalisation_eps = eps;
    };
  };
  switch (term) {
    case GradientTerm::logits:  // small temperatures, all vectors full
      for (float& x : s.a) x = draws.any(0.25f);
      for (float& x : s.b) x = draws.any();
      s.parameter = 1;
      s.adapt = [](reference::InfoNceSetting& setting) {
        setting.temperature_as = TemperatureAs::scale;
      };
      s.first = 0;
      break;
    case GradientTerm::evaluation:  // all logits are 0
      for (float& x : s.a) x = 0;
      s.adapt = [](reference::InfoNceSetting& setting) {
        setting.temperature_as = TemperatureAs::scale;
      };
      break;
    case GradientTerm::upstream: s.grad_loss = draws.any(); break;
    case GradientTerm::pair:
      s.setting = "decoupled";
      s.adapt = [](reference::InfoNceSetting& setting) {
        setting.over = reference::OverAnchors::sum;
        setting.temperature_as = TemperatureAs::scale;
      };
      for (Index i = 0; i < n; ++i) s.upstream.push_back(draws.any());
      break;
    case GradientTerm::chain:
    case GradientTerm::product:
    case GradientTerm::parameter_sum:
    case GradientTerm::parameter_scale: break;
    case GradientTerm::scale: s.parameter = draws.wide(); break;
    case GradientTerm::carried:  // the key has a norm of its own
      normalise_to(4);
      break;
    case GradientTerm::norm: normalise_to(64 * draws.wide()); break;
    case GradientTerm::norm_steps:
      normalise_to(static_cast<double>(std::fabs(draws.any(64))));
      break;
  }
  s.finish();
  return s;
}

/// What one term's scenes say with all terms, or without that one.
struct Outcome {
  int elements = 0, violations = 0;
  double squares = 0;
  /// Root mean square of error / (modelled column / 8): about 1 or less where nothing is known.
  double deviations() const { return std::sqrt(squares / elements); }
};

void judge_scene(const Scene& s, std::optional<GradientTerm> without, Outcome& outcome) {
  const FamilyInstance& instance = s.instance;
  const FamilyGradientBudget budget = tiled_family_gradient_budget(instance, without);
  const auto truth = reference::enclose_info_nce_family_gradients(
      instance.setting, instance.problem(), instance.upstream_gradient(),
      reference::engines().front(), 96);
  const std::vector<float> got = s.observed();
  for (std::size_t i = s.first; i < got.size(); ++i) {
    const Ends error = {std::fabs(got[i] - truth.a[i].lo), std::fabs(got[i] - truth.a[i].hi)};
    const double least = std::min(error.lo, error.hi);
    ++outcome.elements;
    outcome.violations += least > budget.a[i];
    const double share = modelled_deviations * least / budget.a_modelled[i];
    outcome.squares += share * share;
  }
}

TEST(InfoNceFamilyGradientTerms, DeletingAnyTermOfAVectorIsNoticed) {
  const char* const names[] = {"logits",  "upstream", "evaluation", "pair", "chain",
                               "carried", "scale",    "product",    "norm", "norm_steps"};
  for (int t = 0; t < 10; ++t) {
    const auto term = static_cast<GradientTerm>(t);
    Draws draws(static_cast<std::uint64_t>(t) + 1);
    Outcome whole, without;
    for (int k = 0; k < 24; ++k) {
      const Scene s = scene_for(term, draws);
      judge_scene(s, {}, whole);
      judge_scene(s, term, without);
    }
    std::printf("%-10s %5d elements, %4d beyond the rest of the budget; deviations %.2f, %.2f\n",
                names[t], whole.elements, without.violations, whole.deviations(),
                without.deviations());
    EXPECT_EQ(whole.violations, 0) << names[t];
    EXPECT_GT(without.violations, 0) << names[t];
    // What is known of an error is added to 8 standard deviations of the rest, and the latter are
    // larger.
    const bool known = term == GradientTerm::upstream || term == GradientTerm::carried ||
                       term == GradientTerm::scale || term == GradientTerm::norm;
    EXPECT_LT(whole.deviations(), known ? 1.5 : 1.15) << names[t];
    EXPECT_GT(without.deviations(), (known ? 1.04 : 1.15) * whole.deviations()) << names[t];
  }
}

// A row's part of the parameter's sum is made of more roundings than what follows, so that no
// error shows what follows: the terms are in the sum.
TEST(InfoNceFamilyGradientTerms, TheParametersTermsCount) {
  Draws draws(20);
  for (const GradientTerm term : {GradientTerm::logits, GradientTerm::evaluation,
                                  GradientTerm::parameter_sum, GradientTerm::parameter_scale}) {
    Scene s(draws);
    for (std::size_t i = 0; i < s.a.size(); ++i) {  // one coordinate: logits are rounded once
      s.a[i] = i % d == 0 ? draws.any() : 0;
      s.b[i] = i % d == 0 ? draws.any() : 0;
    }
    s.parameter = draws.wide();
    s.adapt = [](reference::InfoNceSetting&) {};
    s.finish();
    const FamilyGradientBudget whole = tiled_family_gradient_budget(s.instance);
    const FamilyGradientBudget part = tiled_family_gradient_budget(s.instance, term);
    EXPECT_LT(part.parameter, whole.parameter * (1 - 0x1p-10)) << static_cast<int>(term);
    EXPECT_LT(part.parameter_modelled, whole.parameter_modelled * (1 - 0x1p-14))
        << static_cast<int>(term);
  }
}

/// Exactly held logits of three positives (or one) and forty negatives.
FamilyLogits exact_logits(Draws& draws, std::size_t positives) {
  FamilyLogits logits;
  logits.positives = positives;
  for (std::size_t j = 0; j < positives + 40; ++j) {
    logits.ideal.push_back(draws.any());
    logits.held.push_back(held(logits.ideal.back()));
    logits.column.push_back(static_cast<Index>(j));
    logits.deviation.push_back(0);
  }
  return logits;
}

/// Whether `source` is the pattern times one number between u/4 and 8u.
bool is_multiple(const std::vector<double>& source, const std::vector<double>& pattern) {
  std::size_t largest = 0;
  for (std::size_t j = 0; j < pattern.size(); ++j)
    if (std::fabs(pattern[j]) > std::fabs(pattern[largest])) largest = j;
  constexpr double u = rounding_of(Dtype::f32).roundoff;
  const double factor = source[largest] / pattern[largest];
  for (std::size_t j = 0; j < pattern.size(); ++j)
    if (std::fabs(source[j] - factor * pattern[j]) > 0x1p-40 * std::fabs(factor)) return false;
  return factor >= u / 4 && factor <= 8 * u;
}

// The errors that the keys of a row share, with their patterns, and own errors of every key.
TEST(InfoNceFamilyGradientTerms, KeysShareTheirRowsSumsAndFactors) {
  struct Form {
    Denominator denominator;
    reference::WithinAnchor within;
    std::size_t positives;
    bool of_positives, factor;  ///< which shared errors there are beside the sum over the negatives
  };
  using reference::WithinAnchor;
  const Form forms[] = {
      {Denominator::all, WithinAnchor::mean_outside, 1, false, true},
      {Denominator::all, WithinAnchor::mean_outside, 3, true, false},  // one sum, one pattern
      {Denominator::positive_and_negatives, WithinAnchor::mean_outside, 3, false, true},
      {Denominator::negatives, WithinAnchor::mean_outside, 3, false, true},
      {Denominator::all, WithinAnchor::sum_inside, 3, true, true},
      {Denominator::negatives, WithinAnchor::sum_inside, 3, true, true}};
  Draws draws(31);
  const ErrorAlgebra algebra(tiled_format());
  for (const Form& form : forms) {
    const FamilyLogits logits = exact_logits(draws, form.positives);
    reference::InfoNceSetting setting;
    setting.denominator = form.denominator;
    setting.within = form.within;
    const RowCurvature c = curvature_of(form_of(setting, logits), logits);
    const CoefficientNoise noise =
        tiled_family_coefficients(algebra, setting, logits, held(0.75)).noise;
    std::vector<double> factor = c.weight;
    std::fill_n(factor.begin(), form.positives, 0.0);
    const auto has = [&](const std::vector<double>& pattern) {
      return std::any_of(noise.sources.begin(), noise.sources.end(),
                         [&](const auto& source) { return is_multiple(source, pattern); });
    };
    EXPECT_TRUE(has(c.by_sum(false)));
    EXPECT_EQ(has(c.by_sum(true)), form.of_positives);
    EXPECT_EQ(has(factor), form.factor);
    for (std::size_t j = 0; j < logits.size(); ++j) {
      const bool exact = form.denominator == Denominator::negatives &&
                         form.within == WithinAnchor::mean_outside && j < form.positives;
      // The largest of its side is exp(0) = 1, known, times what the row shares.
      const auto side = logits.ideal.begin() + static_cast<Index>(form.positives);
      const bool positive = j < form.positives;
      const double largest = *std::max_element(positive ? logits.ideal.begin() : side,
                                               positive ? side : logits.ideal.end());
      if (exact || logits.ideal[j] != largest) {
        EXPECT_EQ(noise.own[j] > 0, !exact) << j;
      }
    }
    EXPECT_GT(noise.lever, 0);
  }
}

}  // namespace
}  // namespace assay::testing
