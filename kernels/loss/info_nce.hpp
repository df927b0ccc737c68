// SPDX-License-Identifier: Apache-2.0
// Host entry points of the tiled InfoNCE kernels, one per place where they run.
#pragma once

#include <cstdint>
#include <string>

#include "core/dtype.hpp"
#include "kernels/planted.hpp"
#include "kernels/variant.hpp"

namespace assay::kernels {

/// Same meaning as in the contract loss/info_nce, field `directions`.
enum class InfoNceForm : unsigned char { one_direction, joint_block };

/// What both operations read. a and b: N x d, binary32, bfloat16 or binary16 (`input`), the last
/// dimension contiguous, row strides in elements. All pointers are host memory; the CUDA entries
/// copy. Narrow inputs are widened exactly; everything after is binary32.
struct InfoNceInputs {
  const void* a = nullptr;
  const void* b = nullptr;
  Dtype input = Dtype::f32;
  std::int64_t n = 0;
  std::int64_t d = 0;
  std::int64_t a_stride = 0;
  std::int64_t b_stride = 0;
  double temperature = 1.0;
  InfoNceForm form = InfoNceForm::joint_block;
};

/// Forward. Outputs: row_loss and row_lse with N (one direction) or 2N (joint block) elements,
/// loss with one.
struct InfoNceArguments : InfoNceInputs {
  float* row_loss = nullptr;
  float* row_lse = nullptr;
  float* loss = nullptr;
};

/// Backward: the derivatives of sum_i grad_row_loss[i * stride] row_loss[i] + grad_loss * loss.
/// `grad_row_loss` may be null (all zero); stride 0 broadcasts one number. Outputs: grad_a and
/// grad_b, N x d contiguous binary32, grad_temperature, one element.
struct InfoNceBackwardArguments : InfoNceInputs {
  const float* grad_row_loss = nullptr;
  std::int64_t grad_row_loss_stride = 1;
  float grad_loss = 0;
  float* grad_a = nullptr;
  float* grad_b = nullptr;
  float* grad_temperature = nullptr;
};

/// Runs the kernel source under the emulator with a schedule ("fair", "greedy", "greedy-reverse",
/// "greedy-random:SEED"). \throws simt::Error for a divergent barrier, a bad mask or a deadlock;
/// std::invalid_argument for an unknown schedule.
void info_nce_forward_emulated(const InfoNceArguments& arguments, const std::string& schedule,
                               Planted fault = Planted::none);
void info_nce_backward_emulated(const InfoNceBackwardArguments& arguments,
                                const std::string& schedule, Planted fault = Planted::none);

/// The same with a correct variant of the algorithm (kernels/variant.hpp): other bits, as accurate.
void info_nce_forward_emulated_variant(const InfoNceArguments& arguments,
                                       const std::string& schedule, Variant variant);
void info_nce_backward_emulated_variant(const InfoNceBackwardArguments& arguments,
                                        const std::string& schedule, Variant variant);

/// The same with logits from tensor cores, algorithm "tiled-mma-log1p" (info_nce_tensor.cuh):
/// bfloat16 inputs only. Their contract is an error bound; the emulator's bits are not a device's.
/// \throws std::invalid_argument for other inputs
void info_nce_forward_tensor_emulated(const InfoNceArguments& arguments,
                                      const std::string& schedule);
void info_nce_backward_tensor_emulated(const InfoNceBackwardArguments& arguments,
                                       const std::string& schedule);

/// Why the CUDA path cannot run here; empty when it can.
std::string cuda_unavailable_reason();
/// Runs the same source on the current CUDA device. \throws std::runtime_error with the CUDA
/// message.
void info_nce_forward_cuda(const InfoNceArguments& arguments);
void info_nce_backward_cuda(const InfoNceBackwardArguments& arguments);
/// With tensor cores; they need compute capability 8.0.
void info_nce_forward_tensor_cuda(const InfoNceArguments& arguments);
void info_nce_backward_tensor_cuda(const InfoNceBackwardArguments& arguments);

/// The vectorised, threaded CPU implementation (kernels/loss/info_nce_cpu_pass.cpp, which states
/// its algorithm "vector-online-log1p"; docs/kernel-cpu.md): binary32 inputs only. The same bits
/// for every number of threads (0: as many as there are cores) and every instruction set. `isa`: ""
/// for the best one the machine has, or "avx512", "avx2", "generic". Either pass may be null; both
/// in one call, which must name the same inputs, share the work. \throws std::invalid_argument for
/// an instruction set that the machine lacks and for arguments that make no sense.
void info_nce_cpu(const InfoNceArguments* forward, const InfoNceBackwardArguments* backward,
                  int threads = 0, const std::string& isa = "");

}  // namespace assay::kernels
