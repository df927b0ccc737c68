// SPDX-License-Identifier: Apache-2.0
// From a stranger's coefficients to the modelled errors of its gradient.
#include "properties/contract/loss/info_nce_family_stranger_model.hpp"

#include <cmath>

#include "properties/contract/loss/info_nce_budget.hpp"

namespace assay::contract {

namespace {
constexpr Rounding f32 = rounding_of(Dtype::f32);
constexpr double u = f32.roundoff;
}  // namespace

std::vector<double> StrangerModel::modelled(const FamilyInstance& instance,
                                            const FamilyVectors& vectors, const FamilyScale& scale,
                                            const FamilyGradientModel& model, std::int64_t o,
                                            double radial) const {
  const auto at = static_cast<std::size_t>(o);
  const double* y = vectors.entries(o);
  const bool normalised = instance.normalised();
  const double norm = normalised ? vectors.norm[at].centre : 1;
  const std::vector<ModelledSum> sums = model.of_vector(o, radial);
  const auto d = static_cast<double>(size.size());
  double along = 0, all = 0;
  for (std::size_t k = 0; k < size.size(); ++k) {
    along += radial * y[k] * centre[k];
    all += std::fabs(radial * y[k]) * size[k];
  }
  std::vector<double> found;
  for (std::size_t k = 0; k < size.size(); ++k) {
    const ModelledSum& m = sums[k];
    const double step = u * size[k], rest = centre[k] - along * y[k];
    double variance = m.variance * scale.exact * scale.exact +
                      ((roundings * m.ties + 8) * step * step + flushed[k] * flushed[k]) / 3;
    if (normalised) {
      // The dot product in any order, and the steps after it; the norm, which y_o shares.
      const double dot = u * all * y[k], last = u * (std::fabs(centre[k]) + all * std::fabs(y[k]));
      const double of_norm =
          (vectors.spread[at] + 2 * u) * (std::fabs(rest) + 2 * std::fabs(along * y[k]));
      variance += ((d + roundings) * dot * dot + 16 * last * last) / 3 + of_norm * of_norm;
    }
    const double unknown = scale.unknown * (std::fabs(m.slope) * scale.exact + std::fabs(rest));
    const double other = f32.smallest_normal * 16;
    found.push_back(
        (unknown + m.remainder * scale.exact + other + modelled_deviations * std::sqrt(variance)) /
            norm +
        other);
  }
  return found;
}

}  // namespace assay::contract
