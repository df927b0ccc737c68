// SPDX-License-Identifier: Apache-2.0
// The family's kernels on a CUDA device.
#include <cstddef>
#include <vector>

#include "kernels/device_array.cuh"
#include "kernels/loss/info_nce_family_call.cuh"

namespace assay::kernels {
namespace {

using info_nce::Plain;

std::size_t unsigned_of(std::int64_t count) { return static_cast<std::size_t>(count); }

/// `rows` rows of `row` bytes, `stride` bytes apart on the host, dense on the device.
void copy_in(void* device, const void* host, std::int64_t rows, std::size_t row,
             std::size_t stride) {
  check_cuda(cudaMemcpy2D(device, row, host, rows > 1 ? stride : row, row, unsigned_of(rows),
                          cudaMemcpyHostToDevice),
             "copying an input");
}

void copy_out(float* host, const float* device, std::int64_t count) {
  check_cuda(cudaMemcpy(host, device, unsigned_of(count) * sizeof(float), cudaMemcpyDeviceToHost),
             "copying an output");
}

void wait() {
  check_cuda(cudaGetLastError(), "launching the kernel");
  check_cuda(cudaDeviceSynchronize(), "running the kernel");
}

/// All that a call reads, on the device; `inputs` holds device pointers.
struct DeviceFamily {
  explicit DeviceFamily(const FamilyInputs& q)
      : a(matrix_bytes(q)),
        b(q.b == nullptr ? 1 : matrix_bytes(q)),
        labels(unsigned_of(2 * q.n)),
        mask(uses_mask(q) ? unsigned_of(mask_rows(q)) * unsigned_of(mask_rows(q)) : 1),
        inputs(q) {
    const std::size_t size = size_of(q.input), row = unsigned_of(q.d) * size;
    copy_in(a.get(), q.a, q.n, row, unsigned_of(q.a_stride) * size);
    inputs.a = a.get();
    inputs.a_stride = inputs.b_stride = q.d;
    if (q.b != nullptr) {
      copy_in(b.get(), q.b, q.n, row, unsigned_of(q.b_stride) * size);
      inputs.b = b.get();
    }
    if (q.setting.positives == FamilySetting::Positives::same_label) copy_labels(q);
    if (uses_mask(q)) {
      const std::int64_t rows = mask_rows(q);
      copy_in(mask.get(), q.mask, rows, unsigned_of(rows), unsigned_of(q.mask_stride));
      inputs.mask = mask.get();
      inputs.mask_stride = rows;
    }
  }

  static std::size_t matrix_bytes(const FamilyInputs& q) {
    return unsigned_of(q.n) * unsigned_of(q.d) * size_of(q.input);
  }
  static bool uses_mask(const FamilyInputs& q) {
    return q.setting.positives == FamilySetting::Positives::mask;
  }
  static std::int64_t mask_rows(const FamilyInputs& q) {
    return q.setting.joint() ? q.vectors() : q.n;
  }
  void copy_labels(const FamilyInputs& q) {
    const std::size_t bytes = unsigned_of(q.n) * sizeof(std::int64_t);
    copy_in(labels.get(), q.a_labels, 1, bytes, bytes);
    inputs.a_labels = labels.get();
    if (q.b_labels == nullptr) return;
    copy_in(labels.get() + q.n, q.b_labels, 1, bytes, bytes);
    inputs.b_labels = labels.get() + q.n;
  }

  DeviceArray<std::byte> a, b;
  DeviceArray<std::int64_t> labels;
  DeviceArray<std::uint8_t> mask;
  FamilyInputs inputs;
};

}  // namespace

void info_nce_family_forward_cuda(const FamilyArguments& q) {
  check_family_arguments(q);
  const DeviceFamily device(q);
  const info_nce::FamilyWorkspace<DeviceArray> workspace(q, false);
  const DeviceArray<float> row_loss(unsigned_of(q.rows())), loss(1);
  info_nce::run_family_forward(device.inputs, family_scale(q.setting.temperature_as, q.parameter),
                               workspace, row_loss.get(), loss.get(), Plain{});
  wait();
  copy_out(q.row_loss, row_loss.get(), q.rows());
  copy_out(q.loss, loss.get(), 1);
}

void info_nce_family_backward_cuda(const FamilyBackwardArguments& q) {
  check_family_arguments(q);
  const DeviceFamily device(q);
  const info_nce::FamilyWorkspace<DeviceArray> workspace(q, true);
  const std::size_t rows = unsigned_of(q.rows());
  const std::int64_t elements = q.n * q.d;
  const DeviceArray<float> grad_a(unsigned_of(elements)), grad_b(unsigned_of(elements));
  const DeviceArray<float> parameter(1), per_row(rows);
  if (q.grad_row_loss != nullptr) {
    std::vector<float> dense(rows);
    for (std::size_t i = 0; i < rows; ++i)
      dense[i] = q.grad_row_loss[static_cast<std::int64_t>(i) * q.grad_row_loss_stride];
    copy_in(per_row.get(), dense.data(), 1, rows * sizeof(float), 0);
  }
  const float scale = family_scale(q.setting.temperature_as, q.parameter);
  info_nce::run_family_backward(device.inputs, scale, workspace,
                                {q.grad_row_loss != nullptr ? per_row.get() : nullptr, 1,
                                 family_mean_upstream(q.setting, q.grad_loss)},
                                grad_a.get(), grad_b.get(), parameter.get(),
                                info_nce::of_parameter(q.setting.temperature_as, scale), Plain{});
  wait();
  copy_out(q.grad_a, grad_a.get(), elements);
  if (q.b != nullptr) copy_out(q.grad_b, grad_b.get(), elements);
  copy_out(q.grad_parameter, parameter.get(), 1);
}

}  // namespace assay::kernels
