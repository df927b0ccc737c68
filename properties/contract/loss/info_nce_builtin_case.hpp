// SPDX-License-Identifier: Apache-2.0
// What the built-ins of loss/info_nce check and find in a case.
#pragma once

#include <string>
#include <vector>

#include "properties/contract/builtin.hpp"

namespace assay::contract {

/// Checks shape and format of one embedding matrix. \throws Unsupported
void require_embeddings(const PlacedTensor& t);

/// Where the kernel writes an output: in place, or into scratch when the case does not ask for it.
/// \throws Unsupported
float* place_of(const BuiltinCase& c, const std::string& name, std::int64_t elements,
                std::vector<float>& scratch);

/// The two views of a case into the members that all InfoNCE kernels have for them.
/// \throws Unsupported
template <class Inputs>
void read_embeddings(const BuiltinCase& c, Inputs& to) {
  const PlacedTensor& a = c.input("a");
  const PlacedTensor& b = c.input("b");
  require_embeddings(a);
  require_embeddings(b);
  if (a.shape != b.shape) throw Unsupported("'a' and 'b' have different shapes");
  if (a.dtype != b.dtype) throw Unsupported("'a' and 'b' have different formats");
  to.a = a.data;
  to.b = b.data;
  to.input = a.dtype;
  to.n = a.shape[0];
  to.d = a.shape[1];
  to.a_stride = a.strides[0];
  to.b_stride = b.strides[0];
}

/// The upstream gradients of a case, likewise. \throws Unsupported
template <class Backward>
void read_upstream(const BuiltinCase& c, Backward& to) {
  if (const PlacedTensor* upstream = c.find_input("grad_row_loss")) {
    if (upstream->dtype != Dtype::f32) throw Unsupported("'grad_row_loss' is not f32");
    to.grad_row_loss = upstream->as<const float>();
    to.grad_row_loss_stride = upstream->strides[0];
  }
  to.grad_loss = static_cast<float>(c.scalar("grad_loss"));
}

/// "forward" or "backward"; \throws Unsupported for others
Operation operation_of(const BuiltinCase& c);

}  // namespace assay::contract
