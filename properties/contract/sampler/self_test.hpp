// SPDX-License-Identifier: Apache-2.0
// The self-test of a sampler's contract: planted faults must be refuted, the kernel certified.
#pragma once

#include "properties/contract/sampler/contracts.hpp"
#include "properties/contract/self_test.hpp"

namespace assay::contract {

/// Every planted fault on every instance, rules first and then row by row, until something refutes
/// it; and the emulated kernel on all of it. A fault that changes no draw on any row does not
/// apply. `threads` is ignored: one core. \throws Interrupted; engine::InputError for an unknown
/// instance
SelfTest run_sampler_self_test(const SamplerContract& contract, const SelfTestOptions& options);

}  // namespace assay::contract
