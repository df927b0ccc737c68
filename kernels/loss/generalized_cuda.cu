// SPDX-License-Identifier: Apache-2.0
// The generalized loss on a CUDA device.
#include "kernels/device_array.cuh"
#include "kernels/loss/generalized.cuh"

namespace assay::kernels {
namespace {

/// A device copy of `count` numbers.
template <class T>
class Copied {
 public:
  Copied(const T* host, std::int64_t count) : array_(static_cast<std::size_t>(count)) {
    check_cuda(cudaMemcpy(array_.get(), host, static_cast<std::size_t>(count) * sizeof(T),
                          cudaMemcpyHostToDevice),
               "copying an input");
  }
  const T* get() const { return array_.get(); }

 private:
  DeviceArray<T> array_;
};

}  // namespace

void generalized_loss_cuda(const TupleArguments& a) {
  check_tuples(a);
  if (a.tuples == 0) return;
  const Copied<float> points(a.points, a.count * a.dimension);
  const Copied<std::int64_t> pairs(a.pairs, 2 * a.tuples), negatives(a.negatives, a.k * a.tuples);
  const auto tuples = static_cast<std::size_t>(a.tuples);
  const DeviceArray<float> row_loss(tuples);
  generalized::launch_losses(generalized::problem_of(a, points.get(), pairs.get(), negatives.get()),
                             row_loss.get());
  check_cuda(cudaGetLastError(), "launching the kernel");
  check_cuda(cudaMemcpy(a.row_loss, row_loss.get(), tuples * sizeof(float), cudaMemcpyDeviceToHost),
             "copying the losses");
}

}  // namespace assay::kernels
