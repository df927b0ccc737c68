// SPDX-License-Identifier: Apache-2.0
// Generation and execution of the family's cases.
#include "tests/kernels/loss/info_nce_family_case.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

#include "kernels/half.cuh"

namespace assay::kernels::testing {
namespace {

using S = FamilySetting;

std::vector<NamedSetting> make_settings() {
  constexpr double eps_of_torch = 0x1.19799812dea11p-40;
  std::vector<NamedSetting> all;
  const auto add = [&](const char* name, double parameter, auto change) {
    S s;
    change(s);
    all.push_back({name, s, parameter});
  };
  const auto by_label = [](S& s) {
    s.positives = S::Positives::same_label;
    s.without_positives = S::EmptySet::skipped;
  };
  const auto normalised = [](S& s, S::Normalisation rule, double eps) {
    s.normalisation = rule;
    s.normalisation_eps = eps;
  };
  add("joint-block", 0.5, [](S&) {});
  add("one-direction", 0.5, [](S& s) { s.directions = S::Directions::one; });
  add("both-directions", 4, [](S& s) {
    s.directions = S::Directions::half_sum;
    s.temperature_as = S::TemperatureAs::scale;
  });
  add("both-log-scale", 2, [&](S& s) {
    s.directions = S::Directions::half_sum;
    s.temperature_as = S::TemperatureAs::log_scale;
    normalised(s, S::Normalisation::maximum, eps_of_torch);
  });
  add("decoupled", 0.5, [](S& s) { s.denominator = S::Denominator::negatives; });
  add("supervised-out", 0.5, [&](S& s) {
    by_label(s);
    s.without_positives = S::EmptySet::zero;
  });
  add("supervised-in", 0.5, [&](S& s) {
    by_label(s);
    s.within = S::WithinAnchor::sum_inside;
  });
  add("supervised-pairs", 0.5, [&](S& s) {
    by_label(s);
    s.denominator = S::Denominator::positive_and_negatives;
    s.within = S::WithinAnchor::pairs;
  });
  add("masked", 0.5, [](S& s) {
    s.directions = S::Directions::one;
    s.positives = S::Positives::mask;
    s.without_positives = S::EmptySet::skipped;
    s.denominator = S::Denominator::positive_and_negatives;
    s.over = S::OverAnchors::sum;
  });
  add("normalised", 0.25, [&](S& s) { normalised(s, S::Normalisation::maximum, eps_of_torch); });
  add("masked-both", 3, [](S& s) {
    s.directions = S::Directions::sum;
    s.positives = S::Positives::mask;
    s.without_positives = S::EmptySet::skipped;
    s.temperature_as = S::TemperatureAs::scale;
    s.outer_value = 2;
  });
  add("masked-joint", 0.5, [](S& s) {
    s.positives = S::Positives::mask;
    s.without_positives = S::EmptySet::zero;
    s.within = S::WithinAnchor::pairs;
    s.self_pair_kept = true;
  });
  add("labels-decoupled", 1, [&](S& s) {
    by_label(s);
    s.denominator = S::Denominator::negatives;
    s.directions = S::Directions::half_sum;
    normalised(s, S::Normalisation::added, 0.125);
  });
  add("labels-decoupled-inside", 1, [&](S& s) {
    by_label(s);
    s.denominator = S::Denominator::negatives;
    s.within = S::WithinAnchor::sum_inside;
    s.without_negatives = S::EmptySet::zero;
    normalised(s, S::Normalisation::inside_root, 0.125);
  });
  add("labels-over-positive", 0.5, [&](S& s) {
    by_label(s);
    s.over = S::OverAnchors::mean_of_positive_losses;
    s.without_positives = S::EmptySet::zero;
  });
  add("labels-one", 0.5, [&](S& s) {
    by_label(s);
    s.directions = S::Directions::one;
    s.denominator = S::Denominator::positive_and_negatives;
  });
  return all;
}

}  // namespace

const std::vector<NamedSetting>& family_settings() {
  static const std::vector<NamedSetting> all = make_settings();
  return all;
}
const NamedSetting& family_setting(const std::string& name) {
  for (const NamedSetting& s : family_settings())
    if (s.name == name) return s;
  throw std::invalid_argument(name);
}

FamilyInputs FamilyCase::inputs() const {
  FamilyInputs q;
  q.setting = named.setting;
  const bool narrow = input != Dtype::f32;
  q.a = narrow ? static_cast<const void*>(a_bits.data()) : a.data();
  q.b = single_view ? nullptr : narrow ? static_cast<const void*>(b_bits.data()) : b.data();
  q.input = input;
  q.n = n;
  q.d = d;
  q.a_stride = q.b_stride = stride;
  q.parameter = named.parameter;
  q.a_labels = labels.data();
  q.b_labels = labels_b.empty() ? nullptr : labels_b.data();
  q.mask = mask.data();
  q.mask_stride = mask_stride();
  return q;
}

FamilyCase make_family_case(const NamedSetting& named, std::int64_t n, std::int64_t d,
                            std::uint64_t seed, std::int64_t padding) {
  FamilyCase c;
  c.named = named;
  c.n = n;
  c.d = d;
  c.stride = d + padding;
  std::mt19937_64 bits(seed * 1000003 + static_cast<std::uint64_t>(n * 131 + d));
  const auto uniform = [&] {
    return static_cast<float>(static_cast<std::int64_t>(bits() >> 39)) * 0x1p-24f - 1.0f;
  };
  constexpr float sentinel = 1234.0f;
  c.a.assign(static_cast<std::size_t>(n * c.stride), sentinel);
  c.b = c.a;
  const float length = std::sqrt(3.0f / static_cast<float>(d));
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t k = 0; k < d; ++k) {
      const std::size_t at = static_cast<std::size_t>(i * c.stride + k);
      c.a[at] = uniform() * length;
      c.b[at] = seed % 2 == 0 ? uniform() * length : c.a[at] + 0.25f * uniform() * length;
    }
  // Label 7 once; the others several times, some of them 2^32 or, beyond 2^24, one apart.
  for (std::int64_t i = 0; i < n; ++i) {
    const auto draw = static_cast<std::int64_t>(bits() % 6);
    c.labels.push_back(i == n / 2 ? 7 : (draw / 2 << 32) - 9 + draw % 2);
  }
  const std::int64_t rows = named.setting.joint() ? 2 * n : n;
  c.mask.assign(static_cast<std::size_t>(rows * (rows + 3)), 1);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < rows; ++j) {
      const bool empty = rows > 2 && i == rows / 2,
                 positive = bits() % 4 == 0 || j == (i + 1) % rows;
      c.mask[static_cast<std::size_t>(i * (rows + 3) + j)] = positive && !empty ? 255 : 0;
    }
  for (std::int64_t i = 0; i < 4 * n; ++i) c.grad_row_loss.push_back(uniform());
  return c;
}

