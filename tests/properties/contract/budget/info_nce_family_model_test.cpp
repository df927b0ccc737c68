// SPDX-License-Identifier: Apache-2.0
// The mathematics of the settings' modelled column: derivatives of rows against differences, and
// what random logits or vectors do to gradients against what the model says.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <random>
#include <vector>

#include "properties/contract/loss/info_nce_budget.hpp"
#include "properties/contract/loss/info_nce_family_gradient_model.hpp"
#include "properties/contract/loss/info_nce_settings.hpp"

namespace assay::testing {
namespace {

using namespace assay::contract;
using Index = std::int64_t;

FamilyLogits random_logits(std::mt19937_64& random, std::size_t positives, std::size_t negatives) {
  std::normal_distribution<double> normal;
  FamilyLogits logits;
  logits.positives = positives;
  for (std::size_t j = 0; j < positives + negatives; ++j)
    logits.ideal.push_back(2 * normal(random));
  return logits;
}

TEST(FamilyCurvature, IsTheDerivativeOfTheWeights) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  const double step = 0x1p-12;
  for (const RowForm form : {RowForm::softplus, RowForm::all_mean, RowForm::negatives_mean,
                             RowForm::all_inside, RowForm::negatives_inside})
    for (const std::size_t positives : {1, 3}) {
      const FamilyLogits at = random_logits(random, positives, 4);
      const RowCurvature c = curvature_of(form, at);
      std::vector<double> direction;
      for (std::size_t j = 0; j < at.size(); ++j) direction.push_back(normal(random));
      const std::vector<double> derivative = c.times(direction);
      FamilyLogits up = at, down = at;
      for (std::size_t j = 0; j < at.size(); ++j) {
        up.ideal[j] += step * direction[j];
        down.ideal[j] -= step * direction[j];
      }
      const RowCurvature above = curvature_of(form, up), below = curvature_of(form, down);
      double sum = 0;
      for (std::size_t j = 0; j < at.size(); ++j) {
        EXPECT_NEAR(derivative[j], (above.weight[j] - below.weight[j]) / (2 * step), 0x1p-18)
            << static_cast<int>(form) << " " << positives << " " << j;
        std::vector<double> unit(at.size());
        unit[j] = 1;
        EXPECT_NEAR(c.diagonal_of_matrix(j), c.times(unit)[j], 0x1p-45);
        sum += c.weight[j];
      }
      EXPECT_NEAR(sum, 0, 0x1p-45);  // a shift of all logits changes nothing
    }
}

/// A batch of a setting with vectors from a normal distribution, and its exact logits by hand.
struct Batch {
  FamilyInstance instance;
  FamilyVectors vectors;
  std::vector<double> g;

  Batch(const std::string& setting, Index n, Index d, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    const auto floats = [&](Index count) {
      std::vector<float> all;
      for (Index i = 0; i < count; ++i) all.push_back(static_cast<float>(normal(random)));
      return all;
    };
    engine::Case c;
    c.descriptor = {"loss/info_nce", setting, "test", 0, 0};
    c.inputs = {Tensor::of_floats("a", {n, d}, floats(n * d)),
                Tensor::of_floats("b", {n, d}, floats(n * d))};
    Tensor labels = Tensor::contiguous("labels", Dtype::i64, {n});
    Tensor mask = Tensor::contiguous("mask", Dtype::u8, {n, n});
    for (Index i = 0; i < n; ++i) {
      labels.as<Index>()[i] = i / 2;
      for (Index j = 0; j < n; ++j) mask.as<std::uint8_t>()[i * n + j] = (i + j) % 3 == 0;
    }
    c.inputs.push_back(std::move(labels));
    c.inputs.push_back(std::move(mask));
    c.scalars = {{"temperature", 0.5}};
    c.options = {{"operation", "forward"}, {"setting", setting}};
    instance = FamilyInstance::from(c);
    vectors.d = d;
    vectors.y = instance.z;
    for (std::size_t i = 0; i < instance.rows.size(); ++i) g.push_back(normal(random));
  }

  double dot(Index v, Index w) const {
    double sum = 0;
    for (Index k = 0; k < instance.d; ++k) sum += vectors.entries(v)[k] * vectors.entries(w)[k];
    return sum;
  }
  /// Logits of a row, `moved` away by one number for each pair of vectors.
  FamilyLogits logits(const FamilyRow& row, const std::vector<double>& moved) const {
    FamilyLogits found;
    found.positives = row.keys.positives.size();
    for (const auto* keys : {&row.keys.positives, &row.keys.negatives})
      for (const Index key : *keys) {
        found.ideal.push_back(dot(row.vector, key) +
                              moved[static_cast<std::size_t>(row.vector * 2 * instance.n + key)]);
        found.column.push_back(instance.column(row, key));
        found.known.push_back(0);
        found.variance.push_back(0);
      }
    return found;
  }
  bool counts(const FamilyRow& row) const { return row.fate == reference::RowFate::counts; }
  std::size_t pairs() const { return static_cast<std::size_t>(4 * instance.n * instance.n); }

