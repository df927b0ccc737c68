// SPDX-License-Identifier: Apache-2.0
// Methods whose trial is one thread's work, on one core: what `sample_cpu` does for anchor_positive
// and rejection.
#pragma once

#include <cstdint>

#include "kernels/sampling/sampling.hpp"

namespace assay::kernels::sampling {

/// The pairs of the emulated kernel. \pre check(request, out) passed, method anchor_positive
/// \throws std::invalid_argument when no class has two members
void sample_pairs_cpu(const Request& request, std::int64_t* out);
/// The tuples of the emulated kernel. \pre check(request, out) passed, method rejection
/// \throws RowError
void sample_rejection_cpu(const Request& request, std::int64_t* out);

}  // namespace assay::kernels::sampling
