// SPDX-License-Identifier: Apache-2.0
// Error bounds of one tensor-core instruction (kernels/mma.cuh), for whoever derives budgets.
#pragma once

namespace assay::kernels {

/// |result - exact| <= bound * (|c| + sum |a_k b_k|) for one m16n8k16 instruction.
inline constexpr double mma_error_emulated = 0x1p-24 + 0x1p-48;
/// The hypothesis for a device: alignment to the largest term, 24 bits kept, the sum cut.
inline constexpr double mma_error_device = 20 * 0x1p-23;

}  // namespace assay::kernels
