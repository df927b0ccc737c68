// SPDX-License-Identifier: Apache-2.0
// The augmentation, one trial per pair of coordinates, and its launch.
#pragma once

#include <type_traits>

#include "kernels/math64.cuh"
#include "kernels/sampling/augmentation.hpp"
#include "kernels/sampling/uniform.cuh"

namespace assay::kernels::sampling {

/// out[row][view][coordinate].
template <class Words, class Policy>
struct AugmentTrial {
  Policy policy;
  Words words;
  const float* x;
  std::int64_t dimension, views, first_row;
  double deviation;
  bool random_signs;
  float* out;

  /// sqrt(-2 log u) for u = (i + 1/2) 2^-52.
  __host__ __device__ double radius_of(std::uint64_t i) const {
    const bool closed = policy.is(Fault::box_muller_of_zero);
    if (closed && i == 0) return math64_detail::infinity64;
    return sqrt(-2.0 * log_f64((static_cast<double>(i) + (closed ? 0.0 : 0.5)) * 0x1p-52));
  }

  /// To the eight significant bits of bfloat16.
  __host__ __device__ static double in_bf16(double z) {
    using namespace math64_detail;
    return double_of((bits_of(z) + (std::uint64_t{1} << 44)) & ~((std::uint64_t{1} << 45) - 1));
  }

  __host__ __device__ void operator()(std::int64_t index) const {
    const std::int64_t pairs = (dimension + 1) / 2;
    const std::int64_t pair = index % pairs, view = index / pairs % views;
    const std::int64_t row = index / pairs / views;
    const Stream stream = stream_of(policy, row, view, first_row);
    const auto base = static_cast<std::uint64_t>(2 * pair);
    const double radius = deviation * radius_of(words.word64(stream, base) >> 12);
    const std::uint64_t second = words.word64(stream, base + 1) >> 11;
    const SineCosine angle = sine_cosine_turns(static_cast<double>(second) * 0x1p-53);
    const bool inverted = random_signs && !policy.is(Fault::signs_forgotten) &&
                          words.word32(stream, static_cast<std::uint64_t>(4 * pairs)) >> 31 != 0;
    const double parts[2] = {angle.cosine,
                             policy.is(Fault::normals_repeat) ? angle.cosine : angle.sine};
    const bool coarse = policy.is(Fault::noise_in_bf16);
    for (std::int64_t a = 2 * pair; a < dimension && a < 2 * pair + 2; ++a) {
      const bool skipped = policy.is(Fault::tail_not_augmented) && 2 * pair + 1 == dimension;
      const double part = parts[a - 2 * pair], from = static_cast<double>(x[row * dimension + a]);
      const double y =
          coarse ? in_bf16(radius * part) + from : fma(skipped ? 0.0 : radius, part, from);
      out[(row * views + view) * dimension + a] = static_cast<float>(inverted ? -y : y);
    }
  }
};

/// The deviation that is multiplied with.
template <class Policy>
double deviation_of(const Policy& policy, double variance) {
  if (policy.is(Fault::deviation_forgotten)) return variance > 0 ? 1.0 : 0.0;
  return policy.is(Fault::variance_for_deviation) ? variance : sqrt(variance);
}

/// The augmentation in a memory (memory.hpp, memory_cuda.cuh).
template <class Memory, class Policy>
void run_augmentation(const Augmentation& q, Memory& memory, const Policy& policy, float* out) {
  const std::int64_t count = q.rows * q.views * q.dimension;
  if (count == 0) return;
  const float* const x = memory.input(q.x, q.rows * q.dimension);
  float* const device_out = memory.template room<float>(count);
  const std::int64_t trials = q.rows * q.views * ((q.dimension + 1) / 2);
  const double deviation = deviation_of(policy, q.variance);
  const auto run = [&](const auto& words) {
    using Trial = AugmentTrial<std::decay_t<decltype(words)>, Policy>;
    const Trial trial{policy,    words,          x,         q.dimension, q.views, q.words.first_row,
                      deviation, q.random_signs, device_out};
    for_each_trial(memory, trial, trials);
  };
  const WordSource& w = q.words;
  if (w.given != nullptr)
    run(GivenWords{memory.input(w.given, w.given_count), static_cast<std::uint64_t>(q.views),
                   static_cast<std::uint64_t>(words_per_view(q)),
                   static_cast<std::uint32_t>(w.first_row)});
  else
    run(PhiloxWords{
        w.seed, policy.is(Fault::counter_repeats_per_call) ? 0 : static_cast<std::uint32_t>(w.call),
        augmentation_purpose});
  memory.read_back(out, device_out, count);
}

}  // namespace assay::kernels::sampling
