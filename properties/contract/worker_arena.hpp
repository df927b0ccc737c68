// SPDX-License-Identifier: Apache-2.0
// The memory shared with a worker: laying a case out between guards and reading it back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/tensor.hpp"
#include "properties/contract/child_process.hpp"
#include "properties/contract/observation.hpp"
#include "properties/contract/worker_wire.hpp"
#include "properties/engine/case.hpp"

namespace assay::contract {

/// The bit pattern with which outputs are filled before run 0 or 1: NaN for floating point. Two
/// different ones, so that an element that shows both was never written.
std::uint64_t poison_of(Dtype dtype, int run);
/// The byte that fills the slack around the data in run 0 or 1.
std::byte canary_of(int run);

/// A shared, growing piece of anonymous memory. Not copyable; the worker maps parts of it.
class WorkerArena {
 public:
  WorkerArena() = default;
  WorkerArena(const WorkerArena&) = delete;
  WorkerArena& operator=(const WorkerArena&) = delete;
  ~WorkerArena();

  int fd() const { return memory_.get(); }

  /// Places of all tensors of the case: run 0 against the upper guard, run 1 against the lower.
  std::vector<wire::TensorPlace> lay_out(const engine::Case& c,
                                         const std::vector<engine::OutputSpec>& outputs,
                                         int run) const;
  /// Makes the arena large enough and fills it: canaries in the slack, inputs, poison in outputs.
  /// \return empty, or why there is not enough memory
  std::string fill(const engine::Case& c, const std::vector<wire::TensorPlace>& places, int run);

  /// A changed input or a changed canary, as conduct and text; `returned` when there is none.
  struct Damage {
    Conduct conduct = Conduct::returned;
    std::string detail;
  };
  Damage damage(const engine::Case& c, const std::vector<wire::TensorPlace>& places, int run) const;

  /// The outputs as the worker left them.
  std::vector<Tensor> outputs(const std::vector<wire::TensorPlace>& places) const;

 private:
  std::byte* at(const wire::TensorPlace& place) const { return base_ + place.file_offset; }
  std::string reserve(std::size_t bytes);

  Descriptor memory_;
  std::byte* base_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace assay::contract
