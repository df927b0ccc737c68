// SPDX-License-Identifier: Apache-2.0
// The Harris kernel on a CUDA device.
#include "kernels/device_array.cuh"
#include "kernels/harris/harris.cuh"

namespace assay::kernels {
namespace {

/// A device copy of `count` numbers.
class Copied {
 public:
  Copied(const std::int64_t* host, std::int64_t count) : array_(static_cast<std::size_t>(count)) {
    check_cuda(cudaMemcpy(array_.get(), host, static_cast<std::size_t>(count) * sizeof *host,
                          cudaMemcpyHostToDevice),
               "copying an input");
  }
  const std::int64_t* get() const { return array_.get(); }

 private:
  DeviceArray<std::int64_t> array_;
};

}  // namespace

void harris_cuda(const HarrisBatch& batch, HarrisSums* sums) {
  check_harris_batch(batch, sums);
  if (batch.count == 0) return;
  const Copied weights(batch.weights, batch.count * batch.weight_count());
  const Copied g(batch.g, batch.count * batch.cells());
  const Copied h(batch.h, batch.count * batch.cells());
  const auto count = static_cast<std::size_t>(batch.count);
  const DeviceArray<HarrisSums> out(count);
  harris::launch_sums(harris::problem_of(batch, weights.get(), g.get(), h.get()), out.get());
  check_cuda(cudaGetLastError(), "launching the kernel");
  check_cuda(cudaMemcpy(sums, out.get(), count * sizeof *sums, cudaMemcpyDeviceToHost),
             "copying the sums");
}

}  // namespace assay::kernels
