// SPDX-License-Identifier: Apache-2.0
// Device memory and CUDA errors for host entry points; nvcc only.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <stdexcept>
#include <string>

namespace assay::kernels {

/// \throws std::runtime_error "CUDA: what: message" unless the status is success
inline void check_cuda(cudaError_t status, const char* what) {
  if (status != cudaSuccess)
    throw std::runtime_error(std::string("CUDA: ") + what + ": " + cudaGetErrorString(status));
}

/// Device memory for so many elements.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t count) {
    check_cuda(cudaMalloc(reinterpret_cast<void**>(&data_), count * sizeof(T)), "cudaMalloc");
  }
  ~DeviceArray() { cudaFree(data_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  T* get() const { return data_; }

 private:
  T* data_ = nullptr;
};

}  // namespace assay::kernels
