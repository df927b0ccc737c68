// SPDX-License-Identifier: Apache-2.0
// Device memory of a request: inputs are copied, results are copied back.
#pragma once

#include <memory>
#include <vector>

#include "kernels/device_array.cuh"

namespace assay::kernels::sampling {

class DeviceMemory {
 public:
  static constexpr bool launches = true;

  template <class T>
  const T* input(const T* host, std::int64_t count) {
    if (host == nullptr) return nullptr;
    T* const copy = room<T>(count);
    check_cuda(
        cudaMemcpy(copy, host, static_cast<std::size_t>(count) * sizeof(T), cudaMemcpyHostToDevice),
        "copying an input");
    return copy;
  }
  template <class T>
  T* room(std::int64_t count) {
    blocks_.push_back(std::make_unique<DeviceArray<unsigned char>>(
        static_cast<std::size_t>(count + 1) * sizeof(T)));
    return reinterpret_cast<T*>(blocks_.back()->get());
  }
  template <class T>
  void read_back(T* host, const T* device, std::int64_t count) {
    check_cuda(cudaMemcpy(host, device, static_cast<std::size_t>(count) * sizeof(T),
                          cudaMemcpyDeviceToHost),
               "copying a result");
  }
  void launched() { check_cuda(cudaGetLastError(), "launching a kernel"); }

 private:
  std::vector<std::unique_ptr<DeviceArray<unsigned char>>> blocks_;
};

}  // namespace assay::kernels::sampling
