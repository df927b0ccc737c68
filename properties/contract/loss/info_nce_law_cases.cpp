// SPDX-License-Identifier: Apache-2.0
// The cases on which laws are asked: small, and within the premises of the laws by bits.
#include <cmath>

#include "core/float_format.hpp"
#include "properties/contract/loss/info_nce_families.hpp"
#include "properties/contract/loss/info_nce_laws.hpp"
#include "properties/contract/loss/info_nce_settings.hpp"

namespace assay::contract {

namespace {

using Index = std::int64_t;

/// One case a row. The last has two tiles of keys in a joint block.
struct Shape {
  Index n, d;
  double of_a;      ///< b = of_a times a; 0: unrelated
  bool rows, loss;  ///< upstream gradients
  double temperature;
};
constexpr Shape shapes[] = {{5, 3, 0, true, false, 0.5},
                            {7, 3, 0.875, false, true, 0.25},
                            {17, 2, -0.875, true, true, 0.375}};

/// Full significands, none of them small; no vector is longer than 0.7, so that its square is at
/// most twice the temperature.
class Numbers {
 public:
  explicit Numbers(const engine::CaseDescriptor& d) : random_(d.seed, d.family, d.index) {}
  double positive(double size) {
    return static_cast<double>(static_cast<float>(size * (0.0625 + 0.9375 * random_.uniform())));
  }
  double any(double size) {
    const double x = positive(size);
    return random_.uniform() < 0.5 ? -x : x;
  }

 private:
  engine::Random random_;
};

void add_upstream_gradients(engine::Case& c, const Shape& shape, Index rows, Numbers& numbers) {
  c.options["operation"] = "backward";
  c.scalars["grad_loss"] = shape.loss ? numbers.positive(1) : 0.0;
  if (!shape.rows) return;
  Tensor t = Tensor::contiguous("grad_row_loss", Dtype::f32, {rows});
  // Of one sign where they meet an upstream gradient of the loss: none cancels.
  for (Index i = 0; i < rows; ++i)
    set_element(t, i, shape.loss ? numbers.positive(1) : numbers.any(1));
  c.inputs.push_back(std::move(t));
}

}  // namespace

std::vector<engine::CaseDescriptor> info_nce_law_cases(const std::string& instance,
                                                       std::uint64_t seed) {
  std::vector<engine::CaseDescriptor> all;
  for (std::uint64_t index = 0; index < std::size(shapes); ++index)
    all.push_back({"loss/info_nce", instance, "laws", index, seed});
  return all;
}

engine::Case make_info_nce_law_case(const engine::CaseDescriptor& descriptor) {
  InfoNceInstanceName name = InfoNceInstanceName::parse(descriptor.instance);
  const Shape& shape = shapes[descriptor.index % std::size(shapes)];
  Numbers numbers(descriptor);
  const double length = 0.6875 / std::sqrt(static_cast<double>(shape.d));
  std::vector<double> a, b;
  for (Index e = 0; e < shape.n * shape.d; ++e) {
    a.push_back(numbers.any(length));
    const double unrelated = numbers.any(length);
    b.push_back(shape.of_a == 0 ? unrelated : shape.of_a * a.back());
  }
  engine::Case c;
  c.descriptor = descriptor;
  c.inputs = {rounded_matrix("a", name.input, a, shape.n, shape.d, 0),
              rounded_matrix("b", name.input, b, shape.n, shape.d, 0)};
  c.scalars = {{"temperature", shape.temperature}};
  const bool backward = name.operation == Operation::backward;
  name.operation = Operation::forward;  // its upstream gradients are drawn below
  bool one = !name.joint;
  if (name.setting.empty()) {
    c.options = {{"directions", name.directions()}, {"operation", "forward"}};
  } else {
    add_setting(c, name, shape.n);
    one = info_nce_setting(name.setting).directions == reference::Directions::one;
  }
  if (backward) add_upstream_gradients(c, shape, one ? shape.n : 2 * shape.n, numbers);
  return c;
}

}  // namespace assay::contract
