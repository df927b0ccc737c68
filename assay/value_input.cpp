// SPDX-License-Identifier: Apache-2.0
// Entries as exact doubles, positive options.
#include "assay/value_input.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "core/float_format.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::cli {

std::vector<double> doubles_of(const Tensor& t, const std::string& source) {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(t.count()));
  for (std::int64_t i = 0; i < t.shape[0]; ++i)
    for (std::int64_t k = 0; k < t.shape[1]; ++k) {
      const double x = element_of(t, i * t.strides[0] + k * t.strides[1]);
      if (!std::isfinite(x))
        throw engine::InputError(source, fmt::format("{}[{}, {}]", t.name, i, k),
                                 fmt::format("is {}, and the loss has no value there", x));
      values.push_back(x);
    }
  return values;
}

void check_positive(const std::string& option, const std::optional<double>& value) {
  if (value && (!(*value > 0) || !std::isfinite(*value)))
    throw engine::InputError(option, fmt::format("{}", *value), "must be a positive number");
}

std::optional<double> positive_number(const std::string& option,
                                      const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  char* end = nullptr;
  const double number = std::strtod(text->c_str(), &end);
  if (text->empty() || *end != '\0')
    throw engine::InputError(option, "'" + *text + "'", "is not a number");
  check_positive(option, number);
  return number;
}

}  // namespace assay::cli
