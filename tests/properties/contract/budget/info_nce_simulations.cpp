// SPDX-License-Identifier: Apache-2.0
// Plain C++ binary32 implementations of InfoNCE.
#include "info_nce_simulations.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "info_nce_simulated.hpp"

namespace assay::testing {

namespace {

contract::Observation observation_of(const std::vector<float>& loss, const std::vector<float>& lse,
                                     float mean) {
  contract::Observation o;
  o.conduct = contract::Conduct::returned;
  const auto rows = static_cast<std::int64_t>(loss.size());
  o.outputs = {Tensor::of_floats("row_loss", {rows}, loss),
               Tensor::of_floats("row_lse", {rows}, lse), Tensor::of_floats("loss", {1}, {mean})};
  return o;
}

void finish(std::array<Lane, 32>& lanes, float p, bool negatives, Defect defect, float& loss,
            float& lse) {
  float m = -infinity;
  for (const Lane& lane : lanes) m = std::max(m, lane.maximum);
  std::array<float, 32> r{};
  for (std::size_t l = 0; l < 32; ++l)
    r[l] = defect == Defect::no_maximum ? lanes[l].sum
           : lanes[l].sum == 0          ? 0
                                        : lanes[l].sum * kernels::exp_f32(lanes[l].maximum - m);
  for (std::size_t offset = 16; offset > 0; offset /= 2)
    for (std::size_t l = 0; l < offset; ++l) r[l] += r[l + offset];
  const float zero = p - p;  // NaN for a positive that is not finite
  if (!negatives) {
    loss = zero, lse = p;
  } else if (defect == Defect::no_maximum) {
    lse = kernels::log_f32(r[0] + kernels::exp_f32(p));
    loss = lse - p;
  } else if (m <= p) {
    const float t = kernels::log1p_f32(r[0] * kernels::exp_f32(m - p));
    loss = t + zero;
    lse = p + t;
  } else {
    const float t = kernels::log_f32(r[0] + kernels::exp_f32(p - m));
    loss = (m - p) + t;
    lse = m + t;
  }
}

class Stranger {
 public:
  Stranger(const Problem& problem, const Style& style) : q_(problem), style_(style) {}

  contract::Observation run() const {
    std::vector<float> loss, lse;
    for (std::int64_t i = 0; i < q_.rows(); ++i) row(i, loss, lse);
    const float mean = add_up(loss, style_.order);
    const auto count = static_cast<float>(q_.rows());
    const bool multiply = style_.scale == Style::Scale::multiply;
    return observation_of(loss, lse, multiply ? mean * (1 / count) : mean / count);
  }

 private:
  float flushed(float x) const {
    return style_.flush && std::fabs(x) < std::numeric_limits<float>::min() ? 0.0f : x;
  }
  /// Correctly rounded for all we care (double function, one rounding), then moved by `ulps`.
  float function(double exact) const {
    float x = static_cast<float>(exact);
    if (!(std::fabs(x) > 0) || std::isinf(x)) return flushed(x);
    for (int i = 0; i < std::abs(style_.ulps); ++i)
      x = std::nextafter(x, style_.ulps > 0 ? infinity : -infinity);
    return flushed(x);
  }
  float exp(float x) const { return function(std::exp(static_cast<double>(x))); }
  float log(float x) const { return function(std::log(static_cast<double>(x))); }
  float log1p(float x) const { return function(std::log1p(static_cast<double>(x))); }

  float logit(const float* x, const float* y) const {
    const auto tau = static_cast<float>(q_.temperature);
    const float reciprocal = 1 / tau;
    std::vector<float> terms;
    float fused = 0;
    for (std::int64_t k = 0; k < q_.d; ++k) {
      float xk = x[k];
      if (style_.scale == Style::Scale::divide_first) xk = flushed(xk / tau);
      if (style_.scale == Style::Scale::multiply_first) xk = flushed(xk * reciprocal);
      fused = flushed(std::fma(xk, y[k], fused));
      terms.push_back(flushed(xk * y[k]));
    }
    const float c = style_.order == Style::Order::fused ? fused : add_up(terms, style_.order);
    if (style_.scale == Style::Scale::divide) return flushed(c / tau);
    if (style_.scale == Style::Scale::multiply) return flushed(c * reciprocal);
    return c;
  }

