// SPDX-License-Identifier: Apache-2.0
// Sums of coefficient times vector, to first order in all errors.
#include "properties/contract/loss/info_nce_family_gradient_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "properties/contract/loss/info_nce_budget.hpp"

namespace assay::contract {

namespace {

using Index = std::int64_t;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double u = rounding_of(Dtype::f32).roundoff;
/// Rows hold a dozen doubles a pair.
constexpr Index most_pairs = Index{1} << 20;

double square(double x) { return x * x; }

}  // namespace

/// One vector's sums while they are formed, per coordinate.
struct FamilyGradientModel::Accumulated {
  std::vector<ModelledSum> sum;
  /// The own row's derivatives by its logits are g (diagonal_j y_j + reach_j with these two).
  std::vector<double> negatives, positives;
  std::vector<std::vector<double>> sources;
  /// Standard deviations that are added as they are: of the own vector, and of keys through the
  /// sums of other rows.
  std::vector<double> own_vector, through_sums;
  explicit Accumulated(std::size_t d)
      : sum(d), negatives(d), positives(d), own_vector(d), through_sums(d) {}
};

FamilyGradientModel::FamilyGradientModel(const FamilyInstance& instance,
                                         const FamilyVectors& vectors, bool same_bits,
                                         double roundoff)
    : instance_(instance),
      vectors_(vectors),
      same_bits_(same_bits),
      twice_(pairs_meet_twice(instance)),
      roundoff_(roundoff),
      rows_(instance.rows.size()),
      of_vector_(static_cast<std::size_t>(2 * instance.n)) {
  const auto count = static_cast<Index>(instance.rows.size());
  usable_ = count * instance.blocks.front().keys <= most_pairs;
}

void FamilyGradientModel::add_unknown_row(Index i) {
  rows_[static_cast<std::size_t>(i)].present = true;
  all_modelled_ = false;
}

void FamilyGradientModel::add_row(Index i, const FamilyLogits& logits, double g, double known_error,
                                  const CoefficientNoise& noise) {
  Row& row = rows_[static_cast<std::size_t>(i)];
  row.present = true;
  row.modelled = is_modelled(logits);
  all_modelled_ = all_modelled_ && row.modelled;
  if (!row.modelled || !usable_) return;
  const RowForm form = form_of(instance_.setting, logits);
  row.g = g;
  row.reach = reach_of_logits(logits);
  row.curvature = curvature_of(form, logits);
  row.variance = logits.variance;
  row.row_noise = logits.row_noise;
  row.key_noise = logits.key_noise;
  row.noise = noise;
  const double ties = most_ties(ties_of(logits.ideal));
  for (std::vector<double>& source : row.noise.sources)
    for (double& part : source) part *= std::sqrt(ties);
  row.noise.lever *= ties;
  ties_ = std::max(ties_, ties);
  const RowCurvature& c = row.curvature;
  row.moved = c.times(logits.known);
  row.slope = c.times(logits.ideal);
  row.carried.assign(logits.size(), 0.0);
  double carried_negatives = 0, carried_positives = 0;
  for (std::size_t j = 0; j < logits.size(); ++j) {
    row.moved[j] = g * row.moved[j] + known_error * c.weight[j];
    row.slope[j] *= g;
    const bool positive = j < c.positives;
    const double b2 = square(c.border[j]);
    (positive ? row.positives : row.negatives) += b2 * row.variance[j];
    if (row.row_noise.empty()) continue;
    (positive ? row.positive_keys : row.negative_keys) += b2 * square(row.key_noise[j]);
    (positive ? carried_positives : carried_negatives) += std::fabs(c.border[j]) * row.row_noise[j];
  }
  if (!row.row_noise.empty())
    for (std::size_t j = 0; j < logits.size(); ++j) {
      const RowCurvature::Reach r = c.reach(j);
      row.carried[j] = std::fabs(g) * (std::fabs(c.diagonal[j]) * row.row_noise[j] +
                                       std::fabs(r.negatives) * carried_negatives +
                                       std::fabs(r.positives) * carried_positives);
    }
  const FamilyRow& of = instance_.row(i);
  row.place.assign(static_cast<std::size_t>(instance_.blocks[of.block].keys), -1);
  for (std::size_t j = 0; j < logits.size(); ++j)
    row.place[static_cast<std::size_t>(logits.column[j])] = static_cast<std::int32_t>(j);
  add_lever(i, logits, known_error, row);
}

// g sum over j of w_j (t_j - mean): its derivative by t_j is g (w_j + (H gap)_j), since the w_j add
// up to 0.
void FamilyGradientModel::add_lever(Index i, const FamilyLogits& logits, double g_error, Row& row) {
  const RowCurvature& c = row.curvature;
  const FamilyRow& of = instance_.row(i);
  double mean = 0;
  for (std::size_t j = 0; j < c.positives; ++j) mean += logits.ideal[j];
  mean /= static_cast<double>(c.positives);
  std::vector<double> gap;
  for (const double t : logits.ideal) gap.push_back(t - mean);
  const std::vector<double> turned = c.times(gap), ties = ties_of(logits.ideal);
  double pairs = 0, own_vector = 0;
  for (std::size_t j = 0; j < gap.size(); ++j) {
    const double derivative = row.g * (c.weight[j] + turned[j]);
    parameter_.known += derivative * logits.known[j] + g_error * c.weight[j] * gap[j];
    parameter_.slope += derivative * gap[j];
    parameter_.remainder += 8 * square(row.reach) * std::fabs(row.g) * std::fabs(c.diagonal[j]) *
                            (std::fabs(gap[j]) + 1);
    pairs += square(derivative) * row.variance[j] * ties[j];
    if (row.row_noise.empty()) continue;
    own_vector += std::fabs(derivative) * row.row_noise[j];
    const Index key = logits.column[j] + instance_.blocks[of.block].first_key;
    of_vector_[static_cast<std::size_t>(key)] += std::fabs(derivative) * row.key_noise[j];
  }
  of_vector_[static_cast<std::size_t>(of.vector)] += own_vector;
  double shared = 0;
  for (const std::vector<double>& pattern : row.noise.sources) {
    double by_gap = 0, all = 0;
    for (std::size_t j = 0; j < gap.size(); ++j) by_gap += pattern[j] * gap[j], all += pattern[j];
    shared += std::fabs(by_gap) + (row.noise.levers_of_logits ? std::fabs(all * mean) : 0);
  }
  levers_.push_back((twice_ ? 2 : 1) * pairs + square(shared) + row.noise.lever);
}

ModelledSum FamilyGradientModel::of_parameter() const {
  ModelledSum sum = parameter_;
  const std::vector<double> ties = ties_of(levers_);
  for (std::size_t i = 0; i < ties.size(); ++i) sum.variance += levers_[i] * ties[i];
  sum.ties = ties_;
  for (std::size_t i = 0; i < ties.size(); ++i)
    if (levers_[i] > 0) sum.ties = std::max(sum.ties, ties[i]);
  for (const double deviation : of_vector_) sum.variance += square(deviation);
  if (!all_modelled_ || !usable_) sum.variance = infinity;
  return sum;
}

const FamilyGradientModel::Row* FamilyGradientModel::row_of(Index i) const {
  if (i >= static_cast<Index>(rows_.size())) return nullptr;
  const Row& row = rows_[static_cast<std::size_t>(i)];
  return row.present ? &row : nullptr;
}

std::int32_t FamilyGradientModel::place_of(const Row* row, Index i, Index key) const {
  if (row == nullptr) return -1;
  const reference::FamilyBlock& block = instance_.blocks[instance_.row(i).block];
  const Index column = key - block.first_key;
  return column < 0 || column >= block.keys ? -1 : row->place[static_cast<std::size_t>(column)];
}

/// All vectors without `radial` times their part along y_o.
std::vector<double> FamilyGradientModel::projected(Index o, double radial) const {
  std::vector<double> y = vectors_.y;
  if (radial == 0) return y;
  const auto d = static_cast<std::size_t>(instance_.d);
  const double* along = vectors_.entries(o);
  for (std::size_t t = 0; t < y.size() / d; ++t) {
    double dot = 0;
    for (std::size_t k = 0; k < d; ++k) dot += y[t * d + k] * along[k];
    for (std::size_t k = 0; k < d; ++k) y[t * d + k] -= radial * dot * along[k];
  }
  return y;
}

/// How many vectors have the same logit against o, for each.
std::vector<double> FamilyGradientModel::ties_with(Index o) const {
  std::vector<double> dots;
  double most = 0;
  const double* along = vectors_.entries(o);
  for (Index t = 0; t < 2 * instance_.n; ++t) {
    double dot = 0;
    for (Index k = 0; k < instance_.d; ++k) dot += vectors_.entries(t)[k] * along[k];
    dots.push_back(dot);
    if (t != o) most = std::max(most, std::fabs(dot));
  }
  dots[static_cast<std::size_t>(o)] = 2 * most + 1;  // no vector meets itself
  return ties_of(dots);
}

/// What the sums over the row's keys make of all its logits at once.
void FamilyGradientModel::add_own_row(const Row& row, Index o, const std::vector<double>& y,
                                      Accumulated& sum) const {
  const auto d = static_cast<std::size_t>(instance_.d);
  const reference::FamilyBlock& block = instance_.blocks[instance_.row(o).block];
  sum.sources.assign(row.noise.sources.size(), std::vector<double>(d));
  for (std::size_t column = 0; column < row.place.size(); ++column) {
    if (row.place[column] < 0) continue;
    const auto j = static_cast<std::size_t>(row.place[column]);
    const double* v = y.data() + (column + static_cast<std::size_t>(block.first_key)) * d;
    std::vector<double>& part = j < row.curvature.positives ? sum.positives : sum.negatives;
    for (std::size_t k = 0; k < d; ++k) part[k] += row.curvature.border[j] * v[k];
    for (std::size_t s = 0; s < sum.sources.size(); ++s) {
      const double size = row.noise.sources[s][j];
      for (std::size_t k = 0; k < d; ++k) sum.sources[s][k] += size * v[k];
    }
  }
}

/// What multiplies vector t in the gradient of vector o.
double FamilyGradientModel::coefficient(Index o, Index t) const {
  const Row *own = row_of(o), *other = row_of(t);
  const std::int32_t j = place_of(own, o, t), i = place_of(other, t, o);
  return (j < 0 ? 0 : own->g * own->curvature.weight[static_cast<std::size_t>(j)]) +
         (i < 0 ? 0 : other->g * other->curvature.weight[static_cast<std::size_t>(i)]);
}

/// The largest number of equal terms, other than 0, in coordinate k.
double FamilyGradientModel::equal_terms(Index o, const std::vector<double>& y,
                                        std::size_t k) const {
  std::vector<double> terms;
  for (Index t = 0; t < 2 * instance_.n; ++t) {
    const double term =
        t == o ? 0 : coefficient(o, t) * y[static_cast<std::size_t>(t * instance_.d) + k];
    if (term != 0) terms.push_back(term);
  }
  return most_ties(ties_of(terms));
}

/// The coefficient of vector t in the gradient of vector o: from row o and from row t.
void FamilyGradientModel::add_pair(Index o, Index t, const std::vector<double>& y, double ties,
                                   Accumulated& sum) const {
  const Row *own = row_of(o), *other = row_of(t);
  const std::int32_t at_own = place_of(own, o, t), at_other = place_of(other, t, o);
  if (at_own < 0 && at_other < 0) return;
  const auto j = static_cast<std::size_t>(at_own), i = static_cast<std::size_t>(at_other);
  const double coefficient = this->coefficient(o, t);
  double known = 0, slope = 0, remainder = 0, free = 0, of_logit = 0;
  RowCurvature::Reach r{0, 0};
  if (at_own >= 0) {
    const RowCurvature& c = own->curvature;
    r = c.reach(j);
    known += own->moved[j];
    slope += own->slope[j];
    remainder += 8 * square(own->reach) * std::fabs(own->g * c.diagonal[j]);
    free += own->noise.own[j];
    of_logit = own->variance[j];
  }
  double through_other = 0, sums = 0, by_own = 0, by_other = 0, by_key = 0;
  if (at_other >= 0) {
    const RowCurvature& c = other->curvature;
    const double g2 = square(other->g), b2 = square(c.border[i]);
    const RowCurvature::Reach q = c.reach(i);
    through_other = other->g * c.diagonal_of_matrix(i);
    known += other->moved[i];
    slope += other->slope[i];
    remainder += 8 * square(other->reach) * std::fabs(other->g * c.diagonal[i]);
    free += other->noise.own[i];
    of_logit = std::max(of_logit, other->variance[i]);
    const double own_part =
        square(i < c.positives ? q.positives : q.negatives) * b2 * other->variance[i];
    const double rest =
        square(q.negatives) * other->negatives + square(q.positives) * other->positives - own_part;
    // In the joint block such a logit has a second row of its own, through which it acts as well.
    const bool joint = instance_.setting.directions == reference::Directions::joint_block;
    free += (joint ? 2 : 1) * g2 * std::max(rest, 0.0);
    double shared = 0;
    for (const std::vector<double>& pattern : other->noise.sources) shared += std::fabs(pattern[i]);
    free += square(shared);
    if (!other->row_noise.empty()) {
      by_other = other->carried[i];
      by_key = std::fabs(through_other) * other->key_noise[i];
      sums = std::sqrt(g2 * (square(q.negatives) * other->negative_keys +
                             square(q.positives) * other->positive_keys));
    }
  }
  if (at_own >= 0 && at_other >= 0)
    free += square(roundoff_ * power_below(std::fabs(coefficient))) / 3;
  const bool carried = !vectors_.spread.empty();
  const double entry_noise = carried ? vectors_.spread[static_cast<std::size_t>(t)] + u : 0;
  const double* v = y.data() + t * instance_.d;
  const double* along = vectors_.entries(o);
  for (std::size_t k = 0; k < sum.sum.size(); ++k) {
    ModelledSum& m = sum.sum[k];
    const double size = std::fabs(v[k]);
    double by_row = 0;
    if (at_own >= 0)
      by_row = own->g * (own->curvature.diagonal[j] * v[k] + r.negatives * sum.negatives[k] +
                         r.positives * sum.positives[k]);
    const double by_column = through_other * v[k];
    const double both = same_bits_ ? by_row + by_column : std::fabs(by_row) + std::fabs(by_column);
    m.known += known * v[k];
    m.slope += slope * v[k];
    m.remainder += remainder * size;
    m.variance += ties * (square(both) * of_logit + free * square(v[k]));
    if (!carried) continue;
    if (at_own >= 0) by_own = std::fabs(by_row);
    const double of_t = (at_own >= 0 ? by_own * own->key_noise[j] : 0) + by_other * size +
                        std::fabs(coefficient) * entry_noise * (size + std::fabs(along[k]));
    m.variance += square(of_t);
    sum.own_vector[k] += (at_own >= 0 ? by_own * own->row_noise[j] : 0) + by_key * size;
    sum.through_sums[k] += sums * size;
  }
}

std::vector<ModelledSum> FamilyGradientModel::of_vector(Index o, double radial) const {
  const auto d = static_cast<std::size_t>(instance_.d);
  Accumulated sum(d);
  bool modelled = usable_;
  for (Index t = 0; t < 2 * instance_.n && modelled; ++t) {
    const Row* row = row_of(t);
    if (row == nullptr || row->modelled) continue;
    const reference::FamilyBlock& block = instance_.blocks[instance_.row(t).block];
    modelled = t != o && (o < block.first_key || o >= block.first_key + block.keys);
  }
  if (!modelled) {
    for (ModelledSum& m : sum.sum) m.variance = infinity;
    return sum.sum;
  }
  const std::vector<double> y = projected(o, radial);
  if (const Row* row = row_of(o)) add_own_row(*row, o, y, sum);
  const std::vector<double> ties = ties_with(o);
  const bool tied = most_ties(ties) > 1;
  for (Index t = 0; t < 2 * instance_.n; ++t)
    if (t != o) add_pair(o, t, y, ties[static_cast<std::size_t>(t)], sum);
  for (std::size_t k = 0; k < d; ++k) {
    double shared = 0;
    for (const std::vector<double>& source : sum.sources) shared += std::fabs(source[k]);
    sum.sum[k].variance += square(shared) + square(sum.own_vector[k]) + square(sum.through_sums[k]);
    if (tied) sum.sum[k].ties = equal_terms(o, vectors_.y, k);
  }
  return sum.sum;
}

}  // namespace assay::contract
