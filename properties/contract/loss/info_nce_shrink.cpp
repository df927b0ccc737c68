// SPDX-License-Identifier: Apache-2.0
// Shrinking moves of InfoNCE cases.
#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "core/float_format.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_logits.hpp"

namespace assay::contract {
namespace {

using Index = std::int64_t;

// What the moves work on: both views as contiguous rows and, backward, the upstream gradient of
// every row (the rows of `a`, then in the joint block those of `b`).
struct Views {
  Index n = 0, d = 0;
  std::vector<float> a, b;
  std::vector<float> upstream;
};

std::vector<float> packed(const Tensor& t) {
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(t.count()));
  for (Index i = 0; i < t.shape[0]; ++i)
    for (Index k = 0; k < (t.shape.size() > 1 ? t.shape[1] : 1); ++k)
      values.push_back(static_cast<float>(
          element_of(t, i * t.strides[0] + (t.shape.size() > 1 ? k * t.strides[1] : 0))));
  return values;
}

Views views_of(const engine::Case& c) {
  const Tensor& a = c.input("a");
  Views v{a.shape[0], a.shape[1], packed(a), packed(c.input("b")), {}};
  if (const Tensor* upstream = c.find_input("grad_row_loss")) v.upstream = packed(*upstream);
  return v;
}

Tensor matrix(const std::string& name, Dtype dtype, const Views& v,
              const std::vector<float>& values) {
  Tensor t = Tensor::contiguous(name, dtype, {v.n, v.d});
  for (std::size_t i = 0; i < values.size(); ++i) set_element(t, static_cast<Index>(i), values[i]);
  return t;
}

engine::Case with_views(const engine::Case& c, const Views& v) {
  engine::Case result = c;
  const Dtype dtype = c.input("a").dtype;
  result.inputs = {matrix("a", dtype, v, v.a), matrix("b", dtype, v, v.b)};
  if (v.upstream.empty()) return result;
  const auto rows = static_cast<Index>(v.upstream.size());
  const Tensor* given = c.find_input("grad_row_loss");
  if (given == nullptr || given->strides[0] != 0) {
    result.inputs.push_back(Tensor::of_floats("grad_row_loss", {rows}, v.upstream));
  } else {
    Tensor one = Tensor::of_floats("grad_row_loss", {1}, {v.upstream[0]});
    one.shape = {rows};
    one.strides = {0};
    result.inputs.push_back(std::move(one));
  }
  return result;
}

// Keeps the rows [0, first) and [first + count, n) of both views.
Views without_pairs(const Views& v, Index first, Index count) {
  Views r{v.n - count, v.d, {}, {}, {}};
  for (const auto& [from, to] : {std::pair{&v.a, &r.a}, std::pair{&v.b, &r.b}}) {
    to->assign(from->begin(), from->begin() + first * v.d);
    to->insert(to->end(), from->begin() + (first + count) * v.d, from->end());
  }
  for (std::size_t i = 0; i < v.upstream.size(); ++i) {
    const Index pair = static_cast<Index>(i) % v.n;
    if (pair < first || pair >= first + count) r.upstream.push_back(v.upstream[i]);
  }
  return r;
}

Views without_coordinates(const Views& v, Index first, Index count) {
  Views r{v.n, v.d - count, {}, {}, v.upstream};
  for (const auto& [from, to] : {std::pair{&v.a, &r.a}, std::pair{&v.b, &r.b}})
    for (Index i = 0; i < v.n; ++i)
      for (Index k = 0; k < v.d; ++k)
        if (k < first || k >= first + count)
          to->push_back((*from)[static_cast<std::size_t>(i * v.d + k)]);
  return r;
}

// Significant bits of a binary32 number; 0 for zero and for what is not finite.
int significant_bits(float x) {
  if (x == 0 || !std::isfinite(x)) return 0;
  int exponent;
  const auto mantissa =
      static_cast<std::uint32_t>(std::ldexp(std::frexp(std::fabs(x), &exponent), 24));
  return 24 - std::countr_zero(mantissa);
}

float rounded_to_bits(float x, int bits) {
  if (x == 0 || !std::isfinite(x)) return x;
  int exponent;
  const float mantissa = std::frexp(x, &exponent);
  return std::ldexp(std::rint(std::ldexp(mantissa, bits)), exponent - bits);
}

struct Run {
  Index first, count;
};

// Runs of `extent` to leave out: the larger lengths first, halving; at most 64 positions a length,
// so that large cases stay cheap. Bold runs are halves and quarters, the others are shorter.
std::vector<Run> runs_to_drop(Index extent, bool bold) {
  constexpr Index positions = 64;
  std::vector<Run> runs;
  for (Index count = extent / 2; count >= 1 && extent <= count * positions; count /= 2)
    if (bold == (4 * count >= extent))
      for (Index first = 0; first + count <= extent; first += count) runs.push_back({first, count});
  return runs;
}

void push_shorter(std::vector<engine::Case>& out, const engine::Case& c, const Views& v,
                  bool bold) {
  for (const Run& run : runs_to_drop(v.n, bold))
    out.push_back(with_views(c, without_pairs(v, run.first, run.count)));
  for (const Run& run : runs_to_drop(v.d, bold))
    out.push_back(with_views(c, without_coordinates(v, run.first, run.count)));
}

void push_simpler_temperatures(std::vector<engine::Case>& out, const engine::Case& c) {
  const double t = c.scalars.at("temperature");
  const double power_of_two = std::ldexp(1.0, static_cast<int>(std::lrint(std::log2(t))));
  for (const double simpler : {1.0, power_of_two}) {
    engine::Case variant = c;
    variant.scalars["temperature"] = simpler;
    out.push_back(std::move(variant));
  }
}

void push_rounded_entries(std::vector<engine::Case>& out, const engine::Case& c, const Views& v) {
  Views signs = v;  // only -1, 0, 1: often enough, and then nearly everything else can go
  for (auto* m : {&signs.a, &signs.b})
    for (float& x : *m) x = x > 0 ? 1.0f : x < 0 ? -1.0f : x;
  out.push_back(with_views(c, signs));
  for (const int bits : {1, 3, 6, 12}) {
    Views r = v;
    for (auto* m : {&r.a, &r.b})
      for (float& x : *m) x = rounded_to_bits(x, bits);
    out.push_back(with_views(c, r));
  }
}

// One number for every row, and nothing but rows or nothing but the mean.
void push_simpler_upstream(std::vector<engine::Case>& out, const engine::Case& c, const Views& v) {
  if (v.upstream.empty()) return;
  const auto push = [&](float row, double mean) {
    Views r = v;
    std::fill(r.upstream.begin(), r.upstream.end(), row);
    engine::Case variant = with_views(c, r);
    variant.scalars["grad_loss"] = mean;
    out.push_back(std::move(variant));
  };
  push(1.0f, 0.0);
  Views without = v;
  without.upstream.clear();
  engine::Case mean_only = with_views(c, without);
  mean_only.scalars["grad_loss"] = 1;
  out.push_back(std::move(mean_only));
  engine::Case no_mean = c;
  no_mean.scalars["grad_loss"] = 0;
  out.push_back(std::move(no_mean));
  Views signs = v;
  for (float& g : signs.upstream) g = g > 0 ? 1.0f : g < 0 ? -1.0f : g;
  out.push_back(with_views(c, signs));
}

void push_single_entries(std::vector<engine::Case>& out, const engine::Case& c, const Views& v) {
  constexpr std::size_t few = 64;  // one entry at a time only where there are few
  if (v.a.size() + v.b.size() > few) return;
  for (std::size_t i = 0; i < v.a.size() + v.b.size(); ++i)
    for (const int choice : {0, 1, 2}) {
      Views r = v;
      float& x = i < r.a.size() ? r.a[i] : r.b[i - r.a.size()];
      x = choice == 0 ? 0.0f : choice == 1 ? std::copysign(1.0f, x) : rounded_to_bits(x, 2);
      out.push_back(with_views(c, r));
    }
}

}  // namespace

