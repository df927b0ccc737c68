// SPDX-License-Identifier: Apache-2.0
// Comparison of two runs, bit for bit.
#include "properties/contract/compare_runs.hpp"

#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "core/float_format.hpp"

namespace assay::contract {
namespace {

struct Count {
  std::int64_t elements = 0;
  std::int64_t first = -1;
  std::size_t output = 0;
  void add(std::size_t at_output, std::int64_t element) {
    if (elements++ == 0) {
      first = element;
      output = at_output;
    }
  }
  std::string text(const std::vector<Tensor>& outputs, const std::string& what) const {
    return std::to_string(elements) + (elements == 1 ? " element " : " elements ") + what +
           ", the first is " + outputs[output].name + "[" + std::to_string(first) + "]";
  }
};

std::uint64_t bits_at(const Tensor& t, std::int64_t element) {
  const std::size_t size = size_of(t.dtype);
  std::uint64_t bits = 0;
  std::memcpy(&bits, t.bytes.data() + static_cast<std::size_t>(element) * size, size);
  return bits;
}

std::uint64_t cut(std::uint64_t pattern, Dtype dtype) {
  const std::size_t bits = 8 * size_of(dtype);
  return bits == 64 ? pattern : pattern & ((std::uint64_t{1} << bits) - 1);
}

bool both_nan(const Tensor& a, const Tensor& b, std::int64_t element) {
  return is_float(a.dtype) && std::isnan(element_of(a, element)) &&
         std::isnan(element_of(b, element));
}

}  // namespace

void judge_two_runs(Observation& first, std::vector<Tensor> second, bool deterministic,
                    const std::function<std::uint64_t(Dtype, int)>& poison) {
  Count unwritten, different;
  for (std::size_t k = 0; k < first.outputs.size(); ++k) {
    const Tensor& a = first.outputs[k];
    const Tensor& b = second[k];
    if (a.bytes == b.bytes) continue;  // poisons differ, so nothing is unwritten here either
    for (std::int64_t i = 0; i < a.count(); ++i) {
      const std::uint64_t x = bits_at(a, i), y = bits_at(b, i);
      if (poison && x == cut(poison(a.dtype, 0), a.dtype) && y == cut(poison(b.dtype, 1), b.dtype))
        unwritten.add(k, i);
      else if (x != y && (poison || !both_nan(a, b, i)))
        different.add(k, i);
    }
  }
  first.conduct = Conduct::returned;
  if (different.elements > 0 || unwritten.elements > 0) first.repeat = std::move(second);
  if (unwritten.elements > 0) {
    first.conduct = Conduct::unwritten;
    first.detail = unwritten.text(first.outputs, "never written");
  } else if (different.elements > 0 && deterministic) {
    first.conduct = Conduct::nondeterministic;
    first.detail = different.text(first.outputs, "of two runs on the same bits differ");
  }
}

}  // namespace assay::contract
