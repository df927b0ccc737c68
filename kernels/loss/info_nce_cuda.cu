// SPDX-License-Identifier: Apache-2.0
// The InfoNCE forward kernel on a CUDA device.
#include <cstddef>
#include <stdexcept>
#include <string>

#include "kernels/loss/info_nce.cuh"
#include "kernels/loss/info_nce.hpp"
#include "kernels/loss/info_nce_arguments.hpp"

namespace assay::kernels {

namespace {

void check(cudaError_t status, const char* what) {
  if (status != cudaSuccess)
    throw std::runtime_error(std::string("CUDA: ") + what + ": " + cudaGetErrorString(status));
}

/// Device memory of so many floats.
class DeviceFloats {
 public:
  explicit DeviceFloats(std::size_t count) {
    check(cudaMalloc(reinterpret_cast<void**>(&data_), count * sizeof(float)), "cudaMalloc");
  }
  ~DeviceFloats() { cudaFree(data_); }
  DeviceFloats(const DeviceFloats&) = delete;
  DeviceFloats& operator=(const DeviceFloats&) = delete;
  float* get() const { return data_; }

 private:
  float* data_ = nullptr;
};

/// A dense device copy of `n` rows of `d` floats, `stride` apart on the host.
void copy_rows(float* device, const float* host, std::int64_t n, std::int64_t d,
               std::int64_t stride) {
  const std::size_t row = static_cast<std::size_t>(d) * sizeof(float);
  const std::size_t pitch = n > 1 ? static_cast<std::size_t>(stride) * sizeof(float) : row;
  check(cudaMemcpy2D(device, row, host, pitch, row, static_cast<std::size_t>(n),
                     cudaMemcpyHostToDevice),
        "copying an input");
}

void copy_back(float* host, const float* device, std::size_t count) {
  check(cudaMemcpy(host, device, count * sizeof(float), cudaMemcpyDeviceToHost),
        "copying an output");
}

}  // namespace

std::string cuda_unavailable_reason() {
  int devices = 0;
  const cudaError_t status = cudaGetDeviceCount(&devices);
  if (status != cudaSuccess) return std::string("CUDA: ") + cudaGetErrorString(status);
  if (devices == 0) return "CUDA: no device";
  return {};
}

void info_nce_forward_cuda(const InfoNceArguments& arguments) {
  check_info_nce_arguments(arguments);
  const auto rows = static_cast<std::size_t>(info_nce_rows(arguments));
  const auto elements =
      static_cast<std::size_t>(arguments.n) * static_cast<std::size_t>(arguments.d);
  const DeviceFloats a(elements), b(elements), row_loss(rows), row_lse(rows), loss(1);
  copy_rows(a.get(), static_cast<const float*>(arguments.a), arguments.n, arguments.d, arguments.a_stride);
  copy_rows(b.get(), static_cast<const float*>(arguments.b), arguments.n, arguments.d, arguments.b_stride);
  const InfoNceProblem problem{a.get(),
                               b.get(),
                               arguments.n,
                               arguments.d,
                               arguments.d,
                               arguments.d,
                               info_nce_inverse_temperature(arguments.temperature),
                               row_loss.get(),
                               row_lse.get()};
  if (arguments.form == InfoNceForm::joint_block)
    info_nce::launch_forward<true, Planted::none>(problem, loss.get());
  else
    info_nce::launch_forward<false, Planted::none>(problem, loss.get());
  check(cudaGetLastError(), "launching the kernel");
  check(cudaDeviceSynchronize(), "running the kernel");
  copy_back(arguments.row_loss, row_loss.get(), rows);
  copy_back(arguments.row_lse, row_lse.get(), rows);
  copy_back(arguments.loss, loss.get(), 1);
}

}  // namespace assay::kernels
