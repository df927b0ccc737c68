// SPDX-License-Identifier: Apache-2.0
// Built-in candidates of the augmentation: the kernel emulated, on a device, on one core, and with
// planted faults.
#include <functional>
#include <string>
#include <utility>

#include "kernels/loss/info_nce.hpp"
#include "kernels/sampling/augmentation.hpp"
#include "properties/contract/builtin.hpp"

namespace assay::contract {
namespace {

namespace sampling = kernels::sampling;
using Augment = std::function<void(const sampling::Augmentation&, float*)>;

void run_augmentation(const BuiltinCase& c, const Augment& augment) {
  const PlacedTensor& x = c.input("x");
  if (x.dtype != Dtype::f32) throw Unsupported("'x' is not f32");
  sampling::Augmentation q;
  q.rows = x.shape.at(0);
  q.dimension = x.shape.at(1);
  q.x = x.as<const float>();
  q.views = static_cast<std::int64_t>(c.scalar("views"));
  q.variance = static_cast<float>(c.scalar("variance"));
  q.random_signs = c.option("signs") == "random";
  const auto* stream = c.input("stream").as<const std::uint64_t>();
  q.words.seed = stream[0];
  q.words.call = stream[1];
  if (const PlacedTensor* words = c.find_input("words")) {
    q.words.given = words->as<const std::uint32_t>();
    q.words.given_count = element_count(words->shape);
  }
  const PlacedTensor* views = c.output("views");
  if (views == nullptr || element_count(views->shape) != q.rows * q.views * q.dimension)
    throw Unsupported("'views' is not asked for, or has another size");
  augment(q, views->as<float>());
}

BuiltinEntry entry(std::string name, std::string backend, std::string description,
                   const Augment& augment) {
  BuiltinEntry e;
  e.info.contract = "sampler/augmentation";
  e.info.name = std::move(name);
  e.info.version = "1";
  e.info.algorithm = "box-muller";
  e.info.backend = std::move(backend);
  e.info.outputs = {"views"};
  e.info.takes_words = true;
  e.info.stream = "philox";
  e.description = std::move(description);
  e.run = [augment](const BuiltinCase& c) { run_augmentation(c, augment); };
  return e;
}

}  // namespace

std::vector<BuiltinEntry> augmentation_builtins() {
  std::vector<BuiltinEntry> entries;
  entries.push_back(entry("emulated", "emulator", "the CUDA kernel on the CPU emulator", {}));
  entries.back().run = [](const BuiltinCase& c) {
    run_augmentation(c, [&c](const sampling::Augmentation& q, float* out) {
      sampling::augment_emulated(q, out, c.run == 0 ? "greedy" : "greedy-reverse");
    });
  };
  entries.push_back(
      entry("cuda", "cuda", "the same kernel on the CUDA device", sampling::augment_cuda));
  entries.back().limit_memory = false;
  entries.back().unavailable_reason = kernels::cuda_unavailable_reason;
  entries.push_back(entry("cpu", "cpu", "the same numbers on one core", sampling::augment_cpu));
  for (const sampling::FaultEntry& fault : sampling::fault_catalogue) {
    if (!fault.breaks("augmentation")) continue;
    entries.push_back(entry("planted:" + std::string(fault.name), "cpu",
                            std::string(fault.description),
                            [&fault](const sampling::Augmentation& q, float* out) {
                              sampling::augment_planted_cpu(q, fault.fault, out);
                            }));
    entries.back().role = BuiltinRole::planted;
    entries.back().operator_class = fault.operators;
    if (fault.fault == sampling::Fault::signs_forgotten)
      entries.back().meant_for = [](const Contract& instance) {
        return instance.field("signs") == "random";
      };
  }
  return entries;
}

}  // namespace assay::contract