  /// The gradients by all vectors, scale 1.
  std::vector<double> gradient(const std::vector<double>& moved) const {
    std::vector<double> sum(vectors.y.size());
    for (std::size_t i = 0; i < instance.rows.size(); ++i) {
      const FamilyRow& row = instance.rows[i];
      if (!counts(row)) continue;
      const FamilyLogits at = logits(row, moved);
      const RowCurvature c = curvature_of(form_of(instance.setting, at), at);
      for (std::size_t j = 0; j < at.size(); ++j) {
        const Index key = at.column[j] + instance.blocks[row.block].first_key;
        for (Index k = 0; k < instance.d; ++k) {
          const double w = g[i] * c.weight[j];
          sum[static_cast<std::size_t>(row.vector * instance.d + k)] += w * vectors.entries(key)[k];
          sum[static_cast<std::size_t>(key * instance.d + k)] += w * vectors.entries(row.vector)[k];
        }
      }
    }
    return sum;
  }

  /// Without the part along y_o.
  void project(std::vector<double>& sum, double radial) const {
    for (Index o = 0; o < 2 * instance.n; ++o) {
      double along = 0;
      double* of = sum.data() + o * instance.d;
      for (Index k = 0; k < instance.d; ++k) along += of[k] * vectors.entries(o)[k];
      for (Index k = 0; k < instance.d; ++k) of[k] -= radial * along * vectors.entries(o)[k];
    }
  }
};

/// Smallest and largest quotient of sampled and modelled standard deviations.
struct Agreement {
  double least = HUGE_VAL, most = 0, mean = 0;
};

Agreement sampled(const Batch& batch, const FamilyGradientModel& model, double radial,
                  const std::function<std::vector<double>(std::mt19937_64&)>& errors) {
  constexpr int samples = 3000;
  std::mt19937_64 random(11);
  const std::vector<double> still(batch.pairs());
  std::vector<double> exact = batch.gradient(still), squares(exact.size());
  batch.project(exact, radial);
  for (int s = 0; s < samples; ++s) {
    const std::vector<double> found = errors(random);
    for (std::size_t e = 0; e < exact.size(); ++e) {
      const double error = found[e] - exact[e];
      squares[e] += error * error / samples;
    }
  }
  Agreement all;
  double count = 0;
  for (Index o = 0; o < 2 * batch.instance.n; ++o) {
    const std::vector<ModelledSum> sums = model.of_vector(o, radial);
    for (Index k = 0; k < batch.instance.d; ++k) {
      const double modelled = sums[static_cast<std::size_t>(k)].variance;
      const double found = squares[static_cast<std::size_t>(o * batch.instance.d + k)];
      if (modelled == 0) {
        EXPECT_EQ(found, 0);
        continue;
      }
      const double quotient = std::sqrt(found / modelled);
      all.least = std::min(all.least, quotient);
      all.most = std::max(all.most, quotient);
      all.mean += quotient;
      count += 1;
    }
  }
  all.mean /= count;
  return all;
}

// A sample of 3000 has its standard deviation within 1.3 per cent; a hundred elements are looked
// at.
TEST(FamilyGradientModel, SaysWhatRandomLogitsDo) {
  for (const NamedInfoNceSetting& entry : info_nce_settings()) {
    if (entry.setting.normalisation != reference::Normalisation::none) continue;
    const Batch batch(entry.name, 6, 4, 5);
    const Index count = 2 * batch.instance.n;
    std::vector<double> deviation(batch.pairs());  // one for each pair, the same both ways
    std::mt19937_64 random(17);
    for (Index v = 0; v < count; ++v)
      for (Index w = 0; w <= v; ++w)
        deviation[static_cast<std::size_t>(v * count + w)] =
            deviation[static_cast<std::size_t>(w * count + v)] =
                0x1p-16 * (1 + static_cast<double>(random() % 4));
    for (const double radial : {0.0, 0.25}) {
      FamilyGradientModel model(batch.instance, batch.vectors, true, 0);
      for (std::size_t i = 0; i < batch.instance.rows.size(); ++i) {
        const FamilyRow& row = batch.instance.rows[i];
        if (!batch.counts(row)) continue;
        FamilyLogits logits = batch.logits(row, std::vector<double>(batch.pairs()));
        for (std::size_t j = 0; j < logits.size(); ++j) {
          const Index key = logits.column[j] + batch.instance.blocks[row.block].first_key;
          const double sd = deviation[static_cast<std::size_t>(row.vector * count + key)];
          logits.variance[j] = sd * sd;
        }
        CoefficientNoise none;
        none.own.assign(logits.size(), 0.0);
        model.add_row(static_cast<Index>(i), logits, batch.g[i], 0, none);
      }
      const Agreement all = sampled(batch, model, radial, [&](std::mt19937_64& stream) {
        std::normal_distribution<double> normal;
        std::vector<double> moved(batch.pairs());
        for (Index v = 0; v < count; ++v)
          for (Index w = 0; w < v; ++w) {
            const auto at = static_cast<std::size_t>(v * count + w);
            moved[at] = moved[static_cast<std::size_t>(w * count + v)] =
                deviation[at] * normal(stream);
          }
        std::vector<double> found = batch.gradient(moved);
        batch.project(found, radial);
        return found;
      });
      std::printf("%s, radial %.2f: sampled / modelled %.3f to %.3f, mean %.3f\n",
                  entry.name.c_str(), radial, all.least, all.most, all.mean);
      const bool joint = entry.setting.directions == reference::Directions::joint_block;
      EXPECT_LT(all.most, 1.06) << entry.name;
      EXPECT_GT(all.least, joint ? 0.6 : 0.94) << entry.name;  // there one part counts twice
    }
  }
}

// One random number stretches a vector: its row and its column of logits, and the vector itself.
TEST(FamilyGradientModel, SaysAtLeastWhatRandomNormsDo) {
  for (const char* setting : {"both-directions", "decoupled", "supervised-in", "masked"}) {
    Batch batch(setting, 6, 4, 8);
    for (Index v = 0; v < 2 * batch.instance.n; ++v)
      batch.vectors.spread.push_back(0x1p-16 * static_cast<double>(1 + v % 4));
    const std::vector<double> still(batch.pairs());
    FamilyGradientModel model(batch.instance, batch.vectors, false, 0);
    for (std::size_t i = 0; i < batch.instance.rows.size(); ++i) {
      const FamilyRow& row = batch.instance.rows[i];
      if (!batch.counts(row)) continue;
      FamilyLogits logits = batch.logits(row, still);
      for (std::size_t j = 0; j < logits.size(); ++j) {
        const Index key = logits.column[j] + batch.instance.blocks[row.block].first_key;
        const double size = std::fabs(logits.ideal[j]);
        logits.row_noise.push_back(size *
                                   batch.vectors.spread[static_cast<std::size_t>(row.vector)]);
        logits.key_noise.push_back(size * batch.vectors.spread[static_cast<std::size_t>(key)]);
      }
      CoefficientNoise none;
      none.own.assign(logits.size(), 0.0);
      model.add_row(static_cast<Index>(i), logits, batch.g[i], 0, none);
    }
    const Agreement all = sampled(batch, model, 0, [&](std::mt19937_64& stream) {
      std::normal_distribution<double> normal;
      Batch stretched = batch;
      for (std::size_t e = 0; e < stretched.vectors.y.size(); e += 4) {
        const double by = 1 + batch.vectors.spread[e / 4] * normal(stream);
        for (std::size_t k = 0; k < 4; ++k) stretched.vectors.y[e + k] *= by;
      }
      return stretched.gradient(still);
    });
    std::printf("%s: sampled / modelled %.3f to %.3f, mean %.3f\n", setting, all.least, all.most,
                all.mean);
    EXPECT_LT(all.most, 1.03) << setting;
    EXPECT_GT(all.mean, 0.25) << setting;
  }
}

TEST(FamilyLossModel, SaysWhatRandomLogitsDo) {
  for (const char* setting : {"both-directions", "supervised-out", "masked"}) {
    const Batch batch(setting, 6, 4, 6);
    const FamilyInstance& instance = batch.instance;
    const double deviation = 0x1p-18;
    FamilyLossModel model(instance);
    // The derivative of the loss by each pair of vectors.
    std::vector<double> slopes(batch.pairs());
    for (const FamilyRow& row : instance.rows) {
      if (!batch.counts(row)) continue;
      FamilyLogits logits = batch.logits(row, std::vector<double>(batch.pairs()));
      logits.variance.assign(logits.size(), deviation * deviation);
      const RowCurvature c = curvature_of(form_of(instance.setting, logits), logits);
      model.add(instance, row, logits, c, 0);
      for (std::size_t j = 0; j < logits.size(); ++j) {
        const Index key = logits.column[j] + instance.blocks[row.block].first_key;
        const Index first = std::min(row.vector, key), second = std::max(row.vector, key);
        slopes[static_cast<std::size_t>(first * 2 * instance.n + second)] +=
            weight_in_loss(instance, row) * c.weight[j];
      }
    }
    double exact = 0;
    for (const double slope : slopes) exact += slope * slope;
    const double share = modelled_deviations * deviation * std::sqrt(exact) / model.of_loss(0);
    EXPECT_LT(share, 1) << setting;
    EXPECT_GT(share, 0.7) << setting;
    EXPECT_NEAR(model.of_loss(4 * exact * deviation * deviation) / model.of_loss(0),
                std::sqrt(1 + 4 * share * share), 0x1p-6)
        << setting;
  }
}

TEST(FamilyLossModel, KnownErrorsKeepTheirSigns) {
  const Batch batch("supervised-out", 5, 3, 2);
  const FamilyInstance& instance = batch.instance;
  FamilyLossModel model(instance);
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  double known = 0, slope = 0;
  for (const FamilyRow& row : instance.rows) {
    if (!batch.counts(row)) continue;
    FamilyLogits logits = batch.logits(row, std::vector<double>(batch.pairs()));
    logits.unknown_common = 0x1p-24;
    const RowCurvature c = curvature_of(form_of(instance.setting, logits), logits);
    double of_row = 0, slope_of_row = 0;
    for (std::size_t j = 0; j < logits.size(); ++j) {
      logits.known[j] = 0x1p-24 * normal(random);
      of_row += c.weight[j] * logits.known[j];
      slope_of_row += c.weight[j] * logits.ideal[j];
    }
    EXPECT_NEAR(model.add(instance, row, logits, c, 0),
                std::fabs(of_row) + 0x1p-24 * std::fabs(slope_of_row), 0x1p-38);
    known += weight_in_loss(instance, row) * of_row;
    slope += weight_in_loss(instance, row) * slope_of_row;
  }
  EXPECT_NEAR(model.of_loss(0), std::fabs(known) + 0x1p-24 * std::fabs(slope), 0x1p-38);
}

TEST(FamilyLossModel, RowsBeyondFirstOrderHaveNoModel) {
  const Batch batch("supervised-out", 5, 3, 2);
  FamilyLossModel model(batch.instance);
  const FamilyRow& row = batch.instance.rows.front();
  FamilyLogits logits = batch.logits(row, std::vector<double>(batch.pairs()));
  const RowCurvature c = curvature_of(form_of(batch.instance.setting, logits), logits);
  logits.variance[0] = 0x1p-16;  // 8 standard deviations are 2^-5: the remainder counts
  const double near = model.add(batch.instance, row, logits, c, 0);
  EXPECT_GT(near, 8 * std::fabs(c.weight[0]) * 0x1p-8 * (1 + 0x1p-10));
  EXPECT_TRUE(std::isfinite(near));
  logits.variance[0] = 0x1p-12;
  EXPECT_TRUE(std::isinf(model.add(batch.instance, row, logits, c, 0)));
  EXPECT_TRUE(std::isinf(model.of_loss(0)));
}

// What all keys of a row share is summed first and squared then; what is a key's own, the other way
// round.
TEST(FamilyGradientModel, AddsWhatKeysShareBeforeItSquares) {
  const Batch batch("masked", 5, 3, 3);
  FamilyGradientModel model(batch.instance, batch.vectors, true, 0);
  const FamilyRow& row = batch.instance.rows.front();
  ASSERT_TRUE(batch.counts(row));
  const FamilyLogits logits = batch.logits(row, std::vector<double>(batch.pairs()));
  CoefficientNoise noise;
  noise.sources.resize(2);
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  for (std::size_t j = 0; j < logits.size(); ++j) {
    noise.own.push_back(static_cast<double>(1 + j));
    for (std::vector<double>& source : noise.sources) source.push_back(normal(random));
  }
  model.add_row(0, logits, 1, 0, noise);
  const std::vector<ModelledSum> sums = model.of_vector(0, 0);
  for (Index k = 0; k < batch.instance.d; ++k) {
    double own = 0, shared[2] = {0, 0};
    for (std::size_t j = 0; j < logits.size(); ++j) {
      const Index key = logits.column[j] + batch.instance.blocks[row.block].first_key;
      const double y = batch.vectors.entries(key)[k];
      own += noise.own[j] * y * y;
      for (std::size_t s = 0; s < 2; ++s) shared[s] += noise.sources[s][j] * y;
    }
    const double both = std::fabs(shared[0]) + std::fabs(shared[1]);
    EXPECT_NEAR(sums[static_cast<std::size_t>(k)].variance, own + both * both, 0x1p-40);
  }
}

TEST(FamilyModel, CountsTies) {
  const std::vector<double> ties = ties_of({1, -2, 2, 0, 2 + 0x1p-52, 3, 0, 3.5});
  EXPECT_EQ(ties, (std::vector<double>{1, 3, 3, 2, 3, 1, 2, 1}));
  EXPECT_EQ(most_ties(ties), 3);
}

}  // namespace
}  // namespace assay::testing
