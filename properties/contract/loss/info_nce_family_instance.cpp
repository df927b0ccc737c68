// SPDX-License-Identifier: Apache-2.0
// Reading a case of an InfoNCE setting.
#include "properties/contract/loss/info_nce_family_instance.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/float_format.hpp"
#include "properties/contract/loss/info_nce_settings.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::contract {

namespace {

using engine::InputError;
using Index = std::int64_t;
const char* const what = "case of loss/info_nce";

const Tensor& tensor_of(const engine::Case& c, const std::string& name) {
  if (const Tensor* found = c.find_input(name)) return *found;
  throw InputError(what, "inputs", "no tensor '" + name + "'");
}

double scalar_of(const engine::Case& c, const std::string& name) {
  const auto found = c.scalars.find(name);
  if (found == c.scalars.end()) throw InputError(what, "scalars", "no '" + name + "'");
  return found->second;
}

/// Shape, strides and size. \throws InputError
void check(const Tensor& t, const std::vector<Index>& shape, bool rows_may_have_gaps) {
  if (t.shape != shape) throw InputError(t.name, "shape", "does not fit the case");
  if (t.strides.size() != shape.size() || t.strides[0] < 0 ||
      (shape.size() == 2 && shape[1] > 1 && t.strides[1] != 1) ||
      (!rows_may_have_gaps && !t.is_contiguous()))
    throw InputError(t.name, "strides", "the last dimension must be contiguous");
  const Index last = (shape[0] - 1) * t.strides[0] + (shape.size() == 2 ? shape[1] : 1);
  if (t.bytes.size() < static_cast<std::size_t>(last) * size_of(t.dtype))
    throw InputError(t.name, "bytes", "the tensor addresses more bytes than it has");
}

void read_vectors(FamilyInstance& instance, const engine::Case& c) {
  const Tensor& a = tensor_of(c, "a");
  if (a.shape.size() != 2 || a.shape[0] < 1 || a.shape[1] < 1)
    throw InputError("a", "shape", "needs at least one row and one column");
  instance.n = a.shape[0];
  instance.d = a.shape[1];
  for (const char* name : {"a", "b"}) {
    const Tensor& t = tensor_of(c, name);
    if (t.dtype != Dtype::f32 && t.dtype != Dtype::bf16 && t.dtype != Dtype::f16)
      throw InputError(name, "dtype", "must be f32, bf16 or f16");
    check(t, a.shape, true);
    for (Index i = 0; i < instance.n; ++i) {
      bool finite = true, nan = false;
      for (Index k = 0; k < instance.d; ++k) {
        const double x = element_of(t, i * t.strides[0] + k);
        instance.z.push_back(x);
        finite = finite && std::isfinite(x);
        nan = nan || std::isnan(x);
      }
      instance.finite.push_back(finite);
      instance.holds_nan.push_back(nan);
    }
  }
}

std::vector<Index> labels_from(const Tensor& t, Index n) {
  if (t.dtype != Dtype::i64) throw InputError(t.name, "dtype", "must be i64");
  check(t, {n}, false);
  return {t.as<Index>(), t.as<Index>() + n};
}

void read_relations(FamilyInstance& instance, const engine::Case& c) {
  using reference::Positives;
  if (instance.setting.positives == Positives::same_label) {
    instance.labels = labels_from(tensor_of(c, "labels"), instance.n);
    const Tensor* of_b = c.find_input("labels_b");
    instance.labels_b = of_b == nullptr ? instance.labels : labels_from(*of_b, instance.n);
  }
  if (instance.setting.positives != Positives::mask) return;
  const Tensor& t = tensor_of(c, "mask");
  if (t.dtype != Dtype::u8) throw InputError("mask", "dtype", "must be u8");
  check(t, {instance.n, instance.n}, true);
  for (Index i = 0; i < instance.n; ++i)
    instance.mask.insert(instance.mask.end(), t.as<std::uint8_t>() + i * t.strides[0],
                         t.as<std::uint8_t>() + i * t.strides[0] + instance.n);
}

/// The upstream gradients, finite by contract; those of the rows are 0 where none are given.
void read_upstream(FamilyInstance& instance, const engine::Case& c) {
  instance.upstream_mean = scalar_of(c, "grad_loss");
  if (!(instance.upstream_mean == static_cast<double>(static_cast<float>(instance.upstream_mean))))
    throw InputError(what, "grad_loss", "must be a binary32 number");
  const auto rows = static_cast<Index>(instance.rows.size());
  instance.upstream.assign(instance.rows.size(), 0.0);
  const Tensor* given = c.find_input("grad_row_loss");
  if (given == nullptr) return;
  if (given->dtype != Dtype::f32) throw InputError(given->name, "dtype", "must be f32");
  check(*given, {rows}, true);
  for (Index i = 0; i < rows; ++i) {
    double& g = instance.upstream[static_cast<std::size_t>(i)];
    g = element_of(*given, i * given->strides[0]);
    if (!std::isfinite(g)) throw InputError(given->name, "values", "must be finite");
  }
}

/// Keys, fates and counts. \throws std::invalid_argument where the setting declares an error
void relate(FamilyInstance& instance) {
  using reference::RowFate;
  const reference::InfoNceFamilyProblem problem = instance.problem();
  instance.blocks = reference::blocks_of(instance.setting, problem);
  instance.block_counts.assign(instance.blocks.size(), 0);
  bool declared_zero = false;
  for (std::size_t b = 0; b < instance.blocks.size(); ++b)
    for (Index r = 0; r < instance.blocks[b].rows; ++r) {
      FamilyRow row;
      row.vector = instance.blocks[b].first_row + r;
      row.block = b;
      row.keys = keys_of(instance.setting, problem, instance.blocks[b], row.vector);
      row.fate = fate_of(instance.setting, row.keys, row.vector);
      declared_zero = declared_zero || row.fate == RowFate::zero;
      row.count = row.fate == RowFate::skipped ? 0 : 1;
      if (instance.setting.within == reference::WithinAnchor::pairs)
        row.count *= static_cast<Index>(row.keys.positives.size());
      instance.block_counts[b] += row.count;
      instance.rows.push_back(std::move(row));
    }
  if (instance.setting.over == reference::OverAnchors::sum || declared_zero) return;
  for (const Index count : instance.block_counts)
    if (count == 0)
      throw std::invalid_argument("every row is skipped, and a mean of none is asked for");
}

void check_parameter(const FamilyInstance& instance) {
  const bool is_log = instance.setting.temperature_as == reference::TemperatureAs::log_scale;
  constexpr double largest_log_scale = 700;
  if (is_log ? std::fabs(instance.parameter) <= largest_log_scale
             : instance.parameter > 0 && std::isfinite(instance.parameter))
    return;
  throw InputError(what, "temperature",
                   is_log ? "a log-scale lies within 700 of 0" : "must be positive and finite");
}

}  // namespace

