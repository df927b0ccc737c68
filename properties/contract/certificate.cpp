// SPDX-License-Identifier: Apache-2.0
// The canonical bytes of inputs and outputs, and their SHA-256.
#include "properties/contract/certificate.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "properties/engine/files/layout.hpp"
#include "properties/engine/files/text.hpp"
#include "properties/engine/hash.hpp"

namespace assay::contract {

// Element bytes are hashed as they lie in memory and are defined as little-endian.
static_assert(std::endian::native == std::endian::little);

namespace {

void add(engine::Sha256& sha, const std::vector<std::int64_t>& numbers) {
  sha.update_u64(numbers.size());
  for (std::int64_t number : numbers) sha.update_u64(static_cast<std::uint64_t>(number));
}

// Tensors are named, so their order carries no meaning.
std::vector<const Tensor*> by_name(const std::vector<Tensor>& tensors) {
  std::vector<const Tensor*> sorted;
  for (const Tensor& t : tensors) sorted.push_back(&t);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Tensor* x, const Tensor* y) { return x->name < y->name; });
  return sorted;
}

}  // namespace

std::string sha256_of_case(const engine::Case& c) {
  engine::Sha256 sha;
  sha.update_framed(std::string_view("assay-case/1"));
  sha.update_u64(c.inputs.size());
  for (const Tensor* t : by_name(c.inputs)) {
    sha.update_framed(t->name).update_framed(name_of(t->dtype));
    add(sha, t->shape);
    add(sha, t->strides);
    sha.update_framed(std::span<const std::byte>(t->bytes));
  }
  sha.update_u64(c.scalars.size());
  for (const auto& [key, value] : c.scalars)
    sha.update_framed(key).update_u64(std::bit_cast<std::uint64_t>(value));
  sha.update_u64(c.options.size());
  for (const auto& [key, value] : c.options) sha.update_framed(key).update_framed(value);
  return sha.hex();
}

std::string sha256_of_outputs(const std::vector<Tensor>& outputs) {
  engine::Sha256 sha;
  sha.update_framed(std::string_view("assay-outputs/1"));
  sha.update_u64(outputs.size());
  for (const Tensor* t : by_name(outputs)) {
    if (const std::string fault = engine::layout_fault(*t); !fault.empty())
      throw std::invalid_argument("tensor " + engine::in_quotes(t->name) + ": " + fault);
    sha.update_framed(t->name).update_framed(name_of(t->dtype));
    add(sha, t->shape);
    sha.update_framed(std::span<const std::byte>(engine::packed(*t)));
  }
  return sha.hex();
}

}  // namespace assay::contract
