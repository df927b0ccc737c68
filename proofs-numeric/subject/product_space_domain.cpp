// SPDX-License-Identifier: Apache-2.0
// The domain of finite product spaces: shapes, blocks, points to try first, and the filter.
#include <algorithm>

#include "proofs-numeric/subject/product_spaces.hpp"
#include "properties/engine/harris_cases.hpp"

namespace assay::proofs {
namespace {

constexpr int largest = 16;          // of weights and values; draws of the filter have four bits
constexpr int least_eta = -2;        // where eta may be negative: not so low that gamma always is
constexpr std::int64_t batch = 128;  // instances that stay in the second cache
constexpr std::size_t most_worth = 4;

Block integers(std::string name, std::vector<int> dimensions, int low) {
  Block b;
  b.name = std::move(name);
  b.kind = BlockKind::integer;
  b.dimensions = std::move(dimensions);
  b.low = low, b.high = largest;
  return b;
}

std::vector<Block> blocks_of(const SpaceOptions& o, const Shape& shape) {
  const int k = shape.integer("k"), n = shape.integer("n");
  const std::vector<int> cells(static_cast<std::size_t>(k), n);
  std::vector<Block> blocks;
  switch (o.law) {
    case HarrisLaw::iid: blocks.push_back(integers("w", {n}, 0)); break;
    case HarrisLaw::independent: blocks.push_back(integers("w_axis", {k, n}, 0)); break;
    default: blocks.push_back(integers("w_cell", cells, 0));
  }
  blocks.push_back(integers(o.g_rises ? "g_steps" : "g", cells, -largest));
  const std::string second = o.hardening ? "eta" : "h";
  const int low = !o.hardening ? -largest : o.eta_may_be_negative ? least_eta : 0;
  blocks.push_back(integers(o.h_rises ? second + "_steps" : second, cells, low));
  return blocks;
}

/// Index of the cell's argument `axis`.
int digit(int cell, int axis, int k, int n) {
  for (int a = k - 1; a > axis; --a) cell /= n;
  return cell % n;
}

struct Special {
  const char* name;
  int fewest_arguments;
  bool one_point;
  int (*g)(int cell, int k, int n);
  int (*h)(int cell, int k, int n);
};

int sum_of_digits(int cell, int k, int n) {
  int total = 0;
  for (int a = 0; a < k; ++a) total += digit(cell, a, k, n);
  return total;
}
int one(int, int, int) { return 1; }
int first_digit(int cell, int k, int n) { return digit(cell, 0, k, n); }
int last_digit(int cell, int k, int n) { return digit(cell, k - 1, k, n); }

constexpr Special specials[] = {{"disjoint", 2, false, first_digit, last_digit},
                                {"constant g", 1, false, one, sum_of_digits},
                                {"constant h", 1, false, sum_of_digits, one},
                                {"one point", 1, true, sum_of_digits, sum_of_digits}};

std::vector<Instance> make(const SpaceOptions& o, const Special& special, const Shape& shape) {
  const int k = shape.integer("k"), n = shape.integer("n");
  if (k < special.fewest_arguments) return {};
  Instance i{shape, blocks_of(o, shape), Arithmetic::plain()};
  Block& w = i.blocks[0];
  const std::size_t row = o.law == HarrisLaw::joint ? w.size() : static_cast<std::size_t>(n);
  for (std::size_t c = 0; c < w.size(); ++c)
    w.values.push_back(!special.one_point || c % row == row - 1 ? 1 : 0);
  for (std::size_t b = 1; b < i.blocks.size(); ++b)
    for (int c = 0; c < static_cast<int>(i.blocks[b].size()); ++c)
      i.blocks[b].values.push_back((b == 1 ? special.g : special.h)(c, k, n));
  return {i};
}

HarrisFamily family_of(const SpaceOptions& o) {
  if (o.law == HarrisLaw::joint) return HarrisFamily::dependent;
  if (!o.g_rises) return HarrisFamily::g_falls;
  if (!o.h_rises) return HarrisFamily::h_falls;
  return o.eta_may_be_negative ? HarrisFamily::eta_negative : HarrisFamily::monotone;
}

/// Batches of cases of one shape.
class Batches {
 public:
  Batches(const SpaceOptions& options, const Shape& shape) : options_(options), shape_(shape) {
    draw_.family = family_of(options);
    draw_.axes = shape.integer("k"), draw_.support = shape.integer("n");
    draw_.unequal_laws = options.law == HarrisLaw::independent;
    draw_.nonnegative_h = options.hardening && !options.eta_may_be_negative;
    check_draw(draw_);
    weights_.resize(static_cast<std::size_t>(batch * draw_.weight_count()));
    g_.resize(static_cast<std::size_t>(batch * draw_.cells()));
    h_.resize(g_.size()), sums_.resize(static_cast<std::size_t>(batch));
  }

