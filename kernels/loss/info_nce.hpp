// SPDX-License-Identifier: Apache-2.0
// Host entry points of the tiled InfoNCE forward kernel, one per place where it runs.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/planted.hpp"

namespace assay::kernels {

/// Same meaning as in the contract loss/info_nce, field `directions`.
enum class InfoNceForm : unsigned char { one_direction, joint_block };

/// Arguments of one call. a and b: N x d binary32, the last dimension contiguous, row strides in
/// elements. Outputs: row_loss and row_lse with N (one direction) or 2N (joint block) elements,
/// loss with one. All pointers are host memory; the CUDA entry copies.
struct InfoNceArguments {
  const float* a = nullptr;
  const float* b = nullptr;
  std::int64_t n = 0;
  std::int64_t d = 0;
  std::int64_t a_stride = 0;
  std::int64_t b_stride = 0;
  double temperature = 1.0;
  InfoNceForm form = InfoNceForm::joint_block;
  float* row_loss = nullptr;
  float* row_lse = nullptr;
  float* loss = nullptr;
};

/// Runs the kernel source under the emulator with a schedule ("fair", "greedy", "greedy-reverse",
/// "greedy-random:SEED"). \throws simt::Error for a divergent barrier, a bad mask or a deadlock;
/// std::invalid_argument for an unknown schedule.
void info_nce_forward_emulated(const InfoNceArguments& arguments, const std::string& schedule,
                               Planted fault = Planted::none);

/// Why the CUDA path cannot run here; empty when it can.
std::string cuda_unavailable_reason();
/// Runs the same source on the current CUDA device. \throws std::runtime_error with the CUDA
/// message.
void info_nce_forward_cuda(const InfoNceArguments& arguments);

}  // namespace assay::kernels
