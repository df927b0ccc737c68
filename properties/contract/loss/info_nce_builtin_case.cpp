// SPDX-License-Identifier: Apache-2.0
// Tensors and options of a case as the built-ins of loss/info_nce need them.
#include "properties/contract/loss/info_nce_builtin_case.hpp"

namespace assay::contract {

void require_embeddings(const PlacedTensor& t) {
  if (t.dtype != Dtype::f32 && t.dtype != Dtype::bf16 && t.dtype != Dtype::f16)
    throw Unsupported("'" + t.name + "' is " + std::string(name_of(t.dtype)) +
                      "; only f32, bf16 and f16");
  if (t.shape.size() != 2) throw Unsupported("'" + t.name + "' is not a matrix");
  if (t.shape[1] > 1 && t.strides[1] != 1)
    throw Unsupported("the last dimension of '" + t.name + "' is not contiguous");
}

float* place_of(const BuiltinCase& c, const std::string& name, std::int64_t elements,
                std::vector<float>& scratch) {
  const PlacedTensor* output = c.output(name);
  if (output == nullptr) {
    scratch.resize(static_cast<std::size_t>(elements));
    return scratch.data();
  }
  if (output->dtype != Dtype::f32) throw Unsupported("'" + name + "' is not f32");
  if (element_count(output->shape) != elements)
    throw Unsupported("'" + name + "' has " + std::to_string(element_count(output->shape)) +
                      " elements, the kernel writes " + std::to_string(elements));
  return output->as<float>();
}

Operation operation_of(const BuiltinCase& c) {
  const auto stated = c.options.find("operation");  // cases of older records are forward
  if (stated == c.options.end() || stated->second == "forward") return Operation::forward;
  if (stated->second == "backward") return Operation::backward;
  throw Unsupported("operation = '" + stated->second + "'");
}

}  // namespace assay::contract