  void look(const HarrisEntry& entry, std::uint64_t seed, std::uint64_t first, std::int64_t count,
            std::vector<Instance>& worth) {
    for (std::int64_t i = 0; i < count; ++i)
      fill_harris_case(draw_, seed, first + static_cast<std::uint64_t>(i),
                       &weights_[static_cast<std::size_t>(i * draw_.weight_count())],
                       &g_[static_cast<std::size_t>(i * draw_.cells())],
                       &h_[static_cast<std::size_t>(i * draw_.cells())]);
    entry({draw_.axes, draw_.support, static_cast<kernels::HarrisLaw>(draw_.law()), count,
           weights_.data(), g_.data(), h_.data()},
          sums_.data());
    for (std::int64_t i = 0; i < count && worth.size() < most_worth; ++i)
      if (is_worth(sums_[static_cast<std::size_t>(i)])) worth.push_back(instance(i));
  }

 private:
  static bool is_worth(const kernels::HarrisSums& s) {
    return s.order == kernels::HarrisOrder::less || s.order == kernels::HarrisOrder::too_large;
  }
  Instance instance(std::int64_t index) const {
    Instance i{shape_, blocks_of(options_, shape_), Arithmetic::plain()};
    const std::vector<std::int64_t>* const arrays[] = {&weights_, &g_, &h_};
    for (std::size_t b = 0; b < i.blocks.size(); ++b) {
      const std::size_t size = i.blocks[b].size(), at = static_cast<std::size_t>(index) * size;
      for (std::size_t c = 0; c < size; ++c)
        i.blocks[b].values.emplace_back(static_cast<long long>((*arrays[b])[at + c]));
    }
    return i;
  }

  const SpaceOptions& options_;
  const Shape& shape_;
  HarrisDraw draw_;
  std::vector<std::int64_t> weights_, g_, h_;
  std::vector<kernels::HarrisSums> sums_;
};

}  // namespace

std::vector<SpaceSize> space_sizes() {
  return {{1, 2}, {2, 2}, {1, 3}, {2, 3}, {3, 2}, {3, 3}, {2, 5}, {4, 2}, {3, 5}};
}

Domain product_spaces(const SpaceOptions& options) {
  Domain domain;
  for (const SpaceSize& s : options.sizes.empty() ? space_sizes() : options.sizes)
    if (options.law != HarrisLaw::joint || s.k > 1)  // one argument is always independent
      domain.shapes.push_back({{{"k", s.k}, {"n", s.n}}, {}});
  domain.blocks = [options](const Shape& shape) { return blocks_of(options, shape); };
  for (const Special& special : specials)
    domain.specials.push_back({special.name, [options, &special](const Shape& shape) {
                                 return make(options, special, shape);
                               }});
  return domain;
}

Filter harris_filter(const SpaceOptions& options, HarrisEntry entry) {
  return [options, entry](std::uint64_t seed, std::uint64_t round, std::int64_t cases) {
    Filtered result;
    const std::vector<Shape> shapes = product_spaces(options).shapes;
    const std::int64_t each = cases / static_cast<std::int64_t>(shapes.size());
    for (const Shape& shape : shapes) {
      Batches batches(options, shape);
      const std::uint64_t first = round * static_cast<std::uint64_t>(each);
      for (std::int64_t done = 0; done < each; done += batch) {
        const std::int64_t count = std::min(batch, each - done);
        batches.look(entry, seed, first + static_cast<std::uint64_t>(done), count, result.worth);
        result.cases += count;
        if (!result.worth.empty()) return result;
      }
    }
    return result;
  };
}

}  // namespace assay::proofs
