// SPDX-License-Identifier: Apache-2.0
// The InfoNCE kernels on a CUDA device.
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/device_array.cuh"
#include "kernels/loss/info_nce.hpp"
#include "kernels/loss/info_nce_arguments.hpp"
#include "kernels/loss/info_nce_gradient.cuh"

namespace assay::kernels {

namespace {

using info_nce::Plain;
using info_nce::Sweep;

/// A dense device copy of `n` rows of `d` elements, `stride` apart on the host.
template <class T>
void copy_rows(T* device, const void* host, std::int64_t n, std::int64_t d, std::int64_t stride) {
  const std::size_t row = static_cast<std::size_t>(d) * sizeof(T);
  const std::size_t pitch = n > 1 ? static_cast<std::size_t>(stride) * sizeof(T) : row;
  check_cuda(cudaMemcpy2D(device, row, host, pitch, row, static_cast<std::size_t>(n),
                          cudaMemcpyHostToDevice),
             "copying an input");
}

void copy_back(float* host, const float* device, std::size_t count) {
  check_cuda(cudaMemcpy(host, device, count * sizeof(float), cudaMemcpyDeviceToHost),
             "copying an output");
}

std::size_t elements_of(const InfoNceInputs& q) {
  return static_cast<std::size_t>(q.n) * static_cast<std::size_t>(q.d);
}

/// The inputs on the device.
template <class Element>
struct DeviceInputs {
  explicit DeviceInputs(const InfoNceInputs& q) : a(elements_of(q)), b(elements_of(q)) {
    copy_rows(a.get(), q.a, q.n, q.d, q.a_stride);
    copy_rows(b.get(), q.b, q.n, q.d, q.b_stride);
    problem = {a.get(), b.get(), q.n, q.d, q.d, q.d, info_nce_inverse_temperature(q.temperature)};
  }
  DeviceArray<Element> a, b;
  InfoNceProblem<Element> problem;
};

void wait() {
  check_cuda(cudaGetLastError(), "launching the kernel");
  check_cuda(cudaDeviceSynchronize(), "running the kernel");
}

template <class Element, class Policy>
void run_forward(const InfoNceArguments& q, Policy policy) {
  const auto rows = static_cast<std::size_t>(info_nce_rows(q));
  const DeviceInputs<Element> inputs(q);
  const DeviceArray<float> row_loss(rows), row_lse(rows), loss(1);
  const info_nce::ForwardOutputs out{row_loss.get(), row_lse.get(), loss.get(),
                                     static_cast<float>(rows)};
  if (q.form == InfoNceForm::joint_block)
    info_nce::launch_forward<Sweep::joint>(inputs.problem, out, policy);
  else
    info_nce::launch_forward<Sweep::rows>(inputs.problem, out, policy);
  wait();
  copy_back(q.row_loss, row_loss.get(), rows);
  copy_back(q.row_lse, row_lse.get(), rows);
  copy_back(q.loss, loss.get(), 1);
}

template <class Element, class Policy>
void run_backward(const InfoNceBackwardArguments& q, Policy policy) {
  const auto rows = static_cast<std::size_t>(info_nce_rows(q));
  const DeviceInputs<Element> inputs(q);
  const DeviceArray<float> grad_a(elements_of(q)), grad_b(elements_of(q)), temperature(1);
  const DeviceArray<float> scratch(5 * rows), per_row(rows);
  if (q.grad_row_loss != nullptr) {
    std::vector<float> dense(rows);
    for (std::size_t i = 0; i < rows; ++i)
      dense[i] = q.grad_row_loss[static_cast<std::int64_t>(i) * q.grad_row_loss_stride];
    copy_rows(per_row.get(), dense.data(), 1, static_cast<std::int64_t>(rows), 0);
  }
  const info_nce::Upstream upstream{q.grad_row_loss != nullptr ? per_row.get() : nullptr, 1,
                                    q.grad_loss / static_cast<float>(rows)};
  float* const s = scratch.get();
  const info_nce::RowStatistics statistics{s, s + rows, s + 2 * rows, s + 3 * rows, s + 4 * rows};
  const info_nce::GradientOutputs out{grad_a.get(), grad_b.get(), temperature.get()};
  const float factor = inputs.problem.inv_tau;
  if (q.form == InfoNceForm::joint_block)
    info_nce::launch_backward<true>(inputs.problem, upstream, statistics, out, factor, policy);
  else
    info_nce::launch_backward<false>(inputs.problem, upstream, statistics, out, factor, policy);
  wait();
  copy_back(q.grad_a, grad_a.get(), elements_of(q));
  copy_back(q.grad_b, grad_b.get(), elements_of(q));
  copy_back(q.grad_temperature, temperature.get(), 1);
}

/// \throws std::runtime_error if the current device has no bfloat16 tensor cores
void require_tensor_cores() {
  int device = 0, major = 0;
  check_cuda(cudaGetDevice(&device), "cudaGetDevice");
  check_cuda(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device),
             "cudaDeviceGetAttribute");
  if (major < 8) throw std::runtime_error("CUDA: tensor cores need compute capability 8.0");
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
  with_element_of(arguments.input,
                  [&](auto zero) { run_forward<decltype(zero)>(arguments, Plain{}); });
}

void info_nce_backward_cuda(const InfoNceBackwardArguments& arguments) {
  check_info_nce_arguments(arguments);
  with_element_of(arguments.input,
                  [&](auto zero) { run_backward<decltype(zero)>(arguments, Plain{}); });
}

void info_nce_forward_tensor_cuda(const InfoNceArguments& arguments) {
  check_info_nce_arguments(arguments);
  check_tensor_input(arguments);
  require_tensor_cores();
  run_forward<Bf16>(arguments, info_nce::TensorCore{});
}

void info_nce_backward_tensor_cuda(const InfoNceBackwardArguments& arguments) {
  check_info_nce_arguments(arguments);
  check_tensor_input(arguments);
  require_tensor_cores();
  run_backward<Bf16>(arguments, info_nce::TensorCore{});
}

}  // namespace assay::kernels
