// SPDX-License-Identifier: Apache-2.0
// The settings in plain binary32 loops: softmax, log-sum-exp, and gradients by the chain rule.
#include "info_nce_family_stranger.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_family_instance.hpp"

namespace assay::testing {

namespace {

using contract::FamilyInstance;
using contract::FamilyRow;
using reference::Denominator;
using reference::Directions;
using reference::OverAnchors;
using reference::RowFate;
using reference::TemperatureAs;
using reference::WithinAnchor;
using Floats = std::vector<float>;
using Index = std::int64_t;

float exp32(float x) { return static_cast<float>(std::exp(static_cast<double>(x))); }
float log32(float x) { return static_cast<float>(std::log(static_cast<double>(x))); }

class Library {
 public:
  Library(const engine::Case& c, const FamilyStyle& style)
      : q_(FamilyInstance::from(c)), style_(style), d_(static_cast<std::size_t>(q_.d)) {
    switch (q_.setting.temperature_as) {
      case TemperatureAs::temperature: scale_ = 1 / static_cast<float>(q_.parameter); break;
      case TemperatureAs::scale: scale_ = static_cast<float>(q_.parameter); break;
      case TemperatureAs::log_scale: scale_ = exp32(static_cast<float>(q_.parameter)); break;
    }
    for (Index v = 0; v < 2 * q_.n; ++v) add_vector(v);
  }

  contract::Observation run(const engine::Case& c) {
    contract::Observation o;
    o.conduct = contract::Conduct::returned;
    for (const engine::OutputSpec& spec : contract::info_nce_column().outputs(c))
      o.outputs.push_back(Tensor::contiguous(spec.name, spec.dtype, spec.shape));
    if (o.outputs.size() == 2)
      forward(o.outputs[0].as<float>(), o.outputs[1].as<float>());
    else
      backward(o.outputs[0].as<float>(), o.outputs[1].as<float>(), *o.outputs[2].as<float>());
    return o;
  }

 private:
  float sum(Floats terms) const {
    if (style_.backwards) std::reverse(terms.begin(), terms.end());
    return std::accumulate(terms.begin(), terms.end(), 0.0f);
  }
  float ratio(float a, float b) const { return style_.reciprocal ? a * (1 / b) : a / b; }

  void add_vector(Index v) {
    Floats x(q_.vector(v), q_.vector(v) + q_.d), squares;
    for (const float e : x) squares.push_back(e * e);
    length_.push_back(std::sqrt(sum(squares)));
    norm_.push_back(std::max(length_.back(), static_cast<float>(q_.setting.normalisation_eps)));
    if (q_.normalised())
      for (float& e : x) e = ratio(e, norm_.back());
    y_.push_back(x);
  }

  float logit(Index row, Index key) const {
    const Floats &x = y_[static_cast<std::size_t>(row)], &y = y_[static_cast<std::size_t>(key)];
    Floats products;
    for (std::size_t k = 0; k < d_; ++k)
      products.push_back(style_.scale_first ? x[k] * scale_ * y[k] : x[k] * y[k]);
    return style_.scale_first ? sum(products) : sum(products) * scale_;
  }

  struct Part {
    float top = 0, sum = 0, log_sum = 0;
    float lse() const { return top + log_sum; }
  };
  Part part(const Floats& logits, const float* shift = nullptr) const {
    Part p;
    p.top = shift != nullptr ? *shift : *std::max_element(logits.begin(), logits.end());
    Floats terms;
    for (const float v : logits) terms.push_back(exp32(v - p.top));
    p.sum = sum(terms);
    p.log_sum = log32(p.sum);
    return p;
  }
  float log_share(float v, const Part& p) const {
    return style_.through_log_softmax ? (v - p.top) - p.log_sum : v - p.lse();
  }
  float share(float v, const Part& p) const {
    return style_.quotient ? ratio(exp32(v - p.top), p.sum) : exp32(log_share(v, p));
  }

  struct Logits {
    Floats positives, negatives, all;
  };
  Logits logits_of(const FamilyRow& row) const {
    Logits s;
    for (const Index key : row.keys.positives) s.positives.push_back(logit(row.vector, key));
    for (const Index key : row.keys.negatives) s.negatives.push_back(logit(row.vector, key));
    s.all = s.positives;
    s.all.insert(s.all.end(), s.negatives.begin(), s.negatives.end());
    return s;
  }
  bool each() const { return q_.setting.denominator == Denominator::positive_and_negatives; }
  bool inside() const { return q_.setting.within == WithinAnchor::sum_inside; }
  const Floats& denominator(const Logits& s) const {
    return q_.setting.denominator == Denominator::negatives ? s.negatives : s.all;
  }
  Part against(float positive, const Logits& s) const {
    Floats one = s.negatives;
    one.push_back(positive);
    return part(one);
  }

  float row_loss(const FamilyRow& row) const {
    const Logits s = logits_of(row);
    const auto count = static_cast<float>(s.positives.size());
    Floats terms;
    if (each()) {
      for (const float v : s.positives) terms.push_back(-log_share(v, against(v, s)));
      return ratio(sum(terms), count);
    }
    const Part all = part(denominator(s));
    if (inside() && style_.quotient) {
      const Part positives = part(s.positives, &all.top);
      return positives.sum > 0 ? log32(all.sum / positives.sum) : part(s.positives).lse();
    }
    if (inside()) return all.lse() - part(s.positives).lse();
    for (const float v : s.positives) terms.push_back(-log_share(v, all));
    return ratio(sum(terms), count);
  }

