// SPDX-License-Identifier: Apache-2.0
// Shrinking moves of InfoNCE cases.
#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "core/float_format.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_family_instance.hpp"
#include "properties/contract/loss/info_nce_logits.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::contract {
namespace {

using Index = std::int64_t;

// What the moves work on: both views as contiguous rows and, backward, the upstream gradient of
// every row (the rows of `a`, then in the joint block those of `b`). Labels and mask of a setting,
// where the case has them, stay with their rows.
struct Views {
  Index n = 0, d = 0;
  std::vector<float> a, b;
  std::vector<float> upstream;
  std::vector<std::int64_t> labels, labels_b;
  std::vector<std::uint8_t> mask;  // n x n
};

std::vector<std::int64_t> labels_in(const engine::Case& c, const char* name) {
  const Tensor* t = c.find_input(name);
  if (t == nullptr) return {};
  return {t->as<std::int64_t>(), t->as<std::int64_t>() + t->shape[0]};
}

std::vector<std::uint8_t> mask_in(const engine::Case& c) {
  const Tensor* t = c.find_input("mask");
  std::vector<std::uint8_t> mask;
  for (Index i = 0; t != nullptr && i < t->shape[0]; ++i) {
    const std::uint8_t* line = t->as<std::uint8_t>() + i * t->strides[0];
    mask.insert(mask.end(), line, line + t->shape[1]);
  }
  return mask;
}

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
  Views v{a.shape[0],
          a.shape[1],
          packed(a),
          packed(c.input("b")),
          {},
          labels_in(c, "labels"),
          labels_in(c, "labels_b"),
          mask_in(c)};
  if (const Tensor* upstream = c.find_input("grad_row_loss")) v.upstream = packed(*upstream);
  return v;
}

Tensor matrix(const std::string& name, Dtype dtype, const Views& v,
              const std::vector<float>& values) {
  Tensor t = Tensor::contiguous(name, dtype, {v.n, v.d});
  for (std::size_t i = 0; i < values.size(); ++i) set_element(t, static_cast<Index>(i), values[i]);
  return t;
}

template <class T>
void push_integers(engine::Case& c, const char* name, Dtype dtype, std::vector<Index> shape,
                   const std::vector<T>& values) {
  if (values.empty()) return;
  Tensor t = Tensor::contiguous(name, dtype, std::move(shape));
  std::copy(values.begin(), values.end(), t.as<T>());
  c.inputs.push_back(std::move(t));
}

void push_relations(engine::Case& c, const Views& v) {
  push_integers(c, "labels", Dtype::i64, {v.n}, v.labels);
  push_integers(c, "labels_b", Dtype::i64, {v.n}, v.labels_b);
  push_integers(c, "mask", Dtype::u8, {v.n, v.n}, v.mask);
}

engine::Case with_views(const engine::Case& c, const Views& v) {
  engine::Case result = c;
  const Dtype dtype = c.input("a").dtype;
  result.inputs = {matrix("a", dtype, v, v.a), matrix("b", dtype, v, v.b)};
  push_relations(result, v);
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
  Views r{v.n - count, v.d, {}, {}, {}, {}, {}, {}};
  const auto kept = [&](Index pair) { return pair < first || pair >= first + count; };
  for (const auto& [from, to] : {std::pair{&v.a, &r.a}, std::pair{&v.b, &r.b}}) {
    to->assign(from->begin(), from->begin() + first * v.d);
    to->insert(to->end(), from->begin() + (first + count) * v.d, from->end());
  }
  for (std::size_t i = 0; i < v.upstream.size(); ++i) {
    const Index pair = static_cast<Index>(i) % v.n;
    if (kept(pair)) r.upstream.push_back(v.upstream[i]);
  }
  for (std::size_t i = 0; i < v.labels.size(); ++i)
    if (kept(static_cast<Index>(i))) r.labels.push_back(v.labels[i]);
  for (std::size_t i = 0; i < v.labels_b.size(); ++i)
    if (kept(static_cast<Index>(i))) r.labels_b.push_back(v.labels_b[i]);
  for (std::size_t i = 0; i < v.mask.size(); ++i)
    if (kept(static_cast<Index>(i) / v.n) && kept(static_cast<Index>(i) % v.n))
      r.mask.push_back(v.mask[i]);
  return r;
}

Views without_coordinates(const Views& v, Index first, Index count) {
  Views r = v;
  r.d -= count;
  r.a.clear();
  r.b.clear();
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
  if (t <= 0) return;  // a log-scale
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

// Small labels in the order of their first appearance, one class per pair; plain ones in the mask,
// and only the diagonal.
void push_simpler_relations(std::vector<engine::Case>& out, const engine::Case& c, const Views& v) {
  if (!v.labels.empty()) {
    Views small = v;
    std::map<std::int64_t, std::int64_t> names;
    for (auto* labels : {&small.labels, &small.labels_b})
      for (std::int64_t& label : *labels)
        label = names.emplace(label, static_cast<std::int64_t>(names.size())).first->second;
    out.push_back(with_views(c, small));
    Views pairs = v;
    std::iota(pairs.labels.begin(), pairs.labels.end(), std::int64_t{0});
    pairs.labels_b.clear();
    out.push_back(with_views(c, pairs));
  }
  if (v.mask.empty()) return;
  Views plain = v, diagonal = v;
  for (std::size_t i = 0; i < v.mask.size(); ++i) {
    plain.mask[i] = v.mask[i] != 0;
    diagonal.mask[i] = static_cast<Index>(i) / v.n == static_cast<Index>(i) % v.n;
  }
  out.push_back(with_views(c, plain));
  out.push_back(with_views(c, diagonal));
}

/// Labels that are neither known already nor the next small one; positive entries of the mask,
/// those that are not 1 three times.
std::int64_t complexity_of_relations(const Views& v) {
  std::int64_t complexity = 0, next = 0;
  for (const auto* labels : {&v.labels, &v.labels_b})
    for (const std::int64_t label : *labels) {
      if (label < 0 || label > next) ++complexity;
      if (label == next) ++next;
    }
  if (!v.labels_b.empty()) ++complexity;
  for (const std::uint8_t entry : v.mask) complexity += entry == 0 ? 0 : entry == 1 ? 1 : 3;
  return complexity;
}

// The moves that leave an instance the setting accepts (a row may have lost its only negative).
void drop_refused(std::vector<engine::Case>& cases) {
  std::erase_if(cases, [](const engine::Case& c) {
    if (!FamilyInstance::holds(c)) return false;
    try {
      FamilyInstance::from(c);
      return false;
    } catch (const engine::InputError&) {
      return true;
    }
  });
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
  push_simpler_relations(out, c, v);
  push_rounded_entries(out, c, v);
  push_shorter(out, c, v, false);
  push_single_entries(out, c, v);
  drop_refused(out);
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
  const auto mantissa =
      static_cast<std::uint64_t>(std::ldexp(std::frexp(std::fabs(t), &exponent), 53));
  const std::int64_t temperature_bits =
      t == 1.0 || t == 0.0 ? 0 : 53 - std::countr_zero(mantissa) + std::abs(exponent);
  return {v.n,
          v.d,
          contiguous ? 0 : 1,
          bits,
          static_cast<std::int64_t>(distinct.size()),
          temperature_bits,
          InfoNceInstance::is_backward(c) && c.scalars.at("grad_loss") != 0 ? 1 : 0,
          complexity_of_relations(v)};
}

}  // namespace assay::contract
