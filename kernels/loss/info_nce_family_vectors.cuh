// SPDX-License-Identifier: Apache-2.0
// The vectors that the family's kernels see, and the way back: steps F0 and B6 of
// info_nce_family.cuh. One warp a vector.
#pragma once

#include "kernels/loss/info_nce_family_rules.cuh"

namespace assay::kernels::info_nce {

/// One matrix, its dense binary32 image y (n x d), and what B6 needs of each norm.
struct Image {
  std::int64_t n, d;
  float* y;
  float* norm;    ///< nu; null without normalisation
  float* radial;  ///< what the projection is multiplied by
};

/// The sum of all lanes' values, in every lane.
__device__ inline float sum_of_lanes(float x) {
  for (int offset = 16; offset > 0; offset /= 2) x = x + __shfl_xor_sync(all_lanes, x, offset);
  return x;
}

/// nu and the factor of the projection from the sum of squares.
__device__ inline void norm_of(FamilySetting::Normalisation rule, float square, float eps,
                               float& nu, float& radial) {
  const float length = sqrtf(square);
  radial = 1.0f;
  if (rule == FamilySetting::Normalisation::maximum) {
    nu = length <= eps ? eps : length;
    if (length <= eps) radial = 0.0f;
  } else if (rule == FamilySetting::Normalisation::added) {
    nu = length + eps;
    radial = length > 0.0f ? nu / length : 0.0f;
  } else {
    nu = sqrtf(square + eps);
  }
}

/// F0, or the widening alone.
template <class Element>
__global__ void __launch_bounds__(threads)
    make_image(const Element* x, std::int64_t stride, Image image, FamilyRules rules) {
  const int lane = static_cast<int>(threadIdx.x);
  const std::int64_t i =
      static_cast<std::int64_t>(blockIdx.x) * warps + static_cast<int>(threadIdx.y);
  if (i >= image.n) return;  // the whole warp
  const Element* const from = x + i * stride;
  float* const to = image.y + i * image.d;
  if (rules.normalisation == FamilySetting::Normalisation::none) {
    for (std::int64_t k = lane; k < image.d; k += 32) to[k] = widen(from[k]);
    return;
  }
  float square = 0.0f;
  for (std::int64_t k = lane; k < image.d; k += 32) {
    const float value = widen(from[k]);
    square = fmaf(value, value, square);
  }
  float nu, radial;
  norm_of(rules.normalisation, sum_of_lanes(square), rules.eps, nu, radial);
  for (std::int64_t k = lane; k < image.d; k += 32) to[k] = widen(from[k]) / nu;
  if (lane == 0) {
    image.norm[i] = nu;
    image.radial[i] = radial;
  }
}

/// B6, in place: gradient is n x d, dense.
template <class Policy>
__global__ void __launch_bounds__(threads)
    through_normalisation(Image image, float* gradient, Policy policy) {
  const int lane = static_cast<int>(threadIdx.x);
  const std::int64_t i =
      static_cast<std::int64_t>(blockIdx.x) * warps + static_cast<int>(threadIdx.y);
  if (i >= image.n) return;
  const float* const y = image.y + i * image.d;
  float* const g = gradient + i * image.d;
  float dot = 0.0f;
  for (std::int64_t k = lane; k < image.d; k += 32) dot = fmaf(y[k], g[k], dot);
  float along = sum_of_lanes(dot) * image.radial[i];
  if (policy.is(Planted::projection_missing)) along = 0.0f;
  float nu = image.norm[i];
  if (policy.is(Planted::gradient_not_divided_by_norm)) nu = 1.0f;
  if (policy.is(Planted::norm_attached_twice)) nu = nu * nu;
  for (std::int64_t k = lane; k < image.d; k += 32) g[k] = fmaf(-along, y[k], g[k]) / nu;
}

/// All of a matrix. Launches nothing for one without rows.
template <class Element>
void launch_image(const void* x, std::int64_t stride, const Image& image,
                  const FamilyRules& rules) {
  const auto blocks = static_cast<unsigned>((image.n + warps - 1) / warps);
  launch(make_image<Element>, dim3(blocks), dim3(32, warps), 0, static_cast<const Element*>(x),
         stride, image, rules);
}

}  // namespace assay::kernels::info_nce