  void row(std::int64_t i, std::vector<float>& loss, std::vector<float>& lse) const {
    std::vector<float> negatives;
    for (std::int64_t j = 0; j < q_.rows(); ++j)
      if (j != q_.positive(i) && !(q_.joint && j == i))
        negatives.push_back(logit(q_.row(i), q_.key(j)));
    const float p = logit(q_.row(i), q_.key(q_.positive(i)));
    std::vector<float> all = negatives;
    all.push_back(p);
    const float top = *std::max_element(all.begin(), all.end());
    const auto sum_of = [&](const std::vector<float>& v, float shift) {
      std::vector<float> terms;
      for (float s : v) terms.push_back(exp(s - shift));
      return add_up(terms, style_.order);
    };
    // log1p relative to a positive far below the largest logit would overflow.
    const bool overflows = top - p > 80;
    if (style_.form == Style::Form::difference) {
      lse.push_back(top + log(sum_of(all, top)));
      loss.push_back(lse.back() - p);
    } else if (style_.form == Style::Form::log_softmax || overflows) {
      const float l = log(sum_of(all, top));
      lse.push_back(top + l);
      loss.push_back(-((p - top) - l));
    } else {
      const bool of_positive = style_.form == Style::Form::log1p_of_positive;
      const float most =
          negatives.empty() ? p : *std::max_element(negatives.begin(), negatives.end());
      const float shift = of_positive ? p : most;
      float x = sum_of(negatives, shift);
      if (!of_positive) x = x * exp(shift - p);
      loss.push_back(log1p(x));
      lse.push_back(p + loss.back());
    }
  }

  const Problem& q_;
  Style style_;
};

}  // namespace

std::string name_of(Defect defect) {
  switch (defect) {
    case Defect::none: return "none";
    case Defect::temperature_off: return "temperature_off";
    case Defect::last_column_twice: return "last_column_twice";
    case Defect::positive_twice: return "positive_twice";
    case Defect::half_row_sum: return "half_row_sum";
    case Defect::no_maximum: return "no_maximum";
  }
  return "?";
}

std::ostream& operator<<(std::ostream& out, const Style& s) {
  return out << "order " << static_cast<int>(s.order) << " scale " << static_cast<int>(s.scale)
             << " form " << static_cast<int>(s.form) << " ulps " << s.ulps << " flush " << s.flush;
}

contract::Observation run_tiled(const engine::Case& c, Defect defect) {
  const Problem q(c);
  float inverse = static_cast<float>(1.0 / q.temperature);
  if (defect == Defect::temperature_off) inverse *= 1 + 0x1p-16f;
  std::vector<float> loss, lse;
  for (std::int64_t i = 0; i < q.rows(); ++i) {
    std::array<Lane, 32> lanes;
    float p = 0;
    for (std::int64_t j = 0; j < q.rows(); ++j) {
      if (q.joint && j == i) continue;
      float dot = 0;
      for (std::int64_t k = 0; k < q.d; ++k) dot = std::fma(q.row(i)[k], q.key(j)[k], dot);
      const float v = dot * inverse;
      Lane& lane = lanes[static_cast<std::size_t>(j % 32)];
      if (j == q.positive(i)) {
        p = v;
        if (defect == Defect::positive_twice) push(lane, v, defect);
        continue;
      }
      push(lane, v, defect);
      if (defect == Defect::last_column_twice && j == q.rows() - 1) push(lane, v, defect);
    }
    float row_loss = 0, row_lse = 0;
    finish(lanes, p, q.n > 1 || defect == Defect::positive_twice, defect, row_loss, row_lse);
    loss.push_back(row_loss);
    lse.push_back(row_lse);
  }
  return observation_of(loss, lse, strided_mean(loss));
}

contract::Observation run_stranger(const engine::Case& c, const Style& style) {
  const Problem q(c);
  return Stranger(q, style).run();
}

std::vector<engine::OutputSpec> outputs_of(const engine::Case& c) {
  const std::int64_t rows = Problem(c).rows();
  return {{"row_loss", Dtype::f32, {rows}, true},
          {"row_lse", Dtype::f32, {rows}, false},
          {"loss", Dtype::f32, {1}, false}};
}

}  // namespace assay::testing
