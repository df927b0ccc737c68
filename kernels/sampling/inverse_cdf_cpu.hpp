// SPDX-License-Identifier: Apache-2.0
// The fast inverse CDF of one core, behind `sample_cpu`.
#pragma once

#include "kernels/sampling/sampling.hpp"

namespace assay::kernels::sampling {

/// out: [rows][k], the indices of the kernel. \pre `check` passed, the method is inverse_cdf.
/// \throws RowError
void inverse_cdf_on_one_core(const Request& request, std::int64_t* out);

}  // namespace assay::kernels::sampling
