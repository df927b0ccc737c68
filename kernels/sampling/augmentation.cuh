// SPDX-License-Identifier: Apache-2.0
// The augmentation's kernel, one thread per pair of coordinates, and its launch.
#pragma once

#include "kernels/math64.cuh"
#include "kernels/sampling/augmentation.hpp"
#include "kernels/sampling/policy.cuh"

namespace assay::kernels::sampling {

inline constexpr int augmentation_threads = 128;

template <class Words, class Policy>
static __global__ void __launch_bounds__(augmentation_threads)
    augment(Policy policy, Words words, const float* x, std::int64_t rows, std::int64_t dimension,
            std::int64_t views, std::int64_t first_row, double deviation, bool random_signs,
            float* out) {
  const std::int64_t pairs = (dimension + 1) / 2;
  const std::int64_t index =
      static_cast<std::int64_t>(blockIdx.x) * augmentation_threads + threadIdx.x;
  if (index >= rows * views * pairs) return;
  const std::int64_t pair = index % pairs, view = index / pairs % views;
  const std::int64_t row = index / pairs / views;
  const Stream stream = stream_of(policy, row, view, first_row);
  const std::uint64_t first = words.word64(stream, static_cast<std::uint64_t>(2 * pair)) >> 12;
  const std::uint64_t second = words.word64(stream, static_cast<std::uint64_t>(2 * pair + 1)) >> 11;
  const double u = (static_cast<double>(first) + 0.5) * 0x1p-52;
  const double radius = deviation * sqrt(-2.0 * log_f64(u));
  const SineCosine angle = sine_cosine_turns(static_cast<double>(second) * 0x1p-53);
  const bool inverted =
      random_signs && words.word32(stream, static_cast<std::uint64_t>(4 * pairs)) >> 31 != 0;
  const double parts[2] = {angle.cosine,
                           policy.is(Fault::normals_repeat) ? angle.cosine : angle.sine};
  for (std::int64_t a = 2 * pair; a < dimension && a < 2 * pair + 2; ++a) {
    const double y = fma(radius, parts[a - 2 * pair], static_cast<double>(x[row * dimension + a]));
    out[(row * views + view) * dimension + a] = static_cast<float>(inverted ? -y : y);
  }
}

/// The augmentation in a memory (memory.hpp, memory_cuda.cuh).
template <class Memory, class Policy>
void run_augmentation(const Augmentation& q, Memory& memory, const Policy& policy, float* out) {
  const std::int64_t count = q.rows * q.views * q.dimension;
  if (count == 0) return;
  const float* const x = memory.input(q.x, q.rows * q.dimension);
  float* const device_out = memory.template room<float>(count);
  const std::int64_t threads = q.rows * q.views * ((q.dimension + 1) / 2);
  const dim3 blocks(
      static_cast<unsigned>((threads + augmentation_threads - 1) / augmentation_threads));
  const double variance = q.variance;
  const double deviation = policy.is(Fault::variance_for_deviation) ? variance : sqrt(variance);
  const WordSource& w = q.words;
  if (w.given != nullptr) {
    const GivenWords words{
        memory.input(w.given, w.given_count), static_cast<std::uint64_t>(q.views),
        static_cast<std::uint64_t>(words_per_view(q)), static_cast<std::uint32_t>(w.first_row)};
    launch(augment<GivenWords, Policy>, blocks, dim3(augmentation_threads), 0, policy, words, x,
           q.rows, q.dimension, q.views, w.first_row, deviation, q.random_signs, device_out);
  } else {
    const std::uint32_t call =
        policy.is(Fault::counter_repeats_per_call) ? 0 : static_cast<std::uint32_t>(w.call);
    const PhiloxWords words{w.seed, call, augmentation_purpose};
    launch(augment<PhiloxWords, Policy>, blocks, dim3(augmentation_threads), 0, policy, words, x,
           q.rows, q.dimension, q.views, w.first_row, deviation, q.random_signs, device_out);
  }
  memory.launched();
  memory.read_back(out, device_out, count);
}

}  // namespace assay::kernels::sampling
