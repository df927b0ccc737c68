// SPDX-License-Identifier: Apache-2.0
// The family's kernels under the emulator.
#include <vector>

#include "kernels/loss/info_nce_family_call.cuh"
#include "kernels/loss/info_nce_family_planted.hpp"

namespace assay::kernels {
namespace {

using info_nce::Altered;
using info_nce::Plain;

template <class T>
class HostArray {
 public:
  explicit HostArray(std::size_t count) : data_(count) {}
  T* get() const { return data_.data(); }

 private:
  mutable std::vector<T> data_;
};

template <class Policy>
void run_forward(const SeenFamily& seen, const FamilyArguments& q, Policy policy) {
  const info_nce::FamilyWorkspace<HostArray> workspace(seen.inputs, false);
  info_nce::run_family_forward(seen.inputs, seen.inv_tau, workspace, q.row_loss, q.loss, policy);
}

template <class Policy>
void run_backward(const SeenFamily& seen, const SeenFamilyUpstream& upstream,
                  const FamilyBackwardArguments& q, Policy policy) {
  const info_nce::FamilyWorkspace<HostArray> workspace(seen.inputs, true);
  const info_nce::OfParameter of_parameter{seen.parameter_as, seen.parameter_factor,
                                           seen.parameter_negated};
  info_nce::run_family_backward(
      seen.inputs, seen.inv_tau, workspace, {upstream.per_row, upstream.stride, upstream.mean},
      seen.exchanged ? q.grad_b : q.grad_a, seen.exchanged ? q.grad_a : q.grad_b, q.grad_parameter,
      of_parameter, policy);
}

void forward(const FamilyArguments& q, const std::string& schedule, const Altered& altered) {
  check_family_arguments(q);
  const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
  const SeenFamily seen(q, altered.fault, false);
  if (altered.fault == Planted::none && altered.variant == Variant::stated)
    run_forward(seen, q, Plain{});
  else
    run_forward(seen, q, altered);
}

void backward(const FamilyBackwardArguments& q, const std::string& schedule,
              const Altered& altered) {
  check_family_arguments(q);
  const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
  const SeenFamily seen(q, altered.fault, true);
  const SeenFamilyUpstream upstream(q, altered.fault);
  if (altered.fault == Planted::none && altered.variant == Variant::stated)
    run_backward(seen, upstream, q, Plain{});
  else
    run_backward(seen, upstream, q, altered);
}

}  // namespace

void info_nce_family_forward_emulated(const FamilyArguments& arguments, const std::string& schedule,
                                      Planted fault) {
  forward(arguments, schedule, {fault, Variant::stated});
}
void info_nce_family_backward_emulated(const FamilyBackwardArguments& arguments,
                                       const std::string& schedule, Planted fault) {
  backward(arguments, schedule, {fault, Variant::stated});
}
void info_nce_family_forward_emulated_variant(const FamilyArguments& arguments,
                                              const std::string& schedule, Variant variant) {
  forward(arguments, schedule, {Planted::none, variant});
}
void info_nce_family_backward_emulated_variant(const FamilyBackwardArguments& arguments,
                                               const std::string& schedule, Variant variant) {
  backward(arguments, schedule, {Planted::none, variant});
}

}  // namespace assay::kernels
