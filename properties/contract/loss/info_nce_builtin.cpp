// SPDX-License-Identifier: Apache-2.0
// Built-in candidates of loss/info_nce: the tiled kernel emulated, on CUDA, and with planted
// faults.
#include <string>
#include <utility>
#include <vector>

#include "kernels/loss/info_nce.hpp"
#include "kernels/planted.hpp"
#include "properties/contract/builtin.hpp"

namespace assay::contract {
namespace {

const char* const contract_name = "loss/info_nce";

/// Checks shape and dtype of one embedding matrix. \throws Unsupported
void require_matrix(const PlacedTensor& t) {
  if (t.dtype != Dtype::f32)
    throw Unsupported("'" + t.name + "' is " + std::string(name_of(t.dtype)) + "; only f32");
  if (t.shape.size() != 2) throw Unsupported("'" + t.name + "' is not a matrix");
  if (t.shape[1] > 1 && t.strides[1] != 1)
    throw Unsupported("the last dimension of '" + t.name + "' is not contiguous");
}

/// Where the kernel writes an output: in place, or into scratch when the case does not ask for it.
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

/// Translates a case into the kernel's arguments and calls `kernel` with them.
template <class Kernel>
void call_kernel(const BuiltinCase& c, Kernel kernel) {
  const PlacedTensor& a = c.input("a");
  const PlacedTensor& b = c.input("b");
  require_matrix(a);
  require_matrix(b);
  if (a.shape != b.shape) throw Unsupported("'a' and 'b' have different shapes");
  kernels::InfoNceArguments arguments;
  arguments.a = a.as<const float>();
  arguments.b = b.as<const float>();
  arguments.n = a.shape[0];
  arguments.d = a.shape[1];
  arguments.a_stride = a.strides[0];
  arguments.b_stride = b.strides[0];
  arguments.temperature = c.scalar("temperature");
  const std::string& directions = c.option("directions");
  if (directions == "joint-block")
    arguments.form = kernels::InfoNceForm::joint_block;
  else if (directions == "one-direction")
    arguments.form = kernels::InfoNceForm::one_direction;
  else
    throw Unsupported("directions = '" + directions + "'");
  const std::int64_t rows =
      arguments.form == kernels::InfoNceForm::joint_block ? 2 * arguments.n : arguments.n;
  std::vector<float> row_loss, row_lse, loss;
  arguments.row_loss = place_of(c, "row_loss", rows, row_loss);
  arguments.row_lse = place_of(c, "row_lse", rows, row_lse);
  arguments.loss = place_of(c, "loss", 1, loss);
  kernel(arguments);
}

BuiltinEntry entry(std::string name, std::string backend, std::string description) {
  BuiltinEntry e;
  e.info.name = std::move(name);
  e.info.version = std::string("1");
  e.info.contract = contract_name;
  e.info.algorithm = "tiled-online-log1p";
  e.info.backend = std::move(backend);
  e.description = std::move(description);
  return e;
}

/// Two runs under opposite schedules: a result that depends on the order of threads differs.
void run_emulated(const BuiltinCase& c, kernels::Planted fault) {
  call_kernel(c, [&](const kernels::InfoNceArguments& arguments) {
    kernels::info_nce_forward_emulated(arguments, c.run == 0 ? "greedy" : "greedy-reverse", fault);
  });
}

}  // namespace

std::vector<BuiltinEntry> info_nce_builtins() {
  std::vector<BuiltinEntry> entries;
  entries.push_back(entry("emulated", "emulator", "the tiled CUDA kernel on the CPU emulator"));
  entries.back().run = [](const BuiltinCase& c) { run_emulated(c, kernels::Planted::none); };

  entries.push_back(entry("cuda", "cuda", "the same kernel on the CUDA device"));
  entries.back().limit_memory = false;
  entries.back().unavailable_reason = kernels::cuda_unavailable_reason;
  entries.back().run = [](const BuiltinCase& c) {
    call_kernel(c, [](const kernels::InfoNceArguments& arguments) {
      kernels::info_nce_forward_cuda(arguments);
    });
  };

  for (kernels::Planted fault : kernels::planted_faults) {
    const std::string name(kernels::name_of(fault));
    entries.push_back(
        entry("planted:" + name, "emulator", "the emulated kernel with the fault " + name));
    entries.back().run = [fault](const BuiltinCase& c) { run_emulated(c, fault); };
  }
  return entries;
}

}  // namespace assay::contract