std::vector<engine::Case> simpler_info_nce_cases(const engine::Case& c) {
  const Views v = views_of(c);
  std::vector<engine::Case> out;
  push_shorter(out, c, v, true);
  const bool contiguous = std::all_of(c.inputs.begin(), c.inputs.end(),
                                      [](const Tensor& t) { return t.is_contiguous(); });
  if (!contiguous) out.push_back(with_views(c, v));
  push_simpler_temperatures(out, c);
  push_simpler_upstream(out, c, v);
  push_rounded_entries(out, c, v);
  push_shorter(out, c, v, false);
  push_single_entries(out, c, v);
  return out;
}

engine::Complexity info_nce_complexity(const engine::Case& c) {
  const Views v = views_of(c);
  std::set<std::uint32_t> distinct;
  std::int64_t bits = 0;
  for (const auto* m : {&v.a, &v.b, &v.upstream})
    for (const float x : *m) {
      distinct.insert(std::bit_cast<std::uint32_t>(x));
      bits += significant_bits(x);
    }
  const bool contiguous = std::all_of(c.inputs.begin(), c.inputs.end(),
                                      [](const Tensor& t) { return t.is_contiguous(); });
  const double t = c.scalars.at("temperature");
  int exponent;
  const auto mantissa = static_cast<std::uint64_t>(std::ldexp(std::frexp(t, &exponent), 53));
  const std::int64_t temperature_bits =
      t == 1.0 ? 0 : 53 - std::countr_zero(mantissa) + std::abs(exponent);
  return {v.n,
          v.d,
          contiguous ? 0 : 1,
          bits,
          static_cast<std::int64_t>(distinct.size()),
          temperature_bits,
          InfoNceInstance::is_backward(c) && c.scalars.at("grad_loss") != 0 ? 1 : 0};
}

}  // namespace assay::contract