  float divisor(const FamilyRow& row) const {
    const Index total = q_.block_counts[row.block];
    return q_.setting.over == OverAnchors::sum || total == 0 ? 1 : static_cast<float>(total);
  }

  void forward(float* rows, float* loss) const {
    Floats of_block[2];
    for (std::size_t i = 0; i < q_.rows.size(); ++i) {
      const FamilyRow& row = q_.rows[i];
      rows[i] = row.fate == RowFate::counts ? row_loss(row) : 0;
      of_block[row.block].push_back(rows[i] * static_cast<float>(row.count));
    }
    *loss = ratio(sum(of_block[0]), divisor(q_.rows.front()));
    if (q_.blocks.size() == 2) *loss += ratio(sum(of_block[1]), divisor(q_.rows.back()));
    if (q_.setting.directions == Directions::half_sum) *loss = *loss / 2;
  }

  /// dl/ds of a row, positives first.
  Floats slopes(const Logits& s) const {
    Floats w(s.all.size(), 0.0f);
    const auto count = static_cast<float>(s.positives.size());
    const std::size_t positives = s.positives.size();
    if (each()) {
      for (std::size_t p = 0; p < positives; ++p) {
        const Part all = against(s.positives[p], s);
        w[p] = ratio(share(s.positives[p], all) - 1, count);
        for (std::size_t j = 0; j < s.negatives.size(); ++j)
          w[positives + j] += ratio(share(s.negatives[j], all), count);
      }
      return w;
    }
    const Part all = part(denominator(s)), of_positives = part(s.positives);
    const bool among = q_.setting.denominator != Denominator::negatives;
    for (std::size_t j = 0; j < w.size(); ++j) {
      if (j >= positives || among) w[j] = share(s.all[j], all);
      if (j < positives) w[j] -= inside() ? share(s.all[j], of_positives) : 1 / count;
    }
    return w;
  }

  void backward(float* a, float* b, float& parameter) const {
    std::vector<Floats> gradient(y_.size(), Floats(d_, 0.0f));
    Floats levers;
    for (std::size_t i = 0; i < q_.rows.size(); ++i) {
      const FamilyRow& row = q_.rows[i];
      if (row.fate != RowFate::counts) continue;
      float g = static_cast<float>(q_.upstream_mean) / divisor(row);
      if (q_.setting.directions == Directions::half_sum) g = g / 2;
      g = g * static_cast<float>(row.count) + static_cast<float>(q_.upstream[i]);
      const Logits s = logits_of(row);
      const Floats w = slopes(s);
      for (std::size_t j = 0; j < w.size(); ++j) {
        const std::size_t p = row.keys.positives.size();
        const Index key = j < p ? row.keys.positives[j] : row.keys.negatives[j - p];
        const float c = g * w[j];
        levers.push_back(c * s.all[j]);
        for (std::size_t k = 0; k < d_; ++k) {
          gradient[static_cast<std::size_t>(row.vector)][k] +=
              c * scale_ * y_[static_cast<std::size_t>(key)][k];
          gradient[static_cast<std::size_t>(key)][k] +=
              c * scale_ * y_[static_cast<std::size_t>(row.vector)][k];
        }
      }
    }
    parameter = sum(levers);
    if (q_.setting.temperature_as == TemperatureAs::temperature) parameter = -(parameter * scale_);
    if (q_.setting.temperature_as == TemperatureAs::scale) parameter = parameter / scale_;
    for (std::size_t v = 0; v < y_.size(); ++v) {
      float* out = v < static_cast<std::size_t>(q_.n)
                       ? a + v * d_
                       : b + (v - static_cast<std::size_t>(q_.n)) * d_;
      through_norm(v, gradient[v], out);
    }
  }

  void through_norm(std::size_t v, const Floats& dy, float* out) const {
    Floats products;
    for (std::size_t k = 0; k < d_; ++k) products.push_back(y_[v][k] * dy[k]);
    const bool projected = q_.normalised() && length_[v] > norm_[v] * 0.5f &&
                           length_[v] > static_cast<float>(q_.setting.normalisation_eps);
    const float along = projected ? sum(products) : 0;
    for (std::size_t k = 0; k < d_; ++k)
      out[k] = q_.normalised() ? ratio(dy[k] - y_[v][k] * along, norm_[v]) : dy[k];
  }

  FamilyInstance q_;
  FamilyStyle style_;
  std::size_t d_;
  float scale_ = 1;
  std::vector<Floats> y_;
  Floats length_, norm_;
};

}  // namespace

std::ostream& operator<<(std::ostream& out, const FamilyStyle& s) {
  return out << "backwards " << s.backwards << " reciprocal " << s.reciprocal << " scale first "
             << s.scale_first << " log-softmax " << s.through_log_softmax << " quotient "
             << s.quotient;
}

contract::Observation run_family_stranger(const engine::Case& c, const FamilyStyle& style) {
  return Library(c, style).run(c);
}

}  // namespace assay::testing
