// SPDX-License-Identifier: Apache-2.0
// Other projects' acceptance rules. The constants are data, quoted with their source.
#include "properties/contract/acceptance_rules.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/dtype.hpp"

namespace assay::contract {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// The larger number; NaN when either is, as torch.max has it (std::max would drop a NaN).
double larger(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? not_a_number : std::max(a, b);
}

double maximum(const std::vector<double>& values) {
  double found = -std::numeric_limits<double>::infinity();
  for (const double x : values) found = larger(found, x);
  return found;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double found = 0;
  for (std::size_t i = 0; i < a.size(); ++i) found = larger(found, std::fabs(a[i] - b[i]));
  return found;
}

/// `accepts(candidate, exact, baseline)` in every element.
template <class Accepts>
bool every_element(const RuleOutput& output, Accepts accepts) {
  for (std::size_t i = 0; i < output.candidate.size(); ++i)
    if (!accepts(output.candidate[i], output.exact[i], output.baseline[i])) return false;
  return true;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

bool within_multiple_of_baseline(const RuleOutput& output, double factor) {
  return largest_difference(output.candidate, output.exact) <=
         factor * largest_difference(output.baseline, output.exact);
}

bool elementwise_close(const RuleOutput& output, double absolute, double relative) {
  return every_element(output, [&](double candidate, double exact, double) {
    return candidate == exact ||
           std::fabs(candidate - exact) <= absolute + relative * std::fabs(exact);
  });
}

bool within_baseline_plus(const RuleOutput& output, double tolerance) {
  return every_element(output, [&](double candidate, double exact, double baseline) {
    return std::fabs(candidate - exact) <= std::fabs(baseline - exact) + tolerance;
  });
}

bool within_signed_maximum(const RuleOutput& output, double tolerance) {
  const double top = larger(maximum(output.candidate), maximum(output.exact));
  return largest_difference(output.candidate, output.exact) / top <= tolerance;
}

bool cosine_above(const RuleOutput& output, double least, double least_norm) {
  const auto norm = [&](const std::vector<double>& v) {
    return larger(std::sqrt(dot(v, v)), least_norm);
  };
  return dot(output.candidate, output.exact) / (norm(output.candidate) * norm(output.exact)) >
         least;
}

bool relatively_equal(const RuleOutput& output, double epsilon, double floor) {
  return every_element(output, [&](double candidate, double exact, double) {
    const double difference = std::fabs(candidate - exact);
    if (candidate == exact) return true;
    if (candidate == 0 || exact == 0 || difference < floor) return difference < epsilon * floor;
    return difference < epsilon * (std::fabs(candidate) + std::fabs(exact));
  });
}

const std::vector<AcceptanceRule>& foreign_rules() {
  static const std::vector<AcceptanceRule> rules = {
      {"FlashAttention 2x/3x",
       "tests/test_flash_attn.py: output 2 times, gradients 3 times the largest error of the same "
       "computation in PyTorch at low precision",
       [](const RuleOutput& o) { return within_multiple_of_baseline(o, o.gradient ? 3 : 2); }},
      {"xFormers bf16",
       "xformers/ops/fmha: forward atol 2e-2, rtol 5e-3; cutlass backward atol 7e-1, rtol 1e-1",
       [](const RuleOutput& o) {
         return o.gradient ? elementwise_close(o, 7.0 / 10, 1.0 / 10)
                           : elementwise_close(o, 2.0 / 100, 5.0 / 1000);
       }},
      {"Liger bf16 0.5/0.05", "test/chunked_loss: (torch.bfloat16, atol 5e-2, rtol 5e-1)",
       [](const RuleOutput& o) { return elementwise_close(o, 5.0 / 100, 5.0 / 10); }},
      {"cuDNN 2e-2", "cudnn-frontend test/python: atol = rtol = 2e-2",
       [](const RuleOutput& o) { return elementwise_close(o, 2.0 / 100, 2.0 / 100); }},
      {"CCE",
       "ml-cross-entropy tests/test_cce_loss_*.py: |error| <= |PyTorch's| + 1e-2 for bfloat16",
       [](const RuleOutput& o) { return within_baseline_plus(o, 1.0 / 100); }},
      {"Triton, former", "triton.testing.allclose until 2.0: largest difference / signed maximum",
       [](const RuleOutput& o) { return within_signed_maximum(o, 1.0 / 100); }},
      {"cosine > 0.99",
       "FlashInfer tests/test_sampling.py: torch.cosine_similarity > 0.99, whose eps is 1e-8",
       [](const RuleOutput& o) { return cosine_above(o, 99.0 / 100, 1.0 / 100'000'000); }},
      {"assert_close bf16", "torch.testing.assert_close: rtol 1.6e-2, atol 1e-5 for bfloat16",
       [](const RuleOutput& o) { return elementwise_close(o, 1.0 / 100'000, 16.0 / 1000); }},
      {"CUTLASS relative 0.1",
       "cutlass/relatively_equal.h: epsilon 0.1, nonzero floor the smallest normal number",
       [](const RuleOutput& o) {
         return relatively_equal(o, 1.0 / 10, rounding_of(Dtype::bf16).smallest_normal);
       }},
  };
  return rules;
}

}  // namespace assay::contract
