// SPDX-License-Identifier: Apache-2.0
// The augmentation under the emulator and on one core, sound and with planted faults; its refusals.
#include <cmath>

#include "kernels/emulator/options.hpp"
#include "kernels/sampling/augmentation.cuh"
#include "kernels/sampling/memory.hpp"

namespace assay::kernels::sampling {
namespace {

void require(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument("augmentation: " + what);
}

template <class Policy>
void emulate(const Augmentation& q, const Policy& policy, float* out, const std::string& schedule) {
  check(q, out);
  const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
  HostMemory memory;
  run_augmentation(q, memory, policy, out);
}

template <class Policy>
void on_one_core(const Augmentation& q, const Policy& policy, float* out) {
  check(q, out);
  CoreMemory memory;
  run_augmentation(q, memory, policy, out);
}

}  // namespace

std::int64_t words_per_view(const Augmentation& q) {
  return 4 * ((q.dimension + 1) / 2) + (q.random_signs ? 1 : 0);
}

void check(const Augmentation& q, const float* out) {
  constexpr std::int64_t most = std::int64_t{1} << 31;
  require(q.rows >= 0 && q.rows <= most, "rows is " + std::to_string(q.rows));
  require(q.dimension >= 1 && q.dimension <= std::int64_t{1} << 20,
          "dimension is " + std::to_string(q.dimension) + ", not 1 to 2^20");
  require(q.views >= 1 && q.views <= 1024,
          "views is " + std::to_string(q.views) + ", not 1 to 1024");
  require(q.rows * q.views <= most, "more than 2^31 views in one call");
  require(q.variance >= 0 && std::isfinite(q.variance),
          "variance is " + std::to_string(q.variance) + ", not a number >= 0");
  require(q.words.call >> 28 == 0, "call is " + std::to_string(q.words.call) + ", not below 2^28");
  require(q.words.first_row >= 0 && q.words.first_row <= (most << 1) - q.rows,
          "first_row is " + std::to_string(q.words.first_row));
  require(q.words.given == nullptr || q.words.given_count == q.rows * q.views * words_per_view(q),
          "given_count is " + std::to_string(q.words.given_count));
  require(q.rows == 0 || (q.x != nullptr && out != nullptr), "a pointer is null");
}

void augment_emulated(const Augmentation& q, float* out, const std::string& schedule) {
  emulate(q, Plain(), out, schedule);
}

void augment_planted(const Augmentation& q, Fault fault, float* out, const std::string& schedule) {
  emulate(q, Altered{fault}, out, schedule);
}

void augment_cpu(const Augmentation& q, float* out) { on_one_core(q, Plain(), out); }

void augment_planted_cpu(const Augmentation& q, Fault fault, float* out) {
  on_one_core(q, Altered{fault}, out);
}

}  // namespace assay::kernels::sampling
