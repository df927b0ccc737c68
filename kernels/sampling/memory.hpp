// SPDX-License-Identifier: Apache-2.0
// Where the arrays of a request lie: in place on the host; memory_cuda.cuh copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace assay::kernels::sampling {

/// The emulator's: inputs stay where they are, results are written in place.
class HostMemory {
 public:
  /// Kernels are launched; otherwise one core runs the trials in turn.
  static constexpr bool launches = true;

  /// `count` elements that a kernel reads; null stays null.
  template <class T>
  const T* input(const T* host, std::int64_t) {
    return host;
  }
  /// Room for `count` elements that kernels write, at least one.
  template <class T>
  T* room(std::int64_t count) {
    // new char[] aligns for every fundamental type, and forgets no size.
    blocks_.push_back(
        std::make_unique<unsigned char[]>(static_cast<std::size_t>(count + 1) * sizeof(T)));
    return reinterpret_cast<T*>(blocks_.back().get());
  }
  /// What kernels wrote into room, for the host.
  template <class T>
  void read_back(T* host, const T* device, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) host[i] = device[i];
  }
  /// After a launch.
  void launched() {}

 private:
  std::vector<std::unique_ptr<unsigned char[]>> blocks_;
};

/// The same for one core without an emulator.
class CoreMemory : public HostMemory {
 public:
  static constexpr bool launches = false;
};

}  // namespace assay::kernels::sampling