FamilyCase narrowed(FamilyCase c, Dtype input) {
  c.input = input;
  const auto round = [&](std::vector<float>& x, std::vector<std::uint16_t>& bits) {
    for (float& value : x) {
      if (input == Dtype::bf16) {
        value = round_to_bf16(value);
        bits.push_back(static_cast<std::uint16_t>(math_detail::bits_of(value) >> 16));
      } else {  // normal numbers only
        value = round_to_half(std::fabs(value) < 0x1p-14f ? 0.0f : value);
        const unsigned b = math_detail::bits_of(value);
        const unsigned exponent = value == 0.0f ? 0 : ((b >> 23 & 255u) - 112u) << 10;
        bits.push_back(
            static_cast<std::uint16_t>((b >> 16 & 0x8000u) | exponent | (b >> 13 & 0x3ffu)));
      }
    }
  };
  round(c.a, c.a_bits);
  round(c.b, c.b_bits);
  return c;
}

FamilyArguments forward_arguments(const FamilyCase& c, FamilyOutput& out) {
  FamilyArguments q;
  static_cast<FamilyInputs&>(q) = c.inputs();
  out.row_loss.assign(static_cast<std::size_t>(q.rows()), 1234.0f);
  q.row_loss = out.row_loss.data();
  q.loss = &out.loss;
  return q;
}

FamilyBackwardArguments backward_arguments(const FamilyCase& c, FamilyGradient& out) {
  FamilyBackwardArguments q;
  static_cast<FamilyInputs&>(q) = c.inputs();
  out.a.assign(static_cast<std::size_t>(c.n * c.d), 1234.0f);
  if (!c.single_view) out.b = out.a;
  q.grad_a = out.a.data();
  q.grad_b = c.single_view ? nullptr : out.b.data();
  q.grad_parameter = &out.parameter;
  q.grad_row_loss = c.grad_row_loss.empty() ? nullptr : c.grad_row_loss.data();
  q.grad_row_loss_stride = c.grad_stride;
  q.grad_loss = c.grad_loss;
  return q;
}

FamilyOutput run_family(const FamilyCase& c, const std::string& schedule, Planted fault) {
  FamilyOutput out;
  info_nce_family_forward_emulated(forward_arguments(c, out), schedule, fault);
  return out;
}
FamilyGradient run_family_gradient(const FamilyCase& c, const std::string& schedule,
                                   Planted fault) {
  FamilyGradient out;
  info_nce_family_backward_emulated(backward_arguments(c, out), schedule, fault);
  return out;
}

namespace {

/// Grows `worst` to the distance of two sequences, relative to the largest wanted number.
template <class Got>
void grow(double& worst, const std::vector<double>& wanted, const Got& got) {
  double largest = 1;
  for (const double x : wanted) largest = std::fmax(largest, std::fabs(x));
  if (wanted.size() != got.size()) worst = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < wanted.size() && i < got.size(); ++i) {
    const double distance = std::fabs(wanted[i] - static_cast<double>(got[i])) / largest;
    if (!(distance <= worst)) worst = distance == distance ? distance : HUGE_VAL;
  }
}

}  // namespace

double family_distance(const PlainFamily& plain, const FamilyOutput& out) {
  double worst = 0;
  grow(worst, plain.row_loss, out.row_loss);
  grow(worst, {plain.loss}, std::vector<float>{out.loss});
  return worst;
}
double family_distance(const PlainFamily& plain, const FamilyGradient& out) {
  double worst = 0;
  grow(worst, plain.a, out.a);
  grow(worst, plain.b, out.b);
  grow(worst, {plain.parameter}, std::vector<float>{out.parameter});
  return worst;
}

}  // namespace assay::kernels::testing