bool FamilyInstance::all_finite() const {
  return std::all_of(finite.begin(), finite.end(), [](char f) { return f != 0; });
}

std::int64_t FamilyInstance::rows_of(const reference::InfoNceSetting& setting, Index pairs) {
  return setting.directions == reference::Directions::one ? pairs : 2 * pairs;
}

FamilyInstance FamilyInstance::from(const engine::Case& c) {
  FamilyInstance instance;
  const auto setting = c.options.find("setting");
  if (setting == c.options.end()) throw InputError(what, "options", "no 'setting'");
  instance.setting = info_nce_setting(setting->second);
  if (instance.setting.over == reference::OverAnchors::mean_of_positive_losses ||
      instance.setting.positive_weight != reference::PositiveWeight::one ||
      instance.setting.outer != reference::OuterFactor::constant ||
      instance.setting.similarity != reference::Similarity::dot ||
      instance.setting.clamp != reference::Clamp::none ||
      instance.setting.normalisation == reference::Normalisation::product_maximum)
    throw InputError(what, "setting", "the column has no budget for it");
  instance.parameter = scalar_of(c, "temperature");
  check_parameter(instance);
  read_vectors(instance, c);
  read_relations(instance, c);
  try {
    relate(instance);
  } catch (const std::invalid_argument& e) {
    throw InputError(what, "relations", e.what());
  }
  const auto operation = c.options.find("operation");
  if (operation != c.options.end() && operation->second == "backward") read_upstream(instance, c);
  return instance;
}

reference::InfoNceFamilyProblem FamilyInstance::problem() const {
  reference::InfoNceFamilyProblem p;
  p.a = z.data();
  p.b = z.data() + n * d;
  p.n = n;
  p.d = d;
  p.a_stride = p.b_stride = d;
  p.parameter = parameter;
  p.a_labels = labels.empty() ? nullptr : labels.data();
  p.b_labels = labels_b.empty() ? nullptr : labels_b.data();
  p.mask = mask.empty() ? nullptr : mask.data();
  p.mask_stride = n;
  return p;
}

reference::InfoNceUpstream FamilyInstance::upstream_gradient() const {
  return {upstream.data(), 1, upstream_mean};
}

}  // namespace assay::contract
