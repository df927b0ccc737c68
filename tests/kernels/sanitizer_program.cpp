// SPDX-License-Identifier: Apache-2.0
// Runs one kernel by name, sound or faulty, for sanitizer_test to look at what is reported.
#include <cstdio>
#include <cstring>
#include <vector>

#include "kernels/loss/info_nce.hpp"
#include "kernels/portable.cuh"

namespace {

using assay::kernels::launch;

__global__ void tail_overflow(int n, float* x) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i <= n) x[i] = 1.0f;  // one too many
}
__global__ void shared_overflow(float* x) {
  ASSAY_SHARED(box, float[32]);
  box[threadIdx.x + 1] = 1.0f;
  __syncthreads();
  x[threadIdx.x] = box[threadIdx.x];
}
__global__ void dynamic_overflow(float* x) {
  ASSAY_DYNAMIC_SHARED(box, float);
  box[threadIdx.x] = 1.0f;
  x[threadIdx.x] = box[threadIdx.x];
}
__global__ void shift_too_far(int* x) { x[threadIdx.x] = 1 << (threadIdx.x + 1); }
__global__ void missing_syncwarp(float* x) {
  ASSAY_SHARED(box, float[32]);
  box[threadIdx.x] = static_cast<float>(threadIdx.x);
  x[threadIdx.x] = box[threadIdx.x ^ 1];
}
template <bool removed>
__global__ void two_barriers(float* x) {
  ASSAY_SHARED(box, float[64]);
  for (int round = 0; round < 3; ++round) {
    box[threadIdx.x] = static_cast<float>(round);
    __syncthreads();
    x[threadIdx.x] = box[63 - threadIdx.x];
    if constexpr (!removed) __syncthreads();
  }
}
/// Thread 0 may be at the second barrier before thread 33 has left the first: what it did in
/// between is unordered all the same.
__global__ void run_ahead(float* x) {
  ASSAY_SHARED(box, float[1]);
  __syncthreads();
  if (threadIdx.x == 0) box[0] = 1.0f;
  if (threadIdx.x == 33) x[0] = box[0];
  __syncthreads();
}
__global__ void grid_race(float* x) {
  if (threadIdx.x == 0) x[0] += 1.0f;
}
__global__ void grid_atomic(float* x) {
  if (threadIdx.x == 0) atomicAdd(x, 1.0f);
}
/// Same shared array in every block: reuse of its memory is no race.
__global__ void shared_in_every_block(float* x) {
  ASSAY_SHARED(box, float[32]);
  box[threadIdx.x] = 1.0f;
  __syncwarp();
  x[blockIdx.x * 32 + threadIdx.x] = box[31 - threadIdx.x];
}
__global__ void fails(float* x) {
  float local[8] = {};
  local[threadIdx.x % 8] = 1.0f;
  x[threadIdx.x] = local[3];
  if (threadIdx.x < 5) __syncthreads();
}

void info_nce(assay::kernels::Planted fault, const char* schedule) {
  const std::int64_t n = 37, d = 40;
  std::vector<float> a(n * d), b(n * d), loss(2 * n), lse(2 * n), mean(1);
  for (std::int64_t i = 0; i < n * d; ++i) {
    a[i] = static_cast<float>(i * 7919 % 101 - 50) / 64;
    b[i] = static_cast<float>(i * 104729 % 97 - 48) / 64;
  }
  std::vector<float> grad_a(n * d), grad_b(n * d), grad_temperature(1);
  for (auto form :
       {assay::kernels::InfoNceForm::one_direction, assay::kernels::InfoNceForm::joint_block}) {
    assay::kernels::InfoNceArguments forward;
    forward.a = a.data();
    forward.b = b.data();
    forward.n = n;
    forward.d = forward.a_stride = forward.b_stride = d;
    forward.temperature = 0.5;
    forward.form = form;
    assay::kernels::InfoNceBackwardArguments backward;
    static_cast<assay::kernels::InfoNceInputs&>(backward) = forward;
    forward.row_loss = loss.data();
    forward.row_lse = lse.data();
    forward.loss = mean.data();
    backward.grad_loss = 1;
    backward.grad_a = grad_a.data();
    backward.grad_b = grad_b.data();
    backward.grad_temperature = grad_temperature.data();
    info_nce_forward_emulated(forward, schedule, fault);
    info_nce_backward_emulated(backward, schedule, fault);
  }
}

bool run(const char* name, const char* schedule) {
  std::vector<float> x(128);
  std::vector<int> integers(32);
  const auto is = [name](const char* other) { return std::strcmp(name, other) == 0; };
  const auto tail = [] {
    std::vector<float> exact(37);
    launch(tail_overflow, 2, 32, 0, 37, exact.data());
  };
  if (is("tail_overflow"))
    tail();
  else if (is("shared_overflow"))
    launch(shared_overflow, 1, 32, 0, x.data());
  else if (is("dynamic_overflow"))
    launch(dynamic_overflow, 1, 32, 31 * sizeof(float), x.data());
  else if (is("shift_too_far"))
    launch(shift_too_far, 1, 32, 0, integers.data());
  else if (is("missing_syncwarp"))
    launch(missing_syncwarp, 1, 32, 0, x.data());
  else if (is("missing_barrier"))
    launch(two_barriers<true>, 1, 64, 0, x.data());
  else if (is("both_barriers"))
    launch(two_barriers<false>, 1, 64, 0, x.data());
  else if (is("run_ahead"))
    launch(run_ahead, 1, 64, 0, x.data());
  else if (is("grid_race"))
    launch(grid_race, 4, 32, 0, x.data());
  else if (is("grid_atomic"))
    launch(grid_atomic, 4, 32, 0, x.data());
  else if (is("shared_in_every_block"))
    launch(shared_in_every_block, 4, 32, 0, x.data());
  else if (is("info_nce"))
    info_nce(assay::kernels::Planted::none, schedule);
  else if (is("info_nce_barrier_removed"))
    info_nce(assay::kernels::Planted::barrier_removed, schedule);
  else if (is("failed_launches")) {
    for (int i = 0; i < 3; ++i) {
      try {
        launch(fails, 2, 64, 0, x.data());
      } catch (const simt::Error&) {
      }
      launch(grid_atomic, 2, 64, 0, x.data());
    }
  } else
    return false;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const simt::ScopedOptions scoped(simt::parse_schedule(argv[2]));
  if (!run(argv[1], argv[2])) return 2;
  std::puts("finished");
  return 0;
}
