// SPDX-License-Identifier: Apache-2.0
// Cases of the family's settings as arguments of the family's kernels.
#include "properties/contract/loss/info_nce_family_builtin.hpp"

#include <string>
#include <vector>

#include "kernels/loss/info_nce_family_planted.hpp"
#include "properties/contract/loss/info_nce_builtin_case.hpp"
#include "properties/contract/loss/info_nce_settings.hpp"

namespace assay::contract {
namespace {

using Kernel = kernels::FamilySetting;

/// The kernels' enumerations have the reference's values in the reference's order.
template <class To, class From>
To same(From value) {
  return static_cast<To>(static_cast<unsigned char>(value));
}
template <class To, class From>
constexpr bool agree(To to, From from) {
  return static_cast<unsigned char>(to) == static_cast<unsigned char>(from);
}
static_assert(agree(Kernel::Positives::same_label, reference::Positives::same_label) &&
              agree(Kernel::Positives::mask, reference::Positives::mask));
static_assert(agree(Kernel::Denominator::positive_and_negatives,
                    reference::Denominator::positive_and_negatives) &&
              agree(Kernel::Denominator::negatives, reference::Denominator::negatives));
static_assert(agree(Kernel::WithinAnchor::sum_inside, reference::WithinAnchor::sum_inside) &&
              agree(Kernel::WithinAnchor::pairs, reference::WithinAnchor::pairs));
static_assert(agree(Kernel::OverAnchors::mean_of_positive_losses,
                    reference::OverAnchors::mean_of_positive_losses) &&
              agree(Kernel::OverAnchors::sum, reference::OverAnchors::sum));
static_assert(agree(Kernel::Directions::half_sum, reference::Directions::half_sum) &&
              agree(Kernel::Directions::sum, reference::Directions::sum) &&
              agree(Kernel::Directions::joint_block, reference::Directions::joint_block));
static_assert(agree(Kernel::TemperatureAs::scale, reference::TemperatureAs::scale) &&
              agree(Kernel::TemperatureAs::log_scale, reference::TemperatureAs::log_scale));
static_assert(agree(Kernel::Normalisation::maximum, reference::Normalisation::maximum) &&
              agree(Kernel::Normalisation::added, reference::Normalisation::added) &&
              agree(Kernel::Normalisation::inside_root, reference::Normalisation::inside_root));
static_assert(agree(Kernel::EmptySet::zero, reference::EmptySet::zero) &&
              agree(Kernel::EmptySet::skipped, reference::EmptySet::skipped) &&
              agree(Kernel::EmptySet::nan, reference::EmptySet::nan) &&
              agree(Kernel::EmptySet::as_formula, reference::EmptySet::as_formula));
static_assert(agree(Kernel::PositiveWeight::von_mises_fisher_detached,
                    reference::PositiveWeight::von_mises_fisher_detached) &&
              agree(Kernel::OuterFactor::temperature_over_base,
                    reference::OuterFactor::temperature_over_base));

/// Labels of one view: n contiguous 64-bit integers.
const std::int64_t* labels_of(const PlacedTensor& t, std::int64_t n) {
  if (t.dtype != Dtype::i64) throw Unsupported("'" + t.name + "' is not i64");
  if (t.shape.size() != 1 || t.shape[0] != n || (n > 1 && t.strides[0] != 1))
    throw Unsupported("'" + t.name + "' is not a contiguous label for each pair");
  return t.as<const std::int64_t>();
}

void read_relations(const BuiltinCase& c, kernels::FamilyInputs& q) {
  if (q.setting.positives == Kernel::Positives::same_label) {
    q.a_labels = labels_of(c.input("labels"), q.n);
    if (const PlacedTensor* labels = c.find_input("labels_b")) q.b_labels = labels_of(*labels, q.n);
  }
  if (q.setting.positives != Kernel::Positives::mask) return;
  const PlacedTensor& mask = c.input("mask");
  const std::int64_t keys = q.setting.joint() ? q.vectors() : q.n;
  if (mask.dtype != Dtype::u8) throw Unsupported("'mask' is not u8");
  if (mask.shape != std::vector<std::int64_t>{keys, keys} || (keys > 1 && mask.strides[1] != 1))
    throw Unsupported("'mask' is not a square matrix with contiguous rows");
  q.mask = mask.as<const std::uint8_t>();
  q.mask_stride = mask.strides[0];
}

/// What both operations read.
void read_inputs(const BuiltinCase& c, kernels::FamilyInputs& q) {
  read_embeddings(c, q);
  q.setting = kernel_setting(info_nce_setting(c.option("setting")));
  q.parameter = c.scalar("temperature");
  read_relations(c, q);
}

void call_forward(const BuiltinCase& c, const FamilyKernels& kernels) {
  kernels::FamilyArguments q;
  read_inputs(c, q);
  std::vector<float> row_loss, loss;
  q.row_loss = place_of(c, "row_loss", q.rows(), row_loss);
  q.loss = place_of(c, "loss", 1, loss);
  kernels.forward(q);
}

void call_backward(const BuiltinCase& c, const FamilyKernels& kernels) {
  kernels::FamilyBackwardArguments q;
  read_inputs(c, q);
  read_upstream(c, q);
  std::vector<float> grad_a, grad_b, grad_parameter;
  q.grad_a = place_of(c, "grad_a", q.n * q.d, grad_a);
  q.grad_b = place_of(c, "grad_b", q.n * q.d, grad_b);
  q.grad_parameter = place_of(c, "grad_temperature", 1, grad_parameter);
  kernels.backward(q);
}

}  // namespace

bool is_of_family(const Contract& instance) { return !instance.field("setting").empty(); }
bool is_of_family(const BuiltinCase& c) { return c.options.count("setting") > 0; }

kernels::FamilySetting kernel_setting(const reference::InfoNceSetting& s) {
  if (s.similarity != reference::Similarity::dot)
    throw Unsupported("the kernels have no similarity but the dot product");
  if (s.clamp != reference::Clamp::none) throw Unsupported("the kernels do not clamp");
  if (s.normalisation == reference::Normalisation::product_maximum)
    throw Unsupported("the kernels do not clamp products of norms");
  if (s.positive_weight == reference::PositiveWeight::von_mises_fisher)
    throw Unsupported("the kernels do not weigh positives");
  Kernel k;
  k.positives = same<Kernel::Positives>(s.positives);
  k.denominator = same<Kernel::Denominator>(s.denominator);
  k.within = same<Kernel::WithinAnchor>(s.within);
  k.over = same<Kernel::OverAnchors>(s.over);
  k.directions = same<Kernel::Directions>(s.directions);
  k.self_pair_kept = s.self_pair_kept;
  k.temperature_as = same<Kernel::TemperatureAs>(s.temperature_as);
  k.normalisation = same<Kernel::Normalisation>(s.normalisation);
  k.normalisation_eps = s.normalisation_eps;
  k.without_positives = same<Kernel::EmptySet>(s.without_positives);
  k.without_negatives = same<Kernel::EmptySet>(s.without_negatives);
  k.positive_weight = same<Kernel::PositiveWeight>(s.positive_weight);
  k.outer = same<Kernel::OuterFactor>(s.outer);
  k.outer_value = s.outer_value;
  return k;
}

void call_family_kernels(const BuiltinCase& c, const FamilyKernels& kernels) {
  if (operation_of(c) == Operation::forward)
    call_forward(c, kernels);
  else
    call_backward(c, kernels);
}

bool family_fault_exists_on(kernels::Planted fault, const Contract& instance) {
  return kernels::family_fault_exists(fault,
                                      kernel_setting(info_nce_setting(instance.field("setting"))),
                                      instance.input, instance.operation == Operation::backward);
}

}  // namespace assay::contract
