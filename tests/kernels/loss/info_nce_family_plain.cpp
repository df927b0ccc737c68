// SPDX-License-Identifier: Apache-2.0
// The family's losses and gradients in binary64, written from the definitions: every pair loss is
// a log-sum-exp over an explicit list of logits minus another, every derivative a difference of
// softmaxes.
#include <cmath>
#include <utility>
#include <vector>

#include "tests/kernels/loss/info_nce_family_case.hpp"

namespace assay::kernels::testing {
namespace {

using S = FamilySetting;
using Vector = std::vector<double>;
using Keys = std::vector<std::size_t>;

struct Normalised {
  Vector y;
  double norm = 1, length_slope = 0;  ///< d norm / d length
  double length = 0;
};

Normalised normalise(const S& s, const Vector& x) {
  Normalised out;
  double square = 0;
  for (const double v : x) square += v * v;
  out.length = std::sqrt(square);
  const double eps = s.normalisation_eps;
  switch (s.normalisation) {
    case S::Normalisation::none: break;
    case S::Normalisation::maximum:
      out.norm = std::fmax(out.length, eps);
      out.length_slope = out.length > eps ? 1 : 0;
      break;
    case S::Normalisation::added:
      out.norm = out.length + eps;
      out.length_slope = 1;
      break;
    case S::Normalisation::inside_root:
      out.norm = std::sqrt(square + eps);
      out.length_slope = out.length / out.norm;
      break;
  }
  for (const double v : x) out.y.push_back(v / out.norm);
  return out;
}

/// Everything of one computation.
class Plain {
 public:
  explicit Plain(const FamilyCase& c) : c_(c), s_(c.named.setting) {
    for (std::int64_t id = 0; id < c.vectors(); ++id) {
      Vector x;
      const std::vector<float>& from = id < c.n ? c.a : c.b;
      for (std::int64_t k = 0; k < c.d; ++k)
        x.push_back(from[static_cast<std::size_t>(id % c.n * c.stride + k)]);
      x_.push_back(normalise(s_, x));
    }
    const double t = c.named.parameter;
    scale_ = s_.temperature_as == S::TemperatureAs::temperature ? 1 / t
             : s_.temperature_as == S::TemperatureAs::scale     ? t
                                                                : std::exp(t);
    gradient_.assign(x_.size(), Vector(static_cast<std::size_t>(c.d), 0.0));
  }

  PlainFamily result() {
    PlainFamily out;
    std::vector<double> losses(2, 0.0), totals(2, 0.0);
    const int directions = s_.both_directions() ? 2 : 1;
    for (int direction = 0; direction < directions; ++direction)
      for (std::size_t i = 0; i < rows(); ++i) {
        const auto [loss, weight] = add_row(direction, i, 0.0);
        out.row_loss.push_back(loss);
        losses[direction] += weight * loss;
        totals[direction] += weight;
      }
    for (int direction = 0; direction < directions; ++direction) {
      const bool divided = s_.over != S::OverAnchors::sum && totals[direction] != 0;
      double share = divided ? 1 / totals[direction] : 1;
      if (s_.directions == S::Directions::half_sum) share /= 2;
      share *= s_.outer_value;
      out.loss += losses[direction] * share;
      for (std::size_t i = 0; i < rows(); ++i) add_row(direction, i, share);
    }
    finish_gradients(out);
    return out;
  }

 private:
  std::size_t rows() const { return static_cast<std::size_t>(s_.joint() ? c_.vectors() : c_.n); }
  std::size_t vector_of(int direction, bool is_key, std::size_t i) const {
    const bool of_b = !s_.joint() && (direction == 1) != is_key;
    return i + (of_b ? static_cast<std::size_t>(c_.n) : 0);
  }
  bool positive(int direction, std::size_t i, std::size_t j) const {
    const std::size_t row = vector_of(direction, false, i), key = vector_of(direction, true, j);
    const std::size_t n = static_cast<std::size_t>(c_.n);
    if (s_.positives == S::Positives::other_view) return row % n == key % n && row != key;
    if (s_.positives == S::Positives::same_label) return label(row) == label(key);
    const std::size_t stride = static_cast<std::size_t>(c_.mask_stride());
    return direction == 1 ? c_.mask[j * stride + i] != 0 : c_.mask[i * stride + j] != 0;
  }
  std::int64_t label(std::size_t id) const {
    const std::size_t n = static_cast<std::size_t>(c_.n);
    return id < n || c_.labels_b.empty() ? c_.labels[id % n] : c_.labels_b[id - n];
  }
  double dot(const Vector& x, const Vector& y) const {
    double sum = 0;
    for (std::size_t k = 0; k < x.size(); ++k) sum += x[k] * y[k];
    return sum;
  }

