// SPDX-License-Identifier: Apache-2.0
// What the ways of `assay value` share: entries as exact doubles, positive options.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/tensor.hpp"

namespace assay::cli {

/// The entries of an N x d tensor, row-major. \throws engine::InputError naming the first that is
/// not finite
std::vector<double> doubles_of(const Tensor& tensor, const std::string& source);

/// \throws engine::InputError unless the option is absent or a positive finite number
void check_positive(const std::string& option, const std::optional<double>& value);

/// The text as a positive finite number. \throws engine::InputError naming the option
std::optional<double> positive_number(const std::string& option,
                                      const std::optional<std::string>& text);

}  // namespace assay::cli
