// SPDX-License-Identifier: Apache-2.0
// Labels and masks: integers that say which samples belong together, from .npy files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace assay::engine {

/// Labels of `samples` pairs, from an .npy array of integers or bools: shape (N) gives both views
/// of a sample one label, shape (2N) the N labels of view a and then those of view b. Returns N or
/// 2N labels. \throws InputError naming the file: missing, not .npy, floating-point numbers,
/// another shape, a u64 beyond 2^63 - 1
std::vector<std::int64_t> load_labels(const std::string& path, std::int64_t samples);

/// A rows x columns array of integers or bools, row-major, as 1 where it is not 0.
/// \throws InputError naming the file, likewise
std::vector<std::uint8_t> load_mask(const std::string& path, std::int64_t rows,
                                    std::int64_t columns);

}  // namespace assay::engine