  /// LSE of some logits of a row; adds `factor` times its softmax to `coefficients`.
  static double lse(const Vector& s, const Keys& over, double factor, Vector& coefficients) {
    double top = -HUGE_VAL, sum = 0;
    for (const std::size_t j : over) top = std::fmax(top, s[j]);
    for (const std::size_t j : over) sum += std::exp(s[j] - top);
    for (const std::size_t j : over) coefficients[j] += factor * std::exp(s[j] - top) / sum;
    return top + std::log(sum);
  }

  /// Loss of a row and how often it counts; with a share of the mean, adds the gradient too.
  std::pair<double, double> add_row(int direction, std::size_t i, double share) {
    Vector s;
    Keys positives, negatives;
    for (std::size_t j = 0; j < rows(); ++j) {
      s.push_back(scale_ *
                  dot(x_[vector_of(direction, false, i)].y, x_[vector_of(direction, true, j)].y));
      if (s_.joint() && i == j && !s_.self_pair_kept) continue;
      (positive(direction, i, j) ? positives : negatives).push_back(j);
    }
    const bool empty = s_.denominator == S::Denominator::negatives && negatives.empty();
    const bool declared = negatives.empty() && s_.without_negatives != S::EmptySet::as_formula;
    if (positives.empty() || empty || declared) {
      const S::EmptySet rule = positives.empty() ? s_.without_positives : s_.without_negatives;
      const bool counts = rule == S::EmptySet::zero &&
                          s_.over != S::OverAnchors::mean_of_positive_losses &&
                          s_.within != S::WithinAnchor::pairs;
      return {0.0, counts ? 1.0 : 0.0};
    }
    Vector coefficients(s.size(), 0.0);
    const double loss = row_loss(s, positives, negatives, coefficients);
    double weight = s_.within == S::WithinAnchor::pairs ? static_cast<double>(positives.size()) : 1;
    if (s_.over == S::OverAnchors::mean_of_positive_losses && !(loss > 0x1p-40)) weight = 0;
    if (share == 0) return {loss, weight};
    const std::size_t place = (static_cast<std::size_t>(direction) * rows() + i) *
                              static_cast<std::size_t>(c_.grad_stride);
    const double own = c_.grad_row_loss.empty() ? 0 : c_.grad_row_loss[place];
    const double g = own + static_cast<double>(c_.grad_loss) * share * weight;
    for (std::size_t j = 0; j < s.size(); ++j) {
      add_pair(vector_of(direction, false, i), vector_of(direction, true, j), g * coefficients[j]);
      log_scale_ += g * coefficients[j] * s[j];
    }
    return {loss, weight};
  }

  double row_loss(const Vector& s, const Keys& positives, const Keys& negatives,
                  Vector& coefficients) const {
    const auto denominator = [&](const Keys& of_positives) {
      Keys keys = negatives;
      if (s_.denominator != S::Denominator::negatives)
        keys.insert(keys.end(), of_positives.begin(), of_positives.end());
      return keys;
    };
    if (s_.within == S::WithinAnchor::sum_inside)
      return lse(s, denominator(positives), 1, coefficients) - lse(s, positives, -1, coefficients);
    double sum = 0;
    const double part = 1 / static_cast<double>(positives.size());
    for (const std::size_t p : positives) {
      const bool own = s_.denominator == S::Denominator::positive_and_negatives;
      sum += lse(s, denominator(own ? Keys{p} : positives), part, coefficients) - s[p];
      coefficients[p] -= part;
    }
    return sum * part;
  }

  void add_pair(std::size_t row, std::size_t key, double w) {
    for (std::size_t k = 0; k < gradient_[row].size(); ++k) {
      gradient_[row][k] += w * scale_ * x_[key].y[k];
      gradient_[key][k] += w * scale_ * x_[row].y[k];
    }
  }

  void finish_gradients(PlainFamily& out) const {
    for (std::size_t id = 0; id < x_.size(); ++id) {
      const Normalised& x = x_[id];
      // dx = dy/nu - <dy, y> (d nu / d length) (x / length) / nu, with y = x / nu
      const double along = x.length > 0 ? dot(gradient_[id], x.y) * x.length_slope / x.length : 0;
      for (std::size_t k = 0; k < x.y.size(); ++k)
        (id < static_cast<std::size_t>(c_.n) ? out.a : out.b)
            .push_back(gradient_[id][k] / x.norm - along * x.y[k]);
    }
    const double t = c_.named.parameter;
    out.parameter = s_.temperature_as == S::TemperatureAs::temperature ? -log_scale_ / t
                    : s_.temperature_as == S::TemperatureAs::scale     ? log_scale_ / t
                                                                       : log_scale_;
  }

  const FamilyCase& c_;
  const S& s_;
  std::vector<Normalised> x_;
  std::vector<Vector> gradient_;
  double scale_ = 1, log_scale_ = 0;
};

}  // namespace

PlainFamily plain_family(const FamilyCase& c) { return Plain(c).result(); }

}  // namespace assay::kernels::testing
