// SPDX-License-Identifier: Apache-2.0
// One call of the family's kernels, wherever memory lies: scratch memory, images, launches.
#pragma once

#include <cstddef>

#include "kernels/loss/info_nce_arguments.hpp"
#include "kernels/loss/info_nce_family_arguments.hpp"
#include "kernels/loss/info_nce_family_gradient.cuh"

namespace assay::kernels::info_nce {

/// Scratch memory of one call. `Array<T>(count)` owns memory of the kernels' machine; get() is its
/// address.
template <template <class> class Array>
class FamilyWorkspace {
 public:
  FamilyWorkspace(const FamilyInputs& q, bool backward)
      : q_(q),
        rows_(static_cast<std::size_t>(q.rows())),
        floats_(size_of_all(q, backward)),
        totals_(2) {}

  FamilySums sums() const {
    float* const s = floats_.get();
    const std::size_t r = rows_;
    return {s, s + r, s + 2 * r, s + 3 * r, s + 4 * r, s + 5 * r, s + 6 * r};
  }
  FamilyTerms terms() const {
    float* const s = floats_.get() + numbers_of_sums * rows_;
    const std::size_t r = rows_;
    return {s, s + r, s + 2 * r, s + 3 * r, s + 4 * r, s + 5 * r};
  }
  std::int64_t* totals() const { return totals_.get(); }
  /// The image of a matrix; \pre family_needs_images
  Image image(bool second) const {
    const std::size_t n = static_cast<std::size_t>(q_.n), d = static_cast<std::size_t>(q_.d);
    float* const y =
        floats_.get() + (numbers_of_sums + numbers_of_terms) * rows_ + (second ? n * (d + 2) : 0);
    const bool normalised = q_.setting.normalisation != FamilySetting::Normalisation::none;
    return {q_.n, q_.d, y, normalised ? y + n * d : nullptr, normalised ? y + n * d + n : nullptr};
  }

 private:
  static std::size_t size_of_all(const FamilyInputs& q, bool backward) {
    const std::size_t rows = static_cast<std::size_t>(q.rows());
    const std::size_t images = family_needs_images(q) ? static_cast<std::size_t>(q.vectors()) *
                                                            (static_cast<std::size_t>(q.d) + 2)
                                                      : 0;
    if (!backward && images == 0) return numbers_of_sums * rows;
    return (numbers_of_sums + numbers_of_terms) * rows + images;
  }

  FamilyInputs q_;
  std::size_t rows_;
  Array<float> floats_;
  Array<std::int64_t> totals_;
};

/// The problem as the kernels read it; makes the images where they are needed. All pointers of q
/// belong to the kernels' machine.
template <class Workspace>
FamilyProblem make_problem(const FamilyInputs& q, float inv_tau, const Workspace& workspace) {
  FamilyProblem p{rules_of(q.setting),
                  static_cast<const float*>(q.a),
                  static_cast<const float*>(q.b),
                  q.n,
                  q.d,
                  q.a_stride,
                  q.b_stride,
                  inv_tau,
                  q.a_labels,
                  q.b_labels != nullptr ? q.b_labels : q.a_labels,
                  q.mask,
                  q.mask_stride};
  if (!family_needs_images(q)) return p;
  with_element_of(q.input, [&](auto zero) {
    using Element = decltype(zero);
    const Image a = workspace.image(false);
    launch_image<Element>(q.a, q.a_stride, a, p.rules);
    p.a = a.y;
    p.a_stride = p.b_stride = q.d;
    if (q.b == nullptr) return;
    const Image b = workspace.image(true);
    launch_image<Element>(q.b, q.b_stride, b, p.rules);
    p.b = b.y;
  });
  return p;
}

template <class Workspace, class Policy>
void run_family_forward(const FamilyInputs& q, float inv_tau, const Workspace& workspace,
                        float* row_loss, float* loss, Policy policy) {
  launch_family_forward(make_problem(q, inv_tau, workspace), workspace.sums(), row_loss, loss,
                        policy);
}

template <class Workspace, class Policy>
void run_family_backward(const FamilyInputs& q, float inv_tau, const Workspace& workspace,
                         const FamilyUpstream& upstream, float* grad_a, float* grad_b,
                         float* grad_parameter, const OfParameter& of_parameter, Policy policy) {
  const FamilyProblem problem = make_problem(q, inv_tau, workspace);
  FamilyGradients out{grad_a, grad_b, grad_parameter, {}, {}};
  if (q.setting.normalisation != FamilySetting::Normalisation::none) {
    out.image_a = workspace.image(false);
    if (q.b != nullptr) out.image_b = workspace.image(true);
  }
  launch_family_backward(problem, upstream, workspace.sums(), workspace.terms(), workspace.totals(),
                         out, of_parameter, policy);
}

/// G4 for a setting. By the scale, `scale` is the parameter itself, rounded.
inline OfParameter of_parameter(FamilySetting::TemperatureAs as, float scale) {
  return {as, scale, as == FamilySetting::TemperatureAs::temperature};
}

}  // namespace assay::kernels::info_nce
