// SPDX-License-Identifier: Apache-2.0
// Runs of the CPU implementation of InfoNCE, and its statement followed by one scalar loop.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/loss/info_nce_cpu_code.hpp"
#include "tests/kernels/loss/info_nce_case.hpp"

namespace assay::kernels::testing {

/// Derivatives of the outputs that the backward pass starts from.
struct Upstream {
  std::vector<float> rows;  // per row, or one number (stride 0), or none
  float mean = 0;
};
/// The seed chooses what there is: rows and mean, one number for all rows, the mean alone.
Upstream make_upstream(const Input& input, std::uint64_t seed);

struct CpuOutput {
  Output forward;
  std::vector<float> grad_a, grad_b;
  float grad_temperature = 0;
};
bool same_bits(const CpuOutput& a, const CpuOutput& b);

/// What calls the implementation; either pointer may be null.
using CpuRun = std::function<void(const InfoNceArguments*, const InfoNceBackwardArguments*)>;
CpuRun on_isa(const std::string& isa, int threads);
CpuRun on_code(const cpu::VectorCode& code, int threads);

enum class Passes : unsigned char { both, forward, backward };
/// Outputs stand between sentinels, which must survive; those not asked for are empty.
CpuOutput run_cpu(const Input& input, const Upstream& upstream, const CpuRun& run,
                  Passes passes = Passes::both);

/// The stated algorithm "vector-online-log1p" without tiles, vectors or threads.
CpuOutput follow_cpu_statement(const Input& input, const Upstream& upstream);

/// The instruction sets that this machine has, "generic" always among them.
std::vector<std::string> available_isas();

/// The loops with the vector width and the tiles of the AVX-512 code, in portable instructions:
/// its indexing is tested where there is no AVX-512.
const cpu::VectorCode& wide_layout_code();

}  // namespace assay::kernels::testing
