// SPDX-License-Identifier: Apache-2.0
// Certificates drawn from a small descriptor, and their equality field by field.
#pragma once

#include <cstdint>

#include "properties/contract/certificate.hpp"

namespace assay::contract::testing {

/// A certificate with random contents in every field, also odd ones (NaN payloads, quotes, empty
/// names, padded tensors): a pure function of the seed.
Certificate random_certificate(std::uint64_t seed);

/// A small certificate of a kind that a run produces: one check, one refuted case.
Certificate example_certificate();

/// Equality of every field; doubles and tensors bit for bit. Written beside the JSON code, so that
/// a field that one of the two forgets is noticed.
bool same(const Certificate& x, const Certificate& y);

}  // namespace assay::contract::testing
