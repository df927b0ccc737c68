// SPDX-License-Identifier: Apache-2.0
// Access to the parts of a case.
#include "properties/engine/case.hpp"

#include <stdexcept>

namespace assay::engine {

const Tensor* Case::find_input(const std::string& name) const {
  for (const Tensor& tensor : inputs)
    if (tensor.name == name) return &tensor;
  return nullptr;
}

const Tensor& Case::input(const std::string& name) const {
  if (const Tensor* found = find_input(name)) return *found;
  throw std::out_of_range("case has no input '" + name + "'");
}

}  // namespace assay::engine
